"""How a request says who signed it, boto3's own requests included."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlsplit

import pytest

from identity.signature.chunked import chunked_decoder
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ChunkedPayload, ExactPayload, UnsignedPayload, Verified
from identity.signature.presigned import PresignedV4
from identity.signature.request import Anonymous, read_credentials, verify
from identity.signature.v2 import PresignedV2
from identity.signature.v4 import HeaderV4
from tests.identity.signature.peer import (
    ACCESS_KEY_ID,
    SECRET,
    boto3_presigned_url,
    boto3_put,
    check,
    presign_v2,
    presign_v4,
    sign_header,
    url_of,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
URL = url_of("b", "k", [])
HOST = (b"host", b"h")


@pytest.mark.parametrize("raw_query", [b"", b"list-type=2&prefix=X-Amz-", b"Expires=1", b"prefix=Signature"])
def test_a_request_without_any_signature_is_anonymous(raw_query: bytes) -> None:
    assert read_credentials("GET", b"/b", raw_query, [HOST]) == Anonymous()


def test_each_way_to_sign_is_told_apart_without_the_secret() -> None:
    wires = {
        HeaderV4: sign_header("GET", URL, NOW),
        PresignedV4: presign_v4("GET", URL, NOW, 60),
        PresignedV2: presign_v2("GET", URL, NOW, 60),
    }

    for kind, wire in wires.items():
        credentials = read_credentials(wire.method, wire.raw_path, wire.raw_query, wire.headers)
        assert isinstance(credentials, kind)
        assert credentials.access_key_id == ACCESS_KEY_ID


@pytest.mark.parametrize(
    ("authorization", "code", "status"),
    [
        (b"AWS AKIAIOSFODNN7EXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=", RefusalCode.INVALID_REQUEST, 400),
        (b"AWS4-ECDSA-P256-SHA256 Credential=AK/20261121/s3/aws4_request", RefusalCode.INVALID_REQUEST, 400),
        (b"AWS4-HMAC-SHA512 Credential=AK", RefusalCode.INVALID_REQUEST, 400),
        (b"Bearer abc", RefusalCode.INVALID_ARGUMENT, 400),
        (b"Basic abc", RefusalCode.INVALID_ARGUMENT, 400),
        (b"\xff\xfe", RefusalCode.INVALID_ARGUMENT, 400),
        (b"", RefusalCode.ACCESS_DENIED, 403),
    ],
)
def test_other_authorizations_are_refused(authorization: bytes, code: RefusalCode, status: int) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        read_credentials("GET", b"/b/k", b"", [HOST, (b"authorization", authorization)])

    assert (refusal.value.code, refusal.value.status) == (code, status)


@pytest.mark.parametrize(
    ("raw_query", "authorization"),
    [
        (b"X-Amz-Signature=a", b"AWS4-HMAC-SHA256 x"),
        (b"AWSAccessKeyId=AK&Signature=a&Expires=1", b"Bearer x"),
        (b"X-Amz-Algorithm=a&Signature=a", None),
    ],
)
def test_a_request_signed_in_two_ways_is_refused(raw_query: bytes, authorization: bytes | None) -> None:
    headers = [HOST] if authorization is None else [HOST, (b"authorization", authorization)]

    with pytest.raises(SignatureRefused, match="Only one auth mechanism") as refusal:
        read_credentials("GET", b"/b/k", raw_query, headers)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.INVALID_ARGUMENT, 400)


def test_session_tokens_are_refused_wherever_they_come() -> None:
    token = {"x-amz-security-token": "token"}
    header, v2 = sign_header("GET", URL, NOW, headers=token), presign_v2("GET", URL, NOW, 60, headers=token)
    v4 = presign_v4("GET", url_of("b", "k", [("X-Amz-Security-Token", "token")]), NOW, 60)

    for wire in (header, v2, v4):
        with pytest.raises(SignatureRefused, match="Session tokens") as refusal:
            read_credentials(wire.method, wire.raw_path, wire.raw_query, wire.headers)
        assert (refusal.value.code, refusal.value.status) == (RefusalCode.INVALID_TOKEN, 400)


@pytest.mark.parametrize(("signature_version", "kind"), [(None, PresignedV2), ("s3v4", PresignedV4)])
@pytest.mark.parametrize(
    ("operation", "parameters", "method"),
    [
        ("get_object", {"Bucket": "bucket", "Key": "a b+ü", "VersionId": "x/+="}, "GET"),
        (
            "get_object",
            {"Bucket": "bucket", "Key": "k", "ResponseContentDisposition": 'inline; filename="a +b"'},
            "GET",
        ),
        ("put_object", {"Bucket": "bucket", "Key": "k"}, "PUT"),
        ("upload_part", {"Bucket": "bucket", "Key": "k", "UploadId": "u+/=", "PartNumber": 7}, "PUT"),
        ("list_objects_v2", {"Bucket": "bucket", "Prefix": "a b/"}, "GET"),
        ("get_object_acl", {"Bucket": "bucket", "Key": "k"}, "GET"),
        ("list_multipart_uploads", {"Bucket": "bucket"}, "GET"),
        ("list_buckets", {}, "GET"),
    ],
)
def test_the_urls_of_boto3_are_accepted(
    operation: str, parameters: dict[str, object], method: str, signature_version: str | None, kind: type
) -> None:
    url = urlsplit(boto3_presigned_url(operation, parameters, signature_version))

    credentials = read_credentials(
        method, url.path.encode(), url.query.encode(), [(b"host", url.netloc.encode()), (b"user-agent", b"curl")]
    )
    assert isinstance(credentials, kind)
    assert isinstance(credentials, PresignedV2 | PresignedV4)
    verified = verify(credentials, SECRET, datetime.now(UTC) + timedelta(minutes=59))

    assert verified == Verified(ACCESS_KEY_ID, UnsignedPayload())


def test_an_upload_of_boto3_without_tls_is_accepted_with_its_hash() -> None:
    wire, body = boto3_put(b"data", "http")

    verified = check(wire, datetime.now(UTC))

    assert body == b"data"
    assert verified == Verified(ACCESS_KEY_ID, ExactPayload(sha256(b"data").hexdigest()))


def test_an_upload_of_boto3_over_tls_is_accepted_with_its_checksum_trailer() -> None:
    data = bytes(range(256)) * 10_000
    wire, body = boto3_put(data, "https")

    payload = check(wire, datetime.now(UTC)).payload
    assert isinstance(payload, ChunkedPayload)
    assert payload == ChunkedPayload(None, has_trailer=True)
    decoder = chunked_decoder(payload, wire.headers)

    assert b"".join(decoder.feed(body)) == data
    assert set(decoder.finish()) == {"x-amz-checksum-crc32"}
