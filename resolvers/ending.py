"""Use cases that end resources and bring them back: restore, erase, remove a revision."""

from domain.erasing import Erasure
from domain.restoring import Return
from domain.views import ResourceView
from graphstore import erasing, restoring
from resolvers.context import Context


async def restore(context: Context, resource_id: str, back: Return) -> ResourceView | None:
    """Let a tombstone live again; answers it.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    await restoring.restore(context.store, resource_id, back, context.stamp())
    return await context.reread(resource_id)


async def erase(context: Context, object_id: str, wanted: Erasure) -> ResourceView | None:
    """Make the bytes of an Object, or of one older revision, unreadable for good; answers the Object.

    Raises: NotFound, Forbidden, Hierarchy, BadInput, FailedPrecondition, Unavailable.
    """
    await erasing.erase(context.store, object_id, wanted, context.stamp())
    return await context.reread(object_id)


async def remove_revision(context: Context, object_id: str, version_id: str) -> ResourceView | None:
    """Take one older revision out of an Object's chain; answers the Object.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, FailedPrecondition, Unavailable.
    """
    await erasing.remove_revision(context.store, object_id, version_id, context.stamp())
    return await context.reread(object_id)
