"""What the operations on multipart uploads share: the checksums an upload declares, and how a part is added to it.

An upload that declares no algorithm gets a CRC64NVME of the whole, combined from its parts.
Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
"""

from collections.abc import Mapping
from typing import Final

from domain.contents import PartFacts
from domain.errors import DomainError, NotFound, Unavailable
from domain.publishing import UploadFacts
from graphstore.parts import add_part
from proxy.authorising import no_such_upload
from proxy.calling import Call
from proxy.checksums import ALGORITHMS, DEFAULT_ALGORITHM
from proxy.errors import S3Code, S3Error
from proxy.ingesting import Ingested
from proxy.storing import discard_blob
from proxy.threads import uninterrupted
from proxy.xml import tag

COMPOSITE: Final = "COMPOSITE"
FULL_OBJECT: Final = "FULL_OBJECT"
ALGORITHM_HEADER: Final = "x-amz-checksum-algorithm"
TYPE_HEADER: Final = "x-amz-checksum-type"


def declared_checksum(headers: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Algorithm and type of the checksums that a CreateMultipartUpload declares, as S3 writes them.

    Raises: S3Error (InvalidRequest).
    """
    algorithm, kind = headers.get(ALGORITHM_HEADER, "").upper(), headers.get(TYPE_HEADER, "").upper()
    if not algorithm:
        if kind:
            raise _invalid(f"The {TYPE_HEADER} header can only be used with the {ALGORITHM_HEADER} header.")
        return None, None
    known = ALGORITHMS.get(algorithm.lower())
    if known is None:
        raise _invalid(f"Checksum algorithm provided is unsupported. Please use one of {', '.join(ALGORITHMS)}.")
    kind = kind or (COMPOSITE if known.has_composite else FULL_OBJECT)
    if kind not in {COMPOSITE, FULL_OBJECT}:
        raise _invalid(f"Value for {TYPE_HEADER} header is invalid.")
    if (kind == COMPOSITE and not known.has_composite) or (kind == FULL_OBJECT and known.combine is None):
        raise _invalid(f"The {kind} checksum type cannot be used with the {algorithm.lower()} checksum algorithm.")
    return algorithm, kind


def part_algorithm(upload: UploadFacts, named: str | None) -> str:
    """Algorithm (lower case) to compute for a part that names one or none; a part without is computed all the same.

    Raises: S3Error (InvalidRequest) where the upload was declared with another one.
    """
    if upload.checksum_algorithm is None:
        return DEFAULT_ALGORITHM
    expected = upload.checksum_algorithm.lower()
    if named not in {None, expected}:
        raise _invalid(
            f"Checksum Type mismatch occurred, expected checksum Type: {expected}, actual checksum Type: {named}"
        )
    return expected


async def add_stored_part(
    call: Call, upload_id: str, number: int, ingested: Ingested, *, is_stored: bool = True
) -> None:
    """Add a durable part to its upload, in place of an earlier one of its number.

    Its blob was stored for it, or (`is_stored` False) is that of a part that is copied.

    Raises: S3Error (NoSuchUpload) where it has ended meanwhile, and nothing is left; Unavailable.
    """
    stamp = call.stamp()
    checksums = {name.upper(): value for name, value in ingested.checksums.items()}
    part = PartFacts(number, ingested.blob, checksums)
    try:
        added = await add_part(call.services.store, upload_id, part, stamp, is_stored=is_stored)
    except Unavailable:
        raise  # it may have been committed all the same
    except DomainError as error:
        if is_stored:
            await uninterrupted(discard_blob(call, ingested.blob.id))
        if isinstance(error, NotFound):
            raise no_such_upload(upload_id) from error
        raise
    if added.spare_blob_id is not None:
        call.services.publisher.let_go(added.spare_blob_id)


def checksum_kind(upload: UploadFacts) -> list[str]:
    """Write the algorithm and type that an upload declared, as lists tell them."""
    if upload.checksum_algorithm is None or upload.checksum_type is None:
        return []
    return [tag("ChecksumAlgorithm", upload.checksum_algorithm), tag("ChecksumType", upload.checksum_type)]


def _invalid(message: str) -> S3Error:
    return S3Error(S3Code.INVALID_REQUEST, message)
