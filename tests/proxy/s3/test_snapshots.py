"""Snapshots and archives on the wire: all that reads works below `container@version/`, and nothing that writes."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from domain.access import Level
from domain.resources import DataClass
from tests.proxy.s3.face import Client, Face, granted_person

BUCKET = "snapped"
PART = 5 * 1024 * 1024
OLD = {"coll/data/a": b"first", "coll/data/b/c": b"second", "coll/x": b"third", "top": b"fourth"}
DENIED = (403, "AccessDenied")


async def container_id(face: Face, *names: str) -> str:
    rows = await face.world.ask("MATCH (p:Project {bucket: $bucket}) RETURN p.id AS id", bucket=names[0])
    found = str(rows[0]["id"])
    for name in names[1:]:
        rows = await face.world.ask(
            "MATCH (r:Resource)-[:BELONGS_TO {name: $name}]->(:Resource {id: $parent}) RETURN r.id AS id",
            name=name,
            parent=found,
        )
        found = str(rows[0]["id"])
    return found


@pytest.fixture(scope="module", autouse=True)
async def snapshot(face: Face) -> str:
    """A bucket, a snapshot 1.0.0 of its collection, and everything changed since; answers the snapshot's id."""
    s3, ada = await face.client(), (await face.person("ada")).id
    await s3.create_bucket(Bucket=BUCKET)
    for key, body in OLD.items():
        await s3.put_object(Bucket=BUCKET, Key=key, Body=body, Metadata={"age": "old"}, ContentType="text/plain")
    upload = (await s3.create_multipart_upload(Bucket=BUCKET, Key="coll/parts"))["UploadId"]
    parts: list[dict[str, Any]] = []
    for number, body in enumerate((b"p" * PART, b"last"), start=1):
        sent = await s3.upload_part(Bucket=BUCKET, Key="coll/parts", UploadId=upload, PartNumber=number, Body=body)
        parts.append({"PartNumber": number, "ETag": sent["ETag"]})
    await s3.complete_multipart_upload(
        Bucket=BUCKET, Key="coll/parts", UploadId=upload, MultipartUpload={"Parts": parts}
    )
    made = await face.world.snapshot(ada, await container_id(face, BUCKET, "coll"), "1.0.0")
    await face.world.snapshot(ada, await container_id(face, BUCKET), "2.0.0")
    for key in ("coll/data/a", "coll/x", "top"):
        await s3.put_object(Bucket=BUCKET, Key=key, Body=b"new")
    await s3.delete_object(Bucket=BUCKET, Key="coll/data/b/c")
    await s3.put_object(Bucket=BUCKET, Key="coll/data/later", Body=b"later")
    await s3.delete_object(Bucket=BUCKET, Key="coll/parts")
    return made


async def test_bytes_headers_and_ranges_are_those_of_then(face: Face) -> None:
    s3 = await face.client()

    for prefix, way in (("coll@1.0.0/", "coll/"), ("@2.0.0/coll/", "coll/"), ("coll@latest/", "coll/")):
        for key, body in OLD.items():
            if not key.startswith(way):
                continue
            answer = await s3.get_object(Bucket=BUCKET, Key=prefix + key.removeprefix(way))
            assert answer["Body"].read() == body
            assert (answer["Metadata"], answer["ContentType"]) == ({"age": "old"}, "text/plain")
            assert answer["ETag"] == f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
            head = await s3.head_object(Bucket=BUCKET, Key=prefix + key.removeprefix(way))
            assert (head["ContentLength"], head["LastModified"]) == (len(body), answer["LastModified"])
    assert await s3.read(Bucket=BUCKET, Key="coll@1.0.0/data/a", Range="bytes=1-2") == b"ir"
    assert await s3.read(Bucket=BUCKET, Key="coll/data/a") == b"new"


