import pytest
from hypothesis import given
from hypothesis import strategies as st

from schema.negotiation import GRAPHQL_JSON, JSON, choose_media_type


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, GRAPHQL_JSON),
        ("", GRAPHQL_JSON),
        ("*/*", GRAPHQL_JSON),
        ("application/*;q=0.2", GRAPHQL_JSON),
        (JSON, JSON),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{JSON}, {GRAPHQL_JSON}", GRAPHQL_JSON),
        (f"{JSON}; charset=utf-8; q=0.9, {GRAPHQL_JSON};q=0.8", JSON),
        ("Application/JSON", JSON),
        ("text/html, */*;q=0.1", GRAPHQL_JSON),
        ("text/html", None),
        (f"{JSON};q=0, {GRAPHQL_JSON};q=0", None),
        (f"{JSON};q=nan", None),
        ("*/*;q=2", None),
    ],
)
def test_the_media_type_that_is_liked_best_is_taken(accept: str | None, chosen: str | None) -> None:
    assert choose_media_type(accept) == chosen


@given(st.text())
def test_no_header_breaks_it(accept: str) -> None:
    assert choose_media_type(accept) in {GRAPHQL_JSON, JSON, None}
