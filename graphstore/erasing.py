"""Runs the rules that let bytes go for good: lock, load, decide, apply in one transaction.

Contents are locked after the Object and its parents, as by those who give them one more reference; blobs last.
"""

from collections.abc import Callable
from dataclasses import replace

from domain.changes import Decision
from domain.erasing import Erasure, ErasureFacts
from domain.erasing import erase as decide_erasure
from domain.erasing import remove_revision as decide_removal
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import erasing as cypher
from graphstore.cypher import facts
from graphstore.cypher.blobs import lock_blobs_of
from graphstore.cypher.contents import lock_contents, needed_contents
from graphstore.deleting import object_locks
from graphstore.instants import to_ms
from graphstore.store import GraphStore, load_under_locks
from graphstore.writing import apply_changes


async def erase(store: GraphStore, object_id: str, wanted: Erasure, stamp: Stamp) -> str:
    """Make the bytes of an Object, or of one older revision, unreadable for good; answers the Object's id.

    Raises: NotFound, Forbidden, Hierarchy, BadInput, FailedPrecondition, Unavailable.
    """
    return await _run(
        store,
        "erase",
        object_id,
        wanted.version_id,
        stamp,
        lambda found: decide_erasure(found, object_id, wanted, stamp),
    )


async def remove_revision(store: GraphStore, object_id: str, version_id: str, stamp: Stamp) -> str:
    """Take one older revision out of an Object's chain; answers the Object's id.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, FailedPrecondition, Unavailable.
    """
    return await _run(
        store,
        "remove a revision",
        object_id,
        version_id,
        stamp,
        lambda found: decide_removal(found, object_id, version_id, stamp),
    )


async def _run(
    store: GraphStore,
    name: str,
    object_id: str,
    version_id: str | None,
    stamp: Stamp,
    decide: Callable[[ErasureFacts], Decision[str]],
) -> str:
    async def work(transaction: Transaction) -> str:
        found = await _load(transaction, object_id, version_id, stamp)
        decision = decide(found)
        await apply_changes(transaction, decision.changes)
        return decision.result

    return await store.engine.write(name, work)


async def _load(transaction: Transaction, object_id: str, version_id: str | None, stamp: Stamp) -> ErasureFacts:
    """Load under locks; contents only of the revisions that the call is about."""
    uploads = await transaction.run(cypher.open_uploads(object_id))
    if uploads and version_id is None:
        # Before the Object, as publishing does.
        await transaction.run(facts.lock_uploads(uploads))
    caller, now = stamp.caller.user_id, to_ms(stamp.now)
    deletion = await load_under_locks(transaction, facts.deletion(object_id, caller, now), object_locks)
    if deletion.object is None:
        # No Object: a container is named by what it is, to who may see it.
        return ErasureFacts((await transaction.run(facts.resources([object_id], caller, now))).get(object_id))
    chain = await transaction.run(cypher.chain(object_id))
    meant = [one for one in chain.revisions if version_id in {None, one.version_id}]
    contents = {one.content_id for one in meant if one.content_id is not None}
    found = ErasureFacts(
        resource=deletion.object,
        home_level=deletion.home_level,
        containers=deletion.containers,
        revisions=chain.revisions,
        is_blanked=chain.is_blanked,
    )
    if contents:
        await transaction.run(lock_contents(contents))
        await transaction.run(lock_blobs_of(contents))
        needed = await transaction.run(needed_contents(contents, [one.version_id for one in meant]))
        found = replace(found, needed=needed)
    if version_id is None:
        return replace(found, uploads=await transaction.run(cypher.open_uploads(object_id)))
    is_held, is_pinned = await transaction.run(cypher.holders(object_id, version_id))
    return replace(found, is_held=is_held, is_pinned=is_pinned)
