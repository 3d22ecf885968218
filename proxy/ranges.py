"""Which bytes of an object a request asks for: one range of RFC 9110, section 14.

A malformed Range header is ignored, and so are several ranges at once: S3 answers the whole object.
"""

import re
from dataclasses import dataclass
from typing import Final

from proxy.errors import S3Code, S3Error

_one_range: Final = re.compile(r"bytes\s*=\s*([0-9]{0,19})\s*-\s*([0-9]{0,19})", re.ASCII | re.IGNORECASE).fullmatch


@dataclass(frozen=True, slots=True)
class Slice:
    """`length` bytes from `start` of an object of `total` bytes."""

    start: int
    length: int
    total: int

    def __post_init__(self) -> None:
        """Check the shape."""
        assert 0 <= self.start <= self.start + self.length <= self.total, "a slice lies within its object"

    @property
    def content_range(self) -> str:
        """Value of Content-Range; only for slices that aren't empty."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.total}"


def slice_of(range_header: str | None, total: int) -> Slice | None:
    """Slice that a Range header asks for, None where the whole object is to be answered.

    Raises: S3Error (InvalidRange) where nothing of the object lies in it.
    """
    found = None if range_header is None else _one_range(range_header.strip())
    if found is None:
        return None
    first, last = found.groups()
    if first:
        start = int(first)
        end = total if not last else min(int(last) + 1, total)
        if last and int(last) < start:
            return None
    elif last:
        start, end = max(total - int(last), 0), total
    else:
        return None
    if start >= end:
        raise S3Error(
            S3Code.INVALID_RANGE,
            "The requested range is not satisfiable",
            details={"RangeRequested": range_header or "", "ActualObjectSize": str(total)},
            headers={"content-range": f"bytes */{total}"},
        )
    return Slice(start, end - start, total)
