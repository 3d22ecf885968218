"""Bodies that aren't what was said of them are refused, and leave nothing."""

import asyncio
import base64
import hashlib
import os
import zlib

import pytest

from proxy.checksums import digest_of, encode_digest
from tests.proxy.s3.face import Face, signed_headers

BUCKET = "integrity"
BODY = b"the bytes"
MD5 = base64.b64encode(hashlib.md5(BODY).digest()).decode()
CRC32 = base64.b64encode(zlib.crc32(BODY).to_bytes(4, "big")).decode()
OTHER_CRC32 = base64.b64encode(bytes(4)).decode()


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    await (await face.client()).create_bucket(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"content-md5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
        ({"content-md5": "nonsense"}, "InvalidDigest"),
        ({"content-md5": ""}, "InvalidDigest"),
        ({"x-amz-checksum-crc32": OTHER_CRC32}, "BadDigest"),
        ({"x-amz-checksum-crc32": "abcde"}, "BadDigest"),
        ({"x-amz-checksum-crc32": "ab!!"}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": MD5}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": CRC32, "x-amz-checksum-sha1": "x"}, "InvalidRequest"),
        ({"x-amz-checksum-crc32": CRC32, "x-amz-sdk-checksum-algorithm": "SHA1"}, "InvalidRequest"),
        ({"x-amz-checksum-crc33": CRC32}, "InvalidRequest"),
    ],
)
async def test_a_wrong_or_malformed_digest_is_refused_and_nothing_is_stored(
    face: Face, headers: dict[str, str], code: str
) -> None:
    ada, count = (await face.person("ada")).access_key, await face.count()

    with face.unchanged_files():
        put = await face.raw("PUT", f"/{BUCKET}/wrong", BODY, signed_by=ada, headers=headers)

    assert (put.status, put.code) == (400, code)
    assert await face.count() == count


@pytest.mark.parametrize("name", ["crc32", "crc32c", "crc64nvme", "sha1", "sha256", "sha512", "md5", "xxhash3"])
async def test_a_right_checksum_is_kept_and_answered_when_asked_for(face: Face, name: str) -> None:
    ada = (await face.person("ada")).access_key
    path, checksum = f"/{BUCKET}/right-{name}", encode_digest(digest_of(name, BODY))
    header = f"x-amz-checksum-{name}"

    put = await face.raw("PUT", path, BODY, signed_by=ada, headers={header: checksum, "content-md5": MD5})
    head = await face.raw("HEAD", path, signed_by=ada, headers={"x-amz-checksum-mode": "ENABLED"})

    assert (put.status, put.headers[header]) == (200, checksum)
    assert (head.headers[header], head.headers["x-amz-checksum-type"]) == (checksum, "FULL_OBJECT")


async def test_crc64nvme_is_computed_where_nothing_is_declared(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    put = await face.raw("PUT", f"/{BUCKET}/default", BODY, signed_by=ada)

    assert put.headers["x-amz-checksum-crc64nvme"] == encode_digest(digest_of("crc64nvme", BODY))


async def test_a_body_that_doesnt_match_its_signed_hash_is_refused(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    path = f"/{BUCKET}/forged"
    headers = signed_headers(face.endpoint, "PUT", path, BODY, ada, {})

    with face.unchanged_files():
        put = await face.send("PUT", path, b"other byt", headers)

    assert (put.status, put.code) == (400, "XAmzContentSHA256Mismatch")
    assert (await face.raw("GET", path, signed_by=ada)).code == "NoSuchKey"


def _chunked(body: bytes, trailers: dict[str, str], piece: int = 8192) -> bytes:
    pieces = [body[start : start + piece] for start in range(0, len(body), piece)]
    chunks = b"".join(f"{len(one):x}\r\n".encode() + one + b"\r\n" for one in pieces)
    return chunks + b"0\r\n" + "".join(f"{n}:{v}\r\n" for n, v in trailers.items()).encode() + b"\r\n"


async def _put_chunked(face: Face, key: str, body: bytes, checksum: str, *, extra: dict[str, str] | None = None) -> str:
    ada = (await face.person("ada")).access_key
    path = f"/{BUCKET}/{key}"
    headers = {
        "x-amz-trailer": "x-amz-checksum-crc32",
        "x-amz-decoded-content-length": str(len(body)),
        "content-encoding": "aws-chunked",
        **(extra or {}),
    }
    sent = _chunked(body, {"x-amz-checksum-crc32": checksum})
    put = await face.raw("PUT", path, sent, signed_by=ada, headers=headers, sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    return "" if put.status == 200 else put.code


async def test_a_trailing_checksum_is_verified_and_the_coding_is_not_kept(face: Face) -> None:
    s3 = await face.client()
    body = os.urandom(300_000)
    crc = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()

    assert await _put_chunked(face, "trailed", body, crc, extra={"content-encoding": "gzip, aws-chunked"}) == ""
    assert await _put_chunked(face, "plain", body, crc) == ""

    first = await s3.get_object(Bucket=BUCKET, Key="trailed", ChecksumMode="ENABLED")
    assert await asyncio.to_thread(first["Body"].read) == body
    assert first["ContentEncoding"] == "gzip"
    assert first["ChecksumCRC32"] == crc
    assert "ContentEncoding" not in await s3.head_object(Bucket=BUCKET, Key="plain")


@pytest.mark.parametrize(("checksum", "code"), [(OTHER_CRC32, "BadDigest"), ("x", "InvalidRequest")])
async def test_a_wrong_trailing_checksum_is_refused(face: Face, checksum: str, code: str) -> None:
    with face.unchanged_files():
        assert await _put_chunked(face, "untrue", os.urandom(300_000), checksum) == code


async def test_a_chunked_body_of_another_length_is_refused(face: Face) -> None:
    extra = {"x-amz-decoded-content-length": "8"}
    with face.unchanged_files():
        assert await _put_chunked(face, "short", BODY, CRC32, extra=extra) == "IncompleteBody"


async def test_a_body_over_five_gibibytes_is_refused_before_it_is_read(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    headers = {"x-amz-decoded-content-length": str(5 * 1024**3 + 1)}

    put = await face.raw(
        "PUT", f"/{BUCKET}/huge", b"", signed_by=ada, headers=headers, sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    )

    assert (put.status, put.code) == (400, "EntityTooLarge")
