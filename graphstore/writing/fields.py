"""Rows of changes of a resource's own fields."""

from typing import assert_never

from domain.changes import FieldChange, FieldsChanged
from graphstore.cypher.changes import fields as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: FieldChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case FieldsChanged():
            row = {"id": change.resource_id, "values": dict(change.values), "at": to_ms(change.at)}
            return ((cypher.FIELDS_CHANGED, row),)
        case _:
            assert_never(change)
