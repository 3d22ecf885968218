"""What the GraphQL face reads of many parents at once: one statement for a field of a whole level of a document.

Requests are numbered; answers come by number or by id. Like all readings these decide rights inside themselves, save
where a docstring says that the caller is known to see the resource.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from domain.access import Level
from domain.publishing import UploadFacts
from domain.relations import RelationKind
from domain.views import GrantView, RelationView, RevisionView, UserView
from graphstore.cypher.accounts import user_view
from graphstore.cypher.facts import UPLOAD_MAP, upload_facts
from graphstore.cypher.pages import Shape
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import resource_view, revision_view, view_map
from graphstore.instants import from_ms, optional_from_ms
from graphstore.statements import Query, Row, Statement

# -- users


_USERS: Final = Statement(
    "users by id",
    "UNWIND $ids AS id MATCH (u:User {id: id}) RETURN u{.*} AS user",
    lambda rows: {str(row["user"]["id"]): user_view(row["user"]) for row in rows},
)


def users(ids: Sequence[str]) -> Query[dict[str, UserView]]:
    """Users by id; those that aren't there are absent. What may be shown of them is for the caller to decide."""
    return _USERS.bind(ids=sorted(set(ids)))


# -- relations


def _relation(found: Sequence[Any], *, is_outgoing: bool) -> RelationView:
    own_id, kind, edge, other = found
    return RelationView(
        id=edge["id"],
        own_id=own_id,
        kind=RelationKind(kind),
        name=edge.get("name"),
        note=edge.get("note"),
        is_outgoing=is_outgoing,
        other=resource_view(other),
        source_version_id=edge.get("sourceVersionId"),
        target_version_id=edge.get("targetVersionId"),
        created_at=from_ms(edge["createdAt"]),
        created_by=edge["createdBy"],
    )


def _outgoing(rows: Sequence[Row]) -> Mapping[int, list[RelationView]]:
    return {row["i"]: [_relation(found, is_outgoing=True) for found in row["found"]] for row in rows}


def _incoming(rows: Sequence[Row]) -> Mapping[int, list[RelationView]]:
    return {row["i"]: [_relation(found, is_outgoing=False) for found in row["found"]] for row in rows}


PRESENT: Final = 2**53
"""A number above all that a relation begins or ends at: what stands now."""

_LINKS: Final[LiteralString] = "METADATA|ORIGIN|CUSTOM|POLICY"
_PAGES_OF_LINKS: Final[LiteralString] = (
    "WHERE type(e) IN q.kinds AND e.id > q.after "
    "AND coalesce(e.since, 0) <= q.number AND (e.until IS NULL OR q.number < e.until) "
    f"WITH q, r, e, o, {level_of('r')} AS ownLevel, {level_of('o')} AS level "
    "WHERE (ownLevel >= 1 OR q.number < $present) AND level >= 1 WITH q, e, o, level ORDER BY e.id "
    # Lists, not maps: the embedded engine takes the last map projection for the whole of a map around it.
    f"WITH q, collect([q.id, type(e), properties(e), {view_map('o', 'level')}]) AS found "
    "RETURN q.i AS i, found[0..q.size] AS found"
)
_LINKS_OUT: Final = Statement(
    "outgoing relations of many",
    f"UNWIND $requests AS q MATCH (r:Resource {{id: q.id}})-[e:{_LINKS}]->(o:Resource) {_PAGES_OF_LINKS}",
    _outgoing,
)
_LINKS_IN: Final = Statement(
    "incoming relations of many",
    f"UNWIND $requests AS q MATCH (r:Resource {{id: q.id}})<-[e:{_LINKS}]-(o:Resource) {_PAGES_OF_LINKS}",
    _incoming,
)


@dataclass(frozen=True, slots=True)
class RelationsRequest:
    """One page of a resource's relations by the age of the edge: those after an edge's id ('' for the first).

    `number` asks for the outgoing ones that stood at a number of the resource (domain/revising.py), which the caller is
    known to see through a snapshot or archive.
    """

    resource_id: str
    kinds: tuple[RelationKind, ...]
    after: str
    size: int
    number: int = PRESENT


def relations(
    requests: Sequence[RelationsRequest], caller: str, now: int, *, is_outgoing: bool
) -> Query[Mapping[int, list[RelationView]]]:
    """Pages of relations of many resources in one direction, by the request's place, of the kinds that users add."""
    statement = _LINKS_OUT if is_outgoing else _LINKS_IN
    rows = [
        {
            "i": index,
            "id": request.resource_id,
            "kinds": [str(kind) for kind in request.kinds],
            "after": request.after,
            "size": request.size,
            "number": request.number,
        }
        for index, request in enumerate(requests)
    ]
    return statement.bind(requests=rows, present=PRESENT, caller=caller, now=now)


# -- revisions


def _revisions(rows: Sequence[Row]) -> Mapping[int, list[RevisionView]]:
    return {row["i"]: [revision_view(found) for found in row["found"]] for row in rows}


_LEVELS: Final[LiteralString] = (
    f"WITH q, o, {level_of('o', with_public=False)} AS granted "
    "WITH q, o, granted, CASE WHEN granted = 0 AND o.dataClass = 'PUBLIC' THEN 1 ELSE granted END AS level "
)
_READABLE: Final[LiteralString] = "(granted >= 1 OR r.dataClass = 'PUBLIC')"
"""Who reads an Object by its class alone reads those of its revisions that were as open (of the newest: it is)."""


