"""The main job's refusals: each with code and message, and nothing changed in graph, lists or bytes."""

import base64
import zlib
from collections.abc import Callable
from hashlib import md5, sha256
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth  # pyright: ignore[reportMissingTypeStubs]  boto3 has no types
from botocore.awsrequest import AWSRequest  # pyright: ignore[reportMissingTypeStubs]
from botocore.credentials import Credentials  # pyright: ignore[reportMissingTypeStubs]

from tests.e2e.clients import s3_client
from tests.e2e.job import (
    ADD_RELATIONS,
    BEGIN_UPLOAD,
    CREATE_COLLECTION,
    CREATE_DATASET,
    CREATE_OBJECT,
    CREATE_PROJECT,
    DELETE,
    UPDATE,
    Answer,
    Job,
    curl,
    made,
    refused,
    s3_refusal,
)

pytestmark = pytest.mark.e2e

STALE = """mutation Stale($id: ID!) { made: resourceUpdate(id: $id, input: {title: "t"}, ifRevision: 99) {
  userErrors { code field message } it: resource { id } } }"""
Ask = Callable[[], dict[str, Any]]


def test_what_the_hierarchy_and_the_names_forbid_is_refused(job: Job) -> None:
    project, collection, dataset = job.make_way("forbidden")
    job.s3.put_object(Bucket="forbidden", Key="c/d/a", Body=b"a")
    job.s3.put_object(Bucket="forbidden", Key="c/d/b", Body=b"b")
    a, b = job.id_of("forbidden/c/d/a"), job.id_of("forbidden/c/d/b")
    made(job.graphql.data(ADD_RELATIONS, id=b, relations=[{"kind": "ORIGIN", "target": a}]))
    ask = job.graphql.data
    before = job.everything("forbidden")

    cases: list[tuple[str, str, Ask]] = [
        ("HIERARCHY", "DATASET", lambda: ask(CREATE_DATASET, input={"parent": dataset, "name": "e"})),
        ("HIERARCHY", "DATASET", lambda: ask(CREATE_COLLECTION, input={"parent": dataset, "name": "e"})),
        ("HIERARCHY", "COLLECTION", lambda: ask(CREATE_COLLECTION, input={"parent": collection, "name": "e"})),
        ("ALREADY_EXISTS", "forbidden", lambda: ask(CREATE_PROJECT, input={"name": "forbidden"})),
        ("ALREADY_EXISTS", "c", lambda: ask(CREATE_COLLECTION, input={"parent": project, "name": "c"})),
        ("ALREADY_EXISTS", "c", lambda: ask(CREATE_DATASET, input={"parent": project, "name": "c"})),
        ("ALREADY_EXISTS", "d", lambda: ask(CREATE_DATASET, input={"parent": collection, "name": "d"})),
        ("ALREADY_EXISTS", "a", lambda: ask(CREATE_OBJECT, input={"parent": dataset, "name": "a"})),
        ("BAD_USER_INPUT", "a/b", lambda: ask(CREATE_COLLECTION, input={"parent": project, "name": "a/b"})),
        ("BAD_USER_INPUT", "No", lambda: ask(CREATE_PROJECT, input={"name": "No"})),
        ("NOT_FOUND", project[:-1], lambda: ask(CREATE_DATASET, input={"parent": project[:-1], "name": "e"})),
        ("FAILED_PRECONDITION", "names", lambda: ask(DELETE, id=dataset)),
        ("FAILED_PRECONDITION", "names", lambda: ask(DELETE, id=project)),
        ("CONFLICT", "", lambda: ask(STALE, id=dataset)),
        ("CYCLE", "", lambda: ask(ADD_RELATIONS, id=a, relations=[{"kind": "ORIGIN", "target": a}])),
        ("HIERARCHY", "", lambda: ask(ADD_RELATIONS, id=a, relations=[{"kind": "ORIGIN", "target": dataset}])),
        ("HIERARCHY", "", lambda: ask(ADD_RELATIONS, id=dataset, relations=[{"kind": "METADATA", "target": a}])),
        ("BAD_USER_INPUT", "", lambda: ask(ADD_RELATIONS, id=a, relations=[{"kind": "BELONGS_TO", "target": b}])),
        ("BAD_USER_INPUT", "", lambda: ask(ADD_RELATIONS, id=a, relations=[{"kind": "CUSTOM", "target": b}])),
        ("BAD_USER_INPUT", "10.", lambda: ask(ADD_RELATIONS, id=a, external=[{"type": "DOI", "value": "nonsense"}])),
    ]
    found = [refused(call()) for _, _, call in cases]
    for number, ((code, word, _), (its_code, _, message)) in enumerate(zip(cases, found, strict=True)):
        assert (its_code, word.lower() in message.lower()) == (code, True), (number, found[number])

    assert job.everything("forbidden") == before


