"""Copies on the server: whole Objects without moving a byte, and parts of uploads."""

import asyncio
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from boto3.s3.transfer import TransferConfig  # pyright: ignore[reportMissingTypeStubs]  it has none

from domain.access import Level
from domain.changes import VersioningSet
from domain.resources import Versioning
from tests.graph_dump import check_invariants
from tests.proxy.s3.face import Face, granted_person
from tests.proxy.s3.uploading import begin, etag_of, filled, listing, send, upload

BUCKET, OTHER = "copies", "copies-too"
A, C = filled("a"), b"c" * 10
UNKNOWN = "0" * 26


@pytest.fixture(scope="module", autouse=True)
async def project(face: Face) -> str:
    s3 = await face.client()
    await s3.create_bucket(Bucket=BUCKET)
    await s3.create_bucket(Bucket=OTHER)
    rows = await face.world.ask("MATCH (p:Project {bucket: $name}) RETURN p.id AS id", name=BUCKET)
    return rows[0]["id"]


async def _put(face: Face, key: str, body: bytes = b"bytes", **arguments: Any) -> Any:
    return await (await face.client()).put_object(Bucket=BUCKET, Key=key, Body=body, **arguments)


async def _origins(face: Face) -> list[tuple[str, str]]:
    rows = await face.world.ask(
        "MATCH (copy:Object)-[:ORIGIN]->(source:Object) RETURN copy.name AS copy, source.name AS source"
    )
    return sorted((row["copy"], row["source"]) for row in rows)


# -- CopyObject


async def test_a_copy_shares_its_bytes_keeps_its_headers_and_says_where_it_comes_from(face: Face) -> None:
    s3 = await face.client()
    put = await _put(face, "data/set/source", Metadata={"a": "b"}, ContentType="text/plain", CacheControl="no-store")

    with face.unchanged_files():
        answer = await s3.copy_object(
            Bucket=OTHER, Key="new/place/copy", CopySource={"Bucket": BUCKET, "Key": "data/set/source"}
        )

    result, head = answer["CopyObjectResult"], await s3.head_object(Bucket=OTHER, Key="new/place/copy")
    assert (result["ETag"], head["ETag"]) == (put["ETag"], put["ETag"])
    assert result["LastModified"] == head["LastModified"]
    assert result["ChecksumCRC32"] == put["ChecksumCRC32"]
    assert (head["Metadata"], head["ContentType"], head["CacheControl"]) == ({"a": "b"}, "text/plain", "no-store")
    assert await s3.read(Bucket=OTHER, Key="new/place/copy") == b"bytes"
    assert ("copy", "source") in await _origins(face)
    assert {"CopySourceVersionId", "VersionId"}.isdisjoint(answer)
    await check_invariants(face.world)


async def test_a_copy_of_an_object_in_parts_is_in_parts(face: Face) -> None:
    s3 = await face.client()
    await upload(s3, BUCKET, "parted", A, C)

    with face.unchanged_files():
        answer = await s3.copy_object(Bucket=BUCKET, Key="parted-copy", CopySource=f"{BUCKET}/parted")

    assert answer["CopyObjectResult"]["ETag"] == etag_of(A, C)
    assert await s3.read(Bucket=BUCKET, Key="parted-copy") == A + C
    assert await s3.read(Bucket=BUCKET, Key="parted-copy", PartNumber=2) == C


async def test_a_copy_outlives_its_source(face: Face) -> None:
    s3 = await face.client()
    await _put(face, "short-lived")
    await s3.copy_object(Bucket=BUCKET, Key="long-lived", CopySource=f"/{BUCKET}/short-lived")

    await s3.delete_object(Bucket=BUCKET, Key="short-lived")

    assert await s3.read(Bucket=BUCKET, Key="long-lived") == b"bytes"


@pytest.mark.parametrize("key", ["a b+c", "?versionId", "ä/ö ü", "100%", "_", "a//b/", "x" * 1000])
async def test_any_key_can_be_copied_from_and_to(face: Face, key: str) -> None:
    s3 = await face.client()
    await _put(face, key)

    await s3.copy_object(Bucket=OTHER, Key=key, CopySource={"Bucket": BUCKET, "Key": key})

    assert await s3.read(Bucket=OTHER, Key=key) == b"bytes"


async def test_replacing_replaces_all_headers(face: Face) -> None:
    s3 = await face.client()
    await _put(face, "headed", Metadata={"old": "1"}, ContentType="text/plain", CacheControl="no-store")

    await s3.copy_object(
        Bucket=BUCKET,
        Key="reheaded",
        CopySource=f"{BUCKET}/headed",
        MetadataDirective="REPLACE",
        Metadata={"new": "2"},
    )

    head = await s3.head_object(Bucket=BUCKET, Key="reheaded")
    assert (head["Metadata"], head["ContentType"]) == ({"new": "2"}, "binary/octet-stream")
    assert "CacheControl" not in head


