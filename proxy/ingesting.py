"""One body on its way in: pieces of any size -> hashed, sealed, stored. Used through `proxy.streaming`.

Memory is bounded whatever the length: two plain buffers and a sealed one, of 1 MiB each, and 2 bytes for each 64 KiB
of a blob that is compressed. While one buffer is hashed, sealed and written by threads, the next is received; MD5 and
other slow hashes run beside SHA-256, sealing and writing (hashlib lets other threads run meanwhile). A body of up to
64 KiB is hashed and sealed where it is, which is cheaper than a hop to a thread, and stored in one hop.

Source: storage.md and s3.md ("Write path") of the specification.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from domain.contents import BlobFacts
from domain.errors import BadInput, DomainError
from identity.keyring import Keyring
from proxy.blob_format import DATA_KEY_BYTES, PREFIX_BYTES, Header
from proxy.blobs import BLOB_ID_BYTES, Blobs, BlobWriter
from proxy.buffers import BufferPool, BytesLike
from proxy.checksums import ALGORITHMS, DEFAULT_ALGORITHM, Hasher, encode_digest
from proxy.compression import Compressor
from proxy.sealing import Sealer
from proxy.threads import Threads

SMALL_BYTES: Final = 64 * 1024
BUFFER_BYTES: Final = 1024 * 1024
_POOLED_BYTES_MIN: Final = 2 * SMALL_BYTES  # smaller memory the allocator keeps at hand by itself


class WrongLength(BadInput):
    """The body ended before its declared length, or went on beyond it."""


@dataclass(frozen=True, slots=True)
class Digests:
    """What was received: md5 and sha256 as lower-case hex, checksums by S3 algorithm name as base64."""

    length_bytes: int
    md5: str
    sha256: str
    checksums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ingested:
    """A blob that is durable now, with the checksums that were asked for (CRC64NVME if none was), as base64."""

    blob: BlobFacts
    checksums: Mapping[str, str]


class Upload:
    """One body: `feed` with its pieces, then `finish`; `abandon` if anything went wrong on the way."""

    def __init__(
        self,
        blobs: Blobs,
        threads: Threads,
        pool: BufferPool,
        compressor: Compressor | None,
        random_bytes: Callable[[int], bytes],
        algorithms: Iterable[str],
        expected_bytes: int | None,
    ) -> None:
        self._blobs = blobs
        self._threads = threads
        self._pool = pool
        self._blob_id = random_bytes(BLOB_ID_BYTES).hex()
        self._data_key = random_bytes(DATA_KEY_BYTES)
        self._sealer = Sealer(self._data_key, Header(self._blob_id, random_bytes(PREFIX_BYTES)), compressor)

        self._wanted = tuple(algorithms) or (DEFAULT_ALGORITHM,)
        self._hashers = {name: ALGORITHMS[name].new() for name in {"md5", "sha256", *self._wanted}}
        alone = {name for name in self._hashers if ALGORITHMS[name].is_slow} - {"sha256"}
        self._hashers_alone = [self._hashers[name] for name in alone]
        self._hashers_beside_sealing = [hasher for name, hasher in self._hashers.items() if name not in alone]

        self._expected_bytes = expected_bytes
        self._length = 0
        self._filled = 0
        self._buffer = self._room_for(SMALL_BYTES if expected_bytes is None else min(expected_bytes, BUFFER_BYTES))
        self._spare: memoryview | None = None
        self._output = memoryview(b"")
        self._sealed = self._output
        self._sealed_bytes = 0
        self._work: asyncio.Task[None] | None = None
        self._writer: BlobWriter | None = None
        self._is_storing = False

    async def feed(self, piece: BytesLike) -> None:
        """Take a piece; waits while two buffers are full."""
        view = memoryview(piece)
        self._length += len(view)
        if self._expected_bytes is not None and self._length > self._expected_bytes:
            raise WrongLength(f"the body is longer than the {self._expected_bytes} bytes that were declared")
        while view:
            if self._filled == len(self._buffer):
                await self._make_room()
            taken = min(len(view), len(self._buffer) - self._filled)
            self._buffer[self._filled : self._filled + taken] = view[:taken]
            self._filled += taken
            view = view[taken:]

    async def finish(self, keyring: Keyring, verify: Callable[[Digests], None] | None) -> Ingested:
        """Seal the rest, verify, and make the blob durable."""
        if self._expected_bytes is not None and self._length != self._expected_bytes:
            raise WrongLength(f"the body ended after {self._length} of the {self._expected_bytes} bytes declared")
        last = self._buffer[: self._filled]
        is_whole = self._work is None
        if not is_whole:
            await self._hand_over(is_last=True)
            await self._work_ended()
        elif len(last) <= SMALL_BYTES:
            _update_all(self._hashers_alone, last)
            self._hash_and_seal(last, is_last=True)
        else:
            await self._hash_and_seal_in_threads(last, is_last=True)

        digests = self._digests()
        if verify is not None:
            verify(digests)
        key_id, wrapped_key = keyring.wrap(self._data_key, self._blob_id)

        self._is_storing = True
        if is_whole:
            await self._blobs.write(self._blob_id, self._sealed)
        else:
            assert self._writer is not None, "a buffer was handed over, so something was appended"
            await self._writer.commit()
        blob = BlobFacts(
            id=self._blob_id,
            length_bytes=self._length,
            sealed_bytes=self._sealed_bytes,
            md5=digests.md5,
            sha256=digests.sha256,
            key_id=key_id,
            wrapped_key=wrapped_key,
        )
        return Ingested(blob, digests.checksums)

    async def abandon(self) -> None:
        """Leave nothing in the backend; what can't be removed now is swept later."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
            if not self._work.cancelled():
                self._work.exception()  # looked at: the upload already ends for this or another reason
        if self._writer is not None:
            await self._writer.abort()
        if self._is_storing:
            with suppress(DomainError):
                await self._blobs.delete(self._blob_id)

    async def _make_room(self) -> None:
        if len(self._buffer) < BUFFER_BYTES:
            larger = self._room_for(BUFFER_BYTES)
            larger[: self._filled] = self._buffer
            self._buffer = larger
        else:
            await self._hand_over(is_last=False)

    async def _hand_over(self, *, is_last: bool) -> None:
        """Start the work on the full buffer and go on with the other one, which no work uses any more."""
        await self._work_ended()
        self._work = asyncio.create_task(self._process(self._buffer[: self._filled], is_last=is_last))
        free = self._spare if self._spare is not None else self._room_for(BUFFER_BYTES)
        self._buffer, self._spare, self._filled = free, self._buffer, 0

    async def _work_ended(self) -> None:
        if self._work is not None:
            await asyncio.wait({self._work})  # unlike awaiting the task, this doesn't cancel it
            self._work.result()

    async def _process(self, data: memoryview, *, is_last: bool) -> None:
        """Hash, seal and append one buffer, slow hashes beside all the rest."""
        jobs = self._start_hashing_alone(data)
        try:
            await self._threads.run(self._hash_and_seal, data, is_last=is_last)
            if self._writer is None:
                self._writer = await self._blobs.create(self._blob_id)
            await self._writer.append(self._sealed)
        finally:
            await self._end(jobs)

    async def _hash_and_seal_in_threads(self, data: memoryview, *, is_last: bool) -> None:
        jobs = self._start_hashing_alone(data)
        try:
            await self._threads.run(self._hash_and_seal, data, is_last=is_last)
        finally:
            await self._end(jobs)

    def _start_hashing_alone(self, data: memoryview) -> list[Future[None]]:
        return [self._threads.start(hasher.update, data) for hasher in self._hashers_alone]

    async def _end(self, jobs: list[Future[None]]) -> None:
        for job in jobs:
            await self._threads.end(job)

    def _hash_and_seal(self, data: memoryview, *, is_last: bool) -> None:
        """Do all but the slow hashes; leaves the sealed bytes in `_sealed`."""
        _update_all(self._hashers_beside_sealing, data)
        room = self._sealer.room(len(data), is_last=is_last)
        if len(self._output) < room:
            self._output = self._room_for(room)
        self._sealed = self._output[: self._sealer.seal_into(data, self._output, is_last=is_last)]
        self._sealed_bytes += len(self._sealed)

    def _room_for(self, length: int) -> memoryview:
        # Only the end of a compressed blob of gigabytes, its table, needs more than the pool's buffers have.
        is_pooled = _POOLED_BYTES_MIN < length <= self._pool.buffer_bytes
        return self._pool.take(length) if is_pooled else memoryview(bytearray(length))

    def _digests(self) -> Digests:
        digests = {name: hasher.digest() for name, hasher in self._hashers.items()}
        checksums = {name: encode_digest(digests[name]) for name in self._wanted}
        return Digests(self._length, digests["md5"].hex(), digests["sha256"].hex(), checksums)


def _update_all(hashers: Iterable[Hasher], data: memoryview) -> None:
    for hasher in hashers:
        hasher.update(data)
