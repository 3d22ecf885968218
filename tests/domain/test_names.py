import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from domain.names import (
    check_container_name,
    check_key_length,
    check_object_name,
    check_project_name,
    is_container_name,
    is_project_name,
)
from domain.resources import Kind

CONTAINER_CHARACTERS = string.ascii_letters + string.digits + "!_.*'()-"


@pytest.mark.parametrize("name", ["abc", "a-b", "a.b", "0ab", "a" * 63, "1.2.3", "1.2.3.4.5", "xn--a", "1234.1.1.1"])
def test_a_project_may_bear_what_s3_allows(name: str) -> None:
    check_project_name(name)


@pytest.mark.parametrize(
    "name",
    [
        *("", "ab", "a" * 64, "Abc", "a_b", "-ab", "ab-", ".ab", "ab.", "a..b", "192.168.5.4", "a/b", "abc\n", "äbc"),
        *("a b", "abc\0", "١٢٣"),
    ],
)
def test_a_project_may_not_bear_what_s3_refuses(name: str) -> None:
    assert not is_project_name(name)
    with pytest.raises(BadInput, match="can't name a project") as refused:
        check_project_name(name, field=("input", "name"))
    assert refused.value.field == ("input", "name")


@given(st.text(CONTAINER_CHARACTERS, min_size=1, max_size=255).filter(lambda name: name not in {".", ".."}))
def test_a_container_may_bear_its_alphabet(name: str) -> None:
    check_container_name(name)


@given(st.text(max_size=300).filter(lambda name: not set(CONTAINER_CHARACTERS).issuperset(name) or not name))
def test_a_container_bears_nothing_else(name: str) -> None:
    with pytest.raises(BadInput, match="can't name a collection or dataset"):
        check_container_name(name)


@pytest.mark.parametrize("name", [".", "..", "a" * 256, "a/", "a\n"])
def test_dots_alone_long_names_and_slashes_name_no_container(name: str) -> None:
    assert not is_container_name(name)


@pytest.mark.parametrize("kind", [Kind.PROJECT, Kind.COLLECTION, Kind.DATASET])
@pytest.mark.parametrize("name", ["a", "a/", "//", "./a", "a b/c", "/a", "ä/b", "a" * 256 + "/x", "\x01", "\U0001f600"])
def test_an_object_may_hold_a_slash_where_no_container_could_be_meant(name: str, kind: Kind) -> None:
    check_object_name(name, kind)


def test_an_object_in_a_dataset_may_hold_any_slash_and_elsewhere_not() -> None:
    check_object_name("a/b/c", Kind.DATASET)

    for kind in (Kind.PROJECT, Kind.COLLECTION):
        with pytest.raises(BadInput, match="'a' before the '/' would be a container"):
            check_object_name("a/b/c", kind)


@pytest.mark.parametrize("name", ["", "a\0b", "\ud800", "ä" * 513, "a" * 1025])
def test_an_object_name_is_utf_8_without_nul_of_at_most_1024_bytes(name: str) -> None:
    with pytest.raises(BadInput):
        check_object_name(name, Kind.DATASET)


def test_the_whole_key_is_bounded_in_bytes() -> None:
    check_key_length("ä" * 512)

    with pytest.raises(BadInput, match="1026 bytes"):
        check_key_length("ä" * 513)


def test_a_key_with_a_lone_surrogate_is_bad_input() -> None:
    with pytest.raises(BadInput, match="UTF-8"):
        check_key_length("a/\ud800")
