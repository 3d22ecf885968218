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
    ExternalView,
    GrantView,
    LineageStep,
    ParentView,
    RelationView,
    ResourceView,
    RevisionView,
)
from graphstore.cypher.facts import KEY_COLUMNS, WAY, key_request, way_of
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import container_view, resource_view, revision_view, view_map
from graphstore.instants import from_ms, optional_from_ms
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
    project, way = way_of(rows[0])
    return project, way, rows[0]["object"]


_PLACE: Final = Statement(
    "place of a key",
    "UNWIND $requests AS q " + WAY + f"RETURN {KEY_COLUMNS}, o.id AS object",
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
    "WHERE (g.expiresAt IS NULL OR g.expiresAt > $now) AND r.state = 'AVAILABLE' "
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
    f"WITH id, e, p, {level_of('p')} AS level WHERE level >= 1 "
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


def _relations(rows: Sequence[Row]) -> Mapping[str, list[RelationView]]:
    answers: dict[str, list[RelationView]] = {}
    for row in rows:
        edge = row["edge"]
        answers.setdefault(row["id"], []).append(
            RelationView(
                id=edge.get("id") or f"{row['source']}>{row['target']}",
                kind=RelationKind(row["type"]),
                name=edge.get("name") if row["type"] == "CUSTOM" else None,
                note=edge.get("note"),
                is_outgoing=row["out"],
                other=resource_view(row["other"]),
                source_version_id=edge.get("sourceVersionId"),
                target_version_id=edge.get("targetVersionId"),
                created_at=from_ms(edge["createdAt"]),
                created_by=edge["createdBy"],
            )
        )
    return answers


_RELATION_COLUMNS: Final[LiteralString] = (
    f"WITH id, e, o, out, {level_of('o')} AS level WHERE level >= 1 "
    "WITH id, e, o, out, level, coalesce(e.id, '') AS edgeId ORDER BY edgeId, o.id LIMIT $size "
    "RETURN id, type(e) AS type, properties(e) AS edge, out, startNode(e).id AS source, endNode(e).id AS target, "
    f"{view_map('o', 'level')} AS other"
)
_RELATIONS_OUT: Final = Statement(
    "outgoing relations",
    f"MATCH (r:Resource {{id: $id}})-[e:{_TYPES}]->(o:Resource) "
    "WHERE type(e) IN $kinds AND coalesce(e.id, '') > $after "
    f"WITH r.id AS id, e, o, true AS out {_RELATION_COLUMNS}",
    _relations,
)
_RELATIONS_IN: Final = Statement(
    "incoming relations",
    f"MATCH (r:Resource {{id: $id}})<-[e:{_TYPES}]-(o:Resource) "
    "WHERE type(e) IN $kinds AND coalesce(e.id, '') > $after "
    f"WITH r.id AS id, e, o, false AS out {_RELATION_COLUMNS}",
    _relations,
)


def relations(
    resource_id: str, kinds: Sequence[RelationKind], after: str, size: int, caller: str, now: int, *, is_outgoing: bool
) -> Query[Mapping[str, list[RelationView]]]:
    """Relations of one resource in one direction, by the age of the edge, after an edge's id."""
    statement = _RELATIONS_OUT if is_outgoing else _RELATIONS_IN
    return statement.bind(id=resource_id, kinds=[str(k) for k in kinds], after=after, size=size, caller=caller, now=now)


def _externals(rows: Sequence[Row]) -> Mapping[str, list[ExternalRelationView]]:
    answers: dict[str, list[ExternalRelationView]] = {}
    for row in rows:
        edge = row["edge"]
        answers.setdefault(row["id"], []).append(
            ExternalRelationView(
                id=edge["id"],
                reference=ExternalView(ExternalType(row["type"]), row["value"], row["name"]),
                note=edge.get("note"),
                source_version_id=edge.get("sourceVersionId"),
                created_at=from_ms(edge["createdAt"]),
                created_by=edge["createdBy"],
            )
        )
    for found in answers.values():
        found.sort(key=lambda view: view.id)
    return answers


_EXTERNALS: Final = Statement(
    "external relations",
    "UNWIND $ids AS id MATCH (:Resource {id: id})-[x:CITES]->(e:External) "
    "RETURN id, properties(x) AS edge, e.type AS type, e.value AS value, e.name AS name",
    _externals,
)


def externals(ids: Sequence[str]) -> Query[Mapping[str, list[ExternalRelationView]]]:
    """External relations of resources that the caller is known to see, oldest first."""
    return _EXTERNALS.bind(ids=list(dict.fromkeys(ids)))


_CITING: Final = Statement(
    "resources that cite",
    "MATCH (:External {key: $key})<-[:CITES]-(r:Resource) WHERE r.id > $after "
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
    f"WITH id, e, o, {level_of('o')} AS level WHERE level >= 1 "
    "WITH id, e, o, level ORDER BY o.id LIMIT $size "
    "RETURN id, type(e) AS type, CASE WHEN type(e) = 'CUSTOM' THEN e.name ELSE null END AS name, "
    f"startNode(e).id AS source, endNode(e).id AS target, {view_map('o', 'level')} AS other"
)
_STEP_OUT: Final = Statement(
    "lineage out",
    f"UNWIND $ids AS id MATCH (:Resource {{id: id}})-[e:{_TYPES}]->(o:Resource) "
    f"WHERE type(e) IN $kinds AND NOT o.id IN $seen {_STEP_COLUMNS}",
    _neighbours,
)
_STEP_IN: Final = Statement(
    "lineage in",
    f"UNWIND $ids AS id MATCH (:Resource {{id: id}})<-[e:{_TYPES}]-(o:Resource) "
    f"WHERE type(e) IN $kinds AND NOT o.id IN $seen {_STEP_COLUMNS}",
    _neighbours,
)
_STEP_BOTH: Final = Statement(
    "lineage both ways",
    f"UNWIND $ids AS id MATCH (:Resource {{id: id}})-[e:{_TYPES}]-(o:Resource) "
    f"WHERE type(e) IN $kinds AND NOT o.id IN $seen {_STEP_COLUMNS}",
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
) -> Query[list[tuple[LineageStep, str, ResourceView]]]:
    """Edges one step away (OUT, IN or BOTH) to visible resources not seen yet: (edge, id it was met from, resource)."""
    return _STEPS[direction].bind(
        ids=list(ids), kinds=[str(kind) for kind in kinds], seen=list(seen), size=size, caller=caller, now=now
    )


# -- revisions


def _revisions(rows: Sequence[Row]) -> list[RevisionView]:
    return sorted((revision_view(row["revision"]) for row in rows), key=lambda view: -view.revision_number)


_REVISIONS: Final = Statement(
    "revisions",
    f"MATCH (o:Resource {{id: $id, kind: 'OBJECT'}}) WITH o, {level_of('o')} AS level WHERE level >= 1 AND o.versionId IS NOT NULL "
    "MATCH (o)-[:VERSION*0..]->(r) WHERE r.revisionNumber < $below "
    "WITH r ORDER BY r.revisionNumber DESC LIMIT $size RETURN r{.*} AS revision",
    _revisions,
)


def revisions(object_id: str, below: int, size: int, caller: str, now: int) -> Query[list[RevisionView]]:
    """Revisions of an Object with a number below the given one, newest first."""
    return _REVISIONS.bind(id=object_id, below=below, size=size, caller=caller, now=now)


def _revision(rows: Sequence[Row]) -> RevisionView | None:
    return revision_view(rows[0]["revision"]) if rows else None


_REVISION_AT: Final = Statement(
    "revision at",
    f"MATCH (o:Resource {{id: $id, kind: 'OBJECT'}}) WITH o, {level_of('o')} AS level WHERE level >= 1 "
    "OPTIONAL MATCH (r:Revision {versionId: $version}) WHERE r.objectId = o.id "
    "WITH CASE WHEN o.versionId = $version THEN o ELSE r END AS found WHERE found IS NOT NULL "
    "RETURN found{.*} AS revision",
    _revision,
)


def revision_at(object_id: str, version_id: str, caller: str, now: int) -> Query[RevisionView | None]:
    """One revision of an Object by its versionId."""
    return _REVISION_AT.bind(id=object_id, version=version_id, caller=caller, now=now)


# -- stats


_TREE_STATS: Final = Statement(
    "stats of a subtree",
    "MATCH (c:Resource {id: $id}) "
    "OPTIONAL MATCH (e1:ContainerEntry)-[:NAMES]->(c1:Resource) WHERE e1.sort > $lower AND e1.sort < $upper "
    "WITH c, collect(c1) AS below "
    "RETURN c.objects + reduce(n = 0, x IN below | n + x.objects) AS objects, "
    "c.bytes + reduce(n = 0, x IN below | n + x.bytes) AS bytes, [x IN below | x.id] AS below",
    lambda rows: rows[0] if rows else None,
)


def level_stats(container_id: str, lower: str, upper: str) -> Query[Row | None]:
    """Sums over a container and the containers directly in it, and the ids of those."""
    return _TREE_STATS.bind(id=container_id, lower=lower, upper=upper)


# -- grants


def _grants(rows: Sequence[Row]) -> list[GrantView]:
    return [
        GrantView(
            user_id=row["user"],
            display_name=row["name"],
            resource_id=row["resource"],
            level=Level(row["grant"]["level"]),
            expires_at=optional_from_ms(row["grant"].get("expiresAt")),
            created_at=from_ms(row["grant"]["createdAt"]),
            created_by=row["grant"]["createdBy"],
        )
        for row in rows
    ]


_GRANTS: Final = Statement(
    "grants",
    f"MATCH (r:Resource {{id: $id}}) WITH r, {level_of('r')} AS level WHERE level >= 4 "
    "MATCH (r)-[g:GRANTED_TO]->(u:User) "
    "RETURN u.id AS user, u.displayName AS name, r.id AS resource, properties(g) AS grant ORDER BY u.id",
    _grants,
)


def grants(resource_id: str, caller: str, now: int) -> Query[list[GrantView]]:
    """Grants on a resource itself; empty for who has no ADMIN there."""
    return _GRANTS.bind(id=resource_id, caller=caller, now=now)


def relation_kinds(kinds: Sequence[RelationKind] | None) -> tuple[RelationKind, ...]:
    """Kinds that can be walked, or those of them that were asked for."""
    return _WALKABLE if kinds is None else tuple(kind for kind in kinds if kind in _WALKABLE)
