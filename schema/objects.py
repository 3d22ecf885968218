"""Objects: bytes with metadata, and the chain of their revisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import strawberry

from domain.resources import DataClass
from domain.views import LabelView, ObjectView, RevisionView, UserView
from resolvers import frozen, objects, urls
from schema.describing import Author, Label
from schema.fields import answered_by
from schema.info import Info
from schema.pages import After, Connection, PageInfo, Size, connection, itself
from schema.resources import Resource
from schema.scalars import BigInt, Sha256, Url
from schema.users import User

ExpiresIn = Annotated[int | None, strawberry.argument(description="For how many seconds: 1 to 3600; null for 3600.")]


@strawberry.type(description="A checksum that S3 clients know.")
class S3Checksum:
    """A checksum that S3 clients know."""

    algorithm: str = strawberry.field(description="Its algorithm: CRC32, CRC32C, CRC64NVME, SHA1, SHA256 …")
    value: str = strawberry.field(description="Base64; of a composite one followed by `-` and the number of parts.")


def _s3_checksums(root: strawberry.Parent[RevisionView]) -> list[S3Checksum]:
    return [S3Checksum(algorithm=name, value=value) for name, value in sorted(root.checksums.items())]


@strawberry.type(description="Checksums of the bytes.")
class Checksums:
    """Checksums of the bytes of a revision."""

    sha256: Sha256 | None = strawberry.field(
        description="SHA-256 of the whole; of uploads in parts it appears a while after they are finished."
    )
    md5: str | None = strawberry.field(
        description="MD5 of the whole, as hex digits; of uploads in parts it appears a while after they are finished."
    )
    s3: list[S3Checksum] = answered_by(_s3_checksums, "What S3 answers, by algorithm.")


@strawberry.type(description="One entry of user metadata (`x-amz-meta-*`).")
class MetadataEntry:
    """One entry of user metadata."""

    key: str = strawberry.field(description="Its name, in lower case, without `x-amz-meta-`.")
    value: str = strawberry.field(description="Its value.")


def _entries(revision: RevisionView | None) -> list[MetadataEntry]:
    if revision is None:
        return []
    return [MetadataEntry(key=key, value=value) for key, value in sorted(revision.headers.user_metadata.items())]


def _revision_metadata(root: strawberry.Parent[RevisionView]) -> list[MetadataEntry]:
    return _entries(root)


def _revision_checksums(root: strawberry.Parent[RevisionView]) -> RevisionView:
    return root


async def _revision_url(root: strawberry.Parent[RevisionView], info: Info, expires_in: ExpiresIn = None) -> str | None:
    return await urls.download_url(info.context, root, expires_in)


async def _revision_labels(root: strawberry.Parent[RevisionView], info: Info) -> Sequence[LabelView]:
    return await info.context.loaders.labels_at.load((root.object_id, root.revision_number))


async def _publisher(root: strawberry.Parent[RevisionView], info: Info) -> UserView | None:
    return await info.context.loaders.users.load(root.published_by)


@strawberry.type(
    description="One published state of an Object: its bytes and what describes them. It never changes once another "
    "follows. Who reads an Object only because it is PUBLIC sees those of its older revisions that were PUBLIC too."
)
class Revision:
    """One published state of an Object."""

    version_id: strawberry.ID = strawberry.field(description="ULID of the revision; S3's versionId.")
    revision_number: int = strawberry.field(description="Place in the chain, from 0.")
    length_bytes: BigInt = strawberry.field(name="contentLength", description="Length in bytes.")
    content_type: str = strawberry.field(description="Media type.")
    etag: str = strawberry.field(
        description="ETag without quotes: the MD5, or of uploads in parts S3's form with `-N`."
    )
    checksums: Checksums = answered_by(_revision_checksums, "Checksums of the bytes.")
    metadata: list[MetadataEntry] = answered_by(_revision_metadata, "User metadata, by key.")
    title: str | None = strawberry.field(description="Title for people that the Object had with it.")
    description: str | None = strawberry.field(description="What it was about.")
    authors: list[Author] = strawberry.field(description="Who made it, in the order that they gave.")
    metadata_license: str = strawberry.field(description="Licence of its metadata: an SPDX id, or AllRightsReserved.")
    data_license: str = strawberry.field(description="Licence of its data: an SPDX id, or AllRightsReserved.")
    data_class: DataClass = strawberry.field(description="How open it is to those without a grant.")
    labels: list[Label] = answered_by(_revision_labels, "Labels that the Object bore with it, by key.")
    published_at: datetime = strawberry.field(description="When it became visible.")
    published_by: User | None = answered_by(_publisher, "Who published it.")
    erased_at: datetime | None = strawberry.field(description="When its bytes were erased; null while they are there.")
    download_url: Url | None = answered_by(
        _revision_url,
        "A URL that gets these bytes without further sign-in, while your token and rights last; null "
        "without a token, for deleted Objects and for what was erased.",
    )


@strawberry.type(description="A revision in a list.")
class RevisionEdge:
    """A revision in a list."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: Revision = strawberry.field(description="The revision.")


