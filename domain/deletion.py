"""Rules: deleting Objects, and containers with all that has its home in them (decision 0013).

A deleted resource stays as a tombstone; its names are free again. What has its home elsewhere is only unlinked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from domain.access import Action, Level, demand
from domain.archiving import at_home
from domain.changes import (
    Change,
    ChildUnlinked,
    ContainerRemoved,
    CountersChanged,
    Decision,
    EventKind,
    ObjectRemoved,
    PastEntryAdded,
    TaskAdded,
    TaskKind,
)
from domain.errors import FailedPrecondition, Hierarchy
from domain.hiding import hide_upwards
from domain.lifecycle import LifecycleEvent, next_state
from domain.past import keep_all_past
from domain.resources import ContainerFacts, ObjectFacts, State
from domain.stamps import Stamp
from domain.trees import Place, TreeContainer, TreeFacts, check_tree_size, event_counts

DELETION: Final = "deletion"
"""Argument of UNLINK_SHARES tasks: the id of the deletion that they finish."""


@dataclass(frozen=True, slots=True)
class ObjectDeletionFacts:
    """The Object, the caller's level on it through its home alone, and every container above it by any path, by id."""

    object: ObjectFacts | None
    containers: Mapping[str, ContainerFacts]
    home_level: Level = Level.NONE


def delete_object(facts: ObjectDeletionFacts, object_id: str, stamp: Stamp) -> Decision[str]:
    """Make an Object a tombstone, shares included, and hide the containers that a PUT made and it leaves empty.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition.
    """
    existing = demand_through_home(facts.object, facts.home_level, object_id, Action.DELETE_OBJECT)
    changes = (
        *remove_object(existing, facts.containers, stamp),
        stamp.event(EventKind.DELETED, existing.id, before=existing.revision, after=existing.revision + 1),
    )
    return Decision(changes, existing.id)


def demand_through_home(
    found: ObjectFacts | None, home_level: Level, object_id: str, action: Action, *, field: tuple[str, ...] = ("id",)
) -> ObjectFacts:
    """Return the Object if the caller may do this with it by his rights on its home: what a share lets pass is too few.

    Raises: NotFound where he may not see it by any path, Forbidden, Immutable.
    """
    existing = demand(found, object_id, Action.READ, field=field)
    # Who sees it is told what he lacks.
    return demand(replace(existing, level=max(home_level, Level.READ)), object_id, action, field=field)


def remove_object(existing: ObjectFacts, above: Mapping[str, ContainerFacts], stamp: Stamp) -> tuple[Change, ...]:
    """Make an Object a tombstone; `above` is every container above it by any path, by id.

    Raises: FailedPrecondition.
    """
    next_state(existing.state, LifecycleEvent.DELETED, name=existing.id, field=("id",))
    is_counted = existing.state is State.AVAILABLE
    length_bytes = existing.published.length_bytes if existing.published else 0
    changes: list[Change] = [
        *keep_all_past(existing),
        ObjectRemoved(
            existing.id,
            tuple((edge.parent_id, edge.name) for edge in existing.parents),
            stamp.now,
            stamp.caller.user_id,
        ),
    ]
    containers = dict(above)
    for edge in existing.parents:
        changes.append(
            CountersChanged(
                edge.parent_id,
                entries=-1,
                objects=-1 if is_counted else 0,
                length_bytes=-length_bytes if is_counted else 0,
            )
        )
        changes += hide_upwards(containers, edge.parent_id, stamp)
    return tuple(changes)


def deletion_locks(tree: TreeFacts) -> frozenset[str]:
    """Ids to lock: what is deleted, what is unlinked from it, and the parents of what is deleted."""
    if tree.root is None:
        return frozenset()
    own, guests = at_home(tree, tree.root.id)
    parents = (place.parent_id for container in own.values() for place in container.places)
    return frozenset({tree.root.id, *own, *parents, *(guest.id for guest in guests)})


