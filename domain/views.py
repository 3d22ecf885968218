"""What a caller may see of resources: frozen, complete, ready for both faces to render."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.access import Level
from domain.authors import Author
from domain.changes import EventCounts, EventKind
from domain.contents import ObjectHeaders
from domain.relations import ExternalReference, RelationKind
from domain.resources import DEFAULT_LICENSE, DataClass, Kind, State, Versioning


@dataclass(frozen=True, slots=True)
class HeldView:
    """Where an Object is seen in a snapshot or archive: the frozen container, and what that calls it."""

    holder_id: str
    name: str


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One published state of an Object's bytes; digests are lower-case hex, None where not (yet) computed.

    `part_count` is 0 for an upload in one piece. `shown` is the bucket's versioning when it was published. `held` says
    that it is read through a frozen container; `object_id` is the living Object's then too. `erased_at`: its bytes are
    gone for good.
    """

    object_id: str
    version_id: str
    revision_number: int
    state: State
    length_bytes: int
    etag: str
    md5: str | None
    sha256: str | None
    checksums: Mapping[str, str]
    checksum_type: str
    part_count: int
    headers: ObjectHeaders
    data_class: DataClass
    shown: Versioning
    published_at: datetime
    published_by: str
    title: str | None = None
    description: str | None = None
    authors: tuple[Author, ...] = ()
    metadata_license: str = DEFAULT_LICENSE
    data_license: str = DEFAULT_LICENSE
    held: HeldView | None = None
    erased_at: datetime | None = None

    @property
    def content_type(self) -> str:
        """Media type of the bytes."""
        return self.headers.content_type


@dataclass(frozen=True, slots=True)
class FrozenView:
    """How a container that belongs to a snapshot or an archived project is read.

    Its names are those that `original_id` (of an archive: its own) showed in the epoch `epoch`. `root_id` is the
    snapshot that it belongs to, None in an archive; `version` stands on a snapshot's root alone. The `tree_` counters
    are those of all that is below it.
    """

    original_id: str
    epoch: int
    root_id: str | None
    version: str | None
    tree_objects: int
    tree_bytes: int
    tree_changed_at: datetime


@dataclass(frozen=True, slots=True)
class ContainerView:
    """A Project, Collection or Dataset with its own counters; `name` is the one its home gives it.

    `archived_at` stands on an archived project alone; `frozen` on all containers of archives and snapshots.
    """

    id: str
    kind: Kind
    name: str
    title: str | None
    description: str | None
    state: State
    data_class: DataClass
    metadata_license: str
    data_license: str
    revision: int
    level: Level
    created_at: datetime
    created_by: str
    updated_at: datetime
    changed_at: datetime
    entry_count: int
    object_count: int
    byte_count: int
    versioning: Versioning
    location_constraint: str | None
    archived_at: datetime | None = None
    frozen: FrozenView | None = None
    authors: tuple[Author, ...] = ()

    @property
    def state_reason(self) -> None:
        """Nothing: a container is there or it isn't."""
        return


@dataclass(frozen=True, slots=True)
class ObjectView:
    """An Object; `published` is its newest revision, None as long as it never had bytes.

    With `held` it is seen in a snapshot or archive, as it was: its id is `<container's id>:<Object's id>` then, and
    `published` the revision that is held.
    """

    id: str
    name: str
    title: str | None
    description: str | None
    state: State
    state_reason: str | None
    data_class: DataClass
    metadata_license: str
    data_license: str
    revision: int
    level: Level
    created_at: datetime
    created_by: str
    updated_at: datetime
    published: RevisionView | None
    authors: tuple[Author, ...] = ()
    held: HeldView | None = None
    kind: Kind = Kind.OBJECT

    @property
    def object_id(self) -> str:
        """Id of the Object itself, wherever it is seen."""
        return self.published.object_id if self.held and self.published else self.id

    @property
    def version_id(self) -> str | None:
        """The newest revision's versionId."""
        return self.published.version_id if self.published else None

    @property
    def revision_number(self) -> int | None:
        """The newest revision's number."""
        return self.published.revision_number if self.published else None

    @property
    def length_bytes(self) -> int | None:
        """Length of the newest revision's bytes."""
        return self.published.length_bytes if self.published else None

    @property
    def content_type(self) -> str | None:
        """Media type of the newest revision's bytes."""
        return self.published.content_type if self.published else None

    @property
    def etag(self) -> str | None:
        """ETag of the newest revision."""
        return self.published.etag if self.published else None


ResourceView = ContainerView | ObjectView


@dataclass(frozen=True, slots=True)
class NamedResource:
    """A child as its parent names it; `sort` is its place in the parent's order."""

    sort: str
    name: str
    resource: ResourceView


@dataclass(frozen=True, slots=True)
class ParentView:
    """One parent of a resource: its name there, whether it is the home, and what the edge lets pass."""

    parent: ContainerView
    name: str
    is_home: bool
    passes: Level
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class ShareView:
    """A container that a resource is shared into, for who has ADMIN on the resource, whether he sees that or not."""

    container_id: str
    name: str
    passes: Level
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class LabelView:
    """A label of a resource."""

    key: str
    value: str
    is_static: bool
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class RelationView:
    """One relation of the resource `own_id`, seen from it; `is_outgoing` tells which end it is."""

    id: str
    own_id: str
    kind: RelationKind
    name: str | None
    note: str | None
    is_outgoing: bool
    other: ResourceView
    source_version_id: str | None
    target_version_id: str | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class ExternalRelationView:
    """One resource pointing outside."""

    id: str
    reference: ExternalReference
    note: str | None
    source_version_id: str | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class LineageStep:
    """An edge met on a walk, in the direction in which it stands."""

    kind: RelationKind
    name: str | None
    source_id: str
    target_id: str


@dataclass(frozen=True, slots=True)
class LineageNode:
    """A resource met on a walk: how many edges away, and one shortest way to it."""

    resource: ResourceView
    depth: int
    path: tuple[LineageStep, ...]


@dataclass(frozen=True, slots=True)
class GrantView:
    """A user's level on a resource."""

    user_id: str
    display_name: str
    resource_id: str
    level: Level
    expires_at: datetime | None
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One accepted change, numbered after its commit. `counts` of what a recursive call changed below its root."""

    number: int
    id: str
    kind: EventKind
    at: datetime
    actor_id: str | None
    resource_id: str
    revision_before: int | None
    revision_after: int | None
    counts: EventCounts | None


@dataclass(frozen=True, slots=True)
class UserView:
    """A user."""

    id: str
    display_name: str
    email: str | None
    is_administrator: bool
    is_active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TokenView:
    """An API token without its secret."""

    id: str
    name: str
    expires_at: datetime
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CredentialView:
    """An S3 key pair without its secret."""

    access_key_id: str
    name: str
    expires_at: datetime | None
    created_at: datetime
