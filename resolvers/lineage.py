"""Walks along relations: breadth first, one statement a step, each resource once with a shortest way to it."""

from collections.abc import Collection, Sequence
from typing import Final

from domain.errors import BadInput
from domain.limits import LINEAGE_DEPTH_MAX, LINEAGE_NODES_MAX
from domain.relations import RelationKind
from domain.views import LineageNode, LineageStep
from graphstore.cypher import readings
from resolvers.cancelling import uncancelled
from resolvers.context import Context

DEFAULT_KINDS: Final = (RelationKind.ORIGIN, RelationKind.METADATA, RelationKind.CUSTOM)
WALKABLE: Final = frozenset({*DEFAULT_KINDS, RelationKind.BELONGS_TO})
# Several edges may lead to one resource, and some to what may not be seen: more rows than resources are read.
_ROWS_MAX: Final = 2 * LINEAGE_NODES_MAX


@uncancelled
async def walk_lineage(
    context: Context, resource_id: str, direction: str, kinds: Collection[RelationKind] | None, max_depth: int
) -> list[LineageNode]:
    """Resources reached from one (itself excepted) by at most `max_depth` edges, nearest first; at most 1000.

    `direction` is OUT (along the edges), IN (against them) or BOTH. What the caller may not see isn't walked through.

    Raises: BadInput, CostExceeded, Unavailable.
    """
    if not 1 <= max_depth <= LINEAGE_DEPTH_MAX:
        raise BadInput(f"maxDepth goes from 1 to {LINEAGE_DEPTH_MAX}, not {max_depth}", field=("maxDepth",))
    wanted = _kinds(kinds)
    context.loaders.count_walk()
    ways: dict[str, tuple[LineageStep, ...]] = {resource_id: ()}
    found: list[LineageNode] = []
    level = [resource_id]
    for depth in range(1, max_depth + 1):
        steps = await context.store.read(
            readings.lineage_step(
                level, wanted, direction, list(ways), _ROWS_MAX, context.caller.user_id, context.now_ms
            )
        )
        following: list[str] = []
        for step, met_from, resource in steps:
            if resource.id in ways or len(found) == LINEAGE_NODES_MAX:
                continue
            ways[resource.id] = (*ways[met_from], step)
            found.append(LineageNode(resource, depth, ways[resource.id]))
            following.append(resource.id)
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
