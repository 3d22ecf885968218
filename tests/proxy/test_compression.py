import base64
import bz2
import gzip
import lzma
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from proxy.blob_format import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES, BlobDamaged, sealed_size
from proxy.compression import PROBE_BYTES, Compressor, Decompressor
from proxy.segment_table import tail_size
from tests.proxy.texts import noise, reads

TEXT = reads(8 * SEGMENT_BYTES)
NOISE = noise(8 * SEGMENT_BYTES)
COMPRESSOR = Compressor()


def opened(frame: bytes, length: int) -> bytes:
    output = memoryview(bytearray(length))
    Decompressor("ab" * 16).fill(output, frame)
    return bytes(output)


def disk_blocks(length: int) -> int:
    return -(-length // 4096)


@pytest.mark.parametrize("length", [SEGMENT_BYTES + 1, 100_000, PROBE_BYTES])
def test_text_is_promising_and_noise_is_not(length: int) -> None:
    assert COMPRESSOR.is_promising(TEXT[:length])
    assert not COMPRESSOR.is_promising(NOISE[:length])


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(TEXT, 6),
        bz2.compress(TEXT),
        lzma.compress(TEXT, preset=0),
        zstandard.ZstdCompressor(3).compress(TEXT),
        b"".join(gzip.compress(TEXT[at : at + 65_280], 6) for at in range(0, len(TEXT), 65_280)),
        zlib.compress(TEXT, 9),
    ],
    ids=["gzip", "bzip2", "xz", "zstd", "gzip in blocks, as BAM", "zlib, as PNG"],
)
def test_what_is_compressed_already_is_found_out_by_trying(packed: bytes) -> None:
    assert len(packed) > SEGMENT_BYTES
    assert not COMPRESSOR.is_promising(packed[:PROBE_BYTES])


def test_a_beginning_that_is_a_header_before_noise_does_not_deceive() -> None:
    assert not COMPRESSOR.is_promising(bytes(1000) + NOISE[: PROBE_BYTES - 1000])


def test_text_behind_a_beginning_of_noise_is_still_found() -> None:
    assert COMPRESSOR.is_promising(NOISE[:4096] + TEXT[: PROBE_BYTES - 4096])


@given(length=st.integers(0, SEGMENT_BYTES), is_text=st.booleans())
def test_a_small_blob_is_compressed_only_where_that_saves_a_tenth_of_its_disk_blocks(
    length: int, *, is_text: bool
) -> None:
    plain = (TEXT if is_text else NOISE)[:length]

    frame = COMPRESSOR.compress_small(plain)

    before = disk_blocks(sealed_size(length))
    if frame is not None:
        after = disk_blocks(HEADER_BYTES + len(frame) + TAG_BYTES + tail_size(length))
        assert after <= 0.9 * before
        assert opened(frame, length) == plain
    else:
        assert not is_text or length < 10_000 or before == 1


@pytest.mark.parametrize("length", [0, 1, 1000, 4043])
def test_what_takes_one_disk_block_is_left_as_it_is(length: int) -> None:
    assert COMPRESSOR.compress_small(bytes(length)) is None
    assert COMPRESSOR.compress_small(bytes(4044)) is not None


@pytest.mark.parametrize("text_bytes", [0, 500, 3000, 30_000, SEGMENT_BYTES])
def test_a_segment_becomes_a_frame_only_where_that_is_shorter(text_bytes: int) -> None:
    plain = TEXT[:text_bytes] + NOISE[: SEGMENT_BYTES - text_bytes]

    frame = COMPRESSOR.compress_segment(plain)

    if frame is None:
        assert text_bytes < 3000
    else:
        assert len(frame) <= SEGMENT_BYTES - SEGMENT_BYTES // 64
        assert opened(frame, SEGMENT_BYTES) == plain


def test_sixteen_threads_share_a_compressor() -> None:
    segments = [TEXT[at : at + SEGMENT_BYTES] for at in range(0, len(TEXT), SEGMENT_BYTES)]

    with ThreadPoolExecutor(16) as pool:
        frames = list(pool.map(COMPRESSOR.compress_segment, segments * 16))

    assert [opened(frame or b"", SEGMENT_BYTES) for frame in frames] == segments * 16


FRAME = zstandard.ZstdCompressor(1).compress(TEXT[:1000])
BOMB = zstandard.ZstdCompressor(1).compress(bytes(1 << 28))  # 8 KiB that open to 256 MiB
NAMELESS = zstandard.ZstdCompressor(1, write_content_size=False).compress(TEXT[:1000])
SKIPPED = bytes.fromhex("502a4d18") + (4).to_bytes(4, "little") + b"skip"


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"", "frame"),
        (b"no frame at all", "frame"),
        (FRAME[:-1], "decompressed"),
        (FRAME + b"more", "decompressed"),
        (FRAME + FRAME, "decompressed"),
        (FRAME[:20] + bytes(len(FRAME) - 20), "decompressed"),
        (zstandard.ZstdCompressor(1).compress(TEXT[:999]), "holds 999 of 1000"),
        (zstandard.ZstdCompressor(1).compress(TEXT[:1001]), "holds 1001 of 1000"),
        (NAMELESS, "of 1000 bytes"),
        (SKIPPED + FRAME, "of 1000 bytes"),
        (BOMB, "holds 268435456 of 1000"),
        (FRAME[:4] + bytes([0xA0]) + (1000).to_bytes(4, "little") + BOMB[9:], "decompressed"),
    ],
    ids=[
        "empty",
        "no frame",
        "cut",
        "continued",
        "two frames",
        "broken",
        "one byte less",
        "one byte more",
        "of unknown length",
        "a skippable frame before it",
        "a bomb",
        "a bomb that says it is small",
    ],
)
def test_a_frame_that_is_not_exactly_the_segment_is_refused(frame: bytes, message: str) -> None:
    with pytest.raises(BlobDamaged, match=f"blob {'ab' * 16}.*{message}"):
        opened(frame, 1000)


def test_base64_of_noise_is_compressed() -> None:
    """It is a quarter longer than it need be, and nothing in its letters repeats."""
    assert COMPRESSOR.is_promising(base64.b64encode(NOISE)[:PROBE_BYTES])
