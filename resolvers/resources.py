"""Use cases of resources of any kind: finding them, what is above them, changing their words, deleting them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from domain import showing
from domain.access import Level
from domain.describing import Description
from domain.errors import BadInput
from domain.frozen import parse_frozen_id
from domain.identifiers import is_ulid
from domain.limits import NODES_MAX
from domain.resources import Kind
from domain.showing import UNREACHABLE, ShownState
from domain.views import ContainerView, GrantView, ResourceView, UserView
from graphstore.deleting import delete_container, delete_object
from graphstore.describing import describe
from resolvers.context import Context
from resolvers.frozen import load_parents

_LEVELS_ABOVE_MAX: Final = 3


async def find_node(context: Context, node_id: str) -> ResourceView | UserView | None:
    """Resource that the caller may see or, for signed-in callers, user of this id.

    Raises: Unavailable.
    """
    is_frozen = parse_frozen_id(node_id) is not None
    if not is_ulid(node_id) and not is_frozen:
        return None
    found = await context.loaders.resources.load(node_id)
    if found is not None or is_frozen or context.caller.is_anonymous:
        return found
    return await context.loaders.users.load(node_id)


async def find_nodes(context: Context, ids: Sequence[str]) -> list[ResourceView | UserView | None]:
    """Nodes in the order of the ids, as `find_node` finds each.

    Raises: BadInput for more than NODES_MAX ids; Unavailable.
    """
    if len(ids) > NODES_MAX:
        raise BadInput(f"ids holds at most {NODES_MAX} ids, not {len(ids)}; ask in portions", field=("ids",))
    return await asyncio.gather(*(find_node(context, node_id) for node_id in ids))


def shown_state(context: Context, resource: ResourceView) -> ShownState:
    """State as it is shown: what is AVAILABLE reads UNAVAILABLE while its bytes can't be reached."""
    are_bytes_reachable = context.services.are_bytes_reachable()
    return showing.shown_state(resource.kind, resource.state, are_bytes_reachable=are_bytes_reachable)


def shown_reason(context: Context, resource: ResourceView) -> str | None:
    """Why a resource is in the state that is shown, in words; None where that needs none."""
    is_unreachable = shown_state(context, resource) is ShownState.UNAVAILABLE
    return UNREACHABLE if is_unreachable else resource.state_reason


async def load_ancestors(context: Context, resource: ResourceView) -> list[ContainerView]:
    """Containers above a resource that the caller may see, each once, nearest first.

    Raises: Unavailable.
    """
    found: dict[str, ContainerView] = {}
    nearest = [await load_parents(context, resource)]
    for _ in range(_LEVELS_ABOVE_MAX):
        above: list[str] = []
        for parents in nearest:
            for view in parents:
                if view.parent.id not in found:
                    found[view.parent.id] = view.parent
                    above.append(view.parent.id)
        # A project has nothing above it.
        level = [container_id for container_id in above if found[container_id].kind is not Kind.PROJECT]
        if not level:
            break
        nearest = await context.loaders.parents.load_many(level)
    return list(found.values())


async def update(
    context: Context, resource_id: str, description: Description, if_revision: int | None
) -> ResourceView | None:
    """Change what describes a resource; answers it as it is then.

    Raises: NotFound, Forbidden, Immutable, BadInput, Conflict, FailedPrecondition, Unavailable.
    """
    await describe(context.store, resource_id, description, if_revision, context.stamp())
    return await context.reread(resource_id)


async def delete(context: Context, resource_id: str, *, is_recursive: bool = False) -> ResourceView | None:
    """Delete an Object, or a container that is empty or with all that has its home in it; answers its tombstone.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition, Unavailable.
    """
    # A resource's kind never changes, so it may be read before the locks.
    view = await context.loaders.resources.load(resource_id)
    if view is None or view.kind is Kind.OBJECT:
        await delete_object(context.store, resource_id, context.stamp())
    else:
        await delete_container(context.store, resource_id, context.stamp(), is_recursive=is_recursive)
    return await context.reread(resource_id)


async def load_grants(context: Context, resource: ResourceView) -> Sequence[GrantView] | None:
    """Grants on a resource itself; None unless the caller has ADMIN on it, or on the original of a snapshot.

    Raises: Unavailable.
    """
    managed: ResourceView | None = resource
    if isinstance(resource, ContainerView) and resource.frozen is not None:
        managed = await context.loaders.resources.load(resource.frozen.original_id)
    if managed is None or managed.level < Level.ADMIN:
        return None
    return await context.loaders.grants.load(resource.id)
