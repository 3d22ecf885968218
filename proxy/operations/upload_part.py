"""UploadPart: the body becomes one sealed blob under a key of its own, and a part of its upload.

The parts of uploads begun in GraphQL come here too, by presigned URLs. A part sent again replaces the earlier one,
whose blob is swept later; of two at once the one that finishes last wins.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html
"""

from typing import Final

from domain.access import Action
from domain.limits import PART_BYTES_MAX
from proxy.authorising import multipart_upload
from proxy.bodies import source_of
from proxy.calling import Call, Need, Operation, Place
from proxy.headers import CHECKSUM_PREFIX, echoed_encryption, refuse_unsupported
from proxy.integrity import read_integrity
from proxy.multipart import add_stored_part, part_algorithm
from proxy.part_numbers import read_part_number
from proxy.responses import Response, empty_response
from proxy.storing import store_body

NEED: Final = Need(Place.MULTIPART, Action.UPLOAD_REVISION, action_if_absent=Action.UPLOAD_NEW_KEY)


async def _run(call: Call) -> Response:
    upload, request = multipart_upload(call), call.request
    number = read_part_number(request.query.get("partNumber", ""))
    refuse_unsupported(request.headers)
    integrity = read_integrity(request.headers, is_put=True)
    algorithm = part_algorithm(upload, integrity.algorithm)
    source = source_of(request, call.payload, call.body, PART_BYTES_MAX)
    ingested = await store_body(call, source, integrity, algorithms=(algorithm,))
    await add_stored_part(call, upload.id, number, ingested)
    answered = integrity.algorithm or algorithm
    headers = {"etag": f'"{ingested.blob.md5}"', CHECKSUM_PREFIX + answered: ingested.checksums[answered]}
    return empty_response(200, headers | echoed_encryption(request.headers))


UPLOAD_PART: Final = Operation("UploadPart", NEED, _run)
