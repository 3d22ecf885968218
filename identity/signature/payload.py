"""What a signed request says of its body: the value of `x-amz-content-sha256`, and what the body check needs of it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
"""

import re
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Final, TypeAlias

from identity.signature.errors import RefusalCode, SignatureRefused

CONTENT_SHA256_HEADER: Final = b"x-amz-content-sha256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
SIGNED_CHUNKS: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SIGNED_CHUNKS_TRAILER: Final = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
UNSIGNED_CHUNKS_TRAILER: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

_KEYWORDS: Final = frozenset({UNSIGNED, SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER, UNSIGNED_CHUNKS_TRAILER})
_SIGV4A_PREFIX: Final = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
_is_sha256: Final = re.compile(r"[0-9a-f]{64}").fullmatch


@dataclass(frozen=True, slots=True)
class ChunkSigning:
    """What the signatures of chunks are chained to; `seed_signature` is that of the request itself."""

    key: bytes = field(repr=False)
    amz_date: str
    scope: str
    seed_signature: str


@dataclass(frozen=True, slots=True)
class ExactPayload:
    """The body has exactly this SHA-256, in 64 lower-case hex digits."""

    sha256_hex: str


@dataclass(frozen=True, slots=True)
class UnsignedPayload:
    """The signature says nothing of the body, which is sent as it is."""


@dataclass(frozen=True, slots=True)
class ChunkedPayload:
    """The body is in the `aws-chunked` coding; each chunk is signed unless `signing` is None."""

    signing: ChunkSigning | None
    has_trailer: bool


Payload: TypeAlias = ExactPayload | UnsignedPayload | ChunkedPayload


@dataclass(frozen=True, slots=True)
class Verified:
    """A request that the holder of the access key's secret made; its body is still to be checked."""

    access_key_id: str
    payload: Payload


def parse_payload_hash(text: str) -> str:
    """Check a value of `x-amz-content-sha256` and give it back.

    Raises: SignatureRefused (InvalidRequest for SigV4A, else InvalidArgument).
    """
    if text in _KEYWORDS or _is_sha256(text):
        return text
    if text.startswith(_SIGV4A_PREFIX):
        raise SignatureRefused(
            RefusalCode.INVALID_REQUEST, "Chunks signed with SigV4A are not supported. Please use AWS4-HMAC-SHA256."
        )
    keywords = ", ".join(sorted(_KEYWORDS))
    raise SignatureRefused(
        RefusalCode.INVALID_ARGUMENT, f"x-amz-content-sha256 must be one of {keywords} or a valid sha256 value."
    )


def payload_of(payload_hash: str, signing: ChunkSigning) -> Payload:
    """Turn a value that `parse_payload_hash` accepted into what the body check needs."""
    if payload_hash == UNSIGNED:
        return UnsignedPayload()
    if payload_hash in (SIGNED_CHUNKS, SIGNED_CHUNKS_TRAILER):
        return ChunkedPayload(signing, has_trailer=payload_hash == SIGNED_CHUNKS_TRAILER)
    if payload_hash == UNSIGNED_CHUNKS_TRAILER:
        return ChunkedPayload(None, has_trailer=True)
    return ExactPayload(payload_hash)


def check_content_sha256(payload: ExactPayload, received_sha256_hex: str) -> None:
    """Compare a body that has been read to its end with the hash that was signed.

    Raises: SignatureRefused (XAmzContentSHA256Mismatch).
    """
    if not compare_digest(payload.sha256_hex, received_sha256_hex):
        raise SignatureRefused(
            RefusalCode.CONTENT_SHA256_MISMATCH,
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
            details={
                "ClientComputedContentSHA256": payload.sha256_hex,
                "S3ComputedContentSHA256": received_sha256_hex,
            },
        )
