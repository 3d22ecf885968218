"""Rule: what deleting a key of S3 does with the Object that it shows: at its home that is deleted, a share unlinked."""

from domain.changes import Decision
from domain.deletion import ObjectDeletionFacts, delete_object
from domain.stamps import Stamp


def remove_at_home(facts: ObjectDeletionFacts, object_id: str, parent_id: str, stamp: Stamp) -> Decision[bool]:
    """Delete an Object if it has its home in the parent; answers whether it is shared there and so must be unlinked.

    Where it is no more, nothing is left to do.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition.
    """
    parents = () if facts.object is None else facts.object.parents
    edge = next((edge for edge in parents if edge.parent_id == parent_id), None)
    if facts.object is not None and (edge is None or not edge.is_home):
        return Decision((), edge is not None)
    return Decision(delete_object(facts, object_id, stamp).changes, result=False)
