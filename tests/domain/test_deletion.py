from dataclasses import replace

import pytest

from domain.access import Level
from domain.changes import (
    ContainerHidden,
    ContainerRemoved,
    CountersChanged,
    Event,
    EventKind,
    ObjectRemoved,
)
from domain.deletion import ObjectDeletionFacts, delete_container, delete_object
from domain.errors import FailedPrecondition, Forbidden, NotFound
from domain.resources import ContainerFacts, ObjectFacts, ParentEdge, State
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    OBJECT,
    PROJECT,
    USER,
    an_object,
    collection,
    dataset,
    home,
    new_id,
    project,
    published,
    stamp,
)


def facts(existing: ObjectFacts | None, *containers: ContainerFacts) -> ObjectDeletionFacts:
    return ObjectDeletionFacts(existing, {container.id: container for container in containers})


def event(number: int, kind: EventKind, resource_id: str, before: int | None = None) -> Event:
    return Event(new_id(number), kind, resource_id, USER, NOW, before, None if before is None else before + 1)


REMOVED = ObjectRemoved(OBJECT, ((DATASET, "o"),), NOW, USER)


def test_an_object_leaves_its_name_and_its_bytes() -> None:
    before = facts(an_object(), project(entry_count=1), collection(entry_count=1), dataset(entry_count=1))

    decision = delete_object(before, OBJECT, stamp())

    assert decision.result == OBJECT
    assert decision.changes == (
        REMOVED,
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        event(0, EventKind.DELETED, OBJECT, before=3),
    )


@pytest.mark.parametrize("state", [State.INITIALIZING, State.ERROR, State.VALIDATING])
def test_an_object_that_is_not_available_takes_no_bytes_with_it(state: State) -> None:
    before = facts(an_object(state=state), collection(entry_count=1), dataset(entry_count=1))

    decision = delete_object(before, OBJECT, stamp())

    assert decision.changes[1] == CountersChanged(DATASET, entries=-1)


def test_containers_made_by_a_put_are_hidden_upwards_with_their_last_key() -> None:
    before = facts(
        an_object(),
        project(entry_count=4),
        collection(entry_count=1, is_plain=True),
        dataset(entry_count=1, is_plain=True),
    )

    decision = delete_object(before, OBJECT, stamp())

    assert decision.changes == (
        REMOVED,
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        ContainerHidden(DATASET, COLLECTION, "data"),
        event(0, EventKind.HIDDEN, DATASET),
        CountersChanged(COLLECTION, entries=-1),
        ContainerHidden(COLLECTION, PROJECT, "coll"),
        event(1, EventKind.HIDDEN, COLLECTION),
        CountersChanged(PROJECT, entries=-1),
        event(2, EventKind.DELETED, OBJECT, before=3),
    )


def test_hiding_stops_at_a_container_that_holds_more_or_was_described() -> None:
    holds_more = facts(
        an_object(), project(), collection(entry_count=2, is_plain=True), dataset(entry_count=1, is_plain=True)
    )
    described = facts(an_object(), project(), collection(entry_count=1), dataset(entry_count=1, is_plain=True))

    for before in (holds_more, described):
        hidden = [
            change.id
            for change in delete_object(before, OBJECT, stamp()).changes
            if isinstance(change, ContainerHidden)
        ]
        assert hidden == [DATASET]


def test_an_object_leaves_all_its_parents_and_each_is_hidden_once() -> None:
    """Two names in the same container: only with the second is it empty."""
    edges = (home(DATASET, "o"), ParentEdge(DATASET, "p", is_home=False, passes=Level.READ))
    before = facts(
        an_object(parents=edges),
        project(entry_count=1),
        collection(entry_count=1, is_plain=True),
        dataset(entry_count=2, is_plain=True),
    )

    decision = delete_object(before, OBJECT, stamp())

    assert decision.changes[0] == ObjectRemoved(OBJECT, ((DATASET, "o"), (DATASET, "p")), NOW, USER)
    assert [type(change) for change in decision.changes].count(ContainerHidden) == 2
    assert decision.changes[1:3] == (CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),) * 2


def test_what_may_not_be_deleted_is_refused() -> None:
    with pytest.raises(NotFound):
        delete_object(facts(None), OBJECT, stamp())
    with pytest.raises(NotFound):
        delete_object(facts(an_object(Level.NONE)), OBJECT, stamp())
    with pytest.raises(Forbidden, match="takes WRITE"):
        delete_object(facts(an_object(Level.APPEND)), OBJECT, stamp())
    with pytest.raises(FailedPrecondition, match="DELETED: 'deleted' can't happen"):
        delete_object(facts(an_object(state=State.DELETED, shown=published())), OBJECT, stamp())


def test_an_empty_container_becomes_a_tombstone() -> None:
    decision = delete_container(dataset(), DATASET, stamp())

    assert decision.changes == (
        ContainerRemoved(DATASET, ((COLLECTION, "data"),), NOW, USER),
        CountersChanged(COLLECTION, entries=-1),
        event(0, EventKind.DELETED, DATASET, before=0),
    )


def test_a_project_leaves_no_names_but_its_own() -> None:
    assert delete_container(project(), PROJECT, stamp()).changes[0] == ContainerRemoved(PROJECT, (), NOW, USER)


def test_a_container_that_may_not_be_deleted_is_refused() -> None:
    with pytest.raises(Forbidden, match="takes ADMIN"):
        delete_container(dataset(Level.WRITE), DATASET, stamp())
    with pytest.raises(FailedPrecondition, match="holds 2 names"):
        delete_container(dataset(entry_count=2), DATASET, stamp())
    with pytest.raises(FailedPrecondition, match="DELETED already"):
        delete_container(replace(dataset(), state=State.DELETED), DATASET, stamp())
    with pytest.raises(NotFound):
        delete_container(replace(dataset(), is_hidden=True), DATASET, stamp())
