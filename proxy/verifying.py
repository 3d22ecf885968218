"""Compares the graph's blobs with the stored bytes, streaming: what is missing, damaged, unreadable or left over.

A blob is opened segment by segment with its own key, so its tags, its length and the SHA-256 of its plaintext are all
proven; memory is bounded whatever the installation holds. Clients may go on meanwhile: what looks wrong is looked at
again before it is reported, since a blob may have gone, or its key been wrapped anew, since its page was read.

Bytes that the backend can't read, as of a bad place on a disk, are a finding. A backend that can read nothing is no
million of findings: it is asked whether it is there, and after some blobs in a row the walk ends.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from domain.contents import BlobFacts
from domain.errors import DomainError, Unavailable
from graphstore.cypher.catalogue import CataloguedBlob, blobs_by_id, page_of_blobs, shown_by, upper_blob
from graphstore.store import GraphStore
from identity.keyring import Keyring, KeyUnknown, WrappedDamaged
from proxy.blob_format import BlobUnreadable
from proxy.blobs import BlobMissing, Blobs, StoredBlob
from proxy.locating import extent_of
from proxy.streaming import ByteStreams
from proxy.threads import all_of

_PAGE: Final = 200
_LOOKED_UP: Final = 500
_AT_ONCE: Final = 4
_HASHED_INLINE_BYTES: Final = 64 * 1024
_UNREADABLE_IN_A_ROW_MAX: Final = 20


class Fault(StrEnum):
    """What can be wrong with a blob, or with the secret of an S3 key pair."""

    MISSING = "missing"
    """The graph needs it and the backend doesn't have it."""
    WRONG_LENGTH = "wrong length"
    """Its sealed bytes are more or fewer than were written."""
    CORRUPT = "corrupt"
    """Its bytes don't open, or open to others than the graph says."""
    UNREADABLE = "unreadable"
    """The backend has it and can't read it: a bad place on a disk, as a rule."""
    KEY_DAMAGED = "key damaged"
    """Its wrapped key is gone from the graph or doesn't open: altered, or another blob's."""
    SECRET_DAMAGED = "secret damaged"  # noqa: S105  a name
    """Of an S3 key pair, which has no bytes: its sealed secret doesn't open."""
    KEY_UNKNOWN = "key unknown"
    """It is wrapped by a master key that the keyring lacks."""
    ORPHANED = "orphaned"
    """It is stored, has been for longer than the grace time, and no node names it: it costs space and hurts nothing."""


