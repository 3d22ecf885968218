"""zstd for the segments of a blob: whether it helps, and the frames. Which level and when to try are not of the format.

Level 1, because level 3 makes FASTQ-like text only 1 % smaller at 60 % of the speed. Where it doesn't help it costs
hardly anything: it takes in random bytes about as quickly as the cipher does. So no list of file types is kept: gzip,
BAM, PNG and their like are found out by trying.

Source: RFC 8878; storage.md ("Compression") of the specification; decision 0021 has the figures.
"""

import threading
from typing import Final

import zstandard

from proxy.blob_format import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES, BlobDamaged, sealed_size
from proxy.buffers import BytesLike
from proxy.segment_table import tail_size

PROBE_BYTES: Final = 4 * SEGMENT_BYTES

_LEVEL: Final = 1
_SAMPLES: Final = 4
_SAMPLE_BYTES: Final = 4096
_KEPT_OF_BLOB_MAX: Final = 0.9  # it is to save a tenth, for what opening it costs from then on
_KEPT_OF_SEGMENT_MAX: Final = 63 / 64
_DISK_BLOCK_BYTES: Final = 4096


class Compressor:
    """Compresses segments; safe in any thread, each of which has a compressor of its own that is used again."""

    def __init__(self) -> None:
        self._local = threading.local()

    def is_promising(self, beginning: BytesLike) -> bool:
        """Whether a blob of several segments that begins like this should be compressed, judged by samples of it."""
        view = memoryview(beginning)
        starts = [number * len(view) // _SAMPLES for number in range(_SAMPLES)]
        sample = b"".join(view[start : start + _SAMPLE_BYTES] for start in starts)
        return len(self._frame(sample)) <= _KEPT_OF_BLOB_MAX * len(sample)

    def compress_small(self, plain: BytesLike) -> bytes | None:
        """Frame of a blob that is one segment; None if sealing it compressed doesn't save a tenth of its disk blocks.

        So nothing of up to 4043 bytes is compressed, nor even tried: it takes one block anyway.
        """
        plain_blocks = _disk_blocks(sealed_size(len(plain)))
        if plain_blocks == 1:
            return None
        frame = self._frame(plain)
        blocks = _disk_blocks(HEADER_BYTES + len(frame) + TAG_BYTES + tail_size(len(plain)))
        return frame if blocks <= _KEPT_OF_BLOB_MAX * plain_blocks else None

    def compress_segment(self, plain: BytesLike) -> bytes | None:
        """Frame of one segment of a compressed blob; None if it is hardly shorter than the segment itself."""
        frame = self._frame(plain)
        return frame if len(frame) <= _KEPT_OF_SEGMENT_MAX * len(plain) else None

    def _frame(self, plain: BytesLike) -> bytes:
        """One zstd frame that says how long its content is, without a checksum: the tag is one."""
        compressor: zstandard.ZstdCompressor | None = getattr(self._local, "compressor", None)
        if compressor is None:
            compressor = self._local.compressor = zstandard.ZstdCompressor(_LEVEL)  # dear: 10 µs
        return compressor.compress(plain)


class Decompressor:
    """Opens the frames of one blob, in one thread at a time."""

    def __init__(self, blob_id: str) -> None:
        self._blob_id = blob_id
        self._decompressor = zstandard.ZstdDecompressor()

    def fill(self, output: memoryview, frame: BytesLike) -> None:
        """Fill `output` with the content of a frame, which must have exactly this length.

        A frame that says it holds more is refused before memory is taken for it.
        Raises: BlobDamaged.
        """
        try:
            content_bytes = zstandard.frame_content_size(frame)
            if content_bytes != len(output):
                raise BlobDamaged(
                    f"blob {self._blob_id}: a frame says that it holds {content_bytes} of {len(output)} bytes"
                )
            output[:] = self._decompressor.decompress(frame, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise BlobDamaged(f"blob {self._blob_id}: a frame can't be decompressed: {error}") from error


def _disk_blocks(length: int) -> int:
    return -(-length // _DISK_BLOCK_BYTES)
