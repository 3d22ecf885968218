"""What can change of containers: made, hidden, revived, removed, counted."""

from dataclasses import dataclass
from datetime import datetime

from domain.resources import DataClass, Kind, Versioning


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
    authors: str | None = None


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
    """A container becomes a tombstone by one deletion, with what it holds; of a Project the bucket name is free again.

    `names` are (parent id, name) of every edge to a parent that isn't deleted with it: those names are free again.
    """

    id: str
    deletion_id: str
    names: tuple[tuple[str, str], ...]
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
class VersioningSet:
    """What a bucket shows of revisions from now on."""

    project_id: str
    versioning: Versioning


ContainerChange = (
    ContainerAdded | ContainerHidden | ContainerRevived | ContainerRemoved | CountersChanged | VersioningSet
)
