"""The aws-chunked coding: any split gives the same bytes, and nothing that isn't as it was signed passes."""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.signature.chunked import (
    CHUNK_SIZE_MIN_BYTES,
    LINE_MAX_BYTES,
    TRAILERS_MAX_BYTES,
    ChunkedDecoder,
    chunked_decoder,
)
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ChunkedPayload, ChunkSigning
from tests.identity.signature.peer import changed_byte, chunked_crc32, masks

SIGNING = ChunkSigning(b"k" * 32, "20261121T120000Z", "20261121/eu-test-1/s3/aws4_request", "5eed" * 16)
NO_TRAILERS: tuple[tuple[str, str], ...] = ()
CRC = (("x-amz-checksum-crc32", "AAAAAA=="),)


@dataclass(frozen=True)
class Upload:
    """Data, how it is cut into chunks, and how they are sent."""

    data: bytes
    chunk_size: int
    is_signed: bool
    has_trailer: bool
    trailers: tuple[tuple[str, str], ...] = NO_TRAILERS

    def decoder(self) -> ChunkedDecoder:
        payload = ChunkedPayload(SIGNING if self.is_signed else None, has_trailer=self.has_trailer)
        return ChunkedDecoder(payload, len(self.data), frozenset(name for name, _ in self.trailers))

    def body(self) -> bytes:
        """The body, written after the two AWS pages with nothing of the code under test."""
        previous, body = SIGNING.seed_signature, b""
        scope = f"{SIGNING.amz_date}\n{SIGNING.scope}"
        starts = [*range(0, len(self.data), self.chunk_size), len(self.data)]
        for start in starts:
            chunk = self.data[start : start + self.chunk_size]
            body += f"{len(chunk):x}".encode()
            if self.is_signed:
                hashes = f"{sha256().hexdigest()}\n{sha256(chunk).hexdigest()}"
                text = f"AWS4-HMAC-SHA256-PAYLOAD\n{scope}\n{previous}\n{hashes}"
                previous = hmac.new(SIGNING.key, text.encode(), sha256).hexdigest()
                body += f";chunk-signature={previous}".encode()
            body += b"\r\n" + (chunk + b"\r\n" if chunk else b"")
        if self.has_trailer:
            body += "".join(f"{name}:{value}\r\n" for name, value in self.trailers).encode()
            if self.is_signed:
                lines = "".join(f"{name}:{value}\n" for name, value in self.trailers)
                text = f"AWS4-HMAC-SHA256-TRAILER\n{scope}\n{previous}\n{sha256(lines.encode()).hexdigest()}"
                body += (
                    f"x-amz-trailer-signature:{hmac.new(SIGNING.key, text.encode(), sha256).hexdigest()}\r\n".encode()
                )
        return body + b"\r\n"


def decode(upload: Upload, *pieces: bytes) -> tuple[bytes, dict[str, str]]:
    decoder = upload.decoder()
    data = b"".join(bytes(view) for piece in pieces for view in decoder.feed(piece))
    return data, decoder.finish()


def refusal_of(upload: Upload, body: bytes) -> RefusalCode:
    with pytest.raises(SignatureRefused) as refusal:
        decode(upload, body)
    return refusal.value.code


uploads = st.builds(
    Upload,
    data=st.binary(max_size=200).map(lambda seed: (seed * 300)[:30_000]),
    chunk_size=st.integers(CHUNK_SIZE_MIN_BYTES, 12_000),
    is_signed=st.just(True),
    has_trailer=st.just(True),
    trailers=st.sampled_from([NO_TRAILERS, CRC, (*CRC, ("x-amz-meta", "b c"))]),
) | st.builds(
    Upload,
    data=st.binary(max_size=200).map(lambda seed: (seed * 300)[:30_000]),
    chunk_size=st.integers(CHUNK_SIZE_MIN_BYTES, 12_000),
    is_signed=st.booleans(),
    has_trailer=st.just(False),
)
SMALL = {
    "signed": Upload(b"d" * 40, CHUNK_SIZE_MIN_BYTES, is_signed=True, has_trailer=False),
    "signed with trailer": Upload(b"d" * 40, CHUNK_SIZE_MIN_BYTES, is_signed=True, has_trailer=True, trailers=CRC),
    "two chunks": Upload(b"d" * 8200, CHUNK_SIZE_MIN_BYTES, is_signed=True, has_trailer=True, trailers=CRC),
}
UNSIGNED = Upload(b"d" * 40, CHUNK_SIZE_MIN_BYTES, is_signed=False, has_trailer=True, trailers=CRC)