async def test_parts_attributes_and_conditions_work_as_on_any_object(face: Face) -> None:
    s3, key = await face.client(), "coll@1.0.0/parts"

    second = await s3.get_object(Bucket=BUCKET, Key=key, PartNumber=2)
    attributes = await s3.get_object_attributes(
        Bucket=BUCKET, Key=key, ObjectAttributes=["ETag", "ObjectParts", "ObjectSize"]
    )
    etag = (await s3.head_object(Bucket=BUCKET, Key="coll@1.0.0/x"))["ETag"]

    assert (second["Body"].read(), second["PartsCount"]) == (b"last", 2)
    assert attributes["ObjectSize"] == PART + 4
    assert [part["Size"] for part in attributes["ObjectParts"]["Parts"]] == [PART, 4]
    assert await s3.read(Bucket=BUCKET, Key="coll@1.0.0/x", IfMatch=etag) == b"third"
    assert await s3.refused("get_object", Bucket=BUCKET, Key="coll@1.0.0/x", IfMatch='"other"') == (
        412,
        "PreconditionFailed",
    )
    assert (await s3.refused("get_object", Bucket=BUCKET, Key="coll@1.0.0/x", IfNoneMatch=etag))[0] == 304


async def test_a_version_id_names_what_is_shown_and_nothing_else(face: Face) -> None:
    s3 = await face.client()
    rows = await face.world.ask(
        "MATCH (o:Object {name: 'x'})-[:VERSION]->(r:Revision) RETURN o.versionId AS new, r.versionId AS old"
    )
    (versions,) = rows

    key = "coll@1.0.0/x"
    assert await s3.read(Bucket=BUCKET, Key=key, VersionId=versions["old"]) == b"third"
    assert await s3.read(Bucket=BUCKET, Key=key, VersionId="null") == b"third"
    assert await s3.refused("get_object", Bucket=BUCKET, Key=key, VersionId=versions["new"]) == (404, "NoSuchVersion")


@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 1000])
async def test_both_lists_page_below_the_prefix(face: Face, size: int, delimiter: str) -> None:
    s3, prefix = await face.client(), "coll@1.0.0/"
    asked = {"Bucket": BUCKET, "Prefix": prefix, "Delimiter": delimiter, "MaxKeys": size}

    second: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await s3.list_objects_v2(**asked, **token)
        second += _names(page)
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    first: list[str] = []
    marker = ""
    while True:
        page = await s3.list_objects(**asked, Marker=marker)
        first += _names(page)
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"] if delimiter else page["Contents"][-1]["Key"]

    names = ["data/", "parts", "x"] if delimiter else ["data/a", "data/b/c", "parts", "x"]
    assert sorted(second) == sorted(first) == [prefix + name for name in names]


def _names(page: dict[str, Any]) -> list[str]:
    return [one["Key"] for one in page.get("Contents", [])] + [one["Prefix"] for one in page.get("CommonPrefixes", [])]


async def test_the_bucket_lists_no_snapshot(face: Face) -> None:
    s3 = await face.client()

    assert _names(await s3.list_objects_v2(Bucket=BUCKET)) == ["coll/data/a", "coll/data/later", "coll/x", "top"]
    assert _names(await s3.list_objects_v2(Bucket=BUCKET, Prefix="coll@")) == []


async def test_what_isnt_in_the_snapshot_isnt_there(face: Face) -> None:
    s3 = await face.client()

    for key in ("coll@1.0.0/data/later", "coll@1.0.0/", "coll@1.0.1/x", "none@1.0.0/x", "@9.9.9/top", "top@1.0.0/x"):
        assert await s3.refused("get_object", Bucket=BUCKET, Key=key) == (404, "NoSuchKey"), key
    assert _names(await s3.list_objects_v2(Bucket=BUCKET, Prefix="coll@1.0.1/")) == []


