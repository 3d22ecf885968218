"""How a blob's bytes are sealed: version 1 of the blob format. Pure: no file, no network, no clock.

sealed blob = header (37 bytes), then one or more segments, each AES-256-GCM ciphertext of up to 65 536 bytes of
plaintext followed by its 16-byte tag. Every segment but the last holds exactly 65 536 bytes; the last holds 1 to
65 536, or none when the blob is empty. nonce = 7-byte prefix, 4-byte big-endian counter, 1 byte that is 1 for the last
segment; the header is every segment's associated data.

Source: docs/blob-format.md, byte for byte. The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár, "Online
Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", 2015); the cipher is NIST SP 800-38D.
"""

import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.errors import DomainError
from proxy.buffers import BytesLike

VERSION: Final = 1
SEGMENT_BYTES: Final = 65_536
TAG_BYTES: Final = 16
DATA_KEY_BYTES: Final = 32
PREFIX_BYTES: Final = 7

_MAGIC: Final = b"ARUNABLB"
_FLAGS: Final = 0  # bit 0 is reserved for compressed segments
_HEADER: Final = struct.Struct(">8sBBI16s7s")
_COUNTER_AND_LAST: Final = struct.Struct(">IB")
_SEALED_SEGMENT_BYTES: Final = SEGMENT_BYTES + TAG_BYTES
_SEGMENTS_MAX: Final = 1 << 32

HEADER_BYTES: Final = _HEADER.size


class BlobUnreadable(DomainError):
    """The stored bytes of a blob can't be turned into its plaintext. Never the caller's fault: stays internal."""


class BlobDamaged(BlobUnreadable):
    """The stored bytes are not the ones that were sealed: flipped, cut, grown, swapped or another blob's."""


