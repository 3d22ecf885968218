import itertools

import pytest

from domain.errors import FailedPrecondition
from domain.lifecycle import TRANSITIONS, LifecycleEvent, next_state
from domain.resources import State

PAIRS = list(itertools.product([None, *State], LifecycleEvent))


@pytest.mark.parametrize(("state", "event"), [pair for pair in PAIRS if pair in TRANSITIONS])
def test_what_the_table_names_happens(state: State | None, event: LifecycleEvent) -> None:
    assert next_state(state, event, name="O1") is TRANSITIONS[state, event]


@pytest.mark.parametrize(("state", "event"), [pair for pair in PAIRS if pair not in TRANSITIONS])
def test_everything_else_is_refused_naming_state_and_event(state: State | None, event: LifecycleEvent) -> None:
    with pytest.raises(FailedPrecondition) as refused:
        next_state(state, event, name="O1", field=("id",))

    before = state.value if state else "not there"
    assert f"object O1 is {before}: '{event.value}'" in refused.value.message
    assert refused.value.field == ("id",)


def test_nothing_leaves_deleted_and_everything_else_can_be_deleted() -> None:
    """Restore is a later rule; until then a tombstone stays one."""
    assert not [event for state, event in TRANSITIONS if state is State.DELETED]
    assert {state for state, event in TRANSITIONS if event is LifecycleEvent.DELETED} == set(State) - {State.DELETED}


def test_only_bytes_that_were_published_or_validated_make_an_object_available() -> None:
    ways = {event for (state, event), after in TRANSITIONS.items() if after is State.AVAILABLE is not state}

    assert ways == {LifecycleEvent.PUBLISHED, LifecycleEvent.VALIDATED}


def test_every_state_is_reached_from_nothing() -> None:
    reached: set[State | None] = {None}
    while True:
        more = reached | {after for (state, _), after in TRANSITIONS.items() if state in reached}
        if more == reached:
            break
        reached = more

    assert reached == {None, *State}
