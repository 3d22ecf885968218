"""What the GraphQL face reads: each query decides rights inside itself; what a caller may not see doesn't come back."""

from collections.abc import Mapping, Sequence
from typing import Final, LiteralString

from domain.access import Level
from domain.keys import KeyCut
from domain.relations import ExternalReference, ExternalType, RelationKind
from domain.resources import ContainerFacts
from domain.views import (
    ContainerView,
    ExternalRelationView,
    LineageStep,
    ParentView,
    ResourceView,
)
from graphstore.cypher.facts import KEY_COLUMNS, WAY, Ways, key_request
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import container_view, resource_view, state_of, view_map
from graphstore.instants import from_ms
from graphstore.statements import Query, Row, Statement

# -- resources by id and by name


def _resources(rows: Sequence[Row]) -> Mapping[str, ResourceView]:
    return {row["resource"]["id"]: resource_view(row["resource"]) for row in rows}


_RESOURCES: Final = Statement(
    "resources by id",
    f"UNWIND $ids AS id MATCH (r:Resource {{id: id}}) WITH r, {level_of('r')} AS level "
    "WHERE level >= 1 AND coalesce(r.hidden, false) = false "
    f"RETURN {view_map('r', 'level')} AS resource",
    _resources,
)


def resources(ids: Sequence[str], caller: str, now: int) -> Query[Mapping[str, ResourceView]]:
    """Resources by id; what isn't there, has left with its last key or may not be seen is absent."""
    return _RESOURCES.bind(ids=list(dict.fromkeys(ids)), caller=caller, now=now)


def _place(rows: Sequence[Row]) -> tuple[ContainerFacts | None, tuple[ContainerFacts, ...], str | None]:
    project, way = Ways().of(rows[0])
    return project, way, rows[0]["object"]


_PLACE: Final = Statement(
    "place of a key",
    # An Object goes with its home, and its name elsewhere a little later.
    "UNWIND $requests AS q " + WAY + f"RETURN {KEY_COLUMNS}, "
    f"CASE WHEN o IS NULL THEN null WHEN {state_of('o')} = 'DELETED' THEN null ELSE o.id END AS object",
    _place,
)


def place(
    bucket: str, cut: KeyCut, caller: str, now: int
) -> Query[tuple[ContainerFacts | None, tuple[ContainerFacts, ...], str | None]]:
    """Read the project, the containers on the way (with levels) and the id of the Object in a key's place.

    The ids are for loading what is then shown by `resources`, which decides rights.
    """
    return _PLACE.bind(requests=[{**key_request(bucket, cut), "user": caller, "now": now}])


_PROJECTS: Final = Statement(
    "projects of a user",
    "MATCH (:User {id: $caller})<-[g:GRANTED_TO]-(r:Project) "
    "WHERE (g.expiresAt IS NULL OR g.expiresAt > $now) AND r.state = 'AVAILABLE' AND r.snapshotOf IS NULL "
    f"WITH r, {level_of('r')} AS level ORDER BY r.name RETURN collect({view_map('r', 'level')}) AS found",
    lambda rows: [container_view(found) for found in rows[0]["found"]],
)


def projects(caller: str, now: int) -> Query[list[ContainerView]]:
    """All projects that the caller has a grant on, by name."""
    return _PROJECTS.bind(caller=caller, now=now)


# -- up


def _parents(rows: Sequence[Row]) -> Mapping[str, list[ParentView]]:
    answers: dict[str, list[ParentView]] = {}
    for row in rows:
        edge = row["edge"]
        answers.setdefault(row["id"], []).append(
            ParentView(
                parent=container_view(row["parent"]),
                name=edge["name"],
                is_home=bool(edge["home"]),
                passes=Level(edge["passes"]),
                created_at=from_ms(edge["createdAt"]),
                created_by=edge["createdBy"],
            )
        )
    for found in answers.values():
        found.sort(key=lambda view: (not view.is_home, view.parent.id))
    return answers


_PARENTS: Final = Statement(
    "parents",
    "UNWIND $ids AS id MATCH (r:Resource {id: id})-[e:BELONGS_TO|DELETED]->(p:Resource) "
    # A tombstone shows its former parents. What lives leaves out those that were deleted and haven't let it go yet.
    f"WITH id, e, p, {state_of('r')} AS state "
    "WHERE state = 'DELETED' OR (type(e) = 'BELONGS_TO' AND p.state <> 'DELETED') "
    f"WITH id, e, p, {level_of('p')} AS level WHERE level >= 1 AND coalesce(p.hidden, false) = false "
    f"RETURN id, properties(e) AS edge, {view_map('p', 'level')} AS parent",
    _parents,
)


