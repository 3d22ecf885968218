"""What differs between two snapshots of one container, or between a snapshot and its original: a page at a time.

Both are walked together in the order of paths, within a fixed budget of names a page. What is on one side alone is
looked up on the other by its id, so that a move is told once, where it leads.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from domain.access import Level
from domain.comparing import Difference, DifferenceKind, Moves, compare, may_differ, pair_paths
from domain.errors import BadInput
from domain.resources import Kind, State
from domain.views import ContainerView, ObjectView, ResourceView
from graphstore.cypher import pages, placings
from graphstore.cypher.views import resource_view
from graphstore.frozen import FrozenNames, frozen_names
from graphstore.walking import Walk
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.frozen import load_labels
from resolvers.paging import Page, page_request
from resolvers.walking import order_of, place_at, place_from, seek_before, seek_place

if TYPE_CHECKING:
    from graphstore.cypher.placings import Placing

LISTING: Final = "differences"

_NAMES_MAX: Final = 2000
_PAGES_MAX: Final = 60
_PAGE_SIZE: Final = 200
"""How many names both walks meet for a page, how many pages of names each reads, and of which size."""

_BATCH: Final = 200
"""How many names that differ are looked at together."""

_Order = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class Change:
    """A difference and its place in the list: `0` (another one follows at the same path) or `1`, then where it is."""

    place: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class _Name:
    """One name on one side."""

    path: str
    resource: ResourceView

    @property
    def order(self) -> _Order:
        return self.path, self.is_container

    @property
    def is_container(self) -> bool:
        return isinstance(self.resource, ContainerView)

    @property
    def identity(self) -> str:
        """What the resource is on both sides."""
        if isinstance(self.resource, ObjectView):
            return self.resource.object_id
        return self.resource.id if self.resource.frozen is None else self.resource.frozen.original_id


@dataclass(frozen=True, slots=True)
class _Met:
    """What stands at one path before and after; not the same on both sides."""

    before: _Name | None
    after: _Name | None

    @property
    def names(self) -> Iterable[_Name]:
        return (name for name in (self.before, self.after) if name is not None)


class _Side:
    """One of the two: a walk through it, and the next name on it that the caller may see."""

    def __init__(self, context: Context, container: ContainerView) -> None:
        self.root: str | FrozenNames = container.id if container.frozen is None else frozen_names(container)
        self.is_deleted = self.is_gone = container.state is State.DELETED
        self.walk = Walk(
            context.store,
            self.root,
            pages.ALL_NAMES,
            context.caller.user_id,
            context.now_ms,
            page_size=_PAGE_SIZE,
            pages_max=_PAGES_MAX,
        )
        self.next: _Name | None = None
        self.rest: str | None = None
        self.passed = 0

    async def seek(self, place: str, *, is_before: bool) -> None:
        """Go to what follows the place, or to the place itself."""
        if is_before:
            await seek_before(self.walk, place[1:])
        else:
            await seek_place(self.walk, place)
        await self.step()
        # What the place was reached by may begin a little before it.
        while place and self.next is not None and _is_passed(self.next.order, place, is_before=is_before):
            await self.step()

    async def step(self) -> None:
        """Go on to the next name."""
        self.next = None
        while not self.is_gone:
            name = await self.walk.next()
            if name is None:
                self.is_gone, self.rest = True, self.walk.rest
                return
            self.passed += 1
            row = name.row[1]
            is_there = row["state"] != State.DELETED or row.get("heldBy") is not None
            if row["level"] >= Level.READ and is_there and (row["kind"] != Kind.OBJECT or row.get("versionId")):
                self.next = _Name(name.path, resource_view(row))
                return


def _is_passed(order: _Order, place: str, *, is_before: bool) -> bool:
    """Whether a name comes before what follows a place; one that begins at a path has nothing before it."""
    reached = order_of(place)
    if not is_before and place == place_from(place[1:]):
        return False
    return order < reached or (order == reached and not is_before)


@dataclass(slots=True)
class _Merge:
    """Both sides, walked together."""

    before: _Side
    after: _Side
    reached: str = ""
    is_finished: bool = False
    skips_removed_at: _Order | None = None
    met: list[_Met] = field(default_factory=list[_Met])

    async def read_on(self) -> None:
        """Collect what differs, at most _BATCH names at a time and _NAMES_MAX in all."""
        self.met = []
        while len(self.met) < _BATCH:
            orders = [side.next.order for side in (self.before, self.after) if side.next is not None]
            bound = min((side.rest for side in (self.before, self.after) if side.rest is not None), default=None)
            if bound is not None and (not orders or min(orders)[0] >= bound):
                # One walk has read as much as it may: what the other one meets from here on can't be compared.
                self.reached, self.is_finished = place_from(bound), True
                return
            if not orders:
                self.reached, self.is_finished = "", True
                return
            if self.before.passed + self.after.passed >= _NAMES_MAX and self.reached:
                self.is_finished = True
                return
            await self._take(min(orders))

    async def _take(self, order: _Order) -> None:
        found: list[_Name | None] = []
        for side in (self.before, self.after):
            name = side.next if side.next is not None and side.next.order == order else None
            found.append(name)
            if name is not None:
                await side.step()
        before, after = found
        if self.skips_removed_at == order:
            before = None
        if before is None or after is None or not _is_same(before, after):
            self.met.append(_Met(before, after))
        self.reached = place_at(order[0], is_container=order[1])


def _is_same(before: _Name, after: _Name) -> bool:
    return before.identity == after.identity and not may_differ(before.resource, after.resource)


@uncancelled
async def list_differences(
    context: Context, from_id: str, to_id: str, *, first: int, after: str | None
) -> Page[Change] | None:
    """Page of what differs, in the order of the paths where each is told; None where either isn't there to be seen.

    A page may be short, with more to come, where much was compared.

    Raises: BadInput (not of one original, or no snapshot among them), CostExceeded, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    found = await context.loaders.resources.load_many([from_id, to_id])
    if found[0] is None or found[1] is None:
        return None
    before, later = _check(found[0], ("from",)), _check(found[1], ("to",))
    if _original(before) != _original(later) or (
        before.id != later.id and before.frozen is None and later.frozen is None
    ):
        raise BadInput("compare two snapshots of one original, or a snapshot and its original", field=("to",))
    for _ in range(2):
        context.loaders.count_walk()
    merge = _Merge(_Side(context, before), _Side(context, later))
    await _seek(merge, request.after)
    changes: list[Change] = []
    while not merge.is_finished and len(changes) <= request.size:
        await merge.read_on()
        changes += await _explain(context, merge)
    return _page(changes, request.size, merge.reached, has_previous=bool(request.after))


