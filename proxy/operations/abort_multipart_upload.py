"""AbortMultipartUpload: ends an upload without a revision; its parts are swept later.

It takes nothing but that the upload is the caller's own: who lost his rights may still tidy up.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html
"""

from typing import Final

from domain.errors import NotFound
from domain.uploads import fail_upload
from graphstore.cypher import facts
from graphstore.instants import to_ms
from proxy.authorising import multipart_upload, no_such_upload
from proxy.calling import Call, Need, Operation, Place
from proxy.responses import Response, empty_response

_REASON: Final = "aborted by its owner"


async def _run(call: Call) -> Response:
    upload, stamp = multipart_upload(call), call.stamp()
    try:
        await call.services.store.run_rule_above(
            "abort upload",
            load=facts.upload(upload.id, call.caller.user_id, to_ms(stamp.now)),
            locks_of=lambda found: () if found[1] is None else (found[1].id,),
            decide=lambda found: fail_upload(found[0], found[1], upload.id, _REASON, stamp),
        )
    except NotFound as error:
        raise no_such_upload(upload.id) from error
    return empty_response(204)


ABORT_MULTIPART_UPLOAD: Final = Operation("AbortMultipartUpload", Need(Place.OWN_MULTIPART), _run)
