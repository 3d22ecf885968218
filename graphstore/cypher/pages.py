"""Pages of names: keyset pages over Entries, in the order of their `sort` strings.

On Neo4j a bounded ORDER BY ... LIMIT is a seek in the index. The embedded engine sorts the whole range, so a page is
two statements there: `upper` = the greatest sort among n unordered rows above the lower bound, then the rows up to
`upper`, sorted. That is right whatever order the engine walks, and fast because it walks the index. Several parents
are one statement each of UNION ALL branches, because bounds that UNWIND gives use no index there.

On Neo4j a range whose bounds differ first at a character above U+FFFF comes back empty. Such a range is asked for with
the bound that a page starts at alone (`Range.on_both_engines`), and rows beyond the other are dropped.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from domain.keys import successor
from graphstore.cypher.frozen_rows import FrozenNames
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import state_of, view_map
from graphstore.dialects import EngineKind
from graphstore.statements import Query, Row

BRANCHES_MAX: Final = 25
NUMBERS: Final[tuple[LiteralString, ...]] = (
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24",
)  # fmt: skip
assert len(NUMBERS) == BRANCHES_MAX, "one number a branch"


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of a parent's names: from `lower` (inclusive or not), ending before `before` if given.

    `lower` and `before` are whole sort strings; `prefix` bounds the names themselves, from above only.
    """

    parent_id: str
    lower: str
    is_lower_included: bool = False
    before: str = ""
    prefix: str = ""

    @property
    def upper(self) -> str:
        """Exclusive upper bound as a sort string."""
        end = successor(self.parent_id + self.prefix)
        return min(self.before, end) if self.before else end

    def holds(self, sort: str) -> bool:
        """Whether a sort string lies in the range."""
        return (self.lower < sort or (self.is_lower_included and self.lower == sort)) and sort < self.upper

    def on_both_engines(self, *, is_backward: bool) -> "Range":
        """Return a range that both engines read right and that begins with the same rows, in the page's direction."""
        pair = next(((low, high) for low, high in zip(self.lower, self.upper, strict=False) if low != high), ("", ""))
        if max(pair) <= "\uffff":
            return self
        if is_backward:
            return Range(self.parent_id, self.parent_id, before=self.upper)
        return Range(self.parent_id, self.lower, self.is_lower_included)


def whole(parent_id: str) -> Range:
    """All names of a parent."""
    return Range(parent_id, parent_id)


class Shape:
    """What a page brings of each name: the label of its Entries, the columns of a row, and (kind, id) of its child.

    `way` leads from an Entry, or what else has a `sort`, to the resource. `frozen_of` tells where the names are that a
    row's child shows, if that is a container of an archive.
    """

    def __init__(
        self,
        name: str,
        label: LiteralString,
        columns: LiteralString,
        child_of: Callable[[Sequence[Any]], tuple[str, str]],
        *,
        way: LiteralString = "-[:NAMES]->",
        frozen_of: Callable[[Sequence[Any]], FrozenNames | None] = lambda _: None,
    ) -> None:
        self.name = name
        self.label: LiteralString = label
        self.columns: LiteralString = columns
        self.child_of = child_of
        self.way: LiteralString = way
        self.frozen_of = frozen_of


def _child_of_view(row: Sequence[Any]) -> tuple[str, str]:
    return row[1]["kind"], row[1]["id"]


def _child_of_key(row: Sequence[Any]) -> tuple[str, str]:
    return row[2], row[1]


def _frozen_of_view(row: Sequence[Any]) -> FrozenNames | None:
    return _archived(row[1]["id"], row[1].get("frozenAt"))


def _frozen_of_key(row: Sequence[Any]) -> FrozenNames | None:
    return _archived(row[1], row[-1])


def _archived(container_id: str, epoch: int | None) -> FrozenNames | None:
    """Names of a living container's child: what is frozen among these belongs to an archive."""
    return None if epoch is None else FrozenNames(container_id, container_id, epoch)


