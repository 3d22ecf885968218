"""GetObjectAttributes."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.proxy.s3.face import Face
from tests.proxy.s3.uploading import PART_BYTES, etag_of, filled, upload

BUCKET = "attributes"
ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]
A, C = filled("a"), b"c" * 10


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket=BUCKET)
    await upload(s3, BUCKET, "plain", A, A, C)


async def _attributes(face: Face, key: str, *names: str, **arguments: Any) -> Any:
    s3 = await face.client()
    return await s3.get_object_attributes(Bucket=BUCKET, Key=key, ObjectAttributes=list(names) or ALL, **arguments)


async def test_of_an_object_in_one_piece_there_are_no_parts(face: Face) -> None:
    put = await (await face.client()).put_object(Bucket=BUCKET, Key="single", Body=b"1", ChecksumAlgorithm="SHA256")

    found = await _attributes(face, "single")

    assert found["ETag"] == put["ETag"].strip('"')
    assert found["Checksum"] == {"ChecksumSHA256": put["ChecksumSHA256"], "ChecksumType": "FULL_OBJECT"}
    assert (found["StorageClass"], found["ObjectSize"]) == ("STANDARD", 1)
    assert abs(found["LastModified"] - datetime.now(UTC)) < timedelta(minutes=1)
    assert {"ObjectParts", "VersionId", "DeleteMarker"}.isdisjoint(found)


async def test_only_what_is_asked_for_is_told(face: Face) -> None:
    found = await _attributes(face, "plain", "ObjectSize")

    assert found["ObjectSize"] == 2 * PART_BYTES + 10
    assert set(found) == {"ObjectSize", "LastModified", "ResponseMetadata"}


async def test_parts_are_told_even_without_checksums(face: Face) -> None:
    found = await _attributes(face, "plain")

    parts = found["ObjectParts"]
    assert found["ETag"] == etag_of(A, A, C).strip('"')
    assert found["Checksum"]["ChecksumType"] == "FULL_OBJECT"
    assert (parts["TotalPartsCount"], parts["IsTruncated"], parts["MaxParts"]) == (3, False, 1000)
    assert parts["Parts"] == [
        {"PartNumber": 1, "Size": PART_BYTES},
        {"PartNumber": 2, "Size": PART_BYTES},
        {"PartNumber": 3, "Size": 10},
    ]


async def test_parts_are_told_in_pages(face: Face) -> None:
    first = (await _attributes(face, "plain", "ObjectParts", MaxParts=1, PartNumberMarker=1))["ObjectParts"]
    rest = (await _attributes(face, "plain", "ObjectParts", MaxParts=10, PartNumberMarker=2))["ObjectParts"]

    assert [part["PartNumber"] for part in first["Parts"]] == [2]
    assert (first["PartNumberMarker"], first["NextPartNumberMarker"], first["IsTruncated"]) == (1, 2, True)
    assert [part["PartNumber"] for part in rest["Parts"]] == [3]
    assert (rest["MaxParts"], rest["IsTruncated"], rest["TotalPartsCount"]) == (10, False, 3)


async def test_declared_checksums_are_told_of_whole_and_parts(face: Face) -> None:
    s3 = await face.client()
    done = await upload(s3, BUCKET, "declared", A, C, ChecksumAlgorithm="CRC32")

    found = await _attributes(face, "declared")

    assert found["Checksum"] == {"ChecksumCRC32": done["ChecksumCRC32"], "ChecksumType": "COMPOSITE"}
    assert all("ChecksumCRC32" in part for part in found["ObjectParts"]["Parts"])


async def test_a_version_is_told_by_its_id(face: Face) -> None:
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key="aged", Body=b"old")
    old = (await face.world.ask("MATCH (o:Object {name: 'aged'}) RETURN o.versionId AS v"))[0]["v"]
    await s3.put_object(Bucket=BUCKET, Key="aged", Body=b"newer")

    assert (await _attributes(face, "aged", VersionId=old))["ObjectSize"] == 3


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (400, "InvalidArgument")),
        ({"x-amz-object-attributes": "ETag,Colour"}, (400, "InvalidArgument")),
        ({"x-amz-object-attributes": "ObjectParts", "x-amz-max-parts": "x"}, (400, "InvalidArgument")),
        ({"x-amz-object-attributes": "ObjectParts", "x-amz-part-number-marker": "-1"}, (400, "InvalidArgument")),
    ],
)
async def test_what_isnt_there_to_tell_is_refused(
    face: Face, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    ada = (await face.person("ada")).access_key

    answer = await face.raw("GET", f"/{BUCKET}/plain?attributes", signed_by=ada, headers=headers)

    assert (answer.status, answer.code) == expected


async def test_hidden_means_absent(face: Face) -> None:
    stranger = await face.client("stranger")

    for key in ("plain", "none"):
        refused = await stranger.refused(
            "get_object_attributes", Bucket=BUCKET, Key=key, ObjectAttributes=["ObjectSize"]
        )
        assert refused == (403, "AccessDenied")