async def test_a_key_of_a_snapshot_is_a_source_of_copies(face: Face) -> None:
    s3 = await face.client()

    await s3.copy_object(Bucket=BUCKET, Key="copies/x", CopySource=f"{BUCKET}/coll@1.0.0/x")
    upload = (await s3.create_multipart_upload(Bucket=BUCKET, Key="copies/parts"))["UploadId"]
    part = await s3.upload_part_copy(
        Bucket=BUCKET,
        Key="copies/parts",
        UploadId=upload,
        PartNumber=1,
        CopySource=f"{BUCKET}/coll@1.0.0/parts",
        CopySourceRange="bytes=5242880-5242883",
    )
    await s3.complete_multipart_upload(
        Bucket=BUCKET,
        Key="copies/parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}]},
    )

    assert await s3.read(Bucket=BUCKET, Key="copies/x") == b"third"
    assert await s3.read(Bucket=BUCKET, Key="copies/parts") == b"last"
    origins = await face.world.ask(
        "MATCH (:Object {name: 'x'})-[edge:ORIGIN]->(o:Object {name: 'x'})-[:VERSION]->(r:Revision) "
        "RETURN edge.targetVersionId = r.versionId AS exact"
    )
    assert [row["exact"] for row in origins] == [True]
    for key in ("copies/x", "copies/parts"):
        await s3.delete_object(Bucket=BUCKET, Key=key)


Write = Callable[[Client, str], Awaitable[tuple[int, str]]]


async def _put(s3: Client, key: str) -> tuple[int, str]:
    return await s3.refused("put_object", Bucket=BUCKET, Key=key, Body=b"evil")


async def _begin(s3: Client, key: str) -> tuple[int, str]:
    return await s3.refused("create_multipart_upload", Bucket=BUCKET, Key=key)


async def _delete(s3: Client, key: str) -> tuple[int, str]:
    return await s3.refused("delete_object", Bucket=BUCKET, Key=key)


async def _copy(s3: Client, key: str) -> tuple[int, str]:
    return await s3.refused("copy_object", Bucket=BUCKET, Key=key, CopySource=f"{BUCKET}/top")


async def _acl(s3: Client, key: str) -> tuple[int, str]:
    return await s3.refused("put_object_acl", Bucket=BUCKET, Key=key, ACL="private")


async def _delete_many(s3: Client, key: str) -> tuple[int, str]:
    answer = await s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key}, {"Key": "coll/not-there"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["coll/not-there"]
    (error,) = answer["Errors"]
    assert error["Key"] == key
    return 403, error["Code"]


@pytest.mark.parametrize("key", ["coll@1.0.0/x", "coll@1.0.0/new", "@2.0.0/coll/x", "coll@latest/x", "coll@1.0.0/"])
@pytest.mark.parametrize("write", [_put, _begin, _delete, _copy, _delete_many])
async def test_every_write_is_denied_and_leaves_nothing(face: Face, write: Write, key: str) -> None:
    s3, before = await face.client(), await face.count()

    with face.unchanged_files():
        assert await write(s3, key) == DENIED

    assert await face.count() == before
    assert await s3.read(Bucket=BUCKET, Key="coll@1.0.0/x") == b"third"


async def test_an_acl_of_what_is_frozen_is_denied(face: Face) -> None:
    assert await _acl(await face.client(), "coll@1.0.0/x") == DENIED


async def test_who_may_write_hears_why_it_is_denied(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    answer = await face.raw("PUT", f"/{BUCKET}/coll%401.0.0/x", b"evil", signed_by=ada)

    assert b"doesn't change any more" in answer.body


async def test_a_grant_on_the_snapshot_opens_it_and_makes_no_bucket(face: Face, snapshot: str) -> None:
    bob = await granted_person(face, "bob", snapshot, Level.READ)
    s3 = face.client_of(bob.access_key)

    assert await s3.read(Bucket=BUCKET, Key="coll@1.0.0/x") == b"third"
    assert _names(await s3.list_objects_v2(Bucket=BUCKET, Prefix="coll@1.0.0/", Delimiter="/")) == [
        "coll@1.0.0/parts",
        "coll@1.0.0/x",
        "coll@1.0.0/data/",
    ]
    assert await s3.refused("get_object", Bucket=BUCKET, Key="coll@1.0.0/none") == (404, "NoSuchKey")
    assert await s3.refused("get_object", Bucket=BUCKET, Key="coll/x") == DENIED
    rows = await face.world.ask("MATCH (s:Snapshot {version: '2.0.0'}) RETURN s.id AS id")
    await face.world.grant((await face.person("ada")).id, rows[0]["id"], bob.id, Level.READ)
    assert await s3.read(Bucket=BUCKET, Key="@2.0.0/top") == b"fourth"
    assert (await s3.list_buckets())["Buckets"] == []


async def test_strangers_and_nobody_learn_nothing(face: Face) -> None:
    carl = (await face.person("carl")).access_key

    for key in ("coll%401.0.0/x", "coll%401.0.0/none", "coll%401.0.1/x"):
        for signed_by in (carl, None):
            for method in ("GET", "PUT", "DELETE"):
                answer = await face.raw(method, f"/{BUCKET}/{key}", signed_by=signed_by)
                assert (answer.status, answer.code) == DENIED
                assert b"doesn't change any more" not in answer.body
    answer = await face.raw("GET", f"/{BUCKET}?list-type=2&prefix=coll%401.0.0%2F", signed_by=carl)
    assert (answer.status, answer.code) == DENIED


async def test_a_presigned_url_of_a_snapshots_key_is_read_by_anyone_who_has_it(face: Face) -> None:
    s3 = await face.client()
    url = s3.made.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "coll@1.0.0/data/b/c"})

    async with httpx.AsyncClient() as http:
        answer = await http.get(url)

    assert (answer.status_code, answer.content) == (200, b"second")


