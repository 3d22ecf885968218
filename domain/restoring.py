"""Rules: what was deleted comes back. Restoring undoes one delete, not earlier ones (decision 0013).

It goes back to its former home, or to a parent given. Its shares come back where they are alive and their names free;
what had its home elsewhere and was only unlinked doesn't.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from domain.access import NEEDED_LEVEL, Action, Level, check_not_frozen, demand, demand_level
from domain.changes import (
    Change,
    ChildMoved,
    ChildShared,
    ChildUnlinked,
    ContainerRestored,
    ContainerRevived,
    CountersChanged,
    Decision,
    EventCounts,
    EventKind,
    FormerNameForgotten,
    HomeRestored,
    ObjectRestored,
    TaskAdded,
    TaskKind,
)
from domain.errors import AlreadyExists, FailedPrecondition, Unavailable
from domain.hierarchy import check_parent
from domain.keys import child_sort, container_sort
from domain.lifecycle import RESTORED_STATES
from domain.names import check_project_name
from domain.past import keep_past
from domain.placing import PlaceFacts, check_alive, check_name_in, counted
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, ResourceFacts, State
from domain.stamps import Stamp

_ID: Final = ("id",)
_PARENT: Final = ("parent",)
_NAME: Final = ("name",)


@dataclass(frozen=True, slots=True)
class Return:
    """Where a tombstone is to go: into its former home (`parent_id` None) or another, under its name or another."""

    parent_id: str | None = None
    name: str | None = None

    def name_of(self, resource: ResourceFacts) -> str:
        """Return what the tombstone is to be called."""
        return resource.name if self.name is None else self.name


@dataclass(frozen=True, slots=True)
class DeletedContainer:
    """A container that one deletion took; edges to what was deleted with it are still what they were."""

    id: str
    kind: Kind
    name: str
    entry_count: int
    object_count: int
    parents: tuple[ParentEdge, ...]


@dataclass(frozen=True, slots=True)
class RestoreFacts:
    """A tombstone, the caller's level on it through its home alone, and what its return depends on.

    `given` is the parent of the call, if it names one. `tree` is what the same deletion took of containers (nothing for
    an Object). `parents` are the containers that names would return to, and those above them by their homes, by id.
    `blocked` are the `sort` strings of names there that can't be borne: taken, or hidden by a snapshot. `state_before`
    is an Object's state before it was deleted; `is_erased`: its newest bytes are gone for good. `is_bucket_taken`:
    another project bears the name.
    """

    resource: ResourceFacts | None
    home_level: Level = Level.NONE
    given: ResourceFacts | None = None
    tree: tuple[DeletedContainer, ...] = ()
    parents: Mapping[str, ContainerFacts] = field(default_factory=dict[str, ContainerFacts])
    blocked: frozenset[str] = frozenset()
    state_before: State | None = None
    is_erased: bool = False
    is_bucket_taken: bool = False


@dataclass(frozen=True, slots=True)
class WantedName:
    """A name that something would bear again."""

    child_id: str
    child_kind: Kind
    parent_id: str
    name: str

    @property
    def sort(self) -> str:
        """`sort` of the Entry that it would have."""
        return child_sort(self.parent_id, self.child_kind, self.name)


def _target_id(resource: ResourceFacts, back: Return) -> str | None:
    """Id of the parent to go to; None for a Project, which has none."""
    if back.parent_id is not None:
        return back.parent_id
    return None if resource.home is None else resource.home.parent_id


def _former_shares(facts: RestoreFacts) -> Iterator[tuple[str, Kind, ParentEdge]]:
    """Shares outside that what comes back once had: (child, its kind, the DELETED edge)."""
    resource = facts.resource
    if isinstance(resource, ObjectFacts):
        for edge in (*resource.parents, *resource.former_shares):
            if edge.is_former and not edge.is_home:
                yield resource.id, Kind.OBJECT, edge
    for container in facts.tree:
        for edge in container.parents:
            if edge.is_former and not edge.is_home:
                yield container.id, container.kind, edge


def wanted_parents(facts: RestoreFacts, back: Return) -> frozenset[str]:
    """Ids of the containers that names would return to."""
    ids = {edge.parent_id for _, _, edge in _former_shares(facts)}
    if facts.resource is not None:
        ids |= {edge.parent_id for edge in facts.resource.parents}
        target = _target_id(facts.resource, back)
        ids |= set() if target is None else {target}
    return frozenset(ids - {container.id for container in facts.tree})


def wanted_names(facts: RestoreFacts, back: Return) -> tuple[WantedName, ...]:
    """Names that would be borne again, those of hidden containers on the way included."""
    names = [WantedName(child, kind, edge.parent_id, edge.name) for child, kind, edge in _former_shares(facts)]
    resource = facts.resource
    target_id = None if resource is None else _target_id(resource, back)
    if resource is None or target_id is None:
        return tuple(names)
    names.append(WantedName(resource.id, resource.kind, target_id, back.name_of(resource)))
    names += [
        WantedName(container.id, container.kind, home.parent_id, home.name)
        for container, home in _hidden_upwards(facts, target_id)
    ]
    return tuple(names)


def _hidden_upwards(facts: RestoreFacts, container_id: str) -> Iterator[tuple[ContainerFacts, ParentEdge]]:
    container = facts.parents.get(container_id)
    while container is not None and container.is_hidden and container.home is not None:
        yield container, container.home
        container = facts.parents.get(container.home.parent_id)


def restore_locks(facts: RestoreFacts, back: Return) -> frozenset[str]:
    """Ids to lock: what comes back, and the containers that get names again."""
    ids = {container.id for container in facts.tree} | wanted_parents(facts, back)
    if facts.resource is not None:
        ids.add(facts.resource.id)
        target_id = _target_id(facts.resource, back)
        if target_id is not None:
            ids |= {home.parent_id for _, home in _hidden_upwards(facts, target_id)}
    return frozenset(ids)


# -- what both rules ask


def _demand(facts: RestoreFacts, resource_id: str, action: Action) -> ResourceFacts:
    """Return the tombstone if the caller may bring it back by his rights on its home.

    An archived home refuses later, where it is what the tombstone would go to.
    """
    found = demand_level(facts.resource, resource_id, Level.READ, field=_ID)
    demand_level(replace(found, level=max(facts.home_level, Level.READ)), resource_id, NEEDED_LEVEL[action], field=_ID)
    return found


def _demand_target(facts: RestoreFacts, resource: ResourceFacts, back: Return) -> ContainerFacts:
    """Return the container to go to.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, FailedPrecondition.
    """
    home = resource.home
    if back.parent_id is not None:
        target = demand(facts.given, back.parent_id, Action.CREATE_CHILD, field=_PARENT)
        check_parent(resource.kind, target.kind, field=_PARENT)
        assert isinstance(target, ContainerFacts), "nothing belongs to an Object"
        return target
    assert home is not None, "a project goes nowhere"
    former = facts.parents[home.parent_id]
    check_not_frozen(former, field=_ID)
    return former


def _check_target_lives(facts: RestoreFacts, resource: ResourceFacts, target: ContainerFacts, back: Return) -> None:
    """Refuse a home that can't take it back, or that can't be revived for it.

    Raises: FailedPrecondition, AlreadyExists, Immutable.
    """
    if back.parent_id is not None:
        check_alive(target, field=_PARENT)
        return
    kind = resource.kind.lower()
    if target.state is State.DELETED:
        message = f"{kind} {resource.id} had its home in {target.id}, which is DELETED; restore that, or name a parent"
        raise FailedPrecondition(message, field=_ID)
    for _, home in _hidden_upwards(facts, target.id):
        above = facts.parents[home.parent_id]
        if above.state is State.DELETED:
            message = f"the home of {kind} {resource.id} was in {above.id}, which is DELETED; name a parent"
            raise FailedPrecondition(message, field=_ID)
        check_not_frozen(above, field=_ID)
        if container_sort(home.parent_id, home.name) in facts.blocked:
            message = (
                f"the home of {kind} {resource.id} left with its last key, and another container is called"
                f" {home.name!r} since; name a parent"
            )
            raise AlreadyExists(message, field=_ID)


def _check_name(facts: RestoreFacts, resource: ResourceFacts, target: ContainerFacts, back: Return) -> str:
    """Return the name to be borne in the target.

    Raises: BadInput, AlreadyExists, FailedPrecondition.
    """
    name = back.name_of(resource)
    is_blocked = child_sort(target.id, resource.kind, name) in facts.blocked
    place = PlaceFacts(
        child=resource,
        source=None,
        target=target,
        target_path=_path(facts, target),
        wanted_name=name,
        taken_by=target.id if is_blocked else None,
    )
    check_name_in(place, resource, target, name, field=_NAME)
    return name


def _path(facts: RestoreFacts, container: ContainerFacts) -> str:
    """Key of a container below its project, with a `/` at its end."""
    path = ""
    while container.home is not None:
        path = f"{container.name}/{path}"
        container = facts.parents[container.home.parent_id]
    return path


def _revive(facts: RestoreFacts, container_id: str, stamp: Stamp) -> tuple[Change, ...]:
    """Revive a container that left with its last key, and the hidden ones above it."""
    return tuple(
        change
        for container, home in _hidden_upwards(facts, container_id)
        for change in (
            ContainerRevived(container.id, home.parent_id, home.name),
            stamp.event(EventKind.REVIVED, container.id),
            CountersChanged(home.parent_id, entries=1),
        )
    )


def can_return(parent: ContainerFacts | None, kind: Kind, name: str, blocked: AbstractSet[str]) -> bool:
    """Whether a share comes back: its parent is alive, isn't frozen and calls nothing else so."""
    return (
        parent is not None
        and parent.state is State.AVAILABLE
        and not parent.is_hidden
        and not parent.is_frozen
        and child_sort(parent.id, kind, name) not in blocked
    )


