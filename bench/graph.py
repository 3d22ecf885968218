"""How reading a page of names grows: 100 names at the start, the middle and the end of small and large containers.

Run: .ci/uv run python -m bench.graph [--neo4j]   (two minutes; both engines with --neo4j: needs a JDK and Maven)
Each figure stands beside the cheapest statement the engine can answer (`RETURN 1`); medians of interleaved rounds.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from domain.access import Caller
from domain.changes import UserAdded
from domain.creation import NewResource, create_project
from domain.identifiers import UlidSource
from domain.keys import object_sort
from domain.stamps import Stamp
from graphstore.bolt import Engine
from graphstore.cypher import facts, pages, readings
from graphstore.embedded import EmbeddedGraph
from graphstore.instants import to_ms
from graphstore.migrations import migrate
from graphstore.paging import read_pages
from graphstore.statements import Statement, nothing
from graphstore.store import GraphStore
from graphstore.writing import apply_changes
from tests.neo4j_server.server import Neo4jServer

SIZES: Final = (1_000, 300_000)
PAGE: Final = 100
ROUNDS: Final = 15
BATCH: Final = 5_000

_LOAD: Final = Statement(
    "load names",
    "MATCH (p:Resource {id: $parent}) UNWIND $rows AS row CREATE (o:Resource:Object) SET o = row.node "
    "CREATE (o)-[:BELONGS_TO {home: true, passes: 4, name: row.node.name, createdAt: 0, createdBy: ''}]->(p), "
    "(:Entry {sort: row.sort, since: 0})-[:NAMES]->(o)",
    nothing,
)
_ONE: Final = Statement("one", "RETURN 1 AS one", lambda rows: rows[0]["one"])


def fresh_ids(source: UlidSource) -> Iterator[str]:
    while True:
        yield source.new(datetime.now(UTC))


async def fill(store: GraphStore, user: str, ids: Iterator[str], size: int) -> str:
    """Make a project and load objects into it past the rules; answers its id."""
    name = f"size-{size}"
    stamp = Stamp(Caller(user), datetime.now(UTC), ids)
    now = to_ms(stamp.now)
    project = await store.run_rule(
        "project",
        lock=(),
        load=facts.bucket(name, user, now),
        decide=lambda found: create_project(found, NewResource(name), stamp),
    )
    for start in range(0, size, BATCH):
        rows = [_row(project, next(ids), number, user, now) for number in range(start, min(size, start + BATCH))]
        await store.engine.write("load", lambda tx, rows=rows: tx.run(_LOAD.bind(parent=project, rows=rows)))
    return project


def _row(project: str, object_id: str, number: int, user: str, now: int) -> dict[str, object]:
    name = f"sample-{number:07d}.fastq"
    node = {
        "id": object_id, "kind": "OBJECT", "name": name, "state": "INITIALIZING", "dataClass": "PRIVATE",
        "metadataLicense": "CC0-1.0", "dataLicense": "CC0-1.0", "revision": 0, "lockCount": 0,
        "createdAt": now, "createdBy": user, "updatedAt": now,
    }  # fmt: skip
    return {"node": node, "sort": object_sort(project, name)}


async def milliseconds(work: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


def works_on(store: GraphStore, project: str, size: int, caller: str) -> dict[str, Callable[[], Awaitable[object]]]:
    """Everything that is timed on one container."""
    now = to_ms(datetime.now(UTC))

    def page_at(number: int) -> Callable[[], Awaitable[object]]:
        lower = object_sort(project, f"sample-{number:07d}.fastq")
        stretch = pages.Range(project, lower, is_lower_included=True)
        return lambda: read_pages(store, pages.KEYS, [stretch], PAGE, caller, now)

    return {
        f"page of {PAGE} among {size}, start": page_at(0),
        f"page of {PAGE} among {size}, middle": page_at(size // 2),
        f"page of {PAGE} among {size}, end": page_at(size - PAGE),
        f"page of {PAGE} among {size}, with rights": lambda: read_pages(
            store, pages.ALL_NAMES, [pages.whole(project)], PAGE, caller, now
        ),
        f"container of {size} by id": lambda: store.read(readings.resources([project], caller, now)),
    }


async def measure(uri: str, user: str, password: str, database: str) -> None:
    engine = await Engine.connect(uri, user, password, database)
    store = GraphStore(engine)
    await migrate(engine)
    ids = fresh_ids(UlidSource(os.urandom))
    caller = next(ids)
    added = UserAdded(caller, "bench", None, is_administrator=False, at=datetime.now(UTC))
    await engine.write("user", lambda tx: apply_changes(tx, [added]))
    works: dict[str, Callable[[], Awaitable[object]]] = {"RETURN 1": lambda: store.read(_ONE.bind())}
    for size in SIZES:
        began = time.perf_counter()
        project = await fill(store, caller, ids, size)
        print(f"  loaded {size:>7} names in {time.perf_counter() - began:5.1f} s")
        works |= works_on(store, project, size, caller)
    figures: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            figures[name].append(await milliseconds(work))
    base = statistics.median(figures["RETURN 1"])
    for name, rounds in figures.items():
        median = statistics.median(rounds)
        print(f"  {name:<42} {median:8.2f} ms   {median / base:6.1f} x RETURN 1")
    await engine.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--neo4j", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print("embedded engine")
        graph = stack.enter_context(EmbeddedGraph.start(folder / "embedded", heap_mib=512))
        uvloop.run(measure(graph.uri, graph.user, graph.password, graph.database))
        graph.stop()
        if options.neo4j:
            print("Neo4j")
            server = stack.enter_context(Neo4jServer.start(folder / "neo4j"))
            uvloop.run(measure(server.uri, server.user, server.password, server.database))


if __name__ == "__main__":
    main()
