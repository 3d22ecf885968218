from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import trees
from domain.changes import EventCounts
from domain.errors import FailedPrecondition
from domain.resources import Kind
from domain.trees import Counts, Place, TreeContainer, TreeFacts, check_tree_size, event_counts, whole_counts
from tests.domain.making import NOW

KINDS = {"P": Kind.PROJECT, "C": Kind.COLLECTION, "D": Kind.DATASET}


def container(container_id: str, *parents: str, objects: int = 0) -> TreeContainer:
    return TreeContainer(
        id=container_id,
        kind=KINDS[container_id[0]],
        name=container_id,
        epoch=0,
        is_frozen=False,
        places=tuple(Place(parent, container_id, is_home=not number) for number, parent in enumerate(parents)),
        entry_count=objects,
        own=Counts(objects, objects * 10, NOW + timedelta(seconds=objects)),
    )


@st.composite
def subtrees(draw: st.DrawFn) -> dict[str, TreeContainer]:
    collections = [f"C{number}" for number in range(draw(st.integers(0, 3)))]
    found = [container("P", "outside", objects=draw(st.integers(0, 3)))]
    found += [container(name, "P", objects=draw(st.integers(0, 3))) for name in collections]
    parents = st.lists(st.sampled_from(["P", "outside", *collections]), min_size=1, unique=True)
    for number in range(draw(st.integers(0, 4))):
        found.append(container(f"D{number}", *draw(parents), objects=draw(st.integers(0, 3))))
    return {one.id: one for one in found}


def keys_below(containers: dict[str, TreeContainer], container_id: str) -> int:
    """Count Objects way by way, as a listing of keys would."""
    below = [one for one in containers.values() for place in one.places if place.parent_id == container_id]
    return containers[container_id].own.objects + sum(keys_below(containers, one.id) for one in below)


@given(subtrees())
def test_a_tree_counts_each_key_once(containers: dict[str, TreeContainer]) -> None:
    counts = whole_counts(containers)

    assert {found: one.objects for found, one in counts.items()} == {
        found: keys_below(containers, found) for found in containers
    }
    assert all(one.length_bytes == one.objects * 10 for one in counts.values())
    changed = {found: one.changed_at for found, one in counts.items()}
    for one in containers.values():
        for place in one.places:
            assert changed.get(place.parent_id, changed[one.id]) >= changed[one.id] >= one.own.changed_at


@given(subtrees())
def test_the_locks_are_all_containers_and_whatever_names_them(containers: dict[str, TreeContainer]) -> None:
    locks = TreeFacts(None, containers).locks

    assert locks == {*containers, *(place.parent_id for one in containers.values() for place in one.places)}


def test_an_event_counts_what_is_below_its_root() -> None:
    containers = [container("P"), container("C1", "P"), container("D1", "P"), container("D2", "C1")]

    assert event_counts("P", containers, 7) == EventCounts(collections=1, datasets=2, objects=7)
    assert event_counts("C1", containers[1:2], 0) == EventCounts()


def test_a_tree_beyond_one_transaction_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "TREE_CONTAINERS_MAX", 2)
    two = TreeFacts(None, {"P": container("P"), "C1": container("C1", "P")})

    check_tree_size(two)
    with pytest.raises(FailedPrecondition, match="more than 2 containers") as caught:
        check_tree_size(replace(two, containers={**two.containers, "D1": container("D1", "P")}), field=("id",))

    assert caught.value.field == ("id",)
