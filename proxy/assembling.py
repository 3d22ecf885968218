"""From the list of a CompleteMultipartUpload and the parts that came to one content: pure, nothing is read or moved.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest
from typing import Final

from domain.contents import NewContent, PartFacts, multipart_etag
from domain.errors import BadInput, ChecksumMismatch
from domain.limits import OBJECT_BYTES_MAX, PART_BYTES_MIN, PART_NUMBER_MAX
from domain.publishing import UploadFacts
from proxy.checksums import (
    ALGORITHMS,
    DEFAULT_ALGORITHM,
    composite_checksum,
    decode_digest,
    full_object_checksum,
)
from proxy.errors import S3Code, S3Error
from proxy.headers import CHECKSUM_PREFIX
from proxy.multipart import COMPOSITE, FULL_OBJECT, TYPE_HEADER
from proxy.xml import Element, malformed

_SIZE_HEADER: Final = "x-amz-mp-object-size"
_CHECKSUM_ELEMENT: Final = "Checksum"
_is_md5: Final = re.compile(r"[0-9a-f]{32}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class ListedPart:
    """A part as the client remembers it: its ETag without quotes, and checksums by S3's names, as they were sent."""

    number: int
    etag: str
    checksums: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Whole:
    """What a request says of the content as a whole: None where it says nothing."""

    algorithm: str | None
    checksum: str | None
    checksum_type: str | None
    length_bytes: int | None


def read_whole(headers: Mapping[str, str]) -> Whole:
    """Read what the headers say of the whole.

    Raises: S3Error (InvalidRequest).
    """
    given = {name: headers[CHECKSUM_PREFIX + name] for name in ALGORITHMS if CHECKSUM_PREFIX + name in headers}
    if len(given) > 1:
        raise _invalid("Expecting a single x-amz-checksum- header.")
    algorithm, checksum = next(iter(given.items()), (None, None))
    if algorithm is not None and checksum is not None:
        digest, dash, count = checksum.partition("-")
        if not _is_digest(algorithm, digest) or (dash and not (count.isascii() and count.isdigit())):
            raise _invalid(f"Value for {CHECKSUM_PREFIX}{algorithm} header is invalid.")
    size = headers.get(_SIZE_HEADER)
    if size is not None and not (size.isascii() and size.isdigit() and len(size) <= 19):
        raise _invalid(f"Value for {_SIZE_HEADER} header is invalid.")
    kind = headers.get(TYPE_HEADER)
    return Whole(algorithm, checksum, kind.upper() if kind else None, None if size is None else int(size))


def read_list(root: Element) -> tuple[ListedPart, ...]:
    """Read the list of parts, in its own order; of one that is named several times in a row the last counts, as in S3.

    Raises: S3Error (MalformedXML, InvalidRequest).
    """
    elements = root.all("Part")
    if not 1 <= len(elements) <= PART_NUMBER_MAX:
        raise malformed(f"it names {len(elements)} parts; 1 to {PART_NUMBER_MAX} are allowed")
    listed = tuple(_listed_part(element) for element in elements)
    for name in sorted({name for part in listed for name in part.checksums}):
        missing = next((part for part in listed if name not in part.checksums), None)
        if missing is not None:
            raise _invalid(
                f"The complete request must include the {name} checksum for each part, or for none."
                f" It was missing for part {missing.number} in the request."
            )
    return tuple(
        part for part, after in zip_longest(listed, listed[1:]) if after is None or after.number != part.number
    )


def _listed_part(element: Element) -> ListedPart:
    number, etag = element.text_of("PartNumber"), element.text_of("ETag")
    if number is None or etag is None:
        raise malformed("a Part has no PartNumber or no ETag")
    number = number.strip()
    if not (number.isascii() and number.isdigit() and len(number) <= 9):
        raise malformed("a PartNumber is no number")
    checksums = {
        child.name.removeprefix(_CHECKSUM_ELEMENT): child.text.strip()
        for child in element.children
        if child.name.startswith(_CHECKSUM_ELEMENT)
    }
    if not {name.lower() for name in checksums} <= ALGORITHMS.keys():
        raise malformed("a Part has a checksum of an unknown algorithm")
    return ListedPart(int(number), etag.strip().strip('"').lower(), checksums)


def listed_etag(listed: Sequence[ListedPart]) -> str | None:
    """ETag of the content that the list describes; None where one of its ETags is none of a part."""
    if not all(_is_md5(part.etag) for part in listed):
        return None
    return multipart_etag([part.etag for part in listed])


