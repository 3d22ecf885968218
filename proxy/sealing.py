"""Seals a blob's bytes: plaintext in pieces of any size -> the bytes that are stored. Pure: no file, no network.

Source: docs/blob-format.md; the layout is in proxy/blob_format.py and proxy/segment_table.py.
"""

from array import array
from dataclasses import replace

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.blob_format import (
    HEADER_BYTES,
    KIND_LAST_SEGMENT,
    KIND_SEGMENT,
    SEGMENT_BYTES,
    SEGMENTS_MAX,
    TAG_BYTES,
    Header,
    new_nonce,
    sealed_size,
    set_nonce,
)
from proxy.buffers import BytesLike
from proxy.compression import PROBE_BYTES, Compressor
from proxy.segment_table import COMPRESSED_SEGMENTS_MAX, seal_tail, tail_size


class Sealer:
    """Seals one blob, fed with pieces of any size in order. One data key seals one blob, once.

    With a compressor, the beginning of the blob decides whether it is compressed: up to 256 KiB are held back until
    then. Which segment is the last is only known at the end, so up to one segment of plaintext is held back later too.
    """

    def __init__(self, data_key: bytes, header: Header, compressor: Compressor | None = None) -> None:
        assert not header.is_compressed, "the beginning of the blob decides that"
        self._cipher = AESGCM(data_key)
        self._header = header
        self._associated = header.pack()
        self._nonce = new_nonce(header.prefix)
        self._compressor = compressor  # none once it is decided that it doesn't help
        self._first_frame: bytes | None = None
        self._content_lengths = array("H")  # less one; of a compressed blob
        self._held = bytearray()
        self._counter = 0
        self._has_begun = False
        self._has_ended = False

    def room(self, length: int, *, is_last: bool) -> int:
        """How large an output one call with `length` bytes may need."""
        taken = len(self._held) + length
        tail = tail_size(self._counter * SEGMENT_BYTES + taken) if is_last and self._compressor is not None else 0
        return sealed_size(taken) + TAG_BYTES + tail

    def seal_into(self, data: BytesLike, output: memoryview, *, is_last: bool) -> int:
        """Write the sealed bytes that are certain now into `output`, and answer how many they are.

        `output` has at least `room(len(data), is_last=is_last)` bytes. Nothing may follow the call that is last; it
        may bring no bytes.
        """
        assert not self._has_ended, "nothing follows the last segment"
        self._has_ended = is_last
        view = memoryview(data)
        written = position = 0
        if not self._has_begun:
            if self._compressor is not None:
                if not is_last and len(self._held) + len(view) < PROBE_BYTES:
                    self._held += view
                    return 0
                if self._held:
                    view, self._held = memoryview(self._held + view), bytearray()
                self._decide(self._compressor, view[:PROBE_BYTES])
            output[:HEADER_BYTES] = self._associated
            written, self._has_begun = HEADER_BYTES, True
        if self._held and len(self._held) + len(view) > SEGMENT_BYTES:
            position = SEGMENT_BYTES - len(self._held)
            self._held += view[:position]
            written = self._seal(self._held, output, written, KIND_SEGMENT)
            self._held = bytearray()
        if not self._held:
            while len(view) - position > SEGMENT_BYTES:
                written = self._seal(view[position : position + SEGMENT_BYTES], output, written, KIND_SEGMENT)
                position += SEGMENT_BYTES
        if not is_last:
            self._held += view[position:]
            return written
        rest = self._held + view[position:] if self._held else view[position:]
        written = self._seal(rest, output, written, KIND_LAST_SEGMENT)
        return self._end(output, written, (self._counter - 1) * SEGMENT_BYTES + len(rest))

    def _decide(self, compressor: Compressor, beginning: memoryview) -> None:
        """Compress this blob or leave it as it is, judged by its beginning: 256 KiB, or all of a shorter one."""
        if len(beginning) <= SEGMENT_BYTES:
            self._first_frame = compressor.compress_small(beginning)
            is_compressed = self._first_frame is not None
        else:
            is_compressed = compressor.is_promising(beginning)
        if is_compressed:
            self._header = replace(self._header, is_compressed=True)
            self._associated = self._header.pack()
        else:
            self._compressor = None

    def _seal(self, segment: BytesLike, output: memoryview, at: int, kind: int) -> int:
        """Seal one segment into `output` at a place and answer the place behind it."""
        assert self._counter < SEGMENTS_MAX, "a blob has at most 2**32 segments: 256 TiB"
        content = segment
        if self._compressor is not None:
            assert self._counter < COMPRESSED_SEGMENTS_MAX, "a compressed blob has at most 2**29 segments: 32 TiB"
            frame, self._first_frame = self._first_frame or self._compressor.compress_segment(segment), None
            content = segment if frame is None else frame
            self._content_lengths.append(len(content) - 1)
        set_nonce(self._nonce, self._counter, kind)
        end = at + len(content) + TAG_BYTES
        self._cipher.encrypt_into(self._nonce, content, self._associated, output[at:end])
        self._counter += 1
        return end

    def _end(self, output: memoryview, at: int, plain_bytes: int) -> int:
        """Write the table behind the last segment if the blob is compressed, and answer the place behind it."""
        if self._compressor is None:
            return at
        tail = seal_tail(self._cipher, self._header, plain_bytes, self._content_lengths)
        output[at : at + len(tail)] = tail
        return at + len(tail)


def seal_blob(data_key: bytes, header: Header, plain: BytesLike, compressor: Compressor | None = None) -> bytearray:
    """Seal a whole blob that is in memory."""
    sealer = Sealer(data_key, header, compressor)
    sealed = bytearray(sealer.room(len(plain), is_last=True))
    written = sealer.seal_into(plain, memoryview(sealed), is_last=True)
    del sealed[written:]
    return sealed
