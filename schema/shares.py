"""Shares: the containers beside its home that a resource belongs to."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from domain.access import Level
from domain.views import ResourceView, ShareView
from resolvers import hierarchy
from schema.fields import answered_by
from schema.info import Info
from schema.users import User, creator

if TYPE_CHECKING:
    from schema.containers import Container

_Container = Annotated["Container", strawberry.lazy("schema.containers")]


async def _container(root: strawberry.Parent[ShareView], info: Info) -> ResourceView | None:
    return await hierarchy.find_container(info.context, root)


@strawberry.type(description="A container that a resource is shared into.")
class Share:
    """A share of a resource."""

    container_id: strawberry.ID = strawberry.field(description="Id of the container; what `resourceUnlink` takes.")
    container: _Container | None = answered_by(_container, "The container; null where you may not see it.")
    name: str = strawberry.field(description="What the resource is called in it.")
    passes: Level = strawberry.field(description="The most that rights on the container are worth on the resource.")
    created_at: datetime = strawberry.field(description="Since when.")
    created_by: User | None = answered_by(creator, "Who shared it.")
