"""What can change of tombstones: they come back, and what they had elsewhere is remembered or forgotten."""

from dataclasses import dataclass
from datetime import datetime

from domain.resources import Kind, State


@dataclass(frozen=True, slots=True)
class ObjectRestored:
    """A tombstone of an Object lives again, under the name that its home gives it."""

    object_id: str
    name: str
    state: State
    at: datetime


@dataclass(frozen=True, slots=True)
class ContainerRestored:
    """A tombstone of a container lives again, with what it holds; a Project's name is its bucket's."""

    container_id: str
    kind: Kind
    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HomeRestored:
    """A tombstone has a home again: the former one or another."""

    child_id: str
    child_kind: Kind
    parent_id: str
    parent_kind: Kind
    name: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class ShareLost:
    """An Object whose home was deleted loses a share outside, which a DELETED edge remembers; the name is free."""

    object_id: str
    parent_id: str
    name: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class FormerNameForgotten:
    """What a tombstone was called in a former parent isn't remembered any more: it is back there, or won't be."""

    child_id: str
    child_kind: Kind
    parent_id: str
    name: str


RestoringChange = ObjectRestored | ContainerRestored | HomeRestored | ShareLost | FormerNameForgotten
