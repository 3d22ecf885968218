"""Runs the rules of deletion: lock, load, decide, apply in one transaction.

An Object costs by the containers above it, a container by those below it, whatever they hold.
"""

from domain.deletion import ObjectDeletionFacts, deletion_locks
from domain.deletion import delete_container as decide_container
from domain.deletion import delete_object as decide_object
from domain.stamps import Stamp
from graphstore.cypher.facts import deletion
from graphstore.cypher.trees import tree
from graphstore.instants import to_ms
from graphstore.store import GraphStore


def object_locks(facts: ObjectDeletionFacts) -> frozenset[str]:
    """Ids of what may change with an Object's deletion: it and all that it might leave empty."""
    return frozenset() if facts.object is None else frozenset({facts.object.id, *facts.containers})


async def delete_object(store: GraphStore, object_id: str, stamp: Stamp) -> str:
    """Make an Object a tombstone; answers its id.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition, Unavailable.
    """
    return await store.run_rule_above(
        "delete object",
        load=deletion(object_id, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=object_locks,
        decide=lambda found: decide_object(found, object_id, stamp),
    )


async def delete_container(store: GraphStore, container_id: str, stamp: Stamp, *, is_recursive: bool = False) -> str:
    """Make a container a tombstone, with `is_recursive` and all that has its home in it; answers its id.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition, Hierarchy, Unavailable.
    """
    return await store.run_rule_above(
        "delete container",
        load=tree(container_id, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=deletion_locks,
        decide=lambda found: decide_container(found, container_id, stamp, is_recursive=is_recursive),
    )
