"""The calls on files that durability depends on, in one place, so that a test can record their order or make one fail.

Each blocks; each raises OSError.
"""

import ctypes
import os
import platform
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

from proxy.buffers import BytesLike

_SYNCFS_TELLS_OF_FAILURES: Final = (5, 8)  # the first Linux release where it does
_SYNCFS_FILE_SYSTEMS: Final = frozenset({"ext4", "xfs"})  # where it is known to wait for data and names
_TELLS_WHAT_IS_CACHED: Final = hasattr(os, "RWF_NOWAIT")  # Linux
_MOUNTS: Final = Path("/proc/self/mountinfo")


class Disk:
    """The operating system's own files."""

    def create(self, path: Path) -> int:
        """Open a new file for writing, readable by its owner alone, and answer its descriptor."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, descriptor: int, data: BytesLike) -> int:
        """Write at the end; may write less than all. Answers how many bytes it wrote."""
        return os.write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        """Return when what was written to this file survives a power cut."""
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Give a file its other name in one step."""
        source.rename(target)

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in this folder survive a power cut."""
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def whole_file_system(self, folder: Path) -> Generator[Callable[[], None]]:
        """A call that returns when all that was written to the folder's file system survives a power cut.

        It raises if any write failed since the `with` began. Only where `shares_syncs` says so.
        """
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

        def sync() -> None:
            if _libc().syncfs(descriptor) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))

        try:
            yield sync
        finally:
            os.close(descriptor)

    def shares_syncs(self, folder: Path) -> bool:
        """Whether syncing the whole file system is as safe here as syncing each file and folder."""
        release = re.match(r"(\d+)\.(\d+)", platform.release())
        if platform.system() != "Linux" or release is None or not _MOUNTS.exists():
            return False
        version = int(release[1]), int(release[2])
        kind = file_system_kind(_MOUNTS.read_text(encoding="utf-8", errors="replace"), folder.stat().st_dev)
        return version >= _SYNCFS_TELLS_OF_FAILURES and kind in _SYNCFS_FILE_SYSTEMS

    def remove(self, path: Path) -> None:
        """Remove a file; one that isn't there is removed already."""
        path.unlink(missing_ok=True)

    def open(self, path: Path) -> int:
        """Open a file for reading and answer its descriptor."""
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def size(self, descriptor: int) -> int:
        """Length of an open file."""
        return os.fstat(descriptor).st_size

    def read_into(self, descriptor: int, start: int, buffer: memoryview) -> int:
        """Read from a place and answer how much: may be less than all, and nothing only at the end."""
        return os.preadv(descriptor, [buffer], start)

    def read_cached(self, descriptor: int, start: int, buffer: memoryview) -> int:
        """Read what is in memory already, without waiting for the disk; 0 also where the system can't tell.

        Unlike the others it never raises.
        """
        if not _TELLS_WHAT_IS_CACHED:
            return 0
        try:
            return os.preadv(descriptor, [buffer], start, os.RWF_NOWAIT)
        except OSError:  # nothing of it is, or this file system can't tell
            return 0

    def close(self, descriptor: int) -> None:
        """Let an open file go."""
        os.close(descriptor)

    def scan(self, folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
        """Every file of a folder with what is known of it; a file that goes meanwhile is left out."""
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    yield Path(entry.path), entry.stat(follow_symlinks=False)
                except FileNotFoundError:
                    continue

    def make_folder(self, folder: Path) -> None:
        """Make a folder for its owner alone, and those above it; one that is there is fine."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def file_system_kind(mounts: str, device: int) -> str | None:
    """Name of the file system on a device, from the text of /proc/self/mountinfo (proc(5)); None if it isn't there.

    line = mount id, parent id, major:minor, root, mount point, options, optional fields, `-`, kind, source, options.
    """
    number = f"{os.major(device)}:{os.minor(device)}"
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) > 2 and fields[2] == number and "-" in fields[6:-1]:
            return fields[fields.index("-", 6) + 1]
    return None
