"""botocore as a peer: requests that its signers made, as they come over the wire; and what may be done to them."""
# botocore has no types, and this is the only file here that touches it:
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import quote, urlsplit

import boto3
from botocore.auth import HmacV1QueryAuth, S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSPreparedRequest, AWSRequest, AWSResponse
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.httpchecksum import AwsChunkedWrapper, Crc32Checksum
from hypothesis import strategies as st

from identity.signature.errors import SignatureRefused
from identity.signature.payload import Verified
from identity.signature.request import Anonymous, read_credentials, verify

ACCESS_KEY_ID = "AKEXAMPLE0000001"
SECRET = "peer/secret+EXAMPLE"


@dataclass(frozen=True)
class Wire:
    """The signed parts of a request as an ASGI server gives them."""

    method: str
    raw_path: bytes
    raw_query: bytes
    headers: tuple[tuple[bytes, bytes], ...]

    def with_header(self, name: bytes, value: bytes) -> "Wire":
        """The same request with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))


def check(wire: Wire, now: datetime, *, secret: str = SECRET, virtual_bucket: str | None = None) -> Verified:
    """Read and verify; an anonymous request fails the test."""
    credentials = read_credentials(wire.method, wire.raw_path, wire.raw_query, wire.headers)
    assert not isinstance(credentials, Anonymous)
    return verify(credentials, secret, now, virtual_bucket=virtual_bucket)


def is_accepted(wire: Wire, now: datetime) -> bool:
    """Whether the request passes as one that ACCESS_KEY_ID signed."""
    try:
        credentials = read_credentials(wire.method, wire.raw_path, wire.raw_query, wire.headers)
        if isinstance(credentials, Anonymous) or credentials.access_key_id != ACCESS_KEY_ID:
            return False
        verify(credentials, SECRET, now)
    except SignatureRefused:
        return False
    return True


def url_of(bucket: str, key: str, query: list[tuple[str, str]], *, host: str = "s3.test:9000") -> str:
    """The path-style URL that botocore's serializer makes."""
    pairs = [
        f"{quote(name, safe='')}={quote(value, safe='')}" if value else quote(name, safe="") for name, value in query
    ]
    return f"http://{host}/{bucket}/{quote(key, safe='/~')}" + ("?" + "&".join(pairs) if pairs else "")


def sign_header(
    method: str, url: str, now: datetime, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Wire:
    """Sign with S3SigV4Auth."""
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), data=body)
    request.context["client_config"] = None
    with patch("botocore.auth.get_current_datetime", return_value=now):
        S3SigV4Auth(_credentials(), "s3", "eu-test-1").add_auth(request)
    return _wire(request)


def presign_v4(
    method: str, url: str, now: datetime, expires_s: int, *, headers: Mapping[str, str] | None = None
) -> Wire:
    """Sign with S3SigV4QueryAuth."""
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}))
    with patch("botocore.auth.get_current_datetime", return_value=now):
        S3SigV4QueryAuth(_credentials(), "s3", "eu-test-1", expires=expires_s).add_auth(request)
    return _wire(request)


def presign_v2(
    method: str,
    url: str,
    now: datetime,
    expires_s: int,
    *,
    headers: Mapping[str, str] | None = None,
    auth_path: str | None = None,
) -> Wire:
    """Sign with HmacV1QueryAuth, which moves the headers into the query."""
    request = AWSRequest(method=method, url=url, headers=dict(headers or {}), auth_path=auth_path)
    with patch("botocore.auth.time", SimpleNamespace(time=now.timestamp)):
        HmacV1QueryAuth(_credentials(), expires=expires_s).add_auth(request)
    return replace(_wire(request), headers=((b"host", urlsplit(str(request.url)).netloc.encode()),))


def chunked_crc32(data: bytes, chunk_size: int) -> bytes:
    """The aws-chunked body that boto3 sends by default: unsigned, with a CRC-32 in the trailer."""
    wrapper = AwsChunkedWrapper(BytesIO(data), Crc32Checksum, "x-amz-checksum-crc32", chunk_size=chunk_size)
    return bytes(wrapper.read())


def changed_byte(text: bytes, position: int, mask: int) -> bytes:
    """The text with one byte changed; `position` is taken modulo its length, `mask` is not 0."""
    assert mask, "a mask of 0 changes nothing"
    position %= len(text)
    return text[:position] + bytes([text[position] ^ mask]) + text[position + 1 :]


keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40) | st.sampled_from(
    ["a b", "a+b", "a%2Fb", "a//b", "./x", "x/../y", "foo/", "ü/ñ", "~'()*!", "a=b&c", "?x#y", "\x01\x7f", "%zz"]
)
query_values = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
# What a query may be named without being part of a signature or a header of Version 2.
query_names = query_values.filter(
    lambda name: bool(name) and name not in ("Signature", "AWSAccessKeyId") and not name.lower().startswith("x-amz-")
)
positions = st.integers(0, 10_000)
masks = st.integers(1, 255)


def _credentials() -> Credentials:
    return Credentials(ACCESS_KEY_ID, SECRET)


def _wire(request: AWSRequest | AWSPreparedRequest) -> Wire:
    url = urlsplit(str(request.url))
    headers = [(_text(name).lower().encode(), _text(value).encode()) for name, value in request.headers.items()]
    if "host" not in request.headers:
        headers.append((b"host", url.netloc.encode()))
    return Wire(str(request.method), url.path.encode(), url.query.encode(), tuple(headers))


def boto3_presigned_url(operation: str, parameters: Mapping[str, object], signature_version: str | None) -> str:
    """The URL of a boto3 client, None takes boto3's default version."""
    return str(_client(signature_version).generate_presigned_url(operation, Params=dict(parameters)))


def boto3_put(data: bytes, scheme: str) -> tuple[Wire, bytes]:
    """The request and the body of a boto3 put_object as they go out, with its default checksums, signed now.

    With awscrt installed, as here, boto3 signs headers with that: another peer, and one whose clock can't be set.
    """
    client = _client(None, scheme)
    sent: list[tuple[Wire, bytes]] = []

    def catch(request: AWSPreparedRequest, **_: object) -> AWSResponse:
        body = request.body if isinstance(request.body, bytes) else bytes(request.body.read())
        sent.append((_wire(request), body))
        return AWSResponse(str(request.url), 200, {}, _NoBody())

    client.meta.events.register("before-send.s3.PutObject", catch)
    client.put_object(Bucket="bucket", Key="a b", Body=data)
    return sent[0]


class _NoBody(BytesIO):
    """An empty answer in the shape of urllib3's."""

    def stream(self) -> Iterator[bytes]:
        return iter(())


def _client(signature_version: str | None, scheme: str = "http") -> Any:
    session = boto3.Session(aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET, region_name="us-east-1")
    return session.client(
        "s3", endpoint_url=f"{scheme}://s3.test:9000", config=Config(signature_version=signature_version)
    )


def _text(value: object) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)
