"""What an upload may be, before anything is made."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contents import Declared, ObjectHeaders
from domain.errors import BadInput
from domain.limits import OBJECT_BYTES_MAX, PART_BYTES_MAX, PART_BYTES_MIN, SINGLE_UPLOAD_BYTES_MAX
from resolvers.uploads import SIGNED_PARTS_MAX, UploadRequest, check_request


def request(length: int | None, parts: int | None) -> UploadRequest:
    return UploadRequest(ObjectHeaders(), Declared(length), parts)


@given(st.integers(0, 2 * OBJECT_BYTES_MAX), st.integers(-1, SIGNED_PARTS_MAX + 1) | st.none())
def test_an_upload_that_is_taken_can_be_sent(length: int, parts: int | None) -> None:
    try:
        check_request(request(length, parts))
    except BadInput:
        return

    if parts is None:
        assert length <= SINGLE_UPLOAD_BYTES_MAX
        return
    size = -(-length // parts)
    assert size <= PART_BYTES_MAX
    assert parts == 1 or size >= PART_BYTES_MIN


@pytest.mark.parametrize(
    ("length", "parts"),
    [
        (SINGLE_UPLOAD_BYTES_MAX, None),
        (0, None),
        (0, 1),
        (2 * PART_BYTES_MIN, 2),
        (OBJECT_BYTES_MAX, SIGNED_PARTS_MAX),
    ],
)
def test_the_bounds_themselves_are_taken(length: int, parts: int | None) -> None:
    check_request(request(length, parts))
