"""The codes and what a payload's hash may say."""

import pytest

from identity.signature.errors import STATUSES, RefusalCode, SignatureRefused
from identity.signature.payload import (
    ChunkedPayload,
    ChunkSigning,
    ExactPayload,
    Payload,
    UnsignedPayload,
    check_content_sha256,
    parse_payload_hash,
    payload_of,
)

SIGNING = ChunkSigning(b"key", "20261121T000000Z", "20261121/r/s3/aws4_request", "0" * 64)


def test_every_code_has_a_status() -> None:
    assert set(STATUSES) == set(RefusalCode)


def test_a_refusal_names_its_code_and_status() -> None:
    refusal = SignatureRefused(RefusalCode.INVALID_CHUNK_SIZE, "too small", details={"Chunk": "1"})

    assert str(refusal) == "InvalidChunkSizeError: too small"
    assert (refusal.code, refusal.status, refusal.message) == ("InvalidChunkSizeError", 403, "too small")
    assert refusal.details == {"Chunk": "1"}


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ("0a" * 32, ExactPayload("0a" * 32)),
        ("UNSIGNED-PAYLOAD", UnsignedPayload()),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", ChunkedPayload(SIGNING, has_trailer=False)),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", ChunkedPayload(SIGNING, has_trailer=True)),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ChunkedPayload(None, has_trailer=True)),
    ],
)
def test_each_payload_hash_says_how_the_body_is_checked(text: str, payload: Payload) -> None:
    assert payload_of(parse_payload_hash(text), SIGNING) == payload


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", RefusalCode.INVALID_ARGUMENT),
        ("0A" * 32, RefusalCode.INVALID_ARGUMENT),
        ("0a" * 31, RefusalCode.INVALID_ARGUMENT),
        ("STREAMING-UNSIGNED-PAYLOAD", RefusalCode.INVALID_ARGUMENT),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", RefusalCode.INVALID_REQUEST),
        ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", RefusalCode.INVALID_REQUEST),
    ],
)
def test_another_payload_hash_is_refused(text: str, code: RefusalCode) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        parse_payload_hash(text)

    assert (refusal.value.code, refusal.value.status) == (code, 400)


def test_only_the_body_with_the_signed_hash_passes() -> None:
    check_content_sha256(ExactPayload("0a" * 32), "0a" * 32)

    with pytest.raises(SignatureRefused) as refusal:
        check_content_sha256(ExactPayload("0a" * 32), "0b" * 32)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.CONTENT_SHA256_MISMATCH, 400)


def test_a_signing_key_is_not_printed() -> None:
    assert "key=" not in repr(SIGNING)
