"""Uploads in parts: begun, sent, completed, aborted, listed and read."""

import asyncio
import base64
import io
import os
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
from boto3.s3.transfer import TransferConfig  # pyright: ignore[reportMissingTypeStubs]  it has none

from domain.access import Level
from domain.resources import Kind
from identity.signature.presigned import presign
from proxy.checksums import digest_of, encode_digest
from proxy.sweeper import Sweeper, Swept
from tests.graph_dump import check_invariants
from tests.proxy.s3.face import Face, granted_person
from tests.proxy.s3.uploading import PART_BYTES, begin, etag_of, filled, listing, send, upload

BUCKET = "in-parts"
A, B, C = filled("a"), filled("b"), b"c" * 10
UNKNOWN = "0" * 26


@pytest.fixture(scope="module", autouse=True)
async def project(face: Face) -> str:
    await (await face.client()).create_bucket(Bucket=BUCKET)
    rows = await face.world.ask("MATCH (p:Project {bucket: $name}) RETURN p.id AS id", name=BUCKET)
    return rows[0]["id"]


def _crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


async def _orphans(face: Face) -> int:
    return len(await face.world.ask("MATCH (b:Blob) WHERE b.orphanedAt IS NOT NULL RETURN b.id AS id"))


# -- the whole way


async def test_boto3_uploads_a_large_file_in_parts_at_once_and_downloads_it_again(face: Face) -> None:
    s3 = await face.client()
    block = os.urandom(1024 * 1024)
    body = b"".join(number.to_bytes(4, "big") + block[4:] for number in range(66)) + b"the end"
    config = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=8 * 1024 * 1024, max_concurrency=4)

    with io.BytesIO(body) as source:
        await asyncio.to_thread(
            s3.made.upload_fileobj,
            source,
            BUCKET,
            "data/large/file.bin",
            ExtraArgs={"Metadata": {"a": "b"}},
            Config=config,
        )
    with io.BytesIO() as target:
        await asyncio.to_thread(s3.made.download_fileobj, BUCKET, "data/large/file.bin", target, Config=config)
        downloaded = target.getvalue()
    head = await s3.head_object(Bucket=BUCKET, Key="data/large/file.bin", ChecksumMode="ENABLED")

    assert downloaded == body
    parts = [body[start : start + 8 * 1024 * 1024] for start in range(0, len(body), 8 * 1024 * 1024)]
    assert (head["ETag"], head["ContentLength"], head["Metadata"]) == (etag_of(*parts), len(body), {"a": "b"})
    assert head["ChecksumType"] in {"COMPOSITE", "FULL_OBJECT"}
    await check_invariants(face.world)


async def test_a_completed_upload_is_one_object_with_what_create_said(face: Face) -> None:
    s3 = await face.client()

    answer = await upload(
        s3,
        BUCKET,
        "whole",
        A,
        B,
        C,
        ContentType="text/plain",
        ContentDisposition="inline",
        ContentEncoding="gzip,aws-chunked",
        CacheControl="no-store",
        Metadata={"Wer": "ich", "empty": ""},
    )

    head = await s3.head_object(Bucket=BUCKET, Key="whole")
    listed = (await s3.list_objects_v2(Bucket=BUCKET, Prefix="whole"))["Contents"][0]
    assert answer["ETag"] == head["ETag"] == listed["ETag"] == etag_of(A, B, C)
    assert (answer["Bucket"], answer["Key"]) == (BUCKET, "whole")
    assert (head["ContentType"], head["ContentDisposition"], head["CacheControl"]) == (
        "text/plain",
        "inline",
        "no-store",
    )
    assert (head["ContentEncoding"], head["Metadata"]) == ("gzip", {"wer": "ich", "empty": ""})
    assert head["ContentLength"] == listed["Size"] == 2 * PART_BYTES + 10
    assert await s3.read(Bucket=BUCKET, Key="whole") == A + B + C


