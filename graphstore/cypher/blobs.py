"""Blobs as writers of references to them see them: locked, so that none goes while it gains or loses a reference.

A blob is alive as long as it has its wrapped key; then its sameness tells where equal bytes are. Without its key it is
on its way out: nothing may refer to it any more.
"""

from collections.abc import Collection
from typing import Final, LiteralString, NamedTuple

from graphstore.cypher.locking import lock
from graphstore.statements import Query, Statement, nothing

_LOCK: Final[LiteralString] = "WITH b ORDER BY b.id " + lock("b")
"""In the order of ids, so that two that lock several never wait for each other."""


class Kept(NamedTuple):
    """The one blob of some bytes; with `is_orphaned` nothing refers to it, and the sweeper would come for it."""

    id: str
    is_orphaned: bool


_SAME: Final = Statement(
    "lock blobs of the same bytes",
    "UNWIND $same AS same MATCH (b:Blob {sameness: same}) " + _LOCK + "WITH b WHERE b.wrappedKey IS NOT NULL "
    "RETURN b.sameness AS sameness, b.id AS id, b.orphanedAt IS NOT NULL AS orphaned",
    lambda rows: {str(row["sameness"]): Kept(str(row["id"]), bool(row["orphaned"])) for row in rows},
)


def lock_same(samenesses: Collection[str]) -> Query[dict[str, Kept]]:
    """Lock the blobs that hold these bytes; answers those that are there, by sameness."""
    return _SAME.bind(same=sorted(set(samenesses)))


_LOCK_BLOBS: Final = Statement(
    "lock blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) " + _LOCK + "WITH b WHERE b.wrappedKey IS NOT NULL RETURN b.id AS id",
    lambda rows: frozenset(str(row["id"]) for row in rows),
)


def lock_blobs(ids: Collection[str]) -> Query[frozenset[str]]:
    """Lock blobs; answers those that are alive."""
    return _LOCK_BLOBS.bind(ids=sorted(set(ids)))


_LOCK_BLOBS_OF: Final = Statement(
    "lock blobs of contents",
    "UNWIND $ids AS id MATCH (:Content {id: id})-[:PART]->(found:Blob) WITH DISTINCT found AS b " + _LOCK,
    nothing,
)


def lock_blobs_of(content_ids: Collection[str]) -> Query[None]:
    """Lock the blobs of contents that are locked already."""
    return _LOCK_BLOBS_OF.bind(ids=sorted(content_ids))


_CLAIMED: Final = Statement(
    "blobs without a key",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) WHERE b.wrappedKey IS NULL RETURN b.id AS id",
    lambda rows: sorted(str(row["id"]) for row in rows),
)


def claimed(ids: Collection[str]) -> Query[list[str]]:
    """Which of these blobs are on their way out."""
    return _CLAIMED.bind(ids=sorted(ids))


_REVIVE: Final = Statement("revive blobs", "UNWIND $ids AS id MATCH (b:Blob {id: id}) SET b.orphanedAt = null", nothing)


def revive(ids: Collection[str]) -> Query[None]:
    """Keep the sweeper from locked blobs that something refers to again."""
    return _REVIVE.bind(ids=sorted(ids))
