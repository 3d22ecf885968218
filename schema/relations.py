"""Relations between resources and to the world outside, and walks along them."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.linking import ExternalLink, Link
from domain.relations import ExternalReference as Reference
from domain.relations import ExternalType, RelationKind
from domain.views import RelationView, ResourceView, RevisionView
from resolvers import relations
from schema.fields import answered_by
from schema.info import Info
from schema.pages import After, Connection, PageInfo, Size, connection, itself
from schema.users import User, creator

if TYPE_CHECKING:
    from schema.objects import Revision
    from schema.resources import Resource

_Revision = Annotated["Revision", strawberry.lazy("schema.objects")]
_Resource = Annotated["Resource", strawberry.lazy("schema.resources")]


async def _source_revision(root: strawberry.Parent[RelationView], info: Info) -> RevisionView | None:
    return await relations.find_end(info.context, root, is_source=True)


async def _target_revision(root: strawberry.Parent[RelationView], info: Info) -> RevisionView | None:
    return await relations.find_end(info.context, root, is_source=False)


@strawberry.type(description="A typed edge of a resource, with facts of its own. Seen only by who may see both ends.")
class Relation:
    """A relation as seen from one of its ends."""

    id: strawberry.ID = strawberry.field(description="ULID of the edge.")
    kind: RelationKind = strawberry.field(description="What it says.")
    name: str | None = strawberry.field(description="Its name, if CUSTOM.")
    note: str | None = strawberry.field(description="What its maker remarked.")
    is_outgoing: bool = strawberry.field(description="Whether it leads from this resource to `other`.")
    other: _Resource = strawberry.field(description="The resource at its other end.")
    source_version_id: strawberry.ID | None = strawberry.field(
        description="Revision that was the source's newest when it was made; null for containers and Objects without."
    )
    target_version_id: strawberry.ID | None = strawberry.field(
        description="Revision that was the target's newest when it was made, or of POLICY the one that is pinned; null "
        "for containers and Objects without."
    )
    source_revision: _Revision | None = answered_by(
        _source_revision, "That revision of the source; null where it isn't there any more, or was never."
    )
    target_revision: _Revision | None = answered_by(
        _target_revision, "That revision of the target; null where it isn't there any more, or was never."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: User | None = answered_by(creator, "Who made it.")


@strawberry.type(description="A relation in a list.")
class RelationEdge:
    """A relation in a list."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: Relation = strawberry.field(description="The relation.")


@strawberry.type(description="A page of a resource's relations, oldest first.")
class RelationConnection:
    """A page of relations."""

    edges: list[RelationEdge] = strawberry.field(description="The relations with their cursors.")
    nodes: list[Relation] = strawberry.field(description="The relations alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


@strawberry.type(description="A resource in a list.")
class ResourceEdge:
    """A resource in a list."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: _Resource = strawberry.field(description="The resource.")


@strawberry.type(description="A page of resources.")
class ResourceConnection:
    """A page of resources."""

    edges: list[ResourceEdge] = strawberry.field(description="The resources with their cursors.")
    nodes: list[_Resource] = strawberry.field(description="The resources alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


async def _citing(
    root: strawberry.Parent[Reference], info: Info, first: Size, after: After = None
) -> Connection[ResourceView]:
    page = await relations.list_citing(info.context, root, first=first, after=after)
    return connection(relations.CITING, page, node_of=itself)


@strawberry.type(description="Something outside: equal references are one, shared by all that cite them.")
class ExternalReference:
    """Something outside."""

    type: ExternalType = strawberry.field(description="What it is.")
    value: str = strawberry.field(description="The identifier, normalised.")
    name: str | None = strawberry.field(description="Its name, if CUSTOM.")
    resources: ResourceConnection = answered_by(_citing, "Resources that you may see and that cite it, oldest first.")


@strawberry.type(description="A resource citing something outside.")
class ExternalRelation:
    """A resource citing something outside."""

    id: strawberry.ID = strawberry.field(description="ULID of the edge.")
    reference: ExternalReference = strawberry.field(description="What is cited.")
    note: str | None = strawberry.field(description="What its maker remarked.")
    source_version_id: strawberry.ID | None = strawberry.field(
        description="Revision that was the newest when it was made; null for containers and Objects without."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    created_by: User | None = answered_by(creator, "Who made it.")


@strawberry.type(description="One edge on a way, in the direction in which it stands.")
class LineageStep:
    """One edge on a way."""

    kind: RelationKind = strawberry.field(description="What it says.")
    name: str | None = strawberry.field(description="Its name, if CUSTOM.")
    source_id: strawberry.ID = strawberry.field(description="Id of the resource it leads from.")
    target_id: strawberry.ID = strawberry.field(description="Id of the resource it leads to.")


@strawberry.type(description="A resource met on a walk along relations.")
class LineageNode:
    """A resource met on a walk."""

    resource: _Resource = strawberry.field(name="node", description="The resource.")
    depth: int = strawberry.field(description="How many edges away it is.")
    path: list[LineageStep] = strawberry.field(description="One shortest way to it, edge by edge.")


@strawberry.input(description="A relation from the resource of the call.")
class RelationInput:
    """A relation as a caller names it."""

    kind: RelationKind = strawberry.field(
        description="ORIGIN, METADATA, CUSTOM or POLICY; BELONGS_TO is made by creating."
    )
    target: strawberry.ID = strawberry.field(description="Id of the resource it leads to.")
    name: str | None = strawberry.field(
        default=None, description="For CUSTOM: a letter, then up to 62 letters, digits, `_` and `-`. Else left out."
    )
    note: str | None = strawberry.field(
        default=None, description="A remark, at most 4096 characters; not part of what identifies the relation."
    )
    target_version_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="For POLICY: the revision of the target that is pinned; null for the newest. Naming another than "
        "the one that is pinned replaces it. Else left out.",
    )

    def to_link(self) -> Link:
        """Give the rule's words."""
        version_id = None if self.target_version_id is None else str(self.target_version_id)
        return Link(self.kind, str(self.target), self.name, self.note, version_id)


@strawberry.input(description="A citation by the resource of the call.")
class ExternalRelationInput:
    """An external relation as a caller names it."""

    type: ExternalType = strawberry.field(description="What is cited.")
    value: str = strawberry.field(description="The URL, DOI or other identifier, at most 2048 characters.")
    name: str | None = strawberry.field(
        default=None, description="For CUSTOM: a letter, then up to 62 letters, digits, `_` and `-`. Else left out."
    )
    note: str | None = strawberry.field(default=None, description="A remark, at most 4096 characters.")

    def to_link(self) -> ExternalLink:
        """Give the rule's words."""
        return ExternalLink(self.type, self.value, self.name, self.note)
