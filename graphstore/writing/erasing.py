"""Rows of bytes and words that go for good."""

from typing import assert_never

from domain.changes import (
    ContentRemoved,
    ErasingChange,
    NewestErased,
    ObjectBlanked,
    RevisionErased,
    RevisionUnchained,
)
from domain.keys import object_sort
from graphstore.cypher.changes import erasing as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: ErasingChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case NewestErased():
            row = {"id": change.object_id, "at": to_ms(change.at), "by": change.by}
            return ((cypher.NEWEST_ERASED, row),)
        case RevisionErased():
            row = {"version": change.version_id, "at": to_ms(change.at), "by": change.by}
            erased = (cypher.REVISION_ERASED, row)
            return (erased, (cypher.REVISION_BLANKED, row)) if change.is_blanked else (erased,)
        case RevisionUnchained():
            return ((cypher.REVISION_UNCHAINED, {"version": change.version_id}),)
        case ContentRemoved():
            row = {"id": change.content_id, "at": to_ms(change.at)}
            return (cypher.CONTENT_ORPHANED, row), (cypher.CONTENT_REMOVED, row)
        case ObjectBlanked():
            return _blanked(change)
        case _:
            assert_never(change)


def _blanked(change: ObjectBlanked) -> tuple[Rows, ...]:
    row = {"id": change.object_id}
    former = [
        (cypher.FORMER_NAME_BLANKED, {**row, "parent": parent, "name": name, "sort": object_sort(parent, name)})
        for parent, name in change.names
    ]
    return (
        *former,
        (cypher.OBJECT_BLANKED, row),
        (cypher.PAST_NAMES_BLANKED, row),
        (cypher.LABELS_BLANKED, row),
        (cypher.UPLOADS_BLANKED, row),
    )
