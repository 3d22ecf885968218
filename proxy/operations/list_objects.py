"""ListObjects, the first version: a marker to go on after, and owners always.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html
"""

from typing import Final

from domain.access import Action
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import owners_of, read_keys, read_page
from proxy.responses import Response, xml_response
from proxy.xml import tag


async def _run(call: Call) -> Response:
    page = read_page(call.request.query)
    marker = call.request.query.get("marker", "")
    listing = await read_keys(call, page, marker)
    children = page.heading(call)
    children.append(tag("Marker", page.encode(marker)))
    children.append(tag("IsTruncated", "true" if listing.is_truncated else "false"))
    if listing.is_truncated and page.delimiter:
        children.append(tag("NextMarker", page.encode(listing.last)))
    children.extend(page.contents(listing, await owners_of(call, listing)))
    return xml_response("ListBucketResult", children)


LIST_OBJECTS: Final = Operation("ListObjects", Need(Place.PREFIX, Action.LIST), _run)
