"""The keyring: master keys that wrap what must not stand in the graph in clear, and a root secret to derive from.

Losing the file is losing the data; whoever reads it and the blobs has the data. It holds several master keys by id, one
of them current: new wrapping uses that one, the others open what they wrapped. Rotation adds a key and moves no bytes.

wrapped = 12-byte random nonce, AES-256-GCM ciphertext, 16-byte tag. Associated data = the fields purpose, key id and
context, each UTF-8 after its 4-byte big-endian length; the context of a data key is its blob id. One master key may
wrap at most 2**32 times (NIST SP 800-38D, 8.3: random nonces): rotate long before. Derived secrets are HKDF-SHA256
(RFC 5869) of the root secret, without salt, info = the same encoding of purpose and context.

Source: docs/blob-format.md, "Wrapped keys".
"""

import base64
import hmac
import json
import os
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from domain.errors import DomainError

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16

_KEY_ID_BYTES: Final = 8
_FORMAT: Final = "aruna keyring 1"
_DATA_KEY: Final = "aruna data key 1"
_SMALL_SECRET: Final = "aruna secret 1"  # noqa: S105  a purpose, no secret
_DERIVED: Final = "aruna derived secret 1"
_FINGERPRINT: Final = "fingerprint"
_FINGERPRINT_BYTES: Final = 16
_PUT_BACK: Final = "put back a whole copy of it, such as keyring.json of a backup"

IN_ENVIRONMENT: Final = "the keyring in ARUNA_KEYRING"
"""How messages name a keyring that the settings hold."""


class KeyringUnusable(DomainError):
    """The keyring can't be read, written or trusted. The server must not start; the message says the way out."""


class KeyUnknown(DomainError):
    """Something was wrapped by a master key that this keyring doesn't hold. Stays internal."""


class WrappedDamaged(DomainError):
    """What was wrapped doesn't open under its master key: altered, cut, or of another blob or context."""