def _check(found: ResourceView, name: tuple[str]) -> ContainerView:
    if isinstance(found, ContainerView):
        return found
    raise BadInput(f"{found.id} is an object; compare its revisions", field=name)


def _original(container: ContainerView) -> str:
    return container.id if container.frozen is None else container.frozen.original_id


async def _seek(merge: _Merge, cursor: str) -> None:
    place = cursor[1:]
    if cursor and (cursor[0] not in {"0", "1"} or not place or (cursor[0] == "0" and place == place_from(place[1:]))):
        raise BadInput("after is no cursor of this list; take one from its pageInfo", field=("after",))
    is_before = cursor.startswith("0")
    if is_before:
        merge.skips_removed_at = order_of(place)
    for side in (merge.before, merge.after):
        await side.seek(place, is_before=is_before)


def _page(changes: Sequence[Change], size: int, reached: str, *, has_previous: bool) -> Page[Change]:
    placed = tuple((change.place, change) for change in changes[:size])
    has_more = len(changes) > size or bool(reached)
    end = placed[-1][0] if placed else None
    if reached and len(changes) <= size:
        end = "1" + reached
    return Page(placed, has_more, has_previous, placed[0][0] if placed else end, end)


# -- what it was


async def _explain(context: Context, merge: _Merge) -> list[Change]:
    """Say what happened at each path that was met."""
    lonely = [name for met in merge.met if not _is_pair(met) for name in met.names]
    places_before, places_after = await asyncio.gather(
        _placings(context, merge.before, lonely), _placings(context, merge.after, lonely)
    )
    moves = {
        identity: pair_paths(places_before.get(identity, {}), places_after.get(identity, {}))
        for identity in {name.identity for name in lonely}
    }
    found = await asyncio.gather(*(_at_path(context, met, moves, places_before) for met in merge.met))
    return [change for changes in found for change in changes]


