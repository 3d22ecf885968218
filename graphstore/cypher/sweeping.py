"""What the sweeper looks for: uploads that nobody finished, and blobs that nothing refers to any more."""

from collections.abc import Sequence
from typing import Final

from graphstore.cypher.facts import UPLOAD_MAP
from graphstore.statements import Query, Statement, nothing

_STALE_UPLOADS: Final = Statement(
    "stale uploads",
    "MATCH (upload:Upload {state: 'INITIALIZING'}) WHERE upload.createdAt < $before "
    f"WITH upload LIMIT $size RETURN {UPLOAD_MAP} AS upload",
    lambda rows: [(str(row["upload"]["id"]), str(row["upload"]["createdBy"])) for row in rows],
)


def stale_uploads(before_ms: int, size: int) -> Query[list[tuple[str, str]]]:
    """Open uploads begun before the instant: (id, who began it)."""
    return _STALE_UPLOADS.bind(before=before_ms, size=size)


_ORPHANED_BLOBS: Final = Statement(
    "orphaned blobs",
    "MATCH (b:Blob) WHERE b.orphanedAt <= $until AND NOT EXISTS { (b)<-[:PART|UPLOADED]-() } "
    "WITH b LIMIT $size RETURN b.id AS id",
    lambda rows: [str(row["id"]) for row in rows],
)


def orphaned_blobs(until_ms: int, size: int) -> Query[list[str]]:
    """Blobs that no content or upload refers to since before the instant."""
    return _ORPHANED_BLOBS.bind(until=until_ms, size=size)


_FORGET_BLOBS: Final = Statement(
    "forget blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) "
    # Not IS NOT NULL: an index would offer itself for that, and be walked for each id.
    "WHERE coalesce(b.orphanedAt, 0) > 0 AND NOT EXISTS { (b)<-[:PART|UPLOADED]-() } DETACH DELETE b",
    nothing,
)


def forget_blobs(ids: Sequence[str]) -> Query[None]:
    """Drop the nodes of blobs whose bytes are gone."""
    return _FORGET_BLOBS.bind(ids=list(ids))
