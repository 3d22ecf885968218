"""Tidies up what crashes and clients leave behind, in the background: stale uploads, replaced and abandoned parts.

Every step is safe to repeat and to be cut off: an upload is failed by its rule, and a blob's node goes after its bytes.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from domain.access import Caller
from domain.errors import DomainError, NotFound
from domain.stamps import Stamp
from domain.uploads import fail_upload
from graphstore.cypher import facts, sweeping
from graphstore.instants import to_ms
from graphstore.store import GraphStore
from proxy.blobs import Blobs

_LOG: Final = logging.getLogger("aruna.sweeper")
_BATCH: Final = 100
_INTERVAL_S: Final = 60.0
_GRACE: Final = timedelta(minutes=10)
"""How long the bytes of a replaced or abandoned part stay: a request under way may still be reading them."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round did."""

    failed_uploads: int
    removed_blobs: int


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Rounds over the graph and the bytes; `clock` tells the instant, `ids` are fresh ULIDs."""

    store: GraphStore
    blobs: Blobs
    clock: Callable[[], datetime]
    ids: Iterator[str]
    upload_age_max: timedelta

    async def run(self) -> None:
        """Sweep until cancelled; a failed round is logged and the next one tries again. After a full one no pause."""
        while True:
            is_full = False
            try:
                swept = await self.sweep_once()
                is_full = _BATCH in {swept.failed_uploads, swept.removed_blobs}
                if swept != Swept(0, 0):
                    _LOG.info("failed %d stale uploads, removed %d blobs", swept.failed_uploads, swept.removed_blobs)
            except DomainError as error:
                _LOG.warning("this round is left to the next one: %s", error)
            except Exception:  # noqa: BLE001  a bug may cost a round, never all rounds to come
                _LOG.exception("this round failed; the next one tries again")
            await asyncio.sleep(0 if is_full else _INTERVAL_S)

    async def sweep_once(self) -> Swept:
        """Do one round: at most 100 uploads and 100 blobs.

        Raises: Unavailable.
        """
        now = self.clock()
        failed = 0
        for upload_id, owner in await self.store.read(sweeping.stale_uploads(to_ms(now - self.upload_age_max), _BATCH)):
            failed += await self._fail(upload_id, owner, now)
        orphaned = await self.store.read(sweeping.orphaned_blobs(to_ms(now - _GRACE), _BATCH))
        removed = [blob_id for blob_id in orphaned if await self._remove(blob_id)]
        if removed:
            await self.store.engine.write("forget blobs", lambda tx: tx.run(sweeping.forget_blobs(removed)))
        return Swept(failed, len(removed))

    async def _remove(self, blob_id: str) -> bool:
        """Remove a blob's bytes; one that can't be removed holds up no others."""
        try:
            await self.blobs.delete(blob_id)
        except DomainError as error:
            _LOG.warning("blob %s is left to the next round: %s", blob_id, error)
            return False
        return True

    async def _fail(self, upload_id: str, owner: str, now: datetime) -> int:
        """End a stale upload in its owner's name; 0 if it was finished meanwhile."""
        stamp = Stamp(Caller(owner), now, self.ids)
        reason = f"not finished within {self.upload_age_max.days} days"
        try:
            await self.store.run_rule(
                "fail a stale upload",
                lock=(),
                load=facts.upload(upload_id, owner, to_ms(now)),
                decide=lambda found: fail_upload(found[0], found[1], upload_id, reason, stamp),
            )
        except NotFound:
            return 0
        return 1