def _is_pair(met: _Met) -> bool:
    return met.before is not None and met.after is not None and met.before.identity == met.after.identity


_Placed = dict[str, dict[str, ResourceView]]
"""By id and path: what the caller sees there."""


async def _placings(context: Context, side: _Side, names: Sequence[_Name]) -> _Placed:
    """All paths on one side of resources that aren't on both, as far as the caller sees them there."""
    if side.is_deleted:
        return {}
    objects = [name.identity for name in names if not name.is_container]
    containers = [name.identity for name in names if name.is_container]
    found: dict[str, Sequence[Placing]] = {}
    if objects:
        found |= await context.store.read(placings.object_placings(objects, side.root))
    if containers:
        found |= await context.store.read(placings.container_placings(containers, side.root))
    wanted = [(identity, placing) for identity, known in found.items() for placing in known]
    views = await context.loaders.resources.load_many([placing.view_id for _, placing in wanted])
    placed: _Placed = {}
    for (identity, placing), view in zip(wanted, views, strict=True):
        if view is not None and (view.state is not State.DELETED or _is_held(view)):
            placed.setdefault(identity, {})[placing.path] = view
    return placed


def _is_held(view: ResourceView) -> bool:
    return isinstance(view, ObjectView) and view.held is not None


async def _at_path(context: Context, met: _Met, moves: dict[str, Moves], places_before: _Placed) -> Sequence[Change]:
    before, after = met.before, met.after
    if before is not None and after is not None and before.identity == after.identity:
        return _as_changes(await _compared(context, before, after), after)
    gone = None if before is None or before.path not in moves[before.identity].removed else before
    come = None if after is None else _arrival(after, moves[after.identity], places_before)
    if gone is not None and after is not None and come is not None and come.kind is DifferenceKind.ADDED:
        # Another resource under the same name: it is what it shows that has changed.
        return _as_changes(await _compared(context, gone, after), after)
    removed = None if gone is None else Difference(DifferenceKind.REMOVED, gone.path, None, gone.resource, None)
    changes: list[Change] = []
    if removed is not None and gone is not None:
        changes.append(Change(("0" if come is not None else "1") + _place(gone), removed))
    if come is not None and after is not None:
        changes.append(Change("1" + _place(after), come))
    return changes


def _arrival(after: _Name, moves: Moves, places_before: _Placed) -> Difference | None:
    """Say how a name came that wasn't there before; None where it is no difference for this caller."""
    for path_before, path_after in moves.moved:
        if path_after == after.path:
            before = places_before[after.identity][path_before]
            return Difference(DifferenceKind.MOVED, path_before, path_after, before, after.resource)
    if after.path not in moves.added:
        return None
    return Difference(DifferenceKind.ADDED, None, after.path, None, after.resource)


async def _compared(context: Context, before: _Name, after: _Name) -> Difference | None:
    labels_before, labels_after = await asyncio.gather(
        load_labels(context, before.resource), load_labels(context, after.resource)
    )
    kind = compare(before.resource, after.resource, labels_before, labels_after)
    return None if kind is None else Difference(kind, before.path, after.path, before.resource, after.resource)


def _as_changes(difference: Difference | None, name: _Name) -> Sequence[Change]:
    return () if difference is None else (Change("1" + _place(name), difference),)


def _place(name: _Name) -> str:
    return place_at(name.path, is_container=name.is_container)
