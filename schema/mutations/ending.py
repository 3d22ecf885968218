"""Deleting and restoring resources, erasing bytes, removing revisions. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.erasing import Erasure
from domain.errors import DomainError
from domain.restoring import Return
from resolvers import ending, resources
from schema.info import Info
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.payloads import (
    ObjectErasePayload,
    ResourceDeletePayload,
    ResourceRestorePayload,
    RevisionRemovePayload,
)
from schema.problems import refused

ObjectId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the Object.")]


@strawberry.type
class EndingMutations:
    """Deleting and restoring resources, erasing bytes, removing revisions."""

    @strawberry.mutation(
        description="Delete an Object (WRITE through its home), or a container (ADMIN): a tombstone stays. All below "
        "it that has its home there is deleted with it at once; what has its home elsewhere is only unlinked."
    )
    async def resource_delete(
        self,
        info: Info,
        resource_id: ResourceId,
        *,
        recursive: Annotated[
            bool, strawberry.argument(description="Delete a container that isn't empty, with all that is in it.")
        ] = False,
    ) -> ResourceDeletePayload:
        """Delete an Object or container."""
        try:
            found = await resources.delete(info.context, str(resource_id), is_recursive=recursive)
        except DomainError as error:
            return ResourceDeletePayload(user_errors=refused(error))
        return ResourceDeletePayload(resource=shown(found))

    @strawberry.mutation(
        description="Undo a delete: of an Object (WRITE through its former home), or of a container with all that was "
        "deleted with it (ADMIN). Shares come back where they are alive and their names free."
    )
    async def resource_restore(
        self,
        info: Info,
        resource_id: ResourceId,
        parent: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Its home from now on (takes APPEND there); null for the former one."),
        ] = None,
        name: Annotated[
            str | None, strawberry.argument(description="What it is called there; null for its former name.")
        ] = None,
    ) -> ResourceRestorePayload:
        """Undo a delete."""
        back = Return(None if parent is None else str(parent), name)
        try:
            found = await ending.restore(info.context, str(resource_id), back)
        except DomainError as error:
            return ResourceRestorePayload(user_errors=refused(error))
        return ResourceRestorePayload(resource=shown(found))

    @strawberry.mutation(
        description="Make bytes unreadable for good, in snapshots and archives too: those of an Object, which becomes "
        "a tombstone that can't be restored, or of one of its older revisions. Takes ADMIN through its home. Clones "
        "are Objects of their own and keep theirs."
    )
    async def object_erase(
        self,
        info: Info,
        object_id: ObjectId,
        confirmation: Annotated[
            str, strawberry.argument(description="The Object's `name`, typed: this can't be undone.")
        ],
        version_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="One older revision; null for the whole Object.")
        ] = None,
        *,
        blank: Annotated[
            bool,
            strawberry.argument(
                description="Let title, description, authors, name and labels go too; of a revision its words. The "
                "name is the id from then on."
            ),
        ] = False,
    ) -> ObjectErasePayload:
        """Erase bytes."""
        wanted = Erasure(confirmation, None if version_id is None else str(version_id), blank)
        try:
            found = await ending.erase(info.context, str(object_id), wanted)
        except DomainError as error:
            return ObjectErasePayload(user_errors=refused(error))
        return ObjectErasePayload(object=shown(found))

    @strawberry.mutation(
        description="Take one older revision out of an Object's chain, with its bytes if nothing else shows them. "
        "Takes WRITE through its home; IMMUTABLE where a snapshot or archive shows it."
    )
    async def revision_remove(
        self,
        info: Info,
        object_id: ObjectId,
        version_id: Annotated[strawberry.ID, strawberry.argument(description="The revision's versionId.")],
    ) -> RevisionRemovePayload:
        """Remove a revision."""
        try:
            found = await ending.remove_revision(info.context, str(object_id), str(version_id))
        except DomainError as error:
            return RevisionRemovePayload(user_errors=refused(error))
        return RevisionRemovePayload(object=shown(found))
