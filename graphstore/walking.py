"""Walks a container's whole subtree in key order (raw UTF-8 order), page by page, and can jump ahead.

Because a container's Entry sorts as its name, `/` and U+0001, one ordered scan of each container and a descent at each
container's Entry gives the byte order of the whole keys. Cost follows what is visited: a jump reads no names between.
Containers of snapshots and archives are walked as they were (graphstore/frozen.py), with the same order and jumps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.access import Level
from domain.keys import CONTAINER_MARK, container_sort
from domain.resources import Kind
from graphstore.cypher import pages
from graphstore.cypher.pages import Range, Shape
from graphstore.frozen import (
    FROZEN_CONTAINER_NAMES,
    FROZEN_KEYS,
    FROZEN_KEYS_WITH_RIGHTS,
    FROZEN_NAMES,
    FrozenNames,
    FrozenRange,
    FrozenRow,
    FrozenShape,
    find_frozen,
    read_frozen_pages,
)
from graphstore.paging import read_pages
from graphstore.statements import Query, Row, Statement
from graphstore.store import GraphStore

PAGE_MAX: Final = 1000

_FROZEN_SHAPES: Final[Mapping[str, FrozenShape]] = {
    pages.ALL_NAMES.name: FROZEN_NAMES,
    pages.CONTAINER_NAMES.name: FROZEN_CONTAINER_NAMES,
    pages.KEYS.name: FROZEN_KEYS,
    pages.KEYS_WITH_RIGHTS.name: FROZEN_KEYS_WITH_RIGHTS,
}
"""What brings the same columns of a frozen container's names."""


@dataclass(frozen=True, slots=True)
class WalkedName:
    """One name met on a walk: its key below the root (a container's ends with `/`) and its row of the page's shape.

    `level` is the caller's where the name is one of a frozen container, on what that shows; else the row's shape tells.
    """

    path: str
    is_container: bool
    row: Sequence[Any]
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class WalkPlace:
    """A container to walk: its Entries begin with `owner_id`; of a frozen one that is the original's id."""

    owner_id: str
    frozen: FrozenNames | None = None


@dataclass(slots=True)
class _Frame:
    """One container on the way down: its path, where in its names the walk stands, and the rows read ahead."""

    place: WalkPlace
    path: str
    lower: str
    is_lower_included: bool = False
    prefix: str = ""
    rows: Sequence["_Row"] = field(default_factory=tuple["_Row", ...])
    position: int = 0
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """One name read ahead; `child` is where to go on if it is a container's."""

    columns: Sequence[Any]
    child: WalkPlace | None
    level: Level | None = None


def _containers(rows: Sequence[Row]) -> Sequence[WalkPlace]:
    found = (rows[0]["first"], rows[0]["second"])
    return [_living_place(child_id, epoch) for child_id, epoch in found if child_id is not None]


def _living_place(container_id: str, epoch: int | None) -> WalkPlace:
    """Place of a container that isn't part of a snapshot; in an archive it shows an epoch of itself."""
    return WalkPlace(container_id, None if epoch is None else FrozenNames(container_id, container_id, epoch))


_CONTAINERS: Final = Statement(
    "containers below a container",
    "OPTIONAL MATCH (:ContainerEntry {sort: $first})-[:NAMES]->(c1:Resource) "
    "OPTIONAL MATCH (:ContainerEntry {sort: coalesce(c1.id, '') + $second})-[:NAMES]->(c2:Resource) "
    "RETURN [c1.id, c1.frozenAt] AS first, [c2.id, c2.frozenAt] AS second",
    _containers,
)


def containers_below(root_id: str, names: Sequence[str]) -> Query[Sequence[WalkPlace]]:
    """Find the containers that one or two names lead to from a container that isn't part of a snapshot.

    Containers of an archive stand where they stood when it became one.
    """
    first = container_sort(root_id, names[0])
    return _CONTAINERS.bind(first=first, second=container_sort("", names[1]) if len(names) > 1 else "")


