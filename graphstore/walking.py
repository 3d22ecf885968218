"""Walks a container's whole subtree in key order (raw UTF-8 order), page by page, and can jump ahead.

Because a container's Entry sorts as its name, `/` and U+0001, one ordered scan of each container and a descent at each
container's Entry gives the byte order of the whole keys. Cost follows what is visited: a jump reads no names between.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.keys import CONTAINER_MARK, container_sort
from domain.resources import Kind
from graphstore.cypher.pages import Range, Shape
from graphstore.paging import read_pages
from graphstore.statements import Query, Row, Statement
from graphstore.store import GraphStore

PAGE_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class WalkedName:
    """One name met on a walk: its key below the root (a container's ends with `/`) and its row of the page's shape."""

    path: str
    is_container: bool
    row: Sequence[Any]


@dataclass(slots=True)
class _Frame:
    """One container on the way down: its path, where in its names the walk stands, and the rows read ahead."""

    container_id: str
    path: str
    lower: str
    is_lower_included: bool = False
    prefix: str = ""
    rows: Sequence[Any] = field(default_factory=tuple[Any, ...])
    position: int = 0
    is_finished: bool = False


def _containers(rows: Sequence[Row]) -> Mapping[str, str | None]:
    return rows[0]


_CONTAINERS: Final = Statement(
    "containers below a container",
    "OPTIONAL MATCH (:ContainerEntry {sort: $first})-[:NAMES]->(c1:Resource) "
    "OPTIONAL MATCH (:ContainerEntry {sort: coalesce(c1.id, '') + $second})-[:NAMES]->(c2:Resource) "
    "RETURN c1.id AS first, c2.id AS second",
    _containers,
)


def _containers_query(root_id: str, names: Sequence[str]) -> Query[Mapping[str, str | None]]:
    first = container_sort(root_id, names[0])
    return _CONTAINERS.bind(first=first, second=container_sort("", names[1]) if len(names) > 1 else "")


class Walk:
    """A position in the subtree of one container.

    `prefix` bounds the root's own names; `page_size` how many names are read at once.
    """

    def __init__(
        self,
        store: GraphStore,
        root_id: str,
        shape: Shape,
        caller: str,
        now: int,
        *,
        prefix: str = "",
        page_size: int = PAGE_MAX,
    ) -> None:
        self._store = store
        self._root_id = root_id
        self._shape = shape
        self._caller = caller
        self._now = now
        self._prefix = prefix
        self._page_size = page_size
        self._frames = [self._root_frame(root_id + prefix, is_included=True)]
        self._pending: _Frame | None = None

    def _root_frame(self, lower: str, *, is_included: bool) -> _Frame:
        return _Frame(self._root_id, "", lower, is_included, self._prefix)

    async def seek(self, path: str, *, is_included: bool) -> None:
        """Go to the first name at or after a path below the root (after it, if not included).

        Raises: Unavailable.
        """
        self._pending = None
        names = _container_segments(path)
        found: Mapping[str, str | None] = {}
        if names:
            found = await self._store.read(_containers_query(self._root_id, names))
        frames: list[_Frame] = []
        container_id, way, rest = self._root_id, "", path
        prefix = self._prefix
        for name, child_id in zip(names, (found.get("first"), found.get("second")), strict=False):
            if child_id is None:
                break
            frames.append(_Frame(container_id, way, container_sort(container_id, name), prefix=prefix))
            container_id, way, prefix = child_id, f"{way}{name}/", ""
            rest = rest[len(name) + 1 :]
        frames.append(_Frame(container_id, way, container_id + rest, is_included, prefix))
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
                await self._read_on(frame)
                continue
            row = frame.rows[frame.position]
            frame.position += 1
            name = row[0][len(frame.container_id) :]
            kind, child_id = self._shape.child_of(row)
            if kind != Kind.OBJECT:
                path = frame.path + name[: 1 - len(CONTAINER_MARK)]
                self._pending = _Frame(child_id, path, child_id)
                return WalkedName(path, is_container=True, row=row)
            return WalkedName(frame.path + name, is_container=False, row=row)
        return None

    def skip_subtree(self) -> None:
        """Don't go into the container that `next` answered last."""
        self._pending = None

    async def _read_on(self, frame: _Frame) -> None:
        stretch = Range(frame.container_id, frame.lower, frame.is_lower_included, prefix=frame.prefix)
        (rows,) = await read_pages(self._store, self._shape, [stretch], self._page_size, self._caller, self._now)
        if frame.prefix:
            # The upper bound may be wider than the prefix (graphstore/cypher/pages.py): stop where the prefix ends.
            bound = frame.container_id + frame.prefix
            kept = [row for row in rows if row[0].startswith(bound)]
            frame.is_finished = len(kept) < self._page_size
            rows = kept
        else:
            frame.is_finished = len(rows) < self._page_size
        frame.rows, frame.position = rows, 0
        if rows:
            frame.lower, frame.is_lower_included = rows[-1][0], False


def _container_segments(path: str) -> list[str]:
    """Return the first segments of a path that could name containers on the way to it, at most two."""
    return path.split("/")[:-1][:2]
