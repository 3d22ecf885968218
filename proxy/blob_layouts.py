"""Where the segments of a sealed blob lie, and which of them hold a range of its plaintext. Pure.

Segments of a blob that isn't compressed all have one length; those of a compressed one have what its table says
(proxy/segment_table.py). Source: docs/blob-format.md ("Reading a range").
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.blob_format import HEADER_BYTES, SEALED_SEGMENT_BYTES, SEGMENT_BYTES, sealed_size, segment_count

if TYPE_CHECKING:
    from array import array


@dataclass(frozen=True, slots=True)
class UniformLayout:
    """The layout of a blob that isn't compressed and has so many bytes of plaintext."""

    plain_bytes: int

    def places_of(self, first_segment: int, end_segment: int) -> Sequence[int]:
        """Where segments begin in the sealed blob, header included, and behind them where the last of them ends."""
        begin, end = (HEADER_BYTES + segment * SEALED_SEGMENT_BYTES for segment in (first_segment, end_segment))
        return *range(begin, end, SEALED_SEGMENT_BYTES), min(end, sealed_size(self.plain_bytes))


@dataclass(frozen=True, slots=True)
class TableLayout:
    """The layout of a compressed blob; `places` of its segments in order, and behind them that of its table."""

    plain_bytes: int
    places: "array[int]"

    def __post_init__(self) -> None:
        """Check the shape."""
        assert len(self.places) == segment_count(self.plain_bytes) + 1, "each segment has a place, and the table"

    def places_of(self, first_segment: int, end_segment: int) -> Sequence[int]:
        """Where segments begin in the sealed blob, header included, and behind them where the last of them ends."""
        return self.places[first_segment : end_segment + 1]


Layout = UniformLayout | TableLayout


@dataclass(frozen=True, slots=True)
class Span:
    """The whole segments that a range of plaintext touches.

    `ends` are of the segments, in order, counted from `start`, which is counted from the beginning of the sealed blob,
    header included; of the `opened_bytes` that the segments hold, `skip` come before the range and `take` belong to it.
    """

    first_segment: int
    start: int
    ends: tuple[int, ...]
    opened_bytes: int
    skip: int
    take: int

    @property
    def length(self) -> int:
        """How many sealed bytes these are."""
        return self.ends[-1]


def span_of(layout: Layout, start: int, length: int) -> Span:
    """Which sealed bytes hold `length` bytes of plaintext from `start` of a blob.

    The range lies within the blob and isn't empty, unless the blob is: its one empty segment still has a tag to check.
    """
    assert 0 <= start <= start + length <= layout.plain_bytes, "a range lies within its blob"
    assert length or not layout.plain_bytes, "an empty range proves nothing"
    first_segment = start // SEGMENT_BYTES
    end_segment = max(first_segment + 1, -(-(start + length) // SEGMENT_BYTES))
    sealed_start, *ends = layout.places_of(first_segment, end_segment)
    plain_start = first_segment * SEGMENT_BYTES
    return Span(
        first_segment=first_segment,
        start=sealed_start,
        ends=tuple(end - sealed_start for end in ends),
        opened_bytes=min(end_segment * SEGMENT_BYTES, layout.plain_bytes) - plain_start,
        skip=start - plain_start,
        take=length,
    )
