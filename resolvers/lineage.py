"""Walks along relations: breadth first, one statement a step, each resource once with a shortest way to it."""

from collections.abc import Collection, Sequence
from typing import Final

from domain.errors import BadInput
from domain.limits import LINEAGE_DEPTH_MAX, LINEAGE_NODES_MAX
from domain.relations import RelationKind
from domain.views import LineageNode, LineageStep, ResourceView
from graphstore.cypher import readings
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.frozen import standing

DEFAULT_KINDS: Final = (RelationKind.ORIGIN, RelationKind.METADATA, RelationKind.CUSTOM, RelationKind.POLICY)
WALKABLE: Final = frozenset({*DEFAULT_KINDS, RelationKind.BELONGS_TO})
# Several edges may lead to one resource, and some to what may not be seen: more rows than resources are read.
_ROWS_MAX: Final = 2 * LINEAGE_NODES_MAX


@uncancelled
async def walk_lineage(
    context: Context, resource: ResourceView, direction: str, kinds: Collection[RelationKind] | None, max_depth: int
) -> list[LineageNode]:
    """Resources reached from one (itself excepted) by at most `max_depth` edges, nearest first; at most 1000.

    `direction` is OUT (along the edges), IN (against them) or BOTH. What the caller may not see isn't walked through.
    From what a snapshot or archive shows the walk begins along its outgoing relations of then; what it leads to, and
    on from there, is what stands now.

    Raises: BadInput, CostExceeded, Unavailable.
    """
    if not 1 <= max_depth <= LINEAGE_DEPTH_MAX:
        raise BadInput(f"maxDepth goes from 1 to {LINEAGE_DEPTH_MAX}, not {max_depth}", field=("maxDepth",))
    wanted = _kinds(kinds)
    context.loaders.count_walk()
    at = standing(resource)
    ways: dict[str, tuple[LineageStep, ...]] = {at.resource_id: ()}
    found: list[LineageNode] = []
    level = [at.resource_id]
    for depth in range(1, max_depth + 1):
        steps = await context.store.read(
            readings.lineage_step(
                level,
                wanted,
                direction,
                list(ways),
                _ROWS_MAX,
                context.caller.user_id,
                context.now_ms,
                frozen=("", 0) if at.is_living else (at.resource_id, at.number),
            )
        )
        following: list[str] = []
        for step, met_from, other in steps:
            if other.id in ways or len(found) == LINEAGE_NODES_MAX:
                continue
            ways[other.id] = (*ways[met_from], step)
            found.append(LineageNode(other, depth, ways[other.id]))
            following.append(other.id)
        if not following:
            break
        level = following
    return found


def _kinds(kinds: Collection[RelationKind] | None) -> Sequence[RelationKind]:
    if kinds is None:
        return DEFAULT_KINDS
    refused = sorted(set(kinds) - WALKABLE)
    if refused:
        raise BadInput(f"lineage doesn't walk {', '.join(refused)}", field=("kinds",))
    return tuple(dict.fromkeys(kinds))
