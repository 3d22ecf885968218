"""Uploads begun in GraphQL: what is signed, how they are finished and aborted, and download URLs."""

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from domain.access import Level
from domain.limits import PART_BYTES_MIN
from identity.signature.errors import SignatureRefused
from identity.signature.presigned import PresignedV4
from identity.signature.request import read_credentials
from tests.schema.face import S3_URL, Face, Person, Tree
from tests.schema.test_mutations import ERRORS, NOWHERE, refused

UPLOAD = "upload { id method url partUrls { number url } partSize expiresAt }"
CREATE = f"""mutation ($input: ObjectCreateInput!) {{
    objectCreate(input: $input) {{ object {{ id state versionId }} {UPLOAD} {ERRORS} }} }}"""
BEGIN = f"""mutation ($id: ID!, $input: ObjectUploadBeginInput) {{
    objectUploadBegin(id: $id, input: $input) {{ object {{ id state revisionNumber }} {UPLOAD} {ERRORS} }} }}"""
FINISH = f"""mutation ($id: ID!, $parts: [UploadPartInput!]) {{ objectUploadFinish(id: $id, parts: $parts) {{
    object {{ id state revisionNumber contentLength contentType etag
        metadata {{ key value }} checksums {{ md5 sha256 }} }}
    {ERRORS} }} }}"""
ABORT = f"mutation ($id: ID!) {{ objectUploadAbort(id: $id) {{ object {{ id state stateReason }} {ERRORS} }} }}"


async def verify(face: Face, who: Person, method: str, url: str, *, later: timedelta = timedelta()) -> dict[str, str]:
    """Check a presigned URL as the S3 face does; answers its own parameters."""
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == S3_URL
    headers = [(b"host", parts.netloc.encode())]
    credentials = read_credentials(method, parts.path.encode(), parts.query.encode(), headers)
    assert isinstance(credentials, PresignedV4)
    pair = (await face.world.ask("MATCH (c:S3Credential {tokenId: $id}) RETURN c{.*} AS c", id=who.token_id))[0]["c"]
    assert credentials.access_key_id == pair["accessKeyId"]
    key_id, _, sealed = pair["sealedSecret"].partition(".")
    secret = face.keyring.open_secret(key_id, base64.b64decode(sealed), pair["accessKeyId"]).decode()
    credentials.verify(secret, face.world.now + later)
    return {name: values[0] for name, values in parse_qs(parts.query).items() if not name.startswith("X-Amz-")}


async def create(face: Face, who: Person, parent: str, name: str, **given: Any) -> Any:
    return (await face.ask(who, CREATE, input={"parent": parent, "name": name, **given}))["objectCreate"]


async def test_an_object_waits_for_bytes_at_a_url_that_its_token_signs(face: Face, ada: Person, tree: Tree) -> None:
    made = await create(face, ada, tree.dataset, "new dir/ü.txt", contentLength=3, contentType="text/plain")

    upload = made["upload"]
    assert made["object"] | {"id": ""} == {"id": "", "state": "INITIALIZING", "versionId": None}
    assert (upload["method"], upload["partUrls"], upload["partSize"]) == ("PUT", [], None)
    assert urlsplit(str(upload["url"])).path == f"/{tree.name}/coll/data/new%20dir/%C3%BC.txt"
    assert await verify(face, ada, "PUT", upload["url"]) == {"x-aruna-upload": upload["id"]}
    with pytest.raises(SignatureRefused):
        await verify(face, ada, "PUT", upload["url"], later=timedelta(seconds=3600))
    with pytest.raises(SignatureRefused):
        await verify(face, ada, "GET", upload["url"])


async def test_one_piece_is_finished_when_s3_has_published_it(face: Face, ada: Person, tree: Tree) -> None:
    made = await create(face, ada, tree.dataset, "one.bin", metadata=[{"key": "Run", "value": "7"}])
    upload_id, object_id = made["upload"]["id"], made["object"]["id"]
    assert await refused(face, ada, FINISH, id=upload_id) == [("FAILED_PRECONDITION", ["id"])]

    publication = face.world.publication(
        ada.id, tree.name, "coll/data/one.bin", object_id=object_id, upload_id=upload_id
    )
    await face.world.publisher.publish(publication)
    first = (await face.ask(ada, FINISH, id=upload_id))["objectUploadFinish"]
    second = (await face.ask(ada, FINISH, id=upload_id))["objectUploadFinish"]

    assert first == second
    assert (first["object"]["id"], first["object"]["state"], first["object"]["contentLength"]) == (
        object_id,
        "AVAILABLE",
        5,
    )


