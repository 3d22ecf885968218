"""The whole graph as plain values, and what must hold of it after every accepted or refused call.

Reads with queries of its own, so that a wrong statement of the store can't hide what it did.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.limits import PARENTS_MAX
from domain.resources import Kind
from domain.snapshots import versioned_beginning
from tests.deletion_checks import check_told, check_ways_up
from tests.describing_checks import check_describing
from tests.past_checks import check_past
from tests.world import World

MARK = "/\x01"
RENEWING = ("UPDATED", "LABELS_SET", "LABELS_REMOVED", "RELATION_ADDED", "RELATION_REMOVED", "DATA_CLASS_SET")


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
    for node in living(graph.dump):
        if node["kind"] == Kind.OBJECT:
            _check_object(graph, node)
        else:
            _check_container(graph, node)
    _check_entries(graph)
    _check_places(graph)
    _check_revisions(graph)
    _check_contents(graph)
    _check_blobs(graph)
    _check_sums(graph)
    check_describing(graph)
    _check_events(graph)
    _check_numbers(graph)
    check_past(graph)
    return graph.dump


def living(found: Dump) -> list[Node]:
    """All resources but the containers of snapshots."""
    return [node for node in found.labelled("Resource") if "Frozen" not in node.labels]


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


def _check_container(graph: _Indexed, node: Node) -> None:
    check_ways_up(graph, node)
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
    check_ways_up(graph, node)
    contents = graph.out(node, "CONTENT")
    has_bytes = node["versionId"] is not None and node["erasedAt"] is None
    assert len(contents) == has_bytes, f"{node['id']} has {len(contents)} contents"
    assert node["erasedAt"] is None or node["state"] == "DELETED", f"{node['id']} was erased and lives"
    assert node["state"] != "AVAILABLE" or contents, f"{node['id']} is AVAILABLE without bytes"
    if contents:
        assert contents[0][1]["etag"] == node["etag"], f"{node['id']} shows the ETag of other bytes"


def _check_entries(graph: _Indexed) -> None:
    wanted: Counter[tuple[str, str]] = Counter()
    for node in living(graph.dump):
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
        wanted_mark = None if is_container else _versioned(graph, named[0][1], entry["sort"])
        assert entry["versioned"] == wanted_mark, f"entry {entry['sort']!r} is marked {entry['versioned']!r}"
    assert found == wanted, f"too many entries: {found - wanted}, missing: {wanted - found}"
    sorts = Counter(sort for sort, _ in found.elements())
    assert max(sorts.values(), default=1) == 1, f"names taken twice: {[s for s, n in sorts.items() if n > 1]}"


def _check_places(graph: _Indexed) -> None:
    """A parent is one once, the home's name is the child's, and edge, Entry and what HOLDS it tell the same."""
    for node in living(graph.dump):
        up = graph.out(node, "BELONGS_TO")
        assert len({parent["id"] for _, parent in up}) == len(up) <= PARENTS_MAX, f"parents of {node['id']}"
        for edge, _ in up:
            if edge.properties["home"]:
                assert (edge.properties["name"], edge.properties["passes"]) == (node["name"], 4), (
                    f"home of {node['id']}"
                )
            else:
                assert 1 <= edge.properties["passes"] <= 4, (
                    f"a share of {node['id']} passes {edge.properties['passes']}"
                )
    for entry in graph.dump.labelled("Entry"):
        ((_, child),) = graph.out(entry, "NAMES")
        ((edge, parent),) = [
            (edge, parent)
            for edge, parent in graph.out(child, "BELONGS_TO")
            if entry["sort"] in {parent["id"] + edge.properties["name"] + mark for mark in ("", MARK)}
        ]
        assert entry["since"] == edge.properties["since"] <= parent["epoch"], f"epochs of {entry['sort']!r}"
        holders = [holder["id"] for _, holder in graph.into(entry, "HOLDS")]
        wanted = [parent["id"]] if "ContainerEntry" in entry.labels else []
        assert holders == wanted, f"entry {entry['sort']!r} is held by {holders}"


def _versioned(graph: _Indexed, child: Node, sort: str) -> str | None:
    (parent,) = [up for edge, up in graph.out(child, "BELONGS_TO") if up["id"] + edge.properties["name"] == sort]
    beginning = versioned_beginning(sort[len(parent["id"]) :], Kind(parent["kind"]))
    return None if beginning is None else parent["id"] + beginning


def _check_revisions(graph: _Indexed) -> None:
    seen: set[str] = set()
    removed = Counter(e["resourceId"] for e in graph.dump.labelled("Event") if e["kind"] == "REVISION_REMOVED")
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
                contents = len(graph.out(at, "CONTENT"))
                assert contents == (at["erasedAt"] is None), f"revision {at['versionId']} has {contents} contents"
                seen.add(at.key)
        # Each number is given once, and some are gone with their revisions.
        assert numbers == sorted(set(numbers), reverse=True), f"revisions of {node['id']}: {numbers}"
        gaps = numbers[0] + 1 - len(numbers) if numbers else 0
        assert gaps == removed[node["id"]], f"{removed[node['id']]} revisions of {node['id']} were removed: {numbers}"
        assert len(set(versions)) == len(versions), f"versionIds of {node['id']}: {versions}"
    assert seen == {node.key for node in graph.dump.labelled("Revision")}, "every revision is in a chain"


def _check_contents(graph: _Indexed) -> None:
    for content in graph.dump.labelled("Content"):
        assert graph.into(content, "CONTENT"), f"content {content['id']} is nobody's"
        parts = sorted(graph.out(content, "PART"), key=lambda part: part[0].properties["index"])
        start = 0
        for index, (edge, blob) in enumerate(parts):
            assert edge.properties["index"] == index, f"parts of {content['id']}"
            assert (edge.properties["start"], edge.properties["length"]) == (start, blob["length"])
            start += blob["length"]
        assert start == content["length"], f"content {content['id']} has {start} of {content['length']} bytes"


def _check_sums(graph: _Indexed) -> None:
    """All that shows a content tells its checksums, and a content without them waits for them."""
    waiting = {node["id"] for node in graph.dump.labelled("Unhashed")}
    for content in graph.dump.labelled("Content"):
        assert content["sha256"] is not None or content["id"] in waiting, f"content {content['id']} is never hashed"
        if content["id"] in waiting:
            continue
        for _, node in graph.into(content, "CONTENT"):
            told = (node["md5"], node["sha256"])
            assert told == (content["md5"], content["sha256"]), f"{node['id']} tells {told} of {content['id']}"


def _check_blobs(graph: _Indexed) -> None:
    """What something refers to is alive; what nothing refers to is swept; equal bytes are one blob."""
    for blob in graph.dump.labelled("Blob"):
        is_needed = bool(graph.into(blob, "PART", "UPLOADED"))
        assert is_needed == (blob["orphanedAt"] is None), f"blob {blob['id']} is needed: {is_needed}; it would be swept"
        assert not is_needed or blob["wrappedKey"] is not None, f"blob {blob['id']} is needed and has no key"
        wanted = None if blob["wrappedKey"] is None else f"{blob['sha256']}:{blob['length']}"
        assert blob["sameness"] == wanted, f"blob {blob['id']} is found as {blob['sameness']}"
    same = Counter(blob["sameness"] for blob in graph.dump.labelled("Blob") if blob["sameness"] is not None)
    assert max(same.values(), default=1) == 1, f"stored twice: {[name for name, count in same.items() if count > 1]}"


def _check_events(graph: _Indexed) -> None:
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for event in graph.dump.labelled("Event"):
        kinds[event["resourceId"]][event["kind"]] += 1
    for node in living(graph.dump):
        told = kinds[node["id"]]
        revisions = 0 if node["versionId"] is None else node["revisionNumber"] + 1
        published = told["PUBLISHED"] + told["CLONED"]
        # Other licences, a tighter class, and what changes of a held Object make revisions without new bytes.
        renewed = sum(told[kind] for kind in RENEWING)
        assert published <= revisions <= published + (renewed if published else 0), (
            f"{node['id']} has {revisions} revisions and told of {told}"
        )
        check_told(graph, node, told)
        if node["kind"] != Kind.OBJECT:
            assert told["CREATED"] == 1, f"{node['id']} told of {told}"
            assert told["HIDDEN"] - told["REVIVED"] == bool(node["hidden"]), f"{node['id']} told of {told}"
        granted = len(graph.out(node, "GRANTED_TO"))
        assert told["GRANT_SET"] >= granted, f"{node['id']} has {granted} grants and told of {told}"


def _check_numbers(graph: _Indexed) -> None:
    """Each event has a number or waits for one; numbers have no gap; a resource's rise with what it counted."""
    events = graph.dump.labelled("Event")
    waiting = sorted(event["id"] for event in events if event["number"] is None)
    assert sorted(node["id"] for node in graph.dump.labelled("PendingEvent")) == waiting, "what has no number waits"
    numbers = sorted(event["number"] for event in events if event["number"] is not None)
    assert numbers == list(range(1, len(numbers) + 1)), f"{len(numbers)} events are numbered up to {numbers[-1:]}"
    last = [node["last"] for node in graph.dump.labelled("Sequence")]
    assert last == ([len(numbers)] if last or numbers else []), f"{len(numbers)} are numbered, the last is {last}"
    of_resource: defaultdict[str, list[Node]] = defaultdict(list)
    for event in events:
        of_resource[event["resourceId"]].append(event)
    for resource, told in of_resource.items():
        told.sort(key=lambda event: event["lockCount"])
        counts = [event["lockCount"] for event in told]
        assert len(set(counts)) == len(counts), f"events of {resource} share one of the counts {counts}"
        numbered = [event["number"] for event in told if event["number"] is not None]
        assert numbered == sorted(numbered), f"events of {resource} are numbered {numbered}"
        assert numbered == [event["number"] for event in told[: len(numbered)]], f"{resource} skipped an event"
