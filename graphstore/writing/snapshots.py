"""Rows of snapshots and archives."""

from datetime import datetime
from typing import Any, assert_never

from domain.changes import (
    ContainerFrozen,
    ContainerThawed,
    EpochRaised,
    FrozenAdded,
    FrozenLinked,
    LatestVersionSet,
    ProjectArchived,
    ProjectUnarchived,
    SnapshotChange,
    SnapshotRemoved,
)
from domain.snapshots import VERSION_MARK
from graphstore.cypher.changes import snapshots as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: SnapshotChange) -> tuple[Rows, ...]:  # noqa: PLR0911  one case for each kind of change
    """Statements and rows of one change."""
    match change:
        case FrozenAdded():
            return (_frozen_added(change),)
        case FrozenLinked():
            row = {
                "child": change.child_id,
                "parent": change.parent_id,
                "name": change.name,
                "home": change.is_home,
                "at": to_ms(change.at),
                "by": change.by,
            }
            return ((cypher.FROZEN_LINKED, row),)
        case EpochRaised():
            return ((cypher.EPOCH_RAISED, {"id": change.container_id}),)
        case LatestVersionSet():
            return ((cypher.LATEST_VERSION_SET, {"id": change.original_id, "latest": change.version_identity}),)
        case SnapshotRemoved():
            return ((cypher.SNAPSHOT_REMOVED, {"id": change.id, "at": to_ms(change.at)}),)
        case ContainerFrozen():
            row = {
                "id": change.container_id,
                "epoch": change.epoch,
                **_tree_row(change.tree_objects, change.tree_bytes, change.tree_changed_at),
            }
            return ((cypher.CONTAINER_FROZEN, row),)
        case ContainerThawed():
            return ((cypher.CONTAINER_THAWED, {"id": change.container_id}),)
        case ProjectArchived():
            return ((cypher.PROJECT_ARCHIVED, {"id": change.project_id, "at": to_ms(change.at), "by": change.by}),)
        case ProjectUnarchived():
            return ((cypher.PROJECT_UNARCHIVED, {"id": change.project_id, "at": to_ms(change.at)}),)
        case _:
            assert_never(change)


def _tree_row(objects: int, length_bytes: int, changed_at: datetime) -> dict[str, Any]:
    return {"treeObjects": objects, "treeBytes": length_bytes, "treeChangedAt": to_ms(changed_at)}


def _frozen_added(change: FrozenAdded) -> Rows:
    row = {
        "id": change.id,
        "original": change.original_id,
        "root": change.root_id,
        "epoch": change.epoch,
        "entries": change.entries,
        "objects": change.objects,
        "bytes": change.length_bytes,
        "changedAt": to_ms(change.changed_at),
        **_tree_row(change.tree_objects, change.tree_bytes, change.tree_changed_at),
        "at": to_ms(change.at),
        "by": change.by,
    }
    if change.version is None or change.version_identity is None:
        return cypher.FROZEN_ADDED[change.kind], row
    row |= {
        "version": change.version,
        "versionKey": change.original_id + VERSION_MARK + change.version_identity,
        "sort": change.original_id + change.id,
    }
    return cypher.SNAPSHOT_ADDED[change.kind], row
