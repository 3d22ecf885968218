"""Bodies in and bodies out, over one backend of blobs and one keyring: what the operations of the S3 face call."""

from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from contextlib import aclosing
from typing import Final

from identity.keyring import Keyring
from proxy.blob_format import SEGMENT_BYTES, sealed_size
from proxy.blobs import Blobs
from proxy.buffers import BufferPool, BytesLike
from proxy.checksums import ALGORITHMS, Hasher, encode_digest
from proxy.compression import Compressor
from proxy.ingesting import BUFFER_BYTES, Digests, Ingested, Upload
from proxy.reading import Extent, PlainReader, Relocate
from proxy.threads import Threads, uninterrupted

POOLED_BUFFERS_MAX: Final = 32  # of about 1.1 MiB: six large uploads and six large reads at once, or so


class ByteStreams:
    """Takes bodies in and gives them out, over one backend and one keyring.

    `threads` is for hashing and sealing, two at a time for each large body that moves. `compresses` is for what comes
    in; compressed blobs can always be read.
    """

    def __init__(
        self,
        blobs: Blobs,
        keyring: Keyring,
        threads: Threads,
        random_bytes: Callable[[int], bytes],
        *,
        compresses: bool = True,
    ) -> None:
        self._blobs = blobs
        self._keyring = keyring
        self._threads = threads
        self._random_bytes = random_bytes
        self._compressor = Compressor() if compresses else None
        self._pool = BufferPool(sealed_size(BUFFER_BYTES + 2 * SEGMENT_BYTES), POOLED_BUFFERS_MAX)

    async def ingest(
        self,
        source: AsyncIterable[BytesLike],
        *,
        algorithms: Iterable[str] = (),
        expected_bytes: int | None = None,
        verify: Callable[[Digests], None] | None = None,
    ) -> Ingested:
        """Store a body as a new blob under a fresh data key; it is durable when this returns.

        `algorithms` are keys of ALGORITHMS. `verify` is called once all is received and before anything can be read;
        what it raises ends the upload. Whatever ends it early, an error in the source or a cancellation too, leaves
        nothing in the backend. The source isn't closed.
        Raises: WrongLength, Unavailable, and what the source and `verify` raise.
        """
        upload = Upload(
            self._blobs,
            self._threads,
            self._pool,
            self._compressor,
            self._random_bytes,
            algorithms,
            expected_bytes,
        )
        try:
            async for piece in source:
                await upload.feed(piece)
            return await upload.finish(self._keyring, verify)
        except BaseException:
            await uninterrupted(upload.abandon())
            raise

    async def read_plain(
        self, extents: Sequence[Extent], start: int, length: int, relocate: Relocate | None = None
    ) -> PlainReader:
        """Open `length` bytes from `start` of a content for reading, in chunks of up to 1 MiB.

        `extents` are in order and cover the range; those outside it may be left out. When this returns, the blobs are
        open (of more than 64, the first 64) and the first chunk is opened and proven: most errors come before the
        first byte is answered. With `relocate` blobs that are gone are looked for where the content's bytes are then.
        Raises: BlobMissing, BlobDamaged, BlobFormatUnknown, KeyUnknown, WrappedDamaged, Unavailable.
        """
        reader = PlainReader(self._blobs, self._keyring, self._threads, self._pool, extents, start, length, relocate)
        try:
            await reader.begin()
        except BaseException:
            await uninterrupted(reader.aclose())
            raise
        return reader

    async def digest(
        self,
        extents: Sequence[Extent],
        start: int,
        length: int,
        algorithms: Iterable[str] = (),
        relocate: Relocate | None = None,
    ) -> Digests:
        """Read a range of a content and hash it; `algorithms` are keys of ALGORITHMS. Memory is that of a read.

        Raises: what `read_plain` raises.
        """
        wanted = tuple(algorithms)
        hashers = {name: ALGORITHMS[name].new() for name in {"md5", "sha256", *wanted}}
        async with aclosing(await self.read_plain(extents, start, length, relocate)) as reader:
            async for chunk in reader:
                await self._threads.run(_update_all, hashers.values(), chunk)
        digests = {name: hasher.digest() for name, hasher in hashers.items()}
        checksums = {name: encode_digest(digests[name]) for name in wanted}
        return Digests(length, digests["md5"].hex(), digests["sha256"].hex(), checksums)


def _update_all(hashers: Iterable[Hasher], data: memoryview) -> None:
    for hasher in hashers:
        hasher.update(data)
