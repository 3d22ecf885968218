"""Holds all writers back for a moment, so that a whole graph is read as of one instant.

On the embedded engine all writers pass one gate of one process, and whoever holds that is alone (decision 0009).
On Neo4j several processes write: there a hold is a lease in the graph. Every writer, when its transaction is open,
must have looked for a lease within the last second, else it looks again; one that finds a lease ends its transaction
and waits. So a second after a lease is placed, every transaction that may still write is open and can be seen, and
when those have ended, nobody writes. A lease that isn't renewed ends by itself: a holder that dies stops nobody for
longer than LEASE_S. Decision 0019.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Final

from graphstore.statements import Query, Statement, nothing

LOOK_S: Final = 1.0
LEASE_S: Final = 20.0
RENEWED_S: Final = 5.0
WAIT_MAX_S: Final = 300.0
"""How long a writer waits before it answers that the graph is held."""


class WritersHeld(Exception):
    """A lease was found: the transaction ends, and its work waits."""


_HELD: Final = Statement(
    "look for a hold",
    "MATCH (h:WriterHold {key: 'graph'}) WHERE h.until > timestamp() RETURN h.token AS token",
    bool,
)


def held() -> Query[bool]:
    """Whether somebody holds the writers back."""
    return _HELD.bind()


_HOLD: Final = Statement(
    "hold writers",
    "MERGE (h:WriterHold {key: 'graph'}) SET h.lockCount = coalesce(h.lockCount, 0) + 1 "
    "WITH h WHERE h.token = $token OR coalesce(h.until, 0) < timestamp() "
    "SET h.token = $token, h.until = timestamp() + $length RETURN h.token AS token",
    bool,
)


def hold(token: str) -> Query[bool]:
    """Place a lease for LEASE_S; answers False where another holds one."""
    return _HOLD.bind(token=token, length=int(LEASE_S * 1000))


_RENEW: Final = Statement(
    "renew a hold",
    "MATCH (h:WriterHold {key: 'graph'}) SET h.lockCount = coalesce(h.lockCount, 0) + 1 "
    "WITH h WHERE h.token = $token AND h.until >= timestamp() "
    "SET h.until = timestamp() + $length RETURN h.token AS token",
    bool,
)


def renew(token: str) -> Query[bool]:
    """Renew a lease for LEASE_S; answers False where it has ended, as writers may have written since."""
    return _RENEW.bind(token=token, length=int(LEASE_S * 1000))


_RELEASE: Final = Statement("release writers", "MATCH (h:WriterHold {key: 'graph', token: $token}) DELETE h", nothing)


def release(token: str) -> Query[None]:
    """End a lease."""
    return _RELEASE.bind(token=token)


_OPEN: Final = Statement(
    "open transactions",
    # One that is between two statements has no query, and may write all the same.
    "SHOW TRANSACTIONS YIELD transactionId, currentQuery "
    "WHERE NOT coalesce(currentQuery, '') STARTS WITH 'SHOW TRANSACTIONS' "
    "RETURN transactionId AS id",
    lambda rows: frozenset(str(row["id"]) for row in rows),
)


def open_transactions() -> Query[frozenset[str]]:
    """Transactions of all databases that are open now, but for this one. For Neo4j alone."""
    return _OPEN.bind()


class HoldWatch:
    """What one process knows of leases: when it looked last, and that it found none."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at = float("-inf")

    async def check(self, run: Callable[[Query[bool]], Awaitable[bool]]) -> None:
        """Look for a lease unless a look that began within the last second found none.

        Raises: WritersHeld.
        """
        began_at = self._clock()
        if began_at - self._free_at <= LOOK_S:
            return
        if await run(held()):
            raise WritersHeld
        self._free_at = began_at
