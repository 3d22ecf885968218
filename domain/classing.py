"""Rule: setting how open a resource is, where asked with all that is below it."""

from collections import Counter
from dataclasses import dataclass

from domain.access import NEEDED_LEVEL, Action, check_not_frozen, demand_level
from domain.changes import (
    Change,
    ClassKept,
    Decision,
    EventCounts,
    EventKind,
    FieldsChanged,
    RelaxingBegun,
    TaskAdded,
    TaskKind,
)
from domain.data_classes import ClassMove, class_change, relaxes
from domain.errors import FailedPrecondition
from domain.resources import ContainerFacts, DataClass, Kind, ObjectFacts, ResourceFacts, State
from domain.revising import open_for_change
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class ContainerBelow:
    """A living container that has its home, by homes alone, below another."""

    id: str
    kind: Kind
    data_class: DataClass
    entry_count: int


@dataclass(frozen=True, slots=True)
class DataClassFacts:
    """The resource, and the containers below it by their homes (none of an Object).

    The caller's level on a container of a snapshot is the one on its original, as nobody has more than READ on it.
    """

    resource: ResourceFacts | None
    below: tuple[ContainerBelow, ...] = ()


def set_data_class(
    facts: DataClassFacts, resource_id: str, wanted: DataClass, stamp: Stamp, *, is_recursive: bool
) -> Decision[str]:
    """Set a data class; answers the id. A class that stands already changes nothing.

    Relaxing happens in place, on what is frozen too; with `is_recursive` everything that has its home below and is less
    open is relaxed: the containers at once, the Objects by tasks. Tightening is for Objects and makes a new revision.

    Raises: NotFound, Forbidden, BadInput (WORKSPACE), Immutable (a frozen Object would be tightened),
    FailedPrecondition (it is DELETED, or a container would be tightened).
    """
    field = ("dataClass",)
    weaker = NEEDED_LEVEL[Action.TIGHTEN_DATA_CLASS]
    existing = demand_level(facts.resource, resource_id, weaker, field=("id",))
    move = class_change(existing.kind, existing.id, existing.data_class, wanted, field=field)
    if move is ClassMove.TIGHTENED:
        check_not_frozen(existing, field=("id",))
    else:
        demand_level(existing, resource_id, NEEDED_LEVEL[Action.RELAX_DATA_CLASS], field=("id",))
    if existing.state is State.DELETED:
        raise FailedPrecondition(f"{existing.kind.lower()} {existing.id} is DELETED; restore it first", field=("id",))
    if isinstance(existing, ObjectFacts):
        return _set_of_object(existing, wanted, move, stamp)
    if is_recursive:
        return _set_recursively(existing, facts.below, wanted, stamp)
    return _set_of_container(existing, wanted, move, stamp)


def _set_of_object(existing: ObjectFacts, wanted: DataClass, move: ClassMove, stamp: Stamp) -> Decision[str]:
    if move is ClassMove.NONE:
        return Decision((), existing.id)
    changes: list[Change] = []
    if move is ClassMove.TIGHTENED:
        changes += open_for_change(existing, stamp, makes_revision=True).changes
        changes.append(ClassKept(existing.id, stamp.now))
    changes += _changes(existing, wanted, stamp)
    return Decision(tuple(changes), existing.id)


def _set_of_container(existing: ContainerFacts, wanted: DataClass, move: ClassMove, stamp: Stamp) -> Decision[str]:
    return Decision(() if move is ClassMove.NONE else _changes(existing, wanted, stamp), existing.id)


def _changes(existing: ResourceFacts, wanted: DataClass, stamp: Stamp) -> tuple[Change, ...]:
    return (
        FieldsChanged(existing.id, {"dataClass": wanted}, stamp.now),
        stamp.event(EventKind.DATA_CLASS_SET, existing.id, before=existing.revision, after=existing.revision + 1),
    )


def _set_recursively(
    root: ContainerFacts, below: tuple[ContainerBelow, ...], wanted: DataClass, stamp: Stamp
) -> Decision[str]:
    """Relax a tree. The event counts the containers below that change; the Objects aren't known yet."""
    if root.snapshot_of is not None:
        message = f"{root.id} is part of a snapshot: relax its containers one by one, or its original"
        raise FailedPrecondition(message, field=("recursive",))
    less_open = [container for container in below if relaxes(container.data_class, wanted)]
    is_root_relaxed = relaxes(root.data_class, wanted)
    holders = [
        container_id
        for container_id, count in ((root.id, root.entry_count), *((one.id, one.entry_count) for one in below))
        if count
    ]
    if not is_root_relaxed and not less_open and not holders:
        return Decision((), root.id)
    relaxed = [*([root.id] if is_root_relaxed else []), *(container.id for container in less_open)]
    kinds = Counter(container.kind for container in less_open)
    changes: tuple[Change, ...] = (
        *(FieldsChanged(container_id, {"dataClass": wanted}, stamp.now) for container_id in relaxed),
        *(RelaxingBegun(container_id, stamp.now) for container_id in holders),
        *(
            TaskAdded(
                stamp.new_id(),
                TaskKind.RELAX_OBJECTS,
                container_id,
                {"dataClass": wanted},
                stamp.now,
                stamp.caller.user_id,
            )
            for container_id in holders
        ),
        stamp.event(
            EventKind.DATA_CLASS_SET,
            root.id,
            before=root.revision,
            after=root.revision + is_root_relaxed,
            counts=EventCounts(collections=kinds[Kind.COLLECTION], datasets=kinds[Kind.DATASET]),
        ),
    )
    return Decision(changes, root.id)
