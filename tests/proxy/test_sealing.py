import hashlib
import json
import random
from pathlib import Path

import pytest
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
    plain_size,
    sealed_size,
)
from proxy.opening import Opener, new_opener, open_blob
from proxy.sealing import Sealer, seal_blob

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "blob-format-1.json").read_text())
KEY = bytes.fromhex(VECTORS["data_key"])
HEADER = Header(VECTORS["blob_id"], bytes.fromhex(VECTORS["prefix"]))
SEALED_SEGMENT_BYTES = SEGMENT_BYTES + TAG_BYTES


def near_segments(segments: int, distance: int) -> int:
    return max(0, segments * SEGMENT_BYTES + distance)


# Lengths at and around the borders of segments, and any other.
LENGTHS = st.builds(near_segments, st.integers(0, 4), st.integers(-2, 2)) | st.integers(0, 5 * SEGMENT_BYTES)


def pattern(length: int) -> bytes:
    return bytes((31 * i + 7) % 251 for i in range(min(length, 251))) * (length // 251 + 1)


def plaintext(length: int) -> bytes:
    return pattern(length)[:length]


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: str(case["plain_bytes"]))
def test_sealing_gives_the_bytes_that_the_documented_format_gives(case: dict[str, str | int | list[str]]) -> None:
    plain = plaintext(int(str(case["plain_bytes"])))
    assert hashlib.sha256(plain).hexdigest() == case["plain_sha256"]

    sealed = seal_blob(KEY, HEADER, plain)

    assert len(sealed) == case["sealed_bytes"]
    assert hashlib.sha256(sealed).hexdigest() == case["sealed_sha256"]
    ends = [min(HEADER_BYTES + (n + 1) * SEALED_SEGMENT_BYTES, len(sealed)) for n in range(len(case["tags"]))]  # pyright: ignore[reportArgumentType]  a list
    assert [sealed[end - TAG_BYTES : end].hex() for end in ends] == case["tags"]
    if "sealed" in case:
        assert sealed.hex() == case["sealed"]
    assert open_blob(KEY, HEADER.blob_id, sealed) == plain


def test_the_header_has_the_documented_bytes() -> None:
    assert HEADER.pack().hex() == VECTORS["header"]


@given(length=LENGTHS, cuts=st.lists(st.integers(0, 5 * SEGMENT_BYTES), max_size=6))
@example(length=2 * SEGMENT_BYTES, cuts=[SEGMENT_BYTES])
@example(length=3 * SEGMENT_BYTES, cuts=[1, SEGMENT_BYTES + 1, 2 * SEGMENT_BYTES + 1])
def test_pieces_of_any_size_seal_to_the_same_bytes(length: int, cuts: list[int]) -> None:
    plain = plaintext(length)
    borders = [0, *sorted(min(cut, length) for cut in cuts)]
    sealer, sealed = Sealer(KEY, HEADER), b""

    for start, end in zip(borders, [*borders[1:], length], strict=True):
        output = memoryview(bytearray(sealer.room(end - start, is_last=False)))
        sealed += output[: sealer.seal_into(plain[start:end], output, is_last=False)]
    output = memoryview(bytearray(sealer.room(0, is_last=True)))
    sealed += output[: sealer.seal_into(b"", output, is_last=True)]

    assert sealed == seal_blob(KEY, HEADER, plain)


def opener_of(sealed: bytes | bytearray, length: int) -> Opener:
    """Opener of a sealed blob that isn't compressed, from its header alone."""
    return new_opener(KEY, parse_header(HEADER.blob_id, sealed[:HEADER_BYTES]), length, sealed_size(length), b"")


