"""Use cases of where resources belong: sharing, unlinking, moving, renaming, and cloning Objects into another place."""

from collections.abc import Sequence

from domain.access import Level
from domain.cloning import NewClone
from domain.moving import Move
from domain.sharing import Share
from domain.views import ResourceView, ShareView
from graphstore import placing
from resolvers.context import Context


async def share(context: Context, resource_id: str, new: Share) -> ResourceView | None:
    """Let a resource belong to one more parent; answers it as it is then.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    return await context.reread(await placing.share(context.store, resource_id, new, context.stamp()))


async def unlink(context: Context, resource_id: str, parent_id: str) -> ResourceView | None:
    """Take a share away; answers the resource, None where the caller saw it by that share alone.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition, HomeParent, Unavailable.
    """
    return await context.reread(await placing.unlink(context.store, resource_id, parent_id, context.stamp()))


async def move(context: Context, resource_id: str, new: Move) -> ResourceView | None:
    """Move a resource to another parent; answers it as it is then, None where the caller sees it no more.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    return await context.reread(await placing.move(context.store, resource_id, new, context.stamp()))


async def rename(context: Context, resource_id: str, name: str, parent_id: str | None) -> ResourceView | None:
    """Let a parent (the home, if None) call a resource otherwise, or a project bear another name.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    return await context.reread(await placing.rename(context.store, resource_id, name, parent_id, context.stamp()))


async def clone(context: Context, object_id: str, new: NewClone) -> ResourceView | None:
    """Make a new Object with the bytes of another one; answers the clone.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    return await context.reread(await placing.clone(context.store, object_id, new, context.stamp()))


async def load_shares(context: Context, resource: ResourceView) -> Sequence[ShareView] | None:
    """Where a resource is shared, by the containers' ids; None unless the caller has ADMIN on it.

    Raises: Unavailable.
    """
    return await context.loaders.shares.load(resource.id) if resource.level is Level.ADMIN else None


async def find_container(context: Context, share: ShareView) -> ResourceView | None:
    """Container of a share, if the caller may see it.

    Raises: Unavailable.
    """
    return await context.loaders.resources.load(share.container_id)
