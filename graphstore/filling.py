"""What migrations change of the data of an older graph, in batches; each is safe to run again."""

from typing import Final

from domain.keys import CONTAINER_MARK
from domain.resources import Kind
from domain.snapshots import VERSION_MARK
from graphstore.bolt import Engine
from graphstore.dialects import EngineKind
from graphstore.migrations_events import let_events_wait
from graphstore.statements import Statement, all_rows, nothing
from graphstore.writing.rows import versioned_key

_BATCH: Final = 500
_NAMES: Final = 5000

_HOLD: Final = Statement(
    "hold container entries",
    "MATCH (e:ContainerEntry)-[:NAMES]->(r:Resource) WHERE e.sort > $after WITH e, r ORDER BY e.sort LIMIT $size "
    "MATCH (r)-[edge:BELONGS_TO]->(parent:Resource) WHERE parent.id + edge.name + $mark = e.sort "
    "MERGE (parent)-[:HOLDS]->(e) RETURN e.sort AS sort",
    all_rows,
)


async def hold_container_entries(engine: Engine) -> None:
    """Let each container HOLD the Entries of its containers, as graphs of version 1 don't.

    Raises: GraphUnavailable.
    """
    after = ""
    while True:
        query = _HOLD.bind(after=after, size=_BATCH, mark=CONTAINER_MARK)
        rows = await engine.write("hold container entries", lambda tx, query=query: tx.run(query))
        if not rows:
            return
        after = max(row["sort"] for row in rows)


_UPPER_NAME: Final = Statement(
    "greatest of the next names",
    "MATCH (e:Entry) WHERE e.sort > $after WITH e.sort AS sort LIMIT $size RETURN max(sort) AS sort",
    all_rows,
)
_NAMED_ALIKE: Final = "WITH e WHERE e.sort CONTAINS $mark MATCH (parent:Resource {id: left(e.sort, 26)}) "
_VERSIONED_UP_TO: Final = Statement(
    "names that look like snapshots up to one",
    "MATCH (e:Entry) WHERE e.sort > $after AND e.sort <= $upper "
    + _NAMED_ALIKE
    + "RETURN collect([parent.id, parent.kind, e.sort]) AS names",
    all_rows,
)
_VERSIONED_NEXT: Final = Statement(
    "next names that look like snapshots",
    "MATCH (e:Entry) USING INDEX SEEK e:Entry(sort) WHERE e.sort > $after WITH e ORDER BY e.sort LIMIT $size "
    "OPTIONAL MATCH (parent:Resource {id: CASE WHEN e.sort CONTAINS $mark THEN left(e.sort, 26) ELSE '' END}) "
    "RETURN max(e.sort) AS last, collect([parent.id, parent.kind, e.sort]) AS names",
    all_rows,
)
_MARK_VERSIONED: Final = Statement(
    "mark versioned names",
    "UNWIND $rows AS row MATCH (e:Entry {sort: row.sort}) SET e.versioned = row.versioned",
    nothing,
)


async def mark_versioned_entries(engine: Engine) -> None:
    """Mark the Objects' Entries that a snapshot might hide, as graphs of version 1 don't.

    Raises: GraphUnavailable.
    """
    after: str | None = ""
    while after is not None:
        after, names = await _next_names(engine, after)
        found = ((name, versioned_key(parent, Kind(kind), name[len(parent) :])) for parent, kind, name in names)
        rows = [
            {"sort": sort, "versioned": versioned}
            for sort, versioned in found
            if versioned is not None and not sort.endswith(CONTAINER_MARK)
        ]
        if rows:
            query = _MARK_VERSIONED.bind(rows=rows)
            await engine.write("mark versioned names", lambda tx, query=query: tx.run(query))


async def _next_names(engine: Engine, after: str) -> tuple[str | None, list[tuple[str, str, str]]]:
    """Names with an `@` among the next, as (parent id, its kind, sort), and the last of them all; None: no more.

    Each engine pages its own way (graphstore/cypher/pages.py).
    """
    if engine.kind is EngineKind.EMBEDDED:
        (found,) = await engine.read(_UPPER_NAME.bind(after=after, size=_NAMES))
        upper: str | None = found["sort"]
        if upper is None:
            return None, []
        (row,) = await engine.read(_VERSIONED_UP_TO.bind(after=after, upper=upper, mark=VERSION_MARK))
        return upper, row["names"]
    (row,) = await engine.read(_VERSIONED_NEXT.bind(after=after, size=_NAMES, mark=VERSION_MARK))
    return row["last"], [name for name in row["names"] if name[0] is not None]


async def fill_second(engine: Engine) -> None:
    """All that version 2 changes of the data.

    Raises: GraphUnavailable.
    """
    await hold_container_entries(engine)
    await mark_versioned_entries(engine)
    await let_events_wait(engine)