async def test_parts_make_up_a_content_in_their_order(face: Face, ada: Person, tree: Tree) -> None:
    length = 2 * PART_BYTES_MIN + 1
    made = await create(
        face,
        ada,
        tree.dataset,
        "large.bin",
        parts=2,
        contentLength=length,
        contentType="application/x-hdf5",
        metadata=[{"key": "Run", "value": "7"}],
    )
    upload = made["upload"]
    assert upload["url"] is None
    assert upload["partSize"] == PART_BYTES_MIN + 1
    assert [part["number"] for part in upload["partUrls"]] == [1, 2]
    for number in (1, 2):
        url = upload["partUrls"][number - 1]["url"]
        assert await verify(face, ada, "PUT", url) == {"partNumber": str(number), "uploadId": upload["id"]}
    assert await refused(face, ada, FINISH, id=upload["id"]) == [("FAILED_PRECONDITION", ["parts"])]

    await face.part(ada, upload["id"], 2, PART_BYTES_MIN)
    assert await refused(face, ada, FINISH, id=upload["id"]) == [("CHECKSUM_MISMATCH", ["id"])]
    await face.part(ada, upload["id"], 1, PART_BYTES_MIN + 1)
    first = (await face.ask(ada, FINISH, id=upload["id"]))["objectUploadFinish"]
    second = (await face.ask(ada, FINISH, id=upload["id"]))["objectUploadFinish"]

    assert first == second
    found = first["object"]
    assert found.pop("etag").endswith("-2")
    assert found == {
        "id": made["object"]["id"],
        "state": "AVAILABLE",
        "revisionNumber": 0,
        "contentLength": length,
        "contentType": "application/x-hdf5",
        "metadata": [{"key": "run", "value": "7"}],
        "checksums": {"md5": None, "sha256": None},
    }


async def test_named_parts_must_be_there_in_order_and_unchanged(face: Face, ada: Person, tree: Tree) -> None:
    made = await create(face, ada, tree.dataset, "named.bin", parts=3)
    upload_id = made["upload"]["id"]
    one = await face.part(ada, upload_id, 1, PART_BYTES_MIN)
    three = await face.part(ada, upload_id, 3, 1)

    async def refusal(*parts: dict[str, Any]) -> list[tuple[str, Any]]:
        return await refused(face, ada, FINISH, id=upload_id, parts=list(parts))

    assert await refusal() == [("FAILED_PRECONDITION", ["parts"])]
    assert await refusal({"number": 2}) == [("FAILED_PRECONDITION", ["parts", "0", "number"])]
    assert await refusal({"number": 3}, {"number": 1}) == [("BAD_USER_INPUT", ["parts", "1", "number"])]
    assert await refusal({"number": 1, "etag": "0" * 32}) == [("CHECKSUM_MISMATCH", ["parts", "0", "etag"])]
    named = [{"number": 1, "etag": f'"{one.blob.md5}"'}, {"number": 3, "etag": three.blob.md5}]
    done = (await face.ask(ada, FINISH, id=upload_id, parts=named))["objectUploadFinish"]
    assert done["object"]["contentLength"] == PART_BYTES_MIN + 1


async def test_all_parts_but_the_last_have_five_mebibytes(face: Face, ada: Person, tree: Tree) -> None:
    made = await create(face, ada, tree.dataset, "small-parts.bin", parts=2)
    for number in (1, 2):
        await face.part(ada, made["upload"]["id"], number, PART_BYTES_MIN - 1)

    assert await refused(face, ada, FINISH, id=made["upload"]["id"]) == [("FAILED_PRECONDITION", ["parts"])]


