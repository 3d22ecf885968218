"""Tidies up what crashes and clients leave behind, in the background: stale uploads, replaced and abandoned parts.

Every step is safe to repeat and to be cut off: an upload is failed by its rule, bytes go as `proxy.collecting` says.
Blobs that can't be removed hold up no others.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
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
from proxy.collecting import BATCH, STRAY_AGE_DEFAULT, Collector

_LOG: Final = logging.getLogger("aruna.sweeper")
_BATCH: Final = BATCH
_INTERVAL_S: Final = 60.0
_STRAY_INTERVAL: Final = timedelta(hours=1)
_GRACE: Final = timedelta(minutes=10)
"""How long the bytes of a replaced or abandoned part stay: a request under way may still be reading them."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one round did."""

    failed_uploads: int
    removed_blobs: int
    removed_strays: int = 0


@dataclass(slots=True)
class _Looked:
    """What earlier rounds saw: when all files were compared with the graph, None if not since the start.

    `left` are blobs that couldn't be removed; they wait until all others have had their turn.
    """

    at: datetime | None = None
    left: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Rounds over the graph and the bytes; `clock` tells the instant, `ids` are fresh ULIDs."""

    store: GraphStore
    blobs: Blobs
    clock: Callable[[], datetime]
    ids: Iterator[str]
    upload_age_max: timedelta
    _looked: _Looked = field(default_factory=_Looked, init=False, repr=False)

    async def run(self) -> None:
        """Sweep until cancelled; a failed round is logged and the next one tries again. After a full one no pause."""
        while True:
            is_full = False
            try:
                swept = await self.sweep_once()
                is_full = _BATCH in {swept.failed_uploads, swept.removed_blobs}
                if swept != Swept(0, 0):
                    _LOG.info(
                        "failed %d stale uploads, removed %d blobs and %d files without a node",
                        swept.failed_uploads,
                        swept.removed_blobs,
                        swept.removed_strays,
                    )
            except DomainError as error:
                _LOG.warning("this round is left to the next one: %s", error)
            except Exception:  # noqa: BLE001  a bug may cost a round, never all rounds to come
                _LOG.exception("this round failed; the next one tries again")
            await asyncio.sleep(0 if is_full else _INTERVAL_S)

    async def sweep_once(self) -> Swept:
        """Do one round: at most 100 uploads and 100 blobs, and once an hour all files that no node names.

        Raises: Unavailable.
        """
        now = self.clock()
        failed = 0
        for upload_id, owner in await self.store.read(sweeping.stale_uploads(to_ms(now - self.upload_age_max), _BATCH)):
            failed += await self._fail(upload_id, owner, now)
        orphans = await self._collector.remove_orphans(_GRACE, self._looked.left)
        self._looked.left = self._looked.left | orphans.left if orphans.is_full else frozenset()
        await self._collector.abort_stale_uploads(STRAY_AGE_DEFAULT)
        strays = await self._strays(now)
        return Swept(failed, len(orphans.removed), strays)

    async def _strays(self, now: datetime) -> int:
        """Once an hour at most: all files are listed for it."""
        last = self._looked.at
        if last is not None and now - last < _STRAY_INTERVAL:
            return 0
        self._looked.at = now
        return (await self._collector.remove_strays(STRAY_AGE_DEFAULT)).strays

    @property
    def _collector(self) -> Collector:
        return Collector(self.store, self.blobs, self.clock)

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