async def test_onto_itself_only_a_change_is_a_copy(face: Face) -> None:
    s3 = await face.client()
    await _put(face, "itself", Metadata={"old": "1"})
    same = {"Bucket": BUCKET, "Key": "itself", "CopySource": f"{BUCKET}/itself"}
    first = (await face.world.ask("MATCH (o:Object {name: 'itself'}) RETURN o.versionId AS v"))[0]["v"]
    origins = await _origins(face)

    refused = await s3.refused("copy_object", **same)
    named = await s3.refused("copy_object", **{**same, "CopySource": f"{BUCKET}/itself?versionId={first}"})
    await s3.copy_object(**same, MetadataDirective="REPLACE", Metadata={"new": "2"})
    head = await s3.head_object(Bucket=BUCKET, Key="itself")
    restored = await s3.copy_object(**{**same, "CopySource": f"{BUCKET}/itself?versionId={first}"})

    assert refused == named == (400, "InvalidRequest")
    assert head["Metadata"] == {"new": "2"}
    assert restored["CopySourceVersionId"] == first
    assert (await s3.head_object(Bucket=BUCKET, Key="itself"))["Metadata"] == {"old": "1"}
    rows = await face.world.ask("MATCH (o:Object {name: 'itself'})-[:VERSION*0..]->(r) RETURN r.revisionNumber AS n")
    assert sorted(row["n"] for row in rows) == [0, 1, 2]
    assert await _origins(face) == origins
    await check_invariants(face.world)


async def test_an_old_version_is_copied_by_its_id(face: Face) -> None:
    s3 = await face.client()
    await _put(face, "versions", b"old")
    old = (await face.world.ask("MATCH (o:Object {name: 'versions'}) RETURN o.versionId AS v"))[0]["v"]
    await _put(face, "versions", b"new")

    await s3.copy_object(Bucket=BUCKET, Key="old-copy", CopySource=f"{BUCKET}/versions?versionId={old}")
    await s3.copy_object(Bucket=BUCKET, Key="null-copy", CopySource=f"{BUCKET}/versions?versionId=null")

    assert await s3.read(Bucket=BUCKET, Key="old-copy") == b"old"
    assert await s3.read(Bucket=BUCKET, Key="null-copy") == b"new"
    for version_id, expected in (
        (UNKNOWN, (404, "NoSuchVersion")),
        ("x", (400, "InvalidArgument")),
    ):
        source = f"{BUCKET}/versions?versionId={version_id}"
        assert await s3.refused("copy_object", Bucket=BUCKET, Key="no", CopySource=source) == expected


