from dataclasses import replace

import pytest

from domain.access import Level
from domain.changes import Event, EventKind, FieldsChanged
from domain.describing import KEEP, Description, update_resource
from domain.errors import BadInput, Conflict, DomainError, FailedPrecondition, Forbidden, NotFound
from domain.resources import ResourceFacts, State
from tests.domain.making import NOW, OBJECT, USER, an_object, dataset, new_id, stamp


@pytest.mark.parametrize(
    ("new", "values"),
    [
        (Description(title="T"), {"title": "T"}),
        (Description(description=None), {"description": None}),
        (Description("T", "D"), {"title": "T", "description": "D"}),
    ],
)
def test_only_the_fields_that_were_given_change(new: Description, values: dict[str, str | None]) -> None:
    decision = update_resource(an_object(Level.WRITE), OBJECT, new, 3, stamp())

    assert decision.changes == (
        FieldsChanged(OBJECT, values, NOW),
        Event(new_id(0), EventKind.UPDATED, OBJECT, USER, NOW, 3, 4),
    )


def test_naming_no_field_changes_nothing() -> None:
    assert update_resource(an_object(), OBJECT, Description(KEEP, KEEP), None, stamp()).changes == ()


@pytest.mark.parametrize(
    ("resource", "new", "if_revision", "error"),
    [
        (None, Description("T"), None, NotFound),
        (an_object(Level.APPEND), Description("T"), None, Forbidden),
        (an_object(), Description("T"), 2, Conflict),
        (an_object(), Description("x" * 1025), None, BadInput),
        (an_object(), Description(description="x" * 65_537), None, BadInput),
        (an_object(), Description("a\0"), None, BadInput),
        (an_object(), Description("\udfff"), None, BadInput),
        (replace(dataset(), state=State.DELETED), Description("T"), None, FailedPrecondition),
        (replace(dataset(), is_hidden=True), Description("T"), None, NotFound),
    ],
)
def test_a_change_that_may_not_be_is_refused(
    resource: ResourceFacts | None, new: Description, if_revision: int | None, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        update_resource(resource, OBJECT, new, if_revision, stamp())
