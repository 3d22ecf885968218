from dataclasses import replace

import pytest

from domain.errors import BadInput
from domain.identifiers import encode_ulid
from domain.impact import ImpactAction, Touched, check_action, touched_tree
from domain.resources import Kind
from domain.trees import Place, TreeFacts
from tests.domain.making import COLLECTION, PROJECT, collection, dataset
from tests.domain.test_deletion import in_tree, tree

OUTSIDE = encode_ulid(20)
GUEST = encode_ulid(21)


def test_a_tree_tells_what_is_in_it_and_whom_it_touches() -> None:
    found = tree(
        collection(),
        in_tree(collection(), Place(PROJECT, "coll", is_home=True), objects=1),
        in_tree(dataset(), Place(COLLECTION, "data", is_home=True), Place(OUTSIDE, "shown", is_home=False), objects=2),
        in_tree(
            replace(dataset(), id=GUEST),
            Place(OUTSIDE, "home", is_home=True),
            Place(COLLECTION, "guest", is_home=False),
            objects=4,
        ),
    )

    assert touched_tree(found) == Touched(0, 1, 3, 30, (GUEST,), (OUTSIDE,))
    assert touched_tree(TreeFacts(None, {})) == Touched(0, 0, 0, 0, (), ())


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        (ImpactAction.DELETE, set(Kind)),
        (ImpactAction.ARCHIVE, {Kind.PROJECT}),
        (ImpactAction.ERASE, {Kind.OBJECT}),
        (ImpactAction.TIGHTEN, {Kind.OBJECT}),
    ],
)
def test_each_action_is_for_some_kinds(action: ImpactAction, kinds: set[Kind]) -> None:
    for kind in Kind:
        if kind in kinds:
            check_action(action, kind)
        else:
            with pytest.raises(BadInput):
                check_action(action, kind)