async def test_where_versioning_is_enabled_copies_name_both_versions(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="copies-versioned")
    rows = await face.world.ask("MATCH (p:Project {bucket: 'copies-versioned'}) RETURN p.id AS id")
    await face.world.apply(VersioningSet(rows[0]["id"], Versioning.ENABLED))
    put = await s3.put_object(Bucket="copies-versioned", Key="k", Body=b"1")

    answer = await s3.copy_object(Bucket="copies-versioned", Key="copy", CopySource="copies-versioned/k")
    upload_id = await begin(s3, "copies-versioned", "parts")
    place = {"Bucket": "copies-versioned", "Key": "parts", "UploadId": upload_id}
    part = await s3.upload_part_copy(**place, PartNumber=1, CopySource="copies-versioned/k")
    listed = {"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}
    done = await s3.complete_multipart_upload(**listing("copies-versioned", "parts", upload_id, listed))
    again = await s3.complete_multipart_upload(**listing("copies-versioned", "parts", upload_id, listed))

    assert answer["CopySourceVersionId"] == part["CopySourceVersionId"] == put["VersionId"]
    assert answer["VersionId"] == (await s3.head_object(Bucket="copies-versioned", Key="copy"))["VersionId"]
    assert done["VersionId"] == again["VersionId"]
    assert done["VersionId"] == (await s3.head_object(Bucket="copies-versioned", Key="parts"))["VersionId"]


async def test_conditions_on_the_source_and_on_the_target(face: Face) -> None:
    s3 = await face.client()
    etag = (await _put(face, "conditions"))["ETag"]
    past, future = datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC) + timedelta(hours=1)
    copy = {"Bucket": BUCKET, "Key": "conditioned", "CopySource": f"{BUCKET}/conditions"}
    failed = (412, "PreconditionFailed")

    assert await s3.refused("copy_object", **copy, CopySourceIfMatch='"x"') == failed
    assert await s3.refused("copy_object", **copy, CopySourceIfNoneMatch=etag) == failed
    assert await s3.refused("copy_object", **copy, CopySourceIfUnmodifiedSince=past) == failed
    assert await s3.refused("copy_object", **copy, IfMatch="*") == (404, "NoSuchKey")
    assert await s3.refused("head_object", Bucket=BUCKET, Key="conditioned") == (404, "404")
    await s3.copy_object(**copy, CopySourceIfMatch=etag, CopySourceIfUnmodifiedSince=past, IfNoneMatch="*")
    await s3.copy_object(**copy, CopySourceIfNoneMatch='"x"', CopySourceIfModifiedSince=future)
    await s3.copy_object(**copy, CopySourceIfModifiedSince=past)
    assert await s3.refused("copy_object", **copy, IfNoneMatch="*") == failed


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-amz-copy-source": "copies"}, (400, "InvalidArgument")),
        ({"x-amz-copy-source": "copies/none"}, (404, "NoSuchKey")),
        ({"x-amz-copy-source": "no-such-bucket/none"}, (404, "NoSuchBucket")),
        ({"x-amz-copy-source": "copies/real", "x-amz-metadata-directive": "MERGE"}, (400, "InvalidArgument")),
        ({"x-amz-copy-source": "copies/real", "x-amz-tagging": "a=b"}, (501, "NotImplemented")),
        ({"x-amz-copy-source": "copies/real", "x-amz-checksum-algorithm": "SHA512"}, (501, "NotImplemented")),
        ({"x-amz-copy-source": "copies/real", "x-amz-storage-class": "GLACIER"}, (400, "InvalidStorageClass")),
        ({"x-amz-copy-source": "copies/real", "x-amz-source-expected-bucket-owner": "x"}, (403, "AccessDenied")),
        (
            {
                "x-amz-copy-source": "copies/real",
                "x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256",
            },
            (501, "NotImplemented"),
        ),
    ],
)
async def test_what_cannot_be_copied_says_so(face: Face, headers: dict[str, str], expected: tuple[int, str]) -> None:
    await _put(face, "real")
    ada = (await face.person("ada")).access_key

    answer = await face.raw("PUT", f"/{BUCKET}/unmade", signed_by=ada, headers=headers)

    assert (answer.status, answer.code) == expected
    assert (await face.raw("GET", f"/{BUCKET}/unmade", signed_by=ada)).code == "NoSuchKey"


async def test_a_copy_takes_read_on_the_source_and_what_a_put_takes_on_the_target(face: Face, project: str) -> None:
    await _put(face, "private")
    bob, reader = await face.client("bob"), await face.client("reader")
    await bob.create_bucket(Bucket="bobs-copies")
    await granted_person(face, "reader", project, Level.READ)
    await reader.create_bucket(Bucket="readers-copies")
    source = f"{BUCKET}/private"

    assert await bob.refused("copy_object", Bucket="bobs-copies", Key="k", CopySource=source) == (403, "AccessDenied")
    assert await bob.refused("copy_object", Bucket="bobs-copies", Key="k", CopySource=f"{BUCKET}/none") == (
        403,
        "AccessDenied",
    )
    await reader.copy_object(Bucket="readers-copies", Key="k", CopySource=source)
    assert await reader.refused("copy_object", Bucket=BUCKET, Key="k", CopySource=source) == (403, "AccessDenied")
    upload_id = await begin(bob, "bobs-copies", "p")
    part = {"Bucket": "bobs-copies", "Key": "p", "UploadId": upload_id, "PartNumber": 1, "CopySource": source}
    with face.unchanged_files():
        assert await bob.refused("upload_part_copy", **part) == (403, "AccessDenied")


async def test_boto3s_managed_copy_works(face: Face) -> None:
    s3 = await face.client()
    await upload(s3, BUCKET, "managed", A, A, C)

    config = TransferConfig(multipart_threshold=len(A), multipart_chunksize=len(A))

    await asyncio.to_thread(s3.made.copy, {"Bucket": BUCKET, "Key": "managed"}, OTHER, "managed", Config=config)

    assert await s3.read(Bucket=OTHER, Key="managed") == A + A + C


# -- UploadPartCopy


