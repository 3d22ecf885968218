"""A graph comes back whole from its dump, and a dump under load is of one instant."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.labels import NewLabel
from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from domain.resources import Kind
from graphstore.dumping import (
    EDGE_TYPES,
    KEYS,
    SECOND_LABELS,
    DumpedEdge,
    DumpedNode,
    DumpRefused,
    count_graph,
    dump_edges,
    dump_nodes,
    load_edges,
    load_nodes,
)
from graphstore.holding import hold, renew
from graphstore.migrations import migrate
from graphstore.statements import Query
from tests.conftest import GraphServer, wipe
from tests.graph_dump import check_invariants, dump
from tests.world import World, open_world

CYPHER = Path(__file__).parents[2] / "graphstore"


@pytest.fixture
async def fresh(graph_server: GraphServer) -> AsyncIterator[World]:
    """A world on a graph that holds nothing of other tests, and is wiped afterwards."""
    wipe(graph_server)
    async with open_world(graph_server) as world:
        await migrate(world.engine)
        yield world
    wipe(graph_server)


async def read_all(world: World) -> tuple[list[DumpedNode], list[DumpedEdge]]:
    nodes = [node async for node in dump_nodes(world.engine)]
    return nodes, [edge async for edge in dump_edges(world.engine)]


async def load_all(world: World, nodes: list[DumpedNode], edges: list[DumpedEdge]) -> None:
    keys: dict[str, str] = {}
    for at in range(0, len(nodes), 100):
        keys |= await load_nodes(world.engine, nodes[at : at + 100])
    for at in range(0, len(edges), 100):
        await load_edges(world.engine, edges[at : at + 100], keys)


async def test_a_graph_with_something_of_everything_comes_back_equal(fresh: World, graph_server: GraphServer) -> None:
    ada = await fresh.user()
    project = await fresh.project(ada, "every-kind")
    one = await fresh.container(ada, Kind.COLLECTION, project, "one")
    two = await fresh.container(ada, Kind.DATASET, project, "two")
    await fresh.put(ada, "every-kind", "one/data/äöü 𝄞.txt", 10)
    await fresh.put(ada, "every-kind", "one/data/äöü 𝄞.txt", 20)
    await fresh.set_labels(ada, one, NewLabel("species", "Homo sapiens"))
    await fresh.link(ada, one, Link(RelationKind.CUSTOM, two, name="madeWith"))
    await fresh.link(ada, one, ExternalLink(ExternalType.DOI, "10.1234/abc"))
    await fresh.share(ada, two, one)
    await fresh.snapshot(ada, project)
    gone = await fresh.put(ada, "every-kind", "one/gone", 3)
    await fresh.delete_object(ada, gone.object_id)
    before = await check_invariants(fresh)
    nodes, edges = await read_all(fresh)
    counts = await count_graph(fresh.engine)
    assert (len(nodes), len(edges)) == (counts.nodes, counts.edges)

    wipe(graph_server)
    await load_all(fresh, nodes, edges)

    after = await check_invariants(fresh)
    assert after.comparable() == before.comparable()


async def test_more_than_a_page_of_names_and_parts_of_one_sort_come_back(
    fresh: World, graph_server: GraphServer
) -> None:
    ada = await fresh.user()
    await fresh.project(ada, "many-names")
    await asyncio.gather(*(fresh.put(ada, "many-names", f"data/{number}", 1) for number in range(550)))
    before = await dump(fresh)
    nodes, edges = await read_all(fresh)

    wipe(graph_server)
    await load_all(fresh, nodes, edges)

    assert (await dump(fresh)).comparable() == before.comparable()


async def test_an_edge_from_a_node_to_itself_comes_back_once(fresh: World, graph_server: GraphServer) -> None:
    await fresh.do("CREATE (c:Content {id: 'c'}) CREATE (c)-[:CUT {index: 0}]->(c), (c)-[:CUT {index: 1}]->(c)")
    before = await dump(fresh)
    nodes, edges = await read_all(fresh)
    assert len(edges) == 2

    wipe(graph_server)
    await load_all(fresh, nodes, edges)

    assert (await dump(fresh)).comparable() == before.comparable()


async def test_while_writers_are_held_nothing_changes_and_afterwards_all_of_them_go_on(fresh: World) -> None:
    ada = await fresh.user()
    await fresh.project(ada, "held-back")
    async with fresh.engine.writers_held():
        writers = [asyncio.create_task(fresh.put(ada, "held-back", f"data/{number}")) for number in range(20)]
        await asyncio.sleep(0.3)
        before = await read_all(fresh)
        await asyncio.sleep(0.3)
        assert await read_all(fresh) == before
        assert not any(writer.done() for writer in writers)

    assert len({published.object_id for published in await asyncio.gather(*writers)}) == 20


async def test_a_lease_that_has_ended_is_not_renewed(fresh: World) -> None:
    async def run(query: Query[bool]) -> bool:
        return await fresh.engine._write_once(lambda tx: tx.run(query))  # pyright: ignore[reportPrivateUsage]  others wait

    assert [await run(hold("a")), await run(renew("a")), await run(hold("b")), await run(renew("b"))] == [
        True,
        True,
        False,
        False,
    ]

    await fresh.do("MATCH (h:WriterHold) SET h.until = timestamp() - 1")

    assert [await run(renew("a")), await run(hold("b")), await run(renew("a"))] == [False, True, False]


async def test_a_dump_under_load_is_of_one_instant(fresh: World, graph_server: GraphServer) -> None:
    """What is loaded from it keeps every invariant: no edge without its ends, no counter ahead of its names."""
    ada = await fresh.user()
    await fresh.project(ada, "loaded-graph")
    is_over = False

    async def write(number: int) -> int:
        written = 0
        while not is_over:
            await fresh.put(ada, "loaded-graph", f"d{number}/k{written % 7}")
            written += 1
        return written

    writers = [asyncio.create_task(write(number)) for number in range(8)]
    await asyncio.sleep(0.5)
    async with fresh.engine.writers_held():
        counts = await count_graph(fresh.engine)
        nodes, edges = await read_all(fresh)
    await asyncio.sleep(0.2)
    is_over = True
    assert min(await asyncio.gather(*writers)) > 0
    assert (len(nodes), len(edges)) == (counts.nodes, counts.edges)

    wipe(graph_server)
    await load_all(fresh, nodes, edges)
    await check_invariants(fresh)


async def test_what_a_dump_has_no_words_for_is_refused(fresh: World) -> None:
    await fresh.do("CREATE (:Resource:Strange {id: 'x'})")

    with pytest.raises(DumpRefused, match="Strange"):
        await read_all(fresh)


async def test_an_edge_to_nowhere_or_of_an_unknown_kind_is_refused(fresh: World) -> None:
    with pytest.raises(DumpRefused, match="lacks"):
        await load_edges(fresh.engine, [DumpedEdge("a", "NAMES", {}, "b")], {"a": "x"})
    with pytest.raises(DumpRefused, match="DROP"):
        await load_edges(fresh.engine, [DumpedEdge("a", "DROP", {}, "b")], {"a": "x", "b": "y"})
    with pytest.raises(DumpRefused, match="User"):
        await load_nodes(fresh.engine, [DumpedNode("a", ("User) DELETE",), {})])


def test_dumps_know_every_label_and_every_edge_of_the_statements() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in CYPHER.rglob("*.py") if path.name != "holding.py")
    edges = {name for found in re.findall(r"-\[\w*:([A-Z_|]+)[\s\]{]", text) for name in found.split("|")}
    chains = re.findall(r"\((?:\w*)((?::[A-Z][A-Za-z0-9]+)+)[\s){]", text)
    labels = {label for chain in chains for label in chain.strip(":").split(":")}

    assert edges <= EDGE_TYPES
    assert labels <= {*KEYS, *SECOND_LABELS}
