"""Which events wait for their numbers, who gives them, and how: (:PendingEvent) and (:Sequence {key: 'events'}).

What waits is a node of its own, deleted when its event has a number. A mark on the event with an index over it would
be read ever more slowly: the embedded engine keeps what was taken out of an index beside what is in it (decision 0014).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.sequencing import Lease, PendingEvent
from graphstore.instants import from_ms, to_ms
from graphstore.statements import Query, Row, Statement, nothing


@dataclass(frozen=True, slots=True)
class Waiting:
    """Some of the events that wait, the last number given, and the lease of who gave it, if anyone did."""

    events: tuple[PendingEvent, ...]
    last: int
    lease: Lease | None


def _lease(row: Row) -> Lease | None:
    return Lease(row["holder"], from_ms(row["until"])) if row["holder"] else None


def _waiting(rows: Sequence[Row]) -> Waiting:
    (row,) = rows
    events = tuple(PendingEvent(*columns) for columns in row["waiting"])
    assert all(event.id and event.resource_id for event in events), "an event that waits is whole"
    return Waiting(events, row["last"] or 0, _lease(row))


_SEEN: Final = Statement(
    "waiting events",
    "OPTIONAL MATCH (s:Sequence {key: 'events'}) WITH s.last AS last, s.holder AS holder, s.until AS until "
    "OPTIONAL MATCH (p:PendingEvent) WITH last, holder, until, p LIMIT $size "
    "RETURN last, holder, until, "
    "collect(CASE WHEN p IS NULL THEN null ELSE [p.id, p.resourceId, p.lockCount] END) AS waiting",
    _waiting,
)


def waiting_events(size: int) -> Query[Waiting]:
    """At most `size` events that wait, in no order."""
    return _SEEN.bind(size=size)


_LOCK: Final = Statement(
    "lock the sequence",
    "MERGE (s:Sequence {key: 'events'}) ON CREATE SET s.last = 0, s.lockCount = 0 SET s.lockCount = s.lockCount + 1",
    nothing,
)


def lock_sequence() -> Query[None]:
    """Lock the sequence; the first to do so makes it."""
    return _LOCK.bind()


_WITHIN_REACH: Final = Statement(
    "waiting events within reach",
    "MATCH (s:Sequence {key: 'events'}) "
    "OPTIONAL MATCH (p:PendingEvent) WHERE p.lockCount <= $reach[p.resourceId] "
    "WITH s, p ORDER BY p.lockCount, p.id LIMIT $size "
    "RETURN s.last AS last, s.holder AS holder, s.until AS until, "
    "collect(CASE WHEN p IS NULL THEN null ELSE [p.id, p.resourceId, p.lockCount] END) AS waiting",
    _waiting,
)


def events_within(reach: Mapping[str, int], size: int) -> Query[Waiting]:
    """At most `size` waiting events of these resources, up to the lockCount given for each, the lowest counts first.

    So a resource's event is among them only with all its earlier ones.
    """
    return _WITHIN_REACH.bind(reach=dict(reach), size=size)


def _count(rows: Sequence[Row]) -> int:
    return int(rows[0]["numbered"])


_NUMBER: Final = Statement(
    "number events",
    "UNWIND $rows AS row MATCH (e:Event {id: row.id}) MATCH (p:PendingEvent {id: row.id}) "
    "SET e.number = row.number DELETE p RETURN count(e) AS numbered",
    _count,
)


def number_events(events: Sequence[PendingEvent], last: int) -> Query[int]:
    """Give these events the numbers after `last`, in their order; answers how many were there."""
    rows: list[dict[str, Any]] = [
        {"id": event.id, "number": number} for number, event in enumerate(events, start=last + 1)
    ]
    return _NUMBER.bind(rows=rows)


_ADVANCE: Final = Statement(
    "advance the sequence",
    "MATCH (s:Sequence {key: 'events'}) SET s.last = $last, s.holder = $holder, s.until = $until",
    nothing,
)


def advance_sequence(last: int, lease: Lease) -> Query[None]:
    """Keep the last number given, and who gave it."""
    return _ADVANCE.bind(last=last, holder=lease.holder, until=to_ms(lease.until))


_RELEASE: Final = Statement(
    "release the sequence",
    "MATCH (s:Sequence {key: 'events', holder: $holder}) "
    "SET s.lockCount = s.lockCount + 1, s.holder = null, s.until = null",
    nothing,
)


def release_sequence(holder: str) -> Query[None]:
    """Let others number at once, if this process was the last that did."""
    return _RELEASE.bind(holder=holder)
