"""What an Object's bytes are: a content is an ordered list of blobs; copies share it, nothing moves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.errors import BadInput

DEFAULT_CONTENT_TYPE: Final = "binary/octet-stream"


def sameness(sha256: str, length_bytes: int) -> str:
    """Name bytes by what they are: `<sha256 in hex>:<length>`."""
    return f"{sha256}:{length_bytes}"


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """A sealed blob that is durable in a backend. `id` is 32 hex digits; digests are lower-case hex, of the plaintext.

    `wrapped_key` is the data key under the master key `key_id`.
    """

    id: str
    length_bytes: int
    sealed_bytes: int
    md5: str
    sha256: str
    key_id: str
    wrapped_key: bytes = field(repr=False)

    @property
    def sameness(self) -> str:
        """What blobs of equal bytes have in common: one blob of an installation bears it (decision 0018)."""
        return sameness(self.sha256, self.length_bytes)


@dataclass(frozen=True, slots=True)
class PartFacts:
    """One part of a content: where it starts, what it holds and its S3 checksums (algorithm -> base64)."""

    number: int
    blob: BlobFacts
    checksums: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class NewContent:
    """Bytes that no Object shows yet. md5 and sha256 are of the whole, None where several parts make it up.

    `checksums` maps S3 algorithm names to base64 (with `-N` where composite); `checksum_type` is COMPOSITE or
    FULL_OBJECT.
    """

    id: str
    parts: tuple[PartFacts, ...]
    etag: str
    md5: str | None
    sha256: str | None
    checksums: Mapping[str, str]
    checksum_type: str
    is_multipart: bool = False

    def __post_init__(self) -> None:
        """Check the shape."""
        assert self.parts, "an empty content has one empty part"

    @property
    def length_bytes(self) -> int:
        """Length of the whole plaintext."""
        return sum(part.blob.length_bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class ExistingContent:
    """Bytes that another Object or revision shows already: a copy refers to them and moves nothing."""

    id: str
    length_bytes: int
    etag: str


Content = NewContent | ExistingContent


@dataclass(frozen=True, slots=True)
class ObjectHeaders:
    """What S3 keeps beside the bytes, per revision; absent headers are None, user metadata has lower-case names."""

    content_type: str = DEFAULT_CONTENT_TYPE
    content_disposition: str | None = None
    content_encoding: str | None = None
    content_language: str | None = None
    cache_control: str | None = None
    expires: str | None = None
    user_metadata: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Declared:
    """What a client says of bytes before it sends them; hex digests, None where it says nothing."""

    length_bytes: int | None = None
    md5: str | None = None
    sha256: str | None = None


def single_content(content_id: str, blob: BlobFacts, checksums: Mapping[str, str]) -> NewContent:
    """Content of one upload in one piece: its ETag is the MD5 of the bytes."""
    return NewContent(
        id=content_id,
        parts=(PartFacts(1, blob, checksums),),
        etag=blob.md5,
        md5=blob.md5,
        sha256=blob.sha256,
        checksums=checksums,
        checksum_type="FULL_OBJECT",
    )


def multipart_etag(part_md5s: Sequence[str]) -> str:
    """MD5 of the parts' MD5s, `-`, the number of parts: what S3 shows for a multipart upload."""
    digests = b"".join(bytes.fromhex(md5) for md5 in part_md5s)
    return f"{hashlib.md5(digests, usedforsecurity=False).hexdigest()}-{len(part_md5s)}"


def check_declared(declared: Declared, *, field: tuple[str, ...] = ()) -> None:
    """Refuse declared digests that no bytes can have.

    Raises: BadInput.
    """
    if declared.length_bytes is not None and declared.length_bytes < 0:
        raise BadInput("a length is not negative", field=(*field, "contentLength"))
    for name, digest, digits in (("md5", declared.md5, 32), ("sha256", declared.sha256, 64)):
        if digest is not None and (len(digest) != digits or not set("0123456789abcdef").issuperset(digest)):
            raise BadInput(f"a {name} has {digits} lower-case hex digits", field=(*field, name))