def share_again(child_id: str, kind: Kind, edge: ParentEdge, parent: ContainerFacts, stamp: Stamp) -> ChildShared:
    """Make again the share that a DELETED edge remembers."""
    return ChildShared(
        child_id=child_id,
        child_kind=kind,
        parent_id=parent.id,
        parent_kind=parent.kind,
        name=edge.name,
        passes=edge.passes,
        at=stamp.now,
        by=stamp.caller.user_id,
    )


# -- Objects


def restore_object(facts: RestoreFacts, object_id: str, back: Return, stamp: Stamp) -> Decision[str]:
    """Let the tombstone of an Object live again; answers its id.

    An Object that was deleted with its home goes to a parent given alone, and leaves that home.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, BadInput, FailedPrecondition, AlreadyExists.
    """
    existing = _demand(facts, object_id, Action.RESTORE_OBJECT)
    assert isinstance(existing, ObjectFacts), "a container has a rule of its own"
    target = _demand_target(facts, existing, back)
    if existing.state is not State.DELETED or facts.state_before is None:
        raise FailedPrecondition(f"object {existing.id} isn't DELETED; there is nothing to restore", field=_ID)
    if facts.is_erased:
        raise FailedPrecondition(f"the bytes of object {existing.id} were erased, for good", field=_ID)
    _check_target_lives(facts, existing, target, back)
    if any(edge.parent_id == target.id and not edge.is_home and not edge.is_former for edge in existing.parents):
        message = f"object {existing.id} was deleted a moment ago and is on its way out of {target.id}; try again soon"
        raise Unavailable(message)
    name = _check_name(facts, existing, target, back)
    living = replace(existing, state=RESTORED_STATES[facts.state_before])
    changes: list[Change] = [*_revive(facts, target.id, stamp), *_return_home(existing, living, target, name, stamp)]
    changes += _return_shares(facts, living, target.id, stamp)
    changes += [
        ObjectRestored(existing.id, name, living.state, stamp.now),
        stamp.event(EventKind.RESTORED, existing.id, before=existing.revision, after=existing.revision + 1),
    ]
    return Decision(tuple(changes), existing.id)