async def test_an_object_in_parts_is_read_by_range_and_by_part(face: Face) -> None:
    s3 = await face.client()
    await upload(s3, BUCKET, "ranges", A, B, C)

    async def by_range(text: str) -> tuple[bytes, str]:
        answer = await s3.get_object(Bucket=BUCKET, Key="ranges", Range=text)
        return await asyncio.to_thread(answer["Body"].read), answer["ContentRange"]

    total = 2 * PART_BYTES + 10
    assert await by_range("bytes=0-3") == (b"aaaa", f"bytes 0-3/{total}")
    assert await by_range(f"bytes={PART_BYTES - 2}-{PART_BYTES + 1}") == (
        b"aabb",
        f"bytes {PART_BYTES - 2}-{PART_BYTES + 1}/{total}",
    )
    assert (await by_range("bytes=-12"))[0] == b"bb" + C
    assert (await by_range("bytes=2-"))[0] == A[2:] + B + C
    for number, body in enumerate((A, B, C), start=1):
        answer = await s3.get_object(Bucket=BUCKET, Key="ranges", PartNumber=number)
        assert (answer["ResponseMetadata"]["HTTPStatusCode"], answer["PartsCount"]) == (206, 3)
        assert answer["ETag"] == etag_of(A, B, C)
        assert await asyncio.to_thread(answer["Body"].read) == body
    head = await s3.head_object(Bucket=BUCKET, Key="ranges", PartNumber=3)
    assert (head["ContentLength"], head["PartsCount"]) == (10, 3)
    assert await s3.refused("get_object", Bucket=BUCKET, Key="ranges", PartNumber=4) == (416, "InvalidPartNumber")


async def test_parts_come_in_any_order_with_gaps_and_those_not_listed_are_swept(face: Face) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "gaps")
    last = await send(s3, BUCKET, "gaps", upload_id, 10_000, C)
    await send(s3, BUCKET, "gaps", upload_id, 8, filled("x"))
    first = await send(s3, BUCKET, "gaps", upload_id, 7, A)
    files, orphans = len(face.files()), await _orphans(face)

    answer = await s3.complete_multipart_upload(**listing(BUCKET, "gaps", upload_id, first, last))

    assert answer["ETag"] == etag_of(A, C)
    assert await s3.read(Bucket=BUCKET, Key="gaps") == A + C
    assert await s3.read(Bucket=BUCKET, Key="gaps", PartNumber=10_000) == C
    assert (len(face.files()), await _orphans(face)) == (files, orphans + 1)
    swept = await _sweep(face)
    assert (swept.removed_blobs, len(face.files()), await _orphans(face)) == (orphans + 1, files - orphans - 1, 0)
    assert await s3.read(Bucket=BUCKET, Key="gaps") == A + C


async def _sweep(face: Face) -> Swept:
    later = datetime.now(UTC) + timedelta(minutes=11)
    sweeper = Sweeper(
        face.world.store, face.storage.blobs, lambda: later, iter(face.world.new_id, ""), timedelta(days=7)
    )
    return await sweeper.sweep_once()


async def test_a_part_sent_again_replaces_the_earlier_one_and_never_shares_its_key(face: Face) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "again")
    former = await send(s3, BUCKET, "again", upload_id, 1, A)
    same = await send(s3, BUCKET, "again", upload_id, 1, A)
    latter = await send(s3, BUCKET, "again", upload_id, 1, B)

    listed = (await s3.list_parts(Bucket=BUCKET, Key="again", UploadId=upload_id))["Parts"]
    refused = await s3.refused("complete_multipart_upload", **listing(BUCKET, "again", upload_id, former))
    rows = await face.world.ask(
        "MATCH (b:Blob) WHERE b.md5 = $md5 RETURN b.wrappedKey AS key", md5=former["ETag"][1:-1]
    )

    assert former == same
    assert [(part["PartNumber"], part["ETag"]) for part in listed] == [(1, latter["ETag"])]
    assert refused == (400, "InvalidPart")
    assert len({row["key"] for row in rows}) == len(rows)
    assert (await s3.complete_multipart_upload(**listing(BUCKET, "again", upload_id, latter)))["ETag"] == etag_of(B)
    await check_invariants(face.world)


async def test_an_upload_over_an_existing_key_makes_a_revision(face: Face) -> None:
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key="over", Body=b"old")
    old = (await face.world.ask("MATCH (o:Object {name: 'over'}) RETURN o.id AS id, o.versionId AS v"))[0]

    upload_id = await begin(s3, BUCKET, "over")
    part = await send(s3, BUCKET, "over", upload_id, 1, C)
    assert await s3.read(Bucket=BUCKET, Key="over") == b"old"
    await s3.complete_multipart_upload(**listing(BUCKET, "over", upload_id, part))

    new = (await face.world.ask("MATCH (o:Object {name: 'over'}) RETURN o.id AS id, o.revisionNumber AS n"))[0]
    assert (new["id"], new["n"]) == (old["id"], 1)
    assert await s3.read(Bucket=BUCKET, Key="over") == C
    assert await s3.read(Bucket=BUCKET, Key="over", VersionId=old["v"]) == b"old"


