"""Sums over subtrees: own counters of all containers below, level by level, for many roots at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from domain.resources import Kind
from graphstore.cypher.batched import COUNTERS
from graphstore.cypher.pages import Range, whole
from graphstore.instants import from_ms
from graphstore.paging import read_pages
from graphstore.store import GraphStore

_PAGE_SIZE: Final = 1000


@dataclass(frozen=True, slots=True)
class Stats:
    """Objects that are AVAILABLE and their bytes, and when one of them last came, changed or went."""

    objects: int
    length_bytes: int
    last_change: datetime

    def __add__(self, other: "Stats") -> "Stats":
        """Sum of both; of the changes the later one."""
        return Stats(
            self.objects + other.objects,
            self.length_bytes + other.length_bytes,
            max(self.last_change, other.last_change),
        )


NO_STATS: Final = Stats(0, 0, from_ms(0))


@dataclass(frozen=True, slots=True)
class _Open:
    """A container whose containers aren't all read; counted for the root at `index`."""

    index: int
    names: Range


async def load_stats_below(store: GraphStore, roots: Sequence[tuple[str, Kind]], caller: str, now: int) -> list[Stats]:
    """Sums over the containers below each root (id, kind), in their order, without the roots' own counters.

    An Object with two parents below counts twice, as it has two keys.

    Raises: Unavailable.
    """
    sums = [NO_STATS] * len(roots)
    open_ones = [_Open(index, whole(root_id)) for index, (root_id, kind) in enumerate(roots) if _holds_containers(kind)]
    while open_ones:
        found = await read_pages(store, COUNTERS, [one.names for one in open_ones], _PAGE_SIZE, caller, now)
        following: list[_Open] = []
        for one, rows in zip(open_ones, found, strict=True):
            for row in rows:
                sums[one.index] += _own(row)
                if _holds_containers(row[2]):
                    following.append(_Open(one.index, whole(row[1])))
            if len(rows) == _PAGE_SIZE:
                following.append(_Open(one.index, replace(one.names, lower=rows[-1][0])))
        open_ones = following
    return sums


def _holds_containers(kind: str) -> bool:
    return kind in {Kind.PROJECT, Kind.COLLECTION}


def _own(row: Sequence[Any]) -> Stats:
    return Stats(row[3], row[4], from_ms(row[5]))
