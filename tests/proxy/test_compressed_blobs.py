"""Compressed blobs: what is sealed, opens and is refused. The reader below follows docs/blob-format.md alone."""

import hashlib
import json
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import pytest
import zstandard
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.blob_format import (
    HEADER_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    BlobDamaged,
    BlobFormatUnknown,
    BlobUnreadable,
    Header,
    parse_header,
    sealed_size,
)
from proxy.buffers import BytesLike
from proxy.compression import PROBE_BYTES, Compressor
from proxy.opening import Opener, end_size, new_opener, open_blob
from proxy.sealing import Sealer, seal_blob
from proxy.segment_table import seal_tail, tail_size
from tests.proxy.texts import noise, reads


class Case(TypedDict):
    name: str
    plain_bytes: int
    plain_sha256: str
    contents: list[str | None]
    table: str
    tail: str
    sealed_bytes: int
    sealed_sha256: str


VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "blob-format-1-compressed.json").read_text())
CASES: list[Case] = VECTORS["cases"]
KEY = bytes.fromhex(VECTORS["data_key"])
HEADER = Header(VECTORS["blob_id"], bytes.fromhex(VECTORS["prefix"]))
COMPRESSED = Header(HEADER.blob_id, HEADER.prefix, is_compressed=True)
COMPRESSOR = Compressor()

# Text, then what doesn't compress, then text again: segments of both kinds.
BODY = reads(3 * SEGMENT_BYTES) + noise(2 * SEGMENT_BYTES + 99) + reads(3 * SEGMENT_BYTES, seed=2)


def near_segments(segments: int, distance: int) -> int:
    return max(0, segments * SEGMENT_BYTES + distance)


LENGTHS = st.builds(near_segments, st.integers(0, 6), st.integers(-2, 2)) | st.integers(0, len(BODY))


