"""What of a revision a read answers: all of it, a range or a part; and the headers that go with it.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from domain.resources import Versioning
from domain.views import RevisionView
from graphstore.cypher.resolving import part_numbered
from proxy.authorising import NULL_VERSION, existing_project
from proxy.calling import Call, Found
from proxy.conditions import Verdict, range_still_holds, read_verdict
from proxy.errors import S3Code, S3Error
from proxy.headers import CHECKSUM_PREFIX, answered_headers, overrides
from proxy.part_numbers import read_part_number
from proxy.ranges import Slice, slice_of
from proxy.responses import http_date

VERSION_HEADER: Final = "x-amz-version-id"
_NO_CHECKSUMS: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class Selection:
    """The slice to answer and its headers; `status` is 200, 206 or 304."""

    status: int
    headers: dict[str, str]
    slice: Slice


async def select(call: Call) -> Selection:
    """Judge the conditions of a read and pick what it answers.

    Raises: S3Error (PreconditionFailed, InvalidRange, InvalidPartNumber, InvalidArgument, InvalidRequest), Unavailable.
    """
    found = call.found
    assert found is not None, "an operation on an Object runs when it is found"
    request, revision = call.request, found.revision
    headers = {
        "etag": f'"{revision.etag}"',
        "last-modified": http_date(revision.published_at),
        "accept-ranges": "bytes",
        **version_header(call, revision),
    }
    whole = Slice(0, revision.length_bytes, revision.length_bytes)
    match read_verdict(request.headers, revision.etag, revision.published_at, call.now):
        case Verdict.FAILED:
            raise S3Error(S3Code.PRECONDITION_FAILED, "At least one of the pre-conditions you specified did not hold")
        case Verdict.NOT_MODIFIED:
            return Selection(304, headers, replace(whole, length=0))
        case Verdict.GO_ON:
            pass
    headers |= answered_headers(revision.headers)
    headers |= overrides(request.query, is_signed=not call.caller.is_anonymous)
    part_number = request.query.get("partNumber")
    if part_number is not None:
        return await _select_part(call, found, headers, part_number)
    chosen = None
    range_header = request.headers.get("range")
    if range_header is not None and range_still_holds(request.headers, revision.etag, revision.published_at):
        chosen = slice_of(range_header, revision.length_bytes)
    checksums = revision.checksums if chosen is None else _NO_CHECKSUMS
    return _selection(call, chosen or whole, checksums, headers, is_partial=chosen is not None)


def version_header(call: Call, revision: RevisionView) -> Mapping[str, str]:
    """Header that names a revision's version, where the bucket has versions."""
    if existing_project(call).versioning is not Versioning.ENABLED:
        return {}
    return {VERSION_HEADER: revision.version_id if revision.shown is Versioning.ENABLED else NULL_VERSION}


def _selection(
    call: Call, chosen: Slice, checksums: Mapping[str, str], headers: dict[str, str], *, is_partial: bool
) -> Selection:
    headers["content-length"] = str(chosen.length)
    if is_partial:
        headers["content-range"] = chosen.content_range
    if call.request.headers.get("x-amz-checksum-mode", "").upper() == "ENABLED" and checksums:
        assert call.found is not None, "an operation on an Object runs when it is found"
        headers["x-amz-checksum-type"] = call.found.revision.checksum_type
        for algorithm, value in checksums.items():
            headers[CHECKSUM_PREFIX + algorithm.lower()] = value
    return Selection(206 if is_partial else 200, headers, chosen)


async def _select_part(call: Call, found: Found, headers: dict[str, str], text: str) -> Selection:
    """Pick a part by its number; an object in one piece is its own first part."""
    if "range" in call.request.headers:
        raise S3Error(S3Code.INVALID_REQUEST, "Cannot specify both Range header and partNumber query parameter")
    number, revision = read_part_number(text), found.revision
    total = revision.length_bytes
    if not revision.part_count:
        if number != 1:
            raise _no_such_part(number, 1)
        return _selection(call, Slice(0, total, total), revision.checksums, headers, is_partial=total > 0)
    assert found.content is not None, "reads of an Object bring its content along"
    parts = await call.services.store.read(part_numbered(found.content.id, number))
    if not parts:
        raise _no_such_part(number, revision.part_count)
    part = parts[0]
    headers["x-amz-mp-parts-count"] = str(revision.part_count)
    chosen = Slice(part.start, part.length_bytes, total)
    checksums = part.checksums if revision.checksums else _NO_CHECKSUMS
    return _selection(call, chosen, checksums, headers, is_partial=chosen.length > 0)


def _no_such_part(number: int, count: int) -> S3Error:
    return S3Error(
        S3Code.INVALID_PART_NUMBER,
        "The requested partnumber is not satisfiable",
        details={"PartNumberRequested": str(number), "ActualPartCount": str(count)},
    )
