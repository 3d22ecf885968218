"""What must hold of snapshots, archives and the past they see, after every accepted or refused call."""

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from domain.resources import Kind
from domain.semver import highest_release, parse_version

if TYPE_CHECKING:
    from tests.graph_dump import Dump, Edge, Node


class Graph(Protocol):
    """A dump with its edges by either end."""

    @property
    def dump(self) -> "Dump": ...

    def out(self, node: "Node", *types: str) -> "list[tuple[Edge, Node]]": ...

    def into(self, node: "Node", *types: str) -> "list[tuple[Edge, Node]]": ...


def check_past(graph: Graph) -> None:
    """Check all of it.

    Raises: AssertionError naming what is broken.
    """
    _check_frozen(graph)
    _check_snapshots(graph)
    _check_archives(graph)
    _check_past_entries(graph)


def _check_frozen(graph: Graph) -> None:
    for node in graph.dump.labelled("Frozen"):
        name = f"frozen {node['kind']} {node['id']}"
        assert node["frozen"] is True, name
        assert node["bucket"] is None, f"{name} took a bucket"
        ((edge, original),) = graph.out(node, "SNAPSHOT_OF")
        assert edge.properties["passes"] == 1, f"{name} lets more than READ pass"
        assert (original["id"], original["kind"]) == (node["snapshotOf"], node["kind"]), f"original of {name}"
        assert "Frozen" not in original.labels, f"{name} is of a snapshot"
        assert node["frozenAt"] < original["epoch"], f"{name} sees the present of {original['id']}"
        assert node["frozenKey"] == node["snapshotRoot"] + node["snapshotOf"], f"key of {name}"
        up = graph.out(node, "BELONGS_TO")
        is_root = "Snapshot" in node.labels
        assert is_root == (node["id"] == node["snapshotRoot"]), f"root of {name}"
        assert sum(edge.properties["home"] for edge, _ in up) == (0 if is_root else 1), f"home of {name}"
        assert not (is_root and up), f"{name} is a root below others"
        for edge, parent in up:
            assert parent["snapshotRoot"] == node["snapshotRoot"], f"{name} stands in another snapshot"
            assert edge.properties["passes"] == 1, f"{name} lets more than READ pass"
        below = [child for _, child in graph.into(node, "BELONGS_TO")]
        assert node["treeObjects"] == node["objects"] + sum(child["treeObjects"] for child in below), name
        assert node["treeBytes"] == node["bytes"] + sum(child["treeBytes"] for child in below), name
        assert node["treeChangedAt"] == max([node["changedAt"], *(child["treeChangedAt"] for child in below)]), name


def _check_snapshots(graph: Graph) -> None:
    told = Counter(node["resourceId"] for node in graph.dump.labelled("Event") if node["kind"] == "SNAPSHOT_CREATED")
    roots: defaultdict[str, list[Node]] = defaultdict(list)
    states: defaultdict[str, set[str]] = defaultdict(set)
    for node in graph.dump.labelled("Frozen"):
        states[node["snapshotRoot"]].add(node["state"])
        if "Snapshot" in node.labels:
            roots[node["snapshotOf"]].append(node)
            identity = parse_version(node["version"]).identity
            assert node["versionKey"] == f"{node['snapshotOf']}@{identity}", f"version of {node['id']}"
            assert node["sort"] == node["snapshotOf"] + node["id"], f"sort of {node['id']}"
        else:
            assert (node["version"], node["versionKey"], node["sort"]) == (None, None, None), f"part {node['id']}"
    assert all(len(found) == 1 for found in states.values()), f"snapshots half deleted: {states}"
    assert told == {original: len(found) for original, found in roots.items()}, f"snapshots told of: {told}"
    for node in graph.dump.labelled("Resource"):
        if "Frozen" in node.labels:
            continue
        living = [found["version"] for found in roots[node["id"]] if found["state"] == "AVAILABLE"]
        latest = highest_release(parse_version(version) for version in living)
        assert node["latestVersion"] == (latest and latest.identity), f"latest version of {node['id']}"
        assert bool(node["snapshotted"]) == bool(roots[node["id"]]), f"snapshots of {node['id']}"


def _check_archives(graph: Graph) -> None:
    """A container is frozen with its home; a hidden or deleted one isn't shown at all."""
    for node in graph.dump.labelled("Resource"):
        if "Frozen" in node.labels or node["kind"] == Kind.OBJECT:
            continue
        homes = [parent for edge, parent in graph.out(node, "BELONGS_TO") if edge.properties["home"]]
        if node["kind"] == Kind.PROJECT:
            assert (node["archivedAt"] is not None) == bool(node["frozen"]), f"archive {node['id']}"
        elif not node["hidden"] and node["state"] == "AVAILABLE":
            assert bool(node["frozen"]) == bool(homes[0]["frozen"]), f"{node['id']} isn't frozen as its home is"
            assert node["archivedAt"] is None, f"{node['id']} is no project"
        names = ("frozenAt", "frozenEntries", "frozenObjects", "frozenBytes", "frozenChangedAt", "treeObjects")
        kept = {node[name] is not None for name in names}
        assert kept == {bool(node["frozen"])}, f"{node['id']} keeps {kept}"
        if node["frozen"]:
            assert node["frozenAt"] < node["epoch"], f"archived {node['id']} shows its present"


def _check_past_entries(graph: Graph) -> None:
    """What a name showed never overlaps, and is there to be shown."""
    by_id = {node["id"]: node for node in graph.dump.labelled("Resource")}
    shown: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    for entry in graph.dump.labelled("Entry"):
        shown[entry["sort"]].append((entry["since"], float("inf")))
    for past in graph.dump.labelled("PastEntry"):
        ((_, child),) = graph.out(past, "NAMED")
        assert child["id"] == past["childId"], f"past entry {past['sort']!r}"
        parent = by_id[past["parentId"]]
        assert past["sort"].startswith(parent["id"]), f"past entry {past['sort']!r}"
        assert past["since"] < past["until"] <= parent["epoch"], f"epochs of past entry {past['sort']!r}"
        shown[past["sort"]].append((past["since"], past["until"]))
        versions = {child["versionId"], *(node["versionId"] for node in _chain(graph, child))}
        wanted = None if child["kind"] != Kind.OBJECT else past["versionId"]
        assert past["versionId"] == wanted in {None, *versions}, f"past entry {past['sort']!r} shows {wanted}"
        assert (wanted is None) == (child["kind"] != Kind.OBJECT), f"past entry {past['sort']!r} shows {wanted}"
    for sort, stretches in shown.items():
        stretches.sort()
        for (_, until), (since, _) in pairwise(stretches):
            assert until <= since, f"{sort!r} showed two things at once: {stretches}"


def _chain(graph: Graph, node: "Node") -> "list[Node]":
    older = [found for _, found in graph.out(node, "VERSION")]
    return [*older, *_chain(graph, older[0])] if older else []