# -- refusals


async def test_a_list_that_doesnt_fit_is_refused_and_the_upload_goes_on(face: Face) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "refused")
    small = await send(s3, BUCKET, "refused", upload_id, 1, C)
    second = await send(s3, BUCKET, "refused", upload_id, 2, C)
    wrong = {"PartNumber": 1, "ETag": '"' + "0" * 32 + '"'}

    async def complete(*parts: dict[str, Any], **more: Any) -> tuple[int, str]:
        return await s3.refused("complete_multipart_upload", **listing(BUCKET, "refused", upload_id, *parts), **more)

    assert await complete() == (400, "MalformedXML")
    assert await s3.refused("complete_multipart_upload", Bucket=BUCKET, Key="refused", UploadId=upload_id) == (
        400,
        "MalformedXML",
    )
    assert await complete(second, small) == (400, "InvalidPartOrder")
    assert await complete(small, wrong) == (400, "InvalidPart")
    assert await complete(wrong) == (400, "InvalidPart")
    assert await complete(small, {**second, "PartNumber": 3}) == (400, "InvalidPart")
    assert await complete(small, second) == (400, "EntityTooSmall")
    assert await complete({**small, "ChecksumCRC32": _crc32(B)}) == (400, "InvalidPart")
    assert await complete({**small, "ChecksumCRC32": _crc32(C)}, second) == (400, "InvalidRequest")
    assert await complete(small, MpuObjectSize=11) == (400, "InvalidRequest")
    assert await complete(small, ChecksumCRC32=_crc32(B)) == (400, "BadDigest")
    assert await complete(small, ChecksumCRC32="bad") == (400, "InvalidRequest")
    assert await s3.refused("get_object", Bucket=BUCKET, Key="refused") == (404, "NoSuchKey")
    answer = await s3.complete_multipart_upload(
        **listing(BUCKET, "refused", upload_id, {**small, "ChecksumCRC32": _crc32(C)}),
        MpuObjectSize=10,
        ChecksumCRC32=_crc32(C),
    )
    assert answer["ETag"] == etag_of(C)


async def test_a_body_that_is_not_what_was_said_adds_no_part(face: Face) -> None:
    s3 = await face.client()
    ada = (await face.person("ada")).access_key
    upload_id = await begin(s3, BUCKET, "untrue")
    path = f"/{BUCKET}/untrue?partNumber=1&uploadId={upload_id}"

    with face.unchanged_files():
        by_crc = await face.raw("PUT", path, C, signed_by=ada, headers={"x-amz-checksum-crc32": _crc32(B)})
        by_md5 = await face.raw(
            "PUT", path, C, signed_by=ada, headers={"content-md5": base64.b64encode(bytes(16)).decode()}
        )
        by_hash = await face.raw("PUT", path, C, signed_by=ada, sha256="0" * 64)

    assert (by_crc.code, by_md5.code, by_hash.code) == ("BadDigest", "BadDigest", "XAmzContentSHA256Mismatch")
    assert "Parts" not in await s3.list_parts(Bucket=BUCKET, Key="untrue", UploadId=upload_id)


@pytest.mark.parametrize("number", ["0", "10001", "x", "", "-1"])
async def test_a_part_number_is_one_that_s3_has(face: Face, number: str) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "numbers")
    path = f"/{BUCKET}/numbers?partNumber={number}&uploadId={upload_id}"

    with face.unchanged_files():
        answer = await face.raw("PUT", path, C, signed_by=(await face.person("ada")).access_key)

    assert (answer.status, answer.code) == (400, "InvalidArgument")


