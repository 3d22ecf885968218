"""Finishes in bounded batches what one transaction left to be done: one batch of one task a transaction.

What is done and how far it got are committed together, so a process that is killed in between loses nothing: the next
one goes on there. Several processes may work on one graph: a task's lock lets one at a time through.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from domain.access import Caller
from domain.changes import TaskKind
from domain.errors import Unavailable
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import tasks as cypher
from graphstore.cypher.tasks import Task
from graphstore.rounds import work_in_rounds
from graphstore.store import GraphStore

BATCH_MAX: Final = 200
"""Rows that one batch looks at, at most."""

_LOG: Final = logging.getLogger("aruna.tasks")
_WAITING_MAX: Final = 100
_PAUSE_S: Final = 0.5
_POSTPONED: Final = timedelta(minutes=1)

Batch = Callable[[Transaction, Task, Stamp], Awaitable[str | None]]
"""Does one batch of a task inside the transaction that locks it; answers where the next begins, None at the end.

The stamp is by whoever made the task. Everything it decides on is read under locks of its own.
"""


@dataclass(slots=True)
class TaskWorker:
    """Works on tasks, the oldest first; `batches` has one function for each kind, `ids` are fresh ULIDs without end."""

    store: GraphStore
    batches: Mapping[TaskKind, Batch]
    clock: Callable[[], datetime]
    ids: Iterator[str]
    _postponed: dict[str, datetime] = field(default_factory=dict[str, datetime], init=False)

    async def run(self) -> None:
        """Work until cancelled: at once while there is work, and look again after half a second where there is none."""
        await work_in_rounds(self.run_once, _PAUSE_S, _LOG, what="tasks")

    async def run_once(self) -> bool:
        """Do one batch of the oldest task; answers False if there was none to work on.

        A task whose batch fails holds up no others: it is left alone for a minute.

        Raises: Unavailable, and what a batch raises; nothing is changed then.
        """
        now = self.clock()
        self._postponed = {task_id: until for task_id, until in self._postponed.items() if until > now}
        waiting = await self.store.read(cypher.waiting_tasks(_WAITING_MAX + len(self._postponed)))
        task_id = min((found for found in waiting if found not in self._postponed), default=None)
        if task_id is None:
            return False
        try:
            await self.store.engine.write("work on a task", lambda transaction: self._work(transaction, task_id, now))
        except Unavailable:
            raise
        except Exception:
            self._postponed[task_id] = now + _POSTPONED
            raise
        return True

    async def _work(self, transaction: Transaction, task_id: str, now: datetime) -> None:
        task = await transaction.run(cypher.lock_task(task_id))
        if task is None:
            return
        cursor = await self.batches[task.kind](transaction, task, Stamp(Caller(task.by), now, self.ids))
        await transaction.run(cypher.go_on(task.id, cursor))