_REVISIONS: Final = Statement(
    "revisions of many",
    f"UNWIND $requests AS q MATCH (o:Resource {{id: q.id, kind: 'OBJECT'}}) {_LEVELS}"
    "WHERE level >= 1 AND o.versionId IS NOT NULL "
    f"MATCH (o)-[:VERSION*0..]->(r) WHERE r.revisionNumber < q.below AND {_READABLE} "
    "WITH q, r ORDER BY r.revisionNumber DESC WITH q, collect(r{.*}) AS found "
    "RETURN q.i AS i, found[0..q.size] AS found",
    _revisions,
)


def revisions(
    requests: Sequence[tuple[str, int, int]], caller: str, now: int
) -> Query[Mapping[int, list[RevisionView]]]:
    """Pages of revisions, newest first, of many Objects: each (id, below this number, size), by the request's place."""
    rows = [
        {"i": index, "id": object_id, "below": below, "size": size}
        for index, (object_id, below, size) in enumerate(requests)
    ]
    return _REVISIONS.bind(requests=rows, caller=caller, now=now)


def _revisions_at(rows: Sequence[Row]) -> dict[int, RevisionView]:
    answers = {int(row["i"]): revision_view(row["revision"]) for row in rows}
    assert all(answers[row["i"]].version_id == row["version"] for row in rows), "the node found still holds it"
    return answers


_REVISIONS_AT: Final = Statement(
    "revisions at",
    f"UNWIND $requests AS q MATCH (o:Resource {{id: q.id, kind: 'OBJECT'}}) {_LEVELS}"
    f"WHERE level >= 1 OPTIONAL MATCH (r:Revision {{versionId: q.version}}) WHERE r.objectId = o.id AND {_READABLE} "
    "WITH q, CASE WHEN o.versionId = q.version THEN o ELSE r END AS found WHERE found IS NOT NULL "
    "RETURN q.i AS i, q.version AS version, found{.*} AS revision",
    _revisions_at,
)


def revisions_at(requests: Sequence[tuple[str, str]], caller: str, now: int) -> Query[dict[int, RevisionView]]:
    """Revisions by (Object's id, versionId), by the request's place; those that aren't there are absent."""
    rows = [{"i": index, "id": key[0], "version": key[1]} for index, key in enumerate(requests)]
    return _REVISIONS_AT.bind(requests=rows, caller=caller, now=now)


# -- grants


def _grants(rows: Sequence[Row]) -> Mapping[str, list[GrantView]]:
    answers: dict[str, list[GrantView]] = {}
    for row in rows:
        grant = row["grant"]
        answers.setdefault(row["resource"], []).append(
            GrantView(
                user_id=row["user"],
                display_name=row["name"],
                resource_id=row["resource"],
                level=Level(grant["level"]),
                expires_at=optional_from_ms(grant.get("expiresAt")),
                created_at=from_ms(grant["createdAt"]),
                created_by=grant["createdBy"],
            )
        )
    for found in answers.values():
        found.sort(key=lambda view: view.user_id)
    return answers


_GRANTS: Final = Statement(
    "grants of many",
    "UNWIND $ids AS id MATCH (r:Resource {id: id}) OPTIONAL MATCH (r)-[:SNAPSHOT_OF]->(o:Resource) "
    # Nobody has more than READ on a snapshot: its grants are managed with its original.
    f"WITH r, {level_of('r')} AS level, {level_of('o')} AS originalLevel WHERE level >= 4 OR originalLevel >= 4 "
    "MATCH (r)-[g:GRANTED_TO]->(u:User) "
    "RETURN u.id AS user, u.displayName AS name, r.id AS resource, properties(g) AS grant",
    _grants,
)


def grants(ids: Sequence[str], caller: str, now: int) -> Query[Mapping[str, list[GrantView]]]:
    """Grants on the resources themselves, where the caller has ADMIN."""
    return _GRANTS.bind(ids=sorted(set(ids)), caller=caller, now=now)


# -- places


@dataclass(frozen=True, slots=True)
class HomePlace:
    """Where a living resource is by its homes: its project and its key below it ('' for the project itself)."""

    project_id: str
    bucket: str
    key: str


def _places(rows: Sequence[Row]) -> Mapping[str, HomePlace]:
    return {row["id"]: HomePlace(row["project"], row["bucket"], "/".join(reversed(row["names"]))) for row in rows}


_PLACES: Final = Statement(
    "home places",
    "UNWIND $ids AS id MATCH (r:Resource {id: id}) WITH id, r "
    "MATCH path = (r)-[:BELONGS_TO*0..3 {home: true}]->(p:Project) WITH id, path, p WHERE p.bucket IS NOT NULL "
    "RETURN id, p.id AS project, p.bucket AS bucket, [e IN relationships(path) | e.name] AS names",
    _places,
)


def home_places(ids: Sequence[str]) -> Query[Mapping[str, HomePlace]]:
    """Home places by id, for resources that the caller is known to see; tombstones have none."""
    return _PLACES.bind(ids=sorted(set(ids)))


# -- uploads


_UPLOAD: Final = Statement(
    "upload",
    f"MATCH (upload:Upload {{id: $id}}) RETURN {UPLOAD_MAP} AS upload",
    lambda rows: upload_facts(rows[0]["upload"]) if rows else None,
)


def upload(upload_id: str) -> Query[UploadFacts | None]:
    """Upload as it stands, whosever it is."""
    return _UPLOAD.bind(id=upload_id)


# -- counters

COUNTERS: Final = Shape(
    "counters",
    "ContainerEntry",
    "[e.sort, r.id, r.kind, coalesce(r.frozenObjects, r.objects), coalesce(r.frozenBytes, r.bytes), "
    "coalesce(r.frozenChangedAt, r.changedAt)]",
    lambda row: (row[2], row[1]),
)
"""Own counters of the containers in a container, for sums over subtrees."""
