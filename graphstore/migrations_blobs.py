"""Migration: equal blobs that an older program stored twice become one; the spare ones are left to the sweeper.

Contents in parts wait to be hashed as wholes.
"""

from typing import Final

from domain.contents import sameness
from graphstore.bolt import Engine, Transaction
from graphstore.cypher.blobs import lock_same
from graphstore.statements import Statement, nothing

_RANGES: Final = tuple(f"{number:02x}" for number in range(256))
_BATCH: Final = 500
_PAGE: Final = 5000
_LONG_AGO: Final = 1
"""When spare blobs lost their last reference, in ms: nobody reads them while the program starts."""

_UNNAMED: Final = Statement(
    "blobs without a sameness",
    # Ids are random, so the ranges are alike; each engine would page its own way, a range is one for both.
    "MATCH (b:Blob) WHERE b.id >= $first AND b.id < $end AND b.wrappedKey IS NOT NULL AND b.sameness IS NULL "
    "AND b.orphanedAt IS NULL RETURN b.id AS id, b.sha256 AS sha256, b.length AS length",
    lambda rows: [(str(row["id"]), sameness(row["sha256"], row["length"])) for row in rows],
)
_NAME: Final = Statement(
    "name blobs by their bytes",
    "UNWIND $rows AS row MATCH (b:Blob {id: row.id}) SET b.sameness = row.same",
    nothing,
)
_PARTS: Final = Statement(
    "move parts to equal blobs",
    "UNWIND $rows AS row MATCH (spare:Blob {id: row.id}) MATCH (kept:Blob {id: row.kept}) "
    "MATCH (c:Content)-[part:PART]->(spare) "
    "CREATE (c)-[:PART {index: part.index, number: part.number, start: part.start, length: part.length, "
    "checksums: part.checksums}]->(kept) DELETE part",
    nothing,
)
_UPLOADED: Final = Statement(
    "move uploaded parts to equal blobs",
    "UNWIND $rows AS row MATCH (spare:Blob {id: row.id}) MATCH (kept:Blob {id: row.kept}) "
    "MATCH (u:Upload)-[part:UPLOADED]->(spare) "
    "CREATE (u)-[:UPLOADED {number: part.number, at: part.at, checksums: part.checksums}]->(kept) DELETE part",
    nothing,
)
_ORPHAN: Final = Statement(
    "orphan spare blobs",
    "UNWIND $rows AS row MATCH (b:Blob {id: row.id}) SET b.orphanedAt = $at, b.wrappedKey = null",
    nothing,
)

_UPPER: Final = Statement(
    "last of the next contents",
    "MATCH (c:Content) WHERE c.id > $after WITH c.id AS id LIMIT $size RETURN max(id) AS upper",
    lambda rows: rows[0]["upper"] if rows else None,
)
"""Each engine walks an index its own way; contents up to this one are right whatever they are (cypher/catalogue.py)."""
_LET_HASH: Final = Statement(
    "let contents wait to be hashed",
    "MATCH (c:Content) WHERE c.id > $after AND c.id <= $upper AND c.partCount > 0 AND c.sha256 IS NULL "
    "MERGE (:Unhashed {id: c.id})",
    nothing,
)


async def fill_third(engine: Engine) -> None:
    """All that version 3 changes of the data.

    Raises: GraphUnavailable.
    """
    await merge_equal_blobs(engine)
    await let_contents_be_hashed(engine)


async def let_contents_be_hashed(engine: Engine) -> None:
    """Let each content in parts that nobody has hashed wait for it, in pages.

    Raises: GraphUnavailable.
    """
    after = ""
    while (upper := await engine.read(_UPPER.bind(after=after, size=_PAGE))) is not None:
        query = _LET_HASH.bind(after=after, upper=upper)
        await engine.write("let contents wait to be hashed", lambda tx, query=query: tx.run(query))
        after = upper


async def merge_equal_blobs(engine: Engine) -> None:
    """Give every blob its sameness, and let what refers to a second one of the same bytes refer to the first.

    Raises: GraphUnavailable.
    """
    for first, end in zip(_RANGES, (*_RANGES[1:], "g"), strict=True):
        found = await engine.read(_UNNAMED.bind(first=first, end=end))
        for start in range(0, len(found), _BATCH):
            batch = found[start : start + _BATCH]
            await engine.write("merge equal blobs", lambda tx, batch=batch: _merge(tx, batch))


async def _merge(transaction: Transaction, blobs: list[tuple[str, str]]) -> None:
    kept = await transaction.run(lock_same([same for _, same in blobs]))
    by_sameness = {same: standing.id for same, standing in kept.items()}
    named: list[dict[str, str]] = []
    spare: list[dict[str, str]] = []
    for blob_id, same in blobs:
        standing = by_sameness.setdefault(same, blob_id)
        if standing == blob_id:
            named.append({"id": blob_id, "same": same})
        else:
            spare.append({"id": blob_id, "kept": standing})
    if named:
        await transaction.run(_NAME.bind(rows=named))
    if spare:
        for statement in (_PARTS, _UPLOADED):
            await transaction.run(statement.bind(rows=spare))
        await transaction.run(_ORPHAN.bind(rows=spare, at=_LONG_AGO))
