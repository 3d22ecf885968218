"""The batch of DROP_PASTS: what snapshots and archives that are gone saw, and nobody else sees, goes in the background.

A cursor is the number of the container that is looked through, a space, and the last name that was.
"""

from domain.dropping import CONTAINERS, is_needed
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import dropping as cypher
from graphstore.cypher.dropping import PastName
from graphstore.cypher.facts import lock
from graphstore.cypher.tasks import Task
from graphstore.tasks import BATCH_MAX


async def drop_pasts(transaction: Transaction, task: Task, _stamp: Stamp) -> str | None:
    """Look through the next names of a container's past; answers where to go on, None at the end.

    The container's lock keeps a snapshot of what was an archive from being made meanwhile; any other sees epochs to
    come only.
    """
    containers = task.argument[CONTAINERS].split(" ")
    number, _, after = task.cursor.partition(" ")
    index = int(number or "0")
    container_id = containers[index]
    await transaction.run(lock([container_id]))
    names = await _next_names(transaction, container_id, after)
    if names:
        epochs = await transaction.run(cypher.seen_epochs(container_id))
        gone = [name for name in names if not is_needed(name.since, name.until, epochs)]
        if gone:
            await transaction.run(cypher.drop(gone))
        return f"{index} {max(name.sort for name in names)}"
    return None if index + 1 == len(containers) else f"{index + 1} "


async def _next_names(transaction: Transaction, container_id: str, after: str) -> list[PastName]:
    """Each engine pages its own way (graphstore/cypher/pages.py); alone is a writer on the embedded one."""
    if not transaction.is_alone:
        return await transaction.run(cypher.next_past_names(container_id, after, BATCH_MAX))
    upper = await transaction.run(cypher.upper_past_name(container_id, after, BATCH_MAX))
    return await transaction.run(cypher.past_names_up_to(container_id, after, upper)) if upper else []
