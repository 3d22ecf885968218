from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.changes import (
    ChildMoved,
    ChildShared,
    ChildUnlinked,
    ContainerRestored,
    ContainerRevived,
    CountersChanged,
    Event,
    EventCounts,
    EventKind,
    FormerNameForgotten,
    HomeRestored,
    ObjectRestored,
    TaskAdded,
    TaskKind,
)
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
    Unavailable,
)
from domain.identifiers import encode_ulid
from domain.keys import container_sort, object_sort
from domain.lifecycle import RESTORED_STATES, LifecycleEvent, next_state
from domain.resources import ContainerFacts, Kind, ParentEdge, State
from domain.restoring import (
    DeletedContainer,
    RestoreFacts,
    Return,
    can_return,
    restore_container,
    restore_locks,
    restore_object,
    wanted_names,
    wanted_parents,
)
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
    new_id,
    project,
    published,
    stamp,
)

OTHER = encode_ulid(20)
BACK = Return()
ABOVE: Mapping[str, ContainerFacts] = {PROJECT: project(), COLLECTION: collection(), DATASET: dataset()}


def edge(parent_id: str, name: str, *, is_home: bool = False, state: State = State.AVAILABLE) -> ParentEdge:
    return ParentEdge(parent_id, name, is_home, Level.ADMIN if is_home else Level.READ, parent_state=state)


def former(parent_id: str, name: str, *, is_home: bool = False, passes: Level = Level.READ) -> ParentEdge:
    return ParentEdge(parent_id, name, is_home, Level.ADMIN if is_home else passes, is_former=True)


ELSEWHERE = replace(dataset(), id=OTHER, name="other", parents=(edge(PROJECT, "other", is_home=True),))
HOME = former(DATASET, "o", is_home=True)
TOMB = an_object(state=State.DELETED, shown=published(), parents=(HOME, former(OTHER, "seen", passes=Level.WRITE)))
WITH_HOME = replace(
    TOMB,
    is_deleted_with_home=True,
    own_state=State.AVAILABLE,
    parents=(edge(DATASET, "o", is_home=True, state=State.DELETED),),
    former_shares=(),
)


def facts(resource: Any = TOMB, level: Level = Level.ADMIN, **others: Any) -> RestoreFacts:
    given: dict[str, Any] = {"parents": {**ABOVE, OTHER: ELSEWHERE}, "state_before": State.AVAILABLE, **others}
    return RestoreFacts(resource, level, **given)


def told(number: int, before: int, counts: EventCounts | None = None, of: str = OBJECT) -> Event:
    return Event(new_id(number), EventKind.RESTORED, of, USER, NOW, before, before + 1, counts)


def test_an_object_goes_home_and_its_shares_come_back() -> None:
    decision = restore_object(facts(), OBJECT, BACK, stamp())

    assert decision.changes == (
        FormerNameForgotten(OBJECT, Kind.OBJECT, DATASET, "o"),
        HomeRestored(OBJECT, Kind.OBJECT, DATASET, Kind.DATASET, "o", NOW, USER),
        CountersChanged(DATASET, entries=1, objects=1, length_bytes=5),
        FormerNameForgotten(OBJECT, Kind.OBJECT, OTHER, "seen"),
        ChildShared(OBJECT, Kind.OBJECT, OTHER, Kind.DATASET, "seen", Level.WRITE, NOW, USER),
        CountersChanged(OTHER, entries=1, objects=1, length_bytes=5),
        ObjectRestored(OBJECT, "o", State.AVAILABLE, NOW),
        told(0, 3),
    )
    assert wanted_parents(facts(), BACK) == {DATASET, OTHER}
    assert restore_locks(facts(), BACK) == {OBJECT, DATASET, OTHER}
    assert {name.sort for name in wanted_names(facts(), BACK)} == {
        object_sort(DATASET, "o"),
        object_sort(OTHER, "seen"),
    }


@pytest.mark.parametrize("state", RESTORED_STATES)
def test_an_object_is_what_it_was_save_that_uploads_dont_wait(state: State) -> None:
    decision = restore_object(facts(state_before=state), OBJECT, BACK, stamp())

    (restored,) = [change for change in decision.changes if isinstance(change, ObjectRestored)]
    assert restored.state is (State.ERROR if state is State.INITIALIZING else state)
    assert {change.objects for change in decision.changes if isinstance(change, CountersChanged)} == {
        int(state is State.AVAILABLE)
    }


def test_every_state_that_can_be_deleted_can_be_restored() -> None:
    for state in State:
        if state is State.DELETED:
            assert state not in RESTORED_STATES
        else:
            assert next_state(state, LifecycleEvent.DELETED, name="o") is State.DELETED
            assert RESTORED_STATES[state] in set(State) - {State.DELETED, State.INITIALIZING}


