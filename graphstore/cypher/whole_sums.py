"""Contents in parts whose bytes nobody has hashed as a whole yet: each waits as a node of its own.

They are found by their label, not by an index: the embedded engine keeps what was taken out of an index beside what is
in it (decision 0014), and there are never many.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphstore.cypher.installation import lock_installation
from graphstore.statements import Query, Row, Statement, nothing


@dataclass(frozen=True, slots=True)
class Claim:
    """A content to be hashed; `length_bytes` is None where its bytes were erased meanwhile.

    `sums` are its MD5 and SHA-256 where it was hashed before, and is to be looked at again.
    """

    content_id: str
    length_bytes: int | None
    sums: tuple[str, str] | None = None


_WAITING: Final = Statement(
    "unhashed contents",
    "MATCH (u:Unhashed) WHERE coalesce(u.claimedUntil, 0) <= $now WITH u LIMIT $size RETURN u.id AS id",
    lambda rows: [str(row["id"]) for row in rows if row["id"] is not None],
)


def unhashed(now_ms: int, size: int) -> Query[list[str]]:
    """Ids of some contents that wait and that nobody works on."""
    return _WAITING.bind(now=now_ms, size=size)


def _claim(rows: Sequence[Row]) -> Claim | None:
    if not rows or rows[0]["id"] is None:
        return None
    found = rows[0]
    sums = None if found["sha256"] is None else (str(found["md5"]), str(found["sha256"]))
    return Claim(str(found["id"]), found["length"], sums)


_CLAIM: Final = Statement(
    "claim an unhashed content",
    "MATCH (u:Unhashed {id: $id}) SET u.lockCount = coalesce(u.lockCount, 0) + 1 "
    "WITH u WHERE coalesce(u.claimedUntil, 0) <= $now OPTIONAL MATCH (c:Content {id: u.id}) "
    "SET u.claimedUntil = $now + $base + coalesce(c.length, 0) / $rate "
    "RETURN u.id AS id, c.length AS length, c.md5 AS md5, c.sha256 AS sha256",
    _claim,
)


def claim(content_id: str, now_ms: int, base_ms: int, bytes_a_ms: int) -> Query[Claim | None]:
    """Keep others from hashing it for `base_ms` and the time its bytes take; None if others work on it or have done."""
    return _CLAIM.bind(id=content_id, now=now_ms, base=base_ms, rate=bytes_a_ms)


_END: Final = Statement(
    "end hashing a content",
    "MATCH (u:Unhashed {id: $id}) WITH u, u.leads AS leads DETACH DELETE u RETURN leads",
    lambda rows: next((str(row["leads"]) for row in rows if row["leads"] is not None), None),
)


def end(content_id: str) -> Query[str | None]:
    """Say that nothing is left to be done for a content; answers the sameness of others that are to be woken then."""
    return _END.bind(id=content_id)


_BARE: Final = Statement(
    "objects without whole checksums",
    "MATCH (:Content {id: $id})<-[:CONTENT]-(o:Object) WHERE o.sha256 IS NULL WITH o LIMIT $size RETURN o.id AS id",
    lambda rows: sorted(str(row["id"]) for row in rows),
)


def bare_objects(content_id: str, size: int) -> Query[list[str]]:
    """Ids of some Objects that show the content without its checksums."""
    return _BARE.bind(id=content_id, size=size)


_TELL_CONTENT: Final = Statement(
    "whole checksums of a content",
    "MATCH (c:Content {id: $id}) SET c.md5 = $md5, c.sha256 = $sha256, c.sameness = $sha256 + ':' + toString(c.length)",
    nothing,
)
_TELL_OBJECTS: Final = Statement(
    "whole checksums of objects",
    "UNWIND $objects AS object MATCH (o:Resource {id: object})-[:CONTENT]->(c:Content {id: $id}) "
    "SET o.md5 = $md5, o.sha256 = $sha256",
    nothing,
)
_TELL_REVISIONS: Final = Statement(
    "whole checksums of revisions",
    "MATCH (:Content {id: $id})<-[:CONTENT]-(r:Revision) WHERE r.sha256 IS NULL WITH r LIMIT $size "
    "SET r.md5 = $md5, r.sha256 = $sha256 RETURN count(r) AS told",
    lambda rows: int(rows[0]["told"]) if rows else 0,
)


def tell_content(content_id: str, md5: str, sha256: str) -> Query[None]:
    """Write a content's checksums."""
    return _TELL_CONTENT.bind(id=content_id, md5=md5, sha256=sha256)


def tell_objects(content_id: str, object_ids: Collection[str], md5: str, sha256: str) -> Query[None]:
    """Write them on those of these Objects that show the content."""
    return _TELL_OBJECTS.bind(id=content_id, objects=sorted(object_ids), md5=md5, sha256=sha256)


def tell_revisions(content_id: str, size: int, md5: str, sha256: str) -> Query[int]:
    """Write them on some of the revisions that had the content; answers on how many."""
    return _TELL_REVISIONS.bind(id=content_id, size=size, md5=md5, sha256=sha256)


