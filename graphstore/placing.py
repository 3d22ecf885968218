"""Runs the rules of sharing, unlinking, moving, renaming and cloning: lock, load, decide, apply in one transaction.

Besides what one statement loads they must know which snapshots hide what: a container's snapshot stands in each of its
parents beside it, as `name@version`, and wins over Objects of such names (decision 0012).
"""

from collections.abc import Callable, Collection
from dataclasses import replace

from domain.changes import Decision
from domain.cloning import CloneFacts, NewClone, clone_locks, clone_object
from domain.moving import Move, move_child, move_locks, rename_child, rename_locks
from domain.placing import PlaceFacts
from domain.resources import ContainerFacts, Kind
from domain.sharing import Share, share_child, share_locks, unlink_child, unlink_locks
from domain.snapshots import hiding_beginnings, versioned_beginning
from domain.stamps import Stamp
from domain.views import LabelView
from graphstore.bolt import Transaction
from graphstore.cypher import placing as cypher
from graphstore.cypher.contents import lock_contents
from graphstore.cypher.labels import labels_at
from graphstore.cypher.placing import PlaceRequest
from graphstore.cypher.snapshots import VersionedName, hidden_names
from graphstore.instants import to_ms
from graphstore.store import GraphStore, load_under_locks
from graphstore.writing import apply_changes


async def share(store: GraphStore, child_id: str, new: Share, stamp: Stamp) -> str:
    """Let a child belong to one more parent.

    Raises: what `share_child` raises; Unavailable.
    """
    request = PlaceRequest(child_id, target_id=new.parent_id, name=new.name)
    return await _run(
        store, "share", request, stamp, share_locks, lambda facts: share_child(facts, child_id, new, stamp)
    )


async def unlink(store: GraphStore, child_id: str, parent_id: str, stamp: Stamp) -> str:
    """Take a share away.

    Raises: what `unlink_child` raises; Unavailable.
    """
    request = PlaceRequest(child_id, source_id=parent_id)
    return await _run(
        store, "unlink", request, stamp, unlink_locks, lambda facts: unlink_child(facts, child_id, parent_id, stamp)
    )


async def move(store: GraphStore, child_id: str, new: Move, stamp: Stamp) -> str:
    """Move a child to another parent.

    Raises: what `move_child` raises; Unavailable.
    """
    request = PlaceRequest(child_id, new.from_id, new.to_id, new.name)
    return await _run(store, "move", request, stamp, move_locks, lambda facts: move_child(facts, child_id, new, stamp))


async def rename(store: GraphStore, child_id: str, name: str, parent_id: str | None, stamp: Stamp) -> str:
    """Let a parent (the home, if None) call a child otherwise, or a project bear another name.

    Raises: what `rename_child` raises; Unavailable.
    """
    request = PlaceRequest(child_id, source_id=parent_id, name=name)
    return await _run(
        store,
        "rename",
        request,
        stamp,
        rename_locks,
        lambda facts: rename_child(facts, child_id, name, parent_id, stamp),
    )


async def _run(
    store: GraphStore,
    name: str,
    request: PlaceRequest,
    stamp: Stamp,
    locks_of: Callable[[PlaceFacts], Collection[str]],
    decide: Callable[[PlaceFacts], Decision[str]],
) -> str:
    query = cypher.place(request, stamp.caller.user_id, to_ms(stamp.now))

    async def work(transaction: Transaction) -> str:
        facts = await load_under_locks(transaction, query, locks_of)
        decision = decide(await _with_snapshots(transaction, facts))
        await apply_changes(transaction, decision.changes)
        return decision.result

    return await store.engine.write(name, work)


async def clone(store: GraphStore, source_id: str, new: NewClone, stamp: Stamp) -> str:
    """Make a new Object with the bytes of another one; answers its id.

    Raises: what `clone_object` raises; Unavailable.
    """
    query = cypher.clone(source_id, new, stamp.caller.user_id, to_ms(stamp.now))

    async def work(transaction: Transaction) -> str:
        facts = await load_under_locks(transaction, query, clone_locks)
        if facts.content_id is not None:
            await transaction.run(lock_contents([facts.content_id]))
        place = await _with_snapshots(transaction, facts.place)
        facts = replace(facts, place=place, labels=await _labels(transaction, facts))
        decision = clone_object(facts, source_id, new, stamp)
        await apply_changes(transaction, decision.changes)
        return decision.result

    return await store.engine.write("clone", work)


async def _labels(transaction: Transaction, facts: CloneFacts) -> tuple[LabelView, ...]:
    """Labels of the revision to clone."""
    if facts.revision is None:
        return ()
    request = (facts.revision.object_id, facts.revision.revision_number)
    return tuple((await transaction.run(labels_at([request]))).get(0, ()))


async def _with_snapshots(transaction: Transaction, facts: PlaceFacts) -> PlaceFacts:
    """Add what would hide, or be hidden by, the child under its wanted name in the target."""
    child, target = facts.child, facts.target
    if child is None or not isinstance(target, ContainerFacts):
        return facts
    if child.kind is Kind.OBJECT:
        return replace(facts, hiding_snapshot=await _hiding_snapshot(transaction, target, facts.wanted_name))
    versions = await transaction.run(cypher.versions(child.id))
    beginnings = [beginning for version in versions for beginning in hiding_beginnings(facts.wanted_name, version)]
    if not beginnings:
        return facts
    sort = await transaction.run(cypher.versioned_name(target.id, beginnings))
    return facts if sort is None else replace(facts, hidden_key=sort.removeprefix(target.id))


async def _hiding_snapshot(transaction: Transaction, parent: ContainerFacts, name: str) -> str | None:
    """Find what would hide an Object of this name in the parent, as `name@version`; nearly all names take no look."""
    beginning = versioned_beginning(name, parent.kind)
    if beginning is None:
        return None
    hidden = await transaction.run(hidden_names({0: VersionedName(parent.id, beginning)}))
    return beginning if hidden[0] else None