@given(uploads, st.lists(st.integers(0, 40_000), max_size=8))
def test_a_body_gives_the_same_bytes_however_it_is_split(upload: Upload, cuts: list[int]) -> None:
    body = upload.body()
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]

    pieces = [body[start:end] for start, end in pairwise(edges)]

    assert decode(upload, *pieces) == (upload.data, dict(upload.trailers))


@pytest.mark.parametrize("name", SMALL)
def test_a_body_may_come_byte_by_byte(name: str) -> None:
    body = SMALL[name].body()

    assert decode(SMALL[name], *(body[i : i + 1] for i in range(len(body)))) == (
        SMALL[name].data,
        dict(SMALL[name].trailers),
    )


@given(st.binary(max_size=5000).map(lambda seed: seed * 20), st.integers(CHUNK_SIZE_MIN_BYTES, 70_000))
def test_what_botocore_sends_by_default_is_decoded(data: bytes, chunk_size: int) -> None:
    upload = Upload(data, chunk_size, is_signed=False, has_trailer=True, trailers=CRC)
    checksum = b64encode(crc32(data).to_bytes(4, "big")).decode()

    assert decode(upload, chunked_crc32(data, chunk_size)) == (data, {"x-amz-checksum-crc32": checksum})


def is_refused_or_means_the_same(upload: Upload, changed: bytes) -> bool:
    """Only the case of letters in the framing (hex sizes, trailer names) carries no meaning."""
    try:
        decoded = decode(upload, changed)
    except SignatureRefused:
        return True
    return changed.lower() == upload.body().lower() and decoded == (upload.data, dict(upload.trailers))


@pytest.mark.parametrize("name", SMALL)
def test_every_flipped_bit_of_a_signed_body_is_refused(name: str) -> None:
    upload, body = SMALL[name], SMALL[name].body()
    positions = [i for i in range(len(body)) if len(body) < 1000 or not 200 < i < 8200]

    passed = [
        (position, bit)
        for position in positions
        for bit in range(8)
        if not is_refused_or_means_the_same(upload, changed_byte(body, position, 1 << bit))
    ]

    assert passed == []


@given(st.sampled_from(sorted(SMALL)), st.integers(0, 10_000), masks)
def test_every_changed_byte_of_a_signed_body_is_refused(name: str, position: int, mask: int) -> None:
    assert is_refused_or_means_the_same(SMALL[name], changed_byte(SMALL[name].body(), position, mask))


@pytest.mark.parametrize("name", SMALL)
def test_a_body_that_ends_early_is_refused_anywhere(name: str) -> None:
    """Only the very last empty line may be missing."""
    body = SMALL[name].body()

    for end in range(len(body) - 2):
        with pytest.raises(SignatureRefused):
            decode(SMALL[name], body[:end])
    assert decode(SMALL[name], body[:-2])[0] == SMALL[name].data
    assert refusal_of(SMALL[name], body[:-1]) == RefusalCode.INCOMPLETE_BODY


def test_a_chunk_left_out_or_moved_is_refused() -> None:
    upload = Upload(b"a" * 8192 + b"b" * 8192 + b"c", CHUNK_SIZE_MIN_BYTES, is_signed=True, has_trailer=False)
    first, second, rest = (upload.body()[start:end] for start, end in ((0, 8281), (8281, 16562), (16562, None)))
    assert second.startswith(b"2000;")
    assert rest.startswith(b"1;")

    assert refusal_of(upload, second + first + rest) == RefusalCode.SIGNATURE_DOES_NOT_MATCH
    assert refusal_of(upload, first + rest) == RefusalCode.SIGNATURE_DOES_NOT_MATCH
    assert refusal_of(upload, first + first + rest) == RefusalCode.SIGNATURE_DOES_NOT_MATCH


