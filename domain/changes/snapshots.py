"""What can change by snapshots and archives: frozen containers made and deleted, epochs raised, projects frozen."""

from dataclasses import dataclass
from datetime import datetime

from domain.resources import Kind


@dataclass(frozen=True, slots=True)
class FrozenAdded:
    """A container as it is now, for good: a node of a snapshot, with the fields of its original.

    It shows the names of `original_id` in `epoch`. The counters are the container's own then, `tree_...` those of all
    below it besides. The snapshot itself (`id` is `root_id`) has a `version` and the `version_identity` that is taken.
    """

    id: str
    original_id: str
    kind: Kind
    root_id: str
    epoch: int
    entries: int
    objects: int
    length_bytes: int
    changed_at: datetime
    tree_objects: int
    tree_bytes: int
    tree_changed_at: datetime
    at: datetime
    by: str
    version: str | None = None
    version_identity: str | None = None


@dataclass(frozen=True, slots=True)
class FrozenLinked:
    """A container of a snapshot stands below another one of it, under this name."""

    child_id: str
    parent_id: str
    name: str
    is_home: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class EpochRaised:
    """What a container shows from now on, a snapshot that was just made doesn't see."""

    container_id: str


@dataclass(frozen=True, slots=True)
class LatestVersionSet:
    """A container has (or had) snapshots; its highest release is this one, if any is left."""

    original_id: str
    version_identity: str | None


@dataclass(frozen=True, slots=True)
class SnapshotRemoved:
    """A snapshot and all its containers are tombstones; its version stays taken."""

    id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ContainerFrozen:
    """A container of an archive shows from now on what it shows in this epoch, which ends."""

    container_id: str
    epoch: int
    tree_objects: int
    tree_bytes: int
    tree_changed_at: datetime


@dataclass(frozen=True, slots=True)
class ContainerThawed:
    """A container of a former archive shows its present again."""

    container_id: str


@dataclass(frozen=True, slots=True)
class ProjectArchived:
    """A project became an archive."""

    project_id: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ProjectUnarchived:
    """A project is no archive any more."""

    project_id: str
    at: datetime


SnapshotChange = (
    FrozenAdded
    | FrozenLinked
    | EpochRaised
    | LatestVersionSet
    | SnapshotRemoved
    | ContainerFrozen
    | ContainerThawed
    | ProjectArchived
    | ProjectUnarchived
)
