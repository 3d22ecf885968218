"""Use case: what a deletion, archive, erasure or tightening would touch, as far as the caller may see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.impact import ImpactAction, Touched, check_action, touched_tree
from domain.resources import Kind
from domain.views import ContainerView, ResourceView
from graphstore.cypher import impact as cypher
from graphstore.cypher.trees import tree
from resolvers.cancelling import uncancelled
from resolvers.containers import reads_by_grant
from resolvers.context import Context

SHOWN_MAX: Final = 100
_LOOKED_AT_MAX: Final = 400


@dataclass(frozen=True, slots=True)
class Seen:
    """Some resources that the caller may see; `has_others` says that there are more, seen or not."""

    nodes: Sequence[ResourceView]
    has_others: bool


@dataclass(frozen=True, slots=True)
class Impact:
    """What would be touched."""

    action: ImpactAction
    collections: int
    datasets: int
    objects: int
    length_bytes: int
    unlinked: Seen
    shares: Seen
    holders: Seen
    relations: Seen


@uncancelled
async def find_impact(context: Context, resource_id: str, action: ImpactAction) -> Impact | None:
    """What an action would touch; None for what the caller doesn't read by a grant.

    Raises: BadInput for an action that there isn't for its kind; Unavailable.
    """
    resource = await context.loaders.resources.load(resource_id)
    if resource is None or (isinstance(resource, ContainerView) and not reads_by_grant(resource)):
        return None
    check_action(action, resource.kind)
    is_object = resource.kind is Kind.OBJECT
    touched = await _touched(context, resource_id, action, is_object=is_object)
    holders = await context.store.read(cypher.holders(resource_id, is_object=is_object, size=_LOOKED_AT_MAX))
    arriving = await context.store.read(cypher.arriving(resource_id, _LOOKED_AT_MAX))
    return Impact(
        action=action,
        collections=touched.collections,
        datasets=touched.datasets,
        objects=touched.objects,
        length_bytes=touched.length_bytes,
        unlinked=await _seen(context, touched.guests),
        shares=await _seen(context, touched.hosts),
        holders=await _seen(context, holders),
        relations=await _seen(context, arriving),
    )


async def _touched(context: Context, resource_id: str, action: ImpactAction, *, is_object: bool) -> Touched:
    if is_object:
        with_revisions = action is ImpactAction.ERASE
        return await context.store.read(cypher.touched_object(resource_id, with_revisions=with_revisions))
    return touched_tree(await context.store.read(tree(resource_id, context.caller.user_id, context.now_ms)))


async def _seen(context: Context, ids: Sequence[str]) -> Seen:
    """Show those that the caller may see, and whether there are others."""
    looked_at = ids[:_LOOKED_AT_MAX]
    found = await context.loaders.resources.load_many(list(looked_at))
    visible = [view for view in found if view is not None]
    has_others = len(ids) >= _LOOKED_AT_MAX or len(visible) < len(looked_at) or len(visible) > SHOWN_MAX
    return Seen(visible[:SHOWN_MAX], has_others)
