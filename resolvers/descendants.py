"""Everything below a container in the order of paths (S3's byte order of keys), a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.access import Level
from domain.resources import State
from domain.views import ContainerView, ResourceView
from graphstore.cypher import pages
from graphstore.cypher.views import resource_view
from graphstore.frozen import frozen_names
from graphstore.walking import Walk
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.paging import Page, PageRequest, page_of, page_request
from resolvers.walking import place_at, place_from, place_of, seek_place

LISTING: Final = "descendants"
_PASSED_MAX: Final = 2000
# Pages of names that the epoch of a snapshot may hardly show: each is a few statements.
_PAGES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Descendant:
    """A resource below a container, and its path from there; a container's ends with `/`."""

    path: str
    resource: ResourceView

    @property
    def place(self) -> str:
        """Place in the order."""
        return place_at(self.path, is_container=isinstance(self.resource, ContainerView))


@uncancelled
async def list_descendants(
    context: Context, container: ContainerView, *, first: int, after: str | None
) -> Page[Descendant]:
    """Page of what is below the container and may be seen; short, with more to come, where much may not.

    Raises: BadInput, CostExceeded, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    context.loaders.count_walk()
    if container.state is State.DELETED:
        return page_of([], _place, request, has_more=False)
    walk = Walk(
        context.store,
        container.id if container.frozen is None else frozen_names(container),
        pages.ALL_NAMES,
        context.caller.user_id,
        context.now_ms,
        page_size=request.size + 1,
        pages_max=_PAGES_MAX,
    )
    marker = await seek_place(walk, request.after)
    found: list[Descendant] = []
    reached = ""
    for _ in range(_PASSED_MAX):
        name = await walk.next()
        if name is None:
            return _last_page(found, request, walk.rest)
        if marker is not None and not name.is_container and name.path <= marker:
            continue
        # An Object goes with its home, and its name elsewhere a little later.
        is_there = container.frozen is not None or name.row[1]["state"] != State.DELETED
        if is_there and name.row[1]["level"] >= Level.READ:
            if len(found) == request.size:
                return page_of(found, _place, request, has_more=True)
            found.append(Descendant(name.path, resource_view(name.row[1])))
        reached = place_of(name)
    return _short_page(found, request, reached)


def _last_page(found: Sequence[Descendant], request: PageRequest, rest: str | None) -> Page[Descendant]:
    return (
        page_of(found, _place, request, has_more=False)
        if rest is None
        else _short_page(found, request, place_from(rest))
    )


def _short_page(found: Sequence[Descendant], request: PageRequest, reached: str) -> Page[Descendant]:
    page = page_of(found, _place, request, has_more=True)
    return Page(page.items, page.has_next, page.has_previous, page.start or reached, reached)


def _place(descendant: Descendant) -> str:
    return descendant.place
