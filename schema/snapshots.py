"""Snapshots in the schema: what a container says of them, and what is answered by making and ending them."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.views import ContainerView, ResourceView
from resolvers import snapshots
from schema.info import Info
from schema.pages import After, Before, Connection, First, Last, PageInfo, connection, itself

if TYPE_CHECKING:
    from schema.containers import Container

LazyContainer = Annotated["Container", strawberry.lazy("schema.containers")]


@strawberry.type(description="A snapshot of a container.")
class SnapshotEdge:
    """A snapshot of a container."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: LazyContainer = strawberry.field(description="The snapshot.")
    label: str = strawberry.field(name="version", description="Its version.")


@strawberry.type(description="A page of a container's snapshots, newest first.")
class SnapshotConnection:
    """A page of a container's snapshots."""

    edges: list[SnapshotEdge] = strawberry.field(description="The snapshots with their cursors and versions.")
    nodes: list[LazyContainer] = strawberry.field(description="The snapshots alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def snapshots_of(
    root: strawberry.Parent[ContainerView],
    info: Info,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[ContainerView]:
    """Page of a container's snapshots."""
    page = await snapshots.list_snapshots(info.context, root, first=first, last=last, after=after, before=before)

    def label_of(snapshot: ContainerView) -> str:
        return version_of(snapshot) or ""

    return connection(snapshots.LISTING, page, node_of=itself, label_of=label_of)


async def latest_snapshot(root: strawberry.Parent[ContainerView], info: Info) -> ContainerView | None:
    """Snapshot with the highest release."""
    return await snapshots.find_latest(info.context, root)


async def snapshot_of(root: strawberry.Parent[ContainerView], info: Info) -> ResourceView | None:
    """Original of a container of a snapshot."""
    return await snapshots.find_original(info.context, root)


def version_of(root: strawberry.Parent[ContainerView]) -> str | None:
    """Version of a snapshot."""
    return root.frozen.version if root.frozen else None
