"""CreateMultipartUpload: begins an upload in parts to a key, with all that is kept beside the bytes.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html
"""

from typing import Final

from domain.access import Action
from domain.errors import NotFound
from domain.names import check_object_name
from domain.publishing import NO_CONDITIONS
from domain.resources import Kind
from domain.uploads import begin_key_upload
from graphstore.cypher import facts
from graphstore.instants import to_ms
from graphstore.publishing import run_at_key
from proxy.calling import Call, Need, Operation, Place
from proxy.headers import echoed_encryption, object_headers, refuse_unsupported
from proxy.multipart import ALGORITHM_HEADER, TYPE_HEADER, declared_checksum
from proxy.responses import Response, xml_response
from proxy.write_checks import check_write, told_again
from proxy.xml import tag

NEED: Final = Need(Place.KEY, Action.UPLOAD_REVISION, action_if_absent=Action.UPLOAD_NEW_KEY)


async def _run(call: Call) -> Response:
    request = call.request
    refuse_unsupported(request.headers)
    headers = object_headers(request.headers)
    checksum = declared_checksum(request.headers)
    check_object_name(request.key, Kind.DATASET)
    check_write(call.resolution, NO_CONDITIONS, request.key)
    stamp = call.stamp()
    key_request = {
        **facts.key_request(request.bucket, call.key_request.cut),
        "user": call.caller.user_id,
        "now": to_ms(stamp.now),
        "objectId": "",
        "uploadId": "",
    }
    try:
        upload_id = await run_at_key(
            call.services.store,
            "begin upload to a key",
            key_request,
            call.key_request.cut,
            lambda found: begin_key_upload(found, request.bucket, request.key, headers, checksum, stamp),
        )
    except NotFound as error:
        raise await told_again(NEED, call, NO_CONDITIONS) from error
    response = xml_response(
        "InitiateMultipartUploadResult",
        (tag("Bucket", request.bucket), tag("Key", request.key), tag("UploadId", upload_id)),
    )
    response.headers |= echoed_encryption(request.headers)
    for name, value in zip((ALGORITHM_HEADER, TYPE_HEADER), checksum, strict=True):
        if value is not None:
            response.headers[name] = value
    return response


CREATE_MULTIPART_UPLOAD: Final = Operation("CreateMultipartUpload", NEED, _run)