async def test_an_upload_that_is_none_is_refused_by_every_operation(face: Face) -> None:
    s3, bob = await face.client(), await face.client("bob")
    ada = (await face.person("ada")).access_key
    upload_id = await begin(s3, BUCKET, "mine")
    part = {"PartNumber": 1, "ETag": "x"}

    with face.unchanged_files():
        for client, key, wanted in ((s3, "mine", UNKNOWN), (s3, "other", upload_id), (bob, "mine", upload_id)):
            place = {"Bucket": BUCKET, "Key": key, "UploadId": wanted}
            assert await client.refused("upload_part", **place, PartNumber=1, Body=C) == (404, "NoSuchUpload")
            assert await client.refused("list_parts", **place) == (404, "NoSuchUpload")
            assert await client.refused("abort_multipart_upload", **place) == (404, "NoSuchUpload")
            complete = listing(BUCKET, key, wanted, part)
            assert await client.refused("complete_multipart_upload", **complete) == (404, "NoSuchUpload")
            copy = await client.refused("upload_part_copy", **place, PartNumber=1, CopySource=f"{BUCKET}/whole")
            assert copy == (404, "NoSuchUpload")
        empty = await face.raw("GET", f"/{BUCKET}/mine?uploadId=", signed_by=ada)
        anonymous = await face.raw("GET", f"/{BUCKET}/mine?uploadId={upload_id}")

    assert (empty.code, anonymous.code) == ("NoSuchUpload", "NoSuchUpload")
    assert await s3.refused("list_parts", Bucket="no-such-bucket", Key="k", UploadId=upload_id) == (404, "NoSuchBucket")


async def test_an_aborted_upload_is_gone_and_its_parts_are_swept(face: Face) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "aborted")
    part = await send(s3, BUCKET, "aborted", upload_id, 1, b"aborted")
    await _sweep(face)
    files = len(face.files())
    place = {"Bucket": BUCKET, "Key": "aborted", "UploadId": upload_id}

    await s3.abort_multipart_upload(**place)

    for name in ("abort_multipart_upload", "list_parts"):
        assert await s3.refused(name, **place) == (404, "NoSuchUpload")
    assert await s3.refused("upload_part", **place, PartNumber=2, Body=C) == (404, "NoSuchUpload")
    complete = listing(BUCKET, "aborted", upload_id, part)
    assert await s3.refused("complete_multipart_upload", **complete) == (404, "NoSuchUpload")
    assert (await _sweep(face)).removed_blobs == 1
    assert len(face.files()) == files - 1


async def test_a_completed_upload_answers_the_same_list_again_and_no_other(face: Face) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "repeat", ChecksumAlgorithm="SHA256")
    place = {"Bucket": BUCKET, "Key": "repeat", "UploadId": upload_id}
    first = await send(s3, BUCKET, "repeat", upload_id, 1, A, ChecksumAlgorithm="SHA256")
    second = await send(s3, BUCKET, "repeat", upload_id, 2, C, ChecksumAlgorithm="SHA256")
    complete = listing(BUCKET, "repeat", upload_id, first, second)
    revisions = "MATCH (o:Object {name: 'repeat'}) RETURN o.revisionNumber AS n"

    answers = [await s3.complete_multipart_upload(**complete) for _ in range(3)]

    told = [{name: answer[name] for name in answer if name != "ResponseMetadata"} for answer in answers]
    assert told[0] == told[1] == told[2]
    assert told[0]["ChecksumSHA256"].endswith("-2")
    assert (await face.world.ask(revisions))[0]["n"] == 0
    other = listing(BUCKET, "repeat", upload_id, second)
    assert await s3.refused("complete_multipart_upload", **other) == (404, "NoSuchUpload")
    assert await s3.refused("upload_part", **place, PartNumber=1, Body=C) == (404, "NoSuchUpload")
    assert await s3.refused("abort_multipart_upload", **place) == (404, "NoSuchUpload")
    assert await s3.refused("list_parts", **place) == (404, "NoSuchUpload")


