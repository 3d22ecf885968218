"""Runs the rules that bring tombstones back: lock, load, decide, apply in one transaction, whatever they hold."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from domain.resources import ContainerFacts, Kind, State
from domain.restoring import (
    DeletedContainer,
    RestoreFacts,
    Return,
    WantedName,
    restore_container,
    restore_locks,
    restore_object,
    wanted_names,
    wanted_parents,
)
from domain.snapshots import hiding_beginnings, versioned_beginning
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher import placing as places
from graphstore.cypher import restoring as cypher
from graphstore.cypher.facts import resources
from graphstore.cypher.restoring import Tombstone
from graphstore.cypher.snapshots import VersionedName, hidden_names
from graphstore.instants import to_ms
from graphstore.store import GraphStore, load_all_under_locks
from graphstore.writing import apply_changes


async def restore(store: GraphStore, resource_id: str, back: Return, stamp: Stamp) -> str:
    """Let a tombstone live again, a container with all that the same deletion took; answers its id.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """

    async def work(transaction: Transaction) -> str:
        facts = await load_all_under_locks(
            transaction,
            lambda: _load(transaction, resource_id, back, stamp),
            lambda found: restore_locks(found, back),
        )
        facts = replace(facts, blocked=await blocked_names(transaction, wanted_names(facts, back), facts.parents))
        rule = restore_container
        if facts.resource is None or facts.resource.kind is Kind.OBJECT:
            rule = restore_object
        elif facts.resource.kind is Kind.PROJECT:
            name = back.name_of(facts.resource)
            facts = replace(facts, is_bucket_taken=await transaction.run(cypher.bucket_taken(name)))
        decision = rule(facts, resource_id, back, stamp)
        await apply_changes(transaction, decision.changes)
        return decision.result

    return await store.engine.write("restore", work)


async def _load(transaction: Transaction, resource_id: str, back: Return, stamp: Stamp) -> RestoreFacts:
    caller, now = stamp.caller.user_id, to_ms(stamp.now)
    found = await transaction.run(cypher.tombstone(resource_id, caller, now))
    facts = RestoreFacts(
        resource=found.resource,
        home_level=found.home_level,
        tree=await _deleted_with(transaction, found),
        state_before=found.state_before,
        is_erased=found.is_erased,
    )
    wanted = wanted_parents(facts, back)
    if not wanted:
        return facts
    if back.parent_id is not None:
        given = await transaction.run(resources([back.parent_id], caller, now))
        facts = replace(facts, given=given.get(back.parent_id))
    return replace(facts, parents=await transaction.run(cypher.above(wanted, caller, now)))


async def _deleted_with(transaction: Transaction, found: Tombstone) -> tuple[DeletedContainer, ...]:
    """Load the containers that the same deletion took."""
    if found.deletion_id is not None:
        return await transaction.run(cypher.deleted(found.deletion_id))
    root = found.resource
    if not isinstance(root, ContainerFacts) or root.state is not State.DELETED:
        return ()
    # Deleted by a program of before: empty containers alone could be.
    return (DeletedContainer(root.id, root.kind, root.name, root.entry_count, root.object_count, root.parents),)


async def blocked_names(
    transaction: Transaction, names: Iterable[WantedName], parents: Mapping[str, ContainerFacts]
) -> frozenset[str]:
    """Find which names can't be borne: taken, or an Object's that a snapshot hides, or whose snapshots hide others.

    Answers their `sort` strings.
    """
    wanted = tuple(names)
    if not wanted:
        return frozenset()
    blocked = set(await transaction.run(cypher.taken({name.sort for name in wanted})))
    versioned = {
        number: VersionedName(name.parent_id, beginning)
        for number, name in enumerate(wanted)
        if name.child_kind is Kind.OBJECT
        and name.parent_id in parents
        and (beginning := versioned_beginning(name.name, parents[name.parent_id].kind)) is not None
    }
    if versioned:
        hidden = await transaction.run(hidden_names(versioned))
        blocked |= {wanted[number].sort for number, is_hidden in hidden.items() if is_hidden}
    for name in wanted:
        if name.child_kind is not Kind.OBJECT and await _hides_others(transaction, name):
            blocked.add(name.sort)
    return frozenset(blocked)


async def _hides_others(transaction: Transaction, name: WantedName) -> bool:
    """Whether a snapshot of a container would hide an Object beside it under this name."""
    versions = await transaction.run(places.versions(name.child_id))
    beginnings = [beginning for version in versions for beginning in hiding_beginnings(name.name, version)]
    return bool(beginnings) and await transaction.run(places.versioned_name(name.parent_id, beginnings)) is not None