# -- contents of equal bytes


def take_turns() -> Query[None]:
    """Let one at a time bring equal contents together: each of two would miss the other."""
    return lock_installation()


_EQUAL: Final = Statement(
    "contents of the same bytes",
    "MATCH (c:Content {sameness: $same}) RETURN c.id AS id ORDER BY id LIMIT 2",
    lambda rows: [str(row["id"]) for row in rows],
)


def equal_contents(sameness: str) -> Query[list[str]]:
    """Ids of the two earliest of the hashed contents in parts that have these bytes, the earliest first."""
    return _EQUAL.bind(same=sameness)


_BLOBS: Final = Statement(
    "blobs of a content",
    "MATCH (:Content {id: $id})-[part:PART]->(b:Blob) RETURN part.index AS index, part.number AS number, "
    "part.start AS start, part.length AS length, part.checksums AS checksums, b.id AS blobId",
    lambda rows: sorted((dict(row) for row in rows), key=lambda row: row["index"]),
)


def blobs_of(content_id: str) -> Query[list[dict[str, Any]]]:
    """Rows of a content's PART edges, in order, each with its blob's id."""
    return _BLOBS.bind(id=content_id)


_KEEP_TABLE: Final = Statement(
    "keep the table of parts",
    "MATCH (c:Content {id: $id}) WHERE c.isCut IS NULL SET c.isCut = true WITH c UNWIND $rows AS row "
    "CREATE (c)-[:CUT {index: row.index, number: row.number, start: row.start, length: row.length, "
    "checksums: row.checksums}]->(c)",
    nothing,
)
_LET_GO: Final = Statement("let go of blobs", "MATCH (:Content {id: $id})-[part:PART]->(:Blob) DELETE part", nothing)
_TAKE: Final = Statement(
    "take the blobs of another content",
    "UNWIND $rows AS row MATCH (c:Content {id: $id}) MATCH (b:Blob {id: row.blobId}) "
    # Without a number it is none of the content's own parts, even to who sees only half of this commit.
    "CREATE (c)-[:PART {index: row.index, start: row.start, length: row.length, checksums: row.checksums}]->(b)",
    nothing,
)
_ORPHAN: Final = Statement(
    "orphan blobs",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) WHERE NOT EXISTS { (b)<-[:PART|UPLOADED]-() } "
    # Its key goes at once: an erasure of the content finds only the blobs that it has then.
    "SET b.orphanedAt = $at, b.wrappedKey = null, b.sameness = null",
    nothing,
)


def take_blobs(
    content_id: str, former: Sequence[Mapping[str, Any]], taken: Sequence[Mapping[str, Any]], at_ms: int
) -> list[Query[None]]:
    """Let a locked content be read from other locked blobs; its table of parts stays, what nobody needs is orphaned."""
    return [
        _KEEP_TABLE.bind(id=content_id, rows=list(former)),
        _LET_GO.bind(id=content_id),
        _TAKE.bind(id=content_id, rows=list(taken)),
        _ORPHAN.bind(ids=sorted({row["blobId"] for row in former}), at=at_ms),
    ]


_WAKE: Final = Statement(
    "look at equal contents again",
    "UNWIND $same AS same CALL (same) { MATCH (c:Content {sameness: same}) RETURN c.id AS id LIMIT 1 } "
    "MERGE (u:Unhashed {id: id}) SET u.leads = same",
    nothing,
)


def wake(samenesses: Collection[str]) -> Query[None]:
    """Let contents in parts be looked at again, since their bytes came in one piece just now.

    However many there are, one of them is woken for each sameness; who looks at it wakes the next ones.
    """
    return _WAKE.bind(same=sorted(samenesses))


_APART: Final = Statement(
    "equal contents that don't share",
    "MATCH (c:Content {sameness: $same}) WHERE NOT EXISTS { (c)-[:PART]->(:Blob {id: $blob}) } "
    "WITH c LIMIT $size RETURN c.id AS id",
    lambda rows: sorted(str(row["id"]) for row in rows),
)


def contents_apart(sameness: str, blob_id: str, size: int) -> Query[list[str]]:
    """Ids of some contents in parts that have these bytes and aren't read from this one blob of them."""
    return _APART.bind(same=sameness, blob=blob_id, size=size)


_WAKE_NEXT: Final = Statement(
    "wake contents",
    "UNWIND $rows AS row MERGE (u:Unhashed {id: row.id}) SET u.leads = coalesce(u.leads, row.leads)",
    nothing,
)


def wake_next(content_ids: Sequence[str], leads: str | None) -> Query[None]:
    """Let these contents be looked at again; where more of the sameness `leads` wait, the last one wakes those."""
    last = len(content_ids) - 1
    rows = [{"id": one, "leads": leads if index == last else None} for index, one in enumerate(content_ids)]
    return _WAKE_NEXT.bind(rows=rows)