_VIEW: Final[LiteralString] = f"[e.sort, {view_map('r', level_of('r'))}]"
ALL_NAMES: Final = Shape("names", "Entry", _VIEW, _child_of_view, frozen_of=_frozen_of_view)
CONTAINER_NAMES: Final = Shape("container names", "ContainerEntry", _VIEW, _child_of_view, frozen_of=_frozen_of_view)
KEY_COLUMNS: Final = (
    "sort", "id", "kind", "state", "etag", "length", "publishedAt", "createdBy", "objects", "checksums",
    "checksumType", "dataClass", "granted", "frozenAt",
)  # fmt: skip
_KEYS: Final[LiteralString] = (
    f"e.sort, r.id, r.kind, {state_of('r')}, r.etag, r.contentLength, r.publishedAt, r.createdBy, r.objects, "
    "r.checksums, r.checksumType, r.dataClass"
)
KEYS: Final = Shape("keys", "Entry", f"[{_KEYS}, 4, r.frozenAt]", _child_of_key, frozen_of=_frozen_of_key)
"""Names below a container that the caller may read by a grant: everything below is his to list."""
KEYS_WITH_RIGHTS: Final = Shape(
    "keys with rights",
    "Entry",
    f"[{_KEYS}, {level_of('r', with_public=False)}, r.frozenAt]",
    _child_of_key,
    frozen_of=_frozen_of_key,
)
"""Names below a container that only its class opens: each needs a class or grant of its own."""


def _uppers(rows: Sequence[Row]) -> Mapping[int, str | None]:
    return {row["i"]: row["upper"] for row in rows}


def _found(rows: Sequence[Row]) -> Mapping[int, Sequence[Any]]:
    return {row["i"]: row["found"] for row in rows}


def _parameters(ranges: Sequence[Range], size: int, caller: str, now: int) -> dict[str, Any]:
    parameters: dict[str, Any] = {"size": size, "caller": caller, "now": now}
    for number, stretch in zip(NUMBERS, ranges, strict=False):
        parameters["lower" + number] = stretch.lower
        parameters["upper" + number] = stretch.upper
    return parameters


def bounds(number: LiteralString, stretch: Range) -> LiteralString:
    """Condition that the `sort` of `e` lies in a range, whose bounds are the parameters of this number."""
    lower: LiteralString = ">=" if stretch.is_lower_included else ">"
    return f"e.sort {lower} $lower{number} AND e.sort < $upper{number}"


def upper_query(shape: Shape, ranges: Sequence[Range], size: int) -> Query[Mapping[int, str | None]]:
    """First half of a forward page on the embedded engine: by index of the range, the greatest sort of its page."""
    branches: list[LiteralString] = [
        f"MATCH (e:{shape.label}) WHERE {bounds(number, stretch)} WITH e LIMIT $size "
        f"RETURN {number} AS i, max(e.sort) AS upper"
        for number, stretch in zip(NUMBERS, ranges, strict=False)
    ]
    return Query(f"upper of {shape.name}", " UNION ALL ".join(branches), _parameters(ranges, size, "", 0), _uppers)


def page_query(
    shape: Shape,
    ranges: Sequence[Range],
    size: int,
    caller: str,
    now: int,
    *,
    uppers: Mapping[int, str | None] | None = None,
    is_backward: bool = False,
) -> Query[Mapping[int, Sequence[Any]]]:
    """Rows of each page by the index of its range, in order (backward: from the end)."""
    direction: LiteralString = "DESC" if is_backward else "ASC"
    parameters = _parameters(ranges, size, caller, now)
    branches: list[LiteralString] = []
    for index, (number, stretch) in enumerate(zip(NUMBERS, ranges, strict=False)):
        within = bounds(number, stretch)
        if uppers is not None:
            within = f"{within} AND e.sort <= $last{number}"
            parameters["last" + number] = uppers.get(index) or ""
        branches.append(
            # Without the hint Neo4j may scan and filter, for a small graph: slow later, and wrong above U+FFFF.
            f"MATCH (e:{shape.label}){shape.way}(r:Resource) USING INDEX SEEK e:{shape.label}(sort) WHERE {within} "
            f"WITH e, r ORDER BY e.sort {direction} LIMIT $size "
            f"RETURN {number} AS i, collect({shape.columns}) AS found"
        )
    return Query(f"page of {shape.name}", " UNION ALL ".join(branches), parameters, _found)


def needs_upper(kind: EngineKind, *, is_backward: bool) -> bool:
    """Whether a page takes two statements: forward on the embedded engine."""
    return kind is EngineKind.EMBEDDED and not is_backward
