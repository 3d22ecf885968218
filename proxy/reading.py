"""One range of a content on its way out: stored blobs -> chunks of plaintext. Used through `proxy.streaming`.

Only the segments that the range touches are read and opened, of a compressed blob its table before them. One chunk is
read ahead of the one being sent; memory is two chunks whatever the length, and 10 bytes for each 64 KiB of the one
compressed blob that is being read.

A content that comes to share the bytes of an equal one names other blobs then, and its own are removed. Who reads them
meanwhile asks again where the bytes are, and goes on at the same byte.

Source: storage.md and s3.md ("Read path") of the specification.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final, NamedTuple, Self, TypeAlias

from domain.errors import Unavailable
from identity.keyring import Keyring
from proxy.blob_format import HEADER_BYTES, BlobDamaged, BlobUnreadable, Header, parse_header, sealed_size
from proxy.blob_layouts import Span, UniformLayout, span_of
from proxy.blobs import BlobMissing, BlobReader, Blobs
from proxy.buffers import BufferPool, BytesLike
from proxy.opening import Opener, end_size, new_opener
from proxy.threads import Threads

INLINE_BYTES: Final = 64 * 1024  # decompressing less than this costs less than a hop to a thread
CHUNK_BYTES: Final = 1024 * 1024
FIRST_CHUNK_BYTES: Final = INLINE_BYTES  # comes with the header in one call, so that the first byte leaves early
WHOLE_BYTES: Final = 2 * INLINE_BYTES  # a small compressed blob comes in one call, with the table at its end
OPEN_AHEAD_BLOBS: Final = 64  # a content may have 10 000 parts, a process often has 1024 descriptors
MOVES_MAX: Final = 3
"""How often in a row bytes that are gone are looked for elsewhere; each time their content has taken other blobs."""


@dataclass(frozen=True, slots=True)
class Extent:
    """A blob's place in a content: its first byte is the content's byte `start`. `sealed_bytes` are stored."""

    start: int
    length_bytes: int
    sealed_bytes: int
    blob_id: str
    key_id: str
    wrapped_key: bytes = field(repr=False)


Relocate: TypeAlias = Callable[[int, int], Awaitable[Sequence[Extent]]]
"""Asks where `length` bytes from `start` of the content being read are now; nothing where it was erased.

Raises: Unavailable.
"""


class _Step(NamedTuple):
    """One chunk to read: which of the extents, and what of its plaintext."""

    extent_index: int
    start: int
    length: int


@dataclass(slots=True)
class _OpenBlob:
    """A blob whose header was read; its opener comes with the first chunk, since a compressed one's table is large."""

    extent: Extent
    reader: BlobReader
    header: Header
    data_key: bytes = field(repr=False)
    opener: Opener | None = None