def parents(ids: Sequence[str], caller: str, now: int) -> Query[Mapping[str, list[ParentView]]]:
    """Parents that the caller may see, home first, by child."""
    return _PARENTS.bind(ids=list(dict.fromkeys(ids)), caller=caller, now=now)


def _paths(rows: Sequence[Row]) -> Mapping[str, list[tuple[bool, tuple[str, ...]]]]:
    answers: dict[str, list[tuple[bool, tuple[str, ...]]]] = {}
    for row in rows:
        if row["root"] != "PROJECT":
            continue
        names = (row["project"], *(edge["name"] for edge in reversed(row["edges"])))
        is_home = all(edge["home"] for edge in row["edges"])
        answers.setdefault(row["id"], []).append((is_home, names))
    for found in answers.values():
        found.sort(key=lambda path: (not path[0], path[1]))
    return answers


_PATHS: Final = Statement(
    "paths",
    "UNWIND $ids AS id MATCH path = (r:Resource {id: id})-[:BELONGS_TO|DELETED*0..3]->(p:Project) "
    f"WITH id, path, p, {state_of('r')} AS state "
    "WHERE state = 'DELETED' OR (all(e IN relationships(path) WHERE type(e) = 'BELONGS_TO') "
    "AND all(n IN nodes(path) WHERE n.state <> 'DELETED')) "
    "RETURN id, p.kind AS root, p.name AS project, [e IN relationships(path) | {name: e.name, home: e.home}] AS edges",
    _paths,
)


def paths(ids: Sequence[str]) -> Query[Mapping[str, list[tuple[bool, tuple[str, ...]]]]]:
    """Names from the project down, one path for each way up, the home's first; (is_home, names).

    For resources the caller is known to see: who sees one sees the names above it, and no more of them.
    """
    return _PATHS.bind(ids=list(dict.fromkeys(ids)))


# -- relations

_WALKABLE: Final = (
    RelationKind.BELONGS_TO,
    RelationKind.METADATA,
    RelationKind.ORIGIN,
    RelationKind.POLICY,
    RelationKind.CUSTOM,
    RelationKind.DELETED,
)
"""Edges between resources; VERSION leads to revisions and is read as a chain."""

_TYPES: Final[LiteralString] = "BELONGS_TO|METADATA|ORIGIN|POLICY|CUSTOM|DELETED"
assert "|".join(_WALKABLE) == _TYPES, "the text names every kind that can be walked"


def _external(row: Row) -> ExternalRelationView:
    edge = row["edge"]
    return ExternalRelationView(
        id=edge["id"],
        reference=ExternalReference(ExternalType(row["type"]), row["value"], row["name"]),
        note=edge.get("note"),
        source_version_id=edge.get("sourceVersionId"),
        created_at=from_ms(edge["createdAt"]),
        created_by=edge["createdBy"],
    )


def _externals(rows: Sequence[Row]) -> Mapping[str, list[ExternalRelationView]]:
    answers: dict[str, list[ExternalRelationView]] = {}
    for row in rows:
        answers.setdefault(row["id"], []).append(_external(row))
    for found in answers.values():
        found.sort(key=lambda view: view.id)
    return answers


_EXTERNALS: Final = Statement(
    "external relations",
    "UNWIND $ids AS id MATCH (:Resource {id: id})-[x:CITES]->(e:External) WHERE x.until IS NULL "
    "RETURN id, properties(x) AS edge, e.type AS type, e.value AS value, e.name AS name",
    _externals,
)


def externals(ids: Sequence[str]) -> Query[Mapping[str, list[ExternalRelationView]]]:
    """External relations of resources that the caller is known to see, oldest first."""
    return _EXTERNALS.bind(ids=list(dict.fromkeys(ids)))


def _externals_at(rows: Sequence[Row]) -> Mapping[int, list[ExternalRelationView]]:
    answers: dict[int, list[ExternalRelationView]] = {}
    for row in rows:
        answers.setdefault(row["i"], []).append(_external(row))
    for found in answers.values():
        found.sort(key=lambda view: view.id)
    return answers


_EXTERNALS_AT: Final = Statement(
    "external relations at numbers",
    "UNWIND $requests AS q MATCH (:Resource {id: q.id})-[x:CITES]->(e:External) "
    "WHERE coalesce(x.since, 0) <= q.number AND (x.until IS NULL OR q.number < x.until) "
    "RETURN q.i AS i, properties(x) AS edge, e.type AS type, e.value AS value, e.name AS name",
    _externals_at,
)


