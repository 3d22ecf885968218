"""Sealed blobs as files of a directory: `ab/abcdef…`, 256 folders by the first two hex digits of the blob id.

A blob is `<id>.part` until it is committed: bytes synced, then renamed, then the folder synced. So a file without
`.part` is always whole. Small blobs that are written at once share their syncs where the file system allows it.
"""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from domain.errors import Unavailable
from proxy.blob_file import PART_SUFFIX, BlobFile, failures_named
from proxy.blobs import OWNER, StoredBlob, check_blob_id, is_blob_id
from proxy.buffers import BytesLike
from proxy.disk import Disk
from proxy.group_commit import GroupCommit
from proxy.threads import Threads, uninterrupted

if TYPE_CHECKING:
    from concurrent.futures import Future

THREADS_DEFAULT: Final = 16

_FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
_EARLY_SYNC_BYTES: Final = 8 * 1024 * 1024
_SHARED_BYTES_MAX: Final = 128 * 1024  # more would make those wait that share the thread


class DirectoryBlobs:
    """The directory backend of the blobs port; one process or several may share the directory.

    Made by `open_directory_blobs`; `close` ends its threads.
    """

    def __init__(self, root: Path, threads: Threads, disk: Disk, *, shares_syncs: bool) -> None:
        self._root = root
        self._threads = threads
        self._disk = disk
        self._group = GroupCommit(root, threads, disk) if shares_syncs else None

    async def claim(self, installation_id: str) -> str:
        """Mark the directory as an installation's unless it is another's already; answers whose it is.

        For one process at a time, under the lock on the data folder.
        Raises: Unavailable.
        """
        return await self._threads.run(self._claim, self._root / OWNER, installation_id.encode("ascii"))

    async def create(self, blob_id: str) -> "DirectoryWriter":
        """Begin a blob.

        Raises: BadInput, Unavailable.
        """
        file = BlobFile(self._path(blob_id), self._disk)
        writer = DirectoryWriter(file, self._threads)
        try:
            await self._threads.run(file.begin)
        except BaseException:
            await uninterrupted(writer.abort())
            raise
        return writer

    async def write(self, blob_id: str, data: BytesLike) -> None:
        """Store a small blob whole, durably, in one hop to a thread that those waiting at the moment share.

        Raises: BadInput, Unavailable - nothing is left then.
        """
        path = self._path(blob_id)
        if self._group is not None and len(data) <= _SHARED_BYTES_MAX:
            await self._group.write(path, data)
        else:
            await self._threads.run(BlobFile(path, self._disk).write_whole, data)

    async def open(self, blob_id: str, head_bytes: int) -> "DirectoryReader":
        """Open a blob and read its first bytes in one hop to a thread.

        Raises: BadInput, BlobMissing, Unavailable.
        """
        path = self._path(blob_id)
        job = self._threads.start(self._open, path, head_bytes)
        try:
            return await self._threads.end(job)
        except BaseException:
            if job.done() and not job.cancelled() and job.exception() is None:
                await job.result().close()  # it was opened, and nobody is left to read it
            raise

    async def read_range(self, blob_id: str, start: int, length: int) -> bytes:
        """Bytes from `start`, fewer than `length` only where the blob ends; one hop to a thread.

        Raises: BadInput, BlobMissing, Unavailable.
        """
        return await self._threads.run(self._read_range, self._path(blob_id), start, length)

    async def size(self, blob_id: str) -> int:
        """Length of the sealed blob.

        Raises: BadInput, BlobMissing, Unavailable.
        """
        return await self._threads.run(self._size, self._path(blob_id))

    async def delete(self, blob_id: str) -> None:
        """Remove a blob; one that isn't there is removed already.

        The removal isn't synced: a blob that a power cut brings back is an orphan without a key, and swept as one.
        Raises: BadInput, Unavailable.
        """
        await self._threads.run(self._delete, self._path(blob_id))

    async def stored(self) -> AsyncIterator[StoredBlob]:
        """Every committed blob, folder by folder; one hop to a thread for each folder.

        Raises: Unavailable.
        """
        for folder in _FOLDERS:
            for blob in await self._threads.run(self._stored_in, self._root / folder):
                yield blob

    async def check(self) -> None:
        """Look whether the directory is there.

        Raises: Unavailable.
        """
        await self._threads.run(self._check)

    async def sweep_partial(self) -> int:
        """Remove what uploads left that a crash cut off, and answer how many files that were.

        Only right while nobody writes: at start, under the lock on the data folder.
        Raises: Unavailable.
        """
        return sum([await self._threads.run(self._sweep, self._root / folder) for folder in _FOLDERS])

    def close(self) -> None:
        """Wait for the calls under way and end the threads."""
        self._threads.close()

    def _path(self, blob_id: str) -> Path:
        return self._root / check_blob_id(blob_id)[:2] / blob_id

    def _claim(self, path: Path, installation_id: bytes) -> str:
        if not path.exists():
            self._disk.remove(path.with_name(path.name + PART_SUFFIX))  # of a start that was cut off
            BlobFile(path, self._disk).write_whole(installation_id)
        with failures_named("read", path):
            return path.read_text(encoding="ascii", errors="replace")

    def _check(self) -> None:
        with failures_named("reach", self._root):
            self._root.stat()

    def _open(self, path: Path, head_bytes: int) -> "DirectoryReader":
        with failures_named("open", path):
            descriptor = self._disk.open(path)
            try:
                size = self._disk.size(descriptor)
                head = _read(self._disk, descriptor, 0, min(head_bytes, size))
            except BaseException:
                self._disk.close(descriptor)
                raise
        return DirectoryReader(path, descriptor, size, head, self._threads, self._disk)

    def _read_range(self, path: Path, start: int, length: int) -> bytes:
        with failures_named("read", path):
            descriptor = self._disk.open(path)
            try:
                return _read(self._disk, descriptor, start, min(length, self._disk.size(descriptor)))
            finally:
                self._disk.close(descriptor)

    def _size(self, path: Path) -> int:
        with failures_named("look at", path):
            descriptor = self._disk.open(path)
            try:
                return self._disk.size(descriptor)
            finally:
                self._disk.close(descriptor)

    def _delete(self, path: Path) -> None:
        with failures_named("delete", path):
            self._disk.remove(path)

    def _stored_in(self, folder: Path) -> list[StoredBlob]:
        with failures_named("list", folder):
            return [
                StoredBlob(path.name, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))
                for path, status in self._disk.scan(folder)
                if _is_blob(path)
            ]

    def _sweep(self, folder: Path) -> int:
        with failures_named("sweep", folder):
            partial = [path for path, _ in self._disk.scan(folder) if path.suffix == PART_SUFFIX]
            for path in partial:
                self._disk.remove(path)
        return len(partial)


