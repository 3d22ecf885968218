"""A keyring that follows its file: whoever wraps uses the newest master key, whichever process made it.

The file is looked at before each wrapping (one stat, some microseconds) and before a key is called unknown, so a
rotation by another process takes effect at once and needs no signal. Whoever changes the file holds a lock on a file
beside it meanwhile (flock(2), which the kernel lets go of however its holder ends), so that no key of another is lost.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from identity.keyring import Keyring, KeyringUnusable, KeyUnknown, Wrapped, load_keyring, save_keyring

_LOG: Final = logging.getLogger(__name__)
_LOCK_WAIT_S: Final = 10.0
_LOCK_POLL_S: Final = 0.02

_Look = tuple[int, int, int]
"""Inode, time of change in ns and length of a file: one that was replaced or opened to us (chmod) has others."""


class FileKeyring(Keyring):
    """The keyring of a file, read again whenever the file is another one. For one thread."""

    def __init__(self, path: Path, keyring: Keyring, random_bytes: Callable[[int], bytes]) -> None:
        """Follow `path`, which `keyring` was read from."""
        super().__init__(keyring._keys, keyring.current_id, keyring._root, random_bytes)  # noqa: SLF001  one family
        self._path = path
        self._seen: _Look | None = None
        self._is_foreign = False

    @property
    def is_foreign(self) -> bool:
        """Whether the file was another installation's when it was last read: the next start would be refused."""
        return self._is_foreign

    def refresh(self) -> None:
        """Read the file if it is another one than at the last look.

        A file that can't be used leaves the keyring as it is, with an error in the log: what was known still works.
        """
        look = self._look()
        if look is None or look == self._seen:
            return
        self._seen = look
        try:
            found = load_keyring(self._path, self._random_bytes)
        except KeyringUnusable as error:
            _LOG.error("the keyring's file has changed and can't be used: %s", error)
            return
        self._is_foreign = not self._is_of_root(found)
        if self._is_foreign:
            _LOG.error("%s is another installation's keyring now; put the right one back", self._path)
            return
        self._adopt(found)

    def reread(self) -> None:
        """Read the file, changed or not: for whoever is about to write it.

        Raises: KeyringUnusable - it can't be used, and must not be overwritten by what this process remembers.
        """
        found = load_keyring(self._path, self._random_bytes)
        if not self._is_of_root(found):
            raise KeyringUnusable(f"{self._path} is another installation's keyring now; put the right one back")
        self._adopt(found)

    async def rotate(self, now: datetime) -> str:
        """Add a master key to the file, durably, and wrap by it from now on; answers its id.

        Raises: KeyringUnusable.
        """
        async with self.being_changed():
            fresh = self.rotated(now)
            save_keyring(self._path, fresh, self._random_bytes)
            self.reread()
        assert self.current_id == fresh.current_id, "what is saved is what wraps from now on"
        return fresh.current_id

    @asynccontextmanager
    async def being_changed(self) -> AsyncGenerator[None]:
        """Be the only one, of all processes, that changes the file; it has been read again when the block begins.

        Raises: KeyringUnusable - it can't be used or locked, or another process holds it for long.
        """
        path = self._path.resolve()  # those that share a file by links share the lock
        lock = path.with_name(f"{path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise KeyringUnusable(f"can't lock the keyring by {lock}: {error.strerror}") from error
        try:
            await _locked(descriptor, lock)
            self.reread()
            yield
        finally:
            os.close(descriptor)

    def _look(self) -> _Look | None:
        try:
            status = os.stat(self._path)  # noqa: PTH116  the cheapest look, before each wrapping
        except OSError:
            return None
        return status.st_ino, status.st_ctime_ns, status.st_size

    def _seal(self, secret: bytes, purpose: str, context: str) -> Wrapped:
        self.refresh()
        return super()._seal(secret, purpose, context)

    def _open(self, key_id: str, sealed: bytes, purpose: str, context: str) -> bytes:
        try:
            return super()._open(key_id, sealed, purpose, context)
        except KeyUnknown:
            self.refresh()
            return super()._open(key_id, sealed, purpose, context)


async def _locked(descriptor: int, lock: Path) -> None:
    """Take the lock; asked for again and again, since a thread that waits for it couldn't be called back.

    Raises: KeyringUnusable.
    """
    for _ in range(int(_LOCK_WAIT_S / _LOCK_POLL_S)):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            await asyncio.sleep(_LOCK_POLL_S)
        except OSError as error:
            raise KeyringUnusable(f"can't lock the keyring by {lock}: {error.strerror}") from error
        else:
            return
    raise KeyringUnusable(f"another process holds {lock}; try again when it has ended")
