"""The stream of events for whoever calls: what happened to resources that he may read, in the order of the numbers."""

from typing import Final

from domain.errors import BadInput
from domain.views import EventView
from graphstore.cypher.events import events_after
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.paging import Page, PageRequest, page_request

LISTING: Final = "events"
_LOOKED_AT_MAX: Final = 500
_STRETCH_MIN: Final = 100
_NUMBER_DIGITS_MAX: Final = 18


@uncancelled
async def list_events(context: Context, *, first: int, after: str | None) -> Page[EventView]:
    """Page of numbered events; short, with more to come, where many are of resources that the caller may not read.

    Its end is a place to go on from later too, when nothing more has happened yet.

    Raises: BadInput, CostExceeded, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    reached = _number(request.after)
    context.loaders.count_walk()
    limit = reached + _LOOKED_AT_MAX
    found: list[EventView] = []
    is_at_end = False
    while len(found) <= request.size and reached < limit and not is_at_end:
        size = min(limit - reached, max(request.size + 1, _STRETCH_MIN))
        stretch = await context.store.read(events_after(reached, size, context.caller.user_id, context.now_ms))
        found.extend(event for event in stretch if event is not None)
        reached += len(stretch)
        is_at_end = len(stretch) < size
    return _page(found, request, reached, is_at_end=is_at_end)


def _number(place: str) -> int:
    """Read the number that a cursor names.

    Raises: BadInput.
    """
    if not place:
        return 0
    if not (place.isascii() and place.isdigit() and len(place) <= _NUMBER_DIGITS_MAX):
        raise BadInput("after is no cursor of this list; take one from its pageInfo", field=("after",))
    return int(place)


def _page(found: list[EventView], request: PageRequest, reached: int, *, is_at_end: bool) -> Page[EventView]:
    items = tuple((str(event.number), event) for event in found[: request.size])
    is_full = len(found) > request.size
    end = items[-1][0] if is_full else str(reached) if reached else None
    return Page(
        items=items,
        has_next=is_full or not is_at_end,
        has_previous=bool(request.after),
        start=items[0][0] if items else end,
        end=end,
    )
