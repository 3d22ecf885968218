"""What must hold of tombstones, of what was deleted with its home, and of tasks that finish it."""

from collections import Counter
from typing import TYPE_CHECKING

from domain.hierarchy import ALLOWED_PARENTS
from domain.resources import Kind

if TYPE_CHECKING:
    from tests.graph_dump import Edge, Node
    from tests.past_checks import Graph


def is_deleted(graph: "Graph", node: "Node") -> bool:
    """Whether a resource is DELETED, by itself or with its home."""
    homes = [parent for edge, parent in graph.out(node, "BELONGS_TO") if edge.properties["home"]]
    is_object = node["kind"] == Kind.OBJECT
    return node["state"] == "DELETED" or (is_object and any(parent["state"] == "DELETED" for parent in homes))


def check_ways_up(graph: "Graph", node: "Node") -> None:
    """Check a resource's edges to its parents and former parents.

    Raises: AssertionError naming what is broken.
    """
    ways, former = graph.out(node, "BELONGS_TO"), graph.out(node, "DELETED")
    if node["kind"] == Kind.PROJECT:
        assert not ways, f"project {node['id']} has a parent"
        assert not former, f"project {node['id']} had a parent"
        assert (node["bucket"] == node["name"]) == (node["state"] != "DELETED"), f"bucket name of {node['id']}"
    else:
        homes = [parent["id"] for edge, parent in (*ways, *former) if edge.properties["home"]]
        assert len(homes) == 1, f"{node['id']} has the homes {homes}"
        for _, parent in (*ways, *former):
            assert Kind(parent["kind"]) in ALLOWED_PARENTS[Kind(node["kind"])], f"{node['id']} below {parent['kind']}"
        if node["kind"] == Kind.OBJECT:
            _check_object(graph, node, ways, former)
        else:
            _check_container(node, ways, former)
    assert (node["deletionId"] is not None) == (node["kind"] != Kind.OBJECT and node["state"] == "DELETED"), (
        f"{node['id']} is {node['state']} by the deletion {node['deletionId']}"
    )
    _check_former_entries(graph, node, former)


def _waits(graph: "Graph", kind: str, container: "Node") -> bool:
    return any(task["kind"] == kind and task["containerId"] == container["id"] for task in graph.dump.labelled("Task"))


def _check_object(
    graph: "Graph", node: "Node", ways: "list[tuple[Edge, Node]]", former: "list[tuple[Edge, Node]]"
) -> None:
    if node["state"] == "DELETED":
        assert not ways, f"tombstone {node['id']} belongs to {[parent['id'] for _, parent in ways]}"
        return
    (home,) = [parent for edge, parent in ways if edge.properties["home"]]
    if former and home["state"] != "DELETED":
        assert _waits(graph, "RELINK_SHARES", home), f"{node['id']} lives and has former parents"
    for edge, parent in ways:
        if edge.properties["home"] or parent["state"] != "DELETED":
            continue
        is_with_home = parent["deletionId"] == home["deletionId"]
        assert is_with_home or _waits(graph, "UNLINK_SHARES", parent), f"{node['id']} is shared into a tombstone"
    if home["state"] == "DELETED" and any(parent["state"] != "DELETED" for _, parent in ways):
        assert _waits(graph, "UNLINK_SHARES", home), f"{node['id']} went with its home and has a living parent"


def _check_container(node: "Node", ways: "list[tuple[Edge, Node]]", former: "list[tuple[Edge, Node]]") -> None:
    if node["state"] != "DELETED":
        assert not former, f"{node['id']} lives and has former parents"
        for _, parent in ways:
            assert node["hidden"] or parent["state"] != "DELETED", f"{node['id']} lives below {parent['id']}"
        return
    for _, parent in ways:
        assert parent["deletionId"] == node["deletionId"], f"{node['id']} was deleted without {parent['id']}"


def _check_former_entries(graph: "Graph", node: "Node", former: "list[tuple[Edge, Node]]") -> None:
    """Each former name is found by its place."""
    mark = "" if node["kind"] == Kind.OBJECT else "/\x01"
    wanted = [parent["id"] + edge.properties["name"] + mark for edge, parent in former]
    if node["hidden"]:
        wanted += [parent["id"] + node["name"] + mark for _, parent in graph.out(node, "BELONGS_TO")]
    found = [entry["sort"] for _, entry in graph.into(node, "FORMERLY")]
    assert sorted(found) == sorted(wanted), f"former names of {node['id']}: {found}, expected {wanted}"


def check_told(graph: "Graph", node: "Node", told: Counter[str]) -> None:
    """Check that a resource's events tell whether it is deleted.

    Raises: AssertionError naming what is broken.
    """
    balance = told["DELETED"] - told["RESTORED"]
    what = f"{node['id']} is {node['state']} and told of {told}"
    if node["kind"] == Kind.OBJECT:
        # Erasing makes a tombstone too; what was deleted with its home can be restored without it.
        is_told = told["DELETED"] + told["ERASED"] > 0 if node["state"] == "DELETED" else balance <= 0
        assert is_told, what
        return
    edges = graph.out(node, "BELONGS_TO")
    is_root = node["state"] == "DELETED" and not any(edge.properties["home"] for edge, _ in edges)
    assert balance == is_root, what
