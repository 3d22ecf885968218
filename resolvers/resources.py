"""Use cases of resources of any kind: finding them, what is above them, changing their words, deleting them."""

import asyncio
from collections.abc import Sequence
from typing import Final

from domain.deletion import delete_container, delete_object
from domain.describing import Description, update_resource
from domain.errors import BadInput
from domain.identifiers import is_ulid
from domain.limits import NODES_MAX
from domain.resources import ContainerFacts, Kind, ResourceFacts
from domain.views import ContainerView, GrantView, ResourceView, UserView
from graphstore.cypher import facts
from resolvers.context import Context

_LEVELS_ABOVE_MAX: Final = 3


async def find_node(context: Context, node_id: str) -> ResourceView | UserView | None:
    """Resource that the caller may see or, for signed-in callers, user of this id.

    Raises: Unavailable.
    """
    if not is_ulid(node_id):
        return None
    found = await context.loaders.resources.load(node_id)
    if found is not None or context.caller.is_anonymous:
        return found
    return await context.loaders.users.load(node_id)


async def find_nodes(context: Context, ids: Sequence[str]) -> list[ResourceView | UserView | None]:
    """Nodes in the order of the ids, as `find_node` finds each.

    Raises: BadInput for more than NODES_MAX ids; Unavailable.
    """
    if len(ids) > NODES_MAX:
        raise BadInput(f"ids holds at most {NODES_MAX} ids, not {len(ids)}; ask in portions", field=("ids",))
    return await asyncio.gather(*(find_node(context, node_id) for node_id in ids))


async def load_ancestors(context: Context, resource_id: str) -> list[ContainerView]:
    """Containers above a resource that the caller may see, each once, nearest first.

    Raises: Unavailable.
    """
    found: dict[str, ContainerView] = {}
    level = [resource_id]
    for _ in range(_LEVELS_ABOVE_MAX):
        above: list[str] = []
        for parents in await context.loaders.parents.load_many(level):
            for view in parents:
                if view.parent.id not in found:
                    found[view.parent.id] = view.parent
                    above.append(view.parent.id)
        # A project has nothing above it.
        level = [container_id for container_id in above if found[container_id].kind is not Kind.PROJECT]
        if not level:
            break
    return list(found.values())


async def update(
    context: Context, resource_id: str, description: Description, if_revision: int | None
) -> ResourceView | None:
    """Change title and description; answers the resource as it is then.

    Raises: NotFound, Forbidden, BadInput, Conflict, FailedPrecondition, Unavailable.
    """
    await context.store.run_rule(
        "update resource",
        lock=(resource_id,),
        load=facts.resources([resource_id], context.caller.user_id, context.now_ms),
        decide=lambda found: update_resource(
            found.get(resource_id), resource_id, description, if_revision, context.stamp()
        ),
    )
    return await context.reread(resource_id)


async def delete(context: Context, resource_id: str) -> ResourceView | None:
    """Delete an Object or an empty container; answers its tombstone.

    Raises: NotFound, Forbidden, FailedPrecondition, Unavailable.
    """
    caller, now = context.caller.user_id, context.now_ms
    # A resource's kind never changes, so it may be read before the locks.
    view = await context.loaders.resources.load(resource_id)
    if view is None or view.kind is Kind.OBJECT:
        await context.store.run_rule_above(
            "delete object",
            load=facts.deletion(resource_id, caller, now),
            locks_of=lambda found: () if found.object is None else (found.object.id, *found.containers),
            decide=lambda found: delete_object(found, resource_id, context.stamp()),
        )
    else:
        await context.store.run_rule_above(
            "delete container",
            load=facts.resources([resource_id], caller, now),
            locks_of=lambda found: _with_parents(list(found.values())),
            decide=lambda found: delete_container(_container(found.get(resource_id)), resource_id, context.stamp()),
        )
    return await context.reread(resource_id)


def _with_parents(found: Sequence[ResourceFacts]) -> set[str]:
    return {
        found_id for resource in found for found_id in (resource.id, *(edge.parent_id for edge in resource.parents))
    }


def _container(resource: ResourceFacts | None) -> ContainerFacts | None:
    return resource if isinstance(resource, ContainerFacts) else None


async def load_grants(context: Context, resource_id: str) -> Sequence[GrantView]:
    """Grants on a resource itself, where the caller has ADMIN on it.

    Raises: Unavailable.
    """
    return await context.loaders.grants.load(resource_id)