def _return_home(
    existing: ObjectFacts, living: ObjectFacts, target: ContainerFacts, name: str, stamp: Stamp
) -> tuple[Change, ...]:
    """Give an Object its home; out of one that is deleted it moves, with its Entry there."""
    home = existing.home
    arrived = counted(living, target.id, 1)
    if not existing.is_deleted_with_home:
        return (
            FormerNameForgotten(existing.id, Kind.OBJECT, home.parent_id, home.name),
            HomeRestored(existing.id, Kind.OBJECT, target.id, target.kind, name, stamp.now, stamp.caller.user_id),
            arrived,
        )
    moved = ChildMoved(
        child_id=existing.id,
        child_kind=Kind.OBJECT,
        from_id=home.parent_id,
        from_name=home.name,
        to_id=target.id,
        to_kind=target.kind,
        name=name,
        renames=False,
        at=stamp.now,
        by=stamp.caller.user_id,
    )
    return (*keep_past(existing, home), moved, counted(living, home.parent_id, -1), arrived)


def _return_shares(facts: RestoreFacts, living: ObjectFacts, target_id: str, stamp: Stamp) -> list[Change]:
    changes: list[Change] = []
    for edge in (*living.parents, *living.former_shares):
        if edge.is_home:
            continue
        parent = facts.parents[edge.parent_id]
        if edge.is_former:
            changes.append(FormerNameForgotten(living.id, Kind.OBJECT, edge.parent_id, edge.name))
            if edge.parent_id != target_id and can_return(parent, Kind.OBJECT, edge.name, facts.blocked):
                changes.append(share_again(living.id, Kind.OBJECT, edge, parent, stamp))
                changes.append(counted(living, edge.parent_id, 1))
        # A share that the deletion of its home hasn't come to yet stands, unless it is in what was deleted.
        elif parent.state is State.DELETED:
            changes += [
                *keep_past(living, edge),
                ChildUnlinked(living.id, Kind.OBJECT, edge.parent_id, edge.name),
                counted(living, edge.parent_id, -1),
            ]
    return changes


# -- containers