def test_a_deleted_object_takes_no_further_step(job: Job) -> None:
    _, _, dataset = job.make_way("gone")
    job.s3.put_object(Bucket="gone", Key="c/d/a", Body=b"a")
    deleted = job.id_of("gone/c/d/a")
    assert made(job.graphql.data(DELETE, id=deleted))["it"] == {"id": deleted, "state": "DELETED"}
    ask = job.graphql.data
    before = (job.everything("gone"), job.object(deleted))

    for call in (
        lambda: ask(DELETE, id=deleted),
        lambda: ask(BEGIN_UPLOAD, id=deleted),
        lambda: ask(UPDATE, id=deleted, input={"title": "no"}),
        lambda: ask(ADD_RELATIONS, id=deleted, relations=[{"kind": "CUSTOM", "name": "x", "target": dataset}]),
    ):
        code, _, message = refused(call())
        assert (code, "DELETED" in message) == ("FAILED_PRECONDITION", True), message

    assert (job.everything("gone"), job.object(deleted)) == before


def test_wrong_checksums_over_s3_store_nothing(job: Job) -> None:
    job.make_way("checksums")
    job.s3.put_object(Bucket="checksums", Key="c/d/a", Body=b"right")
    before = job.everything("checksums")
    crc = base64.b64encode(zlib.crc32(b"other").to_bytes(4, "big")).decode()
    wrong: list[dict[str, str]] = [
        {"ContentMD5": base64.b64encode(md5(b"other").digest()).decode()},
        {"ChecksumSHA256": base64.b64encode(sha256(b"other").digest()).decode()},
        {"ChecksumCRC32": crc},
    ]

    for arguments in wrong:
        for key in ("c/d/a", "new/one/b"):
            put = {"Bucket": "checksums", "Key": key, "Body": b"right", **arguments}
            assert s3_refusal(job.s3.put_object, **put) == (400, "BadDigest"), arguments

    malformed = {"Bucket": "checksums", "Key": "c/d/a", "Body": b"right", "ContentMD5": "short"}
    assert s3_refusal(job.s3.put_object, **malformed) == (400, "InvalidDigest")
    assert job.everything("checksums") == before


def test_other_bytes_than_declared_end_the_upload_with_the_reason(job: Job, tmp_path: Path) -> None:
    _, _, dataset = job.make_way("declared")
    (tmp_path / "wrong").write_bytes(b"wrong")
    (tmp_path / "right").write_bytes(b"right")
    declared = {"sha256": sha256(b"right").hexdigest()}
    begun = made(job.graphql.data(CREATE_OBJECT, input={"parent": dataset, "name": "a", **declared}))
    bytes_before = job.blobs()

    sent = curl(begun["upload"]["url"], "-T", tmp_path / "wrong")

    assert (sent.status, sent.code) == (400, "BadDigest")
    failed = job.object(begun["it"]["id"])
    assert (failed["state"], failed["versionId"]) == ("ERROR", None)
    assert "sha256" in failed["stateReason"].lower().replace("-", "")
    assert (job.blobs(), job.keys("declared")) == (bytes_before, [])
    over = curl(begun["upload"]["url"], "-T", tmp_path / "right")
    assert (over.status, over.code) == (404, "NoSuchUpload")

    again = made(job.graphql.data(BEGIN_UPLOAD, id=begun["it"]["id"], input=declared))
    assert again["it"]["state"] == "INITIALIZING"
    assert curl(again["upload"]["url"], "-T", tmp_path / "right").status == 200
    healed = job.object(begun["it"]["id"])
    assert (healed["state"], healed["stateReason"], healed["contentLength"]) == ("AVAILABLE", None, 5)


