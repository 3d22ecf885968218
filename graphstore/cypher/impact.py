"""What has to do with a resource, as ids: who holds it, who points at it. Rights are for the reader of the ids."""

from collections.abc import Sequence
from typing import Final

from domain.impact import Touched
from graphstore.statements import Query, Row, Statement


def _ids(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row["id"]) for row in rows if row["id"] is not None))


_HOLDERS_OF_CONTAINER: Final = Statement(
    "holders of a container",
    "MATCH (f:Frozen {snapshotOf: $id}) WHERE f.state = 'AVAILABLE' RETURN f.snapshotRoot AS id LIMIT $size",
    _ids,
)

_HOLDERS_OF_OBJECT: Final = Statement(
    "holders of an object",
    "MATCH (:Resource {id: $id})-[e:BELONGS_TO|DELETED]->(p:Resource) MATCH (f:Frozen {snapshotOf: p.id}) "
    "WHERE f.state = 'AVAILABLE' AND type(e) = 'BELONGS_TO' AND f.frozenAt >= coalesce(e.since, 0) "
    "RETURN f.snapshotRoot AS id LIMIT $size "
    "UNION MATCH (past:PastEntry {childId: $id}) MATCH (f:Frozen {snapshotOf: past.parentId}) "
    "WHERE f.state = 'AVAILABLE' AND f.frozenAt >= past.since AND f.frozenAt < past.until "
    "RETURN f.snapshotRoot AS id LIMIT $size "
    "UNION MATCH (:Resource {id: $id})-[:BELONGS_TO|DELETED]->(p:Resource)-[:BELONGS_TO*0..2 {home: true}]->"
    "(archive:Project) WHERE p.frozen = true RETURN archive.id AS id LIMIT $size",
    _ids,
)


def holders(resource_id: str, *, is_object: bool, size: int) -> Query[tuple[str, ...]]:
    """Ids of snapshots (and of an Object's archives) that show a resource, `size` of each sort at most."""
    return (_HOLDERS_OF_OBJECT if is_object else _HOLDERS_OF_CONTAINER).bind(id=resource_id, size=size)


_ARRIVING: Final = Statement(
    "what points at a resource",
    "MATCH (:Resource {id: $id})<-[e:METADATA|ORIGIN|POLICY|CUSTOM]-(o:Resource) WHERE e.until IS NULL "
    "RETURN o.id AS id LIMIT $size",
    _ids,
)


def arriving(resource_id: str, size: int) -> Query[tuple[str, ...]]:
    """Ids of resources that have a relation to it, those of at most `size` relations."""
    return _ARRIVING.bind(id=resource_id, size=size)


def _object(rows: Sequence[Row]) -> Touched:
    if not rows:
        return Touched(0, 0, 0, 0, (), ())
    row = rows[0]
    return Touched(0, 0, 1, row["newest"], (), tuple(sorted(row["hosts"])))


_OBJECT: Final = Statement(
    "what an object touches",
    "MATCH (o:Resource {id: $id, kind: 'OBJECT'}) RETURN "
    "CASE WHEN $whole THEN reduce(total = 0, l IN [(o)-[:VERSION*0..]->(r)-[:CONTENT]->(c:Content) | c.length] | "
    "total + l) ELSE coalesce(o.contentLength, 0) END AS newest, "
    "[(o)-[share:BELONGS_TO {home: false}]->(p:Resource) | p.id] AS hosts",
    _object,
)


def touched_object(object_id: str, *, with_revisions: bool) -> Query[Touched]:
    """Count an Object with the bytes of its newest revision, or of all that are still there."""
    return _OBJECT.bind(id=object_id, whole=with_revisions)
