from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import NEEDED_LEVEL, Action, Caller, Level, allows, demand, demand_level, effective_level
from domain.errors import Forbidden, NotFound
from tests.domain.making import COLLECTION, collection, project

LEVELS = st.sampled_from(Level)
PATHS = st.lists(st.tuples(LEVELS, st.lists(LEVELS, max_size=3).map(tuple)), max_size=6)


@given(PATHS, st.randoms(use_true_random=False))
def test_the_effective_level_does_not_depend_on_the_order_of_the_paths(
    paths: list[tuple[Level, tuple[Level, ...]]], random: Random
) -> None:
    shuffled = list(paths)
    random.shuffle(shuffled)

    assert effective_level(shuffled) is effective_level(paths)


@given(PATHS, LEVELS, st.lists(LEVELS, max_size=3).map(tuple))
def test_another_grant_never_takes_anything_away(
    paths: list[tuple[Level, tuple[Level, ...]]], grant: Level, passes: tuple[Level, ...]
) -> None:
    assert effective_level([*paths, (grant, passes)]) >= effective_level(paths)


@given(LEVELS, st.lists(LEVELS, max_size=3).map(tuple), LEVELS)
def test_a_path_gives_no_more_than_any_edge_on_it_lets_pass(
    grant: Level, passes: tuple[Level, ...], further: Level
) -> None:
    level = effective_level([(grant, passes)])

    assert level <= min([grant, *passes])
    assert effective_level([(grant, (*passes, further))]) == min(level, further)


def test_without_any_path_there_is_nothing() -> None:
    assert effective_level([]) is Level.NONE


@pytest.mark.parametrize("action", Action)
def test_each_action_takes_its_level_and_every_level_above_is_enough(action: Action) -> None:
    assert [allows(level, action) for level in Level] == [level >= NEEDED_LEVEL[action] for level in Level]
    assert not allows(Level.NONE, action)


@pytest.mark.parametrize("action", Action)
def test_what_may_not_be_seen_is_absent_and_what_is_seen_is_forbidden(action: Action) -> None:
    missing = pytest.raises(NotFound, match=f"there is no resource {COLLECTION} that you may see")
    with missing as absent:
        demand(None, COLLECTION, action)
    with missing as hidden:
        demand(collection(Level.NONE), COLLECTION, action)
    assert str(absent.value) == str(hidden.value)

    for level in list(Level)[1:]:
        if allows(level, action):
            assert demand(collection(level), COLLECTION, action) == collection(level)
        else:
            with pytest.raises(Forbidden, match=f"takes {NEEDED_LEVEL[action].name}.*you have {level.name}"):
                demand(collection(level), COLLECTION, action)


def test_a_container_hidden_with_its_last_key_is_absent() -> None:
    """A PUT revives it; until then nothing can be put into it, said of it or done with it."""
    with pytest.raises(NotFound):
        demand_level(replace(collection(), is_hidden=True), COLLECTION, Level.READ)


def test_a_refusal_names_the_argument() -> None:
    with pytest.raises(Forbidden) as refused:
        demand(project(Level.READ), "P", Action.UPDATE, field=("id",))

    assert refused.value.field == ("id",)


def test_nobody_is_anonymous_but_who_has_no_id() -> None:
    assert Caller("").is_anonymous
    assert not Caller("U").is_anonymous
