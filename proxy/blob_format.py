"""Version 1 of the blob format: header, lengths, nonces, and what is said of bytes that don't follow it. Pure.

sealed blob = header (37 bytes), then one or more segments, each AES-256-GCM ciphertext of up to 65 536 bytes followed
by its 16-byte tag; a compressed blob ends in a sealed table of their lengths (proxy/segment_table.py). Every segment
but the last has exactly 65 536 bytes of plaintext; the last has 1 to 65 536, or none when the blob is empty.

Source: docs/blob-format.md, byte for byte. The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015); the cipher is NIST SP 800-38D.
"""

import struct
from dataclasses import dataclass
from typing import Final

from domain.errors import DomainError
from proxy.buffers import BytesLike

VERSION: Final = 1
SEGMENT_BYTES: Final = 65_536
TAG_BYTES: Final = 16
SEALED_SEGMENT_BYTES: Final = SEGMENT_BYTES + TAG_BYTES
SEGMENTS_MAX: Final = 1 << 32
DATA_KEY_BYTES: Final = 32
PREFIX_BYTES: Final = 7

# The last byte of a nonce says what it is for, so that no two kinds ever share one.
KIND_SEGMENT: Final = 0
KIND_LAST_SEGMENT: Final = 1
KIND_TABLE: Final = 2

_MAGIC: Final = b"ARUNABLB"
_COMPRESSED: Final = 0x01  # the flags that there are: this one bit
_HEADER: Final = struct.Struct(">8sBBI16s7s")
_COUNTER_AND_KIND: Final = struct.Struct(">IB")

HEADER_BYTES: Final = _HEADER.size


class BlobUnreadable(DomainError):
    """The stored bytes of a blob can't be turned into its plaintext. Never the caller's fault: stays internal."""


class BlobDamaged(BlobUnreadable):
    """The stored bytes are not the ones that were sealed: flipped, cut, grown, swapped or another blob's."""


class BlobFormatUnknown(BlobUnreadable):
    """The blob says that it was written in a version, or with flags, that this program doesn't know."""


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the first byte of a blob. `blob_id` is 32 lower-case hex digits, `prefix` 7 random bytes."""

    blob_id: str
    prefix: bytes
    is_compressed: bool = False

    def __post_init__(self) -> None:
        """Check the shape."""
        assert len(bytes.fromhex(self.blob_id)) == 16, "a blob id has 16 bytes"
        assert len(self.prefix) == PREFIX_BYTES, "a nonce prefix has 7 bytes"

    def pack(self) -> bytes:
        """Write the 37 bytes: magic, version, flags, 4-byte big-endian segment size, blob id, nonce prefix."""
        flags = _COMPRESSED if self.is_compressed else 0
        return _HEADER.pack(_MAGIC, VERSION, flags, SEGMENT_BYTES, bytes.fromhex(self.blob_id), self.prefix)


def parse_header(blob_id: str, head: BytesLike) -> Header:
    """Read the header at the beginning of `head`, which is to be that of `blob_id`.

    Its bytes are only proven by the first segment, or the table, that opens with them.
    Raises: BlobDamaged, BlobFormatUnknown.
    """
    if len(head) < HEADER_BYTES:
        raise BlobDamaged(f"blob {blob_id} ends within its header")
    magic, version, flags, segment_bytes, raw_id, prefix = _HEADER.unpack_from(head)
    if magic != _MAGIC:
        raise BlobDamaged(f"blob {blob_id} doesn't begin as a sealed blob does")
    if version != VERSION:
        raise BlobFormatUnknown(f"blob {blob_id} has format version {version}; this program reads version {VERSION}")
    if flags & ~_COMPRESSED:
        raise BlobFormatUnknown(f"blob {blob_id} has flags {flags:#04x}; version {VERSION} knows {_COMPRESSED:#04x}")
    if segment_bytes != SEGMENT_BYTES:
        raise BlobFormatUnknown(f"blob {blob_id} has segments of {segment_bytes} bytes; version {VERSION} has 65536")
    if raw_id.hex() != blob_id:
        raise BlobDamaged(f"the bytes stored as blob {blob_id} are those of blob {raw_id.hex()}")
    return Header(blob_id, prefix, is_compressed=bool(flags & _COMPRESSED))


def new_nonce(prefix: bytes) -> bytearray:
    """Memory for the nonces of one blob: prefix (7 bytes), 4-byte big-endian counter, 1 byte for the kind."""
    return bytearray(prefix + bytes(_COUNTER_AND_KIND.size))


def set_nonce(nonce: bytearray, counter: int, kind: int) -> None:
    """Write counter and kind into a blob's nonce."""
    _COUNTER_AND_KIND.pack_into(nonce, PREFIX_BYTES, counter, kind)


def segment_count(plain_bytes: int) -> int:
    """How many segments hold so many bytes of plaintext: an empty blob has one."""
    return max(1, -(-plain_bytes // SEGMENT_BYTES))


def sealed_size(plain_bytes: int) -> int:
    """Length of the sealed blob that holds so many bytes, if it isn't compressed."""
    return HEADER_BYTES + plain_bytes + TAG_BYTES * segment_count(plain_bytes)


def plain_size(sealed_bytes: int) -> int:
    """Length of the plaintext in a sealed blob of this length that isn't compressed.

    Raises: BlobDamaged - no such blob has this length.
    """
    body_bytes = sealed_bytes - HEADER_BYTES
    plain_bytes = body_bytes - TAG_BYTES * max(1, -(-body_bytes // SEALED_SEGMENT_BYTES))
    if plain_bytes < 0 or sealed_size(plain_bytes) != sealed_bytes:
        raise BlobDamaged(f"no sealed blob has {sealed_bytes} bytes: it was cut or has grown")
    return plain_bytes
