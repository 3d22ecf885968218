"""Moves, shares and renames that cross each other and other writers, seed by seed, in one process and from two.

Whatever order they took, what stands keeps every invariant: one home each, one child to a name, counters that agree.
"""

from collections import Counter
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from domain.errors import AlreadyExists, DomainError, FailedPrecondition, NotFound
from domain.publishing import Published
from domain.resources import ContainerFacts, Kind, ObjectFacts, State
from graphstore.dialects import EngineKind
from tests.conftest import GraphServer
from tests.contracts.test_races import unanswered
from tests.graph_dump import check_invariants
from tests.world import World, open_world, outcomes


@pytest.fixture(scope="module")
async def worlds(empty_graph: GraphServer) -> AsyncIterator[tuple[World, World]]:
    """Two of everything on one graph; on Neo4j as two processes would be, each with an engine of its own."""
    async with open_world(empty_graph, 33) as one:
        if one.engine.kind is EngineKind.EMBEDDED:
            yield one, World(one.engine, 44)
            return
        async with open_world(empty_graph, 44) as other:
            yield one, other


def kinds_of(results: list[Any]) -> Counter[str]:
    return Counter(type(result).__name__ for result in results)


@pytest.mark.parametrize(("seed", "count"), [(0, 2), (1, 4), (2, 16)])
async def test_moves_of_one_child_leave_it_in_one_place(worlds: tuple[World, World], seed: int, count: int) -> None:
    one, _ = worlds
    ada = await one.user()
    bucket = f"moves-race-{seed}"
    project = await one.project(ada, bucket)
    places = [await one.container(ada, Kind.DATASET, project, f"d{n}") for n in range(4)]
    put = await one.put(ada, bucket, "o", 9)

    results = await outcomes(
        *(worlds[n % 2].move(ada, put.object_id, places[n % 4], f"name-{n}") for n in range(count))
    )

    assert unanswered(results) == [], f"seed {seed}"
    assert kinds_of(results) == {"str": count}, f"seed {seed}: {results}"
    found = (await one.facts_of(ada, put.object_id))[put.object_id]
    assert len(found.parents) == 1, f"seed {seed}"
    await check_invariants(one)


@pytest.mark.parametrize(("seed", "count"), [(0, 2), (1, 5), (2, 16)])
async def test_a_name_is_won_by_one_of_many_renames_moves_and_shares(
    worlds: tuple[World, World], seed: int, count: int
) -> None:
    one, _ = worlds
    random = Random(seed)
    ada = await one.user()
    bucket = f"name-won-{seed}"
    project = await one.project(ada, bucket)
    elsewhere = await one.container(ada, Kind.DATASET, project, "elsewhere")
    here = [(await one.put(ada, bucket, f"o{n}")).object_id for n in range(count)]
    there = [(await one.put(ada, bucket, f"elsewhere/o{n}")).object_id for n in range(count)]

    def draw(number: int) -> Any:
        world = worlds[number % 2]
        return random.choice(
            [
                lambda: world.rename(ada, here[number], "won"),
                lambda: world.move(ada, there[number], project, "won"),
                lambda: world.share(ada, there[number], project, "won"),
                lambda: world.clone(ada, there[number], project, "won"),
            ]
        )()

    results = await outcomes(*(draw(number) for number in range(count)))

    assert unanswered(results) == [], f"seed {seed}"
    assert kinds_of(results) == {"str": 1, "AlreadyExists": count - 1}, f"seed {seed}: {results}"
    assert elsewhere in await one.facts_of(ada, elsewhere)
    await check_invariants(one)


@pytest.mark.parametrize("seed", range(3))
async def test_a_bucket_name_is_won_by_one_of_renames_and_new_projects(worlds: tuple[World, World], seed: int) -> None:
    one, _ = worlds
    ada = await one.user()
    projects = [await one.project(ada, f"bucket-{seed}-{n}") for n in range(4)]
    name = f"bucket-won-{seed}"

    results = await outcomes(
        *(worlds[n % 2].rename(ada, project, name) for n, project in enumerate(projects)),
        *(worlds[n % 2].project(ada, name) for n in range(2)),
    )

    assert unanswered(results) == [], f"seed {seed}"
    assert kinds_of(results) == {"str": 1, "AlreadyExists": 5}, f"seed {seed}: {results}"
    await check_invariants(one)


@pytest.mark.parametrize("seed", range(4))
async def test_moving_or_sharing_into_a_container_that_is_deleted_leaves_no_orphan(
    worlds: tuple[World, World], seed: int
) -> None:
    one, other = worlds
    ada = await one.user()
    bucket = f"gone-race-{seed}"
    project = await one.project(ada, bucket)
    target = await one.container(ada, Kind.DATASET, project, "target")
    moved = (await one.put(ada, bucket, "moved")).object_id
    shared = (await one.put(ada, bucket, "shared")).object_id
    calls = [
        lambda: one.delete_container(ada, target),
        lambda: other.move(ada, moved, target),
        lambda: other.share(ada, shared, target),
    ]
    Random(seed).shuffle(calls)

    results = await outcomes(*(call() for call in calls))

    assert unanswered(results) == [], f"seed {seed}"
    assert any(isinstance(result, FailedPrecondition) for result in results), f"seed {seed}: {results}"
    found = await one.facts_of(ada, target, moved)
    home = next(edge.parent_id for edge in found[moved].parents if edge.is_home)
    assert (home == target) <= (found[target].state is State.AVAILABLE), f"seed {seed}"
    await check_invariants(one)


