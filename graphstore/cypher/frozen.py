"""Pages of what a container showed in an epoch: two ordered scans of names, then the rows of those that it showed.

An Entry shows what it shows since its epoch, a PastEntry what its name showed from one epoch to another (decision
0012). Each scan reads a budget of names in the order of `sort`, matching or not, and tells how far it came. The rules
of both engines are those of graphstore/cypher/pages.py. Scans are kept small and rows are one text for all ranges:
Neo4j plans each text anew, and a union of whole rows took it seconds.

Of each name the Entry is read before the PastEntry: what a writer pushes back between the two is then met twice, never
missed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from domain.access import Level
from domain.keys import CONTAINER_MARK
from domain.resources import DataClass
from graphstore.cypher.frozen_rows import FrozenNames, FrozenRow, FrozenShape, Holder
from graphstore.cypher.pages import BRANCHES_MAX, NUMBERS, Range, bounds
from graphstore.cypher.rights import level_of
from graphstore.statements import Query, Row

RANGES_MAX: Final = BRANCHES_MAX // 2
"""Ranges of one statement: each is two scans."""


@dataclass(frozen=True, slots=True)
class FrozenRange:
    """A stretch of the names of a frozen container; its bounds begin with the original's id."""

    names: FrozenNames
    stretch: Range


# -- scans


@dataclass(frozen=True, slots=True)
class Scanned:
    """What one scan met: how many names, the outermost of them, and those that the epoch shows, unordered."""

    count: int
    last: str | None
    sorts: tuple[str, ...]


NOTHING: Final = Scanned(0, None, ())

Scans = Mapping[tuple[int, bool], Scanned]
"""By the index of the range and whether the scan is that of PastEntries; those that met nothing may be absent."""

_SCANS: Final[tuple[tuple[bool, LiteralString], ...]] = ((False, "false"), (True, "true"))


def _scans(rows: Sequence[Row]) -> Scans:
    return {(row["i"], row["past"]): Scanned(row["n"], row["last"], tuple(row["sorts"])) for row in rows}


def _parameters(ranges: Sequence[FrozenRange], budget: int) -> dict[str, Any]:
    parameters: dict[str, Any] = {"budget": budget, "mark": CONTAINER_MARK}
    for number, one in zip(NUMBERS, ranges, strict=False):
        parameters["lower" + number] = one.stretch.lower
        parameters["upper" + number] = one.stretch.upper
        parameters["epoch" + number] = one.names.epoch
    return parameters


def _label(shape: FrozenShape, *, is_past: bool) -> LiteralString:
    if is_past:
        return "PastEntry"
    return "Entry" if shape.holds_objects else "ContainerEntry"


def upper_query(shape: FrozenShape, ranges: Sequence[FrozenRange], budget: int) -> Query[Scans]:
    """First half of a forward scan on the embedded engine: how many names it meets, and the greatest of them."""
    branches: list[LiteralString] = []
    for number, one in zip(NUMBERS, ranges, strict=False):
        within = bounds(number, one.stretch)
        for is_past, flag in _SCANS:
            branches.append(
                f"MATCH (e:{_label(shape, is_past=is_past)}) WHERE {within} WITH e LIMIT $budget "
                f"RETURN {number} AS i, {flag} AS past, max(e.sort) AS last, count(e) AS n, [] AS sorts"
            )
    text: LiteralString = " UNION ALL ".join(branches)
    return Query(f"upper of frozen {shape.name}", text, _parameters(ranges, budget), _scans)


def scan_query(
    shape: FrozenShape,
    ranges: Sequence[FrozenRange],
    budget: int,
    *,
    uppers: Scans | None = None,
    is_backward: bool = False,
) -> Query[Scans]:
    """Scan each range twice, from one end or the other; at most `budget` names each."""
    direction: LiteralString = "DESC" if is_backward else "ASC"
    outermost: LiteralString = "min" if is_backward else "max"
    parameters = _parameters(ranges, budget)
    branches: list[LiteralString] = []
    for index, (number, one) in enumerate(zip(NUMBERS, ranges, strict=False)):
        for is_past, flag in _SCANS:
            within = bounds(number, one.stretch)
            upper = None if uppers is None else uppers.get((index, is_past))
            # Where the page holds all there is, there is no bound: what was pushed back meanwhile belongs to it.
            if upper is not None and upper.count >= budget:
                within = f"{within} AND e.sort <= $last{flag}{number}"
                parameters[f"last{flag}{number}"] = upper.last
            label = _label(shape, is_past=is_past)
            branches.append(
                f"MATCH (e:{label}) USING INDEX SEEK e:{label}(sort) WHERE {within} "
                f"WITH e ORDER BY e.sort {direction} LIMIT $budget "
                f"RETURN {number} AS i, {flag} AS past, {outermost}(e.sort) AS last, count(e) AS n, "
                f"collect(CASE WHEN {_is_seen(shape, number, is_past=is_past)} THEN e.sort ELSE null END) AS sorts"
            )
    text: LiteralString = " UNION ALL ".join(branches)
    return Query(f"scan of frozen {shape.name}", text, parameters, _scans)


