"""Relaxes the Objects of a container in batches: what setting a data class recursively leaves to tasks."""

from domain.resources import DataClass, Kind
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import classes, pages
from graphstore.cypher.facts import lock
from graphstore.cypher.pages import Range
from graphstore.cypher.tasks import Task
from graphstore.dialects import EngineKind
from graphstore.instants import to_ms
from graphstore.tasks import BATCH_MAX


async def relax_objects(transaction: Transaction, task: Task, stamp: Stamp) -> str | None:
    """Relax the Objects among the next names of a container; answers the last name, None if there are no more."""
    wanted = DataClass(task.argument["dataClass"])
    ranges = [Range(task.container_id, task.cursor or task.container_id)]
    kind = EngineKind.EMBEDDED if transaction.is_alone else EngineKind.NEO4J
    uppers = None
    if pages.needs_upper(kind, is_backward=False):
        uppers = await transaction.run(pages.upper_query(classes.NAMES, ranges, BATCH_MAX))
    found = await transaction.run(pages.page_query(classes.NAMES, ranges, BATCH_MAX, "", 0, uppers=uppers))
    rows = found.get(0, ())
    tighter = classes.tighter_than(wanted)
    ids = [child for _, child, child_kind, present in rows if child_kind == Kind.OBJECT and present in tighter]
    if ids:
        await transaction.run(lock(ids))
        await transaction.run(classes.relax(task.container_id, ids, wanted, to_ms(stamp.now)))
    return rows[-1][0] if len(rows) == BATCH_MAX else None
