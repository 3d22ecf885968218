"""Rules: moving a resource from one parent to another, and what its parents call it.

Moving and renaming are one small write whatever stands below: every path below changes at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.access import Action, Level, demand
from domain.changes import Change, ChildMoved, ChildRenamed, ClassKept, Decision, EventKind, ProjectRenamed
from domain.data_classes import tightens
from domain.errors import AlreadyExists, NotFound
from domain.hiding import changed_with_last_name, hide_upwards
from domain.names import check_project_name
from domain.past import keep_past
from domain.placing import PlaceFacts, check_alive, check_name_in, counted, demand_target, edge_to
from domain.resources import ContainerFacts, Kind, ParentEdge, ResourceFacts
from domain.stamps import Stamp

_NAME = ("name",)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a resource is to go: from its home (`from_id` None) or a share, under the name it has there or another."""

    to_id: str
    from_id: str | None = None
    name: str | None = None


def move_locks(facts: PlaceFacts) -> frozenset[str]:
    """Ids of what a move changes: the child, both parents, what is hidden with its last name; and the child's home.

    An Object is deleted with its home, whose deletion doesn't touch it.
    """
    ids = {resource.id for resource in (facts.child, facts.target) if resource is not None}
    if facts.child is not None:
        ids |= {edge.parent_id for edge in facts.child.parents if edge.is_home}
    if facts.source is not None:
        ids |= changed_with_last_name(facts.above, facts.source.id)
    return frozenset(ids)


def move_child(facts: PlaceFacts, child_id: str, move: Move, stamp: Stamp) -> Decision[str]:
    """Move a child to another parent, or give it another name where it is; answers its id.

    A moved home stays the home, a moved share a share. Moving to where it is already changes nothing.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists.
    """
    to, name_field = ("input", "to"), ("input", "name")
    child = demand(facts.child, child_id, Action.MOVE, field=("id",))
    check_alive(child, field=("id",))
    target = demand_target(facts, child, move.to_id, field=to)
    edge, source = _leaving(facts, child, move.from_id)
    name = edge.name if move.name is None else move.name
    standing = next((other for other in child.parents if other.parent_id == target.id), None)
    if standing is not None and standing is not edge:
        what = "home" if standing.is_home else "share; unlink that first"
        message = f"{child.kind.lower()} {child.id} is in {target.id} already, as {standing.name!r}, by its {what}"
        raise AlreadyExists(message, field=to)
    if standing is edge and name == edge.name:
        return Decision((), child.id)
    check_name_in(facts, child, target, name, field=name_field)
    if standing is edge:
        return _renamed(child, edge, target, name, stamp)
    renames = edge.is_home and name != edge.name
    moved = ChildMoved(
        child_id=child.id,
        child_kind=child.kind,
        from_id=source.id,
        from_name=edge.name,
        to_id=target.id,
        to_kind=target.kind,
        name=name,
        renames=renames,
        at=stamp.now,
        by=stamp.caller.user_id,
    )
    changes: list[Change] = [
        *keep_past(child, edge),
        moved,
        counted(child, source.id, -1),
        counted(child, target.id, 1),
        *hide_upwards(_with_one_more(facts.above, target.id), source.id, stamp),
        *_class_kept(child, edge, target, stamp),
        _told(EventKind.MOVED, child, stamp, renames=renames),
    ]
    return Decision(tuple(changes), child.id)


def _class_kept(child: ResourceFacts, edge: ParentEdge, target: ContainerFacts, stamp: Stamp) -> tuple[ClassKept, ...]:
    """Note that an Object keeps its tighter class: its new home may be on its way to relax all that is in it."""
    is_tighter = tightens(target.data_class, child.data_class)
    return (ClassKept(child.id, stamp.now),) if edge.is_home and child.kind is Kind.OBJECT and is_tighter else ()


