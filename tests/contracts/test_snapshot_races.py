"""Snapshots and archives against writers: never half of one, whoever comes first. Seeds are named in failures."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from random import Random
from typing import Any

import pytest

from domain.describing import Description
from domain.errors import AlreadyExists, DomainError, FailedPrecondition, Immutable, Unavailable
from domain.publishing import Published
from domain.resources import Kind
from graphstore.dialects import EngineKind
from tests.conftest import GraphServer
from tests.graph_dump import MARK, check_invariants
from tests.past_view import PastView
from tests.world import World, open_world, outcomes


@pytest.fixture(scope="module")
async def worlds(empty_graph: GraphServer) -> AsyncIterator[tuple[World, World]]:
    """Two of everything on one graph; on Neo4j with an engine each (the embedded one has one process by rule)."""
    async with open_world(empty_graph, 11) as one:
        if one.engine.kind is EngineKind.EMBEDDED:
            yield one, World(one.engine, 22)
            return
        async with open_world(empty_graph, 22) as other:
            yield one, other


def unanswered(results: Sequence[Any]) -> list[str]:
    """Calls that weren't answered in domain words, or were given up because the graph was busy."""
    return [
        f"{result!r} from {result.__cause__!r}"
        for result in results
        if isinstance(result, BaseException)
        and (not isinstance(result, DomainError) or isinstance(result, Unavailable))
    ]


def made(results: Sequence[Any]) -> list[str]:
    """Ids that calls answered."""
    return [result for result in results if isinstance(result, str)]


def versions(view: Mapping[str, Any]) -> list[str]:
    """All versionIds that a view shows."""
    return [
        version for _, found in view.values() for version in ([found] if isinstance(found, str) else versions(found))
    ]


async def everything(worlds: tuple[World, World], seed: int, bucket: str) -> tuple[str, str, str, str, list[str]]:
    """A project with a collection and a dataset, which stay when they are empty, and Objects in each."""
    one = worlds[0]
    ada = await one.user()
    project = await one.project(ada, f"{bucket}-{seed}")
    collection = await one.container(ada, Kind.COLLECTION, project, "c")
    dataset = await one.container(ada, Kind.DATASET, collection, "d")
    objects = [(await one.put(ada, f"{bucket}-{seed}", key)).object_id for key in ("o", "c/o", "c/d/o", "c/d/p")]
    return ada, project, collection, dataset, objects


@pytest.mark.parametrize("seed", range(6))
async def test_a_snapshot_shows_writers_before_or_after_it_and_none_by_half(
    worlds: tuple[World, World], seed: int
) -> None:
    random = Random(seed)
    one, other = worlds
    bucket = f"writes-{seed}"
    ada, project, collection, dataset, objects = await everything(worlds, seed, "writes")

    def write(world: World) -> Awaitable[Any]:
        acts = [
            lambda: world.put(ada, bucket, random.choice(["o", "c/o", "c/d/o", "c/d/new", "c/d/p", "c/e/f", "n"])),
            lambda: world.put(ada, bucket, random.choice(["c/d/o", "c/o"]), 9),
            lambda: world.delete_object(ada, random.choice(objects)),
            lambda: world.rename(ada, random.choice([*objects, collection, dataset]), random.choice("xyz")),
            lambda: world.move(ada, random.choice([*objects, dataset]), random.choice([project, collection])),
            lambda: world.share(ada, random.choice(objects), random.choice([project, collection, dataset]), "s"),
            lambda: world.describe(ada, random.choice(objects), Description("T")),
            lambda: world.container(ada, Kind.DATASET, random.choice([project, collection]), "made"),
        ]
        return random.choice(acts)()

    calls: list[Awaitable[Any]] = [write(random.choice(worlds)) for _ in range(16)]
    calls += [one.snapshot(ada, project, "1.0.0"), other.snapshot(ada, collection, "1.0.0")]
    calls += [one.snapshot(ada, dataset, "1.0.0"), other.snapshot(ada, project, "2.0.0")]
    random.shuffle(calls)
    results = await outcomes(*calls)

    assert unanswered(results) == [], f"seed {seed}"
    view = PastView(await check_invariants(one))
    snapshots = await one.ask(
        "MATCH (s:Snapshot) WHERE s.snapshotOf IN $ids RETURN s.id AS id", ids=[project, collection, dataset]
    )
    assert len(snapshots) == 4, f"seed {seed}: {results}"
    before = {row["id"]: view.snapshot(row["id"]) for row in snapshots}
    for _ in range(6):
        await outcomes(write(one), write(other))
    view = PastView(await check_invariants(one))
    assert {snapshot: view.snapshot(snapshot) for snapshot in before} == before, f"seed {seed}"


async def test_a_snapshot_is_one_instant_of_all_its_containers(worlds: tuple[World, World]) -> None:
    """A writer always writes to the dataset first: no snapshot shows the collection further than the dataset."""
    one, other = worlds
    ada, project, *_ = await everything(worlds, 0, "instant")
    numbers: dict[str, int] = {}

    async def write() -> None:
        for number in range(20):
            for key in ("c/d/o", "c/o"):
                numbers[(await one.put(ada, "instant-0", key)).version_id] = number

    async def freeze() -> list[str]:
        return [await other.snapshot(ada, project, f"1.{number}.0") for number in range(8)]

    _, snapshots = await outcomes(write(), freeze())

    view = PastView(await check_invariants(one))
    for snapshot in snapshots:
        _, inside = view.snapshot(snapshot)[f"c{MARK}"]
        behind = numbers.get(inside["o"][1], -1)
        ahead = numbers.get(inside[f"d{MARK}"][1]["o"][1], -1)
        assert ahead - behind in {0, 1}, f"{snapshot} shows {ahead} and {behind}"


