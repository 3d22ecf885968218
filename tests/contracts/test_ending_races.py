"""Deleting, restoring and erasing against whatever else goes on in the same tree, seed by seed."""

from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from domain.contents import ExistingContent
from domain.errors import DomainError, Unavailable
from domain.resources import Kind
from graphstore.dialects import EngineKind
from tests.conftest import GraphServer
from tests.contracts.test_races import unanswered
from tests.graph_dump import Dump, check_invariants
from tests.world import World, open_world, outcomes


@pytest.fixture(scope="module")
async def worlds(empty_graph: GraphServer) -> AsyncIterator[tuple[World, World]]:
    """Two of everything on one graph; on Neo4j as two processes would be, each with an engine of its own."""
    async with open_world(empty_graph, 11) as one:
        if one.engine.kind is EngineKind.EMBEDDED:
            yield one, World(one.engine, 22)
            return
        async with open_world(empty_graph, 22) as other:
            yield one, other


def unheard(results: list[Any]) -> list[str]:
    """Calls that weren't answered; to be asked again in a moment, as a name is on its way out, is an answer."""
    return unanswered([result for result in results if type(result) is not Unavailable])


async def settled(world: World) -> Dump:
    """Check what stands before its tasks are finished, and then."""
    await check_invariants(world)
    await world.finish_tasks()
    graph = await check_invariants(world)
    assert graph.labelled("Task") == []
    return graph


@pytest.mark.parametrize("seed", range(8))
async def test_a_tree_is_deleted_while_it_is_written_to(worlds: tuple[World, World], seed: int) -> None:
    """Puts, new containers, shares in and out, moves, restores and tasks: nothing is left half in the tree."""
    random = Random(seed)
    one = worlds[0]
    ada = await one.user()
    bucket, beside = f"tree-race-{seed}", f"beside-race-{seed}"
    project, other = await one.project(ada, bucket), await one.project(ada, beside)
    collection = await one.container(ada, Kind.COLLECTION, project, "c")
    dataset = await one.container(ada, Kind.DATASET, collection, "d")
    outside = await one.container(ada, Kind.DATASET, other, "out")
    inner = [(await one.put(ada, bucket, f"c/d/{n}")).object_id for n in range(4)]
    outer = [(await one.put(ada, beside, f"out/{n}")).object_id for n in range(2)]

    def draw(world: World) -> Any:
        name = f"n{random.randrange(1000)}"
        return random.choice(
            [
                lambda: world.delete_container(ada, collection, is_recursive=True),
                lambda: world.delete_container(ada, random.choice([project, dataset]), is_recursive=True),
                lambda: world.restore(ada, random.choice([collection, project, dataset])),
                lambda: world.restore(ada, random.choice(inner), outside, name),
                lambda: world.put(ada, bucket, f"c/d/{random.randrange(6)}"),
                lambda: world.put(ada, bucket, f"c/e/{name}"),
                lambda: world.container(ada, Kind.DATASET, collection, name),
                lambda: world.begin_object(ada, dataset, name),
                lambda: world.share(ada, random.choice(inner), outside, name),
                lambda: world.share(ada, random.choice(outer), dataset, name),
                lambda: world.share(ada, dataset, other, name),
                lambda: world.share(ada, outside, collection, name),
                lambda: world.move(ada, random.choice(inner), outside, name),
                lambda: world.move(ada, random.choice(outer), dataset, name),
                lambda: world.move(ada, dataset, project, name),
                lambda: world.delete_object(ada, random.choice(inner)),
                lambda: world.erase(ada, random.choice([inner[0], outer[0]])),
                world.finish_tasks,
            ]
        )()

    results = await outcomes(*(draw(random.choice(worlds)) for _ in range(40)))

    assert unheard(results) == [], f"seed {seed}"
    assert any(not isinstance(result, DomainError) for result in results)
    await settled(one)


@pytest.mark.parametrize("seed", range(6))
async def test_a_put_into_a_tree_that_is_deleted_is_in_it_or_not(worlds: tuple[World, World], seed: int) -> None:
    one, other = worlds
    ada = await one.user()
    bucket = f"put-race-{seed}"
    project = await one.project(ada, bucket)
    dataset = await one.container(ada, Kind.DATASET, project, "d")
    calls = [
        one.delete_container(ada, dataset, is_recursive=True),
        *(other.put(ada, bucket, f"d/{n}") for n in range(4)),
    ]
    Random(seed).shuffle(calls)

    results = await outcomes(*calls)

    assert unanswered(results) == [], f"seed {seed}"
    assert Counter(type(result).__name__ for result in results) == {"str": 1, "Published": 4}, f"seed {seed}"
    await settled(one)


@pytest.mark.parametrize("seed", range(6))
async def test_two_deletions_and_two_restores_are_one_each(worlds: tuple[World, World], seed: int) -> None:
    one, other = worlds
    ada = await one.user()
    project = await one.project(ada, f"twice-race-{seed}")
    dataset = await one.container(ada, Kind.DATASET, project, "d")
    put = await one.put(ada, f"twice-race-{seed}", "d/o")
    for call in ("delete_container", "restore"):
        options = {"is_recursive": True} if call == "delete_container" else {}

        results = await outcomes(*(getattr(world, call)(ada, dataset, **options) for world in (one, other)))

        kinds = Counter(type(result).__name__ for result in results)
        assert kinds == {"str": 1, "FailedPrecondition": 1}, f"seed {seed}: {results}"
    await settled(one)
    assert put.object_id


@pytest.mark.parametrize("seed", range(6))
async def test_a_copy_against_erasing_its_source_never_loses_bytes(worlds: tuple[World, World], seed: int) -> None:
    one, other = worlds
    ada = await one.user()
    bucket = f"copy-race-{seed}"
    project = await one.project(ada, bucket)
    sources = [await one.put(ada, bucket, f"s{number}", number + 1) for number in range(3)]
    contents: list[ExistingContent] = []
    for source in sources:
        rows = await one.ask(
            "MATCH (:Resource {id: $id})-[:CONTENT]->(c:Content) RETURN c.id AS id, c.length AS length, c.etag AS etag",
            id=source.object_id,
        )
        contents.append(ExistingContent(rows[0]["id"], rows[0]["length"], rows[0]["etag"]))
    calls = [
        *(world.erase(ada, source.object_id) for source in sources for world in worlds),
        *(
            other.publisher.publish(other.publication(ada, bucket, f"copy{number}", content))
            for number, content in enumerate(contents)
        ),
        *(one.clone(ada, source.object_id, project, f"clone{number}") for number, source in enumerate(sources)),
    ]
    Random(seed).shuffle(calls)

    results = await outcomes(*calls)

    assert unanswered(results) == [], f"seed {seed}"
    graph = await settled(one)
    shown = [node for node in graph.labelled("Object") if str(node["name"]).startswith(("copy", "clone"))]
    assert all(graph.out(node, "CONTENT") for node in shown), f"seed {seed}"


@pytest.mark.parametrize("seed", range(4))
async def test_erasing_two_that_share_bytes_leaves_none(worlds: tuple[World, World], seed: int) -> None:
    """Each looks whether the other still needs them."""
    one, other = worlds
    ada = await one.user()
    bucket = f"both-race-{seed}"
    project = await one.project(ada, bucket)
    source = await one.put(ada, bucket, "source")
    clone = await one.clone(ada, source.object_id, project, "clone")

    results = await outcomes(one.erase(ada, source.object_id), other.erase(ada, clone))

    assert unanswered(results) == [], f"seed {seed}"
    # The invariants say that no content is nobody's.
    await settled(one)
