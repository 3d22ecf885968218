"""GetObjectAttributes: of a revision's facts those that are asked for, the parts in pages.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html
"""

from collections.abc import Mapping
from typing import Final

from domain.access import Action
from domain.limits import PART_NUMBER_MAX
from domain.views import RevisionView
from graphstore.cypher.resolving import parts_after
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error
from proxy.listing_pages import read_whole_number
from proxy.responses import Response, checksum_elements, http_date, xml_response
from proxy.selecting import version_header
from proxy.xml import group, tag

ATTRIBUTES_HEADER: Final = "x-amz-object-attributes"
PARTS_MAX: Final = 1000

_ATTRIBUTES: Final = frozenset({"ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"})
_LIMIT_HEADER: Final = "x-amz-max-parts"
_MARKER_HEADER: Final = "x-amz-part-number-marker"


async def _run(call: Call) -> Response:
    wanted = _wanted(call.request.headers)
    limit = read_whole_number(call.request.headers, _LIMIT_HEADER, PARTS_MAX)
    after = 0
    if call.request.headers.get(_MARKER_HEADER):
        after = read_whole_number(call.request.headers, _MARKER_HEADER, PART_NUMBER_MAX)
    assert call.found is not None, "an operation on an Object runs when it is found"
    revision = call.found.revision
    children: list[str] = []
    if "ETag" in wanted:
        children.append(tag("ETag", revision.etag))
    if "Checksum" in wanted and revision.checksums:
        checksums = (*checksum_elements(revision.checksums), tag("ChecksumType", revision.checksum_type))
        children.append(group("Checksum", checksums))
    if "ObjectParts" in wanted and revision.part_count:
        children.append(await _parts(call, revision, after, limit))
    if "StorageClass" in wanted:
        children.append(tag("StorageClass", "STANDARD"))
    if "ObjectSize" in wanted:
        children.append(tag("ObjectSize", str(revision.length_bytes)))
    response = xml_response("GetObjectAttributesResponse", children)
    response.headers["last-modified"] = http_date(revision.published_at)
    response.headers |= version_header(call, revision)
    return response


def _wanted(headers: Mapping[str, str]) -> frozenset[str]:
    """Names of the attributes that are asked for.

    Raises: S3Error (InvalidArgument).
    """
    text = headers.get(ATTRIBUTES_HEADER, "")
    wanted = frozenset(name.strip() for name in text.split(",") if name.strip())
    if not wanted or not wanted <= _ATTRIBUTES:
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            f"{ATTRIBUTES_HEADER} must name one or more of {', '.join(sorted(_ATTRIBUTES))}.",
            details={"ArgumentName": ATTRIBUTES_HEADER, "ArgumentValue": text},
        )
    return wanted


async def _parts(call: Call, revision: RevisionView, after: int, limit: int) -> str:
    assert call.found is not None, "an operation on an Object runs when it is found"
    assert call.found.content is not None, "reads of an Object bring its content along"
    found = await call.services.store.read(parts_after(call.found.content.id, after, limit + 1)) if limit else []
    page = found[:limit]
    children = [
        tag("PartsCount", str(revision.part_count)),
        tag("PartNumberMarker", str(after)),
        tag("NextPartNumberMarker", str(page[-1].number if page else 0)),
        tag("MaxParts", str(limit)),
        tag("IsTruncated", "true" if len(found) > limit else "false"),
    ]
    for part in page:
        size = tag("Size", str(part.length_bytes))
        children.append(group("Part", (*checksum_elements(part.checksums), tag("PartNumber", str(part.number)), size)))
    return group("ObjectParts", children)


GET_OBJECT_ATTRIBUTES: Final = Operation(
    "GetObjectAttributes", Need(Place.OBJECT, Action.READ), _run, wants_content=True
)
