"""Where resources stand below a container, as it is or as a snapshot or archive shows it: all their paths.

Every path leads up from the resource: at most three edges, whatever the container holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.frozen import FrozenId
from graphstore.cypher.frozen_rows import FrozenNames
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class Placing:
    """One path of a resource from a container down (a container's ends with `/`), and the id to read it by there."""

    path: str
    view_id: str


Placings = Mapping[str, Sequence[Placing]]


def _container_placings(rows: Sequence[Row]) -> Placings:
    answers: dict[str, list[Placing]] = {}
    for row in rows:
        path = "".join(f"{name}/" for name in reversed(row["names"]))
        answers.setdefault(row["id"], []).append(Placing(path, row["view"]))
    return answers


_CONTAINERS: Final = Statement(
    "placings of containers",
    "UNWIND $ids AS id OPTIONAL MATCH (own:Resource {id: CASE WHEN $snapshot = '' THEN id ELSE '' END}) "
    "OPTIONAL MATCH (f:Frozen {frozenKey: CASE WHEN $snapshot = '' THEN '' ELSE $snapshot + id END}) "
    "WITH id, CASE WHEN own IS NULL THEN f ELSE own END AS node WHERE node IS NOT NULL "
    "MATCH path = (node)-[:BELONGS_TO*1..2]->(:Resource {id: $root}) "
    "WHERE coalesce(node.hidden, false) = false "
    "RETURN id, node.id AS view, [e IN relationships(path) | e.name] AS names",
    _container_placings,
)


def container_placings(ids: Sequence[str], root: str | FrozenNames) -> Query[Placings]:
    """Paths of containers (by the ids of the originals) below a living or frozen one; absent where there are none."""
    names = _holder(root)
    return _CONTAINERS.bind(ids=list(dict.fromkeys(ids)), root=names.holder_id, snapshot=names.root_id)


def _holder(root: str | FrozenNames) -> FrozenNames:
    return FrozenNames(root, root, 0) if isinstance(root, str) else root


def _object_placings(rows: Sequence[Row]) -> Placings:
    answers: dict[str, list[Placing]] = {}
    for row in rows:
        above = "".join(f"{name}/" for name in reversed(row["names"]))
        found = Placing(above + row["name"], _view_id(row["id"], row["holder"]))
        known = answers.setdefault(row["id"], [])
        # What a writer pushes back meanwhile is met twice.
        if found not in known:
            known.append(found)
    return answers


def _view_id(object_id: str, holder_id: str | None) -> str:
    return object_id if holder_id is None else str(FrozenId(holder_id, object_id))


_LIVING_OBJECTS: Final = Statement(
    "placings of objects",
    "UNWIND $ids AS id MATCH (r:Resource {id: id, kind: 'OBJECT'})-[edge:BELONGS_TO]->(h:Resource) "
    "MATCH path = (h)-[:BELONGS_TO*0..2]->(:Resource {id: $root}) "
    "RETURN id, null AS holder, edge.name AS name, [e IN relationships(path) | e.name] AS names",
    _object_placings,
)
_FROZEN_OBJECTS: Final = Statement(
    "placings of frozen objects",
    "UNWIND $ids AS id MATCH (r:Resource {id: id, kind: 'OBJECT'}) "
    # The edges first: what a writer pushes back between the two is then met twice, never missed.
    "WITH id, [(r)-[edgeUp:BELONGS_TO]->(upOf:Resource) WHERE r.versionId IS NOT NULL "
    "| [upOf.id, edgeUp.name, coalesce(edgeUp.since, 0), null]] AS present "
    "OPTIONAL MATCH (past:PastEntry {childId: id}) "
    "WITH id, present, collect(CASE WHEN past IS NULL THEN null "
    "ELSE [past.parentId, substring(past.sort, 26), past.since, past.until] END) AS former "
    "UNWIND present + former AS place "
    "OPTIONAL MATCH (own:Resource {id: CASE WHEN $snapshot = '' THEN place[0] ELSE '' END}) "
    "OPTIONAL MATCH (f:Frozen {frozenKey: CASE WHEN $snapshot = '' THEN '' ELSE $snapshot + place[0] END}) "
    "WITH id, place, CASE WHEN own IS NULL THEN f ELSE own END AS h "
    "WHERE h IS NOT NULL AND place[2] <= h.frozenAt AND (place[3] IS NULL OR place[3] > h.frozenAt) "
    "MATCH path = (h)-[:BELONGS_TO*0..2]->(:Resource {id: $root}) "
    "RETURN id, h.id AS holder, place[1] AS name, [e IN relationships(path) | e.name] AS names",
    _object_placings,
)


def object_placings(ids: Sequence[str], root: str | FrozenNames) -> Query[Placings]:
    """Paths of Objects below a living or frozen container; absent where there are none. Rights are for the reader."""
    wanted = list(dict.fromkeys(ids))
    if isinstance(root, str):
        return _LIVING_OBJECTS.bind(ids=wanted, root=root)
    return _FROZEN_OBJECTS.bind(ids=wanted, root=root.holder_id, snapshot=root.root_id)
