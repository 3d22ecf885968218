"""Who, when, and under which ids: what a rule needs from outside to stay a pure function."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from domain.access import Caller
from domain.changes import Event, EventCounts, EventKind


@dataclass(frozen=True, slots=True)
class Stamp:
    """The caller, the instant and fresh ids (an endless iterator) for one call.

    A rule may run again when its transaction is retried: ids that an attempt used are simply not used again.
    """

    caller: Caller
    now: datetime
    ids: Iterator[str]

    def new_id(self) -> str:
        """Return the next fresh ULID."""
        return next(self.ids)

    def event(
        self,
        kind: EventKind,
        resource_id: str,
        *,
        before: int | None = None,
        after: int | None = None,
        counts: EventCounts | None = None,
    ) -> Event:
        """Make the event of a change by this caller at this instant; `counts` of a recursive call, by its root."""
        return Event(next(self.ids), kind, resource_id, self.caller.user_id, self.now, before, after, counts)
