"""What can change of Objects and their revisions."""

from dataclasses import dataclass
from datetime import datetime

from domain.contents import Content, ObjectHeaders
from domain.resources import DataClass, Kind, State, Versioning


@dataclass(frozen=True, slots=True)
class ObjectAdded:
    """A new Object with its home edge and Entry, without bytes yet."""

    id: str
    name: str
    parent_id: str
    parent_kind: Kind
    state: State
    title: str | None
    description: str | None
    data_class: DataClass
    metadata_license: str
    data_license: str
    at: datetime
    by: str
    authors: str | None = None


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


ObjectChange = ObjectAdded | RevisionPushedBack | RevisionPublished | ObjectStateChanged | ObjectRemoved
