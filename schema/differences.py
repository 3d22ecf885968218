"""What differs between snapshots."""

from typing import Annotated

import strawberry

from domain.comparing import Difference, DifferenceKind
from resolvers import differences
from resolvers.differences import Change
from schema.info import Info
from schema.pages import After, Connection, PageInfo, Size, connection
from schema.resources import Resource


@strawberry.type(description="One difference between two snapshots of a container, or a snapshot and its original.")
class SnapshotDifference:
    """One difference between two views of a container."""

    kind: DifferenceKind = strawberry.field(description="What happened.")
    path_before: str | None = strawberry.field(
        description="Path in the first one, from the compared container down; a container's ends with `/`."
    )
    path_after: str | None = strawberry.field(description="Path in the second one.")
    before: Resource | None = strawberry.field(description="The resource as the first one shows it.")
    after: Resource | None = strawberry.field(description="The resource as the second one shows it.")


@strawberry.type(description="A difference in a list.")
class SnapshotDifferenceEdge:
    """A difference in a list."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: SnapshotDifference = strawberry.field(description="The difference.")


@strawberry.type(description="A page of differences, in the order of the paths where each is told.")
class SnapshotDifferenceConnection:
    """A page of differences."""

    edges: list[SnapshotDifferenceEdge] = strawberry.field(description="The differences with their cursors.")
    nodes: list[SnapshotDifference] = strawberry.field(description="The differences alone.")
    page_info: PageInfo = strawberry.field(
        description="Where the page stands. A page may be short with more to come, where much was compared."
    )


async def snapshot_diff(
    info: Info,
    from_id: Annotated[
        strawberry.ID, strawberry.argument(name="from", description="Id of a snapshot, or of its original.")
    ],
    to_id: Annotated[
        strawberry.ID,
        strawberry.argument(name="to", description="Id of another snapshot of that original, or of the original."),
    ],
    first: Size,
    after: After = None,
) -> Connection[Difference] | None:
    """Page of what differs between two views of a container."""
    page = await differences.list_differences(info.context, str(from_id), str(to_id), first=first, after=after)
    if page is None:
        return None

    def difference_of(change: Change) -> Difference:
        return change.difference

    return connection(differences.LISTING, page, node_of=difference_of)