async def test_a_new_revision_comes_in_beside_what_the_object_shows(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    await face.share(ada, tree.dataset, bob, Level.APPEND)
    assert await refused(face, bob, BEGIN, id=tree.first) == [("FORBIDDEN", None)]

    begun = (await face.ask(ada, BEGIN, id=tree.first, input={"parts": 1}))["objectUploadBegin"]
    assert begun["object"] == {"id": tree.first, "state": "AVAILABLE", "revisionNumber": 0}
    await face.part(ada, begun["upload"]["id"], 1, 9)
    done = (await face.ask(ada, FINISH, id=begun["upload"]["id"]))["objectUploadFinish"]

    assert (done["object"]["id"], done["object"]["revisionNumber"], done["object"]["contentLength"]) == (
        tree.first,
        1,
        9,
    )


async def test_what_was_begun_with_append_may_be_finished_but_not_overwritten_with_it(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    await face.share(ada, tree.dataset, bob, Level.APPEND)
    made = await create(face, bob, tree.dataset, "bobs.bin", parts=1)
    await face.part(bob, made["upload"]["id"], 1, 9)

    assert await refused(face, ada, FINISH, id=made["upload"]["id"]) == [("NOT_FOUND", ["id"])]
    assert await refused(face, ada, ABORT, id=made["upload"]["id"]) == [("NOT_FOUND", None)]
    done = (await face.ask(bob, FINISH, id=made["upload"]["id"]))["objectUploadFinish"]
    assert done["object"]["state"] == "AVAILABLE"
    assert await refused(face, bob, BEGIN, id=made["object"]["id"]) == [("FORBIDDEN", None)]


async def test_rights_are_decided_again_when_an_upload_is_finished(
    face: Face, ada: Person, bob: Person, tree: Tree
) -> None:
    await face.share(ada, tree.dataset, bob, Level.WRITE)
    begun = (await face.ask(bob, BEGIN, id=tree.first, input={"parts": 1}))["objectUploadBegin"]
    await face.part(bob, begun["upload"]["id"], 1, 9)

    await face.share(ada, tree.dataset, bob, Level.READ)
    lowered = await refused(face, bob, FINISH, id=begun["upload"]["id"])
    await face.world.revoke(ada.id, tree.dataset, bob.id)
    removed = await refused(face, bob, FINISH, id=begun["upload"]["id"])

    assert (lowered, removed) == ([("FORBIDDEN", None)], [("NOT_FOUND", None)])


async def test_an_aborted_upload_leaves_its_object_in_error_until_another_begins(
    face: Face, ada: Person, tree: Tree
) -> None:
    made = await create(face, ada, tree.dataset, "aborted.bin")
    upload_id, object_id = made["upload"]["id"], made["object"]["id"]

    aborted = (await face.ask(ada, ABORT, id=upload_id))["objectUploadAbort"]["object"]
    assert aborted == {"id": object_id, "state": "ERROR", "stateReason": "aborted by its owner"}
    assert await refused(face, ada, FINISH, id=upload_id) == [("FAILED_PRECONDITION", ["id"])]
    assert await refused(face, ada, ABORT, id=upload_id) == [("NOT_FOUND", None)]
    again = (await face.ask(ada, BEGIN, id=object_id))["objectUploadBegin"]
    assert again["object"]["state"] == "INITIALIZING"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "a/../x", "parent": "collection"}, ["input", "name"]),
        ({"contentLength": 5 * 1024**3 + 1}, ["input", "parts"]),
        ({"parts": 0}, ["input", "parts"]),
        ({"parts": 1025}, ["input", "parts"]),
        ({"parts": 2, "contentLength": 10}, ["input", "parts"]),
        ({"parts": 1, "contentLength": 5 * 1024**3 + 1}, ["input", "contentLength"]),
        ({"parts": 1, "md5": "0" * 32}, ["input", "md5"]),
        ({"parts": 1, "sha256": "0" * 64}, ["input", "sha256"]),
        ({"md5": "xyz"}, ["input", "md5"]),
        ({"contentType": "text/\nplain"}, ["input", "contentType"]),
        ({"metadata": [{"key": "ä", "value": "1"}]}, ["input", "metadata", "0"]),
        ({"name": ""}, ["input", "name"]),
    ],
)
async def test_uploads_that_cannot_be_are_refused(
    face: Face, ada: Person, tree: Tree, given: dict[str, Any], field: list[str]
) -> None:
    parent = getattr(tree, given.get("parent", "dataset"))

    wanted = {"name": "refused.bin", **given, "parent": parent}

    assert await refused(face, ada, CREATE, input=wanted) == [("BAD_USER_INPUT", field)]


