"""Rows of shares, moves and new names."""

from typing import assert_never

from domain.changes import (
    ChildMoved,
    ChildRenamed,
    ChildShared,
    ChildUnlinked,
    HierarchyChange,
    ProjectRenamed,
)
from domain.keys import child_sort
from domain.resources import Kind
from graphstore.cypher.changes import hierarchy as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows, versioned_key


def rows(change: HierarchyChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case ChildMoved():
            return _moved(change)
        case ChildRenamed():
            return (_renamed(change),)
        case ChildShared():
            return (_shared(change),)
        case ChildUnlinked():
            row = {
                "child": change.child_id,
                "parent": change.parent_id,
                "name": change.name,
                "sort": child_sort(change.parent_id, change.child_kind, change.name),
            }
            return ((cypher.CHILD_UNLINKED, row),)
        case ProjectRenamed():
            row = {"id": change.project_id, "name": change.name, "at": to_ms(change.at)}
            return (cypher.PROJECT_RENAMED, row), (cypher.UPLOADS_OF_RENAMED, row)
        case _:
            assert_never(change)


def _versioned(child_kind: Kind, parent_id: str, parent_kind: Kind, name: str) -> str | None:
    """Mark of an Object's name that a snapshot might hide; a container's is none that one could."""
    return versioned_key(parent_id, parent_kind, name) if child_kind is Kind.OBJECT else None


def _moved(change: ChildMoved) -> tuple[Rows, ...]:
    sort = child_sort(change.to_id, change.child_kind, change.name)
    row = {
        "child": change.child_id,
        "from": change.from_id,
        "formerName": change.from_name,
        "formerSort": child_sort(change.from_id, change.child_kind, change.from_name),
        "to": change.to_id,
        "name": change.name,
        "sort": sort,
        "versioned": _versioned(change.child_kind, change.to_id, change.to_kind, change.name),
        "renames": change.renames,
        "at": to_ms(change.at),
        "by": change.by,
    }
    if change.child_kind is Kind.OBJECT:
        return ((cypher.CHILD_MOVED, row),)
    return (cypher.CHILD_MOVED, row), (cypher.CONTAINER_ENTRY_MOVED, {"to": change.to_id, "sort": sort})


def _renamed(change: ChildRenamed) -> Rows:
    row = {
        "child": change.child_id,
        "parent": change.parent_id,
        "formerName": change.former_name,
        "formerSort": child_sort(change.parent_id, change.child_kind, change.former_name),
        "name": change.name,
        "sort": child_sort(change.parent_id, change.child_kind, change.name),
        "versioned": _versioned(change.child_kind, change.parent_id, change.parent_kind, change.name),
        "renames": change.is_home,
        "at": to_ms(change.at),
    }
    return cypher.CHILD_RENAMED, row


def _shared(change: ChildShared) -> Rows:
    row = {
        "child": change.child_id,
        "parent": change.parent_id,
        "name": change.name,
        "sort": child_sort(change.parent_id, change.child_kind, change.name),
        "versioned": _versioned(change.child_kind, change.parent_id, change.parent_kind, change.name),
        "passes": int(change.passes),
        "at": to_ms(change.at),
        "by": change.by,
    }
    return (cypher.OBJECT_SHARED if change.child_kind is Kind.OBJECT else cypher.CONTAINER_SHARED), row
