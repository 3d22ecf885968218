"""Use cases of grants: giving users levels on resources, and taking them away."""

from datetime import datetime

from domain.access import Level
from domain.granting import remove_grant, set_grant
from domain.views import ResourceView
from graphstore.cypher import facts
from resolvers.context import Context


async def grant(
    context: Context, resource_id: str, user_id: str, level: Level, expires_at: datetime | None
) -> ResourceView | None:
    """Set a user's level on a resource and all below it; answers the resource.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition, Unavailable.
    """
    await context.store.run_rule(
        "set grant",
        lock=(resource_id,),
        load=facts.grant(resource_id, user_id, context.caller.user_id, context.now_ms),
        decide=lambda found: set_grant(found, resource_id, user_id, level, expires_at, context.stamp()),
    )
    return await context.reread(resource_id)


async def revoke(context: Context, resource_id: str, user_id: str) -> ResourceView | None:
    """Remove a user's grant on a resource; answers the resource, None if the caller sees it no more.

    Raises: NotFound, Forbidden, FailedPrecondition, Unavailable.
    """
    await context.store.run_rule(
        "remove grant",
        lock=(resource_id,),
        load=facts.grant(resource_id, user_id, context.caller.user_id, context.now_ms),
        decide=lambda found: remove_grant(found, resource_id, user_id, context.stamp()),
    )
    return await context.reread(resource_id)
