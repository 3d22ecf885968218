"""CopyObject: a key gets the bytes of another, or other headers for its own; no byte moves, both share one content.

A copy to a new key says what it was made from (ORIGIN).
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
"""

from collections.abc import Mapping
from typing import Final

from domain.access import Action
from domain.contents import ExistingContent
from domain.errors import NotFound
from domain.keys import cut_key
from domain.names import check_object_name
from domain.publishing import Origin, Publication
from domain.resources import Kind, Versioning
from domain.views import RevisionView
from proxy.authorising import shown_object
from proxy.calling import Call, Need, Operation, Place
from proxy.conditions import write_conditions
from proxy.copying import read_source
from proxy.errors import S3Code, S3Error, not_implemented
from proxy.headers import echoed_encryption, object_headers, refuse_unsupported
from proxy.multipart import ALGORITHM_HEADER
from proxy.responses import Response, checksum_elements, xml_response
from proxy.write_checks import check_write, told_again
from proxy.xml import instant, tag

NEED: Final = Need(Place.KEY, Action.UPLOAD_REVISION, action_if_absent=Action.UPLOAD_NEW_KEY)


async def _run(call: Call) -> Response:
    request = call.request
    refuse_unsupported(request.headers)
    replaces = _replaces(request.headers, "metadata")
    _replaces(request.headers, "tagging")  # there are no tags yet: either way the set is empty
    own_headers = object_headers(request.headers) if replaces else None
    conditions = write_conditions(request.headers)
    check_object_name(request.key, Kind.DATASET)
    source = await read_source(call)
    revision = source.revision
    _check_algorithm(request.headers, revision)
    if not replaces and _is_shown(call, revision):
        raise S3Error(
            S3Code.INVALID_REQUEST,
            "This copy request is illegal because it is trying to copy an object to itself without changing the"
            " object's metadata, storage class, website redirect location or encryption attributes.",
        )
    check_write(call.resolution, conditions, request.key)
    publication = Publication(
        bucket=request.bucket,
        key=request.key,
        cut=cut_key(request.key),
        object_id=None,
        upload_id=None,
        content=ExistingContent(source.content.id, revision.length_bytes, revision.etag),
        headers=revision.headers if own_headers is None else own_headers,
        conditions=conditions,
        stamp=call.stamp(),
        origin=Origin(revision.object_id, revision.version_id),
    )
    try:
        published = await call.services.publisher.publish(publication)
    except NotFound as error:
        raise await told_again(NEED, call, conditions) from error
    response = xml_response(
        "CopyObjectResult",
        (
            tag("LastModified", instant(publication.stamp.now)),
            tag("ETag", f'"{published.etag}"'),
            tag("ChecksumType", revision.checksum_type) if revision.checksums else "",
            *checksum_elements(revision.checksums),
        ),
    )
    response.headers |= {**source.headers, **echoed_encryption(request.headers)}
    if published.versioning is Versioning.ENABLED:
        response.headers["x-amz-version-id"] = published.version_id
    return response


def _replaces(headers: Mapping[str, str], what: str) -> bool:
    """Whether the copy gets what the request gives instead of what the source has.

    Raises: S3Error (InvalidArgument).
    """
    name = f"x-amz-{what}-directive"
    directive = headers.get(name, "COPY")
    if directive not in {"COPY", "REPLACE"}:
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            f"Unknown {what} directive.",
            details={"ArgumentName": name, "ArgumentValue": directive},
        )
    return directive == "REPLACE"


def _check_algorithm(headers: Mapping[str, str], revision: RevisionView) -> None:
    """Refuse a checksum that only reading all bytes could give."""
    wanted = headers.get(ALGORITHM_HEADER, "").upper()
    if wanted and wanted not in revision.checksums:
        raise not_implemented(f"Computing a {wanted} checksum for a copy of what has none")


def _is_shown(call: Call, revision: RevisionView) -> bool:
    """Whether the revision is what the key shows already."""
    shown = shown_object(call.resolution)
    return shown is not None and shown.published is not None and shown.published.version_id == revision.version_id


COPY_OBJECT: Final = Operation("CopyObject", NEED, _run)
