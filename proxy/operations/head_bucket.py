"""HeadBucket: whether the bucket is there and may be read.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
"""

from typing import Final

from domain.access import Action
from proxy.bucket_location import location_of
from proxy.calling import Call, Need, Operation, Place
from proxy.listing_pages import DEFAULT_REGION
from proxy.responses import Response, empty_response


async def _run(call: Call) -> Response:
    return empty_response(200, {"x-amz-bucket-region": await location_of(call) or DEFAULT_REGION})


HEAD_BUCKET: Final = Operation("HeadBucket", Need(Place.BUCKET, Action.READ), _run)
