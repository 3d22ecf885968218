"""PutBucketAcl and PutObjectAcl: `private` is accepted and changes nothing; access is given by grants.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html
"""

from typing import Final

from domain.access import Action
from proxy.bodies import read_document
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error
from proxy.headers import check_canned_acl
from proxy.responses import Response, empty_response

_BODY_BYTES_MAX: Final = 64 * 1024


async def _run(call: Call) -> Response:
    acl = check_canned_acl(call.request.headers)
    await read_document(call.request, call.payload, call.body, _BODY_BYTES_MAX)
    if acl is None:
        raise S3Error(
            S3Code.ACCESS_CONTROL_LIST_NOT_SUPPORTED,
            "Access here is given by grants; of ACLs only the canned one `private` is accepted, in x-amz-acl.",
        )
    return empty_response()


PUT_BUCKET_ACL: Final = Operation("PutBucketAcl", Need(Place.BUCKET, Action.CHANGE_BUCKET), _run)
PUT_OBJECT_ACL: Final = Operation("PutObjectAcl", Need(Place.OBJECT, Action.UPDATE), _run)
