"""What workers of tasks read and write: which tasks wait, the lock of one, and how far it got.

Tasks are found by their label, not by an index: the embedded engine keeps what was taken out of an index beside what is
in it (decision 0014), and there are never many.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from domain.changes import TaskKind
from graphstore.statements import Query, Row, Statement, nothing


@dataclass(frozen=True, slots=True)
class Task:
    """Something to be finished for one container in batches; `cursor` is where the next one begins, '' at the start."""

    id: str
    kind: TaskKind
    container_id: str
    argument: Mapping[str, str]
    cursor: str
    by: str


_WAITING: Final = Statement(
    "waiting tasks",
    "MATCH (t:Task) WITH t LIMIT $size RETURN t.id AS id",
    lambda rows: [str(row["id"]) for row in rows if row["id"] is not None],
)


def waiting_tasks(size: int) -> Query[list[str]]:
    """Ids of some of the tasks that wait, unordered."""
    return _WAITING.bind(size=size)


def _task(rows: Sequence[Row]) -> Task | None:
    # Neo4j finds a node that was deleted while its lock was waited for, without its properties.
    if not rows or not rows[0]["task"].get("id"):
        return None
    found = rows[0]["task"]
    return Task(
        id=found["id"],
        kind=TaskKind(found["kind"]),
        container_id=found["containerId"],
        argument=json.loads(found["argument"]),
        cursor=found["cursor"],
        by=found["createdBy"],
    )


_LOCK: Final = Statement(
    "lock a task",
    "MATCH (t:Task {id: $id}) SET t.lockCount = t.lockCount + 1 WITH t RETURN t{.*} AS task",
    _task,
)


def lock_task(task_id: str) -> Query[Task | None]:
    """Lock a task and read it as it stands under the lock; None if another worker has ended it."""
    return _LOCK.bind(id=task_id)


_GO_ON: Final = Statement("move a task on", "MATCH (t:Task {id: $id}) SET t.cursor = $cursor", nothing)
_END: Final = Statement("end a task", "MATCH (t:Task {id: $id}) DETACH DELETE t", nothing)


def go_on(task_id: str, cursor: str | None) -> Query[None]:
    """Remember where the next batch begins, or (None) that the task is finished."""
    return _END.bind(id=task_id) if cursor is None else _GO_ON.bind(id=task_id, cursor=cursor)
