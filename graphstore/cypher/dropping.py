"""The past of a container, looked through in batches: what its names showed, and which epochs somebody still sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.keys import successor
from graphstore.statements import Query, Row, Statement, nothing


@dataclass(frozen=True, slots=True)
class PastName:
    """What a name (`sort`) showed in the epochs [since, until) of its parent; no two of a name begin alike."""

    sort: str
    since: int
    until: int


_EPOCHS: Final = Statement(
    "epochs that are seen",
    "MATCH (c:Resource {id: $id}) OPTIONAL MATCH (f:Frozen {snapshotOf: $id, state: 'AVAILABLE'}) "
    "RETURN c.frozenAt AS archived, collect(DISTINCT f.frozenAt) AS frozen",
    lambda rows: sorted({*rows[0]["frozen"], *({rows[0]["archived"]} - {None})} if rows else ()),
)


def seen_epochs(container_id: str) -> Query[list[int]]:
    """Epochs of a container that a snapshot, or the archive it belongs to, sees; ascending."""
    return _EPOCHS.bind(id=container_id)


_UPPER: Final = Statement(
    "greatest of the next past names",
    "MATCH (p:PastEntry) WHERE p.sort > $after AND p.sort < $end WITH p LIMIT $size RETURN max(p.sort) AS upper",
    lambda rows: str(rows[0]["upper"] or ""),
)


def upper_past_name(container_id: str, after: str, size: int) -> Query[str]:
    """First half of a page on the embedded engine: where it ends, '' if there is nothing more."""
    return _UPPER.bind(after=after or container_id, end=successor(container_id), size=size)


def _past_names(rows: Sequence[Row]) -> list[PastName]:
    return [PastName(*found) for found in rows[0]["found"]]


_UP_TO: Final = Statement(
    "past names up to one",
    "MATCH (p:PastEntry) WHERE p.sort > $after AND p.sort <= $upper "
    "RETURN collect([p.sort, p.since, p.until]) AS found",
    _past_names,
)
_NEXT: Final = Statement(
    "next past names",
    "MATCH (p:PastEntry) USING INDEX SEEK p:PastEntry(sort) WHERE p.sort > $after AND p.sort < $end "
    "WITH p ORDER BY p.sort LIMIT $size WITH collect(DISTINCT p.sort) AS sorts "
    # All of each name: a page may end amid those of one.
    "UNWIND sorts AS sort MATCH (p:PastEntry {sort: sort}) RETURN collect([p.sort, p.since, p.until]) AS found",
    _past_names,
)


def past_names_up_to(container_id: str, after: str, upper: str) -> Query[list[PastName]]:
    """Second half of a page on the embedded engine."""
    return _UP_TO.bind(after=after or container_id, upper=upper)


def next_past_names(container_id: str, after: str, size: int) -> Query[list[PastName]]:
    """Page on Neo4j; its bounds differ within the container's id, so that names of any characters are in it."""
    return _NEXT.bind(after=after or container_id, end=successor(container_id), size=size)


_DROP: Final = Statement(
    "drop past names",
    "UNWIND $rows AS row MATCH (p:PastEntry {sort: row.sort}) WHERE p.since = row.since DETACH DELETE p",
    nothing,
)


def drop(names: Sequence[PastName]) -> Query[None]:
    """Drop what nobody sees any more."""
    rows: list[dict[str, Any]] = [{"sort": name.sort, "since": name.since} for name in names]
    return _DROP.bind(rows=rows)
