"""Use cases of snapshots and archives: making, deleting, listing them, and taking an archive back."""

from typing import Final

from domain.stamps import Stamp
from domain.views import ContainerView, ResourceView, UserView
from graphstore import snapshotting
from graphstore.cypher.snapshots import SnapshotsRequest
from resolvers.context import Context
from resolvers.paging import Page, page_of, page_request
from resolvers.users import stamp_of

LISTING: Final = "snapshots"


async def create(context: Context, resource_id: str, version: str) -> ResourceView | None:
    """Make a snapshot of a container; answers it.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    snapshot_id = await snapshotting.take_snapshot(context.store, resource_id, version, context.stamp())
    return await context.reread(snapshot_id)


async def delete(context: Context, snapshot_id: str) -> ResourceView | None:
    """Delete a snapshot; answers its tombstone.

    Raises: NotFound, Forbidden, FailedPrecondition, Unavailable.
    """
    return await context.reread(await snapshotting.remove_snapshot(context.store, snapshot_id, context.stamp()))


async def archive(context: Context, project_id: str) -> ResourceView | None:
    """Archive a project; answers it as it is then.

    Raises: NotFound, Forbidden, FailedPrecondition, Unavailable.
    """
    return await context.reread(await snapshotting.archive(context.store, project_id, context.stamp()))


async def unarchive(context: Context, project_id: str) -> ResourceView | None:
    """Let an archived project change again; answers it, None for administrators who may not see it.

    Raises: Unauthenticated, NotFound, Forbidden, FailedPrecondition, Unavailable.
    """

    def stamp(caller: UserView | None) -> Stamp:
        return stamp_of(context, caller)

    caller_id = context.caller.user_id
    return await context.reread(await snapshotting.unarchive(context.store, project_id, caller_id, context.now, stamp))


async def list_snapshots(
    context: Context,
    container: ContainerView,
    *,
    first: int | None,
    last: int | None,
    after: str | None,
    before: str | None,
) -> Page[ContainerView]:
    """Page of the snapshots of a container that the caller may see, newest first; a snapshot has none itself.

    Raises: BadInput, CostExceeded, Unavailable.
    """
    request = page_request(LISTING, first=first, last=last, after=after, before=before)
    found: list[ContainerView] = []
    if not is_of_snapshot(container):
        wanted = SnapshotsRequest(
            container.id, request.after, request.before, request.size + 1, is_backward=request.is_backward
        )
        found = list(await context.loaders.snapshots.load(wanted))
    return page_of(found[: request.size], lambda snapshot: snapshot.id, request, has_more=len(found) > request.size)


async def find_latest(context: Context, container: ContainerView) -> ContainerView | None:
    """Snapshot of a container with the highest release, if the caller may see it.

    Raises: Unavailable.
    """
    return None if is_of_snapshot(container) else await context.loaders.latest_snapshots.load(container.id)


async def find_original(context: Context, container: ContainerView) -> ResourceView | None:
    """What a container of a snapshot was made of; None for others, or where the caller may not see it.

    Raises: Unavailable.
    """
    if container.frozen is None or container.frozen.root_id is None:
        return None
    return await context.loaders.resources.load(container.frozen.original_id)


def is_of_snapshot(container: ContainerView) -> bool:
    """Whether the container belongs to a snapshot."""
    return container.frozen is not None and container.frozen.root_id is not None
