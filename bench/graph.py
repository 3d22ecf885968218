"""How the graph's operations grow with what lies around them, on either engine, and how many statements each takes.

Run: .ci/uv run python -m bench.graph [embedded] [neo4j] [--small]   (some ten minutes an engine; --small: one)
Figures are medians of interleaved rounds, beside the cheapest statement that the engine can answer (`RETURN 1`).
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import uvloop

from bench.graph_loading import load_names, load_relations, name_numbered
from domain.keys import cut_key, object_sort
from domain.relations import RelationKind
from domain.resources import Kind
from graphstore.bolt import Engine
from graphstore.cypher import pages, readings, resolving
from graphstore.cypher.frozen import FrozenRange
from graphstore.cypher.frozen_rows import FROZEN_KEYS, FrozenNames
from graphstore.embedded import EmbeddedGraph
from graphstore.frozen import read_frozen_pages
from graphstore.migrations import migrate
from graphstore.paging import read_pages
from graphstore.statements import Statement
from graphstore.walking import Walk
from tests.neo4j_server.server import Neo4jServer
from tests.world import World

PAGE: Final = 100
ROUNDS: Final = 15
GROUP: Final = 32

Work = Callable[[], Awaitable[object]]

_ONE: Final = Statement("one", "RETURN 1 AS one", lambda rows: rows[0]["one"])


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is loaded."""

    names: tuple[int, ...]
    relations: int
    containers: tuple[int, ...]
    changes: int


WHOLE: Final = Sizes((1_000, 100_000, 1_000_000), 50_000, (10, 100, 1_000), 10_000)
SMALL: Final = Sizes((1_000, 20_000), 5_000, (10, 100), 500)


