"""What the model holds: plain values, one Thing for each resource that ever was.

A snapshot or archive is a deep copy of what it shows (FrozenContainer), taken when it was made: nothing clever, so that
the clever ways of the store have something to be compared with.
"""

from dataclasses import dataclass, field
from typing import Final

from domain.access import Level
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass, Kind, State

ALL_RIGHTS_RESERVED: Final = "AllRightsReserved"

RelationKey = tuple[RelationKind, int, str | None]
"""Kind, target and, of a CUSTOM relation, its name: what tells two relations of one source apart."""

CitationKey = tuple[ExternalType, str, str | None]
"""Type, value and, of a CUSTOM reference, its name."""


@dataclass(frozen=True)
class Link:
    """A relation as a caller names it: to a resource."""

    kind: RelationKind
    target: int
    name: str | None = None

    @property
    def key(self) -> RelationKey:
        """What tells it apart."""
        return self.kind, self.target, self.name


@dataclass(frozen=True)
class Citation:
    """An external relation as a caller names it; the value is written as the system writes it."""

    type: ExternalType
    value: str
    name: str | None = None

    @property
    def key(self) -> CitationKey:
        """What tells it apart."""
        return self.type, self.value, self.name


@dataclass(frozen=True)
class Label:
    """The value of a label."""

    value: str
    is_static: bool = False


@dataclass(frozen=True)
class Bytes:
    """The bytes of a revision, as far as anyone compares them."""

    etag: str
    length: int


@dataclass
class Edge:
    """One way up: a child below a parent, or, of a tombstone, where it stood.

    `is_seen`: a snapshot or archive has been made of the parent since it began to show what it shows by this name.
    """

    name: str
    is_home: bool
    passes: Level
    is_seen: bool = False


@dataclass
class Words:
    """What describes a resource: what a snapshot freezes of it beside bytes and children.

    Relations and citations carry the numbers of the revisions that were the newest at their ends when they were made.
    """

    title: str | None = None
    description: str | None = None
    authors: tuple[str, ...] = ()
    metadata_license: str = ALL_RIGHTS_RESERVED
    data_license: str = ALL_RIGHTS_RESERVED
    labels: dict[str, Label] = field(default_factory=dict[str, Label])
    relations: dict[RelationKey, tuple[int | None, int | None]] = field(
        default_factory=dict[RelationKey, tuple[int | None, int | None]]
    )
    citations: dict[CitationKey, int | None] = field(default_factory=dict[CitationKey, int | None])


@dataclass
class Revision:
    """One state of an Object."""

    number: int
    bytes: Bytes
    words: Words
    is_erased: bool = False


@dataclass
class FrozenObject:
    """An Object as a snapshot shows it."""

    id: int
    number: int
    bytes: Bytes
    words: Words


@dataclass
class FrozenContainer:
    """A container as a snapshot shows it: a deep copy of its words and of all below it.

    Children by (name, whether it is a container): the two may share a name.
    """

    id: int
    words: Words
    containers: "dict[str, FrozenContainer]"
    objects: dict[str, FrozenObject]

    def find(self, container_id: int) -> "FrozenContainer | None":
        """It, or a container somewhere in it."""
        if self.id == container_id:
            return self
        found = (below.find(container_id) for below in self.containers.values())
        return next((one for one in found if one is not None), None)

    def shows(self, object_id: int, number: int) -> bool:
        """Whether the revision is anywhere in it."""
        return any((shown.id, shown.number) == (object_id, number) for shown in self.objects.values()) or any(
            below.shows(object_id, number) for below in self.containers.values()
        )


@dataclass
class Thing:
    """A resource, as it is now. Of an Object's revisions the newest is last, and its words are the Object's.

    A snapshot is a Thing too, with what it shows in `view`; an archived project keeps what it shows there, and all
    containers in it are archived. `deletion` is the delete that took it; `state_before` what a restore gives back.
    `policies` are POLICY relations, of which no snapshot knows.
    """

    id: int
    kind: Kind
    creator: str
    words: Words
    data_class: DataClass
    parents: dict[int, Edge]
    state: State = State.AVAILABLE
    state_before: State = State.AVAILABLE
    deletion: int | None = None
    revision: int = 0
    grants: dict[str, Level] = field(default_factory=dict[str, Level])
    bucket: str = ""
    is_made_by_put: bool = False
    is_hidden: bool = False
    is_archived: bool = False
    was_snapshotted: bool = False
    policies: dict[int, tuple[int | None, int | None]] = field(default_factory=dict[int, tuple[int | None, int | None]])
    revisions: list[Revision] = field(default_factory=list[Revision])
    snapshot_of: int | None = None
    version: str | None = None
    view: FrozenContainer | None = None

    @property
    def home(self) -> int | None:
        """The home's id (of a tombstone: the former home's); Projects and snapshots have none."""
        return next((parent for parent, edge in self.parents.items() if edge.is_home), None)

    @property
    def name(self) -> str:
        """What its home calls it; a Project's and a snapshot's own name."""
        return self.bucket if self.home is None else self.parents[self.home].name

    @property
    def is_container(self) -> bool:
        return self.kind is not Kind.OBJECT

    @property
    def newest(self) -> Revision | None:
        return self.revisions[-1] if self.revisions else None

    @property
    def number(self) -> int | None:
        return self.revisions[-1].number if self.revisions else None


@dataclass
class Upload:
    """A revision on its way."""

    id: int
    user: str
    object_id: int
    is_open: bool = True


@dataclass(frozen=True)
class Published:
    """What a publication became."""

    object_id: int
    number: int