def _leaving(facts: PlaceFacts, child: ResourceFacts, from_id: str | None) -> tuple[ParentEdge, ContainerFacts]:
    """Return the edge that a move takes away, with its parent; leaving the home takes ADMIN on it."""
    field = ("input", "from")
    home = next(edge for edge in child.parents if edge.is_home)
    if from_id is not None and from_id != home.parent_id:
        return edge_to(child, facts.source, from_id, field=field)
    source = facts.source
    if source is None or source.level < Level.READ:
        message = f"{child.kind.lower()} {child.id} has a home that you may not see; moving it takes ADMIN there too"
        raise NotFound(message, field=field)
    source = demand(source, source.id, Action.MOVE, field=field)
    assert isinstance(source, ContainerFacts), "nothing belongs to an Object"
    return home, source


def _with_one_more(above: Mapping[str, ContainerFacts], target_id: str) -> dict[str, ContainerFacts]:
    """Count the child into its new parent, which may stand above the one that it leaves empty."""
    containers = dict(above)
    target = containers.get(target_id)
    if target is not None:
        containers[target_id] = replace(target, entry_count=target.entry_count + 1)
    return containers


def _told(kind: EventKind, child: ResourceFacts, stamp: Stamp, *, renames: bool) -> Change:
    """Tell of the change; the name that its home gives it is one of its own fields."""
    if not renames:
        return stamp.event(kind, child.id)
    return stamp.event(kind, child.id, before=child.revision, after=child.revision + 1)


def rename_locks(facts: PlaceFacts) -> frozenset[str]:
    """Ids of what a rename changes: the child and the parent that calls it so."""
    return frozenset(resource.id for resource in (facts.child, facts.source) if resource is not None)


def rename_child(facts: PlaceFacts, child_id: str, name: str, parent_id: str | None, stamp: Stamp) -> Decision[str]:
    """Let a parent (the home, if None) call a child otherwise, or a project bear another name; answers its id.

    The name that it bears already changes nothing.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, AlreadyExists.
    """
    child = demand(facts.child, child_id, Action.RENAME, field=("id",))
    if child.kind is Kind.PROJECT:
        return _rename_project(facts, child_id, name, parent_id, stamp)
    check_alive(child, field=("id",))
    home = next(edge for edge in child.parents if edge.is_home)
    if parent_id is None or parent_id == home.parent_id:
        edge, parent = home, facts.source
        assert isinstance(parent, ContainerFacts), "a child that lives has a home, a container"
    else:
        edge, _ = edge_to(child, facts.source, parent_id, field=("parent",))
        parent = demand_target(facts, child, parent_id, field=("parent",))
    if name == edge.name:
        return Decision((), child.id)
    check_name_in(facts, child, parent, name, field=_NAME)
    return _renamed(child, edge, parent, name, stamp)


def _renamed(child: ResourceFacts, edge: ParentEdge, parent: ContainerFacts, name: str, stamp: Stamp) -> Decision[str]:
    renamed = ChildRenamed(
        child_id=child.id,
        child_kind=child.kind,
        parent_id=parent.id,
        parent_kind=parent.kind,
        former_name=edge.name,
        name=name,
        is_home=edge.is_home,
        at=stamp.now,
    )
    changes = (*keep_past(child, edge), renamed, _told(EventKind.RENAMED, child, stamp, renames=edge.is_home))
    return Decision(changes, child.id)


def _rename_project(
    facts: PlaceFacts, project_id: str, name: str, parent_id: str | None, stamp: Stamp
) -> Decision[str]:
    project = demand(facts.child, project_id, Action.RENAME_PROJECT, field=("id",))
    if parent_id is not None:
        raise NotFound(f"project {project.id} belongs to nothing; leave the parent out", field=("parent",))
    check_alive(project, field=("id",))
    check_project_name(name, field=_NAME)
    if name == project.name:
        return Decision((), project.id)
    if facts.project_named is not None:
        raise AlreadyExists(f"a project {name} exists already; take another name", field=_NAME)
    changes = (
        ProjectRenamed(project.id, name, stamp.now),
        _told(EventKind.RENAMED, project, stamp, renames=True),
    )
    return Decision(changes, project.id)