class Wrapped(NamedTuple):
    """Something sealed by the master key `key_id`: nonce, ciphertext and tag in one."""

    key_id: str
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key of 256 bits. `created_at` is an aware UTC datetime."""

    id: str
    created_at: datetime
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        """Check the shape."""
        assert len(self.secret) == KEY_BYTES, "a master key has 256 bits"
        assert self.created_at.tzinfo is not None, "instants are aware"


class Keyring:
    """Master keys by id, the current one, and the root secret; shows no key in any text.

    Unchanging, unless it follows a file (identity/keyring_file.py).
    """

    def __init__(
        self, keys: Sequence[MasterKey], current_id: str, root: bytes, random_bytes: Callable[[int], bytes]
    ) -> None:
        assert len(root) == KEY_BYTES, "the root secret has 256 bits"
        assert current_id in {key.id for key in keys}, "the current key is one of the keys"
        assert len({key.id for key in keys}) == len(keys), "each key has an id of its own"
        self._current_id = current_id
        self._keys = tuple(keys)
        self._root = root
        self._random_bytes = random_bytes
        self._ciphers = {key.id: AESGCM(key.secret) for key in keys}

    def __repr__(self) -> str:
        return f"Keyring(current_id={self.current_id!r}, keys={len(self._keys)})"

    @property
    def current_id(self) -> str:
        """Id of the master key that wraps from now on."""
        return self._current_id

    @property
    def current_since(self) -> datetime:
        """Instant at which the current master key was made."""
        return next(key.created_at for key in self._keys if key.id == self._current_id)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Ids of all master keys, oldest first."""
        return tuple(key.id for key in self._keys)

    @property
    def fingerprint(self) -> str:
        """What tells this installation's keyring from others', in hex; the same after each rotation, and no secret.

        It is derived from the root secret for this alone, so it tells nothing of what else is derived.
        """
        return self.derive(_FINGERPRINT, "", _FINGERPRINT_BYTES).hex()

    def wrap(self, data_key: bytes, blob_id: str) -> Wrapped:
        """Wrap a blob's data key under the current master key."""
        return self._seal(data_key, _DATA_KEY, blob_id)

    def unwrap(self, key_id: str, wrapped: bytes, blob_id: str) -> bytes:
        """Data key of this blob.

        Raises: KeyUnknown, WrappedDamaged.
        """
        return self._open(key_id, wrapped, _DATA_KEY, blob_id)

    def seal_secret(self, secret: bytes, context: str) -> Wrapped:
        """Seal a small secret that must be known in clear again; `context` names what it belongs to."""
        return self._seal(secret, _SMALL_SECRET, context)

    def open_secret(self, key_id: str, sealed: bytes, context: str) -> bytes:
        """Secret that was sealed with this context.

        Raises: KeyUnknown, WrappedDamaged.
        """
        return self._open(key_id, sealed, _SMALL_SECRET, context)

    def derive(self, purpose: str, context: str, length: int = KEY_BYTES) -> bytes:
        """Secret for one purpose and context, always the same: it survives rotation and needs no storing."""
        info = _fields(_DERIVED, purpose, context)
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._root)

    def rotated(self, now: datetime) -> "Keyring":
        """Keyring with a new current master key beside the old ones; the root secret stays."""
        key = _new_key(now, self._random_bytes)
        return Keyring((*self._keys, key), key.id, self._root, self._random_bytes)

    def current_alone(self) -> "Keyring":
        """Keyring without the old master keys: what they wrapped is lost with them."""
        keys = [key for key in self._keys if key.id == self._current_id]
        return Keyring(keys, self._current_id, self._root, self._random_bytes)

    def _adopt(self, other: "Keyring") -> None:
        """Become another keyring of the same root.

        Keys that it lacks still open in this process what was read from the graph just before they were dropped; they
        are named and written no more.
        """
        assert self._is_of_root(other), "the root secret never changes"
        self._keys = other._keys  # noqa: SLF001  of its own class
        self._ciphers.update({key.id: AESGCM(key.secret) for key in self._keys if key.id not in self._ciphers})
        self._current_id = other.current_id

    def _is_of_root(self, other: "Keyring") -> bool:
        return hmac.compare_digest(self._root, other._root)  # noqa: SLF001  of its own class

    def covers(self, other: "Keyring") -> bool:
        """Whether it opens and derives whatever the other one does."""
        return self._is_of_root(other) and set(other.key_ids) <= set(self.key_ids)

    def to_text(self) -> str:
        """Write all of it, secrets in clear, as JSON: for the file or an environment variable, never for a log."""
        return json.dumps(
            {
                "format": _FORMAT,
                "warning": "Whoever has this can read all data; whoever loses it has lost all data.",
                "current": self.current_id,
                "root": _encode(self._root),
                "keys": [
                    {"id": key.id, "created_at": key.created_at.isoformat(), "secret": _encode(key.secret)}
                    for key in self._keys
                ],
            },
            indent=2,
        )

    def _seal(self, secret: bytes, purpose: str, context: str) -> Wrapped:
        nonce = self._random_bytes(NONCE_BYTES)
        cipher = self._ciphers[self.current_id]
        sealed = cipher.encrypt(nonce, secret, _fields(purpose, self.current_id, context))
        return Wrapped(self.current_id, nonce + sealed)

    def _open(self, key_id: str, sealed: bytes, purpose: str, context: str) -> bytes:
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyUnknown(
                f"the {purpose} of {context}: the keyring has no master key {key_id!r}, "
                f"only {', '.join(self.key_ids)}; "
                "restore the keyring that was in use when this was written"
            )
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise WrappedDamaged(f"the {purpose} of {context} is cut")
        try:
            return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _fields(purpose, key_id, context))
        except InvalidTag as error:
            raise WrappedDamaged(f"the {purpose} of {context} doesn't open under master key {key_id}") from error


def new_keyring(now: datetime, random_bytes: Callable[[int], bytes]) -> Keyring:
    """Make a keyring with one master key."""
    key = _new_key(now, random_bytes)
    return Keyring((key,), key.id, random_bytes(KEY_BYTES), random_bytes)


def parse_keyring(text: str, random_bytes: Callable[[int], bytes], named: str = "the keyring") -> Keyring:
    """Read what `Keyring.to_text` wrote; `named` says to people where that is.

    Raises: KeyringUnusable - the message quotes nothing of the text.
    """
    try:
        content = cast("dict[str, Any]", json.loads(text))
        if content["format"] != _FORMAT:
            raise KeyringUnusable(f"{named} is of another format than {_FORMAT!r}; use the program that wrote it")
        keys = {row["id"]: _parse_key(row) for row in content["keys"]}
        if len(keys) != len(content["keys"]) or content["current"] not in keys:
            raise KeyringUnusable(f"the keys of {named} contradict each other; {_PUT_BACK}")
        return Keyring(tuple(keys.values()), content["current"], _decode(content["root"]), random_bytes)
    except (AttributeError, KeyError, TypeError, ValueError):
        # The cause stays away: json's error carries the whole text, secrets included.
        raise KeyringUnusable(f"{named} can't be read: it is incomplete or altered; {_PUT_BACK}") from None