def test_data_is_passed_on_before_its_chunk_ends_and_without_a_copy() -> None:
    """A chunk may be larger than memory; its mismatch shows at its end."""
    upload = Upload(b"e" * 100_000, 100_000, is_signed=True, has_trailer=False)
    body = bytearray(upload.body())
    body[50_000] ^= 1
    decoder = upload.decoder()
    head = bytes(body[:60_000])

    (view,) = decoder.feed(head)
    with pytest.raises(SignatureRefused) as refusal:
        decoder.feed(bytes(body[60_000:]))

    assert view.obj is head
    assert len(view) == 60_000 - len(b"186a0;chunk-signature=") - 64 - 2
    assert refusal.value.code == RefusalCode.SIGNATURE_DOES_NOT_MATCH


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_pieces_may_be_any_buffer(kind: type) -> None:
    decoder = UNSIGNED.decoder()

    assert b"".join(decoder.feed(kind(UNSIGNED.body()))) == UNSIGNED.data


@pytest.mark.parametrize(
    "body",
    [
        b"\r\n",
        b"zz\r\n",
        b"-1\r\n",
        b"+28\r\n",
        b"0x28\r\n",
        b" 28\r\n",
        b"28\n",
        b"28;chunk-signature=" + b"0" * 64 + b"\r\n",
        b"28\r\n" + b"d" * 40 + b"0\r\n",
        b"28\r\n" + b"d" * 40 + b"\n0\r\n",
        b"27\r\n" + b"d" * 40 + b"\r\n0\r\n",
        b"1" * 17 + b"\r\n",
        b"1" * LINE_MAX_BYTES,
    ],
)
def test_malformed_framing_is_refused(body: bytes) -> None:
    assert refusal_of(UNSIGNED, body) == RefusalCode.INVALID_REQUEST


def test_a_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    decoder = UNSIGNED.decoder()
    for _ in range(LINE_MAX_BYTES - 1):
        assert decoder.feed(b"0") == []

    with pytest.raises(SignatureRefused, match="longer than") as refusal:
        decoder.feed(b"0")

    assert refusal.value.status == 400


@pytest.mark.parametrize("header", [b"28\r\n", b"28;chunk-signature=" + b"0" * 63 + b"\r\n", b"28;signature=a\r\n"])
def test_a_signed_body_needs_a_signature_in_each_chunk_header(header: bytes) -> None:
    assert refusal_of(SMALL["signed"], header + b"d" * 40) == RefusalCode.INVALID_REQUEST


def test_more_data_than_declared_is_refused_at_the_chunk_header() -> None:
    for header in (b"29\r\n", b"ffffffffffffffff\r\n"):
        with pytest.raises(SignatureRefused, match="hold more data") as refusal:
            UNSIGNED.decoder().feed(header)
        assert refusal.value.code == RefusalCode.INCOMPLETE_BODY


def test_less_data_than_declared_is_refused_at_the_end() -> None:
    shorter = Upload(b"d" * 39, CHUNK_SIZE_MIN_BYTES, is_signed=False, has_trailer=True, trailers=CRC)

    assert refusal_of(UNSIGNED, shorter.body()) == RefusalCode.INCOMPLETE_BODY


def test_only_the_last_chunk_may_be_small() -> None:
    upload = Upload(b"d" * (CHUNK_SIZE_MIN_BYTES + 1), CHUNK_SIZE_MIN_BYTES - 1, is_signed=True, has_trailer=False)

    with pytest.raises(SignatureRefused) as refusal:
        decode(upload, upload.body())

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.INVALID_CHUNK_SIZE, 403)


@pytest.mark.parametrize(
    "end",
    [
        b"0\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32:a\r\nx-amz-checksum-crc32:a\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32:a\r\nx-amz-checksum-sha1:a\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32:a\x07\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32:a\r\nx-amz-trailer-signature:" + b"0" * 64 + b"\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32:a\r\r\n\r\n",
        b"0\r\nx-amz-checksum-crc32:a\r\n0\r\n",
    ],
)
def test_trailers_other_than_the_declared_ones_are_refused(end: bytes) -> None:
    assert refusal_of(UNSIGNED, b"28\r\n" + b"d" * 40 + b"\r\n" + end) == RefusalCode.MALFORMED_TRAILER


