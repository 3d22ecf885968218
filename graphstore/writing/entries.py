"""Rows of names kept for snapshots and renewed."""

from typing import assert_never

from domain.changes import EntryChange, EntryRenewed, PastEntryAdded
from domain.keys import child_sort
from graphstore.cypher.changes import entries as cypher
from graphstore.writing.rows import Rows


def rows(change: EntryChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    row = {
        "sort": child_sort(change.parent_id, change.child_kind, change.name),
        "parent": change.parent_id,
        "child": change.child_id,
        "name": change.name,
        "since": change.since,
    }
    match change:
        case PastEntryAdded():
            return ((cypher.PAST_ENTRY_ADDED, {**row, "until": change.until, "versionId": change.version_id}),)
        case EntryRenewed():
            return ((cypher.ENTRY_RENEWED, row),)
        case _:
            assert_never(change)
