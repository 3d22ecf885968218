"""What can change of where a resource belongs and of what its parents call it."""

from dataclasses import dataclass
from datetime import datetime

from domain.access import Level
from domain.resources import Kind


@dataclass(frozen=True, slots=True)
class ChildMoved:
    """A child leaves one parent for another, where it bears `name`; a home stays a home, a share keeps what it passes.

    The home's name is the child's own: a move that changes it says `renames`.
    """

    child_id: str
    child_kind: Kind
    from_id: str
    from_name: str
    to_id: str
    to_kind: Kind
    name: str
    renames: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ChildRenamed:
    """A parent calls a child otherwise from now on; the home's name is the child's own."""

    child_id: str
    child_kind: Kind
    parent_id: str
    parent_kind: Kind
    former_name: str
    name: str
    is_home: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ChildShared:
    """A child belongs to one more parent, which lets at most `passes` reach it."""

    child_id: str
    child_kind: Kind
    parent_id: str
    parent_kind: Kind
    name: str
    passes: Level
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ChildUnlinked:
    """A share is gone; the child stays in its home."""

    child_id: str
    child_kind: Kind
    parent_id: str
    name: str


@dataclass(frozen=True, slots=True)
class ProjectRenamed:
    """A project, and so a bucket, bears another name; open uploads to it go on under that."""

    project_id: str
    name: str
    at: datetime


HierarchyChange = ChildMoved | ChildRenamed | ChildShared | ChildUnlinked | ProjectRenamed
