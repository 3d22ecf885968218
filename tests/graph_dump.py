"""The whole graph as plain values, and what must hold of it after every accepted or refused call.

Reads with queries of its own, so that a wrong statement of the store can't hide what it did.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.hierarchy import ALLOWED_PARENTS
from domain.resources import Kind
from tests.world import World

MARK = "/\x01"


@dataclass(frozen=True)
class Node:
    key: str
    labels: frozenset[str]
    properties: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.properties.get(name)


@dataclass(frozen=True)
class Edge:
    source: str
    type: str
    properties: Mapping[str, Any]
    target: str


@dataclass(frozen=True)
class Dump:
    """All nodes by their engine's key, and all edges."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]

    def labelled(self, label: str) -> list[Node]:
        return [node for node in self.nodes.values() if label in node.labels]

    def out(self, node: Node, *types: str) -> list[tuple[Edge, Node]]:
        return [
            (edge, self.nodes[edge.target]) for edge in self.edges if edge.source == node.key and edge.type in types
        ]

    def into(self, node: Node, *types: str) -> list[tuple[Edge, Node]]:
        return [
            (edge, self.nodes[edge.source]) for edge in self.edges if edge.target == node.key and edge.type in types
        ]

    def comparable(self) -> tuple[Counter[Any], Counter[Any]]:
        """Answer nodes and edges as values without the engine's keys, to compare before with after."""

        def frozen(properties: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
            return tuple(sorted((name, repr(value)) for name, value in properties.items() if value is not None))

        as_value = {key: (tuple(sorted(n.labels)), frozen(n.properties)) for key, n in self.nodes.items()}
        edges = Counter((as_value[e.source], e.type, frozen(e.properties), as_value[e.target]) for e in self.edges)
        return Counter(as_value.values()), edges


async def dump(world: World) -> Dump:
    nodes = await world.ask("MATCH (n) RETURN elementId(n) AS key, labels(n) AS labels, properties(n) AS properties")
    edges = await world.ask(
        "MATCH (a)-[e]->(b) RETURN elementId(a) AS source, type(e) AS type, properties(e) AS properties, "
        "elementId(b) AS target"
    )
    found = [Node(row["key"], frozenset(row["labels"]), row["properties"]) for row in nodes]
    return Dump(
        {node.key: node for node in found},
        tuple(Edge(row["source"], row["type"], row["properties"], row["target"]) for row in edges),
    )


async def check_invariants(world: World) -> Dump:
    """Recount everything that the rules promise.

    Raises: AssertionError naming what is broken.
    """
    graph = _Indexed(await dump(world))
    for node in graph.dump.labelled("Resource"):
        if node["kind"] == Kind.OBJECT:
            _check_object(graph, node)
        else:
            _check_container(graph, node)
    _check_entries(graph)
    _check_revisions(graph)
    _check_contents(graph)
    _check_events(graph)
    return graph.dump


class _Indexed:
    """A dump with its edges by either end."""

    def __init__(self, found: Dump) -> None:
        self.dump = found
        self._out: defaultdict[str, list[Edge]] = defaultdict(list)
        self._into: defaultdict[str, list[Edge]] = defaultdict(list)
        for edge in found.edges:
            self._out[edge.source].append(edge)
            self._into[edge.target].append(edge)

    def out(self, node: Node, *types: str) -> list[tuple[Edge, Node]]:
        return [(edge, self.dump.nodes[edge.target]) for edge in self._out[node.key] if edge.type in types]

    def into(self, node: Node, *types: str) -> list[tuple[Edge, Node]]:
        return [(edge, self.dump.nodes[edge.source]) for edge in self._into[node.key] if edge.type in types]


def _check_ways_up(graph: _Indexed, node: Node) -> None:
    ways = graph.out(node, "BELONGS_TO")
    former = graph.out(node, "DELETED")
    if node["kind"] == Kind.PROJECT:
        assert not ways, f"project {node['id']} has a parent"
        assert (node["bucket"] == node["name"]) == (node["state"] != "DELETED"), f"bucket name of {node['id']}"
        return
    mine, other = (former, ways) if node["state"] == "DELETED" else (ways, former)
    assert not other, f"{node['id']} is {node['state']} and has edges of both kinds"
    homes = [parent["id"] for edge, parent in mine if edge.properties["home"]]
    assert len(homes) == 1, f"{node['id']} has the homes {homes}"
    for _, parent in mine:
        assert Kind(parent["kind"]) in ALLOWED_PARENTS[Kind(node["kind"])], f"{node['id']} below {parent['kind']}"
        if node["state"] != "DELETED":
            assert parent["state"] == "AVAILABLE", f"{node['id']} lives below the deleted {parent['id']}"


def _check_container(graph: _Indexed, node: Node) -> None:
    _check_ways_up(graph, node)
    children = [child for _, child in graph.into(node, "BELONGS_TO")]
    shown = [child for child in children if not child["hidden"]]
    available = [child for child in children if child["kind"] == Kind.OBJECT and child["state"] == "AVAILABLE"]
    counted = (len(shown), len(available), sum(child["contentLength"] for child in available))
    assert (node["entries"], node["objects"], node["bytes"]) == counted, (
        f"{node['id']} counts {(node['entries'], node['objects'], node['bytes'])}, recounted {counted}"
    )
    if node["hidden"]:
        assert not shown, f"hidden {node['id']} holds {[child['id'] for child in shown]}"


def _check_object(graph: _Indexed, node: Node) -> None:
    _check_ways_up(graph, node)
    contents = graph.out(node, "CONTENT")
    assert len(contents) == (node["versionId"] is not None), f"{node['id']} has {len(contents)} contents"
    assert node["state"] != "AVAILABLE" or contents, f"{node['id']} is AVAILABLE without bytes"
    if contents:
        assert contents[0][1]["etag"] == node["etag"], f"{node['id']} shows the ETag of other bytes"


def _check_entries(graph: _Indexed) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    for node in graph.dump.labelled("Resource"):
        for edge, parent in graph.out(node, "BELONGS_TO"):
            if not node["hidden"]:
                mark = "" if node["kind"] == Kind.OBJECT else MARK
                wanted[parent["id"] + edge.properties["name"] + mark, node["id"]] += 1
    found: Counter[tuple[str, str]] = Counter()
    for entry in graph.dump.labelled("Entry"):
        named = graph.out(entry, "NAMES")
        assert len(named) == 1, f"entry {entry['sort']!r} names {len(named)}"
        found[entry["sort"], named[0][1]["id"]] += 1
        is_container = named[0][1]["kind"] != Kind.OBJECT
        assert ("ContainerEntry" in entry.labels) == is_container, f"labels of entry {entry['sort']!r}"
    assert found == wanted, f"too many entries: {found - wanted}, missing: {wanted - found}"
    sorts = Counter(sort for sort, _ in found.elements())
    assert max(sorts.values(), default=1) == 1, f"names taken twice: {[s for s, n in sorts.items() if n > 1]}"


def _check_revisions(graph: _Indexed) -> None:
    seen: set[str] = set()
    for node in graph.dump.labelled("Object"):
        numbers: list[int] = []
        versions: list[str] = []
        at = node if node["versionId"] is not None else None
        while at is not None:
            numbers.append(at["revisionNumber"])
            versions.append(at["versionId"])
            older = graph.out(at, "VERSION")
            assert len(older) <= 1, f"the chain of {node['id']} forks at {at['revisionNumber']}"
            at = older[0][1] if older else None
            if at is not None:
                assert at["objectId"] == node["id"], f"the chain of {node['id']} leads to another object's revision"
                assert at.key not in seen, f"the chain of {node['id']} joins another"
                assert len(graph.out(at, "CONTENT")) == 1, f"revision {at['versionId']} has no single content"
                seen.add(at.key)
        assert numbers == list(range(len(numbers) - 1, -1, -1)), f"revisions of {node['id']}: {numbers}"
        assert len(set(versions)) == len(versions), f"versionIds of {node['id']}: {versions}"
    assert seen == {node.key for node in graph.dump.labelled("Revision")}, "every revision is in a chain"


def _check_contents(graph: _Indexed) -> None:
    for content in graph.dump.labelled("Content"):
        parts = sorted(graph.out(content, "PART"), key=lambda part: part[0].properties["index"])
        start = 0
        for index, (edge, blob) in enumerate(parts):
            assert edge.properties["index"] == index, f"parts of {content['id']}"
            assert (edge.properties["start"], edge.properties["length"]) == (start, blob["length"])
            assert blob["orphanedAt"] is None, f"blob {blob['id']} is shown and would be swept"
            start += blob["length"]
        assert start == content["length"], f"content {content['id']} has {start} of {content['length']} bytes"


def _check_events(graph: _Indexed) -> None:
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event in graph.dump.labelled("Event"):
        kinds[event["resourceId"]][event["kind"]] += 1
    for node in graph.dump.labelled("Resource"):
        told = kinds[node["id"]]
        revisions = 0 if node["versionId"] is None else node["revisionNumber"] + 1
        assert told["PUBLISHED"] == revisions, f"{node['id']} has {revisions} revisions and told of {told}"
        assert told["DELETED"] == (node["state"] == "DELETED"), f"{node['id']} is {node['state']} and told of {told}"
        if node["kind"] != Kind.OBJECT:
            assert told["CREATED"] == 1, f"{node['id']} told of {told}"
            assert told["HIDDEN"] - told["REVIVED"] == bool(node["hidden"]), f"{node['id']} told of {told}"
        granted = len(graph.out(node, "GRANTED_TO"))
        assert told["GRANT_SET"] >= granted, f"{node['id']} has {granted} grants and told of {told}"
