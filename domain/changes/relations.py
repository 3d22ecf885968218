"""What can change of relations, between resources and to what is outside."""

from dataclasses import dataclass
from datetime import datetime

from domain.relations import ExternalReference, RelationKind


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


RelationChange = RelationAdded | RelationRemoved | ExternalRelationAdded | ExternalRelationRemoved
