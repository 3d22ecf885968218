import itertools

import pytest

from domain.data_classes import OPENNESS, ClassMove, class_change, relaxes, tightens
from domain.errors import BadInput, FailedPrecondition
from domain.resources import CONTAINER_KINDS, DataClass, Kind

PUBLIC, PRIVATE = DataClass.PUBLIC, DataClass.PRIVATE
WORKSPACE, CONFIDENTIAL = DataClass.WORKSPACE, DataClass.CONFIDENTIAL
PAIRS = list(itertools.product(DataClass, DataClass))
RELAXING = {(CONFIDENTIAL, PRIVATE), (CONFIDENTIAL, PUBLIC), (PRIVATE, PUBLIC)}
ANY_KIND = pytest.mark.parametrize("kind", Kind)


@pytest.mark.parametrize(("before", "after"), PAIRS)
def test_classes_open_towards_public_and_workspace_stands_apart(before: DataClass, after: DataClass) -> None:
    assert relaxes(before, after) == ((before, after) in RELAXING)
    assert tightens(before, after) == ((after, before) in RELAXING)


def test_every_class_but_workspace_has_its_place() -> None:
    assert sorted([*OPENNESS, WORKSPACE]) == sorted(DataClass)


@ANY_KIND
@pytest.mark.parametrize("same", DataClass)
def test_a_class_that_stays_is_no_change(kind: Kind, same: DataClass) -> None:
    assert class_change(kind, "R1", same, same) is ClassMove.NONE


@ANY_KIND
@pytest.mark.parametrize(("before", "after"), sorted(RELAXING))
def test_any_resource_can_be_relaxed(kind: Kind, before: DataClass, after: DataClass) -> None:
    assert class_change(kind, "R1", before, after) is ClassMove.RELAXED


@ANY_KIND
@pytest.mark.parametrize(("after", "before"), sorted(RELAXING))
def test_only_an_object_can_be_tightened(kind: Kind, before: DataClass, after: DataClass) -> None:
    if kind is Kind.OBJECT:
        assert class_change(kind, "R1", before, after) is ClassMove.TIGHTENED
        return

    assert kind in CONTAINER_KINDS
    with pytest.raises(FailedPrecondition, match=f"{kind.lower()} R1 is {before.value}: .* only be relaxed") as refused:
        class_change(kind, "R1", before, after, field=("dataClass",))
    assert refused.value.field == ("dataClass",)


@ANY_KIND
@pytest.mark.parametrize("other", OPENNESS)
def test_nothing_becomes_a_workspace_or_stops_being_one(kind: Kind, other: DataClass) -> None:
    for before, after in ((other, WORKSPACE), (WORKSPACE, other)):
        with pytest.raises(BadInput, match="WORKSPACE") as refused:
            class_change(kind, "R1", before, after, field=("dataClass",))
        assert refused.value.field == ("dataClass",)