async def test_parts_are_copied_whole_and_by_range(face: Face) -> None:
    s3 = await face.client()
    await upload(s3, BUCKET, "part-source", A, C)
    upload_id = await begin(s3, OTHER, "of-parts", ChecksumAlgorithm="CRC32C", ChecksumType="FULL_OBJECT")
    place = {"Bucket": OTHER, "Key": "of-parts", "UploadId": upload_id, "CopySource": f"{BUCKET}/part-source"}

    whole = await s3.upload_part_copy(**place, PartNumber=1)
    ranged = await s3.upload_part_copy(**place, PartNumber=2, CopySourceRange=f"bytes={len(A) - 3}-{len(A) + 3}")
    own = await s3.upload_part(
        Bucket=OTHER, Key="of-parts", UploadId=upload_id, PartNumber=3, Body=b"tail", ChecksumAlgorithm="CRC32C"
    )
    parts = [
        {"PartNumber": 1, "ETag": whole["CopyPartResult"]["ETag"]},
        {"PartNumber": 3, "ETag": own["ETag"]},
    ]
    refused = await s3.refused(
        "complete_multipart_upload",
        **listing(
            OTHER,
            "of-parts",
            upload_id,
            parts[0],
            {"PartNumber": 2, "ETag": ranged["CopyPartResult"]["ETag"]},
            parts[1],
        ),
    )
    answer = await s3.complete_multipart_upload(**listing(OTHER, "of-parts", upload_id, *parts))

    assert refused == (400, "EntityTooSmall")
    assert whole["CopyPartResult"]["ChecksumCRC32C"]
    assert abs(whole["CopyPartResult"]["LastModified"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert ranged["CopyPartResult"]["ETag"] == '"' + _md5(b"aaacccc") + '"'
    assert answer["ETag"] == etag_of(A + C, b"tail")
    assert await s3.read(Bucket=OTHER, Key="of-parts") == A + C + b"tail"
    await check_invariants(face.world)


def _md5(body: bytes) -> str:
    return hashlib.md5(body).hexdigest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bytes=0", (400, "InvalidArgument")),
        ("bytes=0-", (400, "InvalidArgument")),
        ("bytes=hello-world", (400, "InvalidArgument")),
        ("bytes=0-2,3-5", (400, "InvalidArgument")),
        ("bytes=0-21", (416, "InvalidRange")),
    ],
)
async def test_a_part_is_copied_by_an_exact_range_only(face: Face, text: str, expected: tuple[int, str]) -> None:
    s3 = await face.client()
    await _put(face, "five")
    upload_id = await begin(s3, BUCKET, "never")
    place = {"Bucket": BUCKET, "Key": "never", "UploadId": upload_id, "PartNumber": 1}

    with face.unchanged_files():
        refused = await s3.refused("upload_part_copy", **place, CopySource=f"{BUCKET}/five", CopySourceRange=text)
        failed = await s3.refused("upload_part_copy", **place, CopySource=f"{BUCKET}/five", CopySourceIfMatch='"x"')

    assert refused == expected
    assert failed == (412, "PreconditionFailed")


async def test_a_part_is_copied_from_an_old_version(face: Face) -> None:
    s3 = await face.client()
    await _put(face, "aged", b"old")
    old = (await face.world.ask("MATCH (o:Object {name: 'aged'}) RETURN o.versionId AS v"))[0]["v"]
    await _put(face, "aged", b"new")
    upload_id = await begin(s3, BUCKET, "from-old")
    await send(s3, BUCKET, "from-old", upload_id, 1, b"replaced")

    part = await s3.upload_part_copy(
        Bucket=BUCKET, Key="from-old", UploadId=upload_id, PartNumber=1, CopySource=f"{BUCKET}/aged?versionId={old}"
    )
    listed = {"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}
    await s3.complete_multipart_upload(**listing(BUCKET, "from-old", upload_id, listed))

    assert part["CopySourceVersionId"] == old
    assert await s3.read(Bucket=BUCKET, Key="from-old") == b"old"


async def test_an_empty_object_is_copied_whole_and_as_a_part(face: Face) -> None:
    s3 = await face.client()
    await _put(face, "empty", b"")
    await s3.copy_object(Bucket=BUCKET, Key="empty-copy", CopySource=f"{BUCKET}/empty")
    upload_id = await begin(s3, BUCKET, "empty-part")
    place = {"Bucket": BUCKET, "Key": "empty-part", "UploadId": upload_id, "PartNumber": 1}

    part = await s3.upload_part_copy(**place, CopySource=f"{BUCKET}/empty")
    listed = {"PartNumber": 1, "ETag": part["CopyPartResult"]["ETag"]}
    await s3.complete_multipart_upload(**listing(BUCKET, "empty-part", upload_id, listed))

    assert await s3.read(Bucket=BUCKET, Key="empty-copy") == b""
    assert await s3.read(Bucket=BUCKET, Key="empty-part") == b""
