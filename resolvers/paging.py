"""Pages of lists, after the Relay cursor specification: which one is asked for, and what is answered.

A cursor is the URL-safe base64 of the list's name, a line feed and the place in it: a sort key, never an offset.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from domain.errors import BadInput
from domain.limits import PAGE_MAX

T = TypeVar("T")

_SEPARATOR: Final = "\n"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """At most `size` items after one place and before another ('' for none), from the end if `is_backward`."""

    size: int
    after: str = ""
    before: str = ""
    is_backward: bool = False


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Items in the order of the list, each with its place; the page reaches from `start` to `end`.

    `end` (going backwards: `start`) may lie beyond the outermost item: a page is short where much was passed over.
    """

    items: tuple[tuple[str, T], ...]
    has_next: bool
    has_previous: bool
    start: str | None
    end: str | None


def encode_cursor(listing: str, place: str) -> str:
    """Cursor of a place in the list of this name."""
    return base64.urlsafe_b64encode(f"{listing}{_SEPARATOR}{place}".encode()).decode("ascii").rstrip("=")


def decode_cursor(listing: str, cursor: str, argument: str) -> str:
    """Place that a cursor of this list names.

    Raises: BadInput naming the argument.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        name, separator, place = base64.b64decode(padded, b"-_", validate=True).decode("utf-8").partition(_SEPARATOR)
    except (UnicodeError, binascii.Error) as error:
        raise BadInput(
            f"{argument} is no cursor of this list; take one from its pageInfo", field=(argument,)
        ) from error
    if name != listing or not separator or not place:
        raise BadInput(f"{argument} is a cursor of another list; take one from this one's", field=(argument,))
    return place


def page_request(
    listing: str,
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
) -> PageRequest:
    """Page that the arguments of a connection ask for; null counts as absent.

    Raises: BadInput unless exactly one of `first` and `last` is given, in 1..100, and cursors are of this list.
    """
    if (first is None) == (last is None):
        raise BadInput(f"give exactly one of first and last, from 1 to {PAGE_MAX}", field=("first",))
    name, size = ("first", first) if first is not None else ("last", last)
    assert size is not None, "one of the two is given"
    if not 1 <= size <= PAGE_MAX:
        raise BadInput(f"{name} goes from 1 to {PAGE_MAX}, not {size}; turn pages for more", field=(name,))
    return PageRequest(
        size=size,
        after="" if after is None else decode_cursor(listing, after, "after"),
        before="" if before is None else decode_cursor(listing, before, "before"),
        is_backward=last is not None,
    )


def page_of(items: Sequence[T], place_of: Callable[[T], str], request: PageRequest, *, has_more: bool) -> Page[T]:
    """Page of items read in the request's direction from its cursor on; `has_more` beyond the last one read."""
    ordered = tuple(reversed(items)) if request.is_backward else tuple(items)
    placed = tuple((place_of(item), item) for item in ordered)
    return Page(
        items=placed,
        has_next=bool(request.before) if request.is_backward else has_more,
        has_previous=has_more if request.is_backward else bool(request.after),
        start=placed[0][0] if placed else None,
        end=placed[-1][0] if placed else None,
    )


def cut_page(items: Sequence[T], place_of: Callable[[T], str], request: PageRequest) -> Page[T]:
    """Page of a whole list that is at hand, in the order of its places."""
    wanted = [
        item
        for item in items
        if (not request.after or place_of(item) > request.after)
        and (not request.before or place_of(item) < request.before)
    ]
    if request.is_backward:
        wanted.reverse()
    return page_of(wanted[: request.size], place_of, request, has_more=len(wanted) > request.size)