async def test_conditions_of_a_complete_are_decided_with_the_commit(face: Face) -> None:
    s3 = await face.client()

    async def complete(**conditions: str) -> tuple[int, str] | str:
        upload_id = await begin(s3, BUCKET, "cond")
        part = await send(s3, BUCKET, "cond", upload_id, 1, os.urandom(8))
        arguments = {**listing(BUCKET, "cond", upload_id, part), **conditions}
        try:
            return (await s3.complete_multipart_upload(**arguments))["ETag"]
        except s3.made.exceptions.ClientError as error:
            answer: Any = error.response
            return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]

    assert await complete(IfMatch="*") == (404, "NoSuchKey")
    etag = str(await complete(IfNoneMatch="*"))
    assert await complete(IfNoneMatch="*") == (412, "PreconditionFailed")
    assert await complete(IfNoneMatch=etag) == (412, "PreconditionFailed")
    assert await complete(IfMatch='"bad"') == (412, "PreconditionFailed")
    assert str(await complete(IfNoneMatch='"bad"')) != etag
    latest = str(await complete(IfMatch="*"))
    assert isinstance(await complete(IfMatch=latest), str)
    await s3.delete_object(Bucket=BUCKET, Key="cond")
    assert await complete(IfMatch="*") == (404, "NoSuchKey")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"ChecksumType": "FULL_OBJECT"}, (400, "InvalidRequest")),
        ({"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "COMPOSITE"}, (400, "InvalidRequest")),
        ({"ChecksumAlgorithm": "SHA256", "ChecksumType": "FULL_OBJECT"}, (400, "InvalidRequest")),
        ({"Metadata": {"k": "v" * 2048}}, (400, "MetadataTooLarge")),
        ({"Tagging": "a=b"}, (501, "NotImplemented")),
        ({"StorageClass": "GLACIER"}, (400, "InvalidStorageClass")),
        ({"Key": "k" * 1025}, (400, "KeyTooLongError")),
    ],
)
async def test_what_create_cannot_promise_it_refuses(
    face: Face, arguments: dict[str, Any], expected: tuple[int, str]
) -> None:
    s3 = await face.client()

    refused = await s3.refused("create_multipart_upload", **{"Bucket": BUCKET, "Key": "unpromised", **arguments})

    assert refused == expected
    assert "Uploads" not in await s3.list_multipart_uploads(Bucket=BUCKET, Prefix="unpromised")


async def test_private_acl_and_aes256_are_accepted(face: Face) -> None:
    s3 = await face.client()

    answer = await s3.create_multipart_upload(Bucket=BUCKET, Key="sealed", ACL="private", ServerSideEncryption="AES256")

    assert answer["ServerSideEncryption"] == "AES256"


# -- checksums


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CRC32", "COMPOSITE"),
        ("CRC32", "FULL_OBJECT"),
        ("CRC32C", "COMPOSITE"),
        ("CRC64NVME", "FULL_OBJECT"),
        ("SHA1", "COMPOSITE"),
        ("SHA256", "COMPOSITE"),
        ("SHA512", "COMPOSITE"),
        ("XXHASH128", "COMPOSITE"),
    ],
)
async def test_a_declared_checksum_is_kept_of_parts_and_whole(face: Face, name: str, kind: str) -> None:
    ada = (await face.person("ada")).access_key
    key, header, field = f"sums {name} {kind}".replace(" ", "-"), f"x-amz-checksum-{name.lower()}", f"Checksum{name}"
    path = f"/{BUCKET}/{key}"
    declared = {"x-amz-checksum-algorithm": name, "x-amz-checksum-type": kind}
    sums = [encode_digest(digest_of(name.lower(), body)) for body in (A, C)]

    begun = await face.raw("POST", f"{path}?uploads", signed_by=ada, headers=declared)
    upload_id = _text(begun.body, "UploadId")
    parts = ""
    for number, (body, checksum) in enumerate(zip((A, C), sums, strict=True), start=1):
        sent = await face.raw(
            "PUT",
            f"{path}?partNumber={number}&uploadId={upload_id}",
            body,
            signed_by=ada,
            headers={header: checksum} if number == 1 else {},
        )
        assert (sent.status, sent.headers[header]) == (200, checksum)
        parts += (
            f"<Part><PartNumber>{number}</PartNumber><ETag>{sent.headers['etag']}</ETag>"
            f"<{field}>{checksum}</{field}></Part>"
        )
    listed = await face.raw("GET", f"{path}?uploadId={upload_id}", signed_by=ada)
    other = await face.raw(
        "PUT",
        f"{path}?partNumber=3&uploadId={upload_id}",
        C,
        signed_by=ada,
        headers={"x-amz-checksum-xxhash3": encode_digest(digest_of("xxhash3", C))},
    )
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()
    done = await face.raw("POST", f"{path}?uploadId={upload_id}", document, signed_by=ada)
    head = await face.raw("HEAD", path, signed_by=ada, headers={"x-amz-checksum-mode": "ENABLED"})
    part = await face.raw("GET", f"{path}?partNumber=2", signed_by=ada, headers={"x-amz-checksum-mode": "ENABLED"})
    ranged = await face.raw(
        "GET", path, signed_by=ada, headers={"x-amz-checksum-mode": "ENABLED", "range": "bytes=0-1"}
    )

    if kind == "FULL_OBJECT":
        whole = encode_digest(digest_of(name.lower(), A + C))
    else:
        whole = encode_digest(digest_of(name.lower(), b"".join(base64.b64decode(one) for one in sums))) + "-2"
    assert {header: begun.headers[header] for header in declared} == declared
    assert [one.text for one in ET.fromstring(listed.body).iter() if one.tag.endswith(f"}}{field}")] == sums
    assert (_text(listed.body, "ChecksumAlgorithm"), _text(listed.body, "ChecksumType")) == (name, kind)
    assert (other.status, other.code) == (400, "InvalidRequest")
    assert (_text(done.body, field), _text(done.body, "ChecksumType")) == (whole, kind)
    assert (head.headers[header], head.headers["x-amz-checksum-type"]) == (whole, kind)
    assert (part.headers[header], part.headers["x-amz-checksum-type"], part.body) == (sums[1], kind, C)
    assert header not in ranged.headers


