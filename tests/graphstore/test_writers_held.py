"""How a hold on writers of Neo4j begins and ends when the graph goes away, or somebody's transaction doesn't.

The database is played, since it must fail at a chosen call; that the statements are right is for tests/contracts.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, cast

import pytest
from neo4j import AsyncGraphDatabase
from neo4j.exceptions import ServiceUnavailable

from graphstore import bolt
from graphstore.bolt import Engine, Transaction
from graphstore.dialects import EngineKind
from graphstore.errors import GraphUnavailable
from graphstore.holding import open_transactions
from graphstore.statements import Query


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]  a fixture
    sleep = asyncio.sleep

    async def pause(delay_s: float) -> None:
        del delay_s
        await sleep(0)

    monkeypatch.setattr(bolt.asyncio, "sleep", pause)


class PlayedEngine(Engine):
    """An engine that goes away at the statements in `failing`, and shows one set of open transactions after another."""

    def __init__(self, failing: Iterable[str] = (), shown: Iterable[frozenset[str]] = ()) -> None:
        super().__init__(cast("Any", None), "graph", EngineKind.NEO4J)
        self.ran: list[str] = []
        self._failing = set(failing)
        self._shown: Iterator[frozenset[str]] = iter(shown)

    async def run(self, query: Query[Any]) -> Any:
        self.ran.append(query.name)
        if query.name in self._failing:
            raise ServiceUnavailable("gone")
        return True

    async def _write_once(self, work: Callable[[Transaction], Awaitable[Any]]) -> Any:
        return await work(cast("Any", self))

    async def read(self, query: Query[Any]) -> Any:
        assert query.name == "open transactions"
        return next(self._shown, frozenset[str]())


async def test_a_graph_that_does_not_answer_is_unavailable_for_a_hold() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        uri = f"bolt://127.0.0.1:{taken.getsockname()[1]}"
        driver = AsyncGraphDatabase.driver(uri)  # pyright: ignore[reportUnknownMemberType]  untyped options
        engine = Engine(driver, "graph", EngineKind.NEO4J)

        with pytest.raises(GraphUnavailable, match="try again"):
            async with engine.writers_held():
                pass

    await engine.close()


@pytest.mark.parametrize("failing", ["hold writers", "renew a hold"])
async def test_a_graph_that_goes_away_during_a_hold_is_unavailable(failing: str) -> None:
    engine = PlayedEngine([failing])

    with pytest.raises(GraphUnavailable):
        async with engine.writers_held():
            pass

    assert failing in engine.ran


async def test_what_was_read_stays_good_when_only_the_end_of_the_hold_fails(caplog: pytest.LogCaptureFixture) -> None:
    engine, ended = PlayedEngine(["release writers"]), False

    with caplog.at_level(logging.WARNING):
        async with engine.writers_held():
            ended = True

    assert ended
    assert "ends by itself in 20 s" in caplog.text


async def test_a_hold_begins_when_those_have_ended_that_were_open_and_waits_for_no_later_one() -> None:
    shown = [frozenset({"a", "b"}), frozenset({"a", "c"}), frozenset({"c", "d"}), frozenset({"c"})]
    engine = PlayedEngine(shown=shown)

    async with engine.writers_held():
        assert await engine.read(open_transactions()) == frozenset({"c"})


async def test_a_transaction_that_never_ends_is_named_instead_of_waited_for() -> None:
    engine = PlayedEngine(shown=(frozenset({"neo4j-transaction-7", str(number)}) for number in range(10_000)))

    with pytest.raises(GraphUnavailable, match="neo4j-transaction-7; end them"):
        async with engine.writers_held():
            pass

    assert engine.ran[-1] == "release writers"
