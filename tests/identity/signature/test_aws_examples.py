"""AWS's published examples are accepted as they are printed (tests/vectors/s3_signatures.py names the pages)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from identity.signature.chunked import chunked_decoder
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ChunkedPayload, ExactPayload, UnsignedPayload, Verified
from identity.signature.presigned import PresignedV4, presign
from identity.signature.request import Anonymous, read_credentials, verify
from identity.signature.v2 import PresignedV2
from identity.signature.v4 import HeaderV4
from tests.vectors import s3_signatures as aws


@pytest.mark.parametrize("name", aws.HEADER_EXAMPLES)
def test_the_header_examples_are_accepted(name: str) -> None:
    example = aws.HEADER_EXAMPLES[name]

    credentials = read_credentials(example.method, example.raw_path, example.raw_query, example.headers)
    assert isinstance(credentials, HeaderV4)
    verified = verify(credentials, aws.SECRET, aws.SIGNED_AT)

    declared = dict(example.headers)[b"x-amz-content-sha256"].decode()
    assert verified == Verified(aws.ACCESS_KEY_ID, ExactPayload(declared))


@pytest.mark.parametrize("name", aws.HEADER_EXAMPLES)
def test_the_header_examples_are_refused_with_another_secret(name: str) -> None:
    example = aws.HEADER_EXAMPLES[name]
    credentials = read_credentials(example.method, example.raw_path, example.raw_query, example.headers)
    assert isinstance(credentials, HeaderV4)

    with pytest.raises(SignatureRefused) as refusal:
        verify(credentials, aws.SECRET + "x", aws.SIGNED_AT)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.SIGNATURE_DOES_NOT_MATCH, 403)


def test_the_presigned_example_is_accepted_until_it_expires() -> None:
    example = aws.PRESIGNED_EXAMPLE
    credentials = read_credentials(example.method, example.raw_path, example.raw_query, example.headers)
    assert isinstance(credentials, PresignedV4)
    last_moment = aws.SIGNED_AT + timedelta(seconds=aws.PRESIGNED_EXPIRES_S - 1)

    verified = verify(credentials, aws.SECRET, last_moment)
    with pytest.raises(SignatureRefused, match="Request has expired") as refusal:
        verify(credentials, aws.SECRET, last_moment + timedelta(seconds=1))

    assert verified == Verified(aws.ACCESS_KEY_ID, UnsignedPayload())
    assert refusal.value.code == RefusalCode.ACCESS_DENIED


def test_presigning_gives_the_url_of_the_example() -> None:
    url = presign(
        method="GET",
        endpoint="https://s3.amazonaws.com",
        bucket="examplebucket",
        key="test.txt",
        access_key_id=aws.ACCESS_KEY_ID,
        secret=aws.SECRET,
        region="us-east-1",
        now=aws.SIGNED_AT,
        expires_s=aws.PRESIGNED_EXPIRES_S,
        is_virtual_host=True,
    )

    query = aws.PRESIGNED_EXAMPLE.raw_query.decode()
    assert url == f"https://examplebucket.s3.amazonaws.com/test.txt?{query}"


def test_the_version_2_example_is_accepted_until_it_expires() -> None:
    example = aws.PRESIGNED_V2_EXAMPLE
    credentials = read_credentials(example.method, example.raw_path, example.raw_query, example.headers)
    assert isinstance(credentials, PresignedV2)
    expires_at = aws.PRESIGNED_V2_EXPIRES_AT

    verified = verify(
        credentials, aws.SECRET, expires_at - timedelta(seconds=1), virtual_bucket=aws.PRESIGNED_V2_BUCKET
    )
    with pytest.raises(SignatureRefused, match="Request has expired"):
        verify(credentials, aws.SECRET, expires_at, virtual_bucket=aws.PRESIGNED_V2_BUCKET)

    assert verified == Verified(aws.ACCESS_KEY_ID, UnsignedPayload())


@pytest.mark.parametrize("example", [aws.CHUNKED_EXAMPLE, aws.TRAILER_EXAMPLE], ids=["chunks", "trailer"])
def test_the_streaming_examples_are_accepted_from_seed_to_trailer(example: aws.ChunkedExample) -> None:
    request = example.request
    credentials = read_credentials(request.method, request.raw_path, request.raw_query, request.headers)
    assert not isinstance(credentials, Anonymous)

    payload = verify(credentials, aws.SECRET, aws.SIGNED_AT).payload
    assert isinstance(payload, ChunkedPayload)
    assert payload.signing is not None
    decoder = chunked_decoder(payload, request.headers)
    data = b"".join(decoder.feed(example.body))

    assert payload.signing.seed_signature == example.seed_signature
    assert payload.has_trailer == bool(example.trailers)
    assert data == example.data
    assert decoder.finish() == example.trailers


def test_a_trailer_line_that_ends_in_a_bare_line_feed_is_accepted() -> None:
    """MinIO's SDK writes it so, with an empty line before the signature; the signed text is the same."""
    example = aws.TRAILER_EXAMPLE
    body = example.body.replace(b"sOO8/Q==\r\n", b"sOO8/Q==\n\r\n")
    request = example.request
    credentials = read_credentials(request.method, request.raw_path, request.raw_query, request.headers)
    assert not isinstance(credentials, Anonymous)
    payload = verify(credentials, aws.SECRET, aws.SIGNED_AT).payload
    assert isinstance(payload, ChunkedPayload)

    decoder = chunked_decoder(payload, request.headers)
    decoder.feed(body)

    assert decoder.finish() == example.trailers


def test_a_changed_trailer_of_the_example_is_refused() -> None:
    example = replace(aws.TRAILER_EXAMPLE, body=aws.TRAILER_EXAMPLE.body.replace(b"sOO8/Q==", b"sOO8/A=="))
    request = example.request
    credentials = read_credentials(request.method, request.raw_path, request.raw_query, request.headers)
    assert not isinstance(credentials, Anonymous)
    payload = verify(credentials, aws.SECRET, aws.SIGNED_AT).payload
    assert isinstance(payload, ChunkedPayload)
    decoder = chunked_decoder(payload, request.headers)
    decoder.feed(example.body)

    with pytest.raises(SignatureRefused) as refusal:
        decoder.finish()

    assert refusal.value.code == RefusalCode.SIGNATURE_DOES_NOT_MATCH
