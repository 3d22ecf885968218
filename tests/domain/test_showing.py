from hypothesis import given
from hypothesis import strategies as st

from domain.resources import Kind, State
from domain.showing import ShownState, shown_state


def test_what_is_shown_is_what_is_stored_and_unavailable() -> None:
    assert {state.value for state in ShownState} == {state.value for state in State} | {"UNAVAILABLE"}


@given(st.sampled_from(Kind), st.sampled_from(State))
def test_while_the_bytes_answer_a_state_reads_as_it_is_stored(kind: Kind, state: State) -> None:
    assert shown_state(kind, state, are_bytes_reachable=True).value == state.value


@given(st.sampled_from(Kind), st.sampled_from(State))
def test_while_no_bytes_answer_only_available_objects_read_otherwise(kind: Kind, state: State) -> None:
    shown = shown_state(kind, state, are_bytes_reachable=False)

    if (kind, state) == (Kind.OBJECT, State.AVAILABLE):
        assert shown is ShownState.UNAVAILABLE
    else:
        assert shown.value == state.value
