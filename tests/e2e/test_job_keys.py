"""The main job's keys with boto3: lists, ranges, heads, copies, deletions, and what GraphQL shows of them."""

from typing import Any

import pytest

from tests.e2e.job import Job, curl, s3_refusal

pytestmark = pytest.mark.e2e

KEYS = ("a", "c/d/1", "c/d/2", "c/d/sub/3", "c/e", "c0/x", "z")
GROUPS: dict[str, tuple[list[str], list[str]]] = {"": (sorted(KEYS), []), "/": (["a", "z"], ["c/", "c0/"])}
"""Keys and common prefixes of a whole list, by its delimiter."""
LINEAGE = """
query Origin($id: ID!) { node(id: $id) { ... on Object {
  relations(first: 5, direction: OUT) { nodes { kind other { id } sourceVersionId targetVersionId } }
  lineage { depth node { id } path { kind } } } } }
"""
TOMBSTONE = """
query Tombstone($id: ID!) { node(id: $id) { id ... on Object { name state paths downloadUrl contentLength
  revisions(first: 5) { nodes { contentLength } } relations(first: 5) { nodes { kind other { name } } } } } }
"""


def fill(job: Job, project: str) -> None:
    job.make_project(project)
    for key in KEYS:
        job.s3.put_object(Bucket=project, Key=key, Body=key.encode())


def prefixes(page: Any) -> list[str]:
    return [it["Prefix"] for it in page.get("CommonPrefixes", [])]


def names(page: Any) -> list[str]:
    return [it["Key"] for it in page.get("Contents", [])]


