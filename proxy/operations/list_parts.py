"""ListParts: the parts of an open upload, by number, in pages.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html
"""

from datetime import datetime
from typing import Final

from domain.contents import PartFacts
from domain.limits import PART_NUMBER_MAX
from graphstore.cypher.resolving import uploaded_parts
from graphstore.instants import from_ms
from proxy.authorising import multipart_upload
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import owner, read_whole_number
from proxy.multipart import checksum_kind
from proxy.responses import Response, checksum_elements, xml_response
from proxy.xml import group, instant, tag

PARTS_MAX: Final = 1000


async def _run(call: Call) -> Response:
    upload, request, store = multipart_upload(call), call.request, call.services.store
    limit = read_whole_number(request.query, "max-parts", PARTS_MAX)
    after = 0
    if request.query.get("part-number-marker"):
        after = read_whole_number(request.query, "part-number-marker", PART_NUMBER_MAX)
    found = await store.read(uploaded_parts(upload.id, after, limit + 1)) if limit else []
    page = found[:limit]
    children = [
        tag("Bucket", request.bucket),
        tag("Key", request.key),
        tag("UploadId", upload.id),
        await owner(store, upload.created_by, "Initiator"),
        await owner(store, upload.created_by),
        tag("StorageClass", "STANDARD"),
        *checksum_kind(upload),
        tag("PartNumberMarker", str(after)),
        tag("NextPartNumberMarker", str(page[-1][0].number if page else 0)),
        tag("MaxParts", str(limit)),
        tag("IsTruncated", "true" if len(found) > limit else "false"),
    ]
    children.extend(_part(part, from_ms(at), upload.checksum_algorithm) for part, at in page)
    return xml_response("ListPartsResult", children)


def _part(part: PartFacts, at: datetime, algorithm: str | None) -> str:
    checksums = {name: value for name, value in part.checksums.items() if name == algorithm}
    return group(
        "Part",
        (
            tag("PartNumber", str(part.number)),
            tag("LastModified", instant(at)),
            tag("ETag", f'"{part.blob.md5}"'),
            tag("Size", str(part.blob.length_bytes)),
            *checksum_elements(checksums),
        ),
    )


LIST_PARTS: Final = Operation("ListParts", Need(Place.OWN_MULTIPART), _run)
