"""Ranges against the plain meaning of their words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import S3Error
from proxy.ranges import Slice, slice_of


def _bytes_of(header: str, total: int) -> list[int] | None:
    """Which bytes the header names; None if it names none that are there."""
    first, _, last = header.removeprefix("bytes=").partition("-")
    everything = list(range(total))
    if not first:
        chosen = everything[max(0, total - int(last)) :]
    else:
        chosen = [index for index in everything if int(first) <= index and (not last or index <= int(last))]
    return chosen or None


@given(first=st.integers(0, 30), length=st.integers(0, 30), total=st.integers(0, 20), form=st.sampled_from("abc"))
def test_a_slice_is_just_the_bytes_that_the_header_names(first: int, length: int, total: int, form: str) -> None:
    header = {"a": f"bytes={first}-{first + length}", "b": f"bytes={first}-", "c": f"bytes=-{length}"}[form]
    expected = _bytes_of(header, total)

    if expected is None:
        with pytest.raises(S3Error) as refused:
            slice_of(header, total)
        assert refused.value.headers == {"content-range": f"bytes */{total}"}
        return
    found = slice_of(header, total)
    assert found is not None
    assert list(range(found.start, found.start + found.length)) == expected
    assert found.total == total


@pytest.mark.parametrize(
    "header",
    [None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-4", "bytes=0-1,2-3", "bytes=1", "lines=0-1"],
)
def test_a_header_that_is_no_single_range_is_ignored(header: str | None) -> None:
    assert slice_of(header, 10) is None


@given(st.text(max_size=20))
def test_no_header_breaks_the_reader(header: str) -> None:
    try:
        found = slice_of(header, 10)
    except S3Error:
        return
    assert found is None or found.length


def test_content_range_counts_from_zero_and_ends_inclusively() -> None:
    assert Slice(2, 3, 10).content_range == "bytes 2-4/10"