def test_lists_are_flat_or_by_prefix_and_delimiter(job: Job) -> None:
    fill(job, "lists")
    for list_keys in (job.s3.list_objects_v2, job.s3.list_objects):
        assert names(list_keys(Bucket="lists")) == sorted(KEYS)
        assert names(list_keys(Bucket="lists", Prefix="c/d/")) == ["c/d/1", "c/d/2", "c/d/sub/3"]
        assert names(list_keys(Bucket="lists", Prefix="c")) == ["c/d/1", "c/d/2", "c/d/sub/3", "c/e", "c0/x"]
        top = list_keys(Bucket="lists", Delimiter="/")
        assert (names(top), prefixes(top)) == (["a", "z"], ["c/", "c0/"])
        inner = list_keys(Bucket="lists", Prefix="c/", Delimiter="/")
        assert (names(inner), prefixes(inner)) == (["c/e"], ["c/d/"])
        deep = list_keys(Bucket="lists", Prefix="c/d/", Delimiter="/")
        assert (names(deep), prefixes(deep)) == (["c/d/1", "c/d/2"], ["c/d/sub/"])
        assert names(list_keys(Bucket="lists", Prefix="none")) == []
    assert names(job.s3.list_objects_v2(Bucket="lists", StartAfter="c/d/2")) == ["c/d/sub/3", "c/e", "c0/x", "z"]
    assert s3_refusal(job.s3.list_objects_v2, Bucket="no-such") == (404, "NoSuchBucket")


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_pages_of_any_size_give_each_key_and_prefix_once(job: Job, operation: str) -> None:
    project = operation.replace("_", "-")
    fill(job, project)

    for size in (1, 2, 3, 7):
        for delimiter, expected in GROUPS.items():
            paginator = job.s3.get_paginator(operation)
            pages = list(paginator.paginate(Bucket=project, Delimiter=delimiter, PaginationConfig={"PageSize": size}))
            count = sum(map(len, expected))
            assert len(pages) == -(-count // size)
            found = [name for page in pages for name in names(page)], [it for page in pages for it in prefixes(page)]
            assert found == expected


def test_ranges_and_heads(job: Job) -> None:
    job.make_project("ranges")
    content = bytes(range(256)) * 1024
    key = {"Bucket": "ranges", "Key": "a/b/c"}
    put = job.s3.put_object(**key, Body=content, ContentType="image/x", Metadata={"Who": "Me"}, CacheControl="no-store")

    for wanted, part, said in (
        ("bytes=0-0", content[:1], "bytes 0-0/262144"),
        ("bytes=65530-131080", content[65530:131081], "bytes 65530-131080/262144"),
        ("bytes=262000-", content[262000:], "bytes 262000-262143/262144"),
        ("bytes=-5", content[-5:], "bytes 262139-262143/262144"),
        ("bytes=5-999999", content[5:], "bytes 5-262143/262144"),
    ):
        got = job.s3.get_object(**key, Range=wanted)
        assert (got["Body"].read(), got["ContentRange"]) == (part, said)
        assert (got["ContentLength"], got["ResponseMetadata"]["HTTPStatusCode"]) == (len(part), 206)
    assert s3_refusal(job.s3.get_object, **key, Range="bytes=262144-") == (416, "InvalidRange")

    head = job.s3.head_object(**key, ChecksumMode="ENABLED")
    assert (head["ContentLength"], head["ContentType"], head["Metadata"], head["CacheControl"]) == (
        len(content),
        "image/x",
        {"who": "Me"},
        "no-store",
    )
    assert (head["ETag"], head["ChecksumCRC32"]) == (put["ETag"], put["ChecksumCRC32"])
    assert head["LastModified"] == job.s3.list_objects_v2(Bucket="ranges")["Contents"][0]["LastModified"]
    assert s3_refusal(job.s3.head_object, Bucket="ranges", Key="none") == (404, "404")
    assert s3_refusal(job.s3.get_object, **key, IfNoneMatch=put["ETag"]) == (304, "304")
    assert s3_refusal(job.s3.get_object, **key, IfMatch='"0"') == (412, "PreconditionFailed")


def test_a_copy_shares_the_bytes_and_says_its_origin(job: Job) -> None:
    job.make_project("copies")
    job.s3.put_object(Bucket="copies", Key="a/b/source", Body=b"content" * 1000, Metadata={"x": "1"})
    source = job.object(job.id_of("copies/a/b/source"))
    bytes_before = job.blobs()

    copied = job.s3.copy_object(
        Bucket="copies", Key="new/way/copy", CopySource={"Bucket": "copies", "Key": "a/b/source"}
    )

    assert job.blobs() == bytes_before
    got = job.s3.get_object(Bucket="copies", Key="new/way/copy")
    assert (got["Body"].read(), got["Metadata"]) == (b"content" * 1000, {"x": "1"})
    copy = job.object(job.id_of("copies/new/way/copy"))
    assert copied["CopyObjectResult"]["ETag"] == f'"{copy["etag"]}"'
    assert {**copy, "checksums": 0} == {
        **source,
        "checksums": 0,
        "id": copy["id"],
        "name": "copy",
        "paths": ["copies/new/way/copy"],
        "versionId": copy["versionId"],
    }
    assert copy["checksums"] == source["checksums"]
    assert job.graphql.data(LINEAGE, id=copy["id"])["node"] == {
        "relations": {
            "nodes": [
                {
                    "kind": "ORIGIN",
                    "other": {"id": source["id"]},
                    "sourceVersionId": copy["versionId"],
                    "targetVersionId": source["versionId"],
                }
            ]
        },
        "lineage": [{"depth": 1, "node": {"id": source["id"]}, "path": [{"kind": "ORIGIN"}]}],
    }

    job.s3.delete_object(Bucket="copies", Key="a/b/source")
    assert job.s3.get_object(Bucket="copies", Key="new/way/copy")["Body"].read() == b"content" * 1000


def test_a_copy_onto_an_existing_key_is_its_next_revision(job: Job) -> None:
    job.make_project("onto")
    job.s3.put_object(Bucket="onto", Key="a", Body=b"a")
    job.s3.put_object(Bucket="onto", Key="b", Body=b"b")
    before = job.object(job.id_of("onto/b"))

    job.s3.copy_object(Bucket="onto", Key="b", CopySource={"Bucket": "onto", "Key": "a"})

    after = job.object(job.id_of("onto/b"))
    assert (after["id"], after["revisionNumber"], after["etag"]) == (
        before["id"],
        1,
        job.object(job.id_of("onto/a"))["etag"],
    )
    itself = {"Bucket": "onto", "Key": "b", "CopySource": {"Bucket": "onto", "Key": "b"}}
    assert s3_refusal(job.s3.copy_object, **itself) == (400, "InvalidRequest")


def test_deletion_leaves_a_tombstone_in_graphql(job: Job) -> None:
    job.make_way("tombs")
    job.s3.put_object(Bucket="tombs", Key="c/d/a", Body=b"first")
    job.s3.put_object(Bucket="tombs", Key="c/d/a", Body=b"second")
    object_id = job.id_of("tombs/c/d/a")
    url = job.graphql.data(TOMBSTONE, id=object_id)["node"]["downloadUrl"]

    for _ in range(2):
        deleted = job.s3.delete_object(Bucket="tombs", Key="c/d/a")
        assert deleted["ResponseMetadata"]["HTTPStatusCode"] == 204

    assert job.graphql.data(TOMBSTONE, id=object_id)["node"] == {
        "id": object_id,
        "name": "a",
        "state": "DELETED",
        "paths": ["tombs/c/d/a"],
        "downloadUrl": None,
        "contentLength": 6,
        "revisions": {"nodes": [{"contentLength": 6}, {"contentLength": 5}]},
        "relations": {"nodes": []},
    }
    assert s3_refusal(job.s3.get_object, Bucket="tombs", Key="c/d/a") == (404, "NoSuchKey")
    # Its revisions stay readable by their versionIds, which is what the URL names.
    assert curl(url).body == b"second"
    assert job.keys("tombs") == []

    job.s3.put_object(Bucket="tombs", Key="c/d/a", Body=b"third")
    newcomer = job.object(job.id_of("tombs/c/d/a"))
    assert newcomer["id"] != object_id
    assert newcomer["revisionNumber"] == 0


def test_many_are_deleted_at_once_and_the_empty_bucket_after_them(job: Job) -> None:
    fill(job, "emptied")
    ids = [job.id_of(f"emptied/{key}") for key in KEYS]
    assert s3_refusal(job.s3.delete_bucket, Bucket="emptied") == (409, "BucketNotEmpty")

    wanted = [{"Key": key} for key in (*KEYS, "never/was")]
    deleted = job.s3.delete_objects(Bucket="emptied", Delete={"Objects": wanted})

    assert "Errors" not in deleted
    assert sorted(it["Key"] for it in deleted["Deleted"]) == sorted((*KEYS, "never/was"))
    assert [job.object(object_id)["state"] for object_id in ids] == ["DELETED"] * len(KEYS)
    # Containers that only these keys had made left with them.
    assert job.dump("emptied")[1:] == []
    job.s3.delete_bucket(Bucket="emptied")
    assert s3_refusal(job.s3.head_bucket, Bucket="emptied") == (404, "404")
