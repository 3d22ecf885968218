"""The interface of all kinds of resources: what they are, where they are, what they are related to, who may do what."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access import Level
from domain.relations import RelationKind
from domain.resources import DataClass, Kind
from domain.showing import ShownState
from domain.views import (
    ContainerView,
    ExternalRelationView,
    GrantView,
    LabelView,
    ParentView,
    RelationView,
    ResourceView,
    ShareView,
)
from domain.views import LineageNode as LineageView
from resolvers import frozen, hierarchy, lineage, relations, resources
from schema.describing import Author, Label
from schema.enums import Direction
from schema.fields import answered_by
from schema.grants import Grant
from schema.info import Info
from schema.nodes import Node
from schema.pages import After, Connection, Size, connection, itself
from schema.relations import ExternalRelation, LineageNode, RelationConnection
from schema.shares import Share
from schema.users import User, creator

if TYPE_CHECKING:
    from schema.containers import Container

_Container = Annotated["Container", strawberry.lazy("schema.containers")]

RelationKinds = Annotated[
    list[RelationKind] | None,
    strawberry.argument(description="Kinds to follow; null for ORIGIN, METADATA, CUSTOM and POLICY."),
]


@strawberry.type(description="A container that a resource belongs to (of a tombstone: belonged to).")
class Parent:
    """One parent of a resource."""

    parent: _Container = strawberry.field(name="container", description="The container.")
    name: str = strawberry.field(description="What the resource is called in it.")
    is_home: bool = strawberry.field(description="Whether it is the home, whose rights reach down in full.")
    passes: Level = strawberry.field(description="The most that rights on the container are worth on the resource.")
    created_at: datetime = strawberry.field(description="Since when.")
    created_by: User | None = answered_by(creator, "Who put it there.")


def _state(root: strawberry.Parent[ResourceView], info: Info) -> ShownState:
    return resources.shown_state(info.context, root)


def _state_reason(root: strawberry.Parent[ResourceView], info: Info) -> str | None:
    return resources.shown_reason(info.context, root)


async def _paths(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[str]:
    return await frozen.load_paths(info.context, root)


async def _parents(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[ParentView]:
    return await frozen.load_parents(info.context, root)


async def _ancestors(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[ContainerView]:
    return await resources.load_ancestors(info.context, root)


async def _relations(
    root: strawberry.Parent[ResourceView],
    info: Info,
    first: Size,
    after: After = None,
    kinds: RelationKinds = None,
    direction: Annotated[Direction, strawberry.argument(description="Which way.")] = Direction.BOTH,
) -> Connection[RelationView]:
    page = await relations.list_relations(
        info.context,
        root,
        kinds,
        is_outgoing=direction is not Direction.IN,
        is_incoming=direction is not Direction.OUT,
        first=first,
        after=after,
    )
    return connection(relations.LISTING, page, node_of=itself)


async def _externals(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[ExternalRelationView]:
    return await frozen.load_externals(info.context, root)


async def _labels(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[LabelView]:
    return await frozen.load_labels(info.context, root)


async def _lineage(
    root: strawberry.Parent[ResourceView],
    info: Info,
    direction: Annotated[Direction, strawberry.argument(description="Which way.")] = Direction.OUT,
    kinds: RelationKinds = None,
    max_depth: Annotated[int, strawberry.argument(description="How many edges far: 1 to 10.")] = 10,
) -> Sequence[LineageView]:
    return await lineage.walk_lineage(info.context, root, direction, kinds, max_depth)


async def _grants(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[GrantView] | None:
    return await resources.load_grants(info.context, root)


async def _shares(root: strawberry.Parent[ResourceView], info: Info) -> Sequence[ShareView] | None:
    return await hierarchy.load_shares(info.context, root)


@strawberry.interface(description="A Project, Collection, Dataset or Object that you may see.")
class Resource(Node):
    """What all kinds have in common."""

    kind: Kind = strawberry.field(description="What it is.")
    name: str = strawberry.field(
        description="What its home calls it (of an Object in a snapshot: the container that it is seen in); of a "
        "project its own name, the bucket's for S3."
    )
    title: str | None = strawberry.field(description="Title for people, at most 1024 characters.")
    description: str | None = strawberry.field(description="What it is about, at most 65536 characters.")
    state: ShownState = answered_by(_state, "Where it is in its life.")
    state_reason: str | None = answered_by(_state_reason, "In words why it is in this state, where that needs any.")
    data_class: DataClass = strawberry.field(description="How open it is to those without a grant.")
    metadata_license: str = strawberry.field(description="Licence of its metadata: an SPDX id, or AllRightsReserved.")
    data_license: str = strawberry.field(description="Licence of its data: an SPDX id, or AllRightsReserved.")
    authors: list[Author] = strawberry.field(description="Who made what it holds, in the order that they gave.")
    labels: list[Label] = answered_by(_labels, "Its labels, by key.")
    revision: int = strawberry.field(description="Raised by each change of its own fields; what `ifRevision` compares.")
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: User | None = answered_by(creator, "Who made it.")
    updated_at: datetime = strawberry.field(description="When its own fields last changed.")
    level: Level = strawberry.field(name="viewerLevel", description="Your level on it, by all grants that reach it.")
    paths: list[str] = answered_by(
        _paths, "Names from the project down, joined by `/`: one for each way up, the home's first."
    )
    parents: list[Parent] = answered_by(_parents, "Containers it belongs to that you may see, the home first.")
    ancestors: list[_Container] = answered_by(_ancestors, "Containers above it that you may see, nearest first.")
    relations: RelationConnection = answered_by(
        _relations,
        "Its relations to resources that you may see, oldest first. BELONGS_TO is read as parents, children.",
    )
    external_relations: list[ExternalRelation] = answered_by(_externals, "What it cites outside, oldest first.")
    lineage: list[LineageNode] = answered_by(
        _lineage,
        "Resources reached along relations, nearest first, each once with a shortest way; at most 1000. "
        "COST_EXCEEDED where one request walks from more than 25 resources.",
    )
    shares: list[Share] | None = answered_by(
        _shares, "All containers it is shared into, those you may not see too; null unless you have ADMIN on it."
    )
    grants: list[Grant] | None = answered_by(
        _grants, "Levels given on it itself; null unless you have ADMIN on it, or on the original of a snapshot."
    )
