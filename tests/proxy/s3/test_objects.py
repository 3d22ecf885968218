"""PUT, GET and HEAD of whole objects, ranges, conditions, headers and keys, through boto3 and raw requests."""

import asyncio
import hashlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.proxy.s3.face import Face, signed_headers

BUCKET = "objects"


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    await (await face.client()).create_bucket(Bucket=BUCKET)


@pytest.mark.parametrize("size", [0, 1, 4096, 65_536, 65_537, 3_000_001])
async def test_bytes_come_back_with_their_md5_as_etag(face: Face, size: int) -> None:
    s3 = await face.client()
    body = os.urandom(size)

    put = await s3.put_object(Bucket=BUCKET, Key=f"sizes/{size}", Body=body)
    got = await s3.get_object(Bucket=BUCKET, Key=f"sizes/{size}")

    etag = f'"{hashlib.md5(body).hexdigest()}"'
    assert (put["ETag"], got["ETag"], got["ContentLength"]) == (etag, etag, size)
    assert await asyncio.to_thread(got["Body"].read) == body
    assert got["ContentType"] == "binary/octet-stream"
    assert got["LastModified"].microsecond == 0
    assert got["AcceptRanges"] == "bytes"
    assert "VersionId" not in put
    assert "VersionId" not in got


ODD_KEYS = [
    "foo//bar",
    "./x",
    "../x",
    "a b+c%",
    "ünï/çødé €",
    "foo/",
    "/lead",
    "foo/bar/xyzzy",
    '"<&>',
    "q?x=1#y",
    "a/./b",
]


async def test_odd_keys_are_opaque_and_listed_back_byte_for_byte(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="odd-keys")

    for key in ODD_KEYS:
        await s3.put_object(Bucket="odd-keys", Key=key, Body=key.encode())

    for key in ODD_KEYS:
        assert await s3.read(Bucket="odd-keys", Key=key) == key.encode()
    listed = await s3.list_objects_v2(Bucket="odd-keys")
    assert [one["Key"] for one in listed["Contents"]] == sorted(ODD_KEYS, key=str.encode)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=40))
@example(key="\x01\r\n")
async def test_any_key_can_be_stored_and_read(face: Face, key: str) -> None:
    ada = (await face.person("ada")).access_key
    path = f"/{BUCKET}/{quote(key, safe='/')}"

    put = await face.raw("PUT", path, key.encode(), signed_by=ada)
    got = await face.raw("GET", path, signed_by=ada)

    assert (put.status, got.status, got.body) == (200, 200, key.encode())


async def test_what_is_kept_beside_the_bytes_comes_back_and_is_replaced_as_a_whole(face: Face) -> None:
    s3 = await face.client()
    kept = {
        "CacheControl": "no-cache",
        "ContentDisposition": 'attachment; filename="a.txt"',
        "ContentLanguage": "de",
        "ContentType": "text/x-strange",
    }
    await s3.put_object(
        Bucket=BUCKET, Key="kept", Body=b"1", Metadata={"Foo": "Bar", "empty": ""}, ContentEncoding="gzip", **kept
    )
    first = await s3.head_object(Bucket=BUCKET, Key="kept")
    overridden = await s3.get_object(Bucket=BUCKET, Key="kept", ResponseContentType="text/html")
    await s3.put_object(Bucket=BUCKET, Key="kept", Body=b"2", Metadata={"other": "1"})
    second = await s3.head_object(Bucket=BUCKET, Key="kept")

    assert {name: first[name] for name in kept} == kept
    assert first["Metadata"] == {"foo": "Bar", "empty": ""}
    assert first["ContentEncoding"] == "gzip"
    assert overridden["ContentType"] == "text/html"
    assert second["Metadata"] == {"other": "1"}
    assert second["ContentType"] == "binary/octet-stream"


