"""The demo's S3 client: requests that verify, multipart uploads, and what it makes of refusals."""

from datetime import UTC, datetime
from hashlib import md5, sha256
from urllib.parse import parse_qs, urlsplit

import pytest

from app.demo.errors import DemoError, ServerRefusal
from app.demo.s3_client import PART_BYTES, S3Client, etag_of
from identity.signature.presigned import PresignedV4
from identity.signature.request import read_credentials
from tests.app.demo.fake_server import Answer, Asked, fake_server

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SECRET = "a secret of forty characters, or near it"
LARGE = bytes(range(256)) * (PART_BYTES // 256) + b"tail"


def client(url: str) -> S3Client:
    return S3Client(url, "AKEXAMPLE", SECRET, lambda: NOW)


def verify(asked: Asked) -> None:
    """Check the signature as the server does. Raises: SignatureRefused."""
    target = urlsplit(asked.target)
    headers = [(name.encode(), value.encode()) for name, value in asked.headers.items()]
    credentials = read_credentials(asked.method, target.path.encode(), target.query.encode(), headers)
    assert isinstance(credentials, PresignedV4)
    credentials.verify(SECRET, NOW)


def error(code: str, message: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


def xml(name: str, **children: str) -> bytes:
    inner = "".join(f"<{key}>{value}</{key}>" for key, value in children.items())
    return f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{inner}</{name}>'.encode()


def steps(asked: list[Asked]) -> list[tuple[str, str, list[str]]]:
    """Method, path and the query's names that aren't the signature's."""
    found: list[tuple[str, str, list[str]]] = []
    for one in asked:
        target = urlsplit(one.target)
        names = [name for name in parse_qs(target.query, keep_blank_values=True) if not name.startswith("X-Amz-")]
        found.append((one.method, target.path, names))
    return found


def test_a_small_object_goes_up_in_one_signed_request() -> None:
    with fake_server([Answer()]) as server:
        client(server.url).put("demo", "a b/ü.csv", b"x,y\n", "text/csv")

    (asked,) = server.asked
    verify(asked)
    assert (asked.method, urlsplit(asked.target).path) == ("PUT", "/demo/a%20b/%C3%BC.csv")
    assert asked.body == b"x,y\n"
    assert asked.headers["content-type"] == "text/csv"
    assert asked.headers["x-amz-content-sha256"] == sha256(b"x,y\n").hexdigest()


def test_an_empty_object_is_sent_with_its_length() -> None:
    with fake_server([Answer()]) as server:
        client(server.url).put("demo", "empty", b"", "text/plain")

    assert server.asked[0].headers["content-length"] == "0"


def test_a_large_object_goes_up_in_parts_that_give_it_back() -> None:
    answers = [
        Answer(200, xml("InitiateMultipartUploadResult", Bucket="demo", Key="k", UploadId="the-upload")),
        Answer(200, headers={"ETag": '"one"'}),
        Answer(200, headers={"ETag": '"two"'}),
        Answer(200, xml("CompleteMultipartUploadResult", ETag='"whole-2"')),
    ]
    with fake_server(answers) as server:
        client(server.url).put("demo", "k", LARGE, "application/octet-stream")

    for asked in server.asked:
        verify(asked)
    assert steps(server.asked) == [
        ("POST", "/demo/k", ["uploads"]),
        ("PUT", "/demo/k", ["partNumber", "uploadId"]),
        ("PUT", "/demo/k", ["partNumber", "uploadId"]),
        ("POST", "/demo/k", ["uploadId"]),
    ]
    assert server.asked[1].body + server.asked[2].body == LARGE
    assert server.asked[3].body == (
        b'<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"one"</ETag></Part>'
        b'<Part><PartNumber>2</PartNumber><ETag>"two"</ETag></Part></CompleteMultipartUpload>'
    )


def test_a_multipart_upload_that_fails_is_aborted_and_the_refusal_shown() -> None:
    answers = [
        Answer(200, xml("InitiateMultipartUploadResult", UploadId="the-upload")),
        Answer(503, error("SlowDown", "wait")),
        Answer(204),
    ]
    with fake_server(answers) as server, pytest.raises(ServerRefusal, match=r"PUT demo/k: SlowDown: wait"):
        client(server.url).put("demo", "k", LARGE, "application/octet-stream")

    assert steps(server.asked)[-1] == ("DELETE", "/demo/k", ["uploadId"])


def test_a_completion_that_fails_late_is_a_refusal_whatever_its_status() -> None:
    """CompleteMultipartUpload and CopyObject may answer 200 first and an error in the body."""
    answers = [
        Answer(200, xml("InitiateMultipartUploadResult", UploadId="the-upload")),
        Answer(200, headers={"ETag": '"one"'}),
        Answer(200, headers={"ETag": '"two"'}),
        Answer(200, error("InternalError", "try again")),
        Answer(204),
    ]
    with fake_server(answers) as server, pytest.raises(ServerRefusal, match=r"InternalError: try again"):
        client(server.url).put("demo", "k", LARGE, "application/octet-stream")


def test_a_copy_names_its_source_percent_encoded() -> None:
    with fake_server([Answer(200, xml("CopyObjectResult", ETag='"e"'))]) as server:
        client(server.url).copy("demo", "a b/ü.csv", "copy.csv")

    verify(server.asked[0])
    assert server.asked[0].headers["x-amz-copy-source"] == "demo/a%20b/%C3%BC.csv"


def test_a_copy_answered_with_something_else_is_named() -> None:
    with fake_server([Answer(200, b"<html/>")]) as server, pytest.raises(DemoError, match=r"answered 200 and no ETag"):
        client(server.url).copy("demo", "a", "b")


def test_a_refusal_without_s3_s_words_is_shown_by_its_status() -> None:
    with fake_server([Answer(502)]) as server, pytest.raises(ServerRefusal, match=r"DELETE demo/k: 502: Bad Gateway"):
        client(server.url).delete("demo", "k")


def test_a_delete_is_signed() -> None:
    with fake_server([Answer(204)]) as server:
        client(server.url).delete("demo", "k")

    verify(server.asked[0])


def test_the_expected_etag_is_the_one_that_s3_gives() -> None:
    """MD5 of one piece; of several, the MD5 of their MD5s and their number (S3: checking object integrity)."""
    assert etag_of(b"") == "d41d8cd98f00b204e9800998ecf8427e"
    parts = md5(LARGE[:PART_BYTES]).digest() + md5(LARGE[PART_BYTES:]).digest()
    assert etag_of(LARGE) == f"{md5(parts).hexdigest()}-2"
    assert "-" not in etag_of(LARGE[:PART_BYTES])


def test_the_secret_is_not_in_the_client_s_text() -> None:
    assert SECRET not in repr(client("http://localhost"))