def _text(body: bytes, name: str) -> str:
    return next(one.text or "" for one in ET.fromstring(body).iter() if one.tag.endswith(f"}}{name}"))


async def test_where_nothing_is_declared_the_whole_has_a_crc64nvme_and_no_part_has_any(face: Face) -> None:
    s3 = await face.client()

    answer = await upload(s3, BUCKET, "undeclared", A, C)

    crc = encode_digest(digest_of("crc64nvme", A + C))
    head = await s3.head_object(Bucket=BUCKET, Key="undeclared", ChecksumMode="ENABLED")
    part = await s3.get_object(Bucket=BUCKET, Key="undeclared", PartNumber=2, ChecksumMode="ENABLED")
    assert (answer["ChecksumCRC64NVME"], answer["ChecksumType"]) == (crc, "FULL_OBJECT")
    assert (head["ChecksumCRC64NVME"], head["ChecksumType"]) == (crc, "FULL_OBJECT")
    assert [name for name in part if name.startswith("Checksum")] == []


# -- lists


async def test_parts_are_listed_in_pages(face: Face) -> None:
    s3 = await face.client()
    ada = await face.person("ada")
    upload_id = await begin(s3, BUCKET, "paged")
    place = {"Bucket": BUCKET, "Key": "paged", "UploadId": upload_id}
    sent = [await send(s3, BUCKET, "paged", upload_id, number, C) for number in (4, 2, 9)]

    first = await s3.list_parts(**place, MaxParts=2)
    second = await s3.list_parts(**place, MaxParts=2, PartNumberMarker=first["NextPartNumberMarker"])

    assert [part["PartNumber"] for part in first["Parts"]] == [2, 4]
    assert (first["IsTruncated"], first["NextPartNumberMarker"], first["MaxParts"]) == (True, 4, 2)
    assert [part["PartNumber"] for part in second["Parts"]] == [9]
    assert (second["IsTruncated"], second["PartNumberMarker"]) == (False, 4)
    assert [(part["ETag"], part["Size"]) for part in first["Parts"]] == [(sent[0]["ETag"], 10)] * 2
    assert first["Owner"] == first["Initiator"] == {"ID": ada.id, "DisplayName": "ada"}
    assert first["StorageClass"] == "STANDARD"
    assert abs(first["Parts"][0]["LastModified"] - datetime.now(UTC)) < timedelta(minutes=1)
    bad = await face.raw("GET", f"/{BUCKET}/paged?uploadId={upload_id}&max-parts=x", signed_by=ada.access_key)
    assert (bad.status, bad.code) == (400, "InvalidArgument")


