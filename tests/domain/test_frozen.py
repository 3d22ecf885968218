"""Ids of what snapshots show, and who may see it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.frozen import FrozenId, FrozenRights, frozen_level, parse_frozen_id
from domain.identifiers import encode_ulid, is_ulid
from domain.resources import DataClass

ULIDS = st.integers(0, 2**128 - 1).map(encode_ulid)
CLASSES = st.sampled_from(DataClass)
LEVELS = st.sampled_from(Level)
A, B = encode_ulid(1), encode_ulid(2)


@given(ULIDS, ULIDS)
def test_an_id_is_read_as_it_is_written(holder: str, item: str) -> None:
    assert parse_frozen_id(str(FrozenId(holder, item))) == FrozenId(holder, item)


@given(st.text(max_size=60))
def test_what_is_read_is_two_ids(text: str) -> None:
    found = parse_frozen_id(text)

    assert found is None or (is_ulid(found.holder_id) and is_ulid(found.object_id) and str(found) == text)


@pytest.mark.parametrize(
    "text", ["", ":", A, f"{A}:", f":{A}", f"{A}:{B}:{A}", f"{A}{B}", f"{A}:{B} ", f"{A}:{B[:-1]}"]
)
def test_other_texts_are_no_such_ids(text: str) -> None:
    assert parse_frozen_id(text) is None


@given(LEVELS, CLASSES, CLASSES, LEVELS, CLASSES)
def test_a_grant_opens_what_it_reaches_and_nothing_gives_more_than_read(
    by_holder: Level, holder: DataClass, seen: DataClass, by_object: Level, item: DataClass
) -> None:
    level = frozen_level(FrozenRights(by_holder, holder, seen, by_object, item))

    assert level in {Level.NONE, Level.READ}
    if max(by_holder, by_object) >= Level.READ:
        assert level is Level.READ


@given(CLASSES, CLASSES, CLASSES)
def test_strangers_see_what_was_public_in_what_is_public_or_is_public_still(
    holder: DataClass, seen: DataClass, item: DataClass
) -> None:
    level = frozen_level(FrozenRights(Level.NONE, holder, seen, Level.NONE, item))

    is_open = seen is DataClass.PUBLIC and DataClass.PUBLIC in {holder, item}
    assert (level is Level.READ) == is_open
