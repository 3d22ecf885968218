"""Containers: projects, collections and datasets, what is in them and how much."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.resources import Kind, Versioning
from domain.views import ContainerView, NamedResource, ResourceView
from resolvers import children, containers, descendants, frozen
from resolvers.descendants import Descendant
from resolvers.stats import Stats as StatsView
from schema.fields import answered_by
from schema.info import Info
from schema.nodes import type_name
from schema.pages import After, Before, Connection, First, Last, PageInfo, Size, connection
from schema.resources import Resource
from schema.scalars import BigInt, Url
from schema.snapshots import (
    LazyContainer,
    SnapshotConnection,
    latest_snapshot,
    snapshot_of,
    snapshots_of,
    version_of,
)

Kinds = Annotated[list[Kind] | None, strawberry.argument(description="Only these kinds; null for all. Not PROJECT.")]


@strawberry.type(description="How much there is. An Object with several keys counts once for each.")
class Stats:
    """How much there is."""

    objects: BigInt = strawberry.field(description="Objects that are AVAILABLE.")
    length_bytes: BigInt = strawberry.field(name="bytes", description="Bytes of their newest revisions.")
    last_change: datetime = strawberry.field(description="When something last came, changed or went.")


def _own(root: strawberry.Parent[ContainerView]) -> StatsView:
    return containers.own_stats(root)


async def _subtree(root: strawberry.Parent[ContainerView], info: Info) -> StatsView:
    return await containers.tree_stats(info.context, root)


@strawberry.type(description="How much a container holds, right after every acknowledged write.")
class ContainerStats:
    """How much a container holds."""

    own: Stats = answered_by(_own, "What is directly in it.")
    subtree: Stats = answered_by(_subtree, "With all that is in the containers below.")


@strawberry.type(description="A child of a container.")
class ChildEdge:
    """A child of a container."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: Resource = strawberry.field(description="The child.")
    label: str = strawberry.field(name="name", description="What this container calls it.")


@strawberry.type(description="A page of a container's children in the byte order of S3 keys.")
class ChildConnection:
    """A page of a container's children."""

    edges: list[ChildEdge] = strawberry.field(description="The children with their cursors and names.")
    nodes: list[Resource] = strawberry.field(description="The children alone.")
    page_info: PageInfo = strawberry.field(
        description="Where the page stands. A page may be short with more to come, where much was passed over."
    )
    total_count: int | None = strawberry.field(
        description="How many children there are; null where only some kinds are listed, or you may not see all."
    )


@strawberry.type(description="A resource below a container.")
class DescendantEdge:
    """A resource below a container."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: Resource = strawberry.field(description="The resource.")
    label: str = strawberry.field(name="path", description="Path from the container; a container's ends with `/`.")


@strawberry.type(description="A page of what is below a container, in the order of paths.")
class DescendantConnection:
    """A page of what is below a container."""

    edges: list[DescendantEdge] = strawberry.field(description="The resources with their cursors and paths.")
    nodes: list[Resource] = strawberry.field(description="The resources alone.")
    page_info: PageInfo = strawberry.field(
        description="Where the page stands. A page may be short with more to come, where much was passed over."
    )


async def _children(
    root: strawberry.Parent[ContainerView],
    info: Info,
    kinds: Kinds = None,
    first: First = None,
    after: After = None,
    last: Last = None,
    before: Before = None,
) -> Connection[ResourceView]:
    page = await containers.list_children(info.context, root, kinds, first=first, last=last, after=after, before=before)

    def node_of(child: NamedResource) -> ResourceView:
        return child.resource

    def name_of(child: NamedResource) -> str:
        return child.name

    total = await containers.child_count(info.context, root, kinds)
    return connection(children.LISTING, page, node_of=node_of, label_of=name_of, total_count=total)


async def _descendants(
    root: strawberry.Parent[ContainerView], info: Info, first: Size, after: After = None
) -> Connection[ResourceView]:
    page = await descendants.list_descendants(info.context, root, first=first, after=after)

    def node_of(descendant: Descendant) -> ResourceView:
        return descendant.resource

    def path_of(descendant: Descendant) -> str:
        return descendant.path

    return connection(descendants.LISTING, page, node_of=node_of, label_of=path_of)


async def _stats(root: strawberry.Parent[ContainerView], info: Info) -> ContainerView | None:
    return root if await containers.tells_counts(info.context, root) else None


@strawberry.interface(description="A resource that holds others: a Project, Collection or Dataset.")
class Container(Resource):
    """A resource that holds others."""

    children: ChildConnection = answered_by(_children, "What is directly in it, in the byte order of S3 keys.")
    descendants: DescendantConnection = answered_by(
        _descendants,
        "All that is below it, in the order of paths; each container before what is in it. "
        "COST_EXCEEDED where one request walks below more than 25 containers.",
    )
    stats: ContainerStats | None = answered_by(
        _stats, "How much it holds; null where you read it only because it is PUBLIC."
    )
    snapshots: SnapshotConnection = answered_by(
        snapshots_of, "Its snapshots that you may see, newest first. Give exactly one of `first` and `last`."
    )
    latest_snapshot: LazyContainer | None = answered_by(
        latest_snapshot, "Its snapshot with the highest release; null if there is none."
    )
    version: str | None = answered_by(version_of, "Version of a snapshot; null for others.")
    snapshot_of: LazyContainer | None = answered_by(
        snapshot_of, "What it was made of, where it belongs to a snapshot; null for others."
    )
    archived_at: datetime | None = strawberry.field(description="When the project was archived; null if it isn't.")


async def _s3_url(root: strawberry.Parent[ContainerView], info: Info) -> str:
    return f"{info.context.services.settings.s3_public_url}/{await frozen.s3_path(info.context, root)}"


@strawberry.type(description="A root of the hierarchy; for S3 clients a bucket of its name.")
class Project(Container):
    """A root of the hierarchy."""

    versioning: Versioning = strawberry.field(description="What S3 shows of revisions.")
    s3_url: Url = answered_by(_s3_url, "Where S3 clients find it, in path style.")

    @classmethod
    def is_type_of(cls, obj: object, _: object) -> bool:
        """Whether a value is shown by this type."""
        return type_name(obj) == "Project"


@strawberry.type(description="A container in a project; holds datasets and Objects.")
class Collection(Container):
    """A container in a project."""

    @classmethod
    def is_type_of(cls, obj: object, _: object) -> bool:
        """Whether a value is shown by this type."""
        return type_name(obj) == "Collection"


@strawberry.type(description="A container in a project or collection; holds Objects only.")
class Dataset(Container):
    """A container in a project or collection."""

    @classmethod
    def is_type_of(cls, obj: object, _: object) -> bool:
        """Whether a value is shown by this type."""
        return type_name(obj) == "Dataset"


@strawberry.type(description="A project in a list.")
class ProjectEdge:
    """A project in a list."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: Project = strawberry.field(description="The project.")


@strawberry.type(description="A page of projects, by name.")
class ProjectConnection:
    """A page of projects."""

    edges: list[ProjectEdge] = strawberry.field(description="The projects with their cursors.")
    nodes: list[Project] = strawberry.field(description="The projects alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many projects there are.")