def test_an_object_deleted_with_its_home_moves_to_the_parent_given() -> None:
    before = facts(WITH_HOME, given=ELSEWHERE, parents={**ABOVE, OTHER: ELSEWHERE})

    decision = restore_object(before, OBJECT, Return(OTHER, "new"), stamp())

    assert decision.changes == (
        ChildMoved(OBJECT, Kind.OBJECT, DATASET, "o", OTHER, Kind.DATASET, "new", renames=False, at=NOW, by=USER),
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        CountersChanged(OTHER, entries=1, objects=1, length_bytes=5),
        ObjectRestored(OBJECT, "new", State.AVAILABLE, NOW),
        told(0, 3),
    )


def test_a_share_in_what_was_deleted_with_it_is_left() -> None:
    edges = (*WITH_HOME.parents, edge(COLLECTION, "near", state=State.DELETED))
    before = facts(
        replace(WITH_HOME, parents=edges),
        given=ELSEWHERE,
        parents={**ABOVE, COLLECTION: replace(collection(), state=State.DELETED), OTHER: ELSEWHERE},
    )

    decision = restore_object(before, OBJECT, Return(OTHER), stamp())

    assert ChildUnlinked(OBJECT, Kind.OBJECT, COLLECTION, "near") in decision.changes


def test_a_home_that_left_with_its_last_key_is_revived_upwards() -> None:
    hidden = {
        PROJECT: project(),
        COLLECTION: replace(collection(), is_hidden=True),
        DATASET: replace(dataset(), is_hidden=True),
        OTHER: replace(ELSEWHERE, is_hidden=True),
    }

    decision = restore_object(facts(parents=hidden), OBJECT, BACK, stamp())

    assert decision.changes[:6] == (
        ContainerRevived(DATASET, COLLECTION, "data"),
        Event(new_id(0), EventKind.REVIVED, DATASET, USER, NOW, None, None),
        CountersChanged(COLLECTION, entries=1),
        ContainerRevived(COLLECTION, PROJECT, "coll"),
        Event(new_id(1), EventKind.REVIVED, COLLECTION, USER, NOW, None, None),
        CountersChanged(PROJECT, entries=1),
    )
    assert restore_locks(facts(parents=hidden), BACK) == {OBJECT, DATASET, COLLECTION, PROJECT, OTHER}


REFUSALS: list[tuple[RestoreFacts, Return, type[DomainError]]] = [
    (facts(None), BACK, NotFound),
    (facts(replace(TOMB, level=Level.NONE)), BACK, NotFound),
    (facts(level=Level.APPEND), BACK, Forbidden),
    (facts(an_object()), BACK, FailedPrecondition),
    (facts(is_erased=True), BACK, FailedPrecondition),
    (facts(parents={**ABOVE, DATASET: replace(dataset(), state=State.DELETED)}), BACK, FailedPrecondition),
    (facts(parents={**ABOVE, DATASET: replace(dataset(), is_frozen=True)}), BACK, Immutable),
    (facts(blocked=frozenset({object_sort(DATASET, "o")})), BACK, AlreadyExists),
    (facts(), Return(OTHER), NotFound),
    (facts(given=replace(ELSEWHERE, level=Level.READ)), Return(OTHER), Forbidden),
    (facts(given=replace(ELSEWHERE, is_frozen=True)), Return(OTHER), Immutable),
    (facts(given=replace(ELSEWHERE, state=State.DELETED)), Return(OTHER), FailedPrecondition),
    (facts(given=an_object()), Return(OBJECT), Hierarchy),
    (facts(), Return(name=""), BadInput),
    (facts(), Return(name="x" * 1020), BadInput),
]


@pytest.mark.parametrize(("before", "back", "error"), REFUSALS)
def test_an_object_that_may_not_come_back_is_refused(
    before: RestoreFacts, back: Return, error: type[DomainError]
) -> None:
    with pytest.raises(error):
        restore_object(before, OBJECT, back, stamp())


def test_a_home_whose_place_was_taken_is_not_revived() -> None:
    before = facts(
        parents={**ABOVE, DATASET: replace(dataset(), is_hidden=True), OTHER: ELSEWHERE},
        blocked=frozenset({container_sort(COLLECTION, "data")}),
    )

    with pytest.raises(AlreadyExists, match="left with its last key"):
        restore_object(before, OBJECT, BACK, stamp())


def test_an_object_on_its_way_out_of_the_parent_given_is_asked_for_again() -> None:
    edges = (*WITH_HOME.parents, edge(OTHER, "seen"))
    before = facts(replace(WITH_HOME, parents=edges), given=ELSEWHERE)

    with pytest.raises(Unavailable):
        restore_object(before, OBJECT, Return(OTHER), stamp())


# -- containers

ROOT = replace(collection(), state=State.DELETED, parents=(former(PROJECT, "coll", is_home=True),))
TREE = (
    DeletedContainer(COLLECTION, Kind.COLLECTION, "coll", 2, 1, ROOT.parents),
    DeletedContainer(
        DATASET,
        Kind.DATASET,
        "data",
        3,
        3,
        (edge(COLLECTION, "data", is_home=True), former(OTHER, "shown")),
    ),
)
PARENTS: Mapping[str, ContainerFacts] = {PROJECT: project(), OTHER: replace(collection(), id=OTHER)}


