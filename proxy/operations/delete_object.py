"""DeleteObject: the Object becomes a tombstone, its keys are free; what isn't there is deleted already.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html
"""

from typing import Final

from domain.access import Action
from proxy.calling import Call, Need, Operation, Place
from proxy.deleting import check_deletable, delete_at
from proxy.errors import not_implemented
from proxy.responses import Response, empty_response

_CONDITIONS: Final = ("if-match", "x-amz-if-match-last-modified-time", "x-amz-if-match-size")


async def _run(call: Call) -> Response:
    for name in _CONDITIONS:
        if name in call.request.headers:
            raise not_implemented(f"{name} on a DELETE")
    check_deletable(call.resolution, call.request.query.get("versionId"))
    await delete_at(call.services.store, call.resolution, call.stamp())
    return empty_response(204)


DELETE_OBJECT: Final = Operation(
    "DeleteObject", Need(Place.KEY, Action.DELETE_OBJECT, action_if_absent=Action.DELETE_OBJECT), _run
)