def test_a_next_revision_with_other_bytes_than_declared_leaves_the_last_one(job: Job, tmp_path: Path) -> None:
    job.make_way("kept")
    job.s3.put_object(Bucket="kept", Key="c/d/a", Body=b"first")
    (tmp_path / "wrong").write_bytes(b"wrong")
    object_id = job.id_of("kept/c/d/a")
    before = job.everything("kept")
    begun = made(job.graphql.data(BEGIN_UPLOAD, id=object_id, input={"md5": md5(b"right").hexdigest()}))

    sent = curl(begun["upload"]["url"], "-T", tmp_path / "wrong")

    assert (sent.status, sent.code) == (400, "BadDigest")
    assert job.everything("kept") == before


def signed(job: Job, method: str, path: str, body: bytes) -> dict[str, str]:
    """Headers of a request as botocore signs it, with the hash of its body."""
    keys = Credentials(job.bootstrap.accessKeyId, job.bootstrap.secretAccessKey)
    request: Any = AWSRequest(method, job.bootstrap.s3Endpoint + path, data=body)
    request.context["payload_signing_enabled"] = True
    signer: Any = S3SigV4Auth(keys, "s3", "us-east-1")
    signer.add_auth(request)
    return dict(request.headers.items())


def send(job: Job, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    connection = HTTPConnection(urlsplit(job.bootstrap.s3Endpoint).netloc, timeout=60)
    try:
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


def test_bad_signatures_and_forged_bodies_store_nothing(job: Job) -> None:
    job.make_way("forged")
    job.s3.put_object(Bucket="forged", Key="c/d/a", Body=b"right")
    before = job.everything("forged")
    headers = signed(job, "PUT", "/forged/c/d/a", b"right")

    assert headers["X-Amz-Content-SHA256"] == sha256(b"right").hexdigest()
    forged = send(job, "PUT", "/forged/c/d/a", headers, b"wrong")
    assert (forged.status, forged.code) == (400, "XAmzContentSHA256Mismatch")
    for path, changes in (
        ("/forged/c/d/b", {}),
        ("/forged/c/d/a", {"X-Amz-Content-SHA256": sha256(b"wrong").hexdigest()}),
        ("/forged/c/d/a", {"Authorization": headers["Authorization"][:-1] + "x"}),
    ):
        refusal = send(job, "PUT", path, headers | changes, b"wrong")
        assert (refusal.status, refusal.code) == (403, "SignatureDoesNotMatch"), (path, changes)
    unsigned = send(job, "PUT", "/forged/c/d/a", headers | {"x-amz-meta-more": "x"}, b"right")
    assert (unsigned.status, unsigned.code) == (403, "AccessDenied")
    wrong_secret = s3_client(job.bootstrap, job.bootstrap.accessKeyId, "no" * 20)
    put = {"Bucket": "forged", "Key": "c/d/a", "Body": b"wrong"}
    assert s3_refusal(wrong_secret.put_object, **put) == (403, "SignatureDoesNotMatch")
    assert s3_refusal(wrong_secret.delete_object, Bucket="forged", Key="c/d/a") == (403, "SignatureDoesNotMatch")

    assert job.everything("forged") == before
    # The same request with the bytes that were signed is taken: the refusals were about them alone.
    assert send(job, "PUT", "/forged/c/d/a", headers, b"right").status == 200


def test_conditions_that_do_not_hold_change_nothing(job: Job) -> None:
    job.make_way("conditions")
    key = {"Bucket": "conditions", "Key": "c/d/a"}
    etag = job.s3.put_object(**key, Body=b"a")["ETag"]
    before = job.everything("conditions")

    assert s3_refusal(job.s3.put_object, **key, Body=b"b", IfNoneMatch="*") == (412, "PreconditionFailed")
    assert s3_refusal(job.s3.put_object, **key, Body=b"b", IfMatch=f'"{"0" * 32}"') == (412, "PreconditionFailed")
    other = {"Bucket": "conditions", "Key": "c/d/none"}
    assert s3_refusal(job.s3.put_object, **other, Body=b"b", IfMatch=etag) == (404, "NoSuchKey")
    assert job.everything("conditions") == before
