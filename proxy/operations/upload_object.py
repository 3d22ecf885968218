"""The bytes of an upload that was begun in GraphQL: a PUT to its presigned URL.

The Upload says which Object waits for them, what is kept beside them, and what they must be. A wrong checksum ends the
upload, and an Object that waits for its first bytes goes to ERROR with the reason; a body of another length, or one
that breaks off, leaves the upload open for another try.
"""

from typing import Final

from domain.access import Action
from domain.contents import Declared
from domain.errors import ChecksumMismatch, NotFound
from domain.publishing import NO_CONDITIONS
from domain.uploads import fail_upload
from graphstore.cypher import facts
from graphstore.instants import to_ms
from proxy.authorising import open_upload
from proxy.bodies import Source, source_of
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error
from proxy.headers import refuse_unsupported
from proxy.ingesting import Ingested
from proxy.integrity import Integrity, read_integrity
from proxy.responses import Response
from proxy.storing import publish_blob, published_response, store_body


async def _run(call: Call) -> Response:
    upload = open_upload(call)
    assert upload.object_id is not None, "an upload in one piece is for an Object"
    refuse_unsupported(call.request.headers)
    integrity = read_integrity(call.request.headers, is_put=True)
    source = source_of(call.request, call.payload, call.body)
    _expect_length(source, upload.declared)
    ingested = await _store(call, source, integrity, upload.id, upload.object_id)
    try:
        published = await publish_blob(
            call, ingested, upload.headers, NO_CONDITIONS, object_id=upload.object_id, upload_id=upload.id
        )
    except NotFound as error:
        raise S3Error(
            S3Code.NO_SUCH_UPLOAD, "The upload has ended meanwhile.", details={"UploadId": upload.id}
        ) from error
    return published_response(call, published, ingested)


def _expect_length(source: Source, declared: Declared) -> None:
    """Let nothing but a body of the declared length through.

    Raises: S3Error (InvalidRequest) where the headers say another one.
    """
    if declared.length_bytes is None:
        return
    if source.expected_bytes not in {None, declared.length_bytes}:
        raise S3Error(
            S3Code.INVALID_REQUEST,
            f"The upload was begun for {declared.length_bytes} bytes, and the request has {source.expected_bytes}.",
        )
    source.expected_bytes = declared.length_bytes


async def _store(call: Call, source: Source, integrity: Integrity, upload_id: str, object_id: str) -> Ingested:
    """Store the body against what the Upload declares; a wrong checksum ends the upload."""
    declared = call.resolution.upload.declared if call.resolution.upload is not None else Declared()
    try:
        return await store_body(call, source, integrity, declared)
    except ChecksumMismatch as error:
        stamp, reason = call.stamp(), error.message
        await call.services.store.run_rule(
            "fail upload",
            lock=(object_id,),
            load=facts.upload(upload_id, call.caller.user_id, to_ms(stamp.now)),
            decide=lambda found: fail_upload(found[0], found[1], upload_id, reason, stamp),
        )
        raise


UPLOAD_OBJECT: Final = Operation("UploadObject", Need(Place.UPLOAD, Action.FINISH_OWN_UPLOAD), _run)