async def test_open_uploads_are_listed_in_pages_with_prefixes(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="open-uploads")
    keys = ["a b", "dir/1", "dir/2", "z", "a b"]
    ids = [await begin(s3, "open-uploads", key) for key in keys]
    done = await begin(s3, "open-uploads", "done")
    await s3.abort_multipart_upload(Bucket="open-uploads", Key="done", UploadId=done)

    whole = await s3.list_multipart_uploads(Bucket="open-uploads", Delimiter="/")
    first = await s3.list_multipart_uploads(Bucket="open-uploads", Delimiter="/", MaxUploads=3)
    second = await s3.list_multipart_uploads(
        Bucket="open-uploads",
        Delimiter="/",
        MaxUploads=3,
        KeyMarker=first["NextKeyMarker"],
        UploadIdMarker=first.get("NextUploadIdMarker", ""),
    )
    below = await s3.list_multipart_uploads(Bucket="open-uploads", Prefix="dir/")
    ada = (await face.person("ada")).access_key
    encoded = await face.raw("GET", "/open-uploads?uploads&encoding-type=url&prefix=a%20", signed_by=ada)

    assert [(one["Key"], one["UploadId"]) for one in whole["Uploads"]] == [
        ("a b", ids[0]),
        ("a b", ids[4]),
        ("z", ids[3]),
    ]
    assert [one["Prefix"] for one in whole["CommonPrefixes"]] == ["dir/"]
    assert (first["IsTruncated"], first["NextKeyMarker"]) == (True, "dir/")
    assert [one["Key"] for one in second["Uploads"]] == ["z"]
    assert [one["UploadId"] for one in below["Uploads"]] == ids[1:3]
    assert (_text(encoded.body, "Prefix"), _text(encoded.body, "Key")) == ("a%20", "a%20b")
    assert whole["Uploads"][0]["Initiator"]["DisplayName"] == "ada"


async def test_uploads_of_others_are_seen_by_who_owns_the_bucket_only(face: Face, project: str) -> None:
    s3 = await face.client()
    await granted_person(face, "appender", project, Level.APPEND)
    appender = await face.client("appender")
    theirs = await begin(appender, BUCKET, "seen/theirs")
    ours = await begin(s3, BUCKET, "seen/ours")

    async def seen(client: Any) -> set[str]:
        found = await client.list_multipart_uploads(Bucket=BUCKET, Prefix="seen/")
        return {one["UploadId"] for one in found.get("Uploads", [])}

    assert await seen(s3) == {theirs, ours}
    assert await seen(appender) == {theirs}
    assert await (await face.client("stranger")).refused("list_multipart_uploads", Bucket=BUCKET) == (
        403,
        "AccessDenied",
    )


# -- rights


async def test_a_revoked_grant_stops_the_next_part_and_the_complete_but_not_the_abort(face: Face, project: str) -> None:
    ada, guest = await face.person("ada"), await granted_person(face, "guest", project, Level.APPEND)
    s3 = await face.client("guest")
    upload_id = await begin(s3, BUCKET, "revoked")
    part = await send(s3, BUCKET, "revoked", upload_id, 1, C)

    await face.world.revoke(ada.id, project, guest.id)

    place = {"Bucket": BUCKET, "Key": "revoked", "UploadId": upload_id}
    with face.unchanged_files():
        assert await s3.refused("upload_part", **place, PartNumber=2, Body=C) == (403, "AccessDenied")
    complete = listing(BUCKET, "revoked", upload_id, part)
    assert await s3.refused("complete_multipart_upload", **complete) == (403, "AccessDenied")
    await s3.abort_multipart_upload(**place)
    assert await (await face.client()).refused("get_object", Bucket=BUCKET, Key="revoked") == (404, "NoSuchKey")


async def test_append_makes_new_keys_in_parts_and_overwrites_none(face: Face, project: str) -> None:
    owner = await face.client()
    await granted_person(face, "adder", project, Level.APPEND)
    s3 = await face.client("adder")
    await owner.put_object(Bucket=BUCKET, Key="taken", Body=b"1")

    assert await s3.refused("create_multipart_upload", Bucket=BUCKET, Key="taken") == (403, "AccessDenied")
    upload_id = await begin(s3, BUCKET, "late")
    part = await send(s3, BUCKET, "late", upload_id, 1, C)
    await owner.put_object(Bucket=BUCKET, Key="late", Body=b"first")
    complete = listing(BUCKET, "late", upload_id, part)
    assert await s3.refused("complete_multipart_upload", **complete) == (403, "AccessDenied")
    assert await owner.read(Bucket=BUCKET, Key="late") == b"first"

    new_id = await begin(s3, BUCKET, "theirs")
    new = listing(BUCKET, "theirs", new_id, await send(s3, BUCKET, "theirs", new_id, 1, C))
    assert await s3.complete_multipart_upload(**new)
    assert (await s3.complete_multipart_upload(**new))["ETag"] == etag_of(C)