@strawberry.type(description="A page of an Object's revisions, newest first.")
class RevisionConnection:
    """A page of revisions."""

    edges: list[RevisionEdge] = strawberry.field(description="The revisions with their cursors.")
    nodes: list[Revision] = strawberry.field(description="The revisions alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")


def _metadata(root: strawberry.Parent[ObjectView]) -> list[MetadataEntry]:
    return _entries(root.published)


def _checksums(root: strawberry.Parent[ObjectView]) -> RevisionView | None:
    return root.published


async def _revisions(
    root: strawberry.Parent[ObjectView], info: Info, first: Size, after: After = None
) -> Connection[RevisionView]:
    page = await objects.list_revisions(info.context, root, first=first, after=after)
    return connection(objects.LISTING, page, node_of=itself)


async def _revision_at(
    root: strawberry.Parent[ObjectView],
    info: Info,
    version_id: Annotated[strawberry.ID, strawberry.argument(description="The revision's versionId.")],
) -> RevisionView | None:
    return await objects.find_revision(info.context, root, str(version_id))


async def _download_url(root: strawberry.Parent[ObjectView], info: Info, expires_in: ExpiresIn = None) -> str | None:
    return await urls.download_url(info.context, root.published, expires_in)


async def _snapshot_of(root: strawberry.Parent[ObjectView], info: Info) -> ObjectView | None:
    return await frozen.load_living(info.context, root)


LazyObject = Annotated["Object", strawberry.lazy("schema.objects")]


@strawberry.type(
    description="Bytes with metadata. Its id stays the same through every overwrite. In a snapshot or archive it is "
    "shown as it was, under an id of its own."
)
class Object(Resource):
    """Bytes with metadata."""

    version_id: strawberry.ID | None = strawberry.field(
        description="versionId of the newest revision; null, as all that tells of bytes, while there are none."
    )
    revision_number: int | None = strawberry.field(description="Number of the newest revision, from 0.")
    length_bytes: BigInt | None = strawberry.field(name="contentLength", description="Length in bytes.")
    content_type: str | None = strawberry.field(description="Media type.")
    etag: str | None = strawberry.field(
        description="ETag without quotes: the MD5, or of uploads in parts S3's form with `-N`."
    )
    checksums: Checksums | None = answered_by(_checksums, "Checksums of the newest revision.")
    metadata: list[MetadataEntry] = answered_by(_metadata, "User metadata of the newest revision, by key.")
    revisions: RevisionConnection = answered_by(
        _revisions, "All revisions, newest first. In a snapshot from the one that it holds."
    )
    revision_at: Revision | None = answered_by(
        _revision_at, "One revision; null where there is none of that versionId."
    )
    snapshot_of: LazyObject | None = answered_by(
        _snapshot_of, "The living Object of one in a snapshot or archive, if you may see it; null for a living one."
    )
    download_url: Url | None = answered_by(
        _download_url,
        "A URL that gets the newest bytes without further sign-in, while your token and rights last; "
        "null without a token, and where there is nothing to read.",
    )

    @classmethod
    def is_type_of(cls, obj: object, _: object) -> bool:
        """Whether a value is shown by this type."""
        return isinstance(obj, ObjectView)
