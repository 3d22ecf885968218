from dataclasses import replace

import pytest

from domain.access import Level
from domain.deletion import ObjectDeletionFacts, delete_object
from domain.errors import NotFound
from domain.removing import remove_at_home
from domain.resources import ParentEdge
from tests.domain.making import (
    COLLECTION,
    DATASET,
    OBJECT,
    PROJECT,
    an_object,
    collection,
    dataset,
    home,
    project,
    stamp,
)

SHARE = ParentEdge(COLLECTION, "s", is_home=False, passes=Level.ADMIN)
ABOVE = {one.id: one for one in (project(entry_count=2), collection(entry_count=2), dataset(entry_count=2))}
FACTS = ObjectDeletionFacts(an_object(parents=(home(DATASET, "o"), SHARE)), ABOVE, Level.ADMIN)


def test_an_object_is_deleted_at_its_home() -> None:
    decision = remove_at_home(FACTS, OBJECT, DATASET, stamp())

    assert not decision.result
    assert decision.changes == delete_object(FACTS, OBJECT, stamp()).changes


def test_a_share_is_left_to_be_unlinked_whatever_the_rights_on_the_object() -> None:
    for facts in (FACTS, replace(FACTS, home_level=Level.NONE)):
        decision = remove_at_home(facts, OBJECT, COLLECTION, stamp())

        assert (decision.changes, decision.result) == ((), True)


def test_what_has_left_the_parent_is_left_alone() -> None:
    decision = remove_at_home(FACTS, OBJECT, PROJECT, stamp())

    assert (decision.changes, decision.result) == ((), False)


def test_what_isnt_there_is_not_found() -> None:
    with pytest.raises(NotFound):
        remove_at_home(ObjectDeletionFacts(None, {}), OBJECT, DATASET, stamp())
