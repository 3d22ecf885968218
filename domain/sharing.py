"""Rules: letting a resource belong to one more parent, and taking that away again.

What a share lets pass bounds what rights on the new parent are worth on the child, so that sharing something into one's
own project never raises one's rights on it.
"""

from dataclasses import dataclass

from domain.access import Action, Level, check_not_frozen, demand, demand_level
from domain.changes import Change, ChildShared, ChildUnlinked, Decision, EventKind
from domain.errors import AlreadyExists, BadInput, FailedPrecondition, Forbidden, HomeParent
from domain.hiding import changed_with_last_name, hide_upwards
from domain.limits import PARENTS_MAX
from domain.past import keep_past
from domain.placing import PlaceFacts, check_alive, check_name_in, counted, demand_target, edge_to
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class Share:
    """Into which parent, under which name (None: what its home calls it), and what may pass: READ to ADMIN."""

    parent_id: str
    name: str | None = None
    passes: Level = Level.READ


def share_locks(facts: PlaceFacts) -> frozenset[str]:
    """Ids of what a share changes, the child and its new parent, and its home, with which it might be deleted."""
    ids = {resource.id for resource in (facts.child, facts.target) if resource is not None}
    if facts.child is not None:
        ids |= {edge.parent_id for edge in facts.child.parents if edge.is_home}
    return frozenset(ids)


def share_child(facts: PlaceFacts, child_id: str, share: Share, stamp: Stamp) -> Decision[str]:
    """Let a child belong to one more parent; answers its id.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists.
    """
    parent_field = ("input", "parent")
    if share.passes is Level.NONE:
        message = "a share that lets NONE pass would show nothing; let READ, APPEND, WRITE or ADMIN pass"
        raise BadInput(message, field=("input", "passes"))
    child = demand(facts.child, child_id, Action.SHARE, field=("id",))
    check_alive(child, field=("id",))
    target = demand_target(facts, child, share.parent_id, field=parent_field)
    standing = next((edge for edge in child.parents if edge.parent_id == target.id), None)
    if standing is not None:
        message = f"{child.kind.lower()} {child.id} is in {target.kind.lower()} {target.id} already"
        raise AlreadyExists(f"{message}, as {standing.name!r}", field=parent_field)
    if len(child.parents) >= PARENTS_MAX:
        message = (
            f"{child.kind.lower()} {child.id} has {PARENTS_MAX} parents, as many as there may be; unlink one first"
        )
        raise FailedPrecondition(message, field=("id",))
    name = child.name if share.name is None else share.name
    check_name_in(facts, child, target, name, field=("input", "name"))
    shared = ChildShared(
        child_id=child.id,
        child_kind=child.kind,
        parent_id=target.id,
        parent_kind=target.kind,
        name=name,
        passes=share.passes,
        at=stamp.now,
        by=stamp.caller.user_id,
    )
    changes = (shared, counted(child, target.id, 1), stamp.event(EventKind.SHARED, child.id))
    return Decision(changes, child.id)


def unlink_locks(facts: PlaceFacts) -> frozenset[str]:
    """Ids of what unlinking changes: the child, the parent, and what is hidden with its last name."""
    ids = {facts.child.id} if facts.child is not None else set[str]()
    if facts.source is not None:
        ids |= changed_with_last_name(facts.above, facts.source.id)
    return frozenset(ids)


def unlink_child(facts: PlaceFacts, child_id: str, parent_id: str, stamp: Stamp) -> Decision[str]:
    """Take a share away; ADMIN on either end is enough. Answers the child's id.

    A share in an archived project may be unlinked: the archive goes on showing what it showed.

    Raises: NotFound, Forbidden, Immutable, FailedPrecondition, HomeParent.
    """
    child = demand_level(facts.child, child_id, Level.READ, field=("id",))
    edge, parent = edge_to(child, facts.source, parent_id, field=("parent",))
    if max(child.level, parent.level) < Level.ADMIN:
        message = f"unlinking {child.id} from {parent.id} takes ADMIN on either; ask someone who has it"
        raise Forbidden(message, field=("parent",))
    check_not_frozen(child, field=("id",))
    check_alive(child, field=("id",))
    check_alive(parent, field=("parent",))
    if edge.is_home:
        message = (
            f"{parent.kind.lower()} {parent.id} is the home of {child.id}, which always keeps one; move it to another"
            " home, or delete it"
        )
        raise HomeParent(message, field=("parent",))
    changes: list[Change] = [
        *keep_past(child, edge),
        ChildUnlinked(child.id, child.kind, parent.id, edge.name),
        counted(child, parent.id, -1),
        *hide_upwards(dict(facts.above), parent.id, stamp),
        stamp.event(EventKind.UNLINKED, child.id),
    ]
    return Decision(tuple(changes), child.id)
