"""The port to what keeps sealed blobs. Backends: blobs_directory, and blobs_s3 for any S3-compatible store.

Rules of every backend, checked by tests/contracts/blobs_contract.py:
- A blob is written whole or not at all; it can be read from the moment `commit` or `write` returns and is durable then.
- A blob id is new for each blob; writing one id twice is a mistake of the caller.
- Buffers that are handed over may be used again as soon as the call returns.
- A cancelled call has come to its end when the cancellation leaves it; whether it took effect is open.
- What can't be done for want of space, rights or a working disk or network is Unavailable.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, runtime_checkable

from domain.errors import BadInput, DomainError
from proxy.buffers import BytesLike

BLOB_ID_BYTES: Final = 16
OWNER: Final = "installation"
"""Name under which a place says whose it is, beside the blobs."""

_BLOB_ID_LENGTH: Final = 2 * BLOB_ID_BYTES
_HEX_DIGITS: Final = frozenset("0123456789abcdef")


class BlobMissing(DomainError):
    """The graph speaks of a blob that the backend doesn't have. Never the caller's fault: stays internal."""


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """A blob as the backend lists it; `modified_at` is an aware UTC datetime, about when it was committed."""

    blob_id: str
    sealed_bytes: int
    modified_at: datetime


class BlobWriter(Protocol):
    """One blob being written. Ends with `commit` or `abort`; one call at a time."""

    async def append(self, data: BytesLike) -> None:
        """Add the next bytes.

        Raises: Unavailable.
        """
        ...

    async def commit(self) -> None:
        """Make the blob readable and durable.

        Raises: Unavailable - abort it then; a sync that failed is never tried again.
        """
        ...

    async def abort(self) -> None:
        """Leave nothing of what was appended; does nothing after `commit` or another `abort`. Never raises."""
        ...


class BlobReader(Protocol):
    """One blob opened for reading. When it is deleted then, it stays readable or is missing: never other bytes."""

    @property
    def sealed_bytes(self) -> int:
        """Length of the whole sealed blob."""
        ...

    @property
    def head(self) -> bytes:
        """As many of the first bytes as `open` was asked for, fewer if the blob is shorter."""
        ...

    async def read_into(self, start: int, buffer: memoryview) -> int:
        """Fill the buffer with the bytes from `start`, and answer how many: fewer only where the blob ends.

        Raises: BlobMissing (it was deleted meanwhile), Unavailable.
        """
        ...

    async def close(self) -> None:
        """Let the blob go; may be called again. No `read_into` may be under way."""
        ...


class Blobs(Protocol):
    """A place for sealed blobs. Blob ids are 32 lower-case hex digits, else BadInput."""

    async def claim(self, installation_id: str) -> str:
        """Mark the place as an installation's unless it is another's already; answers whose it is.

        Two installations in one place would take each other's blobs for stray, and remove them.
        Raises: Unavailable.
        """
        ...

    async def create(self, blob_id: str) -> BlobWriter:
        """Begin a blob.

        Raises: Unavailable.
        """
        ...

    async def write(self, blob_id: str, data: BytesLike) -> None:
        """Store a small blob whole, durably: create, append and commit at the price of one call.

        Raises: Unavailable - nothing is left then.
        """
        ...

    async def open(self, blob_id: str, head_bytes: int) -> BlobReader:
        """Open a blob and read its first bytes in one go.

        Raises: BlobMissing, Unavailable.
        """
        ...

    async def read_range(self, blob_id: str, start: int, length: int) -> bytes:
        """Bytes from `start`, fewer than `length` only where the blob ends.

        Raises: BlobMissing, Unavailable.
        """
        ...

    async def size(self, blob_id: str) -> int:
        """Length of the sealed blob.

        Raises: BlobMissing, Unavailable.
        """
        ...

    async def delete(self, blob_id: str) -> None:
        """Remove a blob; one that isn't there is removed already.

        Raises: Unavailable.
        """
        ...

    def stored(self) -> AsyncIterator[StoredBlob]:
        """Every committed blob, in no order; those that come or go meanwhile may be there or not.

        Raises: Unavailable.
        """
        ...

    async def check(self) -> None:
        """Answer if the place can be reached at this moment; asked often, so it is cheap.

        Raises: Unavailable.
        """
        ...


@runtime_checkable
class KeepsUploads(Protocol):
    """A backend that keeps parts of blobs, unseen, which nobody will commit any more."""

    async def stale_uploads(self, before: datetime) -> int:
        """Count what `abort_stale_uploads` would end.

        Raises: Unavailable.
        """
        ...

    async def abort_stale_uploads(self, before: datetime) -> int:
        """Let go of what was begun before an instant and never committed; answers how many blobs that were.

        Raises: Unavailable.
        """
        ...


def is_blob_id(text: str) -> bool:
    """Whether it is 32 lower-case hex digits."""
    return len(text) == _BLOB_ID_LENGTH and _HEX_DIGITS.issuperset(text)


def check_blob_id(blob_id: str) -> str:
    """Answer the id itself if it is 32 lower-case hex digits, so that it is safe in a path.

    Raises: BadInput.
    """
    if not is_blob_id(blob_id):
        raise BadInput(f"a blob id has 32 lower-case hex digits, {blob_id[:64]!r} has not")
    return blob_id
