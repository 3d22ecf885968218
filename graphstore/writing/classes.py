"""Rows of notes on data classes."""

from typing import assert_never

from domain.changes import ClassChange, ClassKept, RelaxingBegun
from graphstore.cypher.changes import classes as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: ClassChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case RelaxingBegun():
            return ((cypher.RELAXING_BEGUN, {"id": change.container_id, "at": to_ms(change.at)}),)
        case ClassKept():
            return ((cypher.CLASS_KEPT, {"id": change.object_id, "at": to_ms(change.at)}),)
        case _:
            assert_never(change)
