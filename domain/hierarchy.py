"""What may belong to what: the hierarchy as a table; the kinds alone make BELONGS_TO acyclic."""

from collections.abc import Mapping
from typing import Final

from domain.errors import Hierarchy
from domain.resources import Kind

ALLOWED_PARENTS: Final[Mapping[Kind, frozenset[Kind]]] = {
    Kind.PROJECT: frozenset(),
    Kind.COLLECTION: frozenset({Kind.PROJECT}),
    Kind.DATASET: frozenset({Kind.PROJECT, Kind.COLLECTION}),
    Kind.OBJECT: frozenset({Kind.PROJECT, Kind.COLLECTION, Kind.DATASET}),
}


def _one(kind: Kind) -> str:
    return f"an {kind.lower()}" if kind is Kind.OBJECT else f"a {kind.lower()}"


def check_parent(child: Kind, parent: Kind, *, field: tuple[str, ...] = ()) -> None:
    """Refuse a parent of a kind that can't hold the child.

    Raises: Hierarchy.
    """
    if parent not in ALLOWED_PARENTS[child]:
        allowed = ", ".join(sorted(kind.lower() for kind in ALLOWED_PARENTS[child])) or "nothing: it is a root"
        raise Hierarchy(f"{_one(child)} can't belong to {_one(parent)}; it belongs to: {allowed}", field=field)
