"""PutObject: the body becomes a new Object at the key, or the newest revision of the one that stands there.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

from typing import Final

from domain.access import Action
from domain.errors import NotFound
from domain.names import check_object_name
from domain.resources import Kind
from proxy.bodies import source_of
from proxy.calling import Call, Need, Operation, Place
from proxy.conditions import write_conditions
from proxy.headers import object_headers, refuse_unsupported
from proxy.integrity import read_integrity
from proxy.responses import Response
from proxy.storing import publish_blob, published_response, store_body
from proxy.write_checks import check_write, told_again

NEED: Final = Need(Place.KEY, Action.UPLOAD_REVISION, action_if_absent=Action.UPLOAD_NEW_KEY)


async def _run(call: Call) -> Response:
    request = call.request
    refuse_unsupported(request.headers)
    headers = object_headers(request.headers)
    integrity = read_integrity(request.headers, is_put=True)
    conditions = write_conditions(request.headers)
    check_object_name(request.key, Kind.DATASET)
    check_write(call.resolution, conditions, request.key)
    source = source_of(request, call.payload, call.body)
    ingested = await store_body(call, source, integrity)
    try:
        published = await publish_blob(call, ingested, headers, conditions)
    except NotFound as error:
        raise await told_again(NEED, call, conditions) from error
    return published_response(call, published, ingested)


PUT_OBJECT: Final = Operation("PutObject", NEED, _run)
