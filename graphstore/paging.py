"""Reads pages of names, whatever it takes on the engine at hand (graphstore/cypher/pages.py tells why)."""

from collections.abc import Sequence
from typing import Any

from graphstore.cypher import pages
from graphstore.cypher.pages import BRANCHES_MAX, Range, Shape
from graphstore.store import GraphStore


async def read_pages(
    store: GraphStore,
    shape: Shape,
    ranges: Sequence[Range],
    size: int,
    caller: str,
    now: int,
    *,
    is_backward: bool = False,
) -> list[Sequence[Any]]:
    """Read one page of at most `size` rows of each range, in the order of the ranges; backward pages run backwards.

    A row's first column is its sort. A page of fewer rows is its range's last.

    Raises: Unavailable.
    """
    answers: list[Sequence[Any]] = []
    for start in range(0, len(ranges), BRANCHES_MAX):
        wanted = ranges[start : start + BRANCHES_MAX]
        group = [stretch.on_both_engines(is_backward=is_backward) for stretch in wanted]
        uppers = None
        if pages.needs_upper(store.engine.kind, is_backward=is_backward):
            uppers = await store.read(pages.upper_query(shape, group, size))
        found = await store.read(
            pages.page_query(shape, group, size, caller, now, uppers=uppers, is_backward=is_backward)
        )
        answers.extend(
            [row for row in found.get(index, ()) if stretch.holds(row[0])] for index, stretch in enumerate(wanted)
        )
    return answers
