"""Rules: a project becomes an archive, for good unless an administrator takes that back (decision 0012).

All that has its home in it is frozen: its containers are marked, each showing from then on the epoch that ends.
"""

from domain.access import NEEDED_LEVEL, Action, Level, demand_level
from domain.changes import (
    Change,
    ContainerFrozen,
    ContainerThawed,
    Decision,
    EventKind,
    ProjectArchived,
    ProjectUnarchived,
)
from domain.dropping import drop_pasts
from domain.errors import FailedPrecondition, Forbidden, NotFound, Unauthenticated
from domain.resources import ContainerFacts, Kind, ResourceFacts, State
from domain.stamps import Stamp
from domain.trees import TreeContainer, TreeFacts, check_tree_size, event_counts, whole_counts

_NAMED_MAX = 5


def at_home(tree: TreeFacts, project_id: str) -> tuple[dict[str, TreeContainer], list[TreeContainer]]:
    """Split a project's containers: those that have their home in it, and those that are shared into them."""
    homes = {
        container.id: next((place.parent_id for place in container.places if place.is_home), None)
        for container in tree.containers.values()
    }
    own = {project_id}
    # Below the project lies a collection, below that a dataset.
    for _ in range(2):
        own |= {container_id for container_id, home in homes.items() if home in own}
    found = {container.id: container for container in tree.containers.values() if container.id in own}
    shared = [
        container
        for container in tree.containers.values()
        if container.id not in own and any(place.parent_id in own for place in container.places)
    ]
    return found, shared


def archive_project(tree: TreeFacts, project_id: str, stamp: Stamp) -> Decision[str]:
    """Freeze a project and all that has its home in it; answers its id.

    Raises: NotFound, Forbidden, FailedPrecondition.
    """
    project = _check_project(
        demand_level(tree.root, project_id, NEEDED_LEVEL[Action.ARCHIVE], field=("id",)), "archived"
    )
    if project.is_frozen:
        raise FailedPrecondition(f"project {project.id} is archived already", field=("id",))
    check_tree_size(tree, field=("id",))
    own, shared = at_home(tree, project.id)
    if shared:
        names = ", ".join(f"{found.kind.lower()} {found.name} ({found.id})" for found in shared[:_NAMED_MAX])
        more = f" and {len(shared) - _NAMED_MAX} more" if len(shared) > _NAMED_MAX else ""
        message = (
            f"project {project.id} holds containers that have their home elsewhere and could change: {names}{more};"
            " unlink them first, or take snapshots of them"
        )
        raise FailedPrecondition(message, field=("id",))
    counts = whole_counts(own)
    changes: list[Change] = [
        ContainerFrozen(
            container_id=container.id,
            epoch=container.epoch,
            tree_objects=counts[container.id].objects,
            tree_bytes=counts[container.id].length_bytes,
            tree_changed_at=counts[container.id].changed_at,
        )
        for container in own.values()
    ]
    changes += [
        ProjectArchived(project.id, stamp.now, stamp.caller.user_id),
        stamp.event(
            EventKind.ARCHIVED,
            project.id,
            before=project.revision,
            after=project.revision + 1,
            counts=event_counts(project.id, own.values(), counts[project.id].objects),
        ),
    ]
    return Decision(tuple(changes), project.id)


def unarchive_project(tree: TreeFacts, project_id: str, stamp: Stamp) -> Decision[str]:
    """Let an archived project change again; for administrators, whatever level they have. Answers its id.

    Raises: Unauthenticated, NotFound, Forbidden, FailedPrecondition.
    """
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in as an administrator")
    if not stamp.caller.is_administrator:
        demand_level(tree.root, project_id, Level.READ, field=("id",))
        raise Forbidden("only administrators take an archive back", field=("id",))
    if tree.root is None:
        raise NotFound(f"there is no project {project_id}", field=("id",))
    project = _check_project(tree.root, "unarchived")
    if not project.is_frozen:
        raise FailedPrecondition(f"project {project.id} isn't archived", field=("id",))
    own, _ = at_home(tree, project.id)
    total = whole_counts(own)[project.id].objects
    changes: list[Change] = [ContainerThawed(container_id) for container_id in own]
    changes += [
        ProjectUnarchived(project.id, stamp.now),
        *drop_pasts(project.id, list(own), stamp),
        stamp.event(
            EventKind.UNARCHIVED,
            project.id,
            before=project.revision,
            after=project.revision + 1,
            counts=event_counts(project.id, own.values(), total),
        ),
    ]
    return Decision(tuple(changes), project.id)


def _check_project(found: ResourceFacts, done: str) -> ContainerFacts:
    if not isinstance(found, ContainerFacts) or found.kind is not Kind.PROJECT or found.snapshot_of is not None:
        message = f"only whole projects are {done}, and {found.kind.lower()} {found.id} is none"
        raise FailedPrecondition(message, field=("id",))
    if found.state is State.DELETED:
        raise FailedPrecondition(f"project {found.id} is DELETED; restore it first", field=("id",))
    return found
