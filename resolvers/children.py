"""Pages of children of many containers at once, in S3's byte order of names.

What the caller may not see and kinds that weren't asked for are passed over, within a fixed budget of reads: a page may
then be short with more to come. Containers of snapshots and archives show what they showed then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.access import Level
from domain.keys import CONTAINER_MARK
from domain.resources import CONTAINER_KINDS, Kind, State
from domain.views import NamedResource
from graphstore.cypher import pages
from graphstore.cypher.pages import Range, Shape
from graphstore.cypher.views import resource_view
from graphstore.frozen import (
    FROZEN_CONTAINER_NAMES,
    FROZEN_NAMES,
    FrozenNames,
    FrozenRange,
    FrozenShape,
    read_frozen_pages,
)
from graphstore.paging import read_pages
from graphstore.store import GraphStore
from resolvers.paging import Page, PageRequest

LISTING: Final = "children"
_ROUNDS_MAX: Final = 10

ALL_KINDS: Final = frozenset({Kind.COLLECTION, Kind.DATASET, Kind.OBJECT})


@dataclass(frozen=True, slots=True)
class ChildrenRequest:
    """One page of a container's children of some kinds. Places are names, a container's with its mark.

    `parent_id` is what the names begin with; of a frozen container (`frozen`) that is its original's id.
    """

    parent_id: str
    kinds: frozenset[Kind]
    page: PageRequest
    frozen: FrozenNames | None = None


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
    def frozen_shape(self) -> FrozenShape:
        return FROZEN_CONTAINER_NAMES if self.request.kinds <= CONTAINER_KINDS else FROZEN_NAMES

    @property
    def group(self) -> tuple[bool, str, int, bool]:
        """What readings of one statement have in common."""
        is_frozen = self.request.frozen is not None
        return is_frozen, self.shape.name, self.request.page.size, self.request.page.is_backward

    @property
    def left(self) -> Range:
        """What is still to be read."""
        return Range(self.request.parent_id, self.lower, before=self.before)

    @property
    def is_full(self) -> bool:
        return len(self.found) > self.request.page.size

    def _is_there(self, found: Mapping[str, Any]) -> bool:
        """Whether it is still there: an Object goes with its home, and its name elsewhere a little later."""
        return self.request.frozen is not None or found["state"] != State.DELETED

    def take(self, rows: Sequence[Any], reached: str, *, is_finished: bool) -> None:
        for row in rows:
            sort, found = row[0], row[1]
            if found["level"] >= Level.READ and found["kind"] in self.request.kinds and self._is_there(found):
                name = sort[len(self.request.parent_id) :].removesuffix(CONTAINER_MARK)
                self.found.append(NamedResource(sort, name, resource_view(found)))
        self.is_finished = is_finished
        if reached:
            self.reached = reached
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
        groups: dict[tuple[bool, str, int, bool], list[_Reading]] = {}
        for reading in open_readings:
            groups.setdefault(reading.group, []).append(reading)
        for group in groups.values():
            await _read_on(store, group, caller, now)
    return [_page(reading) for reading in readings]


def _begin(request: ChildrenRequest) -> _Reading:
    after, before = request.page.after, request.page.before
    return _Reading(request, request.parent_id + after, request.parent_id + before if before else "")


async def _read_on(store: GraphStore, group: Sequence[_Reading], caller: str, now: int) -> None:
    if group[0].request.frozen is not None:
        await _read_frozen(store, group, caller, now)
        return
    page = group[0].request.page
    ranges = [reading.left for reading in group]
    found = await read_pages(store, group[0].shape, ranges, page.size + 1, caller, now, is_backward=page.is_backward)
    for reading, rows in zip(group, found, strict=True):
        reading.take(rows, rows[-1][0] if rows else "", is_finished=len(rows) <= page.size)


async def _read_frozen(store: GraphStore, group: Sequence[_Reading], caller: str, now: int) -> None:
    page = group[0].request.page
    ranges = [
        FrozenRange(reading.request.frozen, reading.left) for reading in group if reading.request.frozen is not None
    ]
    found = await read_frozen_pages(
        store, group[0].frozen_shape, ranges, page.size + 1, caller, now, is_backward=page.is_backward
    )
    for reading, read in zip(group, found, strict=True):
        reading.take([row.columns for row in read.rows], read.reached, is_finished=read.is_finished)


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
