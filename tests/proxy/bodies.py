"""Bodies for tests: sources that give pieces of any size, and a set of streams over a directory."""

import asyncio
import os
from collections.abc import AsyncIterator, Generator, Iterable
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from domain.contents import BlobFacts
from identity.keyring import Keyring, new_keyring
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.buffers import BytesLike
from proxy.disk import Disk
from proxy.reading import Extent
from proxy.streaming import ByteStreams
from proxy.threads import Threads

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Storage(NamedTuple):
    root: Path
    blobs: DirectoryBlobs
    keyring: Keyring
    streams: ByteStreams

    def files(self) -> list[str]:
        return sorted(path.name for path in self.root.rglob("*") if path.is_file())

    def path(self, blob_id: str) -> Path:
        return self.root / blob_id[:2] / blob_id


@contextmanager
def storage_in(root: Path, disk: Disk | None = None, *, compresses: bool = True) -> Generator[Storage]:
    blobs, threads = open_directory_blobs(root, disk=disk), Threads("hashing", 4)
    keyring = new_keyring(NOW, os.urandom)
    yield Storage(root, blobs, keyring, ByteStreams(blobs, keyring, threads, os.urandom, compresses=compresses))
    blobs.close()
    threads.close()


async def source_of(pieces: Iterable[BytesLike]) -> AsyncIterator[BytesLike]:
    for piece in pieces:
        yield piece
        await asyncio.sleep(0)


def cut(body: bytes, piece_bytes: int) -> list[BytesLike]:
    return [body[start : start + piece_bytes] for start in range(0, len(body), piece_bytes)]


def extents_of(blobs: Iterable[BlobFacts]) -> list[Extent]:
    """Extents of a content that is these blobs in a row."""
    extents: list[Extent] = []
    start = 0
    for blob in blobs:
        extents.append(Extent(start, blob.length_bytes, blob.sealed_bytes, blob.id, blob.key_id, blob.wrapped_key))
        start += blob.length_bytes
    return extents


async def read_all(streams: ByteStreams, extents: list[Extent], start: int, length: int) -> bytes:
    reader = await streams.read_plain(extents, start, length)
    try:
        return b"".join([bytes(chunk) async for chunk in reader])
    finally:
        await reader.aclose()