@pytest.mark.parametrize("seed", range(4))
async def test_a_version_is_won_by_exactly_one(worlds: tuple[World, World], seed: int) -> None:
    ada, project, *_ = await everything(worlds, seed, "version")

    results = await outcomes(
        *(worlds[n % 2].snapshot(ada, project, f"1.0.0+{n}") for n in range(5)),
        *(worlds[n % 2].put(ada, f"version-{seed}", "c/d/o", n) for n in range(3)),
    )

    assert unanswered(results) == [], f"seed {seed}"
    kinds = Counter(type(result).__name__ for result in results)
    assert kinds == {"str": 1, AlreadyExists.__name__: 4, "Published": 3}, f"seed {seed}: {results}"
    await check_invariants(worlds[0])


@pytest.mark.parametrize("seed", range(5))
async def test_writes_come_before_an_archive_or_are_refused(worlds: tuple[World, World], seed: int) -> None:
    random = Random(seed)
    one, other = worlds
    ada, project, collection, dataset, objects = await everything(worlds, seed, "archived")
    living = await one.project(ada, f"living-{seed}")
    guest = await one.container(ada, Kind.DATASET, living, "guest")
    bucket = f"archived-{seed}"
    calls: list[Awaitable[Any]] = [
        one.archive(ada, project),
        one.put(ada, bucket, "c/d/o", 8),
        other.put(ada, bucket, "c/d/new"),
        other.put(ada, bucket, "n/m/new"),
        one.delete_object(ada, objects[0]),
        other.rename(ada, objects[1], "renamed"),
        one.container(ada, Kind.DATASET, collection, "made"),
        other.share(ada, guest, collection, "guest"),
        one.move(ada, dataset, living),
        other.describe(ada, objects[2], Description("T")),
    ]
    random.shuffle(calls)
    results = await outcomes(*calls)

    assert unanswered(results) == [], f"seed {seed}"
    view = PastView(await check_invariants(one))
    if view.nodes[project]["archivedAt"] is None:
        # The guest came first: that, and nothing else, keeps a project from being archived.
        assert any(isinstance(result, FailedPrecondition) and guest in result.message for result in results), results
        return
    shown = view.archive(project)
    refused = Counter(type(result).__name__ for result in results if isinstance(result, DomainError))
    assert refused.keys() <= {Immutable.__name__}, f"seed {seed}: {results}"
    published = [result.version_id for result in results if isinstance(result, Published)]
    assert set(published) <= {*versions(shown), *versions(view.present(living))}, f"seed {seed}"
    after = await outcomes(one.put(ada, bucket, "c/o"), other.delete_object(ada, objects[3]))
    assert all(isinstance(result, (Immutable, Published, str)) for result in after)
    assert PastView(await check_invariants(one)).archive(project) == shown, f"seed {seed}"


@pytest.mark.parametrize("seed", range(5))
async def test_a_key_and_the_snapshot_that_would_hide_it_never_both_come(
    worlds: tuple[World, World], seed: int
) -> None:
    one, other = worlds
    bucket = f"hiding-{seed}"
    ada, project, collection, dataset, objects = await everything(worlds, seed, "hiding")
    calls = [
        one.snapshot(ada, collection, "1.0.0"),
        other.put(ada, bucket, "c@1.0.0/k"),
        other.put(ada, bucket, "c@latest/k"),
        one.begin_object(ada, project, "c@1.0.0/begun"),
        other.rename(ada, objects[0], "c@1.0.0/renamed"),
        one.snapshot(ada, dataset, "1.0.0"),
        other.put(ada, bucket, "c/d@1.0.0/k"),
        other.rename(ada, dataset, "renamed"),
    ]
    Random(seed).shuffle(calls)

    results = await outcomes(*calls)

    assert unanswered(results) == [], f"seed {seed}"
    view = PastView(await check_invariants(one))
    hidden = [name for name in view.present(project) if name.startswith(("c@1.0.0/", "c@latest/"))]
    snapshots = [node for node in view.frozen.values() if node["id"] == node["snapshotRoot"]]
    mine = [node["snapshotOf"] for node in snapshots if node["snapshotOf"] in {collection, dataset}]
    assert not (hidden and collection in mine), f"seed {seed}: {hidden} {results}"
    name = view.nodes[dataset]["name"]
    beside = [found for found in view.present(collection) if found.startswith((f"{name}@1.0.0/", f"{name}@latest/"))]
    assert not (beside and dataset in mine), f"seed {seed}: {beside} {results}"


@pytest.mark.parametrize("seed", range(4))
async def test_snapshots_made_and_deleted_at_once_leave_the_latest_right(
    worlds: tuple[World, World], seed: int
) -> None:
    one, other = worlds
    ada, project, *_ = await everything(worlds, seed, "latest")
    first = [await one.snapshot(ada, project, f"1.{number}.0") for number in range(3)]
    calls = [one.delete_snapshot(ada, first[2]), other.delete_snapshot(ada, first[2])]
    calls += [other.snapshot(ada, project, "1.5.0"), one.delete_snapshot(ada, first[0])]
    Random(seed).shuffle(calls)

    results = await outcomes(*calls)

    assert unanswered(results) == [], f"seed {seed}"
    assert len(made(results)) == 3, f"seed {seed}: {results}"
    await one.finish_tasks()
    await check_invariants(one)