@pytest.mark.parametrize("seed", range(4))
async def test_sharing_against_deleting_leaves_a_tombstone_without_names(
    worlds: tuple[World, World], seed: int
) -> None:
    one, other = worlds
    ada = await one.user()
    bucket = f"share-delete-{seed}"
    project = await one.project(ada, bucket)
    places = [await one.container(ada, Kind.DATASET, project, f"d{n}") for n in range(4)]
    put = (await one.put(ada, bucket, "o")).object_id
    calls = [
        lambda: one.delete_object(ada, put),
        *(lambda place=place: other.share(ada, put, place) for place in places),
    ]
    Random(seed).shuffle(calls)

    results = await outcomes(*(call() for call in calls))

    assert unanswered(results) == [], f"seed {seed}"
    assert set(kinds_of(results)) <= {"str", "FailedPrecondition"}, f"seed {seed}: {results}"
    found = (await one.facts_of(ada, put))[put]
    assert found.state is State.DELETED
    for place in places:
        container = (await one.facts_of(ada, place))[place]
        assert isinstance(container, ContainerFacts)
        assert container.entry_count == 0, f"seed {seed}"
    await check_invariants(one)


@pytest.mark.parametrize("seed", range(4))
async def test_puts_into_a_container_that_moves_and_is_renamed_lose_nothing(
    worlds: tuple[World, World], seed: int
) -> None:
    """A key names a container before or after; what was put is somewhere, once."""
    one, other = worlds
    random = Random(seed)
    ada = await one.user()
    bucket, target = f"put-race-{seed}", f"put-race-to-{seed}"
    await one.project(ada, bucket)
    there = await one.project(ada, target)
    first = await one.put(ada, bucket, "c/d/first")
    dataset = next(edge.parent_id for edge in (await one.facts_of(ada, first.object_id))[first.object_id].parents)
    collection = next(edge.parent_id for edge in (await one.facts_of(ada, dataset))[dataset].parents)
    calls = [
        lambda: one.move(ada, collection, there, "moved"),
        lambda: other.rename(ada, dataset, "renamed"),
        lambda: other.move(ada, first.object_id, there, "first"),
        *(lambda n=n: random.choice(worlds).put(ada, bucket, f"c/d/{n}") for n in range(6)),
        *(lambda n=n: random.choice(worlds).put(ada, bucket, "c/d/first", n) for n in range(3)),
    ]
    random.shuffle(calls)

    results = await outcomes(*(call() for call in calls))

    assert unanswered(results) == [], f"seed {seed}"
    published = [result for result in results if isinstance(result, Published)]
    assert len(published) == 9, f"seed {seed}: {results}"
    found = await one.facts_of(ada, *(one.object_id for one in published))
    assert all(isinstance(facts, ObjectFacts) and facts.state is State.AVAILABLE for facts in found.values())
    await check_invariants(one)


@pytest.mark.parametrize("seed", range(8))
async def test_a_storm_of_moves_in_a_small_tree_breaks_no_invariant(worlds: tuple[World, World], seed: int) -> None:
    """All that changes edges and names, with puts and deletes, hiding and reviving, on few things and few names."""
    random = Random(seed)
    one = worlds[0]
    ada = await one.user()
    buckets = [f"storm-a-{seed}", f"storm-b-{seed}"]
    projects = [await one.project(ada, bucket) for bucket in buckets]
    keys = ["top", "c/1", "c/d/1", "c/d/2", "e/1"]
    objects = [(await one.put(ada, bucket, key)).object_id for bucket in buckets for key in keys]
    containers = [
        *projects,
        *sorted(
            {
                edge.parent_id
                for facts in (await one.facts_of(ada, *objects)).values()
                for edge in facts.parents
                if edge.parent_id not in projects
            }
        ),
    ]
    made = [one_id for one_id in containers if one_id not in projects]
    names = ["1", "2", "c", "d", "e"]

    def draw(world: World) -> Any:
        child, target, name = random.choice(objects + made), random.choice(containers), random.choice(names)
        bucket = random.choice(buckets)
        return random.choice(
            [
                lambda: world.move(ada, child, target, name),
                lambda: world.move(ada, child, target),
                lambda: world.rename(ada, child, name),
                lambda: world.share(ada, child, target, name),
                lambda: world.unlink_child(ada, child, target),
                lambda: world.move(ada, child, target, name, source=random.choice(containers)),
                lambda: world.clone(ada, random.choice(objects), target, name),
                lambda: world.put(ada, bucket, random.choice(keys)),
                lambda: world.delete_object(ada, random.choice(objects)),
            ]
        )()

    results = await outcomes(*(draw(random.choice(worlds)) for _ in range(40)))

    assert unanswered(results) == [], f"seed {seed}"
    assert any(not isinstance(result, DomainError) for result in results), f"seed {seed}"
    assert not any(isinstance(result, AssertionError) for result in results), f"seed {seed}: {results}"
    await check_invariants(one)


async def test_crossing_moves_of_two_containers_into_each_others_places_both_succeed(
    worlds: tuple[World, World],
) -> None:
    one, other = worlds
    ada = await one.user()
    left, right = await one.project(ada, "cross-left"), await one.project(ada, "cross-right")
    first = await one.container(ada, Kind.COLLECTION, left, "a")
    second = await one.container(ada, Kind.COLLECTION, right, "b")

    results = await outcomes(one.move(ada, first, right), other.move(ada, second, left))

    assert results == [first, second]
    with pytest.raises(AlreadyExists):
        await one.container(ada, Kind.COLLECTION, right, "a")
    with pytest.raises(NotFound):
        await one.unlink_child(ada, first, left)
    await check_invariants(one)
