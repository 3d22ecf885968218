"""Everything a rule can decide to change in the graph: a closed union, turned into statements by graphstore/writing.py.

A rule returns its changes in the order in which they are to be applied; each accepted call ends with its Event.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from domain.access import Level
from domain.contents import Content, Declared, ObjectHeaders, PartFacts
from domain.relations import ExternalReference, RelationKind
from domain.resources import DataClass, Kind, State, Versioning

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ContainerAdded:
    """A new Project (parent_id None), Collection or Dataset with its home edge and Entry."""

    id: str
    kind: Kind
    name: str
    parent_id: str | None
    title: str | None
    description: str | None
    data_class: DataClass
    metadata_license: str
    data_license: str
    at: datetime
    by: str
    is_made_by_put: bool = False
    location_constraint: str | None = None


@dataclass(frozen=True, slots=True)
class ContainerHidden:
    """A container that a PUT made leaves with its last key: its name is free, its node stays to be revived."""

    id: str
    parent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ContainerRevived:
    """A hidden container is needed on the way of a key again."""

    id: str
    parent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ContainerRemoved:
    """An empty container becomes a tombstone; of a Project the bucket name is free again.

    `names` are (parent id, name) of every edge up.
    """

    id: str
    names: tuple[tuple[str, str], ...]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ObjectAdded:
    """A new Object with its home edge and Entry, without bytes yet."""

    id: str
    name: str
    parent_id: str
    state: State
    title: str | None
    description: str | None
    data_class: DataClass
    metadata_license: str
    data_license: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RevisionPushedBack:
    """The newest revision of an Object becomes a Revision node of its VERSION chain, with its content."""

    object_id: str


@dataclass(frozen=True, slots=True)
class RevisionPublished:
    """An Object shows new bytes: a new versionId and revision number, state AVAILABLE (or VALIDATING)."""

    object_id: str
    version_id: str
    revision_number: int
    content: Content
    headers: ObjectHeaders
    state: State
    versioning: Versioning
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CountersChanged:
    """Differences of a container's own counters: names, AVAILABLE Objects and their bytes."""

    container_id: str
    entries: int = 0
    objects: int = 0
    length_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ObjectStateChanged:
    """An Object's state moved without new bytes."""

    object_id: str
    state: State
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class ObjectRemoved:
    """An Object becomes a tombstone: DELETED edges to its former parents, its names free again."""

    object_id: str
    names: tuple[tuple[str, str], ...]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class FieldsChanged:
    """New values of a resource's own descriptive fields (`title`, `description`)."""

    resource_id: str
    values: Mapping[str, str | None]
    at: datetime


@dataclass(frozen=True, slots=True)
class VersioningSet:
    """What a bucket shows of revisions from now on."""

    project_id: str
    versioning: Versioning


@dataclass(frozen=True, slots=True)
class RelationAdded:
    """A typed edge between two resources, with the revisions that were the newest at either end."""

    id: str
    kind: RelationKind
    source_id: str
    target_id: str
    source_version_id: str | None
    target_version_id: str | None
    name: str | None
    note: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RelationRemoved:
    """The edge of this kind (and name, if CUSTOM) between the two is gone."""

    kind: RelationKind
    source_id: str
    target_id: str
    name: str | None


@dataclass(frozen=True, slots=True)
class ExternalRelationAdded:
    """A resource points at something outside; all that point at the same share one node."""

    id: str
    source_id: str
    source_version_id: str | None
    reference: ExternalReference
    note: str | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ExternalRelationRemoved:
    """A resource no longer points at it."""

    source_id: str
    reference: ExternalReference


@dataclass(frozen=True, slots=True)
class GrantSet:
    """A user's level on a resource, replacing an earlier grant."""

    user_id: str
    resource_id: str
    level: Level
    expires_at: datetime | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class GrantRemoved:
    """A user's grant on a resource is gone."""

    user_id: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class UserAdded:
    """A new, active user."""

    id: str
    display_name: str
    email: str | None
    is_administrator: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class UserStateChanged:
    """A user may, or may no longer, call anything."""

    id: str
    is_active: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenAdded:
    """An API token: only the SHA-256 of its secret is kept (hex)."""

    id: str
    user_id: str
    name: str
    secret_sha256: str
    expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """A token, and what was signed for it, is worth nothing any more."""

    id: str


@dataclass(frozen=True, slots=True)
class CredentialAdded:
    """An S3 key pair, its secret sealed. With a `token_id` it signs that token's URLs only, and dies with it."""

    access_key_id: str
    user_id: str
    name: str
    sealed_secret: str
    token_id: str | None
    expires_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CredentialRevoked:
    """An S3 key pair is worth nothing any more."""

    access_key_id: str


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


class EventKind(StrEnum):
    """What happened, as readers of the event stream see it."""

    CREATED = "CREATED"
    REVIVED = "REVIVED"
    HIDDEN = "HIDDEN"
    PUBLISHED = "PUBLISHED"
    UPLOAD_BEGUN = "UPLOAD_BEGUN"
    UPLOAD_FAILED = "UPLOAD_FAILED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    RELATION_ADDED = "RELATION_ADDED"
    RELATION_REMOVED = "RELATION_REMOVED"
    GRANT_SET = "GRANT_SET"
    GRANT_REMOVED = "GRANT_REMOVED"


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted change of one resource, written in the same transaction (the outbox)."""

    id: str
    kind: EventKind
    resource_id: str
    actor: str
    at: datetime
    revision_before: int | None
    revision_after: int | None


Change = (
    ContainerAdded
    | ContainerHidden
    | ContainerRevived
    | ContainerRemoved
    | ObjectAdded
    | RevisionPushedBack
    | RevisionPublished
    | CountersChanged
    | ObjectStateChanged
    | ObjectRemoved
    | FieldsChanged
    | VersioningSet
    | RelationAdded
    | RelationRemoved
    | ExternalRelationAdded
    | ExternalRelationRemoved
    | GrantSet
    | GrantRemoved
    | UserAdded
    | UserStateChanged
    | TokenAdded
    | TokenRevoked
    | CredentialAdded
    | CredentialRevoked
    | UploadAdded
    | PartAdded
    | UploadFinished
    | UploadFailed
    | Event
)


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What a rule decided: the changes to apply, in order, and what the caller is told."""

    changes: tuple[Change, ...]
    result: T