_FAULTS: Final[tuple[tuple[type[Exception], Fault], ...]] = (
    (KeyUnknown, Fault.KEY_UNKNOWN),
    (WrappedDamaged, Fault.KEY_DAMAGED),
    (BlobMissing, Fault.MISSING),
    (BlobUnreadable, Fault.CORRUPT),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `shown_by` names objects that show the blob, the first ten."""

    fault: Fault
    blob_id: str
    detail: str
    shown_by: tuple[str, ...] = ()


@dataclass(slots=True)
class Counts:
    """What was looked at so far; bytes are of plaintext that was opened and proven."""

    blobs: int = 0
    opened_bytes: int = 0
    stored: int = 0
    findings: dict[Fault, int] = field(default_factory=dict[Fault, int])

    def add(self, fault: Fault) -> None:
        """Count a finding."""
        self.findings[fault] = self.findings.get(fault, 0) + 1


@dataclass(slots=True)
class Verifier:
    """One walk over an installation.

    `is_quick` looks at existence, length and keys, and opens no bytes. Bytes that no node names are reported once they
    are older than `orphaned_before`: younger ones may belong to an upload in flight.
    """

    store: GraphStore
    blobs: Blobs
    keyring: Keyring
    streams: ByteStreams
    orphaned_before: datetime
    is_quick: bool = False
    counts: Counts = field(default_factory=Counts, init=False)
    _unreadable_in_a_row: int = field(default=0, init=False)

    async def findings(self) -> AsyncIterator[Finding]:
        """Everything that is wrong, as it is found.

        Raises: Unavailable - the graph doesn't answer, or the backend reads nothing; what was found until then stays
        true.
        """
        async for finding in self._walk_graph():
            yield self._counted(finding)
        async for finding in self._walk_backend():
            yield self._counted(finding)

    def _counted(self, finding: Finding) -> Finding:
        self.counts.add(finding.fault)
        return finding

    async def _walk_graph(self) -> AsyncIterator[Finding]:
        after = ""
        while (upper := await self.store.read(upper_blob(after, _PAGE))) is not None:
            page = await self.store.read(page_of_blobs(after, upper))
            limit = asyncio.Semaphore(_AT_ONCE)
            for finding in await all_of(self._judge(blob, limit) for blob in page if blob.is_needed):
                if finding is not None:
                    yield finding
            after = upper

    async def _judge(self, blob: CataloguedBlob, limit: asyncio.Semaphore) -> Finding | None:
        """Look at one blob; what looks wrong is judged again by what the graph says of it now."""
        async with limit:
            self.counts.blobs += 1
            if await self._fault_of(blob) is None:
                return None
            known = await self.store.read(blobs_by_id([blob.id]))
            current = known.get(blob.id)
            if current is None or not current.is_needed:
                return None
            found = await self._fault_of(current)
            if found is None:
                return None
            fault, detail = found
            if fault is Fault.UNREADABLE:
                await self._note_unreadable(detail)
            return Finding(fault, blob.id, detail, tuple(await self.store.read(shown_by(blob.id))))

    async def _note_unreadable(self, detail: str) -> None:
        """Raises: Unavailable - the backend isn't there, or it could read none of the last blobs."""
        await self.blobs.check()
        self._unreadable_in_a_row += 1
        if self._unreadable_in_a_row > _UNREADABLE_IN_A_ROW_MAX:
            raise Unavailable(f"none of the last {_UNREADABLE_IN_A_ROW_MAX} blobs could be read ({detail})")

    async def _fault_of(self, blob: CataloguedBlob) -> tuple[Fault, str] | None:
        """What is wrong with a blob, if anything."""
        facts = blob.facts()
        if facts is None:
            return Fault.KEY_DAMAGED, "the graph has no key of it any more"
        try:
            self.keyring.unwrap(facts.key_id, facts.wrapped_key, facts.id)
            stored_bytes = await self.blobs.size(blob.id)
            if stored_bytes != blob.sealed_bytes:
                return Fault.WRONG_LENGTH, f"{stored_bytes} bytes are stored, {blob.sealed_bytes} were written"
            found = None if self.is_quick else await self._open(facts)
        except Unavailable as error:  # of the backend: the graph isn't asked here
            return Fault.UNREADABLE, error.message
        except DomainError as error:
            fault = next((fault for kind, fault in _FAULTS if isinstance(error, kind)), None)
            if fault is None:
                raise
            return fault, error.message
        self._unreadable_in_a_row = 0
        return found

    async def _open(self, blob: BlobFacts) -> tuple[Fault, str] | None:
        """Open every segment and hash what comes out."""
        hasher = hashlib.sha256()
        reader = await self.streams.read_plain([extent_of(0, blob)], 0, blob.length_bytes)
        async with aclosing(reader):
            async for chunk in reader:
                if len(chunk) <= _HASHED_INLINE_BYTES:
                    hasher.update(chunk)
                else:
                    await asyncio.to_thread(hasher.update, chunk)
                self.counts.opened_bytes += len(chunk)
        if hasher.hexdigest() != blob.sha256:
            return Fault.CORRUPT, f"its SHA-256 is {hasher.hexdigest()}, {blob.sha256} was written"
        return None

    async def _walk_backend(self) -> AsyncIterator[Finding]:
        batch: dict[str, StoredBlob] = {}
        async for stored in self.blobs.stored():
            self.counts.stored += 1
            if stored.modified_at < self.orphaned_before:
                batch[stored.blob_id] = stored
            if len(batch) == _LOOKED_UP:
                async for finding in self._orphans(batch):
                    yield finding
                batch = {}
        async for finding in self._orphans(batch):
            yield finding

    async def _orphans(self, batch: Mapping[str, StoredBlob]) -> AsyncIterator[Finding]:
        known = await self.store.read(blobs_by_id(batch.keys())) if batch else {}
        for blob_id, stored in batch.items():
            if blob_id not in known and await self._is_stored(blob_id):
                yield Finding(
                    Fault.ORPHANED,
                    blob_id,
                    f"{stored.sealed_bytes} bytes stored at {stored.modified_at:%Y-%m-%d %H:%M:%S} that no node names; "
                    "`aruna gc` removes them",
                )

    async def _is_stored(self, blob_id: str) -> bool:
        """Whether it is still there: its node and its bytes may have gone together since the listing."""
        try:
            await self.blobs.size(blob_id)
        except BlobMissing:
            return False
        except Unavailable:  # a bad place on a disk, as it was listed just now
            return True
        return True


def is_sound(counts: Counts) -> bool:
    """Whether nothing was found that a reader could meet; what is left over is no fault of the data."""
    return not set(counts.findings) - {Fault.ORPHANED}
