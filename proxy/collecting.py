"""Removes bytes that nobody needs: blobs that nothing refers to any more, and files that no node names.

A blob goes in three steps, each safe to repeat and to be cut off: its node is claimed (its wrapped key taken away, so
that nothing can refer to it any more), its bytes are removed, its node is. Bytes without a node may be of an upload
under way: they must be old, still without a node some seconds after they were seen, and are then claimed too, by a node
without a key that publications run into (decision 0018). Who runs it, the sweeper or `aruna gc`, is the same; several
may at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.errors import DomainError
from graphstore.cypher import sweeping
from graphstore.instants import to_ms
from graphstore.store import GraphStore
from proxy.blobs import Blobs, KeepsUploads, StoredBlob

BATCH: Final = 100
STRAY_AGE_DEFAULT: Final = timedelta(days=1)
UPLOAD_AGE_MIN: Final = timedelta(days=1)
"""How old an upload to the backend is at least that is ended: another server may still be sending to a younger one."""

SETTLE_S: Final = 10.0
"""How long bytes are seen without a node before they are claimed: publications follow within milliseconds."""

CLAIM_STAYS: Final = timedelta(days=1)
"""How long the node of claimed bytes stays: until then their publication, however late, is refused."""

_LOOKED_UP_AT_ONCE: Final = 500
_UNNAMED_MAX: Final = 10_000
_LOG: Final = logging.getLogger("aruna.collector")


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed: blobs that the graph knew, files that it didn't, how many bytes those had; and aborted uploads.

    `uploads` are the backend's own, of blobs that nobody would have finished.
    """

    blobs: int = 0
    strays: int = 0
    stray_bytes: int = 0
    uploads: int = 0

    def __add__(self, more: "Collected") -> "Collected":
        """Both together."""
        return Collected(
            self.blobs + more.blobs,
            self.strays + more.strays,
            self.stray_bytes + more.stray_bytes,
            self.uploads + more.uploads,
        )


