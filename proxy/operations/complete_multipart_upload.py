"""CompleteMultipartUpload: the listed parts, in their order, become the newest revision at the key; no byte moves.

Parts that aren't listed are swept later. A client that didn't hear the answer may ask again: the same list gets the
same answer. A part sent again at the same moment counts as sent before or after, never as half of each.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from domain.access import Action
from domain.contents import NewContent, PartFacts
from domain.errors import NotFound
from domain.keys import cut_key
from domain.publishing import Conditions, Publication, Published, UploadFacts
from domain.resources import Versioning
from graphstore.cypher.resolving import uploaded_parts, version_at
from graphstore.store import GraphStore
from proxy.assembling import ListedPart, assemble, choose, listed_etag, read_list, read_whole
from proxy.authorising import multipart_upload, no_such_upload
from proxy.bodies import read_document
from proxy.calling import Call, Need, Operation, Place
from proxy.conditions import write_conditions
from proxy.errors import S3Error
from proxy.headers import CHECKSUM_PREFIX
from proxy.request import Request
from proxy.responses import Response, checksum_elements, xml_response
from proxy.write_checks import check_write, resolve_again, told_again
from proxy.xml import parse, tag

NEED: Final = Need(Place.COMPLETION, Action.UPLOAD_REVISION, action_if_absent=Action.UPLOAD_NEW_KEY)
_PARTS_READ: Final = 1000


async def _run(call: Call) -> Response:
    request, upload = call.request, multipart_upload(call)
    conditions, whole = write_conditions(request.headers), read_whole(request.headers)
    document = await read_document(_without_checksums(request), call.payload, call.body)
    listed = read_list(parse(document, "CompleteMultipartUpload"))
    if upload.finished is not None:
        return await _answer_again(call, upload, upload.finished, listed)
    check_write(call.resolution, conditions, request.key)
    try:
        parts = choose(listed, await _uploaded(call.services.store, upload.id))
        content = assemble(upload, parts, whole, call.stamp().new_id())
        published = await _publish(call, upload, content, conditions)
    except (S3Error, NotFound) as error:
        finished = await _finished_meanwhile(call)
        if finished is not None:
            return await _answer_again(call, upload, finished, listed)
        if isinstance(error, S3Error):
            raise
        raise await told_again(NEED, call, conditions) from error
    return _answer(request, published, content.checksums, content.checksum_type)


async def _finished_meanwhile(call: Call) -> Published | None:
    """What another request made of the upload while this one was looking at its parts; None if it is open still.

    Raises: S3Error (NoSuchUpload) where it was aborted; Unavailable.
    """
    await resolve_again(call)
    upload = multipart_upload(call)
    if not upload.is_open and upload.finished is None:
        raise no_such_upload(upload.id)
    return upload.finished


def _without_checksums(request: Request) -> Request:
    """The request without the headers that speak of the content: its body is the list."""
    headers = {name: value for name, value in request.headers.items() if not name.startswith(CHECKSUM_PREFIX)}
    return replace(request, headers=headers)


async def _uploaded(store: GraphStore, upload_id: str) -> dict[int, PartFacts]:
    """All parts that came, by number."""
    parts: dict[int, PartFacts] = {}
    after = 0
    while True:
        found = await store.read(uploaded_parts(upload_id, after, _PARTS_READ))
        parts |= {part.number: part for part, _ in found}
        if len(found) < _PARTS_READ:
            return parts
        after = found[-1][0].number


async def _publish(call: Call, upload: UploadFacts, content: NewContent, conditions: Conditions) -> Published:
    publication = Publication(
        bucket=call.request.bucket,
        key=upload.key,
        cut=cut_key(upload.key),
        object_id=upload.object_id,
        upload_id=upload.id,
        content=content,
        headers=upload.headers,
        conditions=conditions,
        stamp=call.stamp(),
    )
    return await call.services.publisher.publish(publication)


async def _answer_again(
    call: Call, upload: UploadFacts, published: Published, listed: Sequence[ListedPart]
) -> Response:
    """Answer what was answered when the upload was finished with this list.

    Raises: S3Error (NoSuchUpload) for another list; Unavailable.
    """
    if listed_etag(listed) != published.etag:
        raise no_such_upload(upload.id)
    query = version_at(call.request.bucket, cut_key(upload.key), published.version_id, call.caller.user_id, call.now_ms)
    version = await call.services.store.read(query)
    if version is None:  # it has another name by now
        return _answer(call.request, published, {}, "")
    return _answer(call.request, published, version.revision.checksums, version.revision.checksum_type)


def _answer(request: Request, published: Published, checksums: Mapping[str, str], checksum_type: str) -> Response:
    response = xml_response(
        "CompleteMultipartUploadResult",
        (
            tag("Location", request.raw_path.decode("latin-1")),
            tag("Bucket", request.bucket),
            tag("Key", request.key),
            tag("ETag", f'"{published.etag}"'),
            *checksum_elements(checksums),
            tag("ChecksumType", checksum_type) if checksums else "",
        ),
    )
    if published.versioning is Versioning.ENABLED:
        response.headers["x-amz-version-id"] = published.version_id
    return response


COMPLETE_MULTIPART_UPLOAD: Final = Operation("CompleteMultipartUpload", NEED, _run)
