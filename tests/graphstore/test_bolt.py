"""How the engine runs functions of a transaction: again after a conflict, boundedly, all or nothing."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import pytest
from neo4j import AsyncTransaction
from neo4j.exceptions import (
    ClientError,
    ConstraintError,
    IncompleteCommit,
    ResultConsumedError,
    ServiceUnavailable,
    TransientError,
)

from domain.errors import Conflict
from graphstore import bolt
from graphstore.bolt import Engine, Transaction
from graphstore.dialects import EngineKind
from graphstore.errors import CommitUnknown, GraphUnavailable, TornRead, WritersCrossed
from graphstore.statements import Query, Row, all_rows, nothing
from tests.conftest import GraphServer
from tests.world import World

MAKE = Query("make", "CREATE (:Bolt {id: 1})", {}, nothing)


async def count(world: World) -> int:
    return (await world.ask("MATCH (n:Bolt) RETURN count(n) AS n"))[0]["n"]


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between attempts, which are noted instead of taken."""
    taken: list[float] = []

    async def pause(delay_s: float) -> None:
        taken.append(delay_s)

    monkeypatch.setattr(bolt.asyncio, "sleep", pause)
    return taken


def gone(code: str) -> ClientError:
    error = ClientError("gone")
    error._neo4j_code = code  # pyright: ignore[reportPrivateUsage]  as the driver sets it from the server's answer
    return error


def test_the_engine_knows_which_one_answers(world: World, graph_server: GraphServer) -> None:
    assert world.engine.kind is EngineKind(graph_server.engine)


async def test_a_graph_that_does_not_answer_is_unavailable() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(GraphUnavailable, match="doesn't answer"):
            await Engine.connect(f"bolt://127.0.0.1:{taken.getsockname()[1]}", "", "", "graph")


async def test_what_a_function_raises_rolls_back_what_it_wrote(world: World) -> None:
    async def work(transaction: Transaction) -> None:
        await transaction.run(MAKE)
        raise Conflict("changed meanwhile")

    with pytest.raises(Conflict):
        await world.engine.write("test", work)

    assert await count(world) == 0