async def test_objects_are_refused_by_place_and_right(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    name, parent = ["input", "name"], ["input", "parent"]

    assert await refused(face, ada, CREATE, input={"parent": tree.dataset, "name": "a.txt"}) == [
        ("ALREADY_EXISTS", name)
    ]
    assert await refused(face, ada, CREATE, input={"parent": tree.first, "name": "o"}) == [("HIERARCHY", parent)]
    assert await refused(face, bob, CREATE, input={"parent": tree.dataset, "name": "o"}) == [("NOT_FOUND", parent)]
    assert await refused(face, bob, BEGIN, id=tree.first) == [("NOT_FOUND", None)]
    assert await refused(face, ada, BEGIN, id=tree.dataset) == [("NOT_FOUND", ["id"])]
    assert await refused(face, ada, BEGIN, id=NOWHERE) == [("NOT_FOUND", ["id"])]
    assert await refused(face, ada, FINISH, id=NOWHERE) == [("NOT_FOUND", ["id"])]
    await face.world.delete_object(ada.id, tree.first)
    assert await refused(face, ada, BEGIN, id=tree.first) == [("FAILED_PRECONDITION", ["id"])]


async def test_a_key_that_no_url_can_hold_is_refused_before_anything_is_made(
    face: Face, ada: Person, tree: Tree
) -> None:
    assert await refused(face, ada, CREATE, input={"parent": tree.project, "name": ".."}) == [("BAD_USER_INPUT", None)]


DOWNLOAD_URL = "query ($id: ID!, $s: Int) { node(id: $id) { ... on Object { downloadUrl(expiresIn: $s) } } }"
DOWNLOAD = """query ($id: ID!, $s: Int) { node(id: $id) { ... on Object {
    versionId downloadUrl(expiresIn: $s) revisions(first: 2) { nodes { versionId downloadUrl(expiresIn: $s) } }
} } }"""


async def test_download_urls_get_one_revision_each(face: Face, ada: Person, bob: Person, tree: Tree) -> None:
    await face.world.put(ada.id, tree.name, "coll/data/a.txt")
    await face.share(ada, tree.dataset, bob, Level.READ)

    found = (await face.ask(bob, DOWNLOAD, id=tree.first, s=60))["node"]

    assert urlsplit(str(found["downloadUrl"])).path == f"/{tree.name}/coll/data/a.txt"
    assert await verify(face, bob, "GET", found["downloadUrl"]) == {"versionId": found["versionId"]}
    older = found["revisions"]["nodes"][1]
    assert await verify(face, bob, "GET", older["downloadUrl"]) == {"versionId": older["versionId"]}
    with pytest.raises(SignatureRefused):
        await verify(face, bob, "GET", found["downloadUrl"], later=timedelta(seconds=60))


@pytest.mark.parametrize("seconds", [0, 3601, -5])
async def test_download_urls_last_an_hour_at_most(face: Face, ada: Person, tree: Tree, seconds: int) -> None:
    answer = await face.answer(
        ada,
        DOWNLOAD_URL,
        id=tree.first,
        s=seconds,
    )

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_USER_INPUT"]
    assert answer["data"] == {"node": {"downloadUrl": None}}


async def test_there_is_no_url_without_bytes_or_token(face: Face, ada: Person) -> None:
    name = face.fresh_name()
    made = await face.ask(
        ada,
        "mutation ($n: String!) { projectCreate(input: {name: $n, dataClass: PUBLIC}) { project { id } } }",
        n=name,
    )
    published = await face.world.put(ada.id, name, "open.txt")
    waiting = await create(face, ada, made["projectCreate"]["project"]["id"], "waiting.txt")
    document = "query ($id: ID!) { node(id: $id) { ... on Object { state downloadUrl } } }"

    assert (await face.ask(None, document, id=published.object_id))["node"] == {
        "state": "AVAILABLE",
        "downloadUrl": None,
    }
    assert (await face.ask(ada, document, id=waiting["object"]["id"]))["node"] == {
        "state": "INITIALIZING",
        "downloadUrl": None,
    }
