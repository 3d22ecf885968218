"""Grants: who has which level on a resource."""

from datetime import datetime

import strawberry

from domain.access import Level
from domain.views import GrantView, UserView
from schema.fields import answered_by
from schema.info import Info
from schema.users import User, creator


async def _user(root: strawberry.Parent[GrantView], info: Info) -> UserView | None:
    return await info.context.loaders.users.load(root.user_id)


@strawberry.type(description="A user's level on a resource; it reaches everything below.")
class Grant:
    """A user's level on a resource."""

    user: User | None = answered_by(_user, "Who has it; null where the account is gone.")
    level: Level = strawberry.field(description="What it gives.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null for never.")
    created_at: datetime = strawberry.field(description="When it was given.")
    created_by: User | None = answered_by(creator, "Who gave it.")
