"""Graphs to measure on, loaded past the rules: many names, a hub of relations, many containers."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from domain.keys import object_sort
from graphstore.statements import Statement, nothing
from tests.world import World

BATCH: Final = 5_000

_NAMES: Final = Statement(
    "load names",
    "MATCH (p:Resource {id: $parent}) UNWIND $rows AS row CREATE (o:Resource:Object) SET o = row.node "
    "CREATE (o)-[:BELONGS_TO {home: true, passes: 4, name: row.node.name, since: 0, createdAt: 0, "
    "createdBy: ''}]->(p) "
    "CREATE (:Entry {sort: row.sort, since: 0})-[:NAMES]->(o) "
    "CREATE (o)-[:CONTENT]->(:Content {id: row.node.versionId, length: 5, etag: 'e', partCount: 0})",
    nothing,
)
_COUNTED: Final = Statement(
    "count names",
    "MATCH (p:Resource {id: $parent}) "
    "SET p.entries = p.entries + $count, p.objects = p.objects + $count, p.bytes = p.bytes + 5 * $count",
    nothing,
)
_RELATIONS: Final = Statement(
    "load relations",
    "MATCH (hub:Resource {id: $hub}) UNWIND $rows AS row MATCH (o:Resource {id: row.id}) "
    "CREATE (o)-[:ORIGIN {id: row.edge, since: 0, createdAt: 0, createdBy: ''}]->(hub)",
    nothing,
)


async def load_names(world: World, parent: str, user: str, size: int) -> list[str]:
    """Load AVAILABLE Objects of 5 bytes into a container; answers their ids in the order of their names."""
    loaded: list[str] = []
    for start in range(0, size, BATCH):
        rows = [_row(world, parent, number, user) for number in range(start, min(size, start + BATCH))]
        loaded += [row.id for row in rows]
        query = _NAMES.bind(parent=parent, rows=[{"node": row.node, "sort": row.sort} for row in rows])
        await world.engine.write("load", lambda tx, query=query: tx.run(query))
    await world.engine.write("count", lambda tx: tx.run(_COUNTED.bind(parent=parent, count=size)))
    return loaded


def name_numbered(number: int) -> str:
    """Name of the Object of this number."""
    return f"sample-{number:07d}.fastq"


class _Row(NamedTuple):
    id: str
    node: dict[str, object]
    sort: str


def _row(world: World, parent: str, number: int, user: str) -> _Row:
    name = name_numbered(number)
    now = world.now_ms
    object_id = world.new_id()
    node: dict[str, object] = {
        "id": object_id, "kind": "OBJECT", "name": name, "state": "AVAILABLE", "dataClass": "PRIVATE",
        "metadataLicense": "CC0-1.0", "dataLicense": "CC0-1.0", "revision": 1, "lockCount": 0, "createdAt": now,
        "createdBy": user, "updatedAt": now, "versionId": world.new_id(), "revisionNumber": 0, "contentLength": 5,
        "etag": "e", "partCount": 0, "shown": "OFF", "publishedAt": now, "publishedBy": user,
        "contentType": "application/octet-stream",
    }  # fmt: skip
    return _Row(object_id, node, object_sort(parent, name))


async def load_relations(world: World, hub: str, sources: list[str]) -> None:
    """Let each source derive from the hub."""
    for batch in _batches(sources):
        rows = [{"id": source, "edge": world.new_id()} for source in batch]
        query = _RELATIONS.bind(hub=hub, rows=rows)
        await world.engine.write("load", lambda tx, query=query: tx.run(query))


def _batches(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
