"""GetBucketLocation: the LocationConstraint given at creation; an empty element for the default region.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
"""

from typing import Final

from domain.access import Action
from proxy.bucket_location import location_of
from proxy.calling import Call, Need, Operation, Place
from proxy.responses import Response, xml_response
from proxy.xml import escape


async def _run(call: Call) -> Response:
    return xml_response("LocationConstraint", (escape(await location_of(call) or ""),))


GET_BUCKET_LOCATION: Final = Operation("GetBucketLocation", Need(Place.BUCKET, Action.READ), _run)
