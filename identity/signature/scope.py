"""The credential scope of Signature Version 4: which day, region and service a signature is for, and its key.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html (signing key), and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html (the Credential value).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hmac import digest
from typing import Final

from identity.signature.errors import RefusalCode, SignatureRefused

ALGORITHM: Final = "AWS4-HMAC-SHA256"
SERVICE: Final = "s3"
TERMINATOR: Final = "aws4_request"
SIGNING_KEYS_MAX: Final = 4096
REGION_LENGTH_MAX: Final = 64

_is_date: Final = re.compile(r"[0-9]{8}").fullmatch
_is_amz_date: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z").fullmatch


@dataclass(frozen=True, slots=True)
class CredentialScope:
    """Who signed, and for which day (`YYYYMMDD`, UTC) and region; the service is always s3, the region any."""

    access_key_id: str
    date: str
    region: str

    def __post_init__(self) -> None:
        assert self.access_key_id, "a scope names an access key"
        assert _is_date(self.date), "a scope's date has eight digits"
        assert "/" not in self.region, "a region is one segment of the scope"

    @property
    def text(self) -> str:
        """The scope as strings to sign hold it."""
        return f"{self.date}/{self.region}/{SERVICE}/{TERMINATOR}"

    @property
    def credential(self) -> str:
        """The Credential value: the access key id and the scope."""
        return f"{self.access_key_id}/{self.text}"


def parse_credential(credential: str, code: RefusalCode) -> CredentialScope:
    """Read `access-key-id/date/region/s3/aws4_request`.

    Raises: SignatureRefused with `code`, which names the place that the value was found in.
    """
    parts = credential.rsplit("/", 4)
    if len(parts) != 5 or not all(parts):
        message = 'the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".'
        raise SignatureRefused(code, message)
    access_key_id, date, region, service, terminator = parts
    if not _is_date(date):
        raise SignatureRefused(code, f'incorrect date format "{date}". This date in the credential must be YYYYMMDD.')
    if len(region) > REGION_LENGTH_MAX:
        raise SignatureRefused(code, f"the region in the credential is longer than {REGION_LENGTH_MAX} characters.")
    if service != SERVICE:
        raise SignatureRefused(code, f'incorrect service "{service}". This endpoint belongs to "{SERVICE}".')
    if terminator != TERMINATOR:
        raise SignatureRefused(code, f'incorrect terminal "{terminator}". This endpoint uses "{TERMINATOR}".')
    return CredentialScope(access_key_id, date, region)


def parse_amz_date(text: str) -> datetime | None:
    """Read `YYYYMMDDTHHMMSSZ` as an aware instant; None when it isn't one."""
    if not _is_amz_date(text):
        return None
    try:
        return datetime(
            int(text[:4]), int(text[4:6]), int(text[6:8]), int(text[9:11]), int(text[11:13]), int(text[13:15]), 0, UTC
        )
    except ValueError:
        return None


def format_amz_date(instant: datetime) -> str:
    """Write an aware instant as `YYYYMMDDTHHMMSSZ` in UTC."""
    return instant.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


@lru_cache(maxsize=SIGNING_KEYS_MAX)
def signing_key(secret: str, date: str, region: str) -> bytes:
    """Derive the key that signs for one day and region.

    The cache is safe: the key is a pure function of the arguments, all of which are in the cache's key, so a rotated
    secret never meets an old entry; it grants nothing, since a revoked credential's secret isn't looked up any more
    and so never gets here; it is bounded; and it holds no secret that the process hadn't unsealed already.
    A stranger who knows an access key id can only push entries out by inventing regions, which costs a derivation.
    """
    key = digest(b"AWS4" + secret.encode("utf-8"), date.encode("ascii"), "sha256")
    for part in (region, SERVICE, TERMINATOR):
        key = digest(key, part.encode("ascii"), "sha256")
    return key


def sign(key: bytes, text: bytes) -> str:
    """Sign a string to sign: 64 lower-case hex digits."""
    return digest(key, text, "sha256").hex()
