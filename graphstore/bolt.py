"""Runs statements over Bolt: sessions, bounded retries, timeouts, and the write gate of the embedded engine.

Reads go by auto-commit with READ access; writes always by an explicit transaction (an auto-commit write isn't atomic
on the embedded engine, decision 0002). A write is a function of its transaction with no other effect, so that it can
run again after a conflict.
"""

import asyncio
import logging
import random
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeVar

import neo4j
from neo4j import AsyncDriver, AsyncGraphDatabase, AsyncSession, AsyncTransaction, NotificationMinimumSeverity
from neo4j.exceptions import (
    ClientError,
    ConstraintError,
    DatabaseError,
    DriverError,
    IncompleteCommit,
    Neo4jError,
    TransientError,
)

from graphstore.dialects import EngineKind, as_sent
from graphstore.errors import CommitUnknown, GraphUnavailable, TornRead, WritersCrossed
from graphstore.holding import (
    LEASE_S,
    LOOK_S,
    RENEWED_S,
    WAIT_MAX_S,
    HoldWatch,
    WritersHeld,
    hold,
    open_transactions,
    release,
    renew,
)
from graphstore.statements import Query, Row

T = TypeVar("T")

_LOG: Final = logging.getLogger(__name__)
_ATTEMPTS_MAX: Final = 12
_FIRST_DELAY_S: Final = 0.02
_DELAY_MAX_S: Final = 1.0
_READ_TIMEOUT_S: Final = 10.0
_WRITE_TIMEOUT_S: Final = 60.0
_STREAM_TIMEOUT_S: Final = 3600.0
_STREAMED_AT_ONCE: Final = 1000
_POLL_S: Final = 0.1
_TIMED_OUT: Final = "TransactionTimedOut"
_ENTITY_NOT_FOUND: Final = "Neo.ClientError.Statement.EntityNotFound"


class Transaction:
    """One open write transaction; `is_alone` says that no other writer can come between its statements."""

    def __init__(self, transaction: AsyncTransaction, kind: EngineKind) -> None:
        self._transaction = transaction
        self._kind = kind
        # Writers of the embedded engine take turns.
        self.is_alone = kind is EngineKind.EMBEDDED
        self.statement_count = 0

    async def run(self, query: Query[T]) -> T:
        """Run a query inside the transaction and decode its rows."""
        self.statement_count += 1
        text, parameters = as_sent(query, self._kind)
        result = await self._transaction.run(text, dict(parameters))
        return _decoded(query, await _rows(result))


def _decoded(query: Query[T], rows: Sequence[Row]) -> T:
    """Decode rows. Decoders assert what every committed state keeps.

    Neo4j reads records one by one as they are committed, in a write before its locks are taken too, so that one
    statement may see an Object before a commit and its content after it (decision 0010).
    """
    try:
        return query.decode(rows)
    except AssertionError as error:
        raise TornRead(f"{query.name} saw half of a commit") from error


async def _rows(result: neo4j.AsyncResult) -> Sequence[Row]:
    keys = result.keys()
    return [dict(zip(keys, record.values(), strict=True)) async for record in result]