async def reading_works(world: World, user: str, size: int) -> dict[str, Work]:
    """Make a dataset of `size` names, three containers deep; answers what is timed on it."""
    store, now = world.store, world.now_ms
    bucket = f"size-{size}"
    project = await world.project(user, bucket)
    collection = await world.container(user, Kind.COLLECTION, project, "collection")
    dataset = await world.container(user, Kind.DATASET, collection, "dataset")
    loaded = await load_names(world, dataset, user, size)
    middle = name_numbered(size // 2)
    key = cut_key(f"collection/dataset/{middle}")

    def page_at(number: int) -> Work:
        stretch = pages.Range(dataset, object_sort(dataset, name_numbered(number)), is_lower_included=True)
        return lambda: read_pages(store, pages.KEYS, [stretch], PAGE, user, now)

    async def descend() -> None:
        walk = Walk(store, project, pages.ALL_NAMES, user, now, page_size=PAGE)
        for _ in range(PAGE):
            await walk.next()

    return {
        f"one of {size} by id": lambda: store.read(readings.resources([loaded[size // 2]], user, now)),
        f"its container of {size} by id": lambda: store.read(readings.resources([dataset], user, now)),
        f"its key, 4 segments, among {size}": lambda: store.read(
            resolving.resolve([resolving.KeyRequest("", bucket, key, now)])
        ),
        f"its parents among {size}": lambda: store.read(readings.parents([loaded[size // 2]], user, now)),
        f"page of {PAGE} of {size}, start": page_at(0),
        f"page of {PAGE} of {size}, middle": page_at(size // 2),
        f"page of {PAGE} of {size}, end": page_at(size - PAGE),
        f"page of {PAGE} of {size}, with rights": lambda: read_pages(
            store, pages.ALL_NAMES, [pages.whole(dataset)], PAGE, user, now
        ),
        f"descendants of {size}, first {PAGE}": descend,
    }


async def writing_works(world: World, user: str, size: int) -> dict[str, Work]:
    """What is timed of writing into the container of `size` names."""
    bucket = f"size-{size}"
    numbers = iter(range(10_000_000))

    async def put_one() -> None:
        await world.put(user, bucket, f"collection/dataset/new-{next(numbers):07d}")

    async def put_group() -> None:
        keys = [f"collection/dataset/group-{next(numbers):07d}" for _ in range(GROUP)]
        await asyncio.gather(*(world.put(user, bucket, key) for key in keys))

    async def overwrite() -> None:
        await world.put(user, bucket, "collection/dataset/overwritten")

    await overwrite()
    return {
        f"put one into {size}": put_one,
        f"put {GROUP} at once into {size}": put_group,
        f"overwrite one in {size}": overwrite,
    }


async def hub_works(world: World, user: str, count: int) -> dict[str, Work]:
    """Make an Object that `count` others derive from, in a project of its own."""
    store, now = world.store, world.now_ms
    bucket = f"hub-{count}"
    project = await world.project(user, bucket)
    hub = (await world.put(user, bucket, "hub")).object_id
    dataset = await world.container(user, Kind.DATASET, project, "derived")
    await load_relations(world, hub, await load_names(world, dataset, user, count))

    def lineage() -> Awaitable[object]:
        kinds = [RelationKind.ORIGIN]
        return store.read(readings.lineage_step([hub], kinds, "IN", [hub], PAGE, user, now))

    return {
        f"overwrite, {count} relations arrive": lambda: world.put(user, bucket, "hub"),
        f"lineage of {PAGE} through a hub of {count}": lineage,
    }


async def frozen_works(world: World, user: str, size: int, changes: int) -> dict[str, Work]:
    """Snapshot the collection of `size` names, then overwrite some of its Objects; what is timed of reading it."""
    bucket = f"size-{size}"
    (row,) = await world.ask(
        "MATCH (p:Project {bucket: $bucket})-[:HOLDS]->()-[:NAMES]->(c:Collection)-[:HOLDS]->()-[:NAMES]->(d:Dataset) "
        "RETURN c.id AS collection, d.id AS dataset",
        bucket=bucket,
    )
    root = await world.snapshot(user, row["collection"])
    for start in range(0, changes, GROUP):
        numbers = [number * (size // changes) for number in range(start, min(changes, start + GROUP))]
        keys = [f"collection/dataset/{name_numbered(number)}" for number in numbers]
        await asyncio.gather(*(world.put(user, bucket, key) for key in keys))
    (frozen,) = await world.ask("MATCH (f:Frozen {frozenKey: $key}) RETURN f.id AS id", key=root + row["dataset"])
    names = FrozenNames(holder_id=frozen["id"], original_id=row["dataset"], epoch=0, root_id=root)

    def page_at(number: int) -> Work:
        lower = object_sort(row["dataset"], name_numbered(number))
        stretch = FrozenRange(names, pages.Range(row["dataset"], lower, is_lower_included=True))
        return lambda: read_frozen_pages(world.store, FROZEN_KEYS, [stretch], PAGE, user, world.now_ms)

    return {
        f"snapshot of {size}, {changes} changed since: page, start": page_at(0),
        f"snapshot of {size}, {changes} changed since: page, end": page_at(size - PAGE),
    }


async def snapshot_works(world: World, user: str, count: int) -> dict[str, Work]:
    """Make a project of `count` containers; what is timed of taking snapshots of all of them."""
    project = await world.project(user, f"containers-{count}")
    for start in range(0, count - 1, GROUP):
        names = [f"dataset-{number:05d}" for number in range(start, min(count - 1, start + GROUP))]
        await asyncio.gather(*(world.container(user, Kind.DATASET, project, name) for name in names))
    versions = (f"1.{number}.0" for number in range(1_000_000))
    return {f"snapshot of {count} containers": lambda: world.snapshot(user, project, next(versions))}


async def in_rounds(world: World, works: Mapping[str, Work]) -> dict[str, tuple[float, float]]:
    """Median milliseconds and statements of each, in interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in works}
    statements: dict[str, list[int]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            before, began = world.engine.statement_count, time.perf_counter()
            await work()
            times[name].append((time.perf_counter() - began) * 1000)
            statements[name].append(world.engine.statement_count - before)
    return {name: (statistics.median(times[name]), statistics.median(statements[name])) for name in works}


async def measure(uri: str, user: str, password: str, database: str, sizes: Sizes) -> None:
    """Load, time and print, on one engine."""
    engine = await Engine.connect(uri, user, password, database)
    try:
        await migrate(engine)
        world = World(engine)
        caller = await world.user("bench")
        works: dict[str, Work] = {"RETURN 1": lambda: world.store.read(_ONE.bind())}
        for size in sizes.names:
            began = time.perf_counter()
            works |= await reading_works(world, caller, size)
            print(f"  loaded {size:>9,} names in {time.perf_counter() - began:.0f} s", flush=True)
            works |= await writing_works(world, caller, size)
        works |= await frozen_works(world, caller, sizes.names[1], sizes.changes)
        works |= await hub_works(world, caller, 0)
        works |= await hub_works(world, caller, sizes.relations)
        for count in sizes.containers:
            works |= await snapshot_works(world, caller, count)
        figures = await in_rounds(world, works)
    finally:
        await engine.close()
    base, _ = figures["RETURN 1"]
    print(f"  {'':<58}     median   x RETURN 1   statements")
    for name, (median, statements) in figures.items():
        print(f"  {name:<58} {median:8.2f} ms {median / base:8.1f} {statements:10.0f}")


def main() -> None:
    """Measure on the engines named, else on the embedded one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engines", nargs="*", choices=["embedded", "neo4j"], help="neo4j needs a JDK and Maven")
    parser.add_argument("--small", action="store_true", help="a try with small sizes")
    options = parser.parse_args()
    sizes = SMALL if options.small else WHOLE
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engines: list[str] = options.engines or ["embedded"]
        if "embedded" in engines:
            print("embedded engine")
            graph = stack.enter_context(EmbeddedGraph.start(folder / "embedded", heap_mib=512))
            uvloop.run(measure(graph.uri, graph.user, graph.password, graph.database, sizes))
            graph.stop()
        if "neo4j" in engines:
            print("Neo4j")
            server = stack.enter_context(Neo4jServer.start(folder / "neo4j"))
            uvloop.run(measure(server.uri, server.user, server.password, server.database, sizes))


if __name__ == "__main__":
    main()
