"""Uploads begun in GraphQL: what a client says of the bytes, and where it sends them."""

from datetime import datetime

import strawberry

from domain.contents import Declared
from resolvers.headers import object_headers
from resolvers.uploads import FinishedPart, UploadRequest
from schema.scalars import BigInt, Sha256, Url


@strawberry.type(description="Where one part of an upload goes.")
class UploadPart:
    """Where one part of an upload goes."""

    number: int = strawberry.field(description="Number of the part, from 1.")
    url: Url = strawberry.field(description="Send the part here; keep the ETag of the answer.")


@strawberry.type(
    description="A revision on its way. Its URLs take just these bytes, need no further sign-in, and die with your "
    "token, your rights or after an hour."
)
class Upload:
    """A revision on its way."""

    id: strawberry.ID = strawberry.field(description="What `objectUploadFinish` and `objectUploadAbort` take.")
    method: str = strawberry.field(description="HTTP method to send with: PUT.")
    url: Url | None = strawberry.field(description="Send the bytes here; null for uploads in parts.")
    part_urls: list[UploadPart] = strawberry.field(description="Where the parts go; empty for uploads in one piece.")
    part_size_bytes: BigInt | None = strawberry.field(
        name="partSize",
        description="Bytes of each part but the last, so that all fit; null for one piece or without `contentLength`.",
    )
    expires_at: datetime = strawberry.field(description="When the URLs end, if nothing ends them before.")


@strawberry.input(description="One entry of user metadata (`x-amz-meta-*`).")
class MetadataEntryInput:
    """One entry of user metadata."""

    key: str = strawberry.field(description="Its name, without `x-amz-meta-`; made lower case.")
    value: str = strawberry.field(description="Its value: printable ASCII.")


@strawberry.input(description="What you say of the bytes to come. What is declared is verified.")
class ObjectUploadBeginInput:
    """What a caller says of the bytes to come."""

    content_type: str | None = strawberry.field(default=None, description="Media type; null for `binary/octet-stream`.")
    content_length: BigInt | None = strawberry.field(default=None, description="Length in bytes, if known.")
    sha256: Sha256 | None = strawberry.field(default=None, description="SHA-256; for uploads in one piece.")
    md5: str | None = strawberry.field(
        default=None, description="MD5 as 32 lower-case hex digits; for uploads in one piece."
    )
    parts: int | None = strawberry.field(
        default=None,
        description="In how many parts it comes: 1 to 1024, each of 5 MiB to 5 GiB, the last of any size. "
        "Null for one piece of at most 5 GiB.",
    )
    metadata: list[MetadataEntryInput] = strawberry.field(
        default_factory=list[MetadataEntryInput], description="User metadata, at most 2048 bytes in all."
    )

    def to_request(self) -> UploadRequest:
        """Give the use case's words.

        Raises: BadInput.
        """
        return UploadRequest(
            headers=object_headers(self.content_type, [(entry.key, entry.value) for entry in self.metadata]),
            declared=Declared(self.content_length, self.md5, self.sha256),
            parts=self.parts,
        )


@strawberry.input(description="A part that was sent.")
class UploadPartInput:
    """A part that was sent."""

    number: int = strawberry.field(description="Number of the part.")
    etag: str | None = strawberry.field(
        default=None, description="ETag that its PUT answered, to be compared; null to take the part as it came."
    )

    def to_part(self) -> FinishedPart:
        """Give the use case's words."""
        return FinishedPart(self.number, self.etag)