class Engine:
    """A graph engine behind a Bolt URI; one per process, for its lifetime."""

    def __init__(self, driver: AsyncDriver, database: str, kind: EngineKind) -> None:
        self._driver = driver
        self._database = database
        self.kind = kind
        # Writers of the embedded engine take turns: they would lose at commit instead of waiting, and now and then
        # an update is lost where they cross (decision 0009).
        self._gate = asyncio.Lock() if kind is EngineKind.EMBEDDED else None
        self._turns: set[asyncio.Task[Any]] = set()
        self._holds = HoldWatch()
        self.statement_count = 0

    @classmethod
    async def connect(cls, uri: str, user: str, password: str, database: str) -> "Engine":
        """Connect and find out which engine answers.

        Raises: GraphUnavailable.
        """
        driver: AsyncDriver = AsyncGraphDatabase.driver(  # pyright: ignore[reportUnknownMemberType]  untyped options
            uri,
            auth=(user, password) if user else None,
            connection_acquisition_timeout=5.0,
            connection_timeout=5.0,
            max_connection_lifetime=1800.0,
            liveness_check_timeout=60.0,
            fetch_size=-1,
            telemetry_disabled=True,
            notifications_min_severity=NotificationMinimumSeverity.OFF,
        )
        try:
            info = await driver.get_server_info()  # pyright: ignore[reportUnknownMemberType]  untyped options
        except (Neo4jError, DriverError, OSError) as error:
            await driver.close()
            raise GraphUnavailable(f"the graph at {uri} doesn't answer: {error}") from error
        # The embedded engine presents itself to drivers as "Neo4j/… compatible (ArcadeDB …)".
        kind = EngineKind.EMBEDDED if "arcadedb" in info.agent.lower() else EngineKind.NEO4J
        return cls(driver, database, kind)

    def _session(self, access_mode: str) -> AsyncSession:
        return self._driver.session(  # pyright: ignore[reportUnknownMemberType]  untyped options
            database=self._database, default_access_mode=access_mode
        )

    async def close(self) -> None:
        """Let writers finish that nobody waits for any more, and close all connections."""
        await asyncio.gather(*self._turns, return_exceptions=True)
        await self._driver.close()

    async def read(self, query: Query[T]) -> T:
        """Run one reading query on its own.

        Raises: GraphUnavailable.
        """
        return await self._retried(lambda: self._read_once(query), query.name)

    async def _read_once(self, query: Query[T]) -> T:
        self.statement_count += 1
        text, parameters = as_sent(query, self.kind)
        async with self._session(neo4j.READ_ACCESS) as session:
            result = await session.run(neo4j.Query(text, timeout=_READ_TIMEOUT_S), parameters=dict(parameters))
            rows = await _rows(result)
        return _decoded(query, rows)

    async def write(self, name: str, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run a function inside one write transaction, again after a conflict, and commit what it wrote.

        What it raises rolls everything back.

        Raises: GraphUnavailable (CommitUnknown where it may have been committed), and whatever the function raises.
        """

        async def take_turn(gate: asyncio.Lock) -> T:
            async with gate:
                return await self._write_once(work)

        async def once() -> T:
            if self._gate is None:
                return await self._write_unheld(work)
            turn = asyncio.create_task(take_turn(self._gate))
            self._turns.add(turn)
            turn.add_done_callback(self._turns.discard)
            # A caller that goes away can't give the turn to the next one while its own statement still runs.
            return await asyncio.shield(turn)

        return await self._retried(once, name)

    async def _write_unheld(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Write when nobody holds writers back (graphstore/holding.py)."""

        async def checked(transaction: Transaction) -> T:
            await self._holds.check(transaction.run)
            # The look is the process's, once a second: no statement of this write.
            transaction.statement_count = 0
            return await work(transaction)

        for _ in range(int(WAIT_MAX_S / _POLL_S)):
            with suppress(WritersHeld):
                return await self._write_once(checked)
            await asyncio.sleep(_POLL_S)
        raise GraphUnavailable("a backup holds writers back; try again when it has ended")

    @asynccontextmanager
    async def writers_held(self) -> AsyncGenerator[None]:
        """Let nobody write until the block ends: what is read in it is of one instant. Writers wait; readers don't.

        Nothing may be written in the block. On Neo4j it begins after a second, and after transactions under way.

        Raises: GraphUnavailable - another holds them, or the hold was lost before the block ended: then what was read
        is of no one instant.
        """
        if self._gate is not None:
            async with self._gate:
                yield
            return
        token = secrets.token_hex(8)
        if not await self._lease(hold(token)):
            raise GraphUnavailable("somebody else holds writers back, for a backup; try again when it has ended")
        keeper = asyncio.create_task(self._keep_hold(token))
        try:
            await asyncio.sleep(LOOK_S + _POLL_S)
            await self._others_ended()
            yield
            # A process that was halted for long, as a laptop is, finds the lease ended before its keeper does.
            if not await self._lease(renew(token)) or keeper.done():
                raise GraphUnavailable("the hold on writers was lost; begin the backup again")
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await self._let_go(token)

    async def _lease(self, change: Query[T]) -> T:
        """Change a lease; each change may be made again. Raises: GraphUnavailable."""
        return await self._retried(lambda: self._write_once(lambda tx: tx.run(change)), change.name)

    async def _others_ended(self) -> None:
        """Wait until all transactions that are open now have ended; ours do within their time limit.

        Raises: GraphUnavailable - one that somebody else has open doesn't end.
        """
        open_still = await self.read(open_transactions())
        for _ in range(int(2 * _WRITE_TIMEOUT_S / _POLL_S)):
            open_still &= await self.read(open_transactions())
            if not open_still:
                return
            await asyncio.sleep(_POLL_S)
        raise GraphUnavailable(
            f"transactions on Neo4j don't end, so that no backup can be of one instant: {', '.join(sorted(open_still))}"
            "; end them (TERMINATE TRANSACTIONS), and begin the backup again"
        )

    async def _let_go(self, token: str) -> None:
        """End a lease. Where that fails it ends by itself, and what was read under it stays good."""
        try:
            await self._lease(release(token))
        except (Neo4jError, DriverError, GraphUnavailable) as error:
            _LOG.warning("the hold on writers couldn't be ended and ends by itself in %.0f s: %s", LEASE_S, error)

    async def _keep_hold(self, token: str) -> None:
        """Renew a lease for as long as that works in time."""
        while True:
            await asyncio.sleep(RENEWED_S)
            async with asyncio.timeout(LEASE_S - 2 * RENEWED_S):
                if not await self._write_once(lambda tx: tx.run(renew(token))):
                    return

    async def stream(self, query: Query[Any]) -> AsyncIterator[Row]:
        """Rows of a reading query one by one, in bounded memory; not tried again. For reading a whole graph.

        Raises: GraphUnavailable.
        """
        text, parameters = as_sent(query, self.kind)
        try:
            async with self._driver.session(  # pyright: ignore[reportUnknownMemberType]  untyped options
                database=self._database, default_access_mode=neo4j.READ_ACCESS, fetch_size=_STREAMED_AT_ONCE
            ) as session:
                result = await session.run(neo4j.Query(text, timeout=_STREAM_TIMEOUT_S), parameters=dict(parameters))
                keys = result.keys()
                async for record in result:
                    yield dict(zip(keys, record.values(), strict=True))
        except (Neo4jError, DriverError, OSError) as error:
            raise GraphUnavailable(f"the graph stopped answering {query.name}: {error}") from error

    async def _write_once(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._session(neo4j.WRITE_ACCESS) as session:
            driver_transaction = await session.begin_transaction(timeout=_WRITE_TIMEOUT_S)
            async with driver_transaction:
                transaction = Transaction(driver_transaction, self.kind)
                answer = await work(transaction)
                try:
                    await driver_transaction.commit()
                except (IncompleteCommit, DatabaseError) as error:
                    # Not tried again: a rule that has succeeded would now refuse its own work.
                    raise CommitUnknown("the graph was lost while it committed; look before you try again") from error
            self.statement_count += transaction.statement_count
            return answer

    async def define(self, query: Query[Any]) -> None:
        """Run one schema statement (a constraint or an index) on its own.

        Raises: GraphUnavailable.
        """
        await self._retried(lambda: self._define_once(query), query.name)

    async def _define_once(self, query: Query[Any]) -> None:
        text, parameters = as_sent(query, self.kind)
        await self._driver.execute_query(text, parameters_=dict(parameters), database_=self._database)

    async def _retried(self, once: Callable[[], Awaitable[T]], name: str) -> T:
        """Try again what a conflict or a lost connection undid, with growing, jittered pauses."""
        delay_s = _FIRST_DELAY_S
        crossed = 0
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            try:
                return await once()
            except (TransientError, DriverError, OSError) as error:
                if isinstance(error, DriverError) and not error.is_retryable():
                    raise
                failure: Exception = error
            except (ConstraintError, ClientError, TornRead) as error:
                # Another writer made the same name, or took a node away: on the next run the rule sees it and says so.
                if type(error) is ClientError and error.code != _ENTITY_NOT_FOUND:
                    if _TIMED_OUT in error.code:
                        raise GraphUnavailable(f"{name} took too long; try again in a moment") from error
                    raise
                crossed += 1
                if crossed > 3:
                    if isinstance(error, TornRead):
                        raise
                    # It was rolled back each time. Not a bug's fault alone, so it is logged with what the engine said.
                    _LOG.warning("%s crossed other writers four times: %s", name, error)
                    raise WritersCrossed(f"{name}: other writers come first again and again; try again") from error
                failure = error
            _LOG.debug("%s is tried again after attempt %d: %s", name, attempt, failure)
            if attempt == _ATTEMPTS_MAX:
                raise GraphUnavailable("the graph is busy or out of reach; try again in a moment") from failure
            await asyncio.sleep(delay_s * random.uniform(0.5, 1.5))  # noqa: S311  jitter is no secret
            delay_s = min(delay_s * 1.5, _DELAY_MAX_S)
        raise AssertionError("the loop returns or raises")