def externals_at(requests: Sequence[tuple[str, int]]) -> Query[Mapping[int, list[ExternalRelationView]]]:
    """External relations that resources had at a number of theirs, oldest first, by the request's place.

    Each request is (id, number), as domain/revising.py counts. For what the caller is known to see.
    """
    rows = [{"i": index, "id": resource_id, "number": number} for index, (resource_id, number) in enumerate(requests)]
    return _EXTERNALS_AT.bind(requests=rows)


_CITING: Final = Statement(
    "resources that cite",
    "MATCH (:External {key: $key})<-[x:CITES]-(r:Resource) WHERE r.id > $after AND x.until IS NULL "
    f"WITH r, {level_of('r')} AS level WHERE level >= 1 WITH r, level ORDER BY r.id LIMIT $size "
    f"RETURN {view_map('r', 'level')} AS resource",
    lambda rows: [resource_view(row["resource"]) for row in rows],
)


def citing(reference: ExternalReference, after: str, size: int, caller: str, now: int) -> Query[list[ResourceView]]:
    """Resources that the caller may see and that point at the reference, by id."""
    return _CITING.bind(key=reference.key, after=after, size=size, caller=caller, now=now)


def _neighbours(rows: Sequence[Row]) -> list[tuple[LineageStep, str, ResourceView]]:
    return [
        (
            LineageStep(RelationKind(row["type"]), row["name"], row["source"], row["target"]),
            row["id"],
            resource_view(row["other"]),
        )
        for row in rows
    ]


_STEP_COLUMNS: Final[LiteralString] = (
    # Before anything is sorted or asked for its rights: a hub's edges beyond the bound aren't even read.
    "WITH id, e, o LIMIT $size "
    f"WITH id, e, o, {level_of('o')} AS level WHERE level >= 1 AND coalesce(o.hidden, false) = false "
    "WITH id, e, o, level ORDER BY o.id "
    "RETURN id, type(e) AS type, CASE WHEN type(e) = 'CUSTOM' THEN e.name ELSE null END AS name, "
    f"startNode(e).id AS source, endNode(e).id AS target, {view_map('o', 'level')} AS other"
)
_STANDS: Final[LiteralString] = (
    # The edges that leave what a snapshot shows are those of then; a BELONGS_TO counts epochs of its other end.
    "CASE WHEN startNode(e).id = $frozen AND type(e) <> 'BELONGS_TO' THEN coalesce(e.since, 0) <= $number "
    "AND (e.until IS NULL OR $number < e.until) ELSE e.until IS NULL END"
)
_STEP_OUT: Final = Statement(
    "lineage out",
    f"UNWIND $ids AS id MATCH (:Resource {{id: id}})-[e:{_TYPES}]->(o:Resource) "
    f"WHERE type(e) IN $kinds AND NOT o.id IN $seen AND {_STANDS} {_STEP_COLUMNS}",
    _neighbours,
)
_STEP_IN: Final = Statement(
    "lineage in",
    f"UNWIND $ids AS id MATCH (:Resource {{id: id}})<-[e:{_TYPES}]-(o:Resource) "
    f"WHERE type(e) IN $kinds AND NOT o.id IN $seen AND {_STANDS} {_STEP_COLUMNS}",
    _neighbours,
)
_STEP_BOTH: Final = Statement(
    "lineage both ways",
    f"UNWIND $ids AS id MATCH (:Resource {{id: id}})-[e:{_TYPES}]-(o:Resource) "
    f"WHERE type(e) IN $kinds AND NOT o.id IN $seen AND {_STANDS} {_STEP_COLUMNS}",
    _neighbours,
)
_STEPS: Final = {"OUT": _STEP_OUT, "IN": _STEP_IN, "BOTH": _STEP_BOTH}


def lineage_step(
    ids: Sequence[str],
    kinds: Sequence[RelationKind],
    direction: str,
    seen: Sequence[str],
    size: int,
    caller: str,
    now: int,
    *,
    frozen: tuple[str, int] = ("", 0),
) -> Query[list[tuple[LineageStep, str, ResourceView]]]:
    """Edges one step away (OUT, IN or BOTH) to visible resources not seen yet: (edge, id it was met from, resource).

    At most `size` edges are looked at, which ones is the engine's matter: the cost is that of `size`, not of a hub.
    With `frozen` the edges that leave this resource are those that stood at this number of it.
    """
    return _STEPS[direction].bind(
        ids=list(ids),
        kinds=[str(kind) for kind in kinds],
        seen=list(seen),
        size=size,
        caller=caller,
        now=now,
        frozen=frozen[0],
        number=frozen[1],
    )
