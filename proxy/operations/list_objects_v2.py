"""ListObjectsV2: a token to go on with, and owners on demand.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

from typing import Final

from domain.access import Action
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import owners_of, read_keys, read_page, read_token, write_token
from proxy.responses import Response, xml_response
from proxy.xml import tag


async def _run(call: Call) -> Response:
    query = call.request.query
    page = read_page(query)
    token, start_after = query.get("continuation-token"), query.get("start-after")
    listing = await read_keys(call, page, read_token(token) or start_after or "")
    owners = await owners_of(call, listing) if query.get("fetch-owner") == "true" else None
    children = page.heading(call)
    if token is not None:
        children.append(tag("ContinuationToken", token))
    if start_after is not None:
        children.append(tag("StartAfter", page.encode(start_after)))
    children.append(tag("KeyCount", str(len(listing.keys) + len(listing.common_prefixes))))
    children.append(tag("IsTruncated", "true" if listing.is_truncated else "false"))
    if listing.is_truncated:
        children.append(tag("NextContinuationToken", write_token(listing.last)))
    children.extend(page.contents(listing, owners))
    return xml_response("ListBucketResult", children)


LIST_OBJECTS_V2: Final = Operation("ListObjectsV2", Need(Place.PREFIX, Action.LIST), _run)
