"""A statement is literal Cypher with a name and a decoder of its rows; bound to parameters it is a query.

Cypher stands in graphstore/cypher only, one module per concern; text is never built from what callers give.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, LiteralString, TypeVar

Row = Mapping[str, Any]
"""One record by column name; values are what the driver decodes: text, numbers, booleans, lists and maps of them."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A statement with its parameters, ready to run."""

    name: str
    text: LiteralString
    parameters: Mapping[str, Any]
    decode: Callable[[Sequence[Row]], T]


@dataclass(frozen=True, slots=True)
class Statement(Generic[T]):
    """Literal text and how its rows are read."""

    name: str
    text: LiteralString
    decode: Callable[[Sequence[Row]], T]

    def bind(self, **parameters: Any) -> Query[T]:
        """Give the parameters their values."""
        return Query(self.name, self.text, parameters, self.decode)


def nothing(rows: Sequence[Row]) -> None:
    """Decode a statement that answers nothing."""
    assert not rows, "a write without RETURN answers no rows"


def all_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """Keep the rows as they come."""
    return rows