async def test_metadata_over_two_kilobytes_is_refused(face: Face) -> None:
    s3 = await face.client()

    with face.unchanged_files():
        refused = await s3.refused("put_object", Bucket=BUCKET, Key="x", Body=b"1", Metadata={"a": "b" * 2048})

    assert refused == (400, "MetadataTooLarge")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("bytes=0-0", (206, b"0", "bytes 0-0/10")),
        ("bytes=2-4", (206, b"234", "bytes 2-4/10")),
        ("bytes=7-", (206, b"789", "bytes 7-9/10")),
        ("bytes=-3", (206, b"789", "bytes 7-9/10")),
        ("bytes=-99", (206, b"0123456789", "bytes 0-9/10")),
        ("bytes=5-99", (206, b"56789", "bytes 5-9/10")),
        ("bytes=4-2", (200, b"0123456789", None)),
        ("lines=1-2", (200, b"0123456789", None)),
        ("bytes=0-1,3-4", (200, b"0123456789", None)),
    ],
)
async def test_a_range_answers_just_its_bytes(face: Face, header: str, expected: tuple[int, bytes, str | None]) -> None:
    ada = (await face.person("ada")).access_key
    await face.raw("PUT", f"/{BUCKET}/digits", b"0123456789", signed_by=ada)

    got = await face.raw("GET", f"/{BUCKET}/digits", signed_by=ada, headers={"range": header})
    head = await face.raw("HEAD", f"/{BUCKET}/digits", signed_by=ada, headers={"range": header})

    assert (got.status, got.body, got.headers.get("content-range")) == expected
    assert (head.status, head.headers["content-length"]) == (got.status, got.headers["content-length"])


@pytest.mark.parametrize(("key", "header"), [("digits", "bytes=10-"), ("digits", "bytes=-0"), ("none", "bytes=0-0")])
async def test_an_unsatisfiable_range_is_416_with_the_size(face: Face, key: str, header: str) -> None:
    ada = (await face.person("ada")).access_key
    body = b"0123456789" if key == "digits" else b""
    await face.raw("PUT", f"/{BUCKET}/{key}", body, signed_by=ada)

    got = await face.raw("GET", f"/{BUCKET}/{key}", signed_by=ada, headers={"range": header})

    assert (got.status, got.code, got.headers["content-range"]) == (416, "InvalidRange", f"bytes */{len(body)}")


async def test_ranges_of_a_large_object_and_its_checksum_only_on_the_whole(face: Face) -> None:
    s3 = await face.client()
    body = os.urandom(2_500_000)
    await s3.put_object(Bucket=BUCKET, Key="large", Body=body)

    for start, end in ((0, 65_535), (65_530, 65_545), (1_048_000, 2_200_000), (2_499_999, 2_499_999)):
        assert await s3.read(Bucket=BUCKET, Key="large", Range=f"bytes={start}-{end}") == body[start : end + 1]
    part = await s3.get_object(Bucket=BUCKET, Key="large", Range="bytes=0-9", ChecksumMode="ENABLED")
    whole = await s3.head_object(Bucket=BUCKET, Key="large", ChecksumMode="ENABLED")
    plain = await face.raw("HEAD", f"/{BUCKET}/large", signed_by=(await face.person("ada")).access_key)

    assert "ChecksumCRC32" not in part
    assert whole["ChecksumCRC32"]
    assert whole["ChecksumType"] == "FULL_OBJECT"
    assert not [name for name in plain.headers if name.startswith("x-amz-checksum")]


async def test_part_one_of_an_object_in_one_piece_is_all_of_it(face: Face) -> None:
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key="piece", Body=b"abc")

    got = await s3.get_object(Bucket=BUCKET, Key="piece", PartNumber=1)

    assert await asyncio.to_thread(got["Body"].read) == b"abc"
    assert "PartsCount" not in got
    assert await s3.refused("get_object", Bucket=BUCKET, Key="piece", PartNumber=2) == (416, "InvalidPartNumber")
    assert await s3.refused("get_object", Bucket=BUCKET, Key="piece", PartNumber=0) == (400, "InvalidArgument")


async def test_conditions_on_reads(face: Face) -> None:
    s3 = await face.client()
    put = await s3.put_object(Bucket=BUCKET, Key="conditional", Body=b"abc")
    at = (await s3.head_object(Bucket=BUCKET, Key="conditional"))["LastModified"]
    place = {"Bucket": BUCKET, "Key": "conditional"}
    hour = timedelta(hours=1)

    assert await s3.read(**place, IfMatch=put["ETag"]) == b"abc"
    assert await s3.refused("get_object", **place, IfMatch='"no"') == (412, "PreconditionFailed")
    assert await s3.refused("get_object", **place, IfNoneMatch=put["ETag"]) == (304, "304")
    assert await s3.read(**place, IfNoneMatch='"no"') == b"abc"
    assert await s3.refused("get_object", **place, IfModifiedSince=at) == (304, "304")
    assert await s3.read(**place, IfModifiedSince=at - hour) == b"abc"
    assert await s3.refused("get_object", **place, IfUnmodifiedSince=at - hour) == (412, "PreconditionFailed")
    assert await s3.read(**place, IfUnmodifiedSince=at) == b"abc"
    assert await s3.read(**place, IfMatch=put["ETag"], IfUnmodifiedSince=at - hour) == b"abc"