class Walk:
    """A position in the subtree of one container.

    `root` is its id, or where the names are that it shows, if it is frozen. `prefix` bounds the root's own names;
    `page_size` how many names are read at once. With `pages_max` the walk ends after so many pages, and `rest` tells
    whether there is more. Rows have the columns of `shape`, below a frozen container those of the frozen shape that
    belongs to it. A walk that begins in a snapshot may have a frozen shape itself.
    """

    def __init__(
        self,
        store: GraphStore,
        root: str | FrozenNames,
        shape: Shape | FrozenShape,
        caller: str,
        now: int,
        *,
        prefix: str = "",
        page_size: int = PAGE_MAX,
        pages_max: int | None = None,
    ) -> None:
        assert isinstance(shape, Shape) or isinstance(root, FrozenNames), "living names have a living shape"
        self._store = store
        self._root = WalkPlace(root) if isinstance(root, str) else WalkPlace(root.original_id, root)
        self._shape = shape
        self._caller = caller
        self._now = now
        self._prefix = prefix
        self._page_size = page_size
        self._pages_left = pages_max
        self._frames = [_Frame(self._root, "", self._root.owner_id + prefix, is_lower_included=True, prefix=prefix)]
        self._pending: _Frame | None = None
        # In a snapshot each step down is a statement of its own: what was met once isn't looked up again.
        self._known: dict[str, WalkPlace] = {}

    @property
    def rest(self) -> str | None:
        """Path from which on (inclusive) the walk hasn't looked, if it ended by `pages_max`; None if there is no more.

        Without a look at the names that were read ahead: for a walk that has ended.
        """
        if not self._frames:
            return None
        frame = self._frames[-1]
        name = frame.lower[len(frame.place.owner_id) :]
        if name.endswith(CONTAINER_MARK):
            # All keys in the container begin with its name and `/`, which `0` follows.
            return f"{frame.path}{name[: -len(CONTAINER_MARK)]}0"
        return frame.path + name if frame.is_lower_included else f"{frame.path}{name}\0"

    async def seek(self, path: str, *, is_included: bool) -> None:
        """Go to the first name at or after a path below the root (after it, if not included).

        Raises: Unavailable.
        """
        self._pending = None
        names = _container_segments(path)
        frames: list[_Frame] = []
        place, way, rest, prefix = self._root, "", path, self._prefix
        for name, child in zip(names, await self._find(names), strict=False):
            frames.append(_Frame(place, way, container_sort(place.owner_id, name), prefix=prefix))
            place, way, prefix = child, f"{way}{name}/", ""
            rest = rest[len(name) + 1 :]
        frames.append(_Frame(place, way, place.owner_id + rest, is_included, prefix))
        self._frames = frames

    async def seek_into(self, path: str) -> None:
        """Go to the first name inside the container whose path (ending with `/`) is given.

        Raises: Unavailable.
        """
        # No name begins with NUL: the path with one after it lies before all names of the container.
        await self.seek(f"{path}\0", is_included=True)
        top = self._frames[-1]
        if top.lower.endswith("\0"):
            top.lower = top.lower[:-1]
            top.is_lower_included = False

    async def next(self) -> WalkedName | None:
        """Answer the next name in key order, None at the end; a container comes before what is in it.

        Raises: Unavailable.
        """
        if self._pending is not None:
            self._frames.append(self._pending)
            self._pending = None
        while self._frames:
            frame = self._frames[-1]
            if frame.position == len(frame.rows):
                if frame.is_finished:
                    self._frames.pop()
                    continue
                if self._pages_left == 0:
                    return None
                await self._read_on(frame)
                continue
            row = frame.rows[frame.position]
            frame.position += 1
            name = row.columns[0][len(frame.place.owner_id) :]
            if row.child is not None:
                path = frame.path + name[: 1 - len(CONTAINER_MARK)]
                self._known[path] = row.child
                self._pending = _Frame(row.child, path, row.child.owner_id)
                return WalkedName(path, is_container=True, row=row.columns, level=row.level)
            return WalkedName(frame.path + name, is_container=False, row=row.columns, level=row.level)
        return None

    def skip_subtree(self) -> None:
        """Don't go into the container that `next` answered last."""
        self._pending = None

    async def _find(self, names: Sequence[str]) -> Sequence[WalkPlace]:
        """Find the containers that names lead to from the root, as far as there are any."""
        if not names:
            return ()
        if self._root.frozen is None or not self._root.frozen.root_id:
            return await self._store.read(containers_below(self._root.owner_id, names))
        found: list[WalkPlace] = []
        above, way = self._root.frozen, ""
        for name in names:
            way = f"{way}{name}/"
            child = self._known.get(way) or await self._find_frozen(above, name)
            if child is None or child.frozen is None:
                break
            self._known[way] = child
            above = child.frozen
            found.append(child)
        return found

    async def _find_frozen(self, above: FrozenNames, name: str) -> WalkPlace | None:
        wanted = [(above, container_sort(above.original_id, name))]
        (row,) = await find_frozen(self._store, FROZEN_CONTAINER_NAMES, wanted, self._caller, self._now)
        return None if row is None else _frozen_row(row).child

    async def _read_on(self, frame: _Frame) -> None:
        if self._pages_left is not None:
            self._pages_left -= 1
        owner_id = frame.place.owner_id
        stretch = Range(owner_id, frame.lower, frame.is_lower_included, prefix=frame.prefix)
        if frame.place.frozen is not None:
            await self._read_frozen(frame, frame.place.frozen, stretch)
            return
        shape = self._shape
        assert isinstance(shape, Shape), "living names have a living shape"
        (rows,) = await read_pages(self._store, shape, [stretch], self._page_size, self._caller, self._now)
        if frame.prefix:
            # The upper bound may be wider than the prefix (graphstore/cypher/pages.py): stop where the prefix ends.
            rows = [row for row in rows if row[0].startswith(owner_id + frame.prefix)]
        frame.is_finished = len(rows) < self._page_size
        frame.rows, frame.position = [_living_row(shape, row) for row in rows], 0
        if rows:
            frame.lower, frame.is_lower_included = rows[-1][0], False

    async def _read_frozen(self, frame: _Frame, names: FrozenNames, stretch: Range) -> None:
        shape = _FROZEN_SHAPES[self._shape.name] if isinstance(self._shape, Shape) else self._shape
        ranges = [FrozenRange(names, stretch)]
        (page,) = await read_frozen_pages(self._store, shape, ranges, self._page_size, self._caller, self._now)
        frame.rows, frame.position = [_frozen_row(row) for row in page.rows], 0
        frame.is_finished = page.is_finished
        if not page.is_finished:
            frame.lower, frame.is_lower_included = page.reached, False


def _living_row(shape: Shape, columns: Sequence[Any]) -> _Row:
    kind, child_id = shape.child_of(columns)
    return _Row(columns, None if kind == Kind.OBJECT else WalkPlace(child_id, shape.frozen_of(columns)))


def _frozen_row(row: FrozenRow) -> _Row:
    child = None if row.names is None else WalkPlace(row.names.original_id, row.names)
    return _Row(row.columns, child, row.level)


def _container_segments(path: str) -> list[str]:
    """Return the first segments of a path that could name containers on the way to it, at most two."""
    return path.split("/")[:-1][:2]
