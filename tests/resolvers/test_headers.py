import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contents import DEFAULT_CONTENT_TYPE
from domain.errors import BadInput
from resolvers.headers import object_headers


def test_names_are_made_lower_case_as_s3_does() -> None:
    headers = object_headers("text/csv; charset=utf-8", [("Sample-Id", "7"), ("x.y_z", "two words")])

    assert headers.content_type == "text/csv; charset=utf-8"
    assert headers.user_metadata == {"sample-id": "7", "x.y_z": "two words"}


def test_without_a_word_the_type_is_s3s_default() -> None:
    assert object_headers(None, []).content_type == DEFAULT_CONTENT_TYPE


@pytest.mark.parametrize(
    ("content_type", "metadata", "field"),
    [
        ("", [], ("input", "contentType")),
        (None, [("", "v")], ("input", "metadata", "0")),
        ("text/plain\r\nx: y", [], ("input", "contentType")),
        ("text/plän", [], ("input", "contentType")),
        ("x" * 256, [], ("input", "contentType")),
        (None, [("a", "v"), ("A", "w")], ("input", "metadata", "1")),
        (None, [("a:b", "v")], ("input", "metadata", "0")),
        (None, [("a", "")], ("input", "metadata", "0")),
        (None, [("a", " v")], ("input", "metadata", "0")),
        (None, [("a", "v\nw")], ("input", "metadata", "0")),
        (None, [("a", "ü")], ("input", "metadata", "0")),
        (None, [("a", "x" * 2048)], ("input", "metadata")),
    ],
)
def test_what_cannot_stand_in_a_header_is_refused(
    content_type: str | None, metadata: list[tuple[str, str]], field: tuple[str, ...]
) -> None:
    with pytest.raises(BadInput) as refusal:
        object_headers(content_type, metadata)

    assert refusal.value.field == field


@given(st.lists(st.tuples(st.text(max_size=10), st.text(max_size=10)), max_size=4))
def test_whatever_is_taken_can_be_sent_as_headers(metadata: list[tuple[str, str]]) -> None:
    try:
        headers = object_headers(None, metadata)
    except BadInput:
        return

    for name, value in headers.user_metadata.items():
        assert name == name.lower()
        assert f"{name}: {value}".isascii()
        assert f"{name}: {value}".isprintable()
        assert value == value.strip()
