"""Pages of children of many containers at once, in S3's byte order of names.

What the caller may not see and kinds that weren't asked for are passed over, within a fixed budget of reads: a page may
then be short with more to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.access import Level
from domain.keys import CONTAINER_MARK
from domain.resources import CONTAINER_KINDS, Kind
from domain.views import NamedResource
from graphstore.cypher import pages
from graphstore.cypher.pages import Range, Shape
from graphstore.cypher.views import resource_view
from graphstore.paging import read_pages
from graphstore.store import GraphStore
from resolvers.paging import Page, PageRequest

LISTING: Final = "children"
_ROUNDS_MAX: Final = 10

ALL_KINDS: Final = frozenset({Kind.COLLECTION, Kind.DATASET, Kind.OBJECT})


@dataclass(frozen=True, slots=True)
class ChildrenRequest:
    """One page of a container's children of some kinds. Places are names, a container's with its mark."""

    parent_id: str
    kinds: frozenset[Kind]
    page: PageRequest


@dataclass(slots=True)
class _Reading:
    """How far the page of one request is read."""

    request: ChildrenRequest
    lower: str
    before: str
    found: list[NamedResource] = field(default_factory=list[NamedResource])
    reached: str = ""
    is_finished: bool = False

    @property
    def shape(self) -> Shape:
        return pages.CONTAINER_NAMES if self.request.kinds <= CONTAINER_KINDS else pages.ALL_NAMES

    @property
    def group(self) -> tuple[str, int, bool]:
        """What readings of one statement have in common."""
        return self.shape.name, self.request.page.size, self.request.page.is_backward

    @property
    def is_full(self) -> bool:
        return len(self.found) > self.request.page.size

    def take(self, rows: Sequence[Any]) -> None:
        for row in rows:
            sort, found = row[0], row[1]
            if found["level"] >= Level.READ and found["kind"] in self.request.kinds:
                name = sort[len(self.request.parent_id) :].removesuffix(CONTAINER_MARK)
                self.found.append(NamedResource(sort, name, resource_view(found)))
        self.is_finished = len(rows) <= self.request.page.size
        if rows:
            self.reached = rows[-1][0]
            if self.request.page.is_backward:
                self.before = self.reached
            else:
                self.lower = self.reached


async def load_children(
    store: GraphStore, requests: Sequence[ChildrenRequest], caller: str, now: int
) -> list[Page[NamedResource]]:
    """Pages in the order of the requests.

    Raises: Unavailable.
    """
    readings = [_begin(request) for request in requests]
    for _ in range(_ROUNDS_MAX):
        open_readings = [reading for reading in readings if not reading.is_finished and not reading.is_full]
        if not open_readings:
            break
        groups: dict[tuple[str, int, bool], list[_Reading]] = {}
        for reading in open_readings:
            groups.setdefault(reading.group, []).append(reading)
        for group in groups.values():
            await _read_on(store, group, caller, now)
    return [_page(reading) for reading in readings]


def _begin(request: ChildrenRequest) -> _Reading:
    after, before = request.page.after, request.page.before
    return _Reading(request, request.parent_id + after, request.parent_id + before if before else "")


async def _read_on(store: GraphStore, group: Sequence[_Reading], caller: str, now: int) -> None:
    page = group[0].request.page
    ranges = [Range(reading.request.parent_id, reading.lower, before=reading.before) for reading in group]
    found = await read_pages(store, group[0].shape, ranges, page.size + 1, caller, now, is_backward=page.is_backward)
    for reading, rows in zip(group, found, strict=True):
        reading.take(rows)


def _page(reading: _Reading) -> Page[NamedResource]:
    request = reading.request
    items = reading.found[: request.page.size]
    has_more = reading.is_full or not reading.is_finished
    outermost = items[-1].sort if items else ""
    if has_more and not reading.is_full:
        outermost = reading.reached
    if request.page.is_backward:
        items.reverse()
    placed = tuple((item.sort[len(request.parent_id) :], item) for item in items)
    innermost = (placed[-1] if request.page.is_backward else placed[0])[0] if placed else None
    beyond = outermost[len(request.parent_id) :] or None
    return Page(
        items=placed,
        has_next=bool(request.page.before) if request.page.is_backward else has_more,
        has_previous=has_more if request.page.is_backward else bool(request.page.after),
        start=beyond if request.page.is_backward else innermost or beyond,
        end=innermost or beyond if request.page.is_backward else beyond,
    )