class DirectoryWriter:
    """One file being written."""

    def __init__(self, file: BlobFile, threads: Threads) -> None:
        self._file = file
        self._threads = threads
        self._unsynced_bytes = 0
        self._early_sync: Future[None] | None = None

    async def append(self, data: BytesLike) -> None:
        """Add the next bytes; every 8 MiB a sync begins that nobody waits for before `commit`.

        So the disk works while the next bytes arrive: 64 MiB arriving in 120 ms were durable after 123 ms, not 142.
        Raises: Unavailable.
        """
        await self._threads.run(self._file.add, data)
        self._unsynced_bytes += len(data)
        if self._unsynced_bytes >= _EARLY_SYNC_BYTES and (self._early_sync is None or self._early_sync.done()):
            await self._early_sync_ended()
            self._early_sync, self._unsynced_bytes = self._threads.start(self._file.sync), 0

    async def commit(self) -> None:
        """Make the blob readable and durable.

        Raises: Unavailable - abort it then.
        """
        await self._early_sync_ended()
        await self._threads.run(self._file.publish)

    async def abort(self) -> None:
        """Leave nothing of what was appended; does nothing after `commit` or another `abort`. Never raises."""
        with suppress(Unavailable):
            await self._early_sync_ended()
        await self._threads.run(self._file.discard)

    async def _early_sync_ended(self) -> None:
        """Wait for it. Its failure counts, since the system tells of a lost write only once. Raises: Unavailable."""
        job, self._early_sync = self._early_sync, None
        if job is not None:
            await self._threads.end(job)


class DirectoryReader:
    """One open file: it stays readable when its name is gone."""

    def __init__(
        self, path: Path, descriptor: int, sealed_bytes: int, head: bytes, threads: Threads, disk: Disk
    ) -> None:
        self.sealed_bytes = sealed_bytes
        self.head = head
        self._path = path
        self._descriptor: int | None = descriptor
        self._threads = threads
        self._disk = disk

    async def read_into(self, start: int, buffer: memoryview) -> int:
        """Fill the buffer with the bytes from `start`, and answer how many: fewer only where the blob ends.

        What the system has in memory is copied at once, since a hop to a thread costs more: 1 MiB takes 0.06 ms.
        Raises: Unavailable.
        """
        assert self._descriptor is not None, "a closed reader reads no more"
        wanted = min(len(buffer), max(self.sealed_bytes - start, 0))
        if self._disk.read_cached(self._descriptor, start, buffer[:wanted]) == wanted:
            return wanted
        return await self._threads.run(self._read_into, self._descriptor, start, buffer)

    async def close(self) -> None:
        """Let the file go; may be called again."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            self._disk.close(descriptor)  # of a file that was only read: it doesn't block

    def _read_into(self, descriptor: int, start: int, buffer: memoryview) -> int:
        with failures_named("read", self._path):
            return _read_fully(self._disk, descriptor, start, buffer)


def open_directory_blobs(
    root: Path,
    threads_max: int = THREADS_DEFAULT,
    disk: Disk | None = None,
    *,
    shares_syncs: bool | None = None,
) -> DirectoryBlobs:
    """Make the folders, durably, and answer the backend. Blocks; for the start of a program.

    `shares_syncs` lets small blobs written at once be synced with the whole file system they are on: much faster, but
    each waits for whatever else was just written there. None: where `Disk.shares_syncs` holds it for safe.
    Raises: Unavailable.
    """
    disk = disk or Disk()
    with failures_named("prepare", root):
        if not all((root / folder).is_dir() for folder in _FOLDERS):
            for folder in _FOLDERS:
                disk.make_folder(root / folder)
            disk.sync_folder(root)
            disk.sync_folder(root.parent)
        if shares_syncs is None:
            shares_syncs = disk.shares_syncs(root)
    return DirectoryBlobs(root, Threads("blobs", threads_max), disk, shares_syncs=shares_syncs)


def _is_blob(path: Path) -> bool:
    return is_blob_id(path.name) and path.name.startswith(path.parent.name)


def _read_fully(disk: Disk, descriptor: int, start: int, buffer: memoryview) -> int:
    """Read until the buffer is full or the file ends: one call as a rule, more where a signal or 2 GiB cut it short."""
    filled = 0
    while filled < len(buffer):
        taken = disk.read_into(descriptor, start + filled, buffer[filled:])
        if not taken:
            break
        filled += taken
    return filled


def _read(disk: Disk, descriptor: int, start: int, length: int) -> bytes:
    buffer = bytearray(length)
    return bytes(memoryview(buffer)[: _read_fully(disk, descriptor, start, memoryview(buffer))])
