"""What erasing and removing revisions must know besides the facts of a deletion."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.erasing import ErasableRevision
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class Chain:
    """The revisions of an Object, newest first, and whether its name is its id already."""

    revisions: tuple[ErasableRevision, ...]
    is_blanked: bool


def _chain(rows: Sequence[Row]) -> Chain:
    if not rows:
        return Chain((), is_blanked=False)
    found = sorted(rows[0]["revisions"], key=lambda revision: revision[0], reverse=True)
    revisions = tuple(ErasableRevision(version, content) for _, version, content in found)
    return Chain(revisions, rows[0]["blanked"])


_CHAIN: Final = Statement(
    "chain of an object",
    "MATCH (o:Resource {id: $id, kind: 'OBJECT'}) OPTIONAL MATCH (o)-[:VERSION*0..]->(r) WHERE r.versionId IS NOT NULL "
    "WITH o, CASE WHEN r IS NULL THEN null ELSE "
    "[r.revisionNumber, r.versionId, [(r)-[:CONTENT]->(c:Content) | c.id][0]] END AS revision "
    "RETURN o.name = o.id AS blanked, collect(revision) AS revisions",
    _chain,
)


def chain(object_id: str) -> Query[Chain]:
    """Load all revisions of an Object."""
    return _CHAIN.bind(id=object_id)


_UPLOADS: Final = Statement(
    "open uploads of an object",
    "MATCH (u:Upload {objectId: $id}) WHERE u.state = 'INITIALIZING' RETURN u.id AS id",
    lambda rows: tuple(sorted(str(row["id"]) for row in rows)),
)


def open_uploads(object_id: str) -> Query[tuple[str, ...]]:
    """Load the ids of an Object's open uploads."""
    return _UPLOADS.bind(id=object_id)


_HELD: Final = Statement(
    "holders of a revision",
    "MATCH (o:Resource {id: $id}) OPTIONAL MATCH (past:PastEntry {versionId: $version}) "
    "WITH o, count(past) > 0 AS held "
    "RETURN held, EXISTS { (o)<-[pin:POLICY]-() WHERE pin.targetVersionId = $version AND pin.until IS NULL } AS pinned",
    lambda rows: (bool(rows and rows[0]["held"]), bool(rows and rows[0]["pinned"])),
)


def holders(object_id: str, version_id: str) -> Query[tuple[bool, bool]]:
    """Whether a snapshot or archive shows a revision, and whether a policy relation names it."""
    return _HELD.bind(id=object_id, version=version_id)
