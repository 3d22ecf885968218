"""Changing resources of any kind. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from resolvers import resources
from schema.info import Info
from schema.inputs import (
    ResourceUpdateInput,
)
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.payloads import ResourceUpdatePayload
from schema.problems import refused


@strawberry.type
class ResourceMutations:
    """Changing resources of any kind."""

    @strawberry.mutation(
        description="Change title, description, authors and licences. Takes WRITE. Other licences of an Object with "
        "bytes, and any change of one that a snapshot shows, make a new revision of it."
    )
    async def resource_update(
        self,
        info: Info,
        resource_id: ResourceId,
        given: Annotated[ResourceUpdateInput, strawberry.argument(name="input", description="The new words.")],
        if_revision: Annotated[
            int | None, strawberry.argument(description="Refuse with CONFLICT unless `revision` still is this.")
        ] = None,
    ) -> ResourceUpdatePayload:
        """Change a resource's words."""
        try:
            found = await resources.update(info.context, str(resource_id), given.to_description(), if_revision)
        except DomainError as error:
            return ResourceUpdatePayload(user_errors=refused(error))
        return ResourceUpdatePayload(resource=shown(found))
