"""A keyring that follows its file: whoever wraps uses the newest master key, whichever process made it.

The file is looked at before each wrapping (one stat, some microseconds) and before a key is called unknown, so a
rotation by another process takes effect at once and needs no signal.
"""

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from identity.keyring import Keyring, KeyringUnusable, KeyUnknown, Wrapped, load_keyring

_LOG: Final = logging.getLogger(__name__)

_Look = tuple[int, int, int]
"""Inode, time of change in ns and length of a file: one that was replaced or opened to us (chmod) has others."""


class FileKeyring(Keyring):
    """The keyring of a file, read again whenever the file is another one. For one thread."""

    def __init__(self, path: Path, keyring: Keyring, random_bytes: Callable[[int], bytes]) -> None:
        """Follow `path`, which `keyring` was read from."""
        super().__init__(keyring._keys, keyring.current_id, keyring._root, random_bytes)  # noqa: SLF001  one family
        self._path = path
        self._seen: _Look | None = None

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
        if not self._is_of_root(found):
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
