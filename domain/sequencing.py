"""How events get their numbers after commit: who numbers them, and in which order (resources.md, section 7).

A resource's lockCount rises with each of its events, so it tells their order; between resources any order will do.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

LEASE: Final = timedelta(seconds=10)
"""How long a process that has numbered events keeps the others from it."""


@dataclass(frozen=True, slots=True)
class PendingEvent:
    """An event that waits for its number; `lock_count` is its resource's, as the event raised it."""

    id: str
    resource_id: str
    lock_count: int


@dataclass(frozen=True, slots=True)
class Lease:
    """Who numbers events, and until when."""

    holder: str
    until: datetime

    def holds_back(self, process: str, now: datetime) -> bool:
        """Whether another process is to leave the events alone.

        A lease that ends later than any given now would end was given by a clock that runs ahead: it holds nobody back.
        """
        return self.holder != process and now < self.until <= now + LEASE


def reach_of(seen: Iterable[PendingEvent]) -> Mapping[str, int]:
    """By resource, the highest lockCount among events that were seen."""
    reach: dict[str, int] = {}
    for event in seen:
        reach[event.resource_id] = max(event.lock_count, reach.get(event.resource_id, event.lock_count))
    return reach


def in_order(events: Iterable[PendingEvent]) -> tuple[PendingEvent, ...]:
    """Order events by age (their ULIDs), save that those of one resource go by lockCount among their places.

    Clocks of two processes differ, so the older id of a resource's two events may be of the later one.
    """
    by_age = sorted(events, key=lambda event: event.id)
    of_resource: defaultdict[str, deque[PendingEvent]] = defaultdict(deque)
    for event in sorted(by_age, key=lambda event: event.lock_count):
        of_resource[event.resource_id].append(event)
    return tuple(of_resource[event.resource_id].popleft() for event in by_age)
