"""What can change of uploads: revisions on their way."""

from dataclasses import dataclass
from datetime import datetime

from domain.contents import Declared, ObjectHeaders, PartFacts
from domain.resources import Versioning


@dataclass(frozen=True, slots=True)
class UploadAdded:
    """A revision on its way: to a key of a bucket (S3) or to an Object that exists (GraphQL)."""

    id: str
    project_id: str
    key: str
    object_id: str | None
    is_multipart: bool
    headers: ObjectHeaders
    declared: Declared
    checksum_algorithm: str | None
    checksum_type: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class PartAdded:
    """A part is durable; it replaces an earlier one of its number."""

    upload_id: str
    part: PartFacts
    at: datetime


@dataclass(frozen=True, slots=True)
class UploadFinished:
    """The upload was published: remembered for a while so that a repeated Complete answers the same."""

    id: str
    object_id: str
    version_id: str
    revision_number: int
    etag: str
    versioning: Versioning
    at: datetime


@dataclass(frozen=True, slots=True)
class UploadFailed:
    """The upload is over without a revision: aborted, wrong or too old."""

    id: str
    reason: str
    at: datetime


UploadChange = UploadAdded | PartAdded | UploadFinished | UploadFailed
