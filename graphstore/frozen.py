"""Reads what containers of snapshots and archives show, a page at a time, on either engine.

A page costs by a fixed budget of names. Where most of them have changed since, it is short, with more to come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from graphstore.cypher import frozen as cypher
from graphstore.cypher.frozen import NOTHING, RANGES_MAX, FrozenRange, Scanned, Scans
from graphstore.cypher.frozen_rows import (
    FROZEN_CONTAINER_NAMES,
    FROZEN_KEYS,
    FROZEN_KEYS_WITH_RIGHTS,
    FROZEN_NAMES,
    FrozenNames,
    FrozenRow,
    FrozenShape,
    frozen_names,
)
from graphstore.cypher.pages import Range, needs_upper
from graphstore.dialects import shows_commits_in_parts
from graphstore.store import GraphStore

ROUNDS: Final = (1, 8, 32)
"""How many times its size a page reads at most, round by round: most containers have hardly changed."""

BUDGET_MAX: Final = 2000
"""Names that one scan reads in one round."""


@dataclass(frozen=True, slots=True)
class FrozenPage:
    """Rows in the page's direction. All names up to `reached` were looked at, all there are if it `is_finished`.

    To go on, ask for what lies beyond `reached`, which is '' only where the page is finished.
    """

    rows: tuple[FrozenRow, ...]
    reached: str
    is_finished: bool


@dataclass(slots=True)
class _Reading:
    """How far the page of one range is read."""

    whole: FrozenRange
    left: Range
    rows: list[FrozenRow] = field(default_factory=list[FrozenRow])
    reached: str = ""
    is_finished: bool = False


async def read_frozen_pages(
    store: GraphStore,
    shape: FrozenShape,
    ranges: Sequence[FrozenRange],
    size: int,
    caller: str,
    now: int,
    *,
    is_backward: bool = False,
) -> list[FrozenPage]:
    """Read one page of at most `size` rows of each range, in the order of the ranges; backward pages run backwards.

    Rows that the caller may not see have the level NONE: they are for the reader to leave out (a container among them
    may hold what he may see).

    Raises: Unavailable.
    """
    readings = [_Reading(one, one.stretch) for one in ranges]
    for times in ROUNDS:
        budget = min(size * times + 1, BUDGET_MAX)
        still = [reading for reading in readings if not reading.is_finished and len(reading.rows) < size]
        for start in range(0, len(still), RANGES_MAX):
            group = still[start : start + RANGES_MAX]
            seen = await _scan(store, shape, group, budget, is_backward=is_backward)
            await _read_rows(store, shape, group, seen, size, (caller, now), is_backward=is_backward)
    return [FrozenPage(tuple(reading.rows), reading.reached, reading.is_finished) for reading in readings]


async def find_frozen(
    store: GraphStore, shape: FrozenShape, wanted: Sequence[tuple[FrozenNames, str]], caller: str, now: int
) -> list[FrozenRow | None]:
    """Find single names, each (names, its whole sort), in their order; None where the epoch shows none.

    Raises: Unavailable.
    """
    found = await _rows(store, shape, [(names, (sort,)) for names, sort in wanted], caller, now)
    return [_row_of(found, index, sort) for index, (_, sort) in enumerate(wanted)]


_Rows = Mapping[int, Mapping[str, FrozenRow]]
"""Rows by the index of their container and their sort."""


def _row_of(found: _Rows, index: int, sort: str) -> FrozenRow | None:
    return found[index].get(sort) if index in found else None


async def _rows(
    store: GraphStore, shape: FrozenShape, wanted: Sequence[tuple[FrozenNames, Sequence[str]]], caller: str, now: int
) -> _Rows:
    if not any(sorts for _, sorts in wanted):
        return {}
    found = await store.read(cypher.rows_query(shape, wanted, caller, now))
    missing = [
        (names, [sort for sort in sorts if _row_of(found, index, sort) is None])
        for index, (names, sorts) in enumerate(wanted)
    ]
    if not shows_commits_in_parts(store.engine.kind) or not any(sorts for _, sorts in missing):
        return found
    again = await store.read(cypher.rows_query(shape, missing, caller, now))
    return {index: {**found.get(index, {}), **again.get(index, {})} for index in range(len(wanted))}


@dataclass(frozen=True, slots=True)
class _Seen:
    """Names of a range that its epoch shows, in the page's direction, as far as both scans have come (None: all)."""

    sorts: Sequence[str]
    horizon: str | None


