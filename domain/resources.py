"""The kinds of resources and what rules need to know of one: frozen facts, as loaded under the locks of a rule."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.access import Level


class Kind(StrEnum):
    """What a resource is; Projects are the roots, Objects the leaves."""

    PROJECT = "PROJECT"
    COLLECTION = "COLLECTION"
    DATASET = "DATASET"
    OBJECT = "OBJECT"


CONTAINER_KINDS: Final = frozenset({Kind.PROJECT, Kind.COLLECTION, Kind.DATASET})


class State(StrEnum):
    """The stored states; UNAVAILABLE is how AVAILABLE reads while no location of the bytes answers."""

    INITIALIZING = "INITIALIZING"
    VALIDATING = "VALIDATING"
    AVAILABLE = "AVAILABLE"
    ERROR = "ERROR"
    DELETED = "DELETED"


class DataClass(StrEnum):
    """How open a resource is to those without a grant."""

    PUBLIC = "PUBLIC"
    PRIVATE = "PRIVATE"
    WORKSPACE = "WORKSPACE"
    CONFIDENTIAL = "CONFIDENTIAL"


class Versioning(StrEnum):
    """The bucket's versioning setting: what S3 shows of the revisions that the graph keeps."""

    OFF = "OFF"
    ENABLED = "ENABLED"
    SUSPENDED = "SUSPENDED"


DEFAULT_LICENSE: Final = "AllRightsReserved"


@dataclass(frozen=True, slots=True)
class Words:
    """What describes a resource, as it stands; `authors` as `domain.authors.authors_to_text` writes them."""

    title: str | None = None
    description: str | None = None
    authors: str | None = None


NO_WORDS: Final = Words()


@dataclass(frozen=True, slots=True)
class ParentEdge:
    """One BELONGS_TO (or, of a tombstone, DELETED) edge: the name belongs to the parent.

    `since` is the epoch of the parent from which on it shows under this name what it shows now: where that is before
    `parent_epoch`, a snapshot or archive has seen it (domain/past.py). `is_former`: a DELETED edge.
    """

    parent_id: str
    name: str
    is_home: bool
    passes: Level
    since: int = 0
    parent_epoch: int = 0
    parent_state: State = State.AVAILABLE
    is_parent_frozen: bool = False
    is_former: bool = False


@dataclass(frozen=True, slots=True)
class ContainerFacts:
    """A Project, Collection or Dataset; `level` is the caller's effective level on it.

    `entry_count` counts all names in it, `object_count` and `byte_count` its own AVAILABLE Objects.
    `is_plain`: a PUT made it, nobody has described, granted, related, snapshotted or shared it since, and it holds few
    names. `is_frozen`: it belongs to a snapshot or to an archived project, and nothing changes it any more; then it
    shows what its original (in an archive: itself) showed in the epoch `frozen_at`.
    """

    id: str
    kind: Kind
    name: str
    state: State
    level: Level
    data_class: DataClass
    revision: int
    epoch: int
    created_by: str
    parents: tuple[ParentEdge, ...]
    entry_count: int
    object_count: int
    byte_count: int
    is_plain: bool
    is_hidden: bool
    versioning: Versioning
    metadata_license: str
    data_license: str
    is_frozen: bool = False
    snapshot_of: str | None = None
    words: Words = NO_WORDS
    frozen_at: int | None = None

    def __post_init__(self) -> None:
        """Check the shape: containers are AVAILABLE or DELETED, and all but Projects have a home."""
        assert self.kind in CONTAINER_KINDS, "a container is no Object"
        assert self.state in {State.AVAILABLE, State.DELETED}, "containers are AVAILABLE or DELETED"
        is_root = self.kind is Kind.PROJECT or self.snapshot_of is not None
        assert self.home is not None or is_root, "all but Projects and roots of snapshots have a home"

    @property
    def home(self) -> ParentEdge | None:
        """The edge to the home parent; a Project has none."""
        for edge in self.parents:  # asked for each container of each request: no generator
            if edge.is_home:
                return edge
        return None


@dataclass(frozen=True, slots=True)
class PublishedFacts:
    """What an Object that has bytes shows: its newest revision."""

    version_id: str
    revision_number: int
    content_id: str
    length_bytes: int
    etag: str


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """An Object; `published` is None as long as it never had bytes.

    An Object whose home was deleted is DELETED with it, whatever its node says (`is_deleted_with_home`).
    `own_state` is its state without that (None: the same), by which containers count it.
    `former_shares`: the shares that it lost with its home, and may get back with it (domain/restoring.py).
    `is_in_past`: a snapshot or archive shows its newest revision under a former name.
    """

    id: str
    name: str
    state: State
    level: Level
    data_class: DataClass
    revision: int
    created_by: str
    parents: tuple[ParentEdge, ...]
    published: PublishedFacts | None
    is_in_past: bool = False
    is_deleted_with_home: bool = False
    former_shares: tuple[ParentEdge, ...] = ()
    own_state: State | None = None
    metadata_license: str = DEFAULT_LICENSE
    data_license: str = DEFAULT_LICENSE
    words: Words = NO_WORDS
    kind: Kind = Kind.OBJECT

    def __post_init__(self) -> None:
        """Check the shape: bytes where the state says so, and a home always."""
        assert self.state is not State.AVAILABLE or self.published is not None, "an AVAILABLE Object has bytes"
        assert sum(edge.is_home for edge in self.parents) == 1, "an Object always has one home"

    @property
    def home(self) -> ParentEdge:
        """The edge to the home parent (of a tombstone: to the former one)."""
        return next(edge for edge in self.parents if edge.is_home)

    @property
    def is_frozen(self) -> bool:
        """Whether it has its home in an archived project: nothing changes it any more, wherever it is shared."""
        return self.home.is_parent_frozen

    @property
    def is_held(self) -> bool:
        """Whether a snapshot or archive may show its newest revision, so that its fields don't change in place."""
        return self.published is not None and (
            self.is_in_past or any(edge.since < edge.parent_epoch for edge in self.parents)
        )

    @property
    def is_hidden(self) -> bool:
        """Only containers are hidden; an Object is deleted."""
        return False

    @property
    def snapshot_of(self) -> None:
        """Only containers have nodes of their own in a snapshot."""
        return


ResourceFacts = ContainerFacts | ObjectFacts