def choose(listed: Sequence[ListedPart], uploaded: Mapping[int, PartFacts]) -> tuple[PartFacts, ...]:
    """Parts that make up the content, as listed.

    Raises: S3Error (InvalidPartOrder, InvalidPart, EntityTooSmall, EntityTooLarge).
    """
    for before, part in pairwise(listed):
        if part.number <= before.number:
            raise S3Error(
                S3Code.INVALID_PART_ORDER,
                "The list of parts was not in ascending order. Parts must be ordered by part number.",
            )
    chosen = tuple(_chosen(part, uploaded.get(part.number)) for part in listed)
    for part in chosen[:-1]:
        if part.blob.length_bytes < PART_BYTES_MIN:
            raise S3Error(
                S3Code.ENTITY_TOO_SMALL,
                "Your proposed upload is smaller than the minimum allowed size",
                details={
                    "ProposedSize": str(part.blob.length_bytes),
                    "MinSizeAllowed": str(PART_BYTES_MIN),
                    "PartNumber": str(part.number),
                    "ETag": part.blob.md5,
                },
            )
    length = sum(part.blob.length_bytes for part in chosen)
    if length > OBJECT_BYTES_MAX:
        raise S3Error(
            S3Code.ENTITY_TOO_LARGE,
            "Your proposed upload exceeds the maximum allowed size",
            details={"ProposedSize": str(length), "MaxSizeAllowed": str(OBJECT_BYTES_MAX)},
        )
    return chosen


def _chosen(listed: ListedPart, uploaded: PartFacts | None) -> PartFacts:
    is_same = (
        uploaded is not None
        and listed.etag == uploaded.blob.md5
        and all(uploaded.checksums.get(name) == value for name, value in listed.checksums.items())
    )
    if uploaded is None or not is_same:
        raise S3Error(
            S3Code.INVALID_PART,
            "One or more of the specified parts could not be found. The part may not have been uploaded, or the"
            " specified entity tag or checksum may not match the part's.",
            details={"PartNumber": str(listed.number), "ETag": listed.etag},
        )
    return uploaded


def assemble(upload: UploadFacts, parts: Sequence[PartFacts], whole: Whole, content_id: str) -> NewContent:
    """Content of the chosen parts, checked against what was said of it.

    Only the checksums that Create declared are told of single parts.

    Raises: S3Error (InvalidRequest), ChecksumMismatch.
    """
    algorithm = upload.checksum_algorithm or DEFAULT_ALGORITHM.upper()
    kind = upload.checksum_type or FULL_OBJECT
    checksum = _combined(algorithm, kind, parts)
    content = NewContent(
        id=content_id,
        parts=tuple(PartFacts(part.number, part.blob, _declared(upload, part)) for part in parts),
        etag=multipart_etag([part.blob.md5 for part in parts]),
        md5=None,
        sha256=None,
        checksums={algorithm: checksum},
        checksum_type=kind,
        is_multipart=True,
    )
    if whole.checksum_type not in {None, kind}:
        raise _invalid(f"The upload was created with the {kind} checksum type, not {whole.checksum_type}.")
    for length in (whole.length_bytes, upload.declared.length_bytes):
        if length not in {None, content.length_bytes}:
            raise _invalid(f"The parts have {content.length_bytes} bytes, and {length} were declared.")
    if whole.algorithm is not None and whole.checksum is not None:
        _check_whole(upload, parts, whole.algorithm, whole.checksum, content)
    return content


def _declared(upload: UploadFacts, part: PartFacts) -> dict[str, str]:
    name = upload.checksum_algorithm
    return {} if name is None else {name: part.checksums[name]}


def _combined(name: str, kind: str, parts: Sequence[PartFacts]) -> str:
    algorithm = name.lower()
    digests = [decode_digest(algorithm, part.checksums[name]) for part in parts]
    if kind == COMPOSITE:
        return composite_checksum(algorithm, digests)
    lengths = (part.blob.length_bytes for part in parts)
    return full_object_checksum(algorithm, list(zip(digests, lengths, strict=True)))


def _check_whole(
    upload: UploadFacts, parts: Sequence[PartFacts], algorithm: str, checksum: str, content: NewContent
) -> None:
    """Compare the checksum declared for the whole; one that Create didn't declare, if the parts have it."""
    name = algorithm.upper()
    computed = content.checksums.get(name)
    if computed is None:
        is_combinable = ALGORITHMS[algorithm].combine is not None and all(name in part.checksums for part in parts)
        if upload.checksum_algorithm is not None or not is_combinable:
            created_with = (upload.checksum_algorithm or DEFAULT_ALGORITHM).lower()
            raise _invalid(f"The upload was created using the {created_with} checksum, not {algorithm}.")
        computed = _combined(name, FULL_OBJECT, parts)
    is_short = "-" not in checksum  # of a composite one some clients send the digest alone
    if checksum != (computed.partition("-")[0] if is_short else computed):
        raise ChecksumMismatch(f"The {name} you specified did not match the calculated checksum.")


def _is_digest(algorithm: str, text: str) -> bool:
    try:
        decode_digest(algorithm, text)
    except BadInput:
        return False
    return True


def _invalid(message: str) -> S3Error:
    return S3Error(S3Code.INVALID_REQUEST, message)
