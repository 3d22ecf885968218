"""What the sweeper looks for: uploads that nobody finished, and blobs that nothing refers to any more."""

from collections.abc import Sequence
from typing import Final

from graphstore.cypher.facts import UPLOAD_MAP
from graphstore.cypher.locking import lock
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


_CLAIM_BLOBS: Final = Statement(
    "claim blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) WITH b ORDER BY b.id " + lock("b") + "WITH b "
    # Not b.orphanedAt <= …: an index would offer itself for that, and be walked for each id.
    "WHERE coalesce(b.orphanedAt, $until + 1) <= $until AND NOT EXISTS { (b)<-[:PART|UPLOADED]-() } "
    "SET b.wrappedKey = null, b.sameness = null RETURN b.id AS id",
    lambda rows: sorted(str(row["id"]) for row in rows),
)


def claim_blobs(ids: Sequence[str], until_ms: int) -> Query[list[str]]:
    """Take away the keys of blobs that still nothing refers to, so that nobody can; answers which.

    Their bytes may go from now on, whoever comes with the same ones.
    """
    return _CLAIM_BLOBS.bind(ids=sorted(ids), until=until_ms)


_CLAIM_STRAYS: Final = Statement(
    "claim stray blobs",
    "UNWIND $ids AS id MERGE (b:Blob {id: id}) ON CREATE SET b.orphanedAt = $until, b.strayedAt = $at, b.length = 0, "
    "b.sealed = 0, b.md5 = '', b.sha256 = '' "
    "WITH b WHERE b.wrappedKey IS NULL AND b.strayedAt = $at RETURN b.id AS id",
    lambda rows: sorted(str(row["id"]) for row in rows),
)


def claim_strays(ids: Sequence[str], at_ms: int, until_ms: int) -> Query[list[str]]:
    """Give blobs that no node names a node without a key, so that nobody can publish them; answers which.

    A publication that came first has its node, and keeps it. The nodes stay until the second instant at least.
    """
    return _CLAIM_STRAYS.bind(ids=sorted(ids), at=at_ms, until=until_ms)


_FORGET_BLOBS: Final = Statement(
    "forget blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) "
    "WHERE coalesce(b.wrappedKey, '') = '' AND NOT EXISTS { (b)<-[:PART|UPLOADED]-() } DETACH DELETE b",
    nothing,
)


def forget_blobs(ids: Sequence[str]) -> Query[None]:
    """Drop the nodes of claimed blobs whose bytes are gone."""
    return _FORGET_BLOBS.bind(ids=list(ids))


_KNOWN_BLOBS: Final = Statement(
    "known blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) RETURN b.id AS id",
    lambda rows: frozenset(str(row["id"]) for row in rows),
)


def known_blobs(ids: Sequence[str]) -> Query[frozenset[str]]:
    """Which of these blobs the graph has a node of, in whatever state."""
    return _KNOWN_BLOBS.bind(ids=list(ids))