def read_by_the_page(key: bytes, sealed: bytes) -> bytes:
    """Open a compressed blob as the page says, with nothing of ours."""
    magic, version, flags, segment_bytes = struct.unpack(">8sBBI", sealed[:14])
    assert (magic, version, flags, segment_bytes) == (b"ARUNABLB", 1, 1, 65536)
    header, prefix, cipher = sealed[:37], sealed[30:37], AESGCM(key)
    (segments,) = struct.unpack(">I", sealed[-4:])
    tail = 8 + 2 * segments + 16 + 4
    table = cipher.decrypt(prefix + struct.pack(">IB", segments, 2), sealed[-tail:-4], header)
    plain_bytes, *lengths = struct.unpack(f">Q{segments}H", table)
    assert segments == -(-plain_bytes // 65536)
    plain, at = b"", 37
    for number, length in enumerate(lengths):
        end = at + length + 1 + 16
        content = cipher.decrypt(prefix + struct.pack(">IB", number, number == segments - 1), sealed[at:end], header)
        expected = min(65536, plain_bytes - len(plain))
        plain += content if len(content) == expected else zstandard.ZstdDecompressor().decompress(content)
        at = end
    assert (at, len(plain)) == (len(sealed) - tail, plain_bytes)
    return plain


class Given(Compressor):
    """Makes the frames that it was given, whatever the plaintext."""

    def __init__(self, frames: Sequence[bytes | None]) -> None:
        super().__init__()
        self._frames = list(frames)

    def is_promising(self, beginning: BytesLike) -> bool:
        return True

    def compress_small(self, plain: BytesLike) -> bytes | None:
        return self._frames.pop(0)

    def compress_segment(self, plain: BytesLike) -> bytes | None:
        return self._frames.pop(0)


def frames_of(case: Case) -> list[bytes | None]:
    return [None if content is None else bytes.fromhex(content) for content in case["contents"]]


def vector(case: Case) -> bytes:
    """Put the sealed blob of a case together from its contents and its tail, by the page."""
    sealed, count = bytes.fromhex(VECTORS["header"]), len(case["contents"])
    for number, frame in enumerate(frames_of(case)):
        length = min(65536, case["plain_bytes"] - 65536 * number)
        content = bytes((31 * i + 7) % 251 for i in range(length)) if frame is None else frame
        nonce = HEADER.prefix + struct.pack(">IB", number, number == count - 1)
        sealed += AESGCM(KEY).encrypt(nonce, content, bytes.fromhex(VECTORS["header"]))
    return sealed + bytes.fromhex(case["tail"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_documented_blobs_open(case: Case) -> None:
    sealed = vector(case)
    assert (len(sealed), hashlib.sha256(sealed).hexdigest()) == (case["sealed_bytes"], case["sealed_sha256"])
    assert sealed.hex() == VECTORS["cases"][CASES.index(case)].get("sealed", sealed.hex())

    plain = open_blob(KEY, HEADER.blob_id, sealed)

    assert (len(plain), hashlib.sha256(plain).hexdigest()) == (case["plain_bytes"], case["plain_sha256"])
    assert read_by_the_page(KEY, sealed) == plain


@pytest.mark.parametrize("case", CASES[:-1], ids=lambda case: case["name"])
def test_sealing_gives_the_bytes_that_the_documented_format_gives(case: Case) -> None:
    """The last case is one that this writer never makes: a small blob that isn't shorter stays as it is."""
    sealed = vector(case)
    plain = open_blob(KEY, HEADER.blob_id, sealed)

    assert seal_blob(KEY, HEADER, plain, Given(frames_of(case))) == sealed


@given(length=LENGTHS)
@example(length=len(BODY))
def test_what_is_sealed_opens_to_the_same_bytes_and_by_the_page_too(length: int) -> None:
    plain = BODY[:length]

    sealed = bytes(seal_blob(KEY, HEADER, plain, COMPRESSOR))

    assert open_blob(KEY, HEADER.blob_id, sealed) == plain
    if length > 4 * SEGMENT_BYTES:
        assert parse_header(HEADER.blob_id, sealed) == COMPRESSED
    if parse_header(HEADER.blob_id, sealed).is_compressed:
        assert read_by_the_page(KEY, sealed) == plain
        assert len(sealed) < sealed_size(length)
    else:
        assert sealed == seal_blob(KEY, HEADER, plain)


def test_text_takes_a_third_of_the_space() -> None:
    plain = reads(1 << 20)

    assert len(seal_blob(KEY, HEADER, plain, COMPRESSOR)) < 0.36 * len(plain)


@pytest.mark.parametrize("length", [0, 1, 10_000, SEGMENT_BYTES, PROBE_BYTES, PROBE_BYTES + 5])
def test_what_does_not_compress_has_the_same_bytes_as_without_a_compressor(length: int) -> None:
    plain = noise(length)

    assert seal_blob(KEY, HEADER, plain, COMPRESSOR) == seal_blob(KEY, HEADER, plain)


@given(length=LENGTHS, cuts=st.lists(st.integers(0, len(BODY)), max_size=6))
@example(length=len(BODY), cuts=[1, PROBE_BYTES - 1, PROBE_BYTES, PROBE_BYTES + 1])
@example(length=PROBE_BYTES, cuts=[PROBE_BYTES])
@example(length=PROBE_BYTES + 1, cuts=[PROBE_BYTES, PROBE_BYTES])
def test_pieces_of_any_size_seal_to_the_same_bytes(length: int, cuts: list[int]) -> None:
    plain = BODY[:length]
    borders = [0, *sorted(min(cut, length) for cut in cuts)]
    sealer, sealed = Sealer(KEY, HEADER, COMPRESSOR), b""

    for start, end in zip(borders, [*borders[1:], length], strict=True):
        output = memoryview(bytearray(sealer.room(end - start, is_last=False)))
        sealed += output[: sealer.seal_into(plain[start:end], output, is_last=False)]
    output = memoryview(bytearray(sealer.room(0, is_last=True)))
    sealed += output[: sealer.seal_into(b"", output, is_last=True)]

    assert sealed == seal_blob(KEY, HEADER, plain, COMPRESSOR)


SEALED = bytes(seal_blob(KEY, HEADER, BODY, COMPRESSOR))
TAIL_BYTES = tail_size(len(BODY))


def opener_of(sealed: bytes, plain_bytes: int) -> Opener:
    header = parse_header(HEADER.blob_id, sealed[:HEADER_BYTES])
    end = sealed[len(sealed) - end_size(header, plain_bytes) :]
    return new_opener(KEY, header, plain_bytes, len(sealed), end)


@given(start=st.integers(0, len(BODY) - 1), length=st.integers(1, len(BODY)))
@example(start=0, length=len(BODY))
def test_any_range_opens_from_its_own_segments_alone(start: int, length: int) -> None:
    taken = min(length, len(BODY) - start)
    opener = opener_of(SEALED, len(BODY))
    span = opener.span(start, taken)

    opened = opener.open(span, SEALED[span.start : span.start + span.length])

    assert opened == BODY[start : start + taken]
    assert span.first_segment == start // SEGMENT_BYTES
    assert len(span.ends) == (start + taken - 1) // SEGMENT_BYTES + 1 - span.first_segment
    assert span.length <= len(span.ends) * (SEGMENT_BYTES + TAG_BYTES)


SMALL_PLAIN = reads(5000)
SMALL = bytes(seal_blob(KEY, HEADER, SMALL_PLAIN, COMPRESSOR))


def test_a_flip_of_any_bit_of_a_small_blob_is_detected() -> None:
    assert SMALL[9] == 1

    for place in range(8 * len(SMALL)):
        flipped = bytearray(SMALL)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(BlobUnreadable, match=HEADER.blob_id):
            open_blob(KEY, HEADER.blob_id, flipped)


@given(place=st.integers(0, len(SEALED) - 1) | st.integers(len(SEALED) - TAIL_BYTES, len(SEALED) - 1), bit=st.data())
def test_a_flip_anywhere_in_a_large_blob_is_detected(place: int, bit: st.DataObject) -> None:
    flipped = bytearray(SEALED)
    flipped[place] ^= 1 << bit.draw(st.integers(0, 7))

    with pytest.raises(BlobUnreadable, match=HEADER.blob_id):
        open_blob(KEY, HEADER.blob_id, flipped)


@given(place=st.integers(len(SEALED) - TAIL_BYTES, len(SEALED) - 1), bit=st.integers(0, 7))
def test_a_flip_in_table_or_trailer_is_detected_before_any_range_is_read(place: int, bit: int) -> None:
    flipped = bytearray(SEALED)
    flipped[place] ^= 1 << bit

    with pytest.raises(BlobDamaged, match=f"blob {HEADER.blob_id}.*table"):
        opener_of(bytes(flipped), len(BODY))


@given(
    place=st.integers(0, len(SEALED) - 1),
    bit=st.integers(0, 7),
    start=st.integers(0, len(BODY) - 1),
    length=st.integers(1, 2 * SEGMENT_BYTES),
)
def test_a_range_of_a_damaged_blob_is_right_or_an_error_that_names_it(
    place: int, bit: int, start: int, length: int
) -> None:
    taken = min(length, len(BODY) - start)
    span = opener_of(SEALED, len(BODY)).span(start, taken)
    is_met = place < HEADER_BYTES or place >= len(SEALED) - TAIL_BYTES or 0 <= place - span.start < span.length
    flipped = bytearray(SEALED)
    flipped[place] ^= 1 << bit

    def opened() -> memoryview:
        return opener_of(bytes(flipped), len(BODY)).open(span, flipped[span.start : span.start + span.length])

    if is_met:
        with pytest.raises(BlobUnreadable, match=HEADER.blob_id):
            opened()
    else:
        assert opened() == BODY[start : start + taken]


@given(kept=st.integers(0, len(SEALED) - 1) | st.integers(len(SEALED) - TAIL_BYTES, len(SEALED) - 1))
def test_a_cut_anywhere_is_detected(kept: int) -> None:
    with pytest.raises(BlobDamaged, match=HEADER.blob_id):
        open_blob(KEY, HEADER.blob_id, SEALED[:kept])


@given(at=st.integers(0, len(SEALED)), added=st.binary(min_size=1, max_size=70_000))
@example(at=len(SEALED), added=b"\0")
@example(at=len(SEALED) - TAIL_BYTES, added=bytes(TAG_BYTES + 1))
@example(at=HEADER_BYTES, added=b"\0")
def test_bytes_that_were_put_in_anywhere_are_detected(at: int, added: bytes) -> None:
    with pytest.raises(BlobUnreadable):
        open_blob(KEY, HEADER.blob_id, SEALED[:at] + added + SEALED[at:])


def pieces_of(sealed: bytes) -> tuple[list[bytes], bytes]:
    """The sealed segments of a compressed blob, and its tail."""
    layout_end = len(sealed) - tail_size(len(BODY))
    opener = opener_of(sealed, len(BODY))
    starts = [opener.span(at, 1).start for at in range(0, len(BODY), SEGMENT_BYTES)]
    return [sealed[a:b] for a, b in zip(starts, [*starts[1:], layout_end], strict=True)], sealed[layout_end:]


# All segments of one length, so that the table fits them in any order.
EVEN_PLAIN = bytes(4 * SEGMENT_BYTES)
EVEN = bytes(seal_blob(KEY, HEADER, EVEN_PLAIN, COMPRESSOR))
EVEN_SEGMENT = (len(EVEN) - HEADER_BYTES - tail_size(len(EVEN_PLAIN))) // 4


def even(sealed: bytes) -> list[bytes]:
    """Four segments and the tail."""
    ends = [HEADER_BYTES + n * EVEN_SEGMENT for n in range(5)]
    return [sealed[ends[n] : ends[n + 1]] for n in range(4)] + [sealed[ends[4] :]]


OTHER = even(bytes(seal_blob(KEY, Header("c2" * 16, HEADER.prefix), EVEN_PLAIN, COMPRESSOR)))
LATER = even(bytes(seal_blob(KEY, Header(HEADER.blob_id, b"another"), EVEN_PLAIN, COMPRESSOR)))
THREE = bytes(seal_blob(KEY, HEADER, EVEN_PLAIN[: 3 * SEGMENT_BYTES], COMPRESSOR))
A, B, C, D, TAIL = even(EVEN)


@pytest.mark.parametrize(
    "pieces",
    [
        [B, A, C, D, TAIL],
        [A, B, D, C, TAIL],
        [A, A, C, D, TAIL],
        [A, B, D, TAIL],
        [A, B, C, TAIL],
        [A, B, C, D],
        [A, B, C, D, TAIL, TAIL],
        [A, B, C, D, D, TAIL],
        [TAIL, A, B, C, D],
        [OTHER[0], B, C, D, TAIL],
        [A, B, C, OTHER[3], TAIL],
        [A, B, C, D, OTHER[4]],
        [A, B, C, D, LATER[4]],
        [A, LATER[1], C, D, TAIL],
        OTHER,
        [A, B, C, D, THREE[-tail_size(3 * SEGMENT_BYTES) :]],
        [A, B, C, D, TAIL[:-4] + bytes([0, 0, 0, 3])],
        [A, B, C, D, TAIL[:-4] + bytes([255, 255, 255, 255])],
        [A, B, C, D, TAIL[:-4] + bytes(4)],
    ],
    ids=[
        "swapped",
        "the last swapped",
        "repeated",
        "one left out",
        "the last left out",
        "no table",
        "two tables",
        "the last repeated",
        "the table first",
        "the first of another blob",
        "the last of another blob",
        "the table of another blob",
        "the table of an earlier writing with the same key",
        "one of an earlier writing with the same key",
        "all of another blob",
        "the table of a shorter blob with the same key",
        "a trailer of fewer segments",
        "a trailer of more segments than there can be",
        "a trailer of none",
    ],
)
def test_pieces_that_are_not_the_blobs_own_in_order_are_detected(pieces: list[bytes]) -> None:
    assert open_blob(KEY, HEADER.blob_id, COMPRESSED.pack() + b"".join([A, B, C, D, TAIL])) == EVEN_PLAIN

    with pytest.raises(BlobDamaged, match=HEADER.blob_id):
        open_blob(KEY, HEADER.blob_id, COMPRESSED.pack() + b"".join(pieces))


def test_a_trailer_of_more_segments_than_fit_says_so_before_any_memory_is_taken() -> None:
    with pytest.raises(BlobDamaged, match="its table can't have 4294967295 segments"):
        open_blob(KEY, HEADER.blob_id, EVEN[:-4] + bytes([255, 255, 255, 255]))


def test_pieces_come_apart_and_together() -> None:
    segments, tail = pieces_of(SEALED)

    assert COMPRESSED.pack() + b"".join(segments) + tail == SEALED
    assert len(segments) == -(-len(BODY) // SEGMENT_BYTES)


def test_a_blob_is_not_taken_for_the_other_kind() -> None:
    plain, compressed = bytearray(seal_blob(KEY, HEADER, BODY)), bytearray(SEALED)
    plain[9], compressed[9] = 1, 0

    for sealed in (plain, compressed):
        with pytest.raises(BlobDamaged, match=HEADER.blob_id):
            open_blob(KEY, HEADER.blob_id, sealed)


@pytest.mark.parametrize("flags", [2, 3, 0x80, 0xFF])
def test_unknown_flags_beside_compression_are_named(flags: int) -> None:
    sealed = bytearray(SMALL)
    sealed[9] = flags

    with pytest.raises(BlobFormatUnknown, match=f"flags {flags:#04x}"):
        open_blob(KEY, HEADER.blob_id, sealed)


@pytest.mark.parametrize("plain_bytes", [len(BODY) - 1, len(BODY) + 1])
def test_another_length_than_the_graph_has_is_named(plain_bytes: int) -> None:
    with pytest.raises(BlobDamaged, match=f"holds {len(BODY)} bytes, {plain_bytes} were written"):
        opener_of(SEALED, plain_bytes)


def forged(contents: list[bytes], plain_bytes: int, lengths: list[int] | None = None) -> bytes:
    """A blob that its own key's holder made wrongly: every tag verifies."""
    header, cipher = COMPRESSED.pack(), AESGCM(KEY)
    sealed = header
    for number, content in enumerate(contents):
        nonce = HEADER.prefix + struct.pack(">IB", number, number == len(contents) - 1)
        sealed += cipher.encrypt(nonce, content, header)
    table = struct.pack(">Q", plain_bytes)
    table += b"".join(struct.pack(">H", length - 1) for length in lengths or [len(content) for content in contents])
    nonce = HEADER.prefix + struct.pack(">IB", len(contents), 2)
    return sealed + cipher.encrypt(nonce, table, header) + struct.pack(">I", len(contents))


FRAME = zstandard.ZstdCompressor(1).compress(bytes(SEGMENT_BYTES))
BOMB = zstandard.ZstdCompressor(1).compress(bytes(1 << 26))


@pytest.mark.parametrize(
    ("sealed", "message"),
    [
        (forged([BOMB], SEGMENT_BYTES), "holds 67108864 of 65536"),
        (forged([FRAME, BOMB], 2 * SEGMENT_BYTES), "holds 67108864 of 65536"),
        (forged([FRAME], SEGMENT_BYTES - 1), "holds 65536 of 65535"),
        (forged([FRAME], SEGMENT_BYTES + 1), "1 segments for 65537 bytes"),
        (forged([FRAME, FRAME], SEGMENT_BYTES), "2 segments for 65536 bytes"),
        (forged([FRAME], 1 << 60), "1 segments for"),
        (forged([b"x"], 0), "1 segments for 0 bytes"),
        (forged([], 0), "0 segments for 0 bytes|ends within"),
        (forged([b"longer"], 5), "last segment is longer"),
        (forged([b"shorter"], 50), "frame"),
        (forged([FRAME], SEGMENT_BYTES, [len(FRAME) + 1]), "its table"),
        (forged([FRAME, FRAME], 2 * SEGMENT_BYTES, [len(FRAME) - 1, len(FRAME) + 1]), "segment 0 fails its tag"),
    ],
)
def test_a_blob_that_was_made_wrongly_is_refused(sealed: bytes, message: str) -> None:
    with pytest.raises(BlobDamaged, match=f"blob {HEADER.blob_id}.*({message})"):
        open_blob(KEY, HEADER.blob_id, sealed)


def test_no_nonce_of_a_table_is_one_of_a_segment() -> None:
    """Whatever the numbers: a table sealed where a segment should be doesn't open, nor the other way round."""
    cipher = AESGCM(KEY)
    tail = seal_tail(cipher, COMPRESSED, SEGMENT_BYTES, array("H", [9]))
    as_segment = COMPRESSED.pack() + tail[:-4] + seal_tail(cipher, COMPRESSED, 10, array("H", [9]))

    with pytest.raises(BlobDamaged, match="segment 0 fails its tag"):
        open_blob(KEY, HEADER.blob_id, as_segment)


def test_a_compressed_blob_of_many_segments_has_a_table_of_two_bytes_each() -> None:
    sealer, written = Sealer(KEY, HEADER, COMPRESSOR), 0
    zeros, count = bytes(1 << 20), 40

    for number in range(count):
        output = memoryview(bytearray(sealer.room(len(zeros), is_last=number == count - 1)))
        written += sealer.seal_into(zeros, output, is_last=number == count - 1)

    frame = len(zstandard.ZstdCompressor(1).compress(bytes(SEGMENT_BYTES)))
    assert written == HEADER_BYTES + 16 * count * (frame + TAG_BYTES) + 8 + 2 * 16 * count + TAG_BYTES + 4