def _is_seen(shape: FrozenShape, number: LiteralString, *, is_past: bool) -> LiteralString:
    if not is_past:
        return f"coalesce(e.since, 0) <= $epoch{number}"
    seen: LiteralString = f"e.since <= $epoch{number} AND e.until > $epoch{number}"
    return seen if shape.holds_objects else f"{seen} AND e.sort ENDS WITH $mark"


# -- rows


def rows_query(
    shape: FrozenShape, wanted: Sequence[tuple[FrozenNames, Sequence[str]]], caller: str, now: int
) -> Query[Mapping[int, Mapping[str, FrozenRow]]]:
    """Rows of single names by the index of their container and their `sort`; what the epoch doesn't show is absent.

    What belonged to a snapshot that was deleted is there for nobody.
    """
    text: LiteralString = (
        "UNWIND $wanted AS q MATCH (h:Resource {id: q.holder}) WHERE h.state <> 'DELETED' "
        f"WITH q, h, {level_of('h', with_public=False)} AS byHolder UNWIND q.sorts AS sort "
        "OPTIONAL MATCH (e:Entry {sort: sort})-[:NAMES]->(living:Resource) WHERE coalesce(e.since, 0) <= q.epoch "
        "OPTIONAL MATCH (past:PastEntry {sort: sort})-[:NAMED]->(former:Resource) "
        "WHERE past.since <= q.epoch AND past.until > q.epoch "
        "WITH q, h, byHolder, sort, past, CASE WHEN past IS NULL THEN living ELSE former END AS r "
        # An Object without bytes isn't shown.
        "WHERE r IS NOT NULL AND (r.kind <> 'OBJECT' OR r.versionId IS NOT NULL) "
        "OPTIONAL MATCH (v:Revision {versionId: CASE WHEN r.kind = 'OBJECT' AND past IS NOT NULL "
        "AND r.versionId <> past.versionId THEN past.versionId ELSE '' END}) "
        "OPTIONAL MATCH (f:Frozen {frozenKey: CASE WHEN r.kind = 'OBJECT' OR q.root = '' THEN '' "
        "ELSE q.root + r.id END}) "
        "WITH q, h, byHolder, sort, past, r, v, "
        "CASE WHEN r.kind = 'OBJECT' THEN null WHEN q.root = '' THEN r ELSE f END AS c "
        f"RETURN q.i AS i, byHolder, h.dataClass AS class, collect([{shape.columns}]) AS found"
    )
    rows: list[dict[str, Any]] = [
        {
            "i": index,
            "holder": names.holder_id,
            "original": names.original_id,
            "root": names.root_id,
            "epoch": names.epoch,
            "sorts": list(sorts),
        }
        for index, (names, sorts) in enumerate(wanted)
    ]
    parameters: dict[str, Any] = {"wanted": rows, "caller": caller, "now": now}
    return Query(f"frozen {shape.name}", text, parameters, _Decoder(shape, [names for names, _ in wanted]))


class _Decoder:
    """Reads the rows of containers."""

    def __init__(self, shape: FrozenShape, holders: Sequence[FrozenNames]) -> None:
        self._shape = shape
        self._holders = holders

    def __call__(self, rows: Sequence[Row]) -> Mapping[int, Mapping[str, FrozenRow]]:
        """Answer rows by the index of the container and their sort."""
        return {row["i"]: self._rows(row) for row in rows}

    def _rows(self, row: Row) -> Mapping[str, FrozenRow]:
        names = self._holders[int(row["i"])]
        holder = Holder(names, Level(row["byHolder"]), DataClass(row["class"]))
        found = (self._shape.decode(holder, columns) for columns in row["found"])
        return {one.sort: one for one in found if one is not None}
