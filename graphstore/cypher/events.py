"""The stream of numbered events as a caller may see it, by number.

Numbers have no gaps, so a stretch of them is a range of single lookups: the embedded engine uses no index for ranges of
numbers (decision 0014). Rights are decided once for each resource of the stretch.
"""

from collections.abc import Sequence
from itertools import count, takewhile
from typing import Any, Final, LiteralString

from domain.changes import EventCounts, EventKind
from domain.views import EventView
from graphstore.cypher.rights import level_of
from graphstore.instants import from_ms
from graphstore.statements import Query, Row, Statement

_COLUMNS: Final[LiteralString] = (
    "told.id, told.kind, told.at, told.actor, told.resourceId, told.revisionBefore, told.revisionAfter, "
    "told.collections, told.datasets, told.objects"
)


def _view(number: int, columns: Sequence[Any]) -> EventView:
    event_id, kind, at, actor, resource_id, before, after, collections, datasets, objects = columns
    return EventView(
        number=number,
        id=event_id,
        kind=EventKind(kind),
        at=from_ms(at),
        actor_id=actor or None,
        resource_id=resource_id,
        revision_before=before,
        revision_after=after,
        counts=None if objects is None else EventCounts(collections, datasets, objects),
    )


def _stretch(rows: Sequence[Row]) -> list[EventView | None]:
    """Read events as far as no number is missing: one read across a commit may see a number without the one before."""
    if not rows:
        return []
    found = dict(rows[0]["stretch"])
    numbers = takewhile(found.__contains__, count(rows[0]["after"] + 1))
    return [None if found[number] is None else _view(number, found[number]) for number in numbers]


_EVENTS: Final = Statement(
    "events",
    "UNWIND range($after + 1, $after + $size) AS number MATCH (e:Event {number: number}) "
    "OPTIONAL MATCH (r:Resource {id: e.resourceId}) WITH r, collect(e) AS events "
    f"WITH events, {level_of('r')} AS level UNWIND events AS told "
    f"RETURN $after AS after, collect([told.number, CASE WHEN level >= 1 THEN [{_COLUMNS}] ELSE null END]) AS stretch",
    _stretch,
)


def events_after(number: int, size: int, caller: str, now: int) -> Query[list[EventView | None]]:
    """Events from `number` + 1 on, at most `size` and as far as numbers are given; None where the caller may not read.

    The n-th of them, from 0, has the number `number` + 1 + n.
    """
    return _EVENTS.bind(after=number, size=size, caller=caller, now=now)
