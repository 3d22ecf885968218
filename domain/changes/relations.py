"""What can change of relations, between resources and to what is outside.

They last from one number of their source to another (decision 0012): an Object's revisionNumber (0 before its first
bytes), a container's epoch. POLICY relations aren't part of what a snapshot shows: they have none.
"""

from dataclasses import dataclass
from datetime import datetime

from domain.relations import ExternalReference, RelationKind


@dataclass(frozen=True, slots=True)
class RelationAdded:
    """A typed edge between two resources, with the revisions that were the newest (or are meant) at either end."""

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
    since: int = 0


@dataclass(frozen=True, slots=True)
class RelationEnded:
    """An edge no longer stands; below the source's number `until` it still shows."""

    id: str
    kind: RelationKind
    source_id: str
    target_id: str
    until: int


@dataclass(frozen=True, slots=True)
class RelationRemoved:
    """An edge that no older number of its source shows is gone."""

    id: str
    kind: RelationKind
    source_id: str
    target_id: str


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
    since: int = 0


@dataclass(frozen=True, slots=True)
class ExternalRelationEnded:
    """A resource no longer points at it; below its number `until` it still shows that it did."""

    id: str
    source_id: str
    reference: ExternalReference
    until: int


@dataclass(frozen=True, slots=True)
class ExternalRelationRemoved:
    """A resource no longer points at it, and no older number of it shows that it did."""

    id: str
    source_id: str
    reference: ExternalReference


RelationChange = (
    RelationAdded
    | RelationEnded
    | RelationRemoved
    | ExternalRelationAdded
    | ExternalRelationEnded
    | ExternalRelationRemoved
)
