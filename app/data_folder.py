"""The data folder: the names of what is in it, and the lock that lets one server at a time use it.

The lock is flock(2) on a file inside: the kernel lets go of it when its holder dies in any way, so none is ever left
behind. The file holds the process id of its holder, for the message alone.
"""

import fcntl
import os
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_LOCK_FILE: Final = "lock"


class DataFolderError(Exception):
    """The data folder can't be used; the message names it and says why."""


class DataFolderBusy(DataFolderError):
    """Another process holds the lock, a running server as a rule."""


@dataclass(frozen=True, slots=True)
class DataFolder:
    """A data folder that is ours until it is closed, or until this process ends."""

    path: Path
    _lock: FileIO

    @classmethod
    def open(cls, path: Path) -> Self:
        """Make the folder if it's missing (mode 0700) and take its lock.

        Raises: DataFolderError when it can't be made or written, or when another server uses it.
        """
        path = path.resolve()
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Opened without O_TRUNC: until the lock is ours, the number inside belongs to its holder.
            lock = FileIO(os.open(path / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600), "r+")
        except OSError as problem:
            raise DataFolderError(f"the data folder {path} can't be used: {problem.strerror}") from problem
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            holder = lock.read(32).decode("ascii", "replace").strip()
            lock.close()
            raise DataFolderBusy(
                f"the data folder {path} is in use by process {holder or '(unknown)'}; "
                "stop that server, or give this one a folder of its own with ARUNA_DATA_DIR"
            ) from problem
        except OSError as problem:
            lock.close()
            raise DataFolderError(f"the data folder {path} can't be locked: {problem.strerror}") from problem
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n".encode("ascii"))
        return cls(path, lock)

    @property
    def graph(self) -> Path:
        """Folder of the embedded graph."""
        return self.path / "graph"

    @property
    def blobs(self) -> Path:
        """Folder of the sealed bytes."""
        return self.path / "blobs"

    @property
    def keyring(self) -> Path:
        """File of the master keys; who loses it loses the bytes."""
        return self.path / "keyring.json"

    @property
    def bootstrap(self) -> Path:
        """File of the addresses and first credentials, for people and scripts on this machine."""
        return self.path / "bootstrap.json"

    def close(self) -> None:
        """Let another server have the folder. The lock's file stays: removing it would let two hold two files."""
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
