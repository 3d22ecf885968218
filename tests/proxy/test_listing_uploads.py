"""Pages of open uploads."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.contents import Declared, ObjectHeaders
from domain.publishing import UploadFacts
from proxy.listing_uploads import OpenUpload, UploadPage, page_of

UPLOAD = UploadFacts("U", "P", "b", "k", None, True, True, ObjectHeaders(), Declared(), None, None, "ada", None)


def _uploads(*keys: str) -> list[OpenUpload]:
    return [OpenUpload(replace(UPLOAD, id=f"{n:03}", key=key), 0) for n, key in enumerate(keys)]


def _told(page: UploadPage) -> tuple[list[tuple[str, str]], list[str]]:
    return [(upload.key, upload.id) for upload in page.uploads], list(page.common_prefixes)


def test_uploads_come_by_key_and_age() -> None:
    page = page_of(_uploads("b", "a", "b", "c/1", "c/2"), "", "/", "", "", 1000)

    assert _told(page) == ([("a", "001"), ("b", "000"), ("b", "002")], ["c/"])
    assert not page.is_truncated


def test_a_key_marker_alone_stands_behind_all_uploads_of_its_key() -> None:
    uploads = _uploads("a", "a", "b")

    assert _told(page_of(uploads, "", "", "a", "", 9)) == ([("b", "002")], [])
    assert _told(page_of(uploads, "", "", "a", "000", 9)) == ([("a", "001"), ("b", "002")], [])
    assert _told(page_of(uploads, "", "", "", "001", 9))[0] == [("a", "000"), ("a", "001"), ("b", "002")]


def test_a_page_that_ends_on_a_common_prefix_goes_on_after_it() -> None:
    uploads = _uploads("a", "d/1", "d/2", "e")

    first = page_of(uploads, "", "/", "", "", 2)
    second = page_of(uploads, "", "/", first.last_key, first.last_id, 2)

    assert (_told(first), first.is_truncated) == (([("a", "000")], ["d/"]), True)
    assert (_told(second), second.is_truncated) == (([("e", "003")], []), False)


def test_a_page_of_none_is_empty_and_not_truncated() -> None:
    page = page_of(_uploads("a"), "", "", "", "", 0)

    assert (_told(page), page.is_truncated) == (([], []), False)


@given(
    st.lists(st.text("ab/", min_size=1, max_size=4), max_size=12),
    st.sampled_from(["", "a", "a/", "b/"]),
    st.sampled_from(["", "/", "a", "//"]),
    st.integers(1, 4),
)
def test_pages_of_any_size_joined_are_the_whole_list(keys: list[str], prefix: str, delimiter: str, limit: int) -> None:
    uploads = _uploads(*keys)
    whole = page_of(uploads, prefix, delimiter, "", "", 1000)
    found: list[tuple[str, str]] = []
    prefixes: list[str] = []
    key_marker = id_marker = ""
    while True:
        page = page_of(uploads, prefix, delimiter, key_marker, id_marker, limit)
        told = _told(page)
        found, prefixes = found + told[0], prefixes + told[1]
        if not page.is_truncated:
            break
        assert len(told[0]) + len(told[1]) == limit
        key_marker, id_marker = page.last_key, page.last_id

    assert (found, prefixes) == _told(whole)
