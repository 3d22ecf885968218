"""Rule: changing the words that describe a resource."""

from dataclasses import dataclass

from domain.access import Action, demand
from domain.changes import Decision, EventKind, FieldsChanged
from domain.errors import FailedPrecondition
from domain.metadata import check_description, check_revision, check_title
from domain.resources import ResourceFacts, State
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class Keep:
    """A field that the caller didn't mention."""


KEEP = Keep()


@dataclass(frozen=True, slots=True)
class Description:
    """New values; KEEP leaves a field as it is, None empties it."""

    title: str | Keep | None = KEEP
    description: str | Keep | None = KEEP


def update_resource(
    resource: ResourceFacts | None, resource_id: str, new: Description, if_revision: int | None, stamp: Stamp
) -> Decision[str]:
    """Change title and description in place; answers the id.

    Raises: NotFound, Forbidden, BadInput, Conflict, FailedPrecondition.
    """
    values: dict[str, str | None] = {}
    if not isinstance(new.title, Keep):
        check_title(new.title, field=("input", "title"))
        values["title"] = new.title
    if not isinstance(new.description, Keep):
        check_description(new.description, field=("input", "description"))
        values["description"] = new.description
    existing = demand(resource, resource_id, Action.UPDATE, field=("id",))
    if existing.state is State.DELETED:
        raise FailedPrecondition(f"{existing.kind.lower()} {existing.id} is DELETED; restore it first", field=("id",))
    check_revision(if_revision, existing.revision, existing.id)
    if not values:
        return Decision((), existing.id)
    event = stamp.event(EventKind.UPDATED, existing.id, before=existing.revision, after=existing.revision + 1)
    return Decision((FieldsChanged(existing.id, values, stamp.now), event), existing.id)
