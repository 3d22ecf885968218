"""Giving users levels on resources. A refusal becomes userErrors."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.access import Level
from domain.errors import DomainError
from resolvers import grants
from schema.info import Info
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.payloads import (
    GrantPayload,
)
from schema.problems import refused

Principal = Annotated[strawberry.ID, strawberry.argument(description="Id of the user.")]


@strawberry.type
class GrantMutations:
    """Giving users levels on resources."""

    @strawberry.mutation(
        description="Set a user's level on a resource and all below it, replacing his grant there. Takes ADMIN."
    )
    async def grant_set(
        self,
        info: Info,
        resource_id: ResourceId,
        principal: Principal,
        level: Annotated[Level, strawberry.argument(description="The level, not NONE.")],
        expires_at: Annotated[
            datetime | None, strawberry.argument(description="When the grant ends, in the future; null for never.")
        ] = None,
    ) -> GrantPayload:
        """Set a user's level."""
        try:
            found = await grants.grant(info.context, str(resource_id), str(principal), level, expires_at)
        except DomainError as error:
            return GrantPayload(user_errors=refused(error))
        return GrantPayload(resource=shown(found))

    @strawberry.mutation(description="Remove a user's grant on a resource; it stops working at once. Takes ADMIN.")
    async def grant_remove(self, info: Info, resource_id: ResourceId, principal: Principal) -> GrantPayload:
        """Remove a user's grant."""
        try:
            found = await grants.revoke(info.context, str(resource_id), str(principal))
        except DomainError as error:
            return GrantPayload(user_errors=refused(error))
        return GrantPayload(resource=shown(found))
