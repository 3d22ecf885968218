"""Reads a whole graph as plain rows, and writes it into an empty one, on either engine: what a backup is made of.

Nodes carry a key that means something within one dump alone; edges name their ends by it. Properties are texts,
numbers, booleans and lists of them: whatever is JSON. Read it while writers are held (`Engine.writers_held`).

On the embedded engine no statement may take longer than 30 s, so a graph is read label by label, by the label's key in
pages. That every node has one of these labels is checked by counting: better no backup than one that lacks something.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, LiteralString, NamedTuple, cast

from domain.errors import DomainError
from graphstore.bolt import Engine
from graphstore.dialects import EngineKind
from graphstore.statements import Query, Row, Statement, all_rows

_PAGE: Final = 500

KEYS: Final[Mapping[str, LiteralString]] = {
    "Resource": "id",
    "Entry": "sort",
    "PastEntry": "sort",
    "FormerEntry": "sort",
    "Revision": "versionId",
    "Content": "id",
    "Blob": "id",
    "External": "key",
    "Labelling": "sort",
    "License": "key",
    "User": "id",
    "Token": "id",
    "S3Credential": "accessKeyId",
    "Upload": "id",
    "Event": "id",
    "PendingEvent": "id",
    "Sequence": "key",
    "Task": "id",
    "Unhashed": "id",
    "GraphVersion": "key",
}
"""The label that each node has one of, and the property that pages of it go by."""

SECOND_LABELS: Final[frozenset[str]] = frozenset(
    {"Project", "Collection", "Dataset", "Object", "Frozen", "Snapshot", "ContainerEntry"}
)

EDGE_TYPES: Final[frozenset[str]] = frozenset(
    {
        "BELONGS_TO", "CITES", "CONTENT", "CUSTOM", "CUT", "DELETED", "FORMERLY", "GRANTED_TO", "HOLDS", "LABELLED",
        "METADATA", "NAMED", "NAMES", "OF", "ORIGIN", "PART", "POLICY", "SNAPSHOT_OF", "UPLOADED", "VERSION",
    }
)  # fmt: skip


class DumpRefused(DomainError):
    """The graph holds something that a dump has no words for, or a dump something that a graph has none for."""


class DumpedNode(NamedTuple):
    """A node by its key in this dump."""

    key: str
    labels: tuple[str, ...]
    properties: Mapping[str, Any]


class DumpedEdge(NamedTuple):
    """An edge from one key to another."""

    source: str
    type: str
    properties: Mapping[str, Any]
    target: str


@dataclass(frozen=True, slots=True)
class GraphCounts:
    """How much a graph holds."""

    nodes: int
    edges: int


_COUNT_NODES: Final = Statement(
    "count nodes", "MATCH (n) WHERE NOT n:WriterHold RETURN count(n) AS n", lambda rows: int(rows[0]["n"])
)
_COUNT_EDGES: Final = Statement("count edges", "MATCH ()-[e]->() RETURN count(e) AS n", lambda rows: int(rows[0]["n"]))


async def count_graph(engine: Engine) -> GraphCounts:
    """Count all nodes and edges.

    Raises: GraphUnavailable.
    """
    return GraphCounts(await engine.read(_COUNT_NODES.bind()), await engine.read(_COUNT_EDGES.bind()))


_NODE: Final = "RETURN elementId(n) AS key, labels(n) AS labels, properties(n) AS properties"
_EDGE: Final = "RETURN elementId(n) AS source, type(e) AS type, properties(e) AS properties, elementId(m) AS target"
_ALL_NODES: Final = Statement("all nodes", "MATCH (n) WHERE NOT n:WriterHold " + _NODE, all_rows)
_ALL_EDGES: Final = Statement("all edges", "MATCH (n)-[e]->(m) " + _EDGE, all_rows)


async def dump_nodes(engine: Engine) -> AsyncIterator[DumpedNode]:
    """All nodes.

    Raises: GraphUnavailable, DumpRefused.
    """
    async for row in _rows(engine, _ALL_NODES, _NODE, ""):
        node = DumpedNode(row["key"], tuple(sorted(row["labels"])), _plain(row["properties"]))
        _primary_label(node.labels)
        yield node


async def dump_edges(engine: Engine) -> AsyncIterator[DumpedEdge]:
    """All edges.

    Raises: GraphUnavailable, DumpRefused.
    """
    async for row in _rows(engine, _ALL_EDGES, _EDGE, "MATCH (n)-[e]->(m) "):
        if row["type"] not in EDGE_TYPES:
            raise DumpRefused(f"the graph has an edge {row['type']!r}, which this program can't dump")
        yield DumpedEdge(row["source"], row["type"], _plain(row["properties"]), row["target"])


async def _rows(
    engine: Engine, whole: Statement[Sequence[Row]], columns: LiteralString, way: LiteralString
) -> AsyncIterator[Row]:
    if engine.kind is EngineKind.NEO4J:
        async for row in engine.stream(whole.bind()):
            yield row
        return
    for label, key in KEYS.items():
        after = ""
        node: LiteralString = f"MATCH (n:{cast('LiteralString', label)}) WHERE n.{key} > $after "
        upper_text: LiteralString = node + f"WITH n.{key} AS key LIMIT $size RETURN max(key) AS upper"
        page_text: LiteralString = node + f"AND n.{key} <= $upper " + way + columns
        while True:
            bound: Query[str | None] = Query(
                f"next of {label}", upper_text, {"after": after, "size": _PAGE}, lambda rows: rows[0]["upper"]
            )
            upper = await engine.read(bound)
            if upper is None:
                break
            async for row in engine.stream(
                Query(f"page of {label}", page_text, {"after": after, "upper": upper}, all_rows)
            ):
                yield row
            after = upper


def _plain(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    for name, value in properties.items():
        parts = cast("list[Any]", value) if isinstance(value, list) else [value]
        if not all(part is None or isinstance(part, str | int | float | bool) for part in parts):
            raise DumpRefused(f"the property {name!r} is of a kind that this program can't dump")
    return {name: value for name, value in properties.items() if value is not None}


def _primary_label(labels: Sequence[str]) -> str:
    """The label of KEYS that these have one of. Raises: DumpRefused."""
    primary = [label for label in labels if label in KEYS]
    strangers = [label for label in labels if label not in KEYS and label not in SECOND_LABELS]
    if len(primary) != 1 or strangers:
        raise DumpRefused(f"the graph has a node {':'.join(labels) or 'without a label'}, unknown to this program")
    return primary[0]


# -- into an empty graph


async def load_nodes(engine: Engine, nodes: Sequence[DumpedNode]) -> dict[str, str]:
    """Create nodes in one transaction, some hundred at a time; answers the engine's key of each by the dump's.

    Raises: GraphUnavailable, DumpRefused.
    """
    found: dict[str, str] = {}
    ordered = sorted(nodes, key=lambda node: node.labels)
    for labels, group in groupby(ordered, key=lambda node: node.labels):
        _primary_label(labels)
        names = cast("LiteralString", ":".join(labels))  # each one of the tables above
        text: LiteralString = (
            f"UNWIND $rows AS row CREATE (n:{names}) SET n = row.properties RETURN row.key AS key, elementId(n) AS id"
        )
        rows = [{"key": node.key, "properties": dict(node.properties)} for node in group]
        query = Query("load nodes", text, {"rows": rows}, all_rows)
        created = await engine.write("load nodes", lambda tx, query=query: tx.run(query))
        found |= {row["key"]: row["id"] for row in created}
    return found


async def load_edges(engine: Engine, edges: Sequence[DumpedEdge], keys: Mapping[str, str]) -> None:
    """Create edges, some hundred at a time, between loaded nodes.

    Raises: GraphUnavailable, DumpRefused - one has an end that isn't in the dump.
    """
    for kind, group in groupby(sorted(edges, key=lambda edge: edge.type), key=lambda edge: edge.type):
        if kind not in EDGE_TYPES:
            raise DumpRefused(f"the dump has an edge {kind!r}, unknown to this program")
        text: LiteralString = (
            "UNWIND $rows AS row MATCH (a) WHERE elementId(a) = row.source MATCH (b) WHERE elementId(b) = row.target "
            f"CREATE (a)-[e:{cast('LiteralString', kind)}]->(b) SET e = row.properties RETURN count(e) AS n"
        )
        try:
            rows = [
                {"source": keys[edge.source], "target": keys[edge.target], "properties": dict(edge.properties)}
                for edge in group
            ]
        except KeyError as error:
            raise DumpRefused(f"the dump has an edge {kind} to a node that it lacks") from error
        query: Query[int] = Query("load edges", text, {"rows": rows}, lambda found: int(found[0]["n"]))
        created = await engine.write("load edges", lambda tx, query=query: tx.run(query))
        if created != len(rows):
            raise DumpRefused(f"{created} of {len(rows)} edges {kind} could be loaded")
