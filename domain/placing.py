"""What sharing, unlinking, moving and renaming have in common: their facts, and what a place asks of a child.

A child's name belongs to its parent; the home's is the child's own. All four name the child, the parent it is in
(`source`) and the one it is to be in (`target`), and change edges and Entries alone, whatever stands below.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.access import Action, Level, demand
from domain.changes import CountersChanged
from domain.errors import AlreadyExists, FailedPrecondition, Immutable, NotFound
from domain.hierarchy import check_parent
from domain.names import check_container_name, check_key_length, check_object_name
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, ResourceFacts, State


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """A child, the parent that it is in, and the one that it is to be in, each with the caller's level.

    `above` are the source and the containers above it by their homes. `target_path` is the target's key below its
    project, with a `/` at its end. `wanted_name` is what the child is to be called there and `taken_by` who is called
    so already; `project_named` is the living project of that name. `hidden_key` is the name of an Object there that a
    snapshot of the child would hide, `hiding_snapshot` the snapshot there that would hide the child.
    """

    child: ResourceFacts | None
    source: ResourceFacts | None
    target: ResourceFacts | None
    above: Mapping[str, ContainerFacts] = field(default_factory=dict[str, ContainerFacts])
    target_path: str = ""
    wanted_name: str = ""
    taken_by: str | None = None
    project_named: str | None = None
    hidden_key: str | None = None
    hiding_snapshot: str | None = None


def check_alive(resource: ResourceFacts, *, field: tuple[str, ...]) -> None:
    """Refuse a tombstone.

    Raises: FailedPrecondition.
    """
    if resource.state is State.DELETED:
        message = f"{resource.kind.lower()} {resource.id} is DELETED; restore it first"
        raise FailedPrecondition(message, field=field)


def demand_target(facts: PlaceFacts, child: ResourceFacts, target_id: str, *, field: tuple[str, ...]) -> ContainerFacts:
    """Return the target if the caller may put a child of this kind into it.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, FailedPrecondition.
    """
    target = demand(facts.target, target_id, Action.CREATE_CHILD, field=field)
    check_parent(child.kind, target.kind, field=field)
    assert isinstance(target, ContainerFacts), "nothing belongs to an Object"
    check_alive(target, field=field)
    return target


def edge_to(
    child: ResourceFacts, parent: ResourceFacts | None, parent_id: str, *, field: tuple[str, ...]
) -> tuple[ParentEdge, ContainerFacts]:
    """Return the child's edge to a parent, with that; ADMIN on the child sees all its parents.

    Raises: NotFound: whether it isn't a parent or can't be seen is not told apart.
    """
    edge = next((edge for edge in child.parents if edge.parent_id == parent_id), None)
    is_seen = child.level >= Level.ADMIN or (parent is not None and parent.level >= Level.READ)
    if edge is None or not is_seen or not isinstance(parent, ContainerFacts):
        message = f"{child.kind.lower()} {child.id} belongs to no {parent_id} that you may see"
        raise NotFound(message, field=field)
    return edge, parent


def check_name_in(
    facts: PlaceFacts,
    child: ResourceFacts,
    target: ContainerFacts,
    name: str,
    *,
    field: tuple[str, ...],
) -> None:
    """Refuse a name that the child can't bear in the target: ill-formed, too long, taken, or against a snapshot's keys.

    Raises: BadInput, AlreadyExists, FailedPrecondition, Immutable.
    """
    if child.kind is Kind.OBJECT:
        check_object_name(name, target.kind, field=field)
        check_key_length(facts.target_path + name, field=field)
    else:
        check_container_name(name, field=field)
    if facts.taken_by is not None:
        what = "an object" if child.kind is Kind.OBJECT else "a container"
        message = f"{target.kind.lower()} {target.id} holds {what} {name[:80]!r} already; take another name"
        raise AlreadyExists(message, field=field)
    if facts.hidden_key is not None:
        message = (
            f"as {name[:80]!r} in {target.kind.lower()} {target.id} a snapshot of {child.id} would hide the object"
            f" {facts.hidden_key[:80]!r} there; rename that, or take another name"
        )
        raise FailedPrecondition(message, field=field)
    if facts.hiding_snapshot is not None:
        message = (
            f"{name[:80]!r} in {target.kind.lower()} {target.id} leads into the snapshot {facts.hiding_snapshot}, which"
            " doesn't change any more; take another name"
        )
        raise Immutable(message, field=field)


def counted(child: ResourceFacts, container_id: str, sign: int) -> CountersChanged:
    """Count a child into a container (sign 1) or out of it (-1); of a container only its name counts."""
    is_counted = isinstance(child, ObjectFacts) and child.state is State.AVAILABLE
    length_bytes = child.published.length_bytes if isinstance(child, ObjectFacts) and child.published else 0
    return CountersChanged(
        container_id,
        entries=sign,
        objects=sign if is_counted else 0,
        length_bytes=sign * length_bytes if is_counted else 0,
    )
