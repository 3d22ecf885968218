"""Rows of tombstones brought back, and of what is remembered and forgotten of them."""

from typing import assert_never

from domain.changes import (
    ContainerRestored,
    FormerNameForgotten,
    HomeRestored,
    ObjectRestored,
    RestoringChange,
    ShareLost,
)
from domain.keys import child_sort, object_sort
from domain.resources import Kind
from graphstore.cypher.changes import restoring as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows, versioned_key


def rows(change: RestoringChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case ObjectRestored():
            row = {"id": change.object_id, "name": change.name, "state": change.state, "at": to_ms(change.at)}
            return ((cypher.OBJECT_RESTORED, row),)
        case ContainerRestored():
            bucket = change.name if change.kind is Kind.PROJECT else None
            row = {"id": change.container_id, "name": change.name, "bucket": bucket, "at": to_ms(change.at)}
            return ((cypher.CONTAINER_RESTORED, row),)
        case HomeRestored():
            return (_home_restored(change),)
        case ShareLost():
            row = {
                "object": change.object_id,
                "parent": change.parent_id,
                "name": change.name,
                "sort": object_sort(change.parent_id, change.name),
                "at": to_ms(change.at),
                "by": change.by,
            }
            return ((cypher.SHARE_LOST, row),)
        case FormerNameForgotten():
            row = {
                "child": change.child_id,
                "parent": change.parent_id,
                "name": change.name,
                "sort": child_sort(change.parent_id, change.child_kind, change.name),
            }
            return ((cypher.FORMER_NAME_FORGOTTEN, row),)
        case _:
            assert_never(change)


def _home_restored(change: HomeRestored) -> Rows:
    row = {
        "child": change.child_id,
        "parent": change.parent_id,
        "name": change.name,
        "sort": child_sort(change.parent_id, change.child_kind, change.name),
        "at": to_ms(change.at),
        "by": change.by,
    }
    if change.child_kind is not Kind.OBJECT:
        return cypher.CONTAINER_HOME_RESTORED, row
    versioned = versioned_key(change.parent_id, change.parent_kind, change.name)
    return cypher.OBJECT_HOME_RESTORED, {**row, "versioned": versioned}
