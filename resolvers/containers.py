"""Use cases of containers: making projects, collections and datasets; what is in them."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from domain.access import Level
from domain.creation import NewResource, create_container, create_project
from domain.errors import BadInput
from domain.resources import DataClass, Kind, State
from domain.views import ContainerView, NamedResource, ResourceView
from graphstore.cypher import facts, readings
from graphstore.frozen import frozen_names
from graphstore.mentions import load_mentioned, load_targets, target_ids
from resolvers.cancelling import uncancelled
from resolvers.children import ALL_KINDS, LISTING, ChildrenRequest
from resolvers.context import Context
from resolvers.paging import Page, cut_page, page_of, page_request
from resolvers.stats import Stats

PROJECTS: Final = "projects"


async def make_project(context: Context, new: NewResource) -> ResourceView | None:
    """Make a project, whose creator has ADMIN on it.

    Raises: Unauthenticated, Forbidden, BadInput, AlreadyExists, Unavailable; of what it names NotFound, Hierarchy,
    Cycle and FailedPrecondition too.
    """
    may_create = context.caller.is_administrator or context.services.settings.may_everyone_create_projects
    mentioned = await load_mentioned(context.store, new)
    project_id = await context.store.run_rule_on_two(
        "create project",
        lock=target_ids(new),
        load=(
            facts.bucket(new.name, context.caller.user_id, context.now_ms),
            load_targets(new, context.caller, context.now_ms),
        ),
        decide=lambda found, targets: create_project(
            replace(found, may_create=may_create), new, context.stamp(), replace(mentioned, targets=targets)
        ),
    )
    return await context.reread(project_id)


async def make_container(context: Context, kind: Kind, parent_id: str, new: NewResource) -> ResourceView | None:
    """Make a Collection or Dataset.

    Raises: NotFound, Forbidden, Hierarchy, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    mentioned = await load_mentioned(context.store, new)
    container_id = await context.store.run_rule_on_two(
        f"create {kind.lower()}",
        lock=(parent_id, *target_ids(new)),
        load=(
            facts.child_place(parent_id, kind, new.name, context.caller.user_id, context.now_ms),
            load_targets(new, context.caller, context.now_ms),
        ),
        decide=lambda found, targets: create_container(
            found, kind, parent_id, new, context.stamp(), replace(mentioned, targets=targets)
        ),
    )
    return await context.reread(container_id)


@uncancelled
async def list_projects(
    context: Context, *, first: int | None, last: int | None, after: str | None, before: str | None
) -> tuple[Page[ContainerView], int]:
    """Page of the projects that the caller has a grant on, by name, and how many there are; none for anonymous ones.

    Raises: BadInput, Unavailable.
    """
    request = page_request(PROJECTS, first=first, last=last, after=after, before=before)
    found: list[ContainerView] = []
    if not context.caller.is_anonymous:
        found = await context.store.read(readings.projects(context.caller.user_id, context.now_ms))
    # Project names are unique, and lower-case ASCII: they sort alike everywhere.
    return cut_page(found, lambda project: project.name, request), len(found)


async def list_children(
    context: Context,
    container: ContainerView,
    kinds: Collection[Kind] | None,
    *,
    first: int | None,
    last: int | None,
    after: str | None,
    before: str | None,
) -> Page[NamedResource]:
    """Page of a container's children of some kinds (all if None) in the byte order of their names.

    One that is DELETED shows none: they went with it, or are nowhere below it any more.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, last=last, after=after, before=before)
    wanted = ALL_KINDS if kinds is None else frozenset(kinds)
    if Kind.PROJECT in wanted:
        raise BadInput("no container holds a project; leave PROJECT out of kinds", field=("kinds",))
    if container.state is State.DELETED:
        return page_of([], lambda child: child.sort, request, has_more=False)
    if container.frozen is None:
        return await context.loaders.children.load(ChildrenRequest(container.id, wanted, request))
    names = frozen_names(container)
    return await context.loaders.children.load(ChildrenRequest(names.original_id, wanted, request, names))


def reads_by_grant(container: ContainerView) -> bool:
    """Whether the caller reads the container by a grant, and so all that has its home in it.

    Where its class alone opens it there may be more in it than he may know of.
    """
    return container.level > Level.READ or container.data_class is not DataClass.PUBLIC


async def tells_counts(context: Context, container: ContainerView) -> bool:
    """Whether the caller may know how much the container holds: he reads it by a grant.

    On a snapshot nobody has more than READ: where it is PUBLIC, what he has on its original tells.

    Raises: Unavailable.
    """
    if reads_by_grant(container) or container.frozen is None or container.frozen.root_id is None:
        return reads_by_grant(container)
    original = await context.loaders.resources.load(container.frozen.original_id)
    return isinstance(original, ContainerView) and reads_by_grant(original)


async def child_count(context: Context, container: ContainerView, kinds: Collection[Kind] | None) -> int | None:
    """How many children there are, where that takes no counting and tells nothing hidden.

    Raises: Unavailable.
    """
    is_whole = kinds is None or frozenset(kinds) >= ALL_KINDS
    if not is_whole or not await tells_counts(context, container):
        return None
    return 0 if container.state is State.DELETED else container.entry_count


def own_stats(container: ContainerView) -> Stats:
    """Stats of what is directly in the container."""
    return Stats(container.object_count, container.byte_count, container.changed_at)


async def tree_stats(context: Context, container: ContainerView) -> Stats:
    """Stats of the container and all below it; what was counted when it was frozen, if it is.

    Raises: Unavailable.
    """
    if container.frozen is not None:
        frozen = container.frozen
        return Stats(frozen.tree_objects, frozen.tree_bytes, frozen.tree_changed_at)
    return own_stats(container) + await context.loaders.stats_below.load((container.id, container.kind))
