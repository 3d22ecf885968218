"""What snapshots, archives and the present show, read from a dump of the graph alone.

A name shows an Object by its id and the revision, a container by its id and what is in it. Independent of the
statements of the store, so that a wrong one can't hide what it did.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from domain.resources import Kind
from tests.graph_dump import MARK, Dump, Node


class PastView:
    """The names of a dump by their parents."""

    def __init__(self, found: Dump) -> None:
        self.nodes = {node["id"]: node for node in found.labelled("Resource")}
        self.frozen = {node["frozenKey"]: node for node in found.labelled("Frozen")}
        self._present: defaultdict[str, list[tuple[str, int, Node]]] = defaultdict(list)
        self._past: defaultdict[str, list[Node]] = defaultdict(list)
        target = {edge.source: edge.target for edge in found.edges if edge.type == "NAMES"}
        for entry in found.labelled("Entry"):
            sort: str = entry["sort"]
            child = found.nodes[target[entry.key]]
            self._present[sort[:26]].append((sort[26:], entry["since"], child))
        for past in found.labelled("PastEntry"):
            self._past[past["parentId"]].append(past)

    def present(self, container_id: str) -> Mapping[str, Any]:
        """What a container shows now, all the way down; Objects without bytes aren't shown."""
        shown: dict[str, Any] = {}
        for name, _, child in self._present[container_id]:
            if child["kind"] != Kind.OBJECT:
                shown[name] = (child["id"], self.present(child["id"]))
            elif child["versionId"] is not None:
                shown[name] = (child["id"], child["versionId"])
        return shown

    def snapshot(self, snapshot_id: str) -> Mapping[str, Any]:
        """What a snapshot shows, all the way down, each container by its original's id."""
        return self._at(self.nodes[snapshot_id]["snapshotOf"], root_id=snapshot_id)

    def archive(self, container_id: str) -> Mapping[str, Any]:
        """What a container of an archive shows, all the way down."""
        return self._at(container_id, root_id=None)

    def _at(self, original_id: str, root_id: str | None) -> Mapping[str, Any]:
        holder = self.nodes[original_id] if root_id is None else self.frozen[root_id + original_id]
        epoch = holder["frozenAt"]
        shown: dict[str, Any] = {}
        for name, child_id, version_id in self._names_at(original_id, epoch):
            assert name not in shown, f"{original_id} shows {name!r} twice in epoch {epoch}"
            if name.endswith(MARK):
                shown[name] = (child_id, self._at(child_id, root_id))
            elif version_id is not None:
                shown[name] = (child_id, version_id)
        return shown

    def _names_at(self, parent_id: str, epoch: int) -> list[tuple[str, str, str | None]]:
        found = [
            (name, child["id"], child["versionId"]) for name, since, child in self._present[parent_id] if since <= epoch
        ]
        return found + [
            (past["sort"][26:], past["childId"], past["versionId"])
            for past in self._past[parent_id]
            if past["since"] <= epoch < past["until"]
        ]
