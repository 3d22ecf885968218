"""Whether a V4 signature matches its request: what the header and the query form share.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final

from identity.signature.canonical import RawRequest, canonical_path, canonical_request, string_to_sign
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ChunkSigning, Verified, payload_of
from identity.signature.scope import CredentialScope, sign, signing_key

HOST: Final = b"host"
AMZ_PREFIX: Final = b"x-amz-"
MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your key and signing method."
)


@dataclass(frozen=True, slots=True)
class SignedParts:
    """All that a V4 signature covers; `values` are the canonical values of all headers by name.

    `signed_headers` are sorted, and `amz_date` is the instant as the signer wrote it into the string to sign.
    """

    request: RawRequest = field(repr=False)
    values: Mapping[bytes, bytes] = field(repr=False)
    scope: CredentialScope
    signed_headers: tuple[bytes, ...]
    amz_date: str
    payload_hash: str
    signature: str = field(repr=False)


def parse_signed_headers(text: str, code: RefusalCode) -> tuple[bytes, ...]:
    """Read `host;x-amz-date` as sorted names; they are compared with lower-case ones.

    Raises: SignatureRefused with `code` when a name is empty or repeated.
    """
    names = sorted(text.encode("ascii").split(b";"))
    if not names[0] or len(set(names)) != len(names):
        raise SignatureRefused(code, "SignedHeaders must be a list of header names, each once, divided by semicolons.")
    return tuple(names)


def refuse_unsigned_headers(values: Mapping[bytes, bytes], signed_headers: tuple[bytes, ...]) -> None:
    """Refuse a request to which someone on the way could have added meaning.

    The host and every `x-amz-*` header that is there must be signed. Raises: SignatureRefused (AccessDenied).
    """
    unsigned = [name for name in values if name[:6] == AMZ_PREFIX and name not in signed_headers]
    if HOST not in signed_headers:
        unsigned.insert(0, HOST)
    if unsigned:
        names = b", ".join(unsigned).decode("latin-1")
        raise SignatureRefused(
            RefusalCode.ACCESS_DENIED,
            f"There were headers present in the request which were not signed: {names}",
            details={"HeadersNotSigned": names},
        )


def match_signature(parts: SignedParts, query: bytes, secret: str) -> Verified:
    """Compare the signature, in constant time, with the one that the secret makes; `query` is canonical.

    Raises: SignatureRefused (SignatureDoesNotMatch) with what was signed here, for the signer to compare.
    """
    for name in parts.signed_headers:
        if name not in parts.values:
            missing = name.decode("ascii")
            raise SignatureRefused(
                RefusalCode.SIGNATURE_DOES_NOT_MATCH, f"The signed header {missing} is not in the request."
            )
    path = canonical_path(parts.request.raw_path)
    canonical = canonical_request(
        parts.request.method, path, query, parts.signed_headers, parts.values, parts.payload_hash
    )
    text = string_to_sign(parts.amz_date, parts.scope.text, canonical)
    key = signing_key(secret, parts.scope.date, parts.scope.region)
    if not compare_digest(sign(key, text).encode("ascii"), parts.signature.encode("ascii")):
        raise SignatureRefused(
            RefusalCode.SIGNATURE_DOES_NOT_MATCH,
            MISMATCH,
            details={
                "AWSAccessKeyId": parts.scope.access_key_id,
                "StringToSign": text.decode("ascii"),
                "SignatureProvided": parts.signature,
                "CanonicalRequest": canonical.decode("utf-8", "backslashreplace"),
            },
        )
    signing = ChunkSigning(key, parts.amz_date, parts.scope.text, parts.signature)
    return Verified(parts.scope.access_key_id, payload_of(parts.payload_hash, signing))
