"""What a deletion, archive, erasure or tightening would touch."""

from typing import Annotated

import strawberry

from domain.impact import ImpactAction
from resolvers import impact
from resolvers.impact import Impact as ImpactFound
from schema.info import Info
from schema.resources import Resource
from schema.scalars import BigInt


@strawberry.type(description="Some of the resources that are touched.")
class ImpactNodes:
    """Some of the resources that are touched."""

    nodes: list[Resource] = strawberry.field(description="Those that you may see, at most 100.")
    has_others: bool = strawberry.field(description="Whether there are others, which you may see or not.")


@strawberry.type(
    description="What something would touch, if it were done now. Counts are of what has its home there; what is only "
    "shared there isn't counted, save by its keys."
)
class Impact:
    """What something would touch."""

    action: ImpactAction = strawberry.field(description="What would be done.")
    collections: int = strawberry.field(description="Collections below it.")
    datasets: int = strawberry.field(description="Datasets below it.")
    objects: BigInt = strawberry.field(description="Objects in it, by their keys; 1 for an Object itself.")
    length_bytes: BigInt = strawberry.field(
        name="bytes", description="Bytes of their newest revisions; for ERASE of all revisions."
    )
    unlinked: ImpactNodes = strawberry.field(
        description="Containers in it that have their home elsewhere: a deletion unlinks them, an archive is refused "
        "while they are there. Objects shared into it are unlinked too and aren't told."
    )
    shares: ImpactNodes = strawberry.field(
        description="Other containers that show it, or containers below it. Objects below it are shown elsewhere "
        "besides, which isn't told."
    )
    holders: ImpactNodes = strawberry.field(description="Snapshots and archives that show it.")
    relations: ImpactNodes = strawberry.field(description="Resources that have a relation to it.")


async def resolve_impact(
    info: Info,
    resource_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the resource.")],
    action: Annotated[
        ImpactAction,
        strawberry.argument(description="ARCHIVE is for projects, ERASE and TIGHTEN for Objects, DELETE for all."),
    ],
) -> ImpactFound | None:
    """Tell what something would touch."""
    return await impact.find_impact(info.context, str(resource_id), action)