def restore_container(facts: RestoreFacts, container_id: str, back: Return, stamp: Stamp) -> Decision[str]:
    """Let a container live again with all that the same deletion took; answers its id.

    It costs by its containers: the Objects in them are alive by that alone, and the shares that those had elsewhere
    come back by one task a container.

    Raises: NotFound, Forbidden, Hierarchy, Immutable, BadInput, FailedPrecondition, AlreadyExists.
    """
    root = _demand(facts, container_id, Action.RESTORE_CONTAINER)
    assert isinstance(root, ContainerFacts), "an Object has a rule of its own"
    kind = root.kind.lower()
    changes: list[Change] = []
    if root.kind is Kind.PROJECT:
        name = _check_project(facts, root, back)
    else:
        _check_deleted_itself(root)
        target = _demand_target(facts, root, back)
        _check_target_lives(facts, root, target, back)
        name = _check_name(facts, root, target, back)
        assert root.home is not None, "all but projects have a home"
        changes += [
            *_revive(facts, target.id, stamp),
            FormerNameForgotten(root.id, root.kind, root.home.parent_id, root.home.name),
            HomeRestored(root.id, root.kind, target.id, target.kind, name, stamp.now, stamp.caller.user_id),
            CountersChanged(target.id, entries=1),
        ]
    assert any(container.id == root.id for container in facts.tree), f"{kind} {root.id} is in its own deletion"
    home_id = None if root.kind is Kind.PROJECT else _target_id(root, back)
    for child_id, child_kind, edge in _former_shares(facts):
        parent = facts.parents[edge.parent_id]
        changes.append(FormerNameForgotten(child_id, child_kind, edge.parent_id, edge.name))
        is_home = child_id == root.id and edge.parent_id == home_id
        if not is_home and can_return(parent, child_kind, edge.name, facts.blocked):
            changes.append(share_again(child_id, child_kind, edge, parent, stamp))
            changes.append(CountersChanged(edge.parent_id, entries=1))
    for container in facts.tree:
        own_name = name if container.id == root.id else container.name
        changes.append(ContainerRestored(container.id, container.kind, own_name, stamp.now))
    changes += [_task(held, stamp) for held in _holders_of_objects(facts.tree)]
    changes.append(
        stamp.event(
            EventKind.RESTORED,
            root.id,
            before=root.revision,
            after=root.revision + 1,
            counts=_counts(root.id, facts.tree),
        )
    )
    return Decision(tuple(changes), root.id)


def _check_project(facts: RestoreFacts, project: ContainerFacts, back: Return) -> str:
    """Return the name that a project bears again.

    Raises: NotFound, Hierarchy, BadInput, FailedPrecondition, AlreadyExists.
    """
    if back.parent_id is not None:
        parent = demand_level(facts.given, back.parent_id, Level.READ, field=_PARENT)
        check_parent(project.kind, parent.kind, field=_PARENT)
    check_not_frozen(project, field=_ID)
    _check_deleted_itself(project)
    name = back.name_of(project)
    check_project_name(name, field=_NAME)
    if facts.is_bucket_taken:
        message = f"another project is called {name} since; give a name that is free"
        raise AlreadyExists(message, field=_NAME)
    return name


def _check_deleted_itself(container: ContainerFacts) -> None:
    """Refuse what isn't deleted, or was deleted with something above it.

    Raises: FailedPrecondition.
    """
    kind = container.kind.lower()
    if container.state is not State.DELETED:
        raise FailedPrecondition(f"{kind} {container.id} isn't DELETED; there is nothing to restore", field=_ID)
    if container.home is not None and not container.home.is_former:
        message = f"{kind} {container.id} was deleted with the container it is in, {container.home.parent_id};"
        raise FailedPrecondition(f"{message} restore what was deleted, with all that is in it", field=_ID)


def _holders_of_objects(tree: Iterable[DeletedContainer]) -> list[str]:
    """Ids of the containers of a deleted tree that hold more names than those of its containers."""
    containers = tuple(tree)
    held = {container.id: 0 for container in containers}
    for container in containers:
        for edge in container.parents:
            if edge.parent_id in held and not edge.is_former:
                held[edge.parent_id] += 1
    return [container.id for container in containers if container.entry_count > held[container.id]]


def _task(container_id: str, stamp: Stamp) -> TaskAdded:
    return TaskAdded(stamp.new_id(), TaskKind.RELINK_SHARES, container_id, {}, stamp.now, stamp.caller.user_id)


def _counts(root_id: str, tree: Iterable[DeletedContainer]) -> EventCounts:
    containers = tuple(tree)
    kinds = [container.kind for container in containers if container.id != root_id]
    objects = sum(container.object_count for container in containers)
    return EventCounts(kinds.count(Kind.COLLECTION), kinds.count(Kind.DATASET), objects)