async def test_readers_strangers_and_nobody_begin_no_upload(face: Face, project: str) -> None:
    await granted_person(face, "reader", project, Level.READ)

    for name in ("reader", "stranger"):
        refused = await (await face.client(name)).refused("create_multipart_upload", Bucket=BUCKET, Key="x")
        assert refused == (403, "AccessDenied")
    assert (await face.raw("POST", f"/{BUCKET}/x?uploads")).code == "AccessDenied"


async def test_an_upload_of_a_deleted_project_is_not_one_of_a_new_project_of_its_name(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="born-twice")
    upload_id = await begin(s3, "born-twice", "k")
    part = await send(s3, "born-twice", "k", upload_id, 1, C)
    await s3.delete_bucket(Bucket="born-twice")

    complete = listing("born-twice", "k", upload_id, part)
    assert await s3.refused("complete_multipart_upload", **complete) == (404, "NoSuchBucket")
    await s3.create_bucket(Bucket="born-twice")
    assert await s3.refused("complete_multipart_upload", **complete) == (404, "NoSuchUpload")


# -- uploads begun in GraphQL


async def test_parts_of_an_upload_begun_in_graphql_come_by_presigned_urls(face: Face, project: str) -> None:
    ada = await face.person("ada")
    pair = await face.token_credential(ada.id)
    dataset = await face.world.container(ada.id, Kind.DATASET, project, "set")
    begun = await face.world.begin_object(ada.id, dataset, "in parts", is_multipart=True)

    async def put(number: int, body: bytes) -> tuple[int, str]:
        url = presign(
            method="PUT",
            endpoint=face.endpoint,
            bucket=BUCKET,
            key="set/in parts",
            access_key_id=pair.id,
            secret=pair.secret,
            region="us-east-1",
            now=datetime.now(UTC),
            expires_s=60,
            query=[("partNumber", str(number)), ("uploadId", begun.upload_id)],
        )
        async with httpx.AsyncClient() as http:
            answer = await http.put(url, content=body)
        return answer.status_code, answer.headers.get("etag", "")

    sent = await asyncio.gather(put(2, C), put(1, A))
    headers = await face.raw(
        "PUT", f"/{BUCKET}/set/in%20parts?partNumber=3&uploadId={begun.upload_id}", C, signed_by=pair
    )
    s3 = await face.client()
    assert [status for status, _ in sent] == [200, 200]
    assert headers.code == "AccessDenied"
    assert await s3.refused("get_object", Bucket=BUCKET, Key="set/in parts") == (404, "NoSuchKey")

    parts = ({"PartNumber": 1, "ETag": sent[1][1]}, {"PartNumber": 2, "ETag": sent[0][1]})
    await s3.complete_multipart_upload(**listing(BUCKET, "set/in parts", begun.upload_id, *parts))

    rows = await face.world.ask("MATCH (o:Object {id: $id}) RETURN o.state AS state", id=begun.object_id)
    assert rows[0]["state"] == "AVAILABLE"
    assert await s3.read(Bucket=BUCKET, Key="set/in parts") == A + C
    assert await put(1, A) == (404, "")
    await check_invariants(face.world)


async def test_aborting_an_upload_begun_in_graphql_ends_the_objects_waiting(face: Face, project: str) -> None:
    ada = await face.person("ada")
    begun = await face.world.begin_object(ada.id, project, "given-up", is_multipart=True)
    s3 = await face.client()

    await s3.abort_multipart_upload(Bucket=BUCKET, Key="given-up", UploadId=begun.upload_id)

    rows = await face.world.ask("MATCH (o:Object {id: $id}) RETURN o.state AS state", id=begun.object_id)
    assert rows[0]["state"] == "ERROR"


async def test_an_upload_in_one_piece_takes_no_parts(face: Face, project: str) -> None:
    ada = await face.person("ada")
    begun = await face.world.begin_object(ada.id, project, "one-piece")
    s3 = await face.client()

    refused = await s3.refused(
        "upload_part", Bucket=BUCKET, Key="one-piece", UploadId=begun.upload_id, PartNumber=1, Body=C
    )

    assert refused == (404, "NoSuchUpload")
