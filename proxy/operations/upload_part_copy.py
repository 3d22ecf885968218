"""UploadPartCopy: an Object, or a range of it, becomes a part of an upload.

What is a whole blob of the source, all of an Object in one piece or exactly one part of another, is referred to, and
no byte moves; it is read only for a checksum that nobody computed yet. Any other range is read through and sealed anew.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
"""

import re
from contextlib import aclosing
from typing import Final

from domain.access import Action
from domain.contents import PartFacts
from domain.limits import PART_BYTES_MAX
from graphstore.cypher.resolving import parts
from proxy.authorising import multipart_upload
from proxy.calling import Call, Need, Operation, Place
from proxy.copying import Source, read_source
from proxy.errors import S3Code, S3Error
from proxy.headers import refuse_unsupported
from proxy.ingesting import Ingested
from proxy.locating import extents_of, relocation
from proxy.multipart import add_stored_part, part_algorithm
from proxy.part_numbers import read_part_number
from proxy.ranges import Slice
from proxy.responses import Response, checksum_elements, xml_response
from proxy.xml import instant, tag

NEED: Final = Need(Place.MULTIPART, Action.UPLOAD_REVISION, action_if_absent=Action.UPLOAD_NEW_KEY)
_RANGE_HEADER: Final = "x-amz-copy-source-range"
_exact_range: Final = re.compile(r"bytes=([0-9]{1,19})-([0-9]{1,19})", re.ASCII).fullmatch


async def _run(call: Call) -> Response:
    upload, request = multipart_upload(call), call.request
    number = read_part_number(request.query.get("partNumber", ""))
    refuse_unsupported(request.headers)
    source = await read_source(call)
    chosen = exact_slice(request.headers.get(_RANGE_HEADER), source.revision.length_bytes)
    algorithm = part_algorithm(upload, None)
    ingested = await _share(call, source, chosen, algorithm)
    is_stored = ingested is None
    if ingested is None:
        ingested = await _seal_anew(call, source, chosen, algorithm)
    await add_stored_part(call, upload.id, number, ingested, is_stored=is_stored)
    response = xml_response(
        "CopyPartResult",
        (
            tag("LastModified", instant(call.services.clock())),
            tag("ETag", f'"{ingested.blob.md5}"'),
            *checksum_elements(ingested.checksums if upload.checksum_algorithm is not None else {}),
        ),
    )
    response.headers |= source.headers
    return response


def exact_slice(range_header: str | None, total: int) -> Slice:
    """Slice that the header names, all of the source if there is none.

    Raises: S3Error (InvalidArgument for any other form, InvalidRange beyond the source, InvalidRequest if too large).
    """
    start, end = 0, total
    if range_header is not None:
        found = _exact_range(range_header)
        if found is None or int(found[1]) > int(found[2]):
            raise S3Error(
                S3Code.INVALID_ARGUMENT,
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the"
                " zero-based offsets of the first and last bytes to copy",
                details={"ArgumentName": _RANGE_HEADER, "ArgumentValue": range_header},
            )
        start, end = int(found[1]), int(found[2]) + 1
        if end > total:
            raise S3Error(
                S3Code.INVALID_RANGE,
                f"Range specified is not valid for source object of size: {total}",
                details={"RangeRequested": range_header, "ActualObjectSize": str(total)},
            )
    if end - start > PART_BYTES_MAX:
        raise S3Error(
            S3Code.INVALID_REQUEST,
            f"The specified copy source is larger than the maximum allowable size for a copy source: {PART_BYTES_MAX}",
        )
    return Slice(start, end - start, total)


async def _share(call: Call, source: Source, chosen: Slice, algorithm: str) -> Ingested | None:
    """Return the blob that holds exactly the slice, with its checksum; None where there is none."""
    if source.content.blob is not None:
        whole = (0, PartFacts(1, source.content.blob, source.revision.checksums))
    else:
        found = await call.services.store.read(parts(source.content.id, chosen.start, chosen.start + chosen.length))
        if not found:
            return None
        whole = found[0]
    start, part = whole
    if (start, part.blob.length_bytes) != (chosen.start, chosen.length):
        return None
    known = part.checksums.get(algorithm.upper())
    if known is not None:
        return Ingested(part.blob, {algorithm: known})
    store, content = call.services.store, source.content
    digests = await call.services.streams.digest(
        await extents_of(store, content, chosen),
        chosen.start,
        chosen.length,
        (algorithm,),
        relocation(store, content),
    )
    return Ingested(part.blob, digests.checksums)


async def _seal_anew(call: Call, source: Source, chosen: Slice, algorithm: str) -> Ingested:
    store, streams, content = call.services.store, call.services.streams, source.content
    extents = await extents_of(store, content, chosen)
    again = relocation(store, content)
    async with aclosing(await streams.read_plain(extents, chosen.start, chosen.length, again)) as reader:
        return await streams.ingest(reader, algorithms=(algorithm,), expected_bytes=chosen.length)


UPLOAD_PART_COPY: Final = Operation("UploadPartCopy", NEED, _run)