async def _scan(
    store: GraphStore, shape: FrozenShape, readings: Sequence[_Reading], budget: int, *, is_backward: bool
) -> list[_Seen]:
    ranges = [
        replace(reading.whole, stretch=reading.left.on_both_engines(is_backward=is_backward)) for reading in readings
    ]
    uppers: Scans | None = None
    if needs_upper(store.engine.kind, is_backward=is_backward):
        uppers = await store.read(cypher.upper_query(shape, ranges, budget))
    scan = cypher.scan_query(shape, ranges, budget, uppers=uppers, is_backward=is_backward)
    looks = [await store.read(scan)]
    if shows_commits_in_parts(store.engine.kind):
        looks.append(await store.read(scan))
    found: list[_Seen] = []
    for index, reading in enumerate(readings):
        pairs = [
            (scans.get((index, is_past), NOTHING), None if uppers is None else uppers.get((index, is_past)))
            for scans in looks
            for is_past in (False, True)
        ]
        found.append(_merge(reading.left, pairs, budget, is_backward=is_backward))
    return found


def _merge(stretch: Range, scans: Sequence[tuple[Scanned, Scanned | None]], budget: int, *, is_backward: bool) -> _Seen:
    """Merge the scans of a range, up to where all have come."""
    ends = [_end(stretch, scan, upper, budget) for scan, upper in scans]
    reached = [end for end in ends if end is not None]
    horizon = None if not reached else (max(reached) if is_backward else min(reached))
    # The name that a scan of PastEntries stopped at may have more of them: the rows tell whether one is shown.
    sorts = {sort for scan, _ in scans for sort in scan.sorts}
    if horizon is not None:
        sorts.add(horizon)
    within = [sort for sort in sorts if stretch.holds(sort) and _is_within(sort, horizon, is_backward=is_backward)]
    return _Seen(sorted(within, reverse=is_backward), horizon)


def _end(stretch: Range, scan: Scanned, upper: Scanned | None, budget: int) -> str | None:
    """Name up to which a scan has looked; None if that is all there is.

    Beyond the range there is nothing more to read: its bounds may be wider than asked for (pages.Range).
    """
    last = scan.last if scan.count >= budget else None
    if last is None and upper is not None and upper.count >= budget:
        last = upper.last
    return last if last is not None and stretch.holds(last) else None


def _is_within(sort: str, horizon: str | None, *, is_backward: bool) -> bool:
    if horizon is None:
        return True
    return sort >= horizon if is_backward else sort <= horizon


async def _read_rows(
    store: GraphStore,
    shape: FrozenShape,
    readings: Sequence[_Reading],
    seen: Sequence[_Seen],
    size: int,
    caller: tuple[str, int],
    *,
    is_backward: bool,
) -> None:
    """Read the rows of what was seen, as many as the pages still take."""
    taken = [one.sorts[: size - len(reading.rows)] for reading, one in zip(readings, seen, strict=True)]
    wanted = [(reading.whole.names, sorts) for reading, sorts in zip(readings, taken, strict=True)]
    found = await _rows(store, shape, wanted, *caller)
    for index, (reading, one, sorts) in enumerate(zip(readings, seen, taken, strict=True)):
        rows = (_row_of(found, index, sort) for sort in sorts)
        reading.rows += [row for row in rows if row is not None]
        end = sorts[-1] if len(sorts) < len(one.sorts) else one.horizon
        reading.is_finished = end is None
        reading.reached = end or ""
        if end is not None and is_backward:
            reading.left = replace(reading.left, before=end)
        elif end is not None:
            reading.left = replace(reading.left, lower=end, is_lower_included=False)


__all__ = [
    "FROZEN_CONTAINER_NAMES",
    "FROZEN_KEYS",
    "FROZEN_KEYS_WITH_RIGHTS",
    "FROZEN_NAMES",
    "FrozenNames",
    "FrozenPage",
    "FrozenRange",
    "FrozenRow",
    "FrozenShape",
    "find_frozen",
    "frozen_names",
    "read_frozen_pages",
]
