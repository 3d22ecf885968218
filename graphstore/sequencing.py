"""Numbers events after their commit: one process at a time, elected by a lease in the graph (resources.md, section 7).

A number inside the transaction of the change would be one lock for the whole installation. Here nobody waits: what was
written waits for its number, which readers get within a second.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from domain.errors import DomainError
from domain.sequencing import LEASE, Lease, in_order, reach_of
from graphstore.bolt import Engine, Transaction
from graphstore.cypher import sequencing as cypher
from graphstore.cypher.sequencing import Waiting

GROUP_MAX: Final = 500
_LOG: Final = logging.getLogger("aruna.sequencer")
_PAUSE_MIN_S: Final = 0.25
_PAUSE_MAX_S: Final = 0.75
_PAUSE_GROWTH: Final = 1.2
_RELEASE_TIMEOUT_S: Final = 2.0


class _HeldBackError(Exception):
    """Rolls back: another process took the lease before this one had the lock."""


class Sequencer:
    """Numbers events in rounds; `process` names this process among all, `clock` tells the instant."""

    def __init__(self, engine: Engine, process: str, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._process = process
        self._clock = clock
        self._is_holder = False

    async def run(self) -> None:
        """Number events until cancelled, then give up the lease. A failed round is logged, the next one tries again.

        The pause grows while nothing happens, and is left out after a full group.
        """
        pause_s = _PAUSE_MIN_S
        try:
            while True:
                numbered = 0
                try:
                    numbered = await self.number_once()
                except DomainError as error:
                    _LOG.warning("events wait for the next round: %s", error)
                except Exception:  # noqa: BLE001  a bug may cost a round, never all rounds to come
                    _LOG.exception("this round failed; the next one tries again")
                pause_s = _PAUSE_MIN_S if numbered else min(pause_s * _PAUSE_GROWTH, _PAUSE_MAX_S)
                await asyncio.sleep(0 if numbered == GROUP_MAX else pause_s)
        finally:
            await self._give_up()

    async def number_once(self) -> int:
        """Number one group of waiting events; answers how many, 0 too while another process holds the lease.

        Raises: Unavailable.
        """
        seen = await self._engine.read(cypher.waiting_events(GROUP_MAX))
        if not seen.events or self._is_held_back(seen):
            return 0
        try:
            numbered = await self._engine.write("number events", lambda tx: self._number(tx, seen))
        except _HeldBackError:
            return 0
        self._is_holder = True
        return numbered

    async def release(self) -> None:
        """Let another process number at once.

        Raises: Unavailable.
        """
        await self._engine.write("release the sequence", lambda tx: tx.run(cypher.release_sequence(self._process)))
        self._is_holder = False

    def _is_held_back(self, found: Waiting) -> bool:
        return found.lease is not None and found.lease.holds_back(self._process, self._clock())

    async def _number(self, transaction: Transaction, seen: Waiting) -> int:
        """Number what was seen, and what must go before it, under the sequence's lock.

        Read twice, because one scan isn't enough: it can pass the place of a resource's event, meet a later event of
        the same resource that was committed meanwhile, and miss one that was committed between the two. But whatever
        has a lower count than an event that was seen was committed before that one was, so a second scan, begun after
        the first, sees all of it.
        """
        await transaction.run(cypher.lock_sequence())
        found = await transaction.run(cypher.events_within(reach_of(seen.events), GROUP_MAX))
        # Whatever clocks say, two can't give the same number: who comes second reads `last` after the first's commit.
        if self._is_held_back(found):
            raise _HeldBackError
        events = in_order(found.events)
        numbered = await transaction.run(cypher.number_events(events, found.last)) if events else 0
        assert numbered == len(events), "each event that waits is there, once"
        lease = Lease(self._process, self._clock() + LEASE)
        await transaction.run(cypher.advance_sequence(found.last + numbered, lease))
        return numbered

    async def _give_up(self) -> None:
        """Give up the lease on the way out; where the graph doesn't answer, it runs out by itself."""
        if not self._is_holder:
            return
        try:
            async with asyncio.timeout(_RELEASE_TIMEOUT_S):
                await self.release()
        except (DomainError, TimeoutError) as error:
            _LOG.warning("the lease on events runs out by itself: %s", error)
