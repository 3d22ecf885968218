"""Small blobs that are written at the same moment share their syncs.

A batch is: write all files, sync the file system, rename all, sync the file system; one hop to a thread and two syncs
for up to 64 blobs. 32 uploads of 4 KiB at once: 240 us a blob and 180 us of processor time, against 510 and 600 with
two syncs for each blob in 16 threads (ext4, 2 cores shared with other work, uvloop; bench/bytes.py compares the first
with plain files). A blob that is alone has its own syncs, which wait for nobody else's bytes; a batch waits for all
that was just written to its file system. syncfs tells of failed writes since Linux 5.8, to every descriptor that was
opened before: so each batch opens its own.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from domain.errors import Unavailable
from proxy.blob_file import BlobFile, failures_named
from proxy.buffers import BytesLike
from proxy.disk import Disk
from proxy.threads import Threads

BATCH_MAX: Final = 64
BATCHES_AT_ONCE_MAX: Final = 2  # while one waits for the disk, the other writes


class _Waiting:
    """One blob that waits to be written, or is being written by `batch`."""

    def __init__(self, path: Path, data: BytesLike, disk: Disk) -> None:
        self.file = BlobFile(path, disk)
        self.data = data
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.batch: asyncio.Task[None] | None = None


class GroupCommit:
    """Writes small blobs durably, together with those that come while others are being written."""

    def __init__(self, root: Path, threads: Threads, disk: Disk) -> None:
        self._root = root
        self._threads = threads
        self._disk = disk
        self._waiting: deque[_Waiting] = deque()
        self._batches: set[asyncio.Task[None]] = set()

    async def write(self, path: Path, data: BytesLike) -> None:
        """Write one blob. When this raises, a cancellation included, its writing has ended.

        Raises: Unavailable - nothing is left then.
        """
        waiting = _Waiting(path, data, self._disk)
        self._waiting.append(waiting)
        self._start_batch()
        try:
            await waiting.done
        except asyncio.CancelledError:
            if waiting.batch is None:
                self._waiting.remove(waiting)
                raise
            while not waiting.batch.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({waiting.batch})
            raise

    def _start_batch(self) -> None:
        if not self._waiting or len(self._batches) >= BATCHES_AT_ONCE_MAX:
            return
        members = [self._waiting.popleft() for _ in range(min(len(self._waiting), BATCH_MAX))]
        batch = asyncio.create_task(self._run(members))
        for member in members:
            member.batch = batch
        self._batches.add(batch)
        batch.add_done_callback(self._batch_ended)

    def _batch_ended(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._start_batch()

    async def _run(self, members: Sequence[_Waiting]) -> None:
        """Write a batch and tell each member what became of it."""
        pairs = [(member.file, member.data) for member in members]
        try:
            failures = await self._threads.run(_write_alone if len(pairs) == 1 else self._write_together, pairs)
            for member in members:
                if member.done.done():
                    continue  # its caller was cancelled
                failure = failures.get(member.file)
                if failure is None:
                    member.done.set_result(None)
                else:
                    member.done.set_exception(failure)
        finally:
            for member in members:
                member.done.cancel()  # only if it isn't done: the loop is going down, nobody waits for ever

    def _write_together(self, pairs: Sequence[tuple[BlobFile, BytesLike]]) -> dict[BlobFile, Unavailable]:
        """Write several blobs with two syncs for all, and answer which failed; of those nothing is left. Blocks."""
        failures: dict[BlobFile, Unavailable] = {}

        def each(step: Callable[[BlobFile], None]) -> None:
            for file, _ in pairs:
                if file not in failures:
                    try:
                        step(file)
                    except Unavailable as error:
                        failures[file] = error

        data_of = dict(pairs)

        def write(file: BlobFile) -> None:
            file.begin()
            file.add(data_of[file])
            file.close()

        try:
            with failures_named("sync", self._root), self._disk.whole_file_system(self._root) as sync:
                each(write)
                sync()
                each(BlobFile.place)
                sync()
                each(BlobFile.keep)
        except Unavailable as error:
            failures |= {file: error for file in data_of if file not in failures}
        finally:
            for file in data_of:
                file.discard()
        return failures


def _write_alone(pairs: Sequence[tuple[BlobFile, BytesLike]]) -> dict[BlobFile, Unavailable]:
    """Write one blob with syncs of its own. Blocks."""
    [(file, data)] = pairs
    try:
        file.write_whole(data)
    except Unavailable as error:
        return {file: error}
    return {}
