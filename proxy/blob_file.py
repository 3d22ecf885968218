"""One blob as a file on its way into the directory: `<id>.part` until it is placed under its name. All of it blocks."""

import errno
import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from domain.errors import Unavailable
from proxy.blobs import BlobMissing
from proxy.buffers import BytesLike
from proxy.disk import Disk

PART_SUFFIX: Final = ".part"

_READING: Final = frozenset({"open", "read", "look at"})


class BlobFile:
    """Begin, add, then `publish`; or the steps of `publish` one by one where several files share a sync.

    Raises: Unavailable - in each method but `discard`, which undoes all that went before, whatever that was.
    """

    def __init__(self, path: Path, disk: Disk) -> None:
        self.path = path
        self._partial = path.with_name(path.name + PART_SUFFIX)
        self._disk = disk
        self._descriptor: int | None = None
        self._leftover: Path | None = None  # the name that would stay behind if nothing more was done

    def begin(self) -> None:
        """Create the partial file."""
        with failures_named("create", self.path):
            self._descriptor = self._disk.create(self._partial)
            self._leftover = self._partial

    def add(self, data: BytesLike) -> None:
        """Write all of it."""
        assert self._descriptor is not None, "a file that was placed takes no more"
        view = memoryview(data)
        with failures_named("write", self.path):
            while view:
                view = view[self._disk.write(self._descriptor, view) :]

    def sync(self) -> None:
        """Return when what was added is on the disk."""
        assert self._descriptor is not None, "a file that was placed is synced already"
        with failures_named("sync", self.path):
            self._disk.sync(self._descriptor)

    def close(self) -> None:
        """End the adding."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with failures_named("close", self.path):
                self._disk.close(descriptor)

    def place(self) -> None:
        """Give the file its name; right only when its bytes are on the disk."""
        with failures_named("rename", self.path):
            self._disk.rename(self._partial, self.path)
            self._leftover = self.path

    def keep(self) -> None:
        """Take note that its name is on the disk too: from here on `discard` does nothing."""
        self._leftover = None

    def publish(self) -> None:
        """Sync, rename, sync the folder: in this order, or a power cut could leave a torn or a lost blob."""
        self.sync()
        self.close()
        self.place()
        with failures_named("sync the folder of", self.path):
            self._disk.sync_folder(self.path.parent)
        self.keep()

    def write_whole(self, data: BytesLike) -> None:
        """Begin, add and publish; nothing is left if any of it fails."""
        try:
            self.begin()
            self.add(data)
            self.publish()
        finally:
            self.discard()

    def discard(self) -> None:
        """Leave nothing behind that isn't kept. What can't be removed now is swept at the next start."""
        with suppress(Unavailable):
            self.close()
        leftover, self._leftover = self._leftover, None
        if leftover is not None:
            with suppress(OSError):
                self._disk.remove(leftover)


@contextmanager
def failures_named(what: str, path: Path) -> Generator[None]:
    """Translate what the operating system refuses. The message has the file's name and no path of the machine.

    Raises: BlobMissing - reading what isn't there; Unavailable - all else.
    """
    try:
        yield
    except OSError as error:
        if isinstance(error, FileNotFoundError) and what in _READING:
            raise BlobMissing(f"blob {path.name} isn't in the blob store") from error
        number = error.errno or 0
        code = errno.errorcode.get(number, "unknown")
        raise Unavailable(f"the blob store can't {what} {path.name}: {os.strerror(number)} ({code})") from error
