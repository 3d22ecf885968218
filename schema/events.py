"""The stream of events: what happened, in the order of numbers that have no gap."""

from datetime import datetime

import strawberry

from domain.changes import EventKind
from schema.pages import PageInfo
from schema.scalars import BigInt


@strawberry.type(description="How much below its root a recursive call changed; the root itself isn't counted.")
class EventCounts:
    """What a recursive call changed below its root."""

    collections: int = strawberry.field(description="How many collections.")
    datasets: int = strawberry.field(description="How many datasets.")
    objects: BigInt = strawberry.field(description="How many Objects.")


@strawberry.type(description="One accepted change of one resource. It is told when it is committed, and never twice.")
class Event:
    """One accepted change of one resource."""

    id: strawberry.ID = strawberry.field(description="ULID of the event.")
    number: BigInt = strawberry.field(
        description="Its place among all events of the installation, from 1. Given after the commit, normally within a "
        "second; a resource's events are numbered in the order in which they happened."
    )
    kind: EventKind = strawberry.field(description="What happened.")
    at: datetime = strawberry.field(description="When the call was made.")
    actor_id: strawberry.ID | None = strawberry.field(description="Id of the user who did it; null for the system.")
    resource_id: strawberry.ID = strawberry.field(
        description="Id of the resource it happened to; of a recursive call its root."
    )
    revision_before: int | None = strawberry.field(
        description="Its `revision` before; null where that was not raised, or there was none."
    )
    revision_after: int | None = strawberry.field(description="Its `revision` after; null where that was not raised.")
    counts: EventCounts | None = strawberry.field(
        description="What a recursive call changed below its root; null for a change of the resource alone."
    )


@strawberry.type(description="An event in a list.")
class EventEdge:
    """An event in a list."""

    cursor: str = strawberry.field(description="Place in the stream: go on from here at any time.")
    node: Event = strawberry.field(description="The event.")


@strawberry.type(description="A page of events by number.")
class EventConnection:
    """A page of events by number."""

    edges: list[EventEdge] = strawberry.field(description="The events with their cursors.")
    nodes: list[Event] = strawberry.field(description="The events alone.")
    page_info: PageInfo = strawberry.field(
        description="Where the page stands. `endCursor` lies beyond events that you may not see; ask again after it."
    )
