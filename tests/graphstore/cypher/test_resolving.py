"""What is read of a content is whole, or is read again: a reader may see a content between two of its forms."""

from typing import Any

import pytest

from graphstore.cypher.resolving import parts


def row(start: int | None, length: int = 10) -> dict[str, Any]:
    """A row of a content of 30 bytes, of which [5, 25) is asked for; without a start it has no parts."""
    asked = {"total": 30, "low": 5, "high": 25}
    if start is None:
        return asked | {"start": None, "number": None, "checksums": None, "blob": None}
    blob = {
        "id": f"{start}",
        "length": length,
        "sealed": length,
        "md5": "",
        "sha256": "",
        "keyId": "k",
        "wrappedKey": "aa==",
    }
    return asked | {"start": start, "number": 1, "checksums": "{}", "blob": blob}


@pytest.mark.parametrize(
    ("starts", "length"), [((0, 10, 20), 10), ((0, 15), 15), ((0,), 30), ((5,), 20), ((), 0)], ids=str
)
def test_blobs_that_cover_the_range_are_its_parts_and_an_erased_content_has_none(
    starts: tuple[int, ...], length: int
) -> None:
    found = parts("c", 5, 25).decode([row(start, length) for start in starts])

    assert [(start, part.blob.length_bytes) for start, part in found] == [(start, length) for start in starts]


@pytest.mark.parametrize(
    "starts", [(None,), (10, 20), (0, 10), (0, 20), (0, 0, 10, 20)], ids=["none", "late", "early", "gap", "twice"]
)
def test_a_content_that_is_seen_in_half_is_read_again(starts: tuple[int | None, ...]) -> None:
    with pytest.raises(AssertionError):  # which the engine takes for a torn read
        parts("c", 5, 25).decode([row(start) for start in starts])