def delete_container(tree: TreeFacts, container_id: str, stamp: Stamp, *, is_recursive: bool = False) -> Decision[str]:
    """Make a container and all that has its home in it tombstones; answers its id.

    It costs by its containers. The Objects in it are DELETED by that alone; what they have to do with containers
    outside is left to one task a container.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition (it is deleted already; it isn't empty and the call isn't
    recursive; it is too large).
    """
    container = demand(tree.root, container_id, Action.DELETE_CONTAINER, field=("id",))
    if not isinstance(container, ContainerFacts):
        raise Hierarchy(f"object {container.id} is no container", field=("id",))
    kind = container.kind.lower()
    if container.state is State.DELETED:
        raise FailedPrecondition(f"{kind} {container.id} is DELETED already", field=("id",))
    if container.entry_count and not is_recursive:
        message = (
            f"{kind} {container.id} holds {container.entry_count} names; delete what is in it first, or delete it with"
            " all that is in it (recursive)"
        )
        raise FailedPrecondition(message, field=("id",))
    check_tree_size(tree, field=("id",))
    own, guests = at_home(tree, container.id)
    deletion_id = stamp.new_id()
    changes: list[Change] = []
    for removed in own.values():
        changes += _remove(removed, own, deletion_id, stamp)
    for guest in guests:
        changes += _unlink(guest, own)
    changes += [_task(container_id, deletion_id, stamp) for container_id in _holders_of_objects(own, guests)]
    objects = sum(removed.own.objects for removed in own.values())
    changes.append(
        stamp.event(
            EventKind.DELETED,
            container.id,
            before=container.revision,
            after=container.revision + 1,
            counts=event_counts(container.id, own.values(), objects) if is_recursive else None,
        )
    )
    return Decision(tuple(changes), container.id)


def _remove(
    container: TreeContainer, own: Mapping[str, TreeContainer], deletion_id: str, stamp: Stamp
) -> tuple[Change, ...]:
    """Make one container of the tree a tombstone. Its names inside the tree stay; those outside are free again."""
    outside = [place for place in container.places if place.parent_id not in own]
    names = tuple((place.parent_id, place.name) for place in outside)
    return (
        *(past for place in outside for past in _past(container, place)),
        ContainerRemoved(container.id, deletion_id, names, stamp.now, stamp.caller.user_id),
        *(CountersChanged(place.parent_id, entries=-1) for place in outside),
    )


def _unlink(guest: TreeContainer, own: Mapping[str, TreeContainer]) -> list[Change]:
    """Take what has its home elsewhere out of the tree."""
    changes: list[Change] = []
    for place in guest.places:
        if place.parent_id in own:
            changes += [
                *_past(guest, place),
                ChildUnlinked(guest.id, guest.kind, place.parent_id, place.name),
                CountersChanged(place.parent_id, entries=-1),
            ]
    return changes


def _past(container: TreeContainer, place: Place) -> tuple[PastEntryAdded, ...]:
    if place.since >= place.parent_epoch:
        return ()
    return (
        PastEntryAdded(
            place.parent_id, place.name, container.id, container.kind, None, place.since, place.parent_epoch
        ),
    )


def _holders_of_objects(own: Mapping[str, TreeContainer], guests: list[TreeContainer]) -> list[str]:
    """Ids of the containers of a tree that hold more names than those of containers."""
    held = dict.fromkeys(own, 0)
    for container in (*own.values(), *guests):
        for place in container.places:
            if place.parent_id in held:
                held[place.parent_id] += 1
    return [container.id for container in own.values() if container.entry_count > held[container.id]]


def _task(container_id: str, deletion_id: str, stamp: Stamp) -> TaskAdded:
    argument = {DELETION: deletion_id}
    return TaskAdded(stamp.new_id(), TaskKind.UNLINK_SHARES, container_id, argument, stamp.now, stamp.caller.user_id)
