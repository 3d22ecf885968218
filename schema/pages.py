"""Connections after the Relay cursor specification: what they hold, and the arguments that all of them take."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

import strawberry

from resolvers.paging import Page, encode_cursor

T = TypeVar("T")

First = Annotated[int | None, strawberry.argument(description="How many from the start: 1 to 100. This or `last`.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the end: 1 to 100. This or `first`.")]
Size = Annotated[int, strawberry.argument(description="How many: 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Begin after this cursor of the same list.")]
Before = Annotated[str | None, strawberry.argument(description="End before this cursor of the same list.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Where a page stands in its list."""

    has_next_page: bool = strawberry.field(description="Whether there may be more after this page.")
    has_previous_page: bool = strawberry.field(description="Whether there may be more before this page.")
    start_cursor: str | None = strawberry.field(description="Cursor to page backwards from.")
    end_cursor: str | None = strawberry.field(description="Cursor to page on from.")


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """Value of all edge types; `label` is what the list itself says of the node."""

    cursor: str
    node: T
    label: str


@dataclass(frozen=True, slots=True)
class Connection(Generic[T]):
    """Value of all connection types."""

    edges: list[Edge[T]]
    page_info: PageInfo
    total_count: int | None

    @property
    def nodes(self) -> list[T]:
        """The nodes without their edges."""
        return [edge.node for edge in self.edges]


def _no_label(_: object) -> str:
    return ""


def connection(
    listing: str,
    page: Page[Any],
    *,
    node_of: Callable[[Any], T],
    label_of: Callable[[Any], str] = _no_label,
    total_count: int | None = None,
) -> Connection[T]:
    """Connection of a page of the list of this name."""
    return Connection(
        edges=[Edge(encode_cursor(listing, place), node_of(item), label_of(item)) for place, item in page.items],
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=None if page.start is None else encode_cursor(listing, page.start),
            end_cursor=None if page.end is None else encode_cursor(listing, page.end),
        ),
        total_count=total_count,
    )


def itself(item: T) -> T:
    """Node of a page whose items are the nodes."""
    return item
