"""Disks for tests: one records the order of calls, one the reads, one refuses, one is slow of reading and writing."""

import errno
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from proxy.buffers import BytesLike
from proxy.disk import Disk


class RecordingDisk(Disk):
    """Remembers each call that matters for durability, as (call, file name without `.part`)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self._names: dict[int, str] = {}

    def create(self, path: Path) -> int:
        descriptor = super().create(path)
        self._names[descriptor] = path.stem
        self.record("create", path.stem)
        return descriptor

    def write(self, descriptor: int, data: BytesLike) -> int:
        self.record("write", self._names[descriptor])
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        name = self._names[descriptor]
        super().sync(descriptor)
        self.record("sync", name)

    def rename(self, source: Path, target: Path) -> None:
        self.record("rename", target.name)
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.record("sync folder", folder.name)

    @contextmanager
    def whole_file_system(self, folder: Path) -> Generator[Callable[[], None]]:
        with super().whole_file_system(folder) as sync:

            def recorded() -> None:
                sync()
                self.record("sync all", "")

            yield recorded

    def remove(self, path: Path) -> None:
        self.record("remove", path.stem)
        super().remove(path)

    def record(self, call: str, name: str) -> None:
        self.calls.append((call, name))


class ColdDisk(Disk):
    """Has nothing in memory: every read goes to the disk itself, in a thread."""

    def read_cached(self, descriptor: int, start: int, buffer: memoryview) -> int:
        del descriptor, start, buffer
        return 0


class HalfCachedDisk(Disk):
    """Has the first half of whatever is asked for in memory."""

    def read_cached(self, descriptor: int, start: int, buffer: memoryview) -> int:
        return super().read_into(descriptor, start, buffer[: len(buffer) // 2])


class WarmDisk(Disk):
    """Has everything in memory, and refuses to be read in a thread once it is told to."""

    def __init__(self) -> None:
        self.is_cold_refused = False

    def read_cached(self, descriptor: int, start: int, buffer: memoryview) -> int:
        return super().read_into(descriptor, start, buffer)

    def read_into(self, descriptor: int, start: int, buffer: memoryview) -> int:
        assert not self.is_cold_refused, "what is in memory needs no thread"
        return super().read_into(descriptor, start, buffer)


class ReadNotingDisk(ColdDisk):
    """Remembers the place and length of every read."""

    def __init__(self) -> None:
        self.reads: list[tuple[int, int]] = []

    def read_into(self, descriptor: int, start: int, buffer: memoryview) -> int:
        self.reads.append((start, len(buffer)))
        return super().read_into(descriptor, start, buffer)


class RefusingDisk(ColdDisk):
    """Refuses the calls named in `refused`, for files whose name begins with `prefix`."""

    def __init__(self, refused: str, number: int = errno.ENOSPC, prefix: str = "") -> None:
        self.refused = refused
        self._number = number
        self._prefix = prefix
        self._names: dict[int, str] = {}
        self.syncs_of_all = 0

    def create(self, path: Path) -> int:
        self._meet("create", path.name)
        descriptor = super().create(path)
        self._names[descriptor] = path.name
        return descriptor

    def write(self, descriptor: int, data: BytesLike) -> int:
        self._meet("write", self._names[descriptor])
        return super().write(descriptor, data)

    def sync(self, descriptor: int) -> None:
        self._meet("sync", self._names[descriptor])
        super().sync(descriptor)

    def close(self, descriptor: int) -> None:
        super().close(descriptor)
        if descriptor in self._names:
            self._meet("close", self._names[descriptor])

    def rename(self, source: Path, target: Path) -> None:
        self._meet("rename", target.name)
        super().rename(source, target)

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        if len(folder.name) == 2:
            self._meet("sync_folder", folder.name)

    @contextmanager
    def whole_file_system(self, folder: Path) -> Generator[Callable[[], None]]:
        with super().whole_file_system(folder) as sync:

            def counted() -> None:
                self.syncs_of_all += 1
                self._meet(f"sync_all {2 - self.syncs_of_all % 2}", "")
                sync()

            yield counted

    def open(self, path: Path) -> int:
        self._meet("open", path.name)
        return super().open(path)

    def read_into(self, descriptor: int, start: int, buffer: memoryview) -> int:
        self._meet("read_into", "")
        return super().read_into(descriptor, start, buffer)

    def remove(self, path: Path) -> None:
        self._meet("remove", path.name)
        super().remove(path)

    def _meet(self, call: str, name: str) -> None:
        if call == self.refused and name.startswith(self._prefix):
            raise OSError(self._number, os.strerror(self._number), f"/a/path/of/the/machine/{name}")


class HaltingDisk(ColdDisk):
    """Reads and writes at most 1000 bytes at a time, as the system may at any time."""

    def write(self, descriptor: int, data: BytesLike) -> int:
        return super().write(descriptor, memoryview(data)[:1000])

    def read_into(self, descriptor: int, start: int, buffer: memoryview) -> int:
        return super().read_into(descriptor, start, buffer[:1000])