async def test_conditions_on_writes(face: Face) -> None:
    s3 = await face.client()
    place = {"Bucket": BUCKET, "Key": "guarded"}

    assert await s3.refused("put_object", **place, Body=b"1", IfMatch='"x"') == (404, "NoSuchKey")
    first = await s3.put_object(**place, Body=b"1", IfNoneMatch="*")
    assert await s3.refused("put_object", **place, Body=b"2", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert await s3.refused("put_object", **place, Body=b"2", IfMatch='"x"') == (412, "PreconditionFailed")
    assert await s3.refused("put_object", **place, Body=b"2", IfNoneMatch=first["ETag"]) == (412, "PreconditionFailed")
    assert await s3.read(**place) == b"1"
    await s3.put_object(**place, Body=b"2", IfMatch=first["ETag"].strip('"'))
    await s3.put_object(**place, Body=b"3", IfMatch="*")

    assert await s3.read(**place) == b"3"


async def test_of_many_conditional_writes_at_once_one_succeeds_and_leaves_one_blob(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    before = len(face.files())

    answers = await asyncio.gather(
        *(
            face.raw("PUT", f"/{BUCKET}/race", f"race {n}".encode(), signed_by=ada, headers={"if-none-match": "*"})
            for n in range(8)
        )
    )

    assert sorted(answer.status for answer in answers) == [200] + [412] * 7
    assert len(face.files()) == before + 1


async def test_an_overwritten_revision_is_read_by_its_version_id(face: Face) -> None:
    s3 = await face.client()
    place = {"Bucket": BUCKET, "Key": "versions/v"}
    await s3.put_object(**place, Body=b"old")
    rows = await face.world.ask("MATCH (o:Object {name: 'v'}) RETURN o.versionId AS version, o.id AS id")
    await s3.put_object(**place, Body=b"new")
    again = await face.world.ask("MATCH (o:Object {name: 'v'}) RETURN o.id AS id")

    assert await s3.read(**place) == b"new"
    assert await s3.read(**place, VersionId=rows[0]["version"]) == b"old"
    assert await s3.read(**place, VersionId="null") == b"new"
    assert [row["id"] for row in again] == [rows[0]["id"]]
    assert await s3.refused("get_object", **place, VersionId="x") == (400, "InvalidArgument")
    assert await s3.refused("get_object", **place, VersionId="0" * 26) == (404, "NoSuchVersion")
    other = {"Bucket": BUCKET, "Key": "digits", "VersionId": rows[0]["version"]}
    assert await s3.refused("get_object", **other) == (404, "NoSuchVersion")


async def test_a_body_in_http_chunks_is_stored(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    async def body() -> AsyncIterator[bytes]:
        for piece in (b"one ", b"two ", b"three"):
            yield piece

    headers = signed_headers(face.endpoint, "PUT", f"/{BUCKET}/chunks", b"", ada, {}, "UNSIGNED-PAYLOAD")
    headers.pop("Content-Length", None)
    put = await face.send("PUT", f"/{BUCKET}/chunks", body(), headers)
    got = await face.raw("GET", f"/{BUCKET}/chunks", signed_by=ada)

    assert (put.status, got.body) == (200, b"one two three")


async def test_a_put_without_a_length_is_refused(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    headers = signed_headers(face.endpoint, "PUT", f"/{BUCKET}/nolength", b"", ada, {}, "UNSIGNED-PAYLOAD")

    answer = await asyncio.to_thread(_talk, face, "PUT", f"/{BUCKET}/nolength", headers, b"")

    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"<Code>MissingContentLength</Code>" in answer


def _talk(face: Face, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """Send a request by hand and read for a moment, all that comes."""
    host, _, port = face.endpoint.removeprefix("http://").partition(":")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}:{port}", *(f"{n}: {v}" for n, v in headers.items()), "", ""]
    with socket.create_connection((host, int(port)), timeout=1) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        received = b""
        try:
            while piece := connection.recv(65_536):
                received += piece
        except TimeoutError:
            pass
        return received


async def test_expect_gets_its_100_before_success_even_without_a_body(face: Face) -> None:
    """Otherwise botocore misreads the next answer on the connection (fact 26)."""
    ada = (await face.person("ada")).access_key
    path = f"/{BUCKET}/expected"
    headers = signed_headers(face.endpoint, "PUT", path, b"", ada, {"expect": "100-continue", "content-length": "0"})
    answer = await asyncio.to_thread(_talk, face, "PUT", path, headers, b"")

    assert answer.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")


async def test_an_early_refusal_of_an_expecting_client_closes_the_connection(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    path = "/no-such-bucket-here/expected"
    headers = signed_headers(face.endpoint, "PUT", path, b"", ada, {"expect": "100-continue", "content-length": "9"})
    answer = await asyncio.to_thread(_talk, face, "PUT", path, headers, b"")

    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nconnection: close\r\n" in answer


async def test_a_client_that_breaks_off_leaves_nothing(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    path, count = f"/{BUCKET}/broken", await face.count()
    signed = signed_headers(face.endpoint, "PUT", path, b"", ada, {"content-length": "9000000"}, "UNSIGNED-PAYLOAD")

    with face.unchanged_files():
        await asyncio.to_thread(_break_off, face, path, signed)
        for _ in range(100):
            if any(record.getMessage() == f"PUT {path} 499" for record in face.log):
                break
            await asyncio.sleep(0.02)
        else:
            raise AssertionError("the server didn't notice")

    assert await face.count() == count
    assert (await face.raw("GET", path, signed_by=ada)).code == "NoSuchKey"


def _break_off(face: Face, path: str, headers: dict[str, str]) -> None:
    host, _, port = face.endpoint.removeprefix("http://").partition(":")
    lines = [f"PUT {path} HTTP/1.1", f"Host: {host}:{port}", *(f"{n}: {v}" for n, v in headers.items()), "", ""]
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall("\r\n".join(lines).encode() + os.urandom(3_000_000))


async def test_a_reader_that_goes_away_ends_the_reading(face: Face) -> None:
    s3 = await face.client()
    ada = (await face.person("ada")).access_key
    await s3.put_object(Bucket=BUCKET, Key="endless", Body=bytes(40_000_000))
    headers = signed_headers(face.endpoint, "GET", f"/{BUCKET}/endless", b"", ada, {})
    host, _, port = face.endpoint.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        f"GET /{BUCKET}/endless HTTP/1.1",
        f"Host: {host}:{port}",
        *(f"{n}: {v}" for n, v in headers.items()),
        "",
        "",
    ]
    writer.write("\r\n".join(lines).encode())
    await reader.readexactly(1000)
    writer.close()
    await writer.wait_closed()

    for _ in range(200):
        if face.log[-1].getMessage() == f"GET /{BUCKET}/endless 499":
            break
        await asyncio.sleep(0.02)
    else:
        raise AssertionError("the server didn't notice")
    assert vars(face.log[-1])["sent_bytes"] < 40_000_000


async def test_damaged_bytes_are_an_error_and_never_wrong_bytes(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    await face.raw("PUT", f"/{BUCKET}/rotten", b"precious", signed_by=ada)
    rows = await face.world.ask("MATCH (:Object {name: 'rotten'})-[:CONTENT]->()-[:PART]->(b:Blob) RETURN b.id AS id")
    path = face.storage.path(rows[0]["id"])
    sealed = bytearray(path.read_bytes())
    sealed[-1] ^= 1
    path.write_bytes(sealed)

    got = await face.raw("GET", f"/{BUCKET}/rotten", signed_by=ada)

    assert (got.status, got.code) == (500, "InternalError")
    assert b"tag" not in got.body
    assert got.headers["x-amz-request-id"].encode() in got.body
    (line,) = [record for record in face.log if record.levelno == logging.ERROR]
    assert f"blob {rows[0]['id']}: segment 0 fails its tag; `aruna verify` finds" in line.getMessage()
    assert line.exc_info is None, "bytes are to blame, not the program: its stack says nothing"


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"x-amz-tagging": "a=b"}, "NotImplemented"),
        ({"x-amz-acl": "public-read-write"}, "AccessControlListNotSupported"),
        ({"x-amz-grant-read": "id=x"}, "AccessControlListNotSupported"),
        ({"x-amz-storage-class": "GLACIER"}, "InvalidStorageClass"),
        ({"x-amz-server-side-encryption": "aws:kms"}, "NotImplemented"),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "NotImplemented"),
    ],
)
async def test_what_a_put_asks_for_and_isnt_built_is_refused(face: Face, headers: dict[str, str], code: str) -> None:
    ada = (await face.person("ada")).access_key

    with face.unchanged_files():
        answer = await face.raw("PUT", f"/{BUCKET}/wanted", b"1", signed_by=ada, headers=headers)

    assert answer.code == code


async def test_private_acl_and_aes256_are_accepted(face: Face) -> None:
    s3 = await face.client()

    put = await s3.put_object(Bucket=BUCKET, Key="p", Body=b"1", ACL="private", ServerSideEncryption="AES256")
    acl = await s3.get_object_acl(Bucket=BUCKET, Key="p")
    await s3.put_object_acl(Bucket=BUCKET, Key="p", ACL="private")
    await s3.put_bucket_acl(Bucket=BUCKET, ACL="private")

    ada = (await face.person("ada")).id
    assert put["ServerSideEncryption"] == "AES256"
    assert acl["Owner"] == {"ID": ada, "DisplayName": "ada"}
    assert [grant["Permission"] for grant in acl["Grants"]] == ["FULL_CONTROL"]
    assert await s3.refused("put_object_acl", Bucket=BUCKET, Key="p", ACL="authenticated-read") == (
        400,
        "AccessControlListNotSupported",
    )


@pytest.mark.parametrize("method", ["PUT", "GET", "HEAD", "DELETE"])
async def test_a_key_over_1024_bytes_is_refused(face: Face, method: str) -> None:
    ada = (await face.person("ada")).access_key

    with face.unchanged_files():
        answer = await face.raw(method, f"/{BUCKET}/{'k' * 1025}", b"", signed_by=ada)

    assert answer.status == 400
    assert method == "HEAD" or answer.code == "KeyTooLongError"


async def test_virtual_host_style_names_the_bucket_before_the_domain(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    await face.raw("PUT", f"/{BUCKET}/virtual/x", b"1", signed_by=ada)
    host = f"{BUCKET}.s3.test"
    headers = signed_headers(f"http://{host}", "GET", "/virtual/x", b"", ada, {})
    got = await face.send("GET", "/virtual/x", b"", {**headers, "host": host})

    assert (got.status, got.body) == (200, b"1")


async def test_a_key_with_a_nul_is_no_key(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    path = f"/{BUCKET}/nul%00/x"

    with face.unchanged_files():
        put = await face.raw("PUT", path, b"1", signed_by=ada)
    got = await face.raw("GET", path, signed_by=ada)
    deleted = await face.raw("DELETE", path, signed_by=ada)

    assert (put.code, got.code, deleted.status) == ("InvalidArgument", "NoSuchKey", 204)


async def test_versions_are_told_while_versioning_is_enabled_and_markers_are_never_faked(face: Face) -> None:
    s3 = await face.client()
    place = {"Bucket": "enabled", "Key": "v"}
    await s3.create_bucket(Bucket="enabled")
    await s3.put_object(**place, Body=b"before")
    await face.world.do("MATCH (p:Project {bucket: 'enabled'}) SET p.versioning = 'ENABLED'")

    before = await s3.get_object(**place)
    put = await s3.put_object(**place, Body=b"after")
    after = await s3.get_object(**place)

    assert before["VersionId"] == "null"
    assert put["VersionId"] == after["VersionId"]
    assert (await s3.get_bucket_versioning(Bucket="enabled"))["Status"] == "Enabled"
    assert await s3.refused("delete_object", **place) == (501, "NotImplemented")
    assert await s3.read(**place) == b"after"


async def test_an_object_deleted_under_a_conditional_upload_is_told_as_missing(face: Face) -> None:
    ada = await face.person("ada")
    path = f"/{BUCKET}/vanishing"
    etag = (await face.raw("PUT", path, b"1", signed_by=ada.access_key)).headers["etag"]
    real = face.services.streams.ingest

    async def slow(*args: object, **more: object) -> object:
        ingested = await real(*args, **more)  # pyright: ignore[reportArgumentType]  passed on as they come
        await face.raw("DELETE", path, signed_by=ada.access_key)
        return ingested

    face.services.streams.ingest = slow  # pyright: ignore[reportAttributeAccessIssue]  a fault where no way leads
    try:
        with face.unchanged_files():
            put = await face.raw("PUT", path, b"2", signed_by=ada.access_key, headers={"if-match": etag})
    finally:
        del face.services.streams.ingest

    assert (put.status, put.code) == (404, "NoSuchKey")


async def test_anonymous_deletions_are_refused_before_their_keys_are_looked_up(face: Face) -> None:
    answer = await face.raw("POST", f"/{BUCKET}?delete", b"<Delete><Object><Key>k</Key></Object></Delete>")

    assert (answer.status, answer.code) == (403, "AccessDenied")
