from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.authors import Author
from domain.changes import Event, EventKind, FieldsChanged, RevisionPushedBack, RevisionRenewed
from domain.describing import KEEP, Description, Known, update_resource
from domain.errors import BadInput, Conflict, DomainError, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.resources import ResourceFacts, State, Words
from tests.domain.making import DATASET, NOW, OBJECT, USER, an_object, dataset, home, new_id, stamp


@pytest.mark.parametrize(
    ("new", "values"),
    [
        (Description(title="T"), {"title": "T"}),
        (Description(description=""), {"description": ""}),
        (Description(authors=(Author("Ada"),)), {"authors": '[{"name":"Ada"}]'}),
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
        (replace(dataset(), is_frozen=True), Description("T"), None, Immutable),
        (an_object(), Description(authors=(Author("A", "0000-0002-1825-0098"),)), None, BadInput),
        (an_object(), Description(authors=(Author("A", user_id="0" * 26),)), None, NotFound),
        (an_object(), Description(data_license="not one"), None, BadInput),
        (an_object(), Description(data_license="LicenseRef-x"), None, NotFound),
    ],
)
def test_a_change_that_may_not_be_is_refused(
    resource: ResourceFacts | None, new: Description, if_revision: int | None, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        update_resource(resource, OBJECT, new, if_revision, stamp())


@pytest.mark.parametrize("resource", [an_object(), dataset()])
def test_what_stands_already_changes_nothing(resource: ResourceFacts) -> None:
    described = replace(
        resource, words=Words("T", "D", '[{"name":"Ada"}]'), metadata_license="MIT", data_license="LicenseRef-X"
    )
    new = Description("T", "D", (Author("Ada"),), "mit", "licenseref-x")

    decision = update_resource(described, resource.id, new, None, stamp(), Known(frozenset({"LicenseRef-X"})))

    assert decision.changes == ()


def test_null_empties_words_and_gives_the_default_licence() -> None:
    described = replace(dataset(), words=Words("T", "D", '[{"name":"Ada"}]'))

    decision = update_resource(described, DATASET, Description(None, None, None, None, None), None, stamp())

    default = "AllRightsReserved"
    values = {"title": None, "description": None, "authors": None, "metadataLicense": default, "dataLicense": default}
    assert decision.changes[0] == FieldsChanged(DATASET, values, NOW)


@given(
    new=st.builds(
        Description,
        title=st.sampled_from([KEEP, None, "T"]),
        authors=st.sampled_from([KEEP, None, (Author("Ada"),)]),
        data_license=st.sampled_from([KEEP, None, "MIT", "CC0-1.0"]),
    ),
    is_held=st.booleans(),
    has_bytes=st.booleans(),
)
def test_a_new_revision_is_made_for_licences_and_for_what_is_held_and_else_never(
    new: Description, *, is_held: bool, has_bytes: bool
) -> None:
    edge = replace(home(DATASET, "o"), since=0, parent_epoch=1 if is_held else 0)
    existing = an_object(parents=(edge,)) if has_bytes else an_object(state=State.INITIALIZING, parents=(edge,))

    changes = update_resource(existing, OBJECT, new, None, stamp()).changes

    fields = next((change for change in changes if isinstance(change, FieldsChanged)), None)
    renewals = [change for change in changes if isinstance(change, RevisionRenewed | RevisionPushedBack)]
    is_licensed_anew = fields is not None and "dataLicense" in fields.values
    assert len(renewals) == (2 if has_bytes and fields is not None and (is_licensed_anew or is_held) else 0)
    assert (fields is None) == (changes == ())
    assert sum(isinstance(change, Event) for change in changes) == (fields is not None)
