"""Opens a sealed blob's bytes, whole or in ranges: what is stored -> plaintext that is proven. Pure.

Source: docs/blob-format.md; the layout is in proxy/blob_format.py, proxy/blob_layouts.py and proxy/segment_table.py.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proxy.blob_format import (
    HEADER_BYTES,
    KIND_LAST_SEGMENT,
    KIND_SEGMENT,
    SEGMENT_BYTES,
    TAG_BYTES,
    BlobDamaged,
    Header,
    new_nonce,
    parse_header,
    plain_size,
    sealed_size,
    segment_count,
    set_nonce,
)
from proxy.blob_layouts import Layout, Span, UniformLayout, span_of
from proxy.buffers import BytesLike
from proxy.compression import Decompressor
from proxy.segment_table import open_tail, tail_size


class Opener:
    """Opens ranges of one sealed blob; made by `new_opener`. Safe to use from several threads at once."""

    def __init__(self, cipher: AESGCM, header: Header, layout: Layout) -> None:
        self._cipher = cipher
        self._header = header
        self._associated = header.pack()
        self._layout = layout
        self._last_segment = segment_count(layout.plain_bytes) - 1
        self.only_decrypts = not header.is_compressed
        """Whether opening is as quick as the cipher (8 GB/s a core), since nothing is compressed."""

    def span(self, start: int, length: int) -> Span:
        """Which sealed bytes hold `length` bytes of plaintext from `start`; as `span_of` says."""
        return span_of(self._layout, start, length)

    def open(self, span: Span, sealed: BytesLike) -> memoryview:
        """Plaintext of a span of this blob, from exactly its sealed bytes, in fresh memory.

        Raises: BlobDamaged.
        """
        return self.open_into(span, sealed, memoryview(bytearray(span.opened_bytes)))

    def open_into(self, span: Span, sealed: BytesLike, output: memoryview) -> memoryview:
        """Plaintext of a span of this blob, from exactly its sealed bytes, as a part of `output`.

        `output` has `span.opened_bytes`.
        Raises: BlobDamaged - what is in `output` is worth nothing then.
        """
        blob_id = self._header.blob_id
        if len(sealed) != span.length:
            raise BlobDamaged(f"blob {blob_id} ends early: {len(sealed)} of {span.length} bytes at {span.start}")
        view = memoryview(sealed)
        nonce = new_nonce(self._header.prefix)
        decompressor: Decompressor | None = None
        begin = plain_at = 0
        for segment, end in enumerate(span.ends, span.first_segment):
            set_nonce(nonce, segment, KIND_LAST_SEGMENT if segment == self._last_segment else KIND_SEGMENT)
            room = output[plain_at : plain_at + SEGMENT_BYTES]
            try:
                if end - begin == len(room) + TAG_BYTES:
                    self._cipher.decrypt_into(nonce, view[begin:end], self._associated, room)
                else:
                    frame = self._cipher.decrypt(nonce, view[begin:end], self._associated)
                    decompressor = decompressor or Decompressor(blob_id)
                    decompressor.fill(room, frame)
            except InvalidTag as error:
                raise BlobDamaged(f"blob {blob_id}: segment {segment} fails its tag") from error
            begin, plain_at = end, plain_at + SEGMENT_BYTES
        return output[span.skip : span.skip + span.take]


def end_size(header: Header, plain_bytes: int) -> int:
    """How many of the last bytes of a sealed blob `new_opener` wants: none if it isn't compressed."""
    return tail_size(plain_bytes) if header.is_compressed else 0


def new_opener(data_key: bytes, header: Header, plain_bytes: int, sealed_bytes: int, end: BytesLike) -> Opener:
    """Opener of a sealed blob of `sealed_bytes` that holds `plain_bytes`; `end` is its end, of `end_size` or more.

    Raises: BlobDamaged - it has another length, or its table is not the one that was sealed.
    """
    cipher = AESGCM(data_key)
    if not header.is_compressed:
        if sealed_bytes != sealed_size(plain_bytes):
            raise BlobDamaged(
                f"blob {header.blob_id} has {sealed_bytes} bytes, not those for {plain_bytes} of plaintext"
            )
        return Opener(cipher, header, UniformLayout(plain_bytes))
    layout = open_tail(cipher, header, sealed_bytes, end)
    if layout.plain_bytes != plain_bytes:
        raise BlobDamaged(f"blob {header.blob_id} holds {layout.plain_bytes} bytes, {plain_bytes} were written")
    return Opener(cipher, header, layout)


def open_blob(data_key: bytes, blob_id: str, sealed: BytesLike) -> bytes:
    """Open a whole sealed blob that is in memory.

    Raises: BlobDamaged, BlobFormatUnknown.
    """
    header = parse_header(blob_id, sealed)
    cipher = AESGCM(data_key)
    if header.is_compressed:
        layout = open_tail(cipher, header, len(sealed), memoryview(sealed)[HEADER_BYTES:])
    else:
        layout = UniformLayout(plain_size(len(sealed)))
    opener = Opener(cipher, header, layout)
    span = opener.span(0, layout.plain_bytes)
    return bytes(opener.open(span, memoryview(sealed)[span.start : span.start + span.length]))
