from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.changes import (
    ClassKept,
    Event,
    EventCounts,
    EventKind,
    FieldsChanged,
    RelaxingBegun,
    RevisionRenewed,
    TaskAdded,
    TaskKind,
)
from domain.classing import ContainerBelow, DataClassFacts, set_data_class
from domain.data_classes import relaxes, tightens
from domain.errors import BadInput, DomainError, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.resources import DataClass, Kind, ResourceFacts, State
from tests.domain.making import COLLECTION, DATASET, NOW, OBJECT, PROJECT, USER, an_object, dataset, home, new_id, stamp
from tests.domain.making import project as a_project

PUBLIC, PRIVATE, CONFIDENTIAL, WORKSPACE = (
    DataClass.PUBLIC,
    DataClass.PRIVATE,
    DataClass.CONFIDENTIAL,
    DataClass.WORKSPACE,
)
FROZEN = replace(an_object(), parents=(replace(home(DATASET, "o"), is_parent_frozen=True),))


def changes_of(
    resource: ResourceFacts, wanted: DataClass, *below: ContainerBelow, is_recursive: bool = False
) -> list[object]:
    facts = DataClassFacts(resource, below)
    return list(set_data_class(facts, resource.id, wanted, stamp(), is_recursive=is_recursive).changes)


def test_a_container_is_relaxed_in_place() -> None:
    assert changes_of(dataset(), PUBLIC) == [
        FieldsChanged(DATASET, {"dataClass": "PUBLIC"}, NOW),
        Event(new_id(0), EventKind.DATA_CLASS_SET, DATASET, USER, NOW, 0, 1),
    ]


def test_an_object_is_relaxed_in_place_though_it_is_frozen() -> None:
    assert changes_of(FROZEN, PUBLIC) == [
        FieldsChanged(OBJECT, {"dataClass": "PUBLIC"}, NOW),
        Event(new_id(0), EventKind.DATA_CLASS_SET, OBJECT, USER, NOW, 3, 4),
    ]


def test_a_tightened_object_gets_a_new_revision_and_its_class_is_kept() -> None:
    changes = changes_of(an_object(Level.WRITE), CONFIDENTIAL)

    assert changes[1:] == [
        RevisionRenewed(OBJECT, new_id(0), 1, NOW, USER),
        ClassKept(OBJECT, NOW),
        FieldsChanged(OBJECT, {"dataClass": "CONFIDENTIAL"}, NOW),
        Event(new_id(1), EventKind.DATA_CLASS_SET, OBJECT, USER, NOW, 3, 4),
    ]


def test_what_is_so_already_changes_nothing() -> None:
    assert changes_of(an_object(), PRIVATE) == changes_of(dataset(), PRIVATE) == []
    assert changes_of(a_project(), PRIVATE, is_recursive=True) == []


def test_a_tree_is_relaxed_where_it_is_less_open_and_tasks_are_left_for_what_holds_names() -> None:
    changes = changes_of(
        a_project(),
        PRIVATE,
        ContainerBelow(COLLECTION, Kind.COLLECTION, CONFIDENTIAL, 2),
        ContainerBelow(DATASET, Kind.DATASET, PUBLIC, 0),
        is_recursive=True,
    )

    assert changes == [
        FieldsChanged(COLLECTION, {"dataClass": "PRIVATE"}, NOW),
        RelaxingBegun(COLLECTION, NOW),
        TaskAdded(new_id(0), TaskKind.RELAX_OBJECTS, COLLECTION, {"dataClass": "PRIVATE"}, NOW, USER),
        Event(new_id(1), EventKind.DATA_CLASS_SET, PROJECT, USER, NOW, 0, 0, EventCounts(collections=1)),
    ]


@given(
    kind=st.sampled_from(["object", "dataset"]),
    before=st.sampled_from(DataClass),
    wanted=st.sampled_from(DataClass),
    level=st.sampled_from(Level),
    is_recursive=st.booleans(),
)
def test_a_class_only_moves_by_who_may_move_it_that_way(
    kind: str, before: DataClass, wanted: DataClass, level: Level, *, is_recursive: bool
) -> None:
    resource = replace(an_object(level) if kind == "object" else dataset(level), data_class=before)
    facts = DataClassFacts(resource)
    try:
        changes = set_data_class(facts, resource.id, wanted, stamp(), is_recursive=is_recursive).changes
    except DomainError:
        return
    fields = [change for change in changes if isinstance(change, FieldsChanged)]
    assert len(fields) == (before is not wanted)
    if relaxes(before, wanted):
        assert level is Level.ADMIN
    elif tightens(before, wanted):
        assert level >= Level.WRITE
        assert resource.kind is Kind.OBJECT
    else:
        assert before is wanted


@pytest.mark.parametrize(
    ("resource", "wanted", "error", "field"),
    [
        (dataset(Level.NONE), PUBLIC, NotFound, ("id",)),
        (dataset(Level.READ), PUBLIC, Forbidden, ("id",)),
        (dataset(Level.WRITE), PUBLIC, Forbidden, ("id",)),
        (dataset(), CONFIDENTIAL, FailedPrecondition, ("dataClass",)),
        (dataset(), WORKSPACE, BadInput, ("dataClass",)),
        (an_object(), WORKSPACE, BadInput, ("dataClass",)),
        (FROZEN, CONFIDENTIAL, Immutable, ("id",)),
        (replace(dataset(), state=State.DELETED), PUBLIC, FailedPrecondition, ("id",)),
        (replace(dataset(), is_hidden=True), PUBLIC, NotFound, ("id",)),
    ],
)
def test_a_class_that_may_not_be_set_is_refused(
    resource: ResourceFacts, wanted: DataClass, error: type[DomainError], field: tuple[str, ...]
) -> None:
    for is_recursive in (False, True):
        with pytest.raises(error) as refused:
            changes_of(resource, wanted, is_recursive=is_recursive)
        assert type(refused.value) is error
        assert refused.value.field == field


def test_a_snapshot_is_relaxed_alone() -> None:
    snapshot = replace(a_project(), is_frozen=True, snapshot_of=COLLECTION)

    assert changes_of(snapshot, PUBLIC)
    with pytest.raises(FailedPrecondition) as refused:
        changes_of(snapshot, PUBLIC, is_recursive=True)
    assert refused.value.field == ("recursive",)


def test_every_pair_of_classes_is_decided() -> None:
    """One of three: it changes, it stands already, or it is refused."""
    for before, wanted in product(DataClass, repeat=2):
        resource = replace(an_object(), data_class=before)
        if WORKSPACE in {before, wanted} and before is not wanted:
            with pytest.raises(BadInput):
                changes_of(resource, wanted)
        else:
            assert bool(changes_of(resource, wanted)) == (before is not wanted)
