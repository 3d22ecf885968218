"""Does batches of what the deletion of a tree, and its restoring, leave for later: shares across the tree's border.

A batch looks at one page of a container's names. Most Objects have no name elsewhere: of those nothing but the name is
read. What it decides on it loads again under the locks of the Objects and of all containers that count them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from domain.changes import Change
from domain.crossing import CrossingFacts, relink_crossing, unlink_crossing
from domain.deletion import DELETION
from domain.resources import Kind, State
from domain.restoring import WantedName
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import facts, pages
from graphstore.cypher import restoring as cypher
from graphstore.cypher.pages import Range, whole
from graphstore.cypher.tasks import Task
from graphstore.instants import to_ms
from graphstore.restoring import blocked_names
from graphstore.store import load_all_under_locks
from graphstore.tasks import BATCH_MAX
from graphstore.writing import apply_changes


async def unlink_shares(transaction: Transaction, task: Task, stamp: Stamp) -> str | None:
    """Finish a deletion for one page of a container's Objects; answers where the next begins.

    A container that was restored meanwhile, or deleted anew, is left to what that began.
    """
    deletion_id = task.argument[DELETION]
    if not await _is_in(transaction, task.container_id, State.DELETED, deletion_id):
        return None

    def decide(found: CrossingFacts) -> tuple[Change, ...]:
        return unlink_crossing(found, task.container_id, deletion_id, stamp)

    return await _batch(transaction, task, stamp, lambda names, _: names > 1, decide)


async def relink_shares(transaction: Transaction, task: Task, stamp: Stamp) -> str | None:
    """Finish a restoring for one page of a container's Objects; answers where the next begins."""
    if not await _is_in(transaction, task.container_id, State.AVAILABLE, None):
        return None
    return await _batch(
        transaction, task, stamp, lambda _, former: former > 0, lambda found: relink_crossing(found, stamp)
    )


async def _is_in(transaction: Transaction, container_id: str, state: State, deletion_id: str | None) -> bool:
    """Lock a container and read whether it is in this state, by this deletion."""
    if not transaction.is_alone:
        await transaction.run(facts.lock([container_id]))
    return await transaction.run(cypher.standing(container_id)) == (state, deletion_id)


async def _batch(
    transaction: Transaction,
    task: Task,
    stamp: Stamp,
    is_crossing: Callable[[int, int], bool],
    decide: Callable[[CrossingFacts], tuple[Change, ...]],
) -> str | None:
    """Read a page of names, decide on the Objects that cross the border, and write that."""
    rows = await _page(transaction, task)
    ids = [
        object_id for _, object_id, kind, names, former in rows if kind == Kind.OBJECT and is_crossing(names, former)
    ]
    if ids:
        found = await load_all_under_locks(
            transaction, lambda: _load(transaction, ids, stamp), lambda loaded: loaded.locks
        )
        names = [
            WantedName(one.id, Kind.OBJECT, edge.parent_id, edge.name)
            for one in found.objects
            for edge in one.former_shares
        ]
        found = replace(found, blocked=await blocked_names(transaction, names, found.parents))
        await apply_changes(transaction, decide(found), stamp.now)
    return rows[-1][0] if len(rows) == BATCH_MAX else None


async def _page(transaction: Transaction, task: Task) -> Sequence[tuple[str, str, str, int, int]]:
    """Read the names after the task's cursor."""
    stretch = Range(task.container_id, task.cursor) if task.cursor else whole(task.container_id)
    shape, uppers = cypher.CROSSINGS, None
    # No other writer comes between on the embedded engine: there a page takes two statements (cypher/pages.py).
    if transaction.is_alone:
        uppers = await transaction.run(pages.upper_query(shape, [stretch], BATCH_MAX))
    found = await transaction.run(pages.page_query(shape, [stretch], BATCH_MAX, "", 0, uppers=uppers))
    return found.get(0, ())


async def _load(transaction: Transaction, ids: Sequence[str], stamp: Stamp) -> CrossingFacts:
    objects, deletions = await transaction.run(cypher.objects(ids))
    edges = (edge for found in objects for edge in (*found.parents, *found.former_shares))
    parents = await transaction.run(cypher.above({edge.parent_id for edge in edges}, "", to_ms(stamp.now)))
    return CrossingFacts(objects, parents, deletions)