async def test_nobody_reads_what_was_public_in_a_public_snapshot(face: Face) -> None:
    s3, ada = await face.client(), (await face.person("ada")).id
    await s3.create_bucket(Bucket="open-snapped")
    await s3.put_object(Bucket="open-snapped", Key="coll/open", Body=b"open")
    await s3.put_object(Bucket="open-snapped", Key="coll/shut", Body=b"shut")
    coll = await container_id(face, "open-snapped", "coll")
    await face.world.set_class(ada, coll, DataClass.PUBLIC)
    await face.world.set_class(ada, await container_id(face, "open-snapped", "coll", "open"), DataClass.PUBLIC)
    await face.world.snapshot(ada, coll, "1.0.0")
    await s3.delete_object(Bucket="open-snapped", Key="coll/open")

    listed = await face.raw("GET", "/open-snapped?list-type=2&prefix=coll%401.0.0%2F")
    read = await face.raw("GET", "/open-snapped/coll@1.0.0/open")
    shut = await face.raw("GET", "/open-snapped/coll@1.0.0/shut")

    assert b"<Key>coll@1.0.0/open</Key>" in listed.body
    assert b"shut" not in listed.body
    assert (read.status, read.body) == (200, b"open")
    assert shut.status in {403, 404}


async def test_an_archived_bucket_is_read_as_it_was_and_never_written(face: Face) -> None:
    s3, ada = await face.client(), (await face.person("ada")).id
    for bucket in ("shelf", "workshop"):
        await s3.create_bucket(Bucket=bucket)
    await s3.put_object(Bucket="shelf", Key="c/own", Body=b"own")
    await s3.put_object(Bucket="workshop", Key="tool", Body=b"sharp")
    tool = await container_id(face, "workshop", "tool")
    await face.world.share(ada, tool, await container_id(face, "shelf", "c"), "tool")
    await face.world.archive(ada, await container_id(face, "shelf"))
    await s3.put_object(Bucket="workshop", Key="tool", Body=b"blunt")

    assert await s3.read(Bucket="shelf", Key="c/tool") == b"sharp"
    await s3.delete_object(Bucket="workshop", Key="tool")
    assert await s3.read(Bucket="shelf", Key="c/tool") == b"sharp"
    assert await s3.read(Bucket="shelf", Key="c/own") == b"own"
    listed = await s3.list_objects_v2(Bucket="shelf")
    assert [(one["Key"], one["Size"]) for one in listed["Contents"]] == [("c/own", 3), ("c/tool", 5)]
    before = await face.count()
    with face.unchanged_files():
        for key in ("c/own", "c/tool", "c/new", "new/o", "top"):
            assert await s3.refused("put_object", Bucket="shelf", Key=key, Body=b"evil") == DENIED
            assert await s3.refused("create_multipart_upload", Bucket="shelf", Key=key) == DENIED
            assert await s3.refused("delete_object", Bucket="shelf", Key=key) == DENIED
    assert await face.count() == before
