"""Bytes that are stored compressed are the same bytes to every client, at every length and range."""

import hashlib

import pytest

from tests.proxy.s3.face import Face
from tests.proxy.s3.uploading import PART_BYTES, begin, etag_of, listing, send, upload
from tests.proxy.texts import noise, reads

BUCKET = "compression"
TEXT = reads(PART_BYTES + 70_000)


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    await (await face.client()).create_bucket(Bucket=BUCKET)


async def stored_lengths(face: Face) -> dict[str, tuple[int, int]]:
    """Plain and sealed length of each blob as the graph has them, by SHA-256."""
    rows = await face.world.ask("MATCH (b:Blob) RETURN b.sha256 AS sha256, b.length AS length, b.sealed AS sealed")
    return {row["sha256"]: (row["length"], row["sealed"]) for row in rows}


def file_lengths(face: Face) -> list[int]:
    return sorted(face.storage.path(name).stat().st_size for name in face.files())


async def test_text_is_stored_in_less_and_answered_whole_and_in_ranges(face: Face) -> None:
    s3 = await face.client()

    put = await s3.put_object(Bucket=BUCKET, Key="text", Body=TEXT)
    head = await s3.head_object(Bucket=BUCKET, Key="text")

    assert put["ETag"] == f'"{hashlib.md5(TEXT).hexdigest()}"'
    assert head["ContentLength"] == len(TEXT)
    assert await s3.read(Bucket=BUCKET, Key="text") == TEXT
    for start, end in ((0, 0), (65_535, 65_536), (1_000_000, 1_200_000), (len(TEXT) - 3, len(TEXT) - 1)):
        part = await s3.read(Bucket=BUCKET, Key="text", Range=f"bytes={start}-{end}")
        assert part == TEXT[start : end + 1]
    length, sealed = (await stored_lengths(face))[hashlib.sha256(TEXT).hexdigest()]
    assert (length, sealed < 0.4 * len(TEXT)) == (len(TEXT), True)
    assert sealed in file_lengths(face)


async def test_parts_are_compressed_each_by_itself_and_copied_in_ranges(face: Face) -> None:
    s3 = await face.client()
    first, second = TEXT[:PART_BYTES], noise(PART_BYTES)
    await upload(s3, BUCKET, "parts", first, second, b"end")
    upload_id = await begin(s3, BUCKET, "copy")

    copied = await s3.upload_part_copy(
        Bucket=BUCKET,
        Key="copy",
        UploadId=upload_id,
        PartNumber=1,
        CopySource=f"{BUCKET}/parts",
        CopySourceRange=f"bytes=100-{PART_BYTES + 99}",
    )
    last = await send(s3, BUCKET, "copy", upload_id, 2, TEXT[:9000])
    parts = [{"PartNumber": 1, "ETag": copied["CopyPartResult"]["ETag"]}, last]
    done = await s3.complete_multipart_upload(**listing(BUCKET, "copy", upload_id, *parts))

    source = first + second + b"end"
    assert await s3.read(Bucket=BUCKET, Key="parts") == source
    middle = await s3.read(Bucket=BUCKET, Key="parts", Range=f"bytes={PART_BYTES - 9}-{PART_BYTES + 9}")
    assert middle == source[PART_BYTES - 9 : PART_BYTES + 10]
    copy = source[100 : PART_BYTES + 100], TEXT[:9000]
    assert done["ETag"] == etag_of(*copy)
    assert await s3.read(Bucket=BUCKET, Key="copy") == b"".join(copy)
    lengths = await stored_lengths(face)
    assert lengths[hashlib.sha256(first).hexdigest()][1] < 0.4 * PART_BYTES
    assert lengths[hashlib.sha256(second).hexdigest()][1] > PART_BYTES
