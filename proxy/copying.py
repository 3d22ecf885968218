"""What a copy is made from: its source, read with the caller's rights as a GET of it would be, and its conditions.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import unquote_plus

from domain.access import Action
from domain.views import RevisionView
from graphstore.cypher.resolving import ContentRef
from proxy.authorising import authorise
from proxy.calling import Call, Need, Place
from proxy.conditions import Verdict, read_verdict
from proxy.errors import S3Code, S3Error, not_implemented
from proxy.request import COPY_SOURCE_HEADER
from proxy.resolving import at_key, resolve
from proxy.selecting import VERSION_HEADER, version_header

SOURCE_VERSION_HEADER: Final = "x-amz-copy-source-version-id"

_CUSTOMER_KEY: Final = "x-amz-copy-source-server-side-encryption-customer-"
_VERSION: Final = "?versionId="
_CONDITIONS: Final = {
    "x-amz-copy-source-if-match": "if-match",
    "x-amz-copy-source-if-none-match": "if-none-match",
    "x-amz-copy-source-if-modified-since": "if-modified-since",
    "x-amz-copy-source-if-unmodified-since": "if-unmodified-since",
    "x-amz-source-expected-bucket-owner": "x-amz-expected-bucket-owner",
}
"""Headers about the source, and what they would be called if it were read."""


@dataclass(frozen=True, slots=True)
class SourceName:
    """What the header names."""

    bucket: str
    key: str
    version_id: str | None


@dataclass(frozen=True, slots=True)
class Source:
    """The revision to copy and where its bytes are; `headers` tell its version where there are versions."""

    revision: RevisionView
    content: ContentRef
    headers: Mapping[str, str]


def parse_source(text: str) -> SourceName:
    """Read `bucket/key?versionId=id`, percent-encoded, perhaps with a slash before; `+` is a space, as in S3.

    Raises: S3Error (InvalidArgument).
    """
    path, mark, version = text.partition(_VERSION)
    try:
        decoded = unquote_plus(path, errors="strict")
    except UnicodeDecodeError as error:
        raise _invalid("Invalid copy source encoding.", text) from error
    bucket, _, key = decoded.removeprefix("/").partition("/")
    if not bucket or not key:
        raise _invalid("Invalid copy source object key", text)
    return SourceName(bucket, key, version.partition("&")[0] if mark else None)


async def read_source(call: Call) -> Source:
    """Find what the request copies, if the caller may read it and the conditions on it hold.

    Raises: S3Error (InvalidArgument, NoSuchBucket, NoSuchKey, NoSuchVersion, AccessDenied, PreconditionFailed),
    Unavailable.
    """
    headers = call.request.headers
    if any(name.startswith(_CUSTOMER_KEY) for name in headers):
        raise not_implemented("Encryption with keys of a customer")
    name = parse_source(headers[COPY_SOURCE_HEADER])
    reading = await _reading(call, name)
    await authorise(Need(Place.OBJECT, Action.READ), reading)
    found = reading.found
    assert found is not None, "a read that was authorised has found its revision"
    assert found.content is not None, "it was resolved with its content"
    revision = found.revision
    verdict = read_verdict(reading.request.headers, revision.etag, revision.published_at, call.now)
    if verdict is not Verdict.GO_ON:
        raise S3Error(S3Code.PRECONDITION_FAILED, "At least one of the pre-conditions you specified did not hold")
    return Source(revision, found.content, _version(reading, name, revision))


async def _reading(call: Call, name: SourceName) -> Call:
    """The call that would read the source."""
    headers = {plain: call.request.headers[ours] for ours, plain in _CONDITIONS.items() if ours in call.request.headers}
    request = replace(
        call.request,
        headers=headers,
        query={} if name.version_id is None else {"versionId": name.version_id},
        bucket=name.bucket,
        key=name.key,
    )
    key_request = at_key(call.key_request.access_key_id, name.bucket, name.key, call.now_ms, wants_content=True)
    resolution = await resolve(call.services, key_request)
    return replace(call, request=request, key_request=key_request, resolution=resolution, found=None)


def _version(reading: Call, name: SourceName, revision: RevisionView) -> Mapping[str, str]:
    if name.version_id is not None:
        return {SOURCE_VERSION_HEADER: name.version_id}
    shown = version_header(reading, revision).get(VERSION_HEADER)
    return {} if shown is None else {SOURCE_VERSION_HEADER: shown}


def _invalid(message: str, value: str) -> S3Error:
    details = {"ArgumentName": COPY_SOURCE_HEADER, "ArgumentValue": value}
    return S3Error(S3Code.INVALID_ARGUMENT, message, details=details)
