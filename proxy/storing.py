"""Stores a body and publishes it: the write path that PUT and the uploads of the GraphQL face share.

No transaction is open while the body streams in. It is durable and verified before the publishing rule decides all
again; what the rule refuses leaves nothing, and where its outcome is unknown the bytes stay for the sweeper to judge.
"""

import logging
from collections.abc import Collection
from typing import Final

from domain.contents import Declared, ObjectHeaders, single_content
from domain.errors import DomainError, Unavailable
from domain.keys import cut_key
from domain.publishing import Conditions, Publication, Published
from domain.resources import Versioning
from proxy.bodies import Source
from proxy.calling import Call
from proxy.headers import CHECKSUM_PREFIX, ENCRYPTION_HEADER
from proxy.ingesting import Digests, Ingested
from proxy.integrity import Integrity
from proxy.responses import Response, empty_response
from proxy.threads import uninterrupted

_LOG: Final = logging.getLogger(__name__)

NOTHING_DECLARED: Final = Declared()


async def store_body(
    call: Call,
    source: Source,
    integrity: Integrity,
    declared: Declared = NOTHING_DECLARED,
    algorithms: Collection[str] = (),
) -> Ingested:
    """Store a body as a durable blob that no graph knows yet; `algorithms` are computed besides the declared one.

    Raises: ChecksumMismatch, WrongLength, SignatureRefused, S3Error, ClientGone, Unavailable; nothing is left then.
    """

    def verify(digests: Digests) -> None:
        integrity.with_trailers(source.trailers).check(digests, call.payload, declared)

    return await call.services.streams.ingest(
        source,
        algorithms={*integrity.algorithms, *algorithms},
        expected_bytes=source.expected_bytes,
        verify=verify,
    )


async def publish_blob(
    call: Call,
    ingested: Ingested,
    headers: ObjectHeaders,
    conditions: Conditions,
    *,
    object_id: str | None = None,
    upload_id: str | None = None,
) -> Published:
    """Publish a stored blob as the newest revision of what stands at the key.

    Raises: what the rule refuses; Unavailable.
    """
    stamp = call.stamp()
    checksums = {name.upper(): value for name, value in ingested.checksums.items()}
    publication = Publication(
        bucket=call.request.bucket,
        key=call.request.key,
        cut=cut_key(call.request.key),
        object_id=object_id,
        upload_id=upload_id,
        content=single_content(stamp.new_id(), ingested.blob, checksums),
        headers=headers,
        conditions=conditions,
        stamp=stamp,
    )
    try:
        return await call.services.publisher.publish(publication)
    except Unavailable:
        raise  # it may have been committed all the same
    except DomainError:
        await uninterrupted(discard_blob(call, ingested.blob.id))
        raise


async def discard_blob(call: Call, blob_id: str) -> None:
    """Remove a stored blob that no graph will know; what can't be removed now is logged and swept later."""
    try:
        await call.services.blobs.delete(blob_id)
    except DomainError:
        _LOG.warning("blob %s was refused and can't be removed now; it is swept later", blob_id, exc_info=True)


def published_response(call: Call, published: Published, ingested: Ingested) -> Response:
    """Answer a write."""
    headers = {"etag": f'"{published.etag}"', "x-amz-checksum-type": "FULL_OBJECT"}
    for name, value in ingested.checksums.items():
        headers[CHECKSUM_PREFIX + name] = value
    if published.versioning is Versioning.ENABLED:
        headers["x-amz-version-id"] = published.version_id
    if ENCRYPTION_HEADER in call.request.headers:
        headers[ENCRYPTION_HEADER] = call.request.headers[ENCRYPTION_HEADER]
    return empty_response(200, headers)