@given(length=LENGTHS, data=st.data())
def test_any_range_opens_from_its_own_segments_alone(length: int, data: st.DataObject) -> None:
    plain = plaintext(length)
    sealed = seal_blob(KEY, HEADER, plain)
    start = data.draw(st.integers(0, max(0, length - 1)), label="start")
    taken = data.draw(st.integers(min(1, length), length - start), label="length")

    opener = opener_of(sealed, length)
    span = opener.span(start, taken)
    opened = opener.open(span, sealed[span.start : span.start + span.length])

    assert opened == plain[start : start + taken]
    assert span.length <= taken + 2 * SEGMENT_BYTES + (taken // SEGMENT_BYTES + 2) * TAG_BYTES


@given(length=LENGTHS)
def test_the_two_lengths_lead_to_each_other(length: int) -> None:
    sealed = seal_blob(KEY, HEADER, plaintext(length))

    assert (sealed_size(length), plain_size(len(sealed))) == (len(sealed), length)


@pytest.mark.parametrize(
    "sealed_bytes",
    [
        0,
        HEADER_BYTES,
        HEADER_BYTES + TAG_BYTES - 1,
        sealed_size(SEGMENT_BYTES) + 1,
        sealed_size(SEGMENT_BYTES) + TAG_BYTES,
        sealed_size(3 * SEGMENT_BYTES) + 5,
    ],
)
def test_a_length_that_no_sealed_blob_has_is_refused(sealed_bytes: int) -> None:
    with pytest.raises(BlobDamaged, match="cut or has grown"):
        plain_size(sealed_bytes)


def test_a_flip_of_any_bit_of_a_small_blob_is_detected() -> None:
    sealed = seal_blob(KEY, HEADER, b"sixteen bytes...")

    for place in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[place // 8] ^= 1 << place % 8
        with pytest.raises(BlobUnreadable, match=HEADER.blob_id):
            open_blob(KEY, HEADER.blob_id, flipped)


@given(
    length=st.integers(SEGMENT_BYTES, 3 * SEGMENT_BYTES), place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7)
)
def test_a_flip_anywhere_in_a_large_blob_is_detected(length: int, place: float, bit: int) -> None:
    sealed = seal_blob(KEY, HEADER, plaintext(length))
    sealed[int(place * len(sealed))] ^= 1 << bit

    with pytest.raises(BlobUnreadable):
        open_blob(KEY, HEADER.blob_id, sealed)


@given(length=st.integers(0, 3 * SEGMENT_BYTES), kept=st.floats(0, 1, exclude_max=True))
def test_a_cut_anywhere_is_detected(length: int, kept: float) -> None:
    sealed = seal_blob(KEY, HEADER, plaintext(length))

    with pytest.raises(BlobDamaged):
        open_blob(KEY, HEADER.blob_id, sealed[: int(kept * len(sealed))])


def segments_of(sealed: bytes | bytearray) -> list[bytes]:
    body = bytes(sealed[HEADER_BYTES:])
    return [body[i : i + SEALED_SEGMENT_BYTES] for i in range(0, len(body), SEALED_SEGMENT_BYTES)]


FOUR = segments_of(seal_blob(KEY, HEADER, plaintext(4 * SEGMENT_BYTES)))
OTHER = segments_of(seal_blob(KEY, Header("c2" * 16, HEADER.prefix), plaintext(4 * SEGMENT_BYTES)))
LATER = segments_of(seal_blob(KEY, Header(HEADER.blob_id, b"another"), plaintext(4 * SEGMENT_BYTES)))


@pytest.mark.parametrize(
    "segments",
    [
        [FOUR[1], FOUR[0], FOUR[2], FOUR[3]],
        [FOUR[0], FOUR[1], FOUR[3], FOUR[2]],
        [FOUR[0], FOUR[0], FOUR[2], FOUR[3]],
        [FOUR[0], FOUR[1], FOUR[3]],
        [FOUR[0], FOUR[1], FOUR[2]],
        [*FOUR, FOUR[3]],
        [*FOUR, FOUR[0]],
        [*FOUR, seal_blob(KEY, HEADER, b"")[HEADER_BYTES:]],
        [OTHER[0], *FOUR[1:]],
        [*FOUR[:3], OTHER[3]],
        OTHER,
        [FOUR[0], LATER[1], *FOUR[2:]],
    ],
    ids=[
        "swapped",
        "the last swapped",
        "repeated",
        "one left out",
        "cut at a border",
        "the last repeated",
        "continued",
        "an empty one behind",
        "the first of another blob",
        "the last of another blob",
        "all of another blob",
        "one of an earlier writing with the same key",
    ],
)
def test_segments_that_are_not_the_blobs_own_in_order_are_detected(segments: list[bytes]) -> None:
    assert open_blob(KEY, HEADER.blob_id, HEADER.pack() + b"".join(FOUR)) == plaintext(4 * SEGMENT_BYTES)

    with pytest.raises(BlobDamaged):
        open_blob(KEY, HEADER.blob_id, HEADER.pack() + b"".join(segments))


def test_a_blob_cut_at_a_border_is_detected_by_a_range_before_the_cut_that_knows_the_shorter_length() -> None:
    sealed = HEADER.pack() + b"".join(FOUR[:2])
    opener = opener_of(sealed, 2 * SEGMENT_BYTES)
    span = opener.span(SEGMENT_BYTES, 10)

    with pytest.raises(BlobDamaged, match="segment 1 fails"):
        opener.open(span, sealed[span.start :])


def test_another_length_in_the_graph_than_was_sealed_is_told() -> None:
    header = parse_header(HEADER.blob_id, seal_blob(KEY, HEADER, b"plain"))

    with pytest.raises(BlobDamaged, match=f"blob {HEADER.blob_id} has 58 bytes, not those for 6"):
        new_opener(KEY, header, 6, sealed_size(5), b"")


def test_another_blobs_bytes_under_this_name_are_named() -> None:
    with pytest.raises(BlobDamaged, match=f"blob {'c2' * 16} are those of blob {HEADER.blob_id}"):
        open_blob(KEY, "c2" * 16, seal_blob(KEY, HEADER, b"plain"))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(BlobDamaged, match="segment 0 fails its tag"):
        open_blob(bytes(32), HEADER.blob_id, seal_blob(KEY, HEADER, b"plain"))


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [(8, 2, "version 2"), (9, 2, "flags 0x02"), (9, 0x81, "flags 0x81"), (12, 1, "segments of 65792 bytes")],
)
def test_an_unknown_version_flag_or_segment_size_is_named(place: int, value: int, message: str) -> None:
    sealed = seal_blob(KEY, HEADER, b"plain")
    sealed[place] = value

    with pytest.raises(BlobFormatUnknown, match=message):
        open_blob(KEY, HEADER.blob_id, sealed)


def test_equal_bytes_under_fresh_keys_have_nothing_in_common() -> None:
    source = random.Random(7)
    first, second = (seal_blob(source.randbytes(32), HEADER, plaintext(100)) for _ in range(2))

    assert first[HEADER_BYTES:] != second[HEADER_BYTES:]


def test_nothing_follows_the_last_segment() -> None:
    sealer = Sealer(KEY, HEADER)
    output = memoryview(bytearray(1000))
    sealer.seal_into(b"all", output, is_last=True)

    with pytest.raises(AssertionError, match="nothing follows"):
        sealer.seal_into(b"more", output, is_last=True)
