"""Rules: deleting Objects and empty containers. A deleted resource stays as a tombstone; its names are free again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.access import Action, demand
from domain.changes import (
    Change,
    ContainerHidden,
    ContainerRemoved,
    CountersChanged,
    Decision,
    EventKind,
    ObjectRemoved,
)
from domain.errors import FailedPrecondition
from domain.lifecycle import LifecycleEvent, next_state
from domain.past import keep_all_past, keep_past
from domain.resources import ContainerFacts, ObjectFacts, State
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class ObjectDeletionFacts:
    """The Object and every container above it by any path, by id."""

    object: ObjectFacts | None
    containers: Mapping[str, ContainerFacts]


def delete_object(facts: ObjectDeletionFacts, object_id: str, stamp: Stamp) -> Decision[str]:
    """Make an Object a tombstone, shares included, and hide the containers that a PUT made and it leaves empty.

    Raises: NotFound, Forbidden, FailedPrecondition.
    """
    existing = demand(facts.object, object_id, Action.DELETE_OBJECT, field=("id",))
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
    containers = dict(facts.containers)
    for edge in existing.parents:
        changes.append(
            CountersChanged(
                edge.parent_id,
                entries=-1,
                objects=-1 if is_counted else 0,
                length_bytes=-length_bytes if is_counted else 0,
            )
        )
        changes += _hide_upwards(containers, edge.parent_id, stamp)
    changes.append(stamp.event(EventKind.DELETED, existing.id, before=existing.revision, after=existing.revision + 1))
    return Decision(tuple(changes), existing.id)


def _hide_upwards(containers: dict[str, ContainerFacts], container_id: str, stamp: Stamp) -> list[Change]:
    """Take one name out of the container; hide it if that was its last and nobody described it, and so on up."""
    changes: list[Change] = []
    while True:
        container = containers[container_id]
        left = container.entry_count - 1
        assert left >= 0, "a container's entries count the name that leaves it"
        containers[container_id] = replace(container, entry_count=left)
        home = container.home
        if left or not container.is_plain or home is None:
            return changes
        changes += [
            *keep_past(container, home),
            ContainerHidden(container.id, home.parent_id, home.name),
            stamp.event(EventKind.HIDDEN, container.id),
            CountersChanged(home.parent_id, entries=-1),
        ]
        container_id = home.parent_id


def delete_container(facts: ContainerFacts | None, container_id: str, stamp: Stamp) -> Decision[str]:
    """Make an empty container a tombstone; answers its id.

    Raises: NotFound, Forbidden, FailedPrecondition (it is not empty or deleted already).
    """
    container = demand(facts, container_id, Action.DELETE_CONTAINER, field=("id",))
    if container.state is State.DELETED:
        raise FailedPrecondition(f"{container.kind.lower()} {container.id} is DELETED already", field=("id",))
    if container.entry_count:
        message = (
            f"{container.kind.lower()} {container.id} holds {container.entry_count} names; delete what is in it first"
        )
        raise FailedPrecondition(message, field=("id",))
    names = tuple((edge.parent_id, edge.name) for edge in container.parents)
    changes: list[Change] = [
        *keep_all_past(container),
        ContainerRemoved(container.id, names, stamp.now, stamp.caller.user_id),
    ]
    changes += [CountersChanged(edge.parent_id, entries=-1) for edge in container.parents]
    changes.append(
        stamp.event(EventKind.DELETED, container.id, before=container.revision, after=container.revision + 1)
    )
    return Decision(tuple(changes), container.id)