@dataclass(frozen=True, slots=True)
class Collector:
    """Compares one graph with one backend; `clock` tells the instant."""

    store: GraphStore
    blobs: Blobs
    clock: Callable[[], datetime]
    settle_s: float = SETTLE_S

    async def collect(self, grace: timedelta, stray_age: timedelta = STRAY_AGE_DEFAULT) -> Collected:
        """Remove all that nobody needs: blobs since `grace` ago, files without a node that are `stray_age` old.

        With neither nothing is lost that was answered; an upload whose last byte came some seconds ago, and which isn't
        published yet, may be told to come again.

        Raises: Unavailable.
        """
        removed, left = 0, set[str]()
        while True:
            batch = await self.remove_orphans(grace, frozenset(left))
            removed += len(batch.removed)
            left |= batch.left
            if not batch.is_full:
                break
        uploads = await self.abort_stale_uploads(stray_age)
        return Collected(blobs=removed, uploads=uploads) + await self.remove_strays(stray_age)

    async def remove_orphans(self, grace: timedelta, left_alone: frozenset[str] = frozenset()) -> "Batch":
        """Remove at most 100 of the blobs that nothing refers to since `grace` ago, save those to be left alone.

        Raises: Unavailable.
        """
        until = to_ms(self.clock() - grace)
        found = await self.store.read(sweeping.orphaned_blobs(until, BATCH + len(left_alone)))
        wanted = [blob_id for blob_id in found if blob_id not in left_alone][:BATCH]
        if not wanted:
            return Batch(is_full=False)
        claimed = await self.store.engine.write(
            "claim blobs", lambda transaction: transaction.run(sweeping.claim_blobs(wanted, until))
        )
        removed = [blob_id for blob_id in claimed if await self._remove(blob_id)]
        if removed:
            await self.store.engine.write(
                "forget blobs", lambda transaction: transaction.run(sweeping.forget_blobs(removed))
            )
        left = frozenset(wanted) - frozenset(removed)
        return Batch(frozenset(removed), left, is_full=len(wanted) == BATCH)

    async def remove_strays(self, age: timedelta) -> Collected:
        """Remove files of at least this age that no node names; 500 at a time are looked up in the graph.

        Where the graph names none of them all, it may be another one's place (an old folder with a new graph): then
        nothing is removed.

        Raises: Unavailable.
        """
        before = self.clock() - age
        removed = Collected()
        is_ours = False
        unnamed: list[StoredBlob] = []
        async for batch in _batches(self.blobs.stored(), before):
            known = await self._known(batch)
            is_ours = is_ours or bool(known)
            unnamed += [stored for stored in batch if stored.blob_id not in known]
            if len(unnamed) > _UNNAMED_MAX:
                if not is_ours:
                    break
                removed += await self._remove_unnamed(unnamed)
                unnamed = []
        if is_ours:
            return removed + await self._remove_unnamed(unnamed)
        if unnamed:
            _LOG.warning(
                "of %d old blobs the graph names none, so that they may be those of another graph: none is removed; "
                "check that this graph and this place for blobs belong together",
                len(unnamed),
            )
        return removed

    async def _known(self, batch: Sequence[StoredBlob]) -> frozenset[str]:
        return await self.store.read(sweeping.known_blobs([stored.blob_id for stored in batch]))

    async def _remove_unnamed(self, strays: Sequence[StoredBlob]) -> Collected:
        """Claim what has no node after some seconds still, and remove it; whoever comes to publish it is refused."""
        removed = Collected()
        if strays:
            await asyncio.sleep(self.settle_s)
        for start in range(0, len(strays), _LOOKED_UP_AT_ONCE):
            batch = strays[start : start + _LOOKED_UP_AT_ONCE]
            now = self.clock()
            claim = sweeping.claim_strays([stored.blob_id for stored in batch], to_ms(now), to_ms(now + CLAIM_STAYS))
            claimed = await self.store.engine.write("claim strays", lambda tx, claim=claim: tx.run(claim))
            removed += await self._remove_all([stored for stored in batch if stored.blob_id in claimed])
        return removed

    async def _remove_all(self, strays: Sequence[StoredBlob]) -> Collected:
        removed = Collected()
        for stored in strays:
            if await self._remove(stored.blob_id):
                _LOG.info("removed %d bytes of blob %s, which no node names", stored.sealed_bytes, stored.blob_id)
                removed += Collected(strays=1, stray_bytes=stored.sealed_bytes)
        return removed

    async def abort_stale_uploads(self, age: timedelta) -> int:
        """Let the backend end what it holds of blobs that were never committed and are of this age; answers how many.

        Nothing that is younger than a day is ended, save what this process gave up itself.

        Raises: Unavailable.
        """
        if not isinstance(self.blobs, KeepsUploads):
            return 0
        aborted = await self.blobs.abort_stale_uploads(self.clock() - max(age, UPLOAD_AGE_MIN))
        if aborted:
            _LOG.info("aborted %d uploads to the blob store that nobody would have finished", aborted)
        return aborted

    async def _remove(self, blob_id: str) -> bool:
        """Remove a blob's bytes; one that can't be removed holds up no others."""
        try:
            await self.blobs.delete(blob_id)
        except DomainError as error:
            _LOG.warning("blob %s is left to the next round: %s", blob_id, error)
            return False
        return True


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some blobs: removed, or left because they can't be or are needed again; `is_full`: more wait."""

    removed: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    is_full: bool = False


async def _batches(blobs: AsyncIterator[StoredBlob], before: datetime) -> AsyncIterator[list[StoredBlob]]:
    """Group what is older than an instant."""
    batch: list[StoredBlob] = []
    async for stored in blobs:
        if stored.modified_at < before:
            batch.append(stored)
            if len(batch) == _LOOKED_UP_AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch
