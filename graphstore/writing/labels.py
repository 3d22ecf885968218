"""Rows of changes of labels."""

from typing import assert_never

from domain.changes import LabelAdded, LabelChange, LabelEnded, LabelRemoved
from graphstore.cypher.changes import labels as cypher
from graphstore.cypher.labels import label_sort
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: LabelChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    sort = label_sort(change.key, change.value, change.resource_id)
    match change:
        case LabelAdded():
            node = {
                "id": change.id,
                "key": change.key,
                "value": change.value,
                "static": change.is_static,
                "since": change.since,
                "sort": sort,
                "createdAt": to_ms(change.at),
                "createdBy": change.by,
            }
            return ((cypher.LABEL_ADDED, {"resource": change.resource_id, "node": node}),)
        case LabelEnded():
            return ((cypher.LABEL_ENDED, {"sort": sort, "until": change.until}),)
        case LabelRemoved():
            return ((cypher.LABEL_REMOVED, {"sort": sort}),)
        case _:
            assert_never(change)