def test_trailers_without_end_are_refused_before_they_fill_the_memory() -> None:
    decoder = UNSIGNED.decoder()
    decoder.feed(b"28\r\n" + b"d" * 40 + b"\r\n0\r\n" + b"\r\n" * (TRAILERS_MAX_BYTES // 2))

    with pytest.raises(SignatureRefused, match="longer than") as refusal:
        decoder.feed(b"\r\n")

    assert refusal.value.code == RefusalCode.MALFORMED_TRAILER


def test_a_body_without_announced_trailers_has_none() -> None:
    upload = Upload(b"d" * 40, CHUNK_SIZE_MIN_BYTES, is_signed=True, has_trailer=False)
    body = upload.body()

    assert refusal_of(upload, body[:-2] + b"x-amz-checksum-crc32:a\r\n\r\n") == RefusalCode.MALFORMED_TRAILER
    assert refusal_of(upload, body + body) == RefusalCode.MALFORMED_TRAILER


def test_a_trailer_signature_must_come_and_come_last() -> None:
    upload = SMALL["signed with trailer"]
    head, _, signature = upload.body().partition(b"x-amz-trailer-signature:")
    trailer = b"x-amz-checksum-crc32:AAAAAA==\r\n"

    assert refusal_of(upload, head + b"\r\n") == RefusalCode.MALFORMED_TRAILER
    moved = head.removesuffix(trailer) + b"x-amz-trailer-signature:" + signature[:66] + trailer + b"\r\n"
    assert refusal_of(upload, moved) == RefusalCode.MALFORMED_TRAILER


def test_names_and_values_of_trailers_are_read_as_header_fields() -> None:
    body = UNSIGNED.body().replace(b"x-amz-checksum-crc32:", b"X-Amz-Checksum-CRC32: ")

    assert decode(UNSIGNED, body) == (UNSIGNED.data, dict(CRC))


def test_an_empty_line_before_the_trailers_is_passed_over() -> None:
    body = UNSIGNED.body().replace(b"\r\n0\r\n", b"\r\n0\r\n\r\n")

    assert decode(UNSIGNED, body) == (UNSIGNED.data, dict(CRC))


def test_the_decoder_is_made_as_the_headers_ask() -> None:
    headers = [
        (b"x-amz-decoded-content-length", b"40"),
        (b"x-amz-trailer", b" X-Amz-Checksum-CRC32 "),
        (b"content-encoding", b"aws-chunked"),
    ]

    decoder = chunked_decoder(ChunkedPayload(None, has_trailer=True), headers)

    assert b"".join(decoder.feed(UNSIGNED.body())) == UNSIGNED.data
    assert decoder.finish() == dict(CRC)


@pytest.mark.parametrize(
    ("headers", "code", "status"),
    [
        ([], RefusalCode.MISSING_CONTENT_LENGTH, 411),
        ([(b"x-amz-decoded-content-length", b"")], RefusalCode.INVALID_ARGUMENT, 400),
        ([(b"x-amz-decoded-content-length", b"-1")], RefusalCode.INVALID_ARGUMENT, 400),
        ([(b"x-amz-decoded-content-length", b"1")] * 2, RefusalCode.INVALID_ARGUMENT, 400),
        ([(b"x-amz-decoded-content-length", b"9" * 19)], RefusalCode.INVALID_ARGUMENT, 400),
        (
            [(b"x-amz-decoded-content-length", b"1"), (b"x-amz-trailer", b"x-amz-checksum-crc32")],
            RefusalCode.INVALID_REQUEST,
            400,
        ),
    ],
)
def test_headers_that_do_not_fit_are_refused(
    headers: list[tuple[bytes, bytes]], code: RefusalCode, status: int
) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        chunked_decoder(ChunkedPayload(SIGNING, has_trailer=False), headers)

    assert (refusal.value.code, refusal.value.status) == (code, status)