def load_keyring(path: Path, random_bytes: Callable[[int], bytes]) -> Keyring:
    """Read the keyring file. Blocks.

    Raises: KeyringUnusable - it isn't there, others may read it, or its content is no keyring.
    """
    try:
        with path.open(encoding="utf-8") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise KeyringUnusable(f"{path} is not a file; a keyring is one")
            if status.st_mode & 0o077:
                mode = stat.S_IMODE(status.st_mode)
                raise KeyringUnusable(f"others can read the keyring {path} (mode {mode:04o}); run: chmod 600 {path}")
            text = file.read()
    except FileNotFoundError as error:
        raise KeyringUnusable(
            f"there is no keyring {path}; {_PUT_BACK}: without the one that was in use the data is lost"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise KeyringUnusable(f"can't read the keyring {path}: {error}") from error
    return parse_keyring(text, random_bytes, f"the keyring {path}")


def load_or_create_keyring(path: Path, now: datetime, random_bytes: Callable[[int], bytes]) -> tuple[Keyring, bool]:
    """Read the keyring file, or make it at first use; the answer's second half says whether it is new. Blocks.

    Of several that make it at once, one wins and all read the same: a keyring is never overwritten here.
    Raises: KeyringUnusable.
    """
    if path.exists():
        return load_keyring(path, random_bytes), False
    try:
        temporary = _write_beside(path, new_keyring(now, random_bytes).to_text(), random_bytes)
        try:
            path.hardlink_to(temporary)  # unlike a rename it refuses to replace what another process just made
            is_new = True
        except FileExistsError:
            is_new = False
        finally:
            temporary.unlink()
        _sync_folder(path.parent)
    except OSError as error:
        raise KeyringUnusable(f"can't make the keyring {path}: {error}") from error
    return load_keyring(path, random_bytes), is_new


def save_keyring(path: Path, keyring: Keyring, random_bytes: Callable[[int], bytes]) -> None:
    """Replace the keyring file in one durable step, as after a rotation. Blocks; for one process at a time.

    Where the path is a symbolic link, as to a file that several servers share, what it leads to is replaced.
    Raises: KeyringUnusable - the file is as it was, or already the new one.
    """
    try:
        path = path.resolve()
        temporary = _write_beside(path, keyring.to_text(), random_bytes)
        try:
            temporary.replace(path)
        except OSError:
            temporary.unlink()
            raise
        _sync_folder(path.parent)
    except OSError as error:
        raise KeyringUnusable(f"can't write the keyring {path}: {error}") from error


def _write_beside(path: Path, text: str, random_bytes: Callable[[int], bytes]) -> Path:
    """Write a file in the same folder, synced and readable by its owner alone, and answer its path."""
    temporary = path.with_name(f"{path.name}.{random_bytes(8).hex()}.part")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    return temporary


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _new_key(now: datetime, random_bytes: Callable[[int], bytes]) -> MasterKey:
    return MasterKey(random_bytes(_KEY_ID_BYTES).hex(), now, random_bytes(KEY_BYTES))


def _fields(*texts: str) -> bytes:
    """Write texts so that no two lists of texts give the same bytes."""
    raw = [text.encode("utf-8") for text in texts]
    return b"".join(len(text).to_bytes(4, "big") + text for text in raw)


def _parse_key(row: dict[str, str]) -> MasterKey:
    """Read one key. Raises: KeyError, TypeError, ValueError."""
    created_at = datetime.fromisoformat(row["created_at"])
    if created_at.tzinfo is None:
        raise ValueError("an instant without a zone")
    return MasterKey(row["id"], created_at, _decode(row["secret"]))


def _encode(secret: bytes) -> str:
    return base64.b64encode(secret).decode("ascii")


def _decode(text: str) -> bytes:
    secret = base64.b64decode(text, validate=True)
    if len(secret) != KEY_BYTES:
        raise ValueError("a secret of another length")
    return secret
