"""Signature Version 4 in the Authorization header.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from identity.signature.canonical import RawRequest, canonical_query, query_parameters
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.matching import SignedParts, match_signature, parse_signed_headers, refuse_unsigned_headers
from identity.signature.payload import CONTENT_SHA256_HEADER, Verified, parse_payload_hash
from identity.signature.scope import ALGORITHM, format_amz_date, parse_amz_date, parse_credential

SKEW_MAX: Final = timedelta(minutes=15)

_CODE: Final = RefusalCode.AUTHORIZATION_HEADER_MALFORMED
_FIELDS: Final = frozenset({"Credential", "SignedHeaders", "Signature"})


@dataclass(frozen=True, slots=True)
class HeaderV4:
    """A request that says in its Authorization header who signed it; nothing is proven yet."""

    parts: SignedParts
    signed_at: datetime

    @property
    def access_key_id(self) -> str:
        """Whose secret is needed to verify."""
        return self.parts.scope.access_key_id

    def verify(self, secret: str, now: datetime) -> Verified:
        """Check the time (15 minutes either way) and the signature.

        Raises: SignatureRefused (RequestTimeTooSkewed, SignatureDoesNotMatch).
        """
        if abs(now - self.signed_at) > SKEW_MAX:
            raise SignatureRefused(
                RefusalCode.REQUEST_TIME_TOO_SKEWED,
                "The difference between the request time and the current time is too large.",
                details={
                    "RequestTime": self.parts.amz_date,
                    "ServerTime": format_amz_date(now),
                    "MaxAllowedSkewMilliseconds": str(SKEW_MAX // timedelta(milliseconds=1)),
                },
            )
        raw_query = self.parts.request.raw_query
        return match_signature(self.parts, canonical_query(query_parameters(raw_query)) if raw_query else b"", secret)


def parse_header(request: RawRequest, values: Mapping[bytes, bytes]) -> HeaderV4:
    """Read a request whose Authorization header begins with AWS4-HMAC-SHA256; `values` are its canonical headers.

    Raises: SignatureRefused (AuthorizationHeaderMalformed; AccessDenied without a valid date or with unsigned
    headers; InvalidRequest or InvalidArgument where the payload's hash is missing or is none).
    """
    fields = _authorization_fields(values[b"authorization"])
    scope = parse_credential(fields["Credential"], _CODE)
    signed_headers = parse_signed_headers(fields["SignedHeaders"], _CODE)
    signed_at, amz_date = _signing_time(values)
    if amz_date[:8] != scope.date:
        message = f'Invalid credential date "{scope.date}". This date is not the same as X-Amz-Date: "{amz_date[:8]}".'
        raise SignatureRefused(_CODE, message)
    refuse_unsigned_headers(values, signed_headers)
    if CONTENT_SHA256_HEADER not in values:
        raise SignatureRefused(
            RefusalCode.INVALID_REQUEST, "Missing required header for this request: x-amz-content-sha256"
        )
    payload_hash = parse_payload_hash(values[CONTENT_SHA256_HEADER].decode("latin-1"))
    parts = SignedParts(request, values, scope, signed_headers, amz_date, payload_hash, fields["Signature"])
    return HeaderV4(parts, signed_at)


def _authorization_fields(value: bytes) -> dict[str, str]:
    """Read `AWS4-HMAC-SHA256 Credential=.., SignedHeaders=.., Signature=..`, in any order, with or without spaces."""
    fields: dict[str, str] = {}
    if value.isascii():
        _, _, rest = value.decode("ascii").partition(" ")
        for part in rest.split(","):
            name, _, text = part.strip().partition("=")
            if name not in _FIELDS or name in fields or not text:
                break
            fields[name] = text
        else:
            if len(fields) == len(_FIELDS):
                return fields
    raise SignatureRefused(
        _CODE,
        f"The authorization header must be {ALGORITHM} with a Credential, SignedHeaders and a Signature, once each.",
    )


def _signing_time(values: Mapping[bytes, bytes]) -> tuple[datetime, str]:
    """The instant of signing, and how the string to sign writes it: X-Amz-Date if there, else Date."""
    text = values.get(b"x-amz-date", values.get(b"date", b"")).decode("latin-1")
    instant = parse_amz_date(text)
    if instant is not None:
        return instant, text
    instant = _parse_http_date(text)
    if instant is None:
        raise SignatureRefused(
            RefusalCode.ACCESS_DENIED, "AWS authentication requires a valid Date or x-amz-date header"
        )
    return instant, format_amz_date(instant)


def _parse_http_date(text: str) -> datetime | None:
    try:
        instant = parsedate_to_datetime(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None