class PlainReader:
    """A range of a content as an async iterator of chunks of plaintext, one chunk read ahead.

    A chunk's memory is used again when no view on it is left. `aclose` must be called, also after an error.
    """

    def __init__(
        self,
        blobs: Blobs,
        keyring: Keyring,
        threads: Threads,
        pool: BufferPool,
        extents: Sequence[Extent],
        start: int,
        length: int,
        relocate: Relocate | None = None,
    ) -> None:
        self._blobs = blobs
        self._keyring = keyring
        self._threads = threads
        self._pool = pool
        self._sealed: memoryview | None = None
        self._relocate = relocate
        self._end = start + length
        self._extents = _touched(extents, start, self._end)
        self._steps = _steps(self._extents, start, self._end)
        self._open: dict[int, _OpenBlob] = {}
        self._chunk: memoryview | None = None
        self._ahead: asyncio.Task[memoryview] | None = None

    async def begin(self) -> None:
        """Open the blobs and the first chunk. Raises as `read_plain` says."""
        first = next(self._steps, None)
        if first is None:
            return
        try:
            self._chunk = await self._enter(first)
        except BlobMissing as missing:
            self._chunk = await self._load_moved(self._position(first), missing)
        self._read_ahead()

    async def _enter(self, first: _Step) -> memoryview:
        """Open the blobs that the extents begin with, and the first chunk."""
        await self._open_blob(0, _first_head_bytes(self._extents[0], first))
        if len(self._extents) > 1:
            others = range(1, min(len(self._extents), OPEN_AHEAD_BLOBS))
            for outcome in await asyncio.gather(*map(self._open_blob, others), return_exceptions=True):
                if outcome is not None:
                    raise outcome
        return await self._load_here(first)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> memoryview:
        chunk, self._chunk = self._chunk, None
        while not chunk:  # an empty blob's chunk is proven and has nothing to give out
            if self._ahead is None:
                raise StopAsyncIteration
            await asyncio.wait({self._ahead})  # unlike awaiting the task, this doesn't cancel it
            chunk = self._ahead.result()
            self._read_ahead()
        return chunk

    def _read_ahead(self) -> None:
        step = next(self._steps, None)
        self._ahead = None if step is None else asyncio.create_task(self._load(step))

    async def aclose(self) -> None:
        """End the reading and let the blobs go; may be called again."""
        self._steps = iter(())
        self._chunk = None
        self._sealed = None
        ahead, self._ahead = self._ahead, None
        if ahead is not None:
            ahead.cancel()
            await asyncio.wait({ahead})
            if not ahead.cancelled():
                ahead.exception()  # looked at: nobody wants this chunk any more
        await self._close_blobs()

    async def _close_blobs(self) -> None:
        while self._open:
            _, blob = self._open.popitem()
            await blob.reader.close()

    def _position(self, step: _Step) -> int:
        """Where in the content a chunk begins."""
        return self._extents[step.extent_index].start + step.start

    async def _load(self, step: _Step) -> memoryview:
        """Read and open one chunk, from other blobs where its content has taken others meanwhile."""
        try:
            return await self._load_here(step)
        except BlobMissing as missing:
            return await self._load_moved(self._position(step), missing)

    async def _load_moved(self, position: int, missing: BlobMissing) -> memoryview:
        """Read the chunk at a byte of the content from where that is now, and all later ones too.

        Raises: BlobMissing - the content still names the blobs that it did; Unavailable - it was erased meanwhile; and
        what reading raises.
        """
        if self._relocate is None:
            raise missing
        for _ in range(MOVES_MAX):
            former = [extent.blob_id for extent in _touched(self._extents, position, self._end)]
            await self._close_blobs()
            found = await self._relocate(position, self._end - position)
            if not found and position < self._end:
                raise Unavailable("these bytes were erased while they were read; ask again") from missing
            self._extents = _touched(found, position, self._end)
            self._steps = _steps(self._extents, position, self._end)
            if [extent.blob_id for extent in self._extents] == former:
                break
            first = next(self._steps, None)
            if first is None:
                return memoryview(b"")  # what is gone was an empty blob at the end, which the others lack
            try:
                return await self._enter(first)
            except BlobMissing as error:
                missing = error
        raise missing

    async def _load_here(self, step: _Step) -> memoryview:
        """Read and open one chunk; on entering a blob, let the earlier ones go and open one more ahead."""
        for index in [index for index in self._open if index < step.extent_index]:
            await self._open.pop(index).reader.close()
            if index + OPEN_AHEAD_BLOBS < len(self._extents):
                await self._open_blob(index + OPEN_AHEAD_BLOBS)
        blob = self._open[step.extent_index]
        opener = blob.opener or await self._opener_of(blob)
        span = opener.span(step.start, step.length)
        span_end = span.start + span.length
        if span_end <= len(blob.reader.head):
            sealed = memoryview(blob.reader.head)[span.start : span_end]
        else:
            sealed = await self._read_sealed(blob.reader, span)
        if span.opened_bytes <= INLINE_BYTES:
            return opener.open(span, sealed)
        output = self._pool.take(span.opened_bytes)
        if opener.only_decrypts:  # 0.1 ms for a whole chunk, as much as the hop would cost
            return opener.open_into(span, sealed, output)
        return await self._threads.run(opener.open_into, span, sealed, output)

    async def _opener_of(self, blob: _OpenBlob) -> Opener:
        """Make the opener of a blob, once; of a compressed one the table is read, if it didn't come with the header."""
        plain_bytes, sealed_bytes = blob.extent.length_bytes, blob.reader.sealed_bytes
        end_bytes = end_size(blob.header, plain_bytes)
        end: BytesLike = b""
        if sealed_bytes <= len(blob.reader.head):
            end = blob.reader.head
        elif end_bytes:
            end = bytearray(min(end_bytes, sealed_bytes))
            taken = await blob.reader.read_into(sealed_bytes - len(end), memoryview(end))
            end = memoryview(end)[:taken]
        make = partial(new_opener, blob.data_key, blob.header, plain_bytes, sealed_bytes, end)
        blob.opener = make() if end_bytes <= INLINE_BYTES else await self._threads.run(make)
        return blob.opener

    async def _read_sealed(self, reader: BlobReader, span: Span) -> memoryview:
        """Read a span into memory that the next one overwrites."""
        if self._sealed is None or len(self._sealed) < span.length:
            self._sealed = self._pool.take(self._pool.buffer_bytes)
        return self._sealed[: await reader.read_into(span.start, self._sealed[: span.length])]

    async def _open_blob(self, index: int, head_bytes: int = HEADER_BYTES) -> None:
        extent = self._extents[index]
        data_key = self._keyring.unwrap(extent.key_id, extent.wrapped_key, extent.blob_id)
        reader = await self._blobs.open(extent.blob_id, head_bytes)
        try:
            if reader.sealed_bytes != extent.sealed_bytes:
                raise BlobDamaged(
                    f"blob {extent.blob_id} has {reader.sealed_bytes} bytes, "
                    f"{extent.sealed_bytes} were written: it was cut or has grown"
                )
            header = parse_header(extent.blob_id, reader.head)
        except BlobUnreadable:
            await reader.close()
            raise
        self._open[index] = _OpenBlob(extent, reader, header, data_key)


