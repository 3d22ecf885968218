"""Everything below a container in the order of paths (S3's byte order of keys), a page at a time."""

from dataclasses import dataclass
from typing import Final

from domain.access import Level
from domain.errors import BadInput
from domain.views import ContainerView, ResourceView
from graphstore.cypher import pages
from graphstore.cypher.views import resource_view
from graphstore.walking import Walk, WalkedName
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.paging import Page, page_of, page_request

LISTING: Final = "descendants"
_PASSED_MAX: Final = 2000
_CONTAINER: Final = "c"
_OBJECT: Final = "o"


@dataclass(frozen=True, slots=True)
class Descendant:
    """A resource below a container, and its path from there; a container's ends with `/`."""

    path: str
    resource: ResourceView

    @property
    def place(self) -> str:
        """Place in the order: the container `a/` and an Object named `a/` have the same path."""
        return (_CONTAINER if isinstance(self.resource, ContainerView) else _OBJECT) + self.path


@uncancelled
async def list_descendants(
    context: Context, container: ContainerView, *, first: int, after: str | None
) -> Page[Descendant]:
    """Page of what is below the container and may be seen; short, with more to come, where much may not.

    Raises: BadInput, CostExceeded, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    context.loaders.count_walk()
    walk = Walk(
        context.store,
        container.id,
        pages.ALL_NAMES,
        context.caller.user_id,
        context.now_ms,
        page_size=request.size + 1,
    )
    marker = await _seek(walk, request.after)
    found: list[Descendant] = []
    reached = ""
    for _ in range(_PASSED_MAX):
        name = await walk.next()
        if name is None:
            return page_of(found, _place, request, has_more=False)
        if marker is not None and not name.is_container and name.path <= marker:
            continue
        if name.row[1]["level"] >= Level.READ:
            if len(found) == request.size:
                return page_of(found, _place, request, has_more=True)
            found.append(Descendant(name.path, resource_view(name.row[1])))
        reached = _place_of(name)
    page = page_of(found, _place, request, has_more=True)
    return Page(page.items, page.has_next, page.has_previous, page.start or reached, reached)


def _place(descendant: Descendant) -> str:
    return descendant.place


def _place_of(name: WalkedName) -> str:
    return (_CONTAINER if name.is_container else _OBJECT) + name.path


async def _seek(walk: Walk, place: str) -> str | None:
    """Go to what follows the place; answers the path up to which Objects are still to be passed over, if any."""
    if not place:
        return None
    path = place[1:]
    if not path or place[0] not in {_CONTAINER, _OBJECT} or (place[0] == _CONTAINER and not path.endswith("/")):
        raise BadInput("after is no cursor of this list; take one from its pageInfo", field=("after",))
    if place[0] == _CONTAINER:
        await walk.seek_into(path)
        return None
    if not path.endswith("/"):
        await walk.seek(path, is_included=False)
        return None
    # After the Object `a/` comes the container `a`, which a walk to its path would go into: begin a little before.
    await walk.seek(path[:-1] + ".\U0010ffff", is_included=False)
    return path
