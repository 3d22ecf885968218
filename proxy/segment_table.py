"""The end of a compressed blob: the sealed table of its segments' lengths, and the trailer that says how long it is.

tail = sealed table ‖ trailer. table = 8-byte length of the plaintext, then for each segment 2 bytes: the length of what
was encrypted (frame or plaintext, without the tag) less one; all big-endian. It is sealed as one AES-256-GCM message:
ciphertext, 16-byte tag; nonce = prefix, number of segments (4 bytes), 1 byte that is 2; the header is its associated
data. trailer = number of segments, 4 bytes, in clear: one that was altered leads to a nonce whose tag doesn't verify.

Source: docs/blob-format.md ("Compressed blobs").
"""

import struct
import sys
from array import array
from itertools import accumulate
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.blob_format import (
    HEADER_BYTES,
    KIND_TABLE,
    SEGMENT_BYTES,
    TAG_BYTES,
    BlobDamaged,
    Header,
    new_nonce,
    segment_count,
    set_nonce,
)
from proxy.blob_layouts import TableLayout
from proxy.buffers import BytesLike

COMPRESSED_SEGMENTS_MAX: Final = 1 << 29  # 32 TiB; its table is one message of the cipher, which ends at 2 GiB

_PLAIN_BYTES: Final = struct.Struct(">Q")
_TRAILER: Final = struct.Struct(">I")
_ENTRY_BYTES: Final = 2


def tail_size(plain_bytes: int) -> int:
    """Length of sealed table and trailer of a compressed blob with so many bytes of plaintext."""
    return _tail_size(segment_count(plain_bytes))


def seal_tail(cipher: AESGCM, header: Header, plain_bytes: int, content_lengths: "array[int]") -> bytes:
    """Write sealed table and trailer; `content_lengths` is of type "H", each length less one, in order."""
    assert len(content_lengths) == segment_count(plain_bytes), "each segment has an entry"
    count = len(content_lengths)
    table = _PLAIN_BYTES.pack(plain_bytes) + _big_endian(content_lengths).tobytes()
    return cipher.encrypt(_nonce(header, count), table, header.pack()) + _TRAILER.pack(count)


def open_tail(cipher: AESGCM, header: Header, sealed_bytes: int, end: BytesLike) -> TableLayout:
    """Read the table of a sealed blob of `sealed_bytes`, whose last bytes are `end`: at least its tail.

    The layout is proven to fill the blob: header, segments and tail in a row, nothing between or behind.
    Raises: BlobDamaged.
    """
    if len(end) < _tail_size(1):
        raise BlobDamaged(f"blob {header.blob_id} ends within its table of segments")
    view = memoryview(end)
    (count,) = _TRAILER.unpack(view[-_TRAILER.size :])
    tail_bytes = _tail_size(count)
    if tail_bytes > len(view):
        raise BlobDamaged(f"blob {header.blob_id}: its table can't have {count} segments in {len(view)} bytes")
    sealed_table = view[len(view) - tail_bytes : len(view) - _TRAILER.size]
    try:
        table = cipher.decrypt(_nonce(header, count), sealed_table, header.pack())
    except InvalidTag as error:
        raise BlobDamaged(f"blob {header.blob_id}: the table of its segments fails its tag") from error
    (plain_bytes,) = _PLAIN_BYTES.unpack_from(table)
    lengths = _big_endian(array("H", table[_PLAIN_BYTES.size :]))
    if not plain_bytes or segment_count(plain_bytes) != count:
        raise BlobDamaged(f"blob {header.blob_id}: its table has {count} segments for {plain_bytes} bytes")
    if lengths[-1] + 1 > plain_bytes - (count - 1) * SEGMENT_BYTES:
        raise BlobDamaged(f"blob {header.blob_id}: its last segment is longer than its plaintext")
    places = array("Q", accumulate((length + 1 + TAG_BYTES for length in lengths), initial=HEADER_BYTES))
    if places[-1] + tail_bytes != sealed_bytes:
        raise BlobDamaged(f"blob {header.blob_id} has {sealed_bytes} bytes, its table {places[-1] + tail_bytes}")
    return TableLayout(plain_bytes, places)


def _tail_size(count: int) -> int:
    return _PLAIN_BYTES.size + _ENTRY_BYTES * count + TAG_BYTES + _TRAILER.size


def _nonce(header: Header, count: int) -> bytearray:
    nonce = new_nonce(header.prefix)
    set_nonce(nonce, count, KIND_TABLE)
    return nonce


def _big_endian(numbers: "array[int]") -> "array[int]":
    """Turn numbers between the machine's order of bytes and the format's."""
    turned = array("H", numbers)
    if sys.byteorder == "little":
        turned.byteswap()
    return turned