class BlobFormatUnknown(BlobUnreadable):
    """The blob says that it was written in a version, or with flags, that this program doesn't know."""


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a blob before its first byte. `blob_id` is 32 lower-case hex digits, `prefix` 7 random bytes."""

    blob_id: str
    prefix: bytes

    def __post_init__(self) -> None:
        """Check the shape."""
        assert len(bytes.fromhex(self.blob_id)) == 16, "a blob id has 16 bytes"
        assert len(self.prefix) == PREFIX_BYTES, "a nonce prefix has 7 bytes"

    def pack(self) -> bytes:
        """Write the 37 bytes: magic, version, flags, 4-byte big-endian segment size, blob id, nonce prefix."""
        return _HEADER.pack(_MAGIC, VERSION, _FLAGS, SEGMENT_BYTES, bytes.fromhex(self.blob_id), self.prefix)


def parse_header(blob_id: str, head: BytesLike) -> Header:
    """Read the header at the beginning of `head`, which is to be that of `blob_id`.

    Its bytes are only proven by the first segment that opens with them.
    Raises: BlobDamaged, BlobFormatUnknown.
    """
    if len(head) < HEADER_BYTES:
        raise BlobDamaged(f"blob {blob_id} ends within its header")
    magic, version, flags, segment_bytes, raw_id, prefix = _HEADER.unpack_from(head)
    if magic != _MAGIC:
        raise BlobDamaged(f"blob {blob_id} doesn't begin as a sealed blob does")
    if version != VERSION:
        raise BlobFormatUnknown(f"blob {blob_id} has format version {version}; this program reads version {VERSION}")
    if flags != _FLAGS:
        raise BlobFormatUnknown(f"blob {blob_id} has flags {flags:#04x}; version {VERSION} knows none")
    if segment_bytes != SEGMENT_BYTES:
        raise BlobFormatUnknown(f"blob {blob_id} has segments of {segment_bytes} bytes; version {VERSION} has 65536")
    if raw_id.hex() != blob_id:
        raise BlobDamaged(f"the bytes stored as blob {blob_id} are those of blob {raw_id.hex()}")
    return Header(blob_id, prefix)


def sealed_size(plain_bytes: int) -> int:
    """Length of the sealed blob that holds so many bytes."""
    return HEADER_BYTES + plain_bytes + TAG_BYTES * _segments(plain_bytes)


def plain_size(sealed_bytes: int) -> int:
    """Length of the plaintext in a sealed blob of this length.

    Raises: BlobDamaged - no sealed blob has this length.
    """
    body_bytes = sealed_bytes - HEADER_BYTES
    plain_bytes = body_bytes - TAG_BYTES * max(1, -(-body_bytes // _SEALED_SEGMENT_BYTES))
    if plain_bytes < 0 or sealed_size(plain_bytes) != sealed_bytes:
        raise BlobDamaged(f"no sealed blob has {sealed_bytes} bytes: it was cut or has grown")
    return plain_bytes


@dataclass(frozen=True, slots=True)
class Span:
    """The whole segments that a range of plaintext touches.

    `start` and `length` are of the sealed blob, header included in the counting; of the opened segments `skip` bytes
    come before the range and `take` belong to it.
    """

    first_segment: int
    start: int
    length: int
    skip: int
    take: int

    @property
    def opened_bytes(self) -> int:
        """Length of the plaintext of all its segments."""
        return self.length - TAG_BYTES * -(-self.length // _SEALED_SEGMENT_BYTES)


def span_of(plain_bytes: int, start: int, length: int) -> Span:
    """Which sealed bytes hold `length` bytes of plaintext from `start` of a blob of `plain_bytes`.

    The range lies within the blob and isn't empty, unless the blob is: its one empty segment still has a tag to check.
    """
    assert 0 <= start <= start + length <= plain_bytes, "a range lies within its blob"
    assert length or not plain_bytes, "an empty range proves nothing"
    first_segment = start // SEGMENT_BYTES
    end_segment = max(first_segment + 1, -(-(start + length) // SEGMENT_BYTES))
    sealed_start = HEADER_BYTES + first_segment * _SEALED_SEGMENT_BYTES
    sealed_end = min(HEADER_BYTES + end_segment * _SEALED_SEGMENT_BYTES, sealed_size(plain_bytes))
    return Span(
        first_segment=first_segment,
        start=sealed_start,
        length=sealed_end - sealed_start,
        skip=start - first_segment * SEGMENT_BYTES,
        take=length,
    )


class Sealer:
    """Seals one blob, fed with pieces of any size in order. One data key seals one blob, once.

    Which segment is the last is only known at the end, so up to one segment of plaintext is held back between calls.
    """

    def __init__(self, data_key: bytes, header: Header) -> None:
        self._cipher = AESGCM(data_key)
        self._header = header.pack()
        self._nonce = bytearray(header.prefix + bytes(_COUNTER_AND_LAST.size))
        self._held = bytearray()
        self._counter = 0
        self._has_begun = False
        self._has_ended = False

    def room(self, length: int) -> int:
        """How large an output one call with `length` bytes may need."""
        return sealed_size(len(self._held) + length) + TAG_BYTES

    def seal_into(self, data: BytesLike, output: memoryview, *, is_last: bool) -> int:
        """Write the sealed bytes that are certain now into `output`, and answer how many they are.

        `output` has at least `room(len(data))` bytes. The first call writes the header too. Nothing may follow the
        call that is last; it may bring no bytes.
        """
        assert not self._has_ended, "nothing follows the last segment"
        self._has_ended = is_last
        written = 0
        if not self._has_begun:
            output[:HEADER_BYTES] = self._header
            written, self._has_begun = HEADER_BYTES, True
        view = memoryview(data)
        position = 0
        if self._held and len(self._held) + len(view) > SEGMENT_BYTES:
            position = SEGMENT_BYTES - len(self._held)
            self._held += view[:position]
            written = self._seal(self._held, output, written, is_last=False)
            self._held = bytearray()
        if not self._held:
            while len(view) - position > SEGMENT_BYTES:
                written = self._seal(view[position : position + SEGMENT_BYTES], output, written, is_last=False)
                position += SEGMENT_BYTES
        if not is_last:
            self._held += view[position:]
            return written
        rest = self._held + view[position:] if self._held else view[position:]
        return self._seal(rest, output, written, is_last=True)

    def _seal(self, segment: BytesLike, output: memoryview, at: int, *, is_last: bool) -> int:
        """Seal one segment into `output` at a place and answer the place behind it."""
        assert self._counter < _SEGMENTS_MAX, "a blob has at most 2**32 segments: 256 TiB"
        _COUNTER_AND_LAST.pack_into(self._nonce, PREFIX_BYTES, self._counter, is_last)
        end = at + len(segment) + TAG_BYTES
        self._cipher.encrypt_into(self._nonce, segment, self._header, output[at:end])
        self._counter += 1
        return end


class Opener:
    """Opens ranges of one sealed blob whose length is known.

    `head` is the beginning of the sealed blob, at least its header.
    Raises: BlobDamaged, BlobFormatUnknown.
    """

    def __init__(self, data_key: bytes, blob_id: str, plain_bytes: int, head: BytesLike) -> None:
        header = parse_header(blob_id, head)
        self._cipher = AESGCM(data_key)
        self._header = header.pack()
        self._prefix = header.prefix
        self._blob_id = blob_id
        self._last_segment = _segments(plain_bytes) - 1

    def open(self, span: Span, sealed: BytesLike) -> memoryview:
        """Plaintext of a span of this blob, from exactly its sealed bytes, in fresh memory.

        Raises: BlobDamaged.
        """
        return self.open_into(span, sealed, memoryview(bytearray(span.opened_bytes)))

    def open_into(self, span: Span, sealed: BytesLike, output: memoryview) -> memoryview:
        """Plaintext of a span of this blob, from exactly its sealed bytes, as a part of `output`.

        `output` has `span.opened_bytes`. Safe to call from several threads at once.
        Raises: BlobDamaged - what is in `output` is worth nothing then.
        """
        if len(sealed) != span.length:
            raise BlobDamaged(f"blob {self._blob_id} ends early: {len(sealed)} of {span.length} bytes at {span.start}")
        view = memoryview(sealed)
        nonce = bytearray(self._prefix + bytes(_COUNTER_AND_LAST.size))
        for index in range(-(-span.length // _SEALED_SEGMENT_BYTES)):
            segment = span.first_segment + index
            _COUNTER_AND_LAST.pack_into(nonce, PREFIX_BYTES, segment, segment == self._last_segment)
            sealed_at, plain_at = index * _SEALED_SEGMENT_BYTES, index * SEGMENT_BYTES
            try:
                self._cipher.decrypt_into(
                    nonce,
                    view[sealed_at : sealed_at + _SEALED_SEGMENT_BYTES],
                    self._header,
                    output[plain_at : plain_at + SEGMENT_BYTES],
                )
            except InvalidTag as error:
                raise BlobDamaged(f"blob {self._blob_id}: segment {segment} fails its tag") from error
        return output[span.skip : span.skip + span.take]


def seal_blob(data_key: bytes, header: Header, plain: BytesLike) -> bytearray:
    """Seal a whole blob that is in memory."""
    sealed = bytearray(sealed_size(len(plain)))
    Sealer(data_key, header).seal_into(plain, memoryview(sealed), is_last=True)
    return sealed


def open_blob(data_key: bytes, blob_id: str, sealed: BytesLike) -> bytes:
    """Open a whole sealed blob that is in memory.

    Raises: BlobDamaged, BlobFormatUnknown.
    """
    plain_bytes = plain_size(len(sealed))
    span = span_of(plain_bytes, 0, plain_bytes)
    return bytes(Opener(data_key, blob_id, plain_bytes, sealed).open(span, memoryview(sealed)[span.start :]))


def _segments(plain_bytes: int) -> int:
    return max(1, -(-plain_bytes // SEGMENT_BYTES))
