"""Pages and cursors: turning them meets every item once, whatever the size and the direction."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from resolvers.paging import Page, PageRequest, cut_page, decode_cursor, encode_cursor, page_request

PLACES = st.lists(st.text(min_size=1, max_size=4).filter(lambda text: text.isprintable()), unique=True).map(sorted)


def itself(item: str) -> str:
    return item


@given(st.text(st.characters(codec="utf-8"), min_size=1))
def test_a_cursor_leads_back_to_its_place(place: str) -> None:
    cursor = encode_cursor("children", place)

    assert decode_cursor("children", cursor, "after") == place
    assert cursor.isascii()
    assert "=" not in cursor


@pytest.mark.parametrize(
    "cursor", ["", "x", "é", "====", "a b", encode_cursor("others", "a"), encode_cursor("list", "")]
)
def test_what_is_no_cursor_of_the_list_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput) as refusal:
        page_request("list", first=1, before=cursor)

    assert refusal.value.field == ("before",)


def test_a_cursor_that_is_no_utf8_is_refused() -> None:
    with pytest.raises(BadInput):
        decode_cursor("list", base64.urlsafe_b64encode(b"list\n\xff").decode(), "after")


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "first"),
        ({"first": 1, "last": 1}, "first"),
        ({"first": 0}, "first"),
        ({"first": 101}, "first"),
        ({"last": 0}, "last"),
        ({"last": 101}, "last"),
    ],
)
def test_exactly_one_of_first_and_last_is_given_in_bounds(arguments: dict[str, int], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        page_request("list", **arguments)  # pyright: ignore[reportArgumentType]  only numbers are given

    assert refusal.value.field == (field,)


def test_null_counts_as_absent() -> None:
    assert page_request("list", first=3, last=None) == PageRequest(3)
    assert page_request("list", first=None, last=3) == PageRequest(3, is_backward=True)


@given(PLACES, st.integers(1, 5))
def test_turning_pages_either_way_meets_every_item_once_and_in_order(places: list[str], size: int) -> None:
    forward: list[str] = []
    page: Page[str] = cut_page(places, itself, PageRequest(size))
    forward += [item for _, item in page.items]
    while page.has_next:
        assert page.end is not None
        page = cut_page(places, itself, PageRequest(size, after=page.end))
        assert page.has_previous
        forward += [item for _, item in page.items]

    backward: list[str] = []
    page = cut_page(places, itself, PageRequest(size, is_backward=True))
    backward = [item for _, item in page.items]
    while page.has_previous:
        assert page.start is not None
        page = cut_page(places, itself, PageRequest(size, before=page.start, is_backward=True))
        assert page.has_next
        backward = [item for _, item in page.items] + backward

    assert forward == backward == places


@given(PLACES, st.integers(1, 5), st.text(min_size=1, max_size=4))
def test_a_page_after_a_place_is_the_same_whether_the_place_is_still_there(
    places: list[str], size: int, place: str
) -> None:
    """Inserts and deletes elsewhere don't move a cursor."""
    without = [item for item in places if item != place]
    with_it = sorted({*places, place})

    assert [item for _, item in cut_page(without, itself, PageRequest(size, after=place)).items] == [
        item for _, item in cut_page(with_it, itself, PageRequest(size, after=place)).items
    ]