def tree_facts(root: Any = ROOT, **others: Any) -> RestoreFacts:
    given: dict[str, Any] = {"tree": TREE, "parents": PARENTS, **others}
    return RestoreFacts(root, Level.ADMIN, **given)


def test_a_tree_comes_back_by_its_containers() -> None:
    decision = restore_container(tree_facts(), COLLECTION, BACK, stamp())

    assert decision.changes == (
        FormerNameForgotten(COLLECTION, Kind.COLLECTION, PROJECT, "coll"),
        HomeRestored(COLLECTION, Kind.COLLECTION, PROJECT, Kind.PROJECT, "coll", NOW, USER),
        CountersChanged(PROJECT, entries=1),
        FormerNameForgotten(DATASET, Kind.DATASET, OTHER, "shown"),
        ChildShared(DATASET, Kind.DATASET, OTHER, Kind.COLLECTION, "shown", Level.READ, NOW, USER),
        CountersChanged(OTHER, entries=1),
        ContainerRestored(COLLECTION, Kind.COLLECTION, "coll", NOW),
        ContainerRestored(DATASET, Kind.DATASET, "data", NOW),
        TaskAdded(new_id(0), TaskKind.RELINK_SHARES, COLLECTION, {}, NOW, USER),
        TaskAdded(new_id(1), TaskKind.RELINK_SHARES, DATASET, {}, NOW, USER),
        told(2, 0, EventCounts(0, 1, 4), COLLECTION),
    )
    assert restore_locks(tree_facts(), BACK) == {COLLECTION, DATASET, PROJECT, OTHER}


def test_what_was_deleted_with_something_above_it_comes_back_with_that() -> None:
    inner = replace(dataset(), state=State.DELETED)

    with pytest.raises(FailedPrecondition, match=f"with the container it is in, {COLLECTION}"):
        restore_container(tree_facts(inner), DATASET, BACK, stamp())


PROJECT_TOMB = replace(project(), state=State.DELETED)
PROJECT_TREE = (DeletedContainer(PROJECT, Kind.PROJECT, "proj", 0, 0, ()),)


def test_a_project_bears_the_name_given() -> None:
    before = tree_facts(PROJECT_TOMB, tree=PROJECT_TREE)

    decision = restore_container(before, PROJECT, Return(name="other-name"), stamp())

    assert decision.changes == (
        ContainerRestored(PROJECT, Kind.PROJECT, "other-name", NOW),
        told(0, 0, EventCounts(0, 0, 0), PROJECT),
    )


TREE_REFUSALS: list[tuple[RestoreFacts, Return, type[DomainError]]] = [
    (tree_facts(replace(ROOT, level=Level.NONE)), BACK, NotFound),
    (tree_facts(collection()), BACK, FailedPrecondition),
    (tree_facts(blocked=frozenset({container_sort(PROJECT, "coll")})), BACK, AlreadyExists),
    (tree_facts(), Return(name="a/b"), BadInput),
    (tree_facts(given=ELSEWHERE), Return(OTHER), Hierarchy),
    (tree_facts(PROJECT_TOMB, tree=PROJECT_TREE, is_bucket_taken=True), BACK, AlreadyExists),
    (tree_facts(PROJECT_TOMB, tree=PROJECT_TREE), Return(name="No"), BadInput),
    (tree_facts(PROJECT_TOMB, tree=PROJECT_TREE, given=ELSEWHERE), Return(OTHER), Hierarchy),
    (tree_facts(project(), tree=()), BACK, FailedPrecondition),
]


@pytest.mark.parametrize(("before", "back", "error"), TREE_REFUSALS)
def test_a_container_that_may_not_come_back_is_refused(
    before: RestoreFacts, back: Return, error: type[DomainError]
) -> None:
    assert before.resource is not None
    with pytest.raises(error):
        restore_container(before, before.resource.id, back, stamp())


@given(
    state=st.sampled_from([State.AVAILABLE, State.DELETED]),
    is_hidden=st.booleans(),
    is_frozen=st.booleans(),
    is_taken=st.booleans(),
)
def test_a_share_comes_back_where_it_is_alive_and_free(
    *, state: State, is_hidden: bool, is_frozen: bool, is_taken: bool
) -> None:
    parent = replace(ELSEWHERE, state=state, is_hidden=is_hidden, is_frozen=is_frozen)
    blocked = {object_sort(OTHER, "seen")} if is_taken else set[str]()

    answer = can_return(parent, Kind.OBJECT, "seen", blocked)

    assert answer is (state is State.AVAILABLE and not (is_hidden or is_frozen or is_taken))
    assert can_return(None, Kind.OBJECT, "seen", blocked) is False
