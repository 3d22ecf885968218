"""Sharing, unlinking, moving, renaming and cloning. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from resolvers import hierarchy
from schema.hierarchy import (
    ObjectCloneInput,
    ObjectClonePayload,
    ResourceMoveInput,
    ResourceMovePayload,
    ResourceRenamePayload,
    ResourceShareInput,
    ResourceSharePayload,
    ResourceUnlinkPayload,
)
from schema.info import Info
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.problems import refused


@strawberry.type
class HierarchyMutations:
    """Where resources belong, and what they are called there."""

    @strawberry.mutation(
        description="Let a resource belong to one more container. Takes ADMIN on the resource and APPEND there."
    )
    async def resource_share(
        self,
        info: Info,
        resource_id: ResourceId,
        given: Annotated[ResourceShareInput, strawberry.argument(name="input", description="The share.")],
    ) -> ResourceSharePayload:
        """Share a resource."""
        try:
            found = await hierarchy.share(info.context, str(resource_id), given.to_share())
        except DomainError as error:
            return ResourceSharePayload(user_errors=refused(error))
        return ResourceSharePayload(resource=shown(found))

    @strawberry.mutation(
        description="Take a share away; a home is moved, never unlinked. Takes ADMIN on the resource or the container."
    )
    async def resource_unlink(
        self,
        info: Info,
        resource_id: ResourceId,
        parent: Annotated[strawberry.ID, strawberry.argument(description="Id of the container it is shared into.")],
    ) -> ResourceUnlinkPayload:
        """Unlink a share."""
        try:
            found = await hierarchy.unlink(info.context, str(resource_id), str(parent))
        except DomainError as error:
            return ResourceUnlinkPayload(user_errors=refused(error))
        return ResourceUnlinkPayload(resource=shown(found))

    @strawberry.mutation(
        description="Move a resource with all below it, or one of its shares, to another container: one small write. "
        "Takes ADMIN on the resource and APPEND there; moving its home takes ADMIN on the former home too."
    )
    async def resource_move(
        self,
        info: Info,
        resource_id: ResourceId,
        given: Annotated[ResourceMoveInput, strawberry.argument(name="input", description="From where to where.")],
    ) -> ResourceMovePayload:
        """Move a resource."""
        try:
            found = await hierarchy.move(info.context, str(resource_id), given.to_move())
        except DomainError as error:
            return ResourceMovePayload(user_errors=refused(error))
        return ResourceMovePayload(resource=shown(found))

    @strawberry.mutation(
        description="Rename a resource where its home or another container holds it: every path below changes at once. "
        "Takes WRITE; ADMIN for a project, whose bucket is renamed; APPEND on the container too, for a share in it."
    )
    async def resource_rename(
        self,
        info: Info,
        resource_id: ResourceId,
        name: Annotated[str, strawberry.argument(description="What it is to be called.")],
        parent: Annotated[
            strawberry.ID | None, strawberry.argument(description="Id of the container that calls it so; null: home.")
        ] = None,
    ) -> ResourceRenamePayload:
        """Rename a resource."""
        try:
            parent_id = None if parent is None else str(parent)
            found = await hierarchy.rename(info.context, str(resource_id), name, parent_id)
        except DomainError as error:
            return ResourceRenamePayload(user_errors=refused(error))
        return ResourceRenamePayload(resource=shown(found))

    @strawberry.mutation(
        description="Make a new Object with the bytes, headers, words and licences of another one's revision; no byte "
        "is copied, and an ORIGIN tells its source. Takes READ on the source and APPEND on the parent; where the "
        "parent's class is more open than the source's, ADMIN on the source."
    )
    async def object_clone(
        self,
        info: Info,
        object_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the source.")],
        given: Annotated[ObjectCloneInput, strawberry.argument(name="input", description="The clone.")],
    ) -> ObjectClonePayload:
        """Clone an Object."""
        try:
            found = await hierarchy.clone(info.context, str(object_id), given.to_new())
        except DomainError as error:
            return ObjectClonePayload(user_errors=refused(error))
        return ObjectClonePayload(object=shown(found))
