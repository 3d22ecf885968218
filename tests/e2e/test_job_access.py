"""The main job's second user: sees nothing until granted READ, then reads and can't write, and loses it at once."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.clients import s3_client
from tests.e2e.job import (
    ADD_RELATIONS,
    CREATE_COLLECTION,
    CREATE_DATASET,
    CREATE_OBJECT,
    DELETE,
    GRANT,
    OBJECT,
    REMOVE_GRANT,
    REVOKE_KEYS,
    REVOKE_TOKEN,
    UPDATE,
    Job,
    curl,
    made,
    refused,
    s3_refusal,
)

pytestmark = pytest.mark.e2e

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
LOOK = """
query Look($id: ID!, $ref: String!) {
  node(id: $id) { id } resource(ref: $ref) { id } nodes(ids: [$id]) { id } projects(first: 10) { nodes { id } } }
"""
READ = """
query Read($id: ID!) { node(id: $id) { ... on Dataset {
  viewerLevel name parents { container { id } } ancestors { id name } grants { level }
  children(first: 10) { nodes { ... on Object { name viewerLevel downloadUrl } } }
} } }
"""
DOWNLOAD = "query Download($id: ID!) { node(id: $id) { ... on Object { downloadUrl } } }"


def test_a_second_user_sees_nothing_until_granted_and_loses_it_at_once(job: Job) -> None:
    project, collection, dataset = job.make_way("shared")
    job.s3.put_object(Bucket="shared", Key="c/d/a", Body=b"content")
    job.s3.put_object(Bucket="shared", Key="c/beside", Body=b"secret")
    inside, beside = job.id_of("shared/c/d/a"), job.id_of("shared/c/beside")
    person = job.make_person("Second")
    key = {"Bucket": "shared", "Key": "c/d/a"}

    def assert_sees_nothing() -> None:
        for hidden, ref in ((project, "shared"), (dataset, "shared/c/d/"), (inside, "shared/c/d/a"), (UNKNOWN, "no")):
            seen = person.graphql.data(LOOK, id=hidden, ref=ref)
            assert seen == {"node": None, "resource": None, "nodes": [None], "projects": {"nodes": []}}
        assert person.s3.list_buckets()["Buckets"] == []
        assert s3_refusal(person.s3.get_object, **key) == (403, "AccessDenied")
        assert s3_refusal(person.s3.get_object, Bucket="shared", Key="c/d/none") == (403, "AccessDenied")
        assert s3_refusal(person.s3.head_object, **key) == (403, "403")
        assert s3_refusal(person.s3.list_objects_v2, Bucket="shared") == (403, "AccessDenied")
        assert s3_refusal(person.s3.list_objects_v2, Bucket="shared", Prefix="c/d/") == (403, "AccessDenied")
        assert s3_refusal(person.s3.put_object, Body=b"", **key) == (403, "AccessDenied")

    assert_sees_nothing()
    before = job.everything("shared")
    for call, unknown in zip(_writes(person, dataset, inside), _writes(person, UNKNOWN, UNKNOWN), strict=True):
        code, field, message = refused(call())
        assert code == "NOT_FOUND"
        # The answer is that of an id that isn't there, the id apart.
        same_code, same_field, same_message = refused(unknown())
        assert (same_code, same_field) == (code, field)
        assert message.replace(dataset, "").replace(inside, "") == same_message.replace(UNKNOWN, "")
    assert job.everything("shared") == before

    made(job.graphql.data(GRANT, id=dataset, principal=person.id, level="READ"))

    granted = job.everything("shared")
    read = person.graphql.data(READ, id=dataset)["node"]
    url = read["children"]["nodes"][0].pop("downloadUrl")
    assert read == {
        "viewerLevel": "READ",
        "name": "d",
        "parents": [],
        "ancestors": [],
        "grants": None,
        "children": {"nodes": [{"name": "a", "viewerLevel": "READ"}]},
    }
    assert curl(url).body == b"content"
    assert person.graphql.data(OBJECT, id=inside)["node"]["contentLength"] == 7
    for hidden in (project, collection, beside):
        assert person.graphql.data(LOOK, id=hidden, ref="shared/c/beside")["node"] is None
    assert person.s3.get_object(**key)["Body"].read() == b"content"
    listed = person.s3.list_objects_v2(Bucket="shared", Prefix="c/d/")
    assert [it["Key"] for it in listed["Contents"]] == ["c/d/a"]
    assert s3_refusal(person.s3.get_object, Bucket="shared", Key="c/d/none") == (404, "NoSuchKey")
    assert s3_refusal(person.s3.get_object, Bucket="shared", Key="c/beside") == (403, "AccessDenied")
    assert s3_refusal(person.s3.list_objects_v2, Bucket="shared") == (403, "AccessDenied")
    for call in _writes(person, dataset, inside):
        assert refused(call())[0] == "FORBIDDEN"
    for call, arguments in _s3_writes(person.s3, "c/d/a", "c/d/new"):
        assert s3_refusal(call, Bucket="shared", **arguments) == (403, "AccessDenied")
    deleted = person.s3.delete_objects(Bucket="shared", Delete={"Objects": [{"Key": "c/d/a"}]})
    assert [(it["Key"], it["Code"]) for it in deleted["Errors"]] == [("c/d/a", "AccessDenied")]
    assert job.everything("shared") == granted

    made(job.graphql.data(REMOVE_GRANT, id=dataset, principal=person.id))

    assert_sees_nothing()
    assert (curl(url).status, curl(url).code) == (403, "AccessDenied")


def _writes(person: Any, dataset: str, inside: str) -> list[Callable[[], dict[str, Any]]]:
    ask = person.graphql.data
    named = {"parent": dataset, "name": "new"}
    relation = {"kind": "CUSTOM", "name": "x", "target": inside}
    return [
        lambda: ask(CREATE_OBJECT, input=named),
        lambda: ask(DELETE, id=inside),
        lambda: ask(DELETE, id=dataset),
        lambda: ask(UPDATE, id=dataset, input={"title": "mine"}),
        lambda: ask(ADD_RELATIONS, id=inside, relations=[relation]),
        lambda: ask(GRANT, id=dataset, principal=person.id, level="ADMIN"),
    ]


def _s3_writes(s3: Any, known: str, new: str) -> list[tuple[Callable[..., Any], dict[str, Any]]]:
    copy = {"Bucket": "shared", "Key": known}
    return [
        (s3.put_object, {"Key": known, "Body": b"mine"}),
        (s3.put_object, {"Key": new, "Body": b"mine"}),
        (s3.copy_object, {"Key": new, "CopySource": copy}),
        (s3.create_multipart_upload, {"Key": new}),
        (s3.delete_object, {"Key": known}),
        (s3.delete_bucket, {}),
    ]


def test_a_second_user_has_a_project_of_his_own(job: Job) -> None:
    person = job.make_person("Owner")
    person.s3.create_bucket(Bucket="owned")
    person.s3.put_object(Bucket="owned", Key="a/b/c", Body=b"his")
    dataset = person.graphql.data('query Id { resource(ref: "owned/a/b/") { id } }')["resource"]["id"]

    assert job.graphql.data(LOOK, id=dataset, ref="owned")["node"] is None
    assert s3_refusal(job.s3.get_object, Bucket="owned", Key="a/b/c") == (403, "AccessDenied")
    assert s3_refusal(job.s3.create_bucket, Bucket="owned") == (409, "BucketAlreadyExists")
    made(
        person.graphql.data(
            CREATE_DATASET,
            input={"parent": person.graphql.data(LOOK, id=dataset, ref="owned/a/")["resource"]["id"], "name": "e"},
        )
    )
    assert refused(job.graphql.data(CREATE_COLLECTION, input={"parent": dataset, "name": "x"}))[0] == "NOT_FOUND"


def test_presigned_urls_die_with_the_keys_and_the_token_they_were_signed_by(job: Job) -> None:
    person = job.make_person("Leaver")
    person.s3.create_bucket(Bucket="leaving")
    person.s3.put_object(Bucket="leaving", Key="a", Body=b"a")
    object_id = person.graphql.data('query Id { resource(ref: "leaving/a") { id } }')["resource"]["id"]
    by_keys = person.s3.generate_presigned_url("get_object", Params={"Bucket": "leaving", "Key": "a"})
    by_token = person.graphql.data(DOWNLOAD, id=object_id)["node"]["downloadUrl"]
    assert (curl(by_keys).body, curl(by_token).body) == (b"a", b"a")

    made(person.graphql.data(REVOKE_KEYS, id=person.access_key_id))

    assert (curl(by_keys).status, curl(by_keys).code) == (403, "InvalidAccessKeyId")
    assert s3_refusal(person.s3.get_object, Bucket="leaving", Key="a") == (403, "InvalidAccessKeyId")
    assert curl(by_token).body == b"a"

    tokens = person.graphql.data("query Tokens { viewer { tokens { id name } } }")["viewer"]["tokens"]
    (second,) = (token["id"] for token in tokens if token["name"] == "second")
    made(person.graphql.data(REVOKE_TOKEN, id=second))

    assert (curl(by_token).status, curl(by_token).code) == (403, "InvalidAccessKeyId")


def test_strangers_are_refused_on_both_faces(job: Job) -> None:
    job.make_way("closed")
    job.s3.put_object(Bucket="closed", Key="a", Body=b"a")
    stranger = s3_client(job.bootstrap, "AK00000000000000000A", "x" * 40)

    assert s3_refusal(stranger.list_buckets) == (403, "InvalidAccessKeyId")
    assert s3_refusal(s3_client(job.bootstrap, job.bootstrap.accessKeyId, "x" * 40).list_buckets) == (
        403,
        "SignatureDoesNotMatch",
    )
    anonymous = curl(f"{job.bootstrap.s3Endpoint}/closed/a")
    assert (anonymous.status, anonymous.code) == (403, "AccessDenied")
    nobody = job.graphql_of(None).answer(LOOK, id=UNKNOWN, ref="closed")
    assert nobody["data"]["node"] is None
