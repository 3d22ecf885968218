"""Rows of tasks."""

import json
from typing import assert_never

from domain.changes import TaskAdded, TaskChange
from graphstore.cypher.changes import tasks as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: TaskChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case TaskAdded():
            node = {
                "id": change.id,
                "kind": change.kind,
                "containerId": change.container_id,
                "argument": json.dumps(dict(change.argument)),
                "cursor": "",
                "lockCount": 0,
                "createdAt": to_ms(change.at),
                "createdBy": change.by,
            }
            return ((cypher.TASK_ADDED, node),)
        case _:
            assert_never(change)