@pytest.mark.parametrize("make_error", [TransientError, ServiceUnavailable, OSError])
async def test_a_conflict_is_tried_again_boundedly_with_growing_pauses(
    world: World, pauses: list[float], make_error: Callable[[], Exception]
) -> None:
    attempts = 0

    async def work(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await transaction.run(MAKE)
        raise make_error()

    with pytest.raises(GraphUnavailable, match="busy or out of reach") as given_up:
        await world.engine.write("test", work)

    assert attempts == 12
    assert len(pauses) == 11
    assert all(0.01 <= pause <= 1.5 for pause in pauses)
    assert sum(pauses) < 11 * 1.5
    assert given_up.value.__cause__ is not None
    assert await count(world) == 0


async def test_a_conflict_that_passes_leaves_one_write(world: World, pauses: list[float]) -> None:
    attempts = 0

    async def work(transaction: Transaction) -> str:
        nonlocal attempts
        attempts += 1
        await transaction.run(MAKE)
        if attempts < 3:
            raise TransientError("crossed")
        return "written"

    assert await world.engine.write("test", work) == "written"

    assert (await count(world), attempts, len(pauses)) == (1, 3, 2)
    await world.do("MATCH (n:Bolt) DELETE n")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConstraintError("taken"), 4),
        (gone("Neo.ClientError.Statement.EntityNotFound"), 4),
    ],
)
async def test_what_others_wrote_is_looked_at_thrice_and_is_unavailable_then(
    world: World, pauses: list[float], error: Exception, expected: int
) -> None:
    """Nothing was changed, and the same call may succeed later."""
    attempts = 0

    async def work(transaction: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        await transaction.run(MAKE)
        raise error

    with pytest.raises(WritersCrossed, match=r"test: other writers .* try again") as given_up:
        await world.engine.write("test", work)

    assert (attempts, await count(world)) == (expected, 0)
    assert given_up.value.__cause__ is error


@pytest.mark.parametrize(
    "error",
    [
        gone("Neo.ClientError.Statement.SyntaxError"),
        ResultConsumedError(None, "read twice"),
        ValueError("a bug"),
    ],
    ids=["syntax", "consumed", "bug"],
)
async def test_a_bug_is_never_looked_at_again(world: World, pauses: list[float], error: Exception) -> None:
    attempts = 0

    async def work(_: Transaction) -> None:
        nonlocal attempts
        attempts += 1
        raise error

    with pytest.raises(type(error)):
        await world.engine.write("test", work)

    assert attempts == 1


async def test_a_statement_that_takes_too_long_is_unavailable(world: World, pauses: list[float]) -> None:
    async def work(_: Transaction) -> None:
        raise gone("Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration")

    with pytest.raises(GraphUnavailable, match="test took too long"):
        await world.engine.write("test", work)

    assert pauses == []


async def test_a_read_that_saw_half_of_a_commit_is_read_again_thrice_at_most(world: World, pauses: list[float]) -> None:
    """Neo4j has no snapshot for a statement: an Object before a commit may come with its content after it."""
    reads = 0

    def decode(rows: Sequence[Row], good_at: int) -> int:
        nonlocal reads
        reads += 1
        assert reads >= good_at, "both halves belong together"
        return len(rows)

    assert await world.engine.read(Query("torn", "RETURN 1 AS x", {}, lambda rows: decode(rows, 3))) == 1
    assert (reads, len(pauses)) == (3, 2)

    reads = 0
    with pytest.raises(TornRead, match="torn saw half of a commit"):
        await world.engine.read(Query("torn", "RETURN 1 AS x", {}, lambda rows: decode(rows, 9)))
    assert reads == 4


async def test_one_hundred_increments_at_once_lose_none(world: World) -> None:
    await world.do("CREATE (:Bolt {id: 1, value: 0})")
    raise_it = Query("raise", "MATCH (n:Bolt {id: 1}) SET n.value = n.value + 1", {}, nothing)

    await asyncio.gather(*(world.engine.write("raise", lambda tx: tx.run(raise_it)) for _ in range(100)))

    assert await world.ask("MATCH (n:Bolt) RETURN n.value AS value") == [{"value": 100}]
    await world.do("MATCH (n:Bolt) DELETE n")


async def test_rows_come_by_the_names_of_their_columns(world: World) -> None:
    query = Query(
        "rows", "UNWIND $xs AS x RETURN x, {y: [x, null]} AS nested", {"xs": [1, "\U0001f600", True]}, all_rows
    )

    assert await world.engine.read(query) == [{"x": x, "nested": {"y": [x, None]}} for x in (1, "\U0001f600", True)]


async def test_a_writer_that_is_given_up_ends_before_the_next_begins_where_they_take_turns(world: World) -> None:
    order: list[str] = []
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(transaction: Transaction) -> None:
        has_begun.set()
        await may_end.wait()
        await transaction.run(MAKE)
        order.append("slow")

    async def quick(_: Transaction) -> None:
        order.append("quick")

    first = asyncio.create_task(world.engine.write("slow", slow))
    await has_begun.wait()
    second = asyncio.create_task(world.engine.write("quick", quick))
    first.cancel()
    await asyncio.sleep(0.05)
    may_end.set()
    await asyncio.gather(first, second, return_exceptions=True)

    if world.engine.kind is EngineKind.EMBEDDED:
        assert (order, await count(world)) == (["slow", "quick"], 1)
    else:
        assert (order, await count(world)) == (["quick"], 0)
    await world.do("MATCH (n:Bolt) DELETE n")


async def test_a_commit_whose_answer_is_lost_is_not_tried_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    commit = AsyncTransaction.commit

    async def commit_unheard(transaction: AsyncTransaction) -> None:
        await commit(transaction)
        raise IncompleteCommit("connection lost")

    with monkeypatch.context() as patched:
        patched.setattr(AsyncTransaction, "commit", commit_unheard)
        with pytest.raises(CommitUnknown):
            await world.engine.write("test", lambda transaction: transaction.run(MAKE))

    assert await count(world) == 1
    await world.do("MATCH (n:Bolt) DELETE n")


async def test_a_write_that_read_half_of_a_commit_begins_again(world: World, pauses: list[float]) -> None:
    reads = 0

    def decode(rows: Sequence[Row]) -> int:
        nonlocal reads
        reads += 1
        assert reads > 2, "an Object has its content"
        return rows[0]["x"]

    found = await world.engine.write("torn", lambda tx: tx.run(Query("torn", "RETURN 1 AS x", {}, decode)))

    assert (found, reads, len(pauses)) == (1, 3, 2)