def _first_head_bytes(extent: Extent, step: _Step) -> int:
    """How much of a blob to read with its header, in one call: all of a first chunk that is at its beginning.

    What the blob is, is only known from its header; what it seems to be makes the reading quicker, not right.
    """
    if extent.sealed_bytes <= WHOLE_BYTES and extent.sealed_bytes != sealed_size(extent.length_bytes):
        return extent.sealed_bytes
    if step.start:
        return HEADER_BYTES
    return HEADER_BYTES + span_of(UniformLayout(extent.length_bytes), 0, step.length).length


def _touched(extents: Sequence[Extent], start: int, end: int) -> list[Extent]:
    """Extents that hold a byte of the range, and the empty ones in or beside it, whose tags are checked too.

    Raises: BlobUnreadable - they leave a gap, overlap or are out of order: better no bytes than wrong ones.
    """
    touched: list[Extent] = []
    position = start
    for extent in extents:
        extent_end = extent.start + extent.length_bytes
        if max(start, extent.start) < min(end, extent_end):
            if max(start, extent.start) != position:
                raise BlobUnreadable(f"blob {extent.blob_id} doesn't continue its content at byte {position}")
            position = min(end, extent_end)
            touched.append(extent)
        elif not extent.length_bytes and start <= extent.start <= end:
            touched.append(extent)
    if position != end:
        raise BlobUnreadable(f"the blobs of a content end at byte {position}, before byte {end}")
    return touched


def _steps(extents: Sequence[Extent], start: int, end: int) -> Iterator[_Step]:
    """Chunks of a range, in order. They end at multiples of the chunk size, so that no segment is opened twice."""
    chunk_bytes = FIRST_CHUNK_BYTES
    for index, extent in enumerate(extents):
        position = max(start - extent.start, 0)
        stop = min(end - extent.start, extent.length_bytes)
        if not extent.length_bytes:
            yield _Step(index, 0, 0)
        while position < stop:
            chunk_end = min(stop, (position // chunk_bytes + 1) * chunk_bytes)
            yield _Step(index, position, chunk_end - position)
            position, chunk_bytes = chunk_end, CHUNK_BYTES
