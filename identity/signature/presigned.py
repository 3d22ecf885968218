"""Signature Version 4 in the query: presigned URLs, read, verified and made.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from domain.errors import BadInput
from identity.signature.canonical import (
    RawRequest,
    canonical_path,
    canonical_query,
    canonical_request,
    encode_text,
    header_values,
    string_to_sign,
)
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.matching import (
    HOST,
    SignedParts,
    match_signature,
    parse_signed_headers,
    refuse_unsigned_headers,
)
from identity.signature.payload import CONTENT_SHA256_HEADER, UNSIGNED, Verified, parse_payload_hash
from identity.signature.scope import (
    ALGORITHM,
    CredentialScope,
    format_amz_date,
    parse_amz_date,
    parse_credential,
    sign,
    signing_key,
)

EXPIRES_MAX_S: Final = 604_800
FUTURE_MAX: Final = timedelta(minutes=15)
SIGNATURE_PARAMETER: Final = b"X-Amz-Signature"

_CODE: Final = RefusalCode.AUTHORIZATION_QUERY_PARAMETERS_ERROR
_PARAMETERS: Final = (
    b"X-Amz-Algorithm",
    b"X-Amz-Credential",
    b"X-Amz-Date",
    b"X-Amz-Expires",
    b"X-Amz-SignedHeaders",
    SIGNATURE_PARAMETER,
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_DOT_SEGMENTS: Final = frozenset({b".", b".."})
_is_number: Final = re.compile(r"[+-]?[0-9]{1,18}").fullmatch


@dataclass(frozen=True, slots=True)
class PresignedV4:
    """A request whose query says who signed it and for how long; nothing is proven yet."""

    parts: SignedParts
    signed_at: datetime
    expires_s: int
    parameters: Sequence[tuple[bytes, bytes]] = field(repr=False)

    @property
    def access_key_id(self) -> str:
        """Whose secret is needed to verify."""
        return self.parts.scope.access_key_id

    def verify(self, secret: str, now: datetime) -> Verified:
        """Check that the URL is valid already and still, and the signature.

        Raises: SignatureRefused (AccessDenied by time, SignatureDoesNotMatch).
        """
        if self.signed_at - now > FUTURE_MAX:
            raise SignatureRefused(RefusalCode.ACCESS_DENIED, "Request is not yet valid")
        if now - self.signed_at >= timedelta(seconds=self.expires_s):
            raise SignatureRefused(
                RefusalCode.ACCESS_DENIED, "Request has expired", details={"X-Amz-Expires": str(self.expires_s)}
            )
        signed = [parameter for parameter in self.parameters if parameter[0] != SIGNATURE_PARAMETER]
        return match_signature(self.parts, canonical_query(signed), secret)


def parse_query(
    request: RawRequest, values: Mapping[bytes, bytes], parameters: Sequence[tuple[bytes, bytes]]
) -> PresignedV4:
    """Read a request with V4 parameters; `values` are its canonical headers, `parameters` its decoded query.

    Raises: SignatureRefused (AuthorizationQueryParametersError; AccessDenied with unsigned headers;
    InvalidArgument where a payload's hash is none).
    """
    texts = _single_values(parameters)
    if texts[b"X-Amz-Algorithm"] != ALGORITHM:
        raise SignatureRefused(_CODE, f'X-Amz-Algorithm only supports "{ALGORITHM}"')
    scope = parse_credential(texts[b"X-Amz-Credential"], _CODE)
    amz_date = texts[b"X-Amz-Date"]
    signed_at = parse_amz_date(amz_date)
    if signed_at is None:
        raise SignatureRefused(_CODE, "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\"")
    if amz_date[:8] != scope.date:
        message = f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: "{amz_date[:8]}".'
        raise SignatureRefused(_CODE, message)
    expires_s = _parse_expires(texts[b"X-Amz-Expires"])
    signed_headers = parse_signed_headers(texts[b"X-Amz-SignedHeaders"], _CODE)
    refuse_unsigned_headers(values, signed_headers)
    payload_hash = _payload_hash(values, parameters)
    signature = texts[SIGNATURE_PARAMETER]
    parts = SignedParts(request, values, scope, signed_headers, amz_date, payload_hash, signature)
    return PresignedV4(parts, signed_at, expires_s, parameters)


def presign(
    *,
    method: str,
    endpoint: str,
    bucket: str,
    key: str,
    access_key_id: str,
    secret: str,
    region: str,
    now: datetime,
    expires_s: int,
    query: Iterable[tuple[str, str]] = (),
    headers: Iterable[tuple[str, str]] = (),
    is_virtual_host: bool = False,
) -> str:
    """Make a URL with which anyone may send this one request, from `now` for `expires_s` seconds (1..604800).

    `endpoint` is scheme and host, with a port if need be, and no path; an empty `key` means the bucket itself.
    `query` becomes part of the URL and is signed; `headers` are signed too, so the client must send just these
    values. The bucket stands in the path, or before the host if `is_virtual_host`.
    Raises: BadInput when `expires_s` is out of bounds, or the key is one that no URL can hold.
    """
    if not 1 <= expires_s <= EXPIRES_MAX_S:
        raise BadInput(f"a presigned URL lasts 1 to {EXPIRES_MAX_S} seconds, not {expires_s}")
    scheme, host = _origin(endpoint, bucket if is_virtual_host else None)
    key_path = _key_path(key)
    path = key_path if is_virtual_host else b"/" + encode_text(bucket.encode("utf-8")) + (key_path if key else b"")

    values = header_values([(name.lower().encode("ascii"), value.encode("utf-8")) for name, value in headers])
    assert HOST not in values, "the endpoint names the host"
    values[HOST] = host.encode("ascii")
    signed_headers = tuple(sorted(values))
    amz_date = format_amz_date(now)
    scope = CredentialScope(access_key_id, amz_date[:8], region)
    parameters = [(name.encode("utf-8"), value.encode("utf-8")) for name, value in query]
    parameters += [
        (b"X-Amz-Algorithm", ALGORITHM.encode("ascii")),
        (b"X-Amz-Credential", scope.credential.encode("ascii")),
        (b"X-Amz-Date", amz_date.encode("ascii")),
        (b"X-Amz-Expires", str(expires_s).encode("ascii")),
        (b"X-Amz-SignedHeaders", b";".join(signed_headers)),
    ]
    signed_query = canonical_query(parameters)
    payload_hash = _payload_hash(values, parameters)

    canonical = canonical_request(method, canonical_path(path), signed_query, signed_headers, values, payload_hash)
    text = string_to_sign(amz_date, scope.text, canonical)
    signature = sign(signing_key(secret, scope.date, region), text)
    return f"{scheme}://{host}{path.decode('ascii')}?{signed_query.decode('ascii')}&X-Amz-Signature={signature}"


def _single_values(parameters: Sequence[tuple[bytes, bytes]]) -> dict[bytes, str]:
    """The six parameters of V4, each there once and in ASCII."""
    texts: dict[bytes, str] = {}
    for name, value in parameters:
        if name in _PARAMETERS:
            if name in texts or not value or not value.isascii():
                message = f"Query-string authentication version 4 requires {name.decode('ascii')} once, with a value."
                raise SignatureRefused(_CODE, message)
            texts[name] = value.decode("ascii")
    missing = [name.decode("ascii") for name in _PARAMETERS if name not in texts]
    if missing:
        message = f"Query-string authentication version 4 requires these parameters too: {', '.join(missing)}."
        raise SignatureRefused(_CODE, message)
    return texts


def _parse_expires(text: str) -> int:
    if not _is_number(text):
        raise SignatureRefused(_CODE, "X-Amz-Expires should be a number")
    expires_s = int(text)
    if expires_s < 0:
        raise SignatureRefused(_CODE, "X-Amz-Expires must be non-negative")
    if expires_s > EXPIRES_MAX_S:
        raise SignatureRefused(_CODE, f"X-Amz-Expires must be at most a week, {EXPIRES_MAX_S} seconds")
    return expires_s


def _payload_hash(values: Mapping[bytes, bytes], parameters: Iterable[tuple[bytes, bytes]]) -> str:
    """The payload's hash: that of the query (the Go SDK puts it there), else of the header, else none is signed."""
    declared = {value for name, value in parameters if name.lower() == CONTENT_SHA256_HEADER}
    if CONTENT_SHA256_HEADER in values:
        declared.add(values[CONTENT_SHA256_HEADER])
    if len(declared) > 1:
        raise SignatureRefused(RefusalCode.INVALID_ARGUMENT, "x-amz-content-sha256 is given twice, with two values.")
    return parse_payload_hash(declared.pop().decode("latin-1")) if declared else UNSIGNED


def _origin(endpoint: str, virtual_bucket: str | None) -> tuple[str, str]:
    """Scheme, and the value of the Host header that clients send: lower case, without a default port."""
    url = urlsplit(endpoint)
    assert url.scheme in _DEFAULT_PORTS, "an endpoint is an http or https URL"
    assert url.hostname, "an endpoint names a host"
    assert url.path in ("", "/"), "an endpoint has no path: S3 signs the path that the server sees"
    assert url.netloc == endpoint.partition("://")[2].rstrip("/"), "an endpoint is scheme, host and port only"
    assert "@" not in url.netloc, "an endpoint holds no user"
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    if virtual_bucket is not None:
        host = f"{virtual_bucket}.{host}"
    if url.port is not None and url.port != _DEFAULT_PORTS[url.scheme]:
        host = f"{host}:{url.port}"
    return url.scheme, host


def _key_path(key: str) -> bytes:
    """The key as the path below its bucket.

    Browsers and HTTP libraries remove the segments `.` and `..` from a URL before they send it. A slash beside one is
    written `%2F`, so that the segment is no longer bare; the canonical path, which is decoded first, stays the same.
    """
    segments = key.encode("utf-8").split(b"/")
    if len(segments) == 1 and segments[0] in _DOT_SEGMENTS:
        raise BadInput(f"no URL can hold the key {key!r}: clients remove it from the path; send it with an S3 client")
    path = b"/" + encode_text(segments[0])
    for before, segment in pairwise(segments):
        slash = b"%2F" if before in _DOT_SEGMENTS or segment in _DOT_SEGMENTS else b"/"
        path += slash + encode_text(segment)
    return path
