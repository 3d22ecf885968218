"""Rules: giving users levels on resources, and taking them away."""

from dataclasses import dataclass
from datetime import datetime

from domain.access import NEEDED_LEVEL, Action, Level, demand
from domain.changes import Decision, EventKind, GrantRemoved, GrantSet
from domain.errors import BadInput, FailedPrecondition, NotFound
from domain.resources import ContainerFacts, ResourceFacts, State
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class GrantFacts:
    """The resource, whether the user is known, the level granted to him there, and how many others hold ADMIN there.

    `original_level` is the caller's on the original, where the resource belongs to a snapshot: no more than READ is
    ever had on that itself.
    """

    resource: ResourceFacts | None
    is_user_known: bool
    granted: Level | None
    other_admins: int
    original_level: Level = Level.NONE


def _check_not_last_admin(facts: GrantFacts, resource: ResourceFacts, new_level: Level) -> None:
    """A project without anyone who may manage it could never be given away again."""
    is_root = not resource.parents
    if is_root and facts.granted is Level.ADMIN and new_level < Level.ADMIN and not facts.other_admins:
        message = f"this is the last ADMIN grant on project {resource.id}; give ADMIN to someone else first"
        raise FailedPrecondition(message)


def _managed(facts: GrantFacts, resource_id: str) -> ResourceFacts:
    """Return the resource if the caller manages its grants; those of a snapshot are managed with its original.

    Raises: NotFound, Forbidden.
    """
    resource = demand(facts.resource, resource_id, Action.READ, field=("id",))
    is_managed_there = _is_of_snapshot(resource) and facts.original_level >= NEEDED_LEVEL[Action.MANAGE_GRANTS]
    return resource if is_managed_there else demand(resource, resource_id, Action.MANAGE_GRANTS, field=("id",))


def _is_of_snapshot(resource: ResourceFacts) -> bool:
    return isinstance(resource, ContainerFacts) and resource.snapshot_of is not None


def set_grant(
    facts: GrantFacts, resource_id: str, user_id: str, level: Level, expires_at: datetime | None, stamp: Stamp
) -> Decision[str]:
    """Set a user's level on a resource; it reaches everything below. Answers the resource's id.

    Raises: NotFound (resource or user), Forbidden, BadInput, FailedPrecondition.
    """
    resource = _managed(facts, resource_id)
    if level is Level.NONE:
        raise BadInput("a grant of NONE is no grant; remove it instead", field=("level",))
    if level > Level.READ and _is_of_snapshot(resource):
        message = f"{resource.id} belongs to a snapshot, which nobody changes; grant READ, or a level on its original"
        raise BadInput(message, field=("level",))
    if expires_at is not None and expires_at <= stamp.now:
        raise BadInput("the grant would have expired already", field=("expiresAt",))
    if resource.state is State.DELETED:
        raise FailedPrecondition(f"{resource.kind.lower()} {resource.id} is DELETED; restore it first", field=("id",))
    if not facts.is_user_known:
        raise NotFound(f"there is no user {user_id}", field=("principal",))
    _check_not_last_admin(facts, resource, Level.NONE if expires_at else level)
    change = GrantSet(user_id, resource.id, level, expires_at, stamp.now, stamp.caller.user_id)
    return Decision((change, stamp.event(EventKind.GRANT_SET, resource.id)), resource.id)


def remove_grant(facts: GrantFacts, resource_id: str, user_id: str, stamp: Stamp) -> Decision[str]:
    """Remove a user's grant on a resource; it stops working at once. Answers the resource's id.

    Raises: NotFound (resource or grant), Forbidden, FailedPrecondition.
    """
    resource = _managed(facts, resource_id)
    if facts.granted is None:
        raise NotFound(f"user {user_id} has no grant on {resource.id} itself", field=("principal",))
    _check_not_last_admin(facts, resource, Level.NONE)
    return Decision(
        (GrantRemoved(user_id, resource.id), stamp.event(EventKind.GRANT_REMOVED, resource.id)), resource.id
    )
