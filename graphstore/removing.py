"""Runs the rule of what a key of S3 shows no more: an Object is deleted at its home's key, unlinked at a share's."""

from domain.removing import remove_at_home
from domain.stamps import Stamp
from graphstore.cypher.facts import deletion
from graphstore.deleting import object_locks
from graphstore.instants import to_ms
from graphstore.placing import unlink
from graphstore.store import GraphStore


async def remove_key(store: GraphStore, object_id: str, parent_id: str, stamp: Stamp) -> None:
    """Take away the name that a parent gives an Object: delete it there if that is its home, else unlink the share.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition, Unavailable.
    """
    is_shared = await store.run_rule_above(
        "delete key",
        load=deletion(object_id, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=object_locks,
        decide=lambda found: remove_at_home(found, object_id, parent_id, stamp),
    )
    if is_shared:
        await unlink(store, object_id, parent_id, stamp)
