"""Everything a rule can decide to change in the graph: a closed union, turned into statements by graphstore/writing/.

A rule returns its changes in the order in which they are to be applied; each accepted call ends with its Event.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.changes.accounts import (
    AccountChange,
    CredentialAdded,
    CredentialRevoked,
    GrantRemoved,
    GrantSet,
    TokenAdded,
    TokenRevoked,
    UserAdded,
    UserStateChanged,
)
from domain.changes.containers import (
    ContainerAdded,
    ContainerChange,
    ContainerHidden,
    ContainerRemoved,
    ContainerRevived,
    CountersChanged,
    VersioningSet,
)
from domain.changes.entries import EntryChange, EntryRenewed, PastEntryAdded
from domain.changes.events import Event, EventKind
from domain.changes.fields import FieldChange, FieldsChanged
from domain.changes.licenses import LicenseAdded, LicenseChange
from domain.changes.objects import (
    ObjectAdded,
    ObjectChange,
    ObjectRemoved,
    ObjectStateChanged,
    RevisionPublished,
    RevisionPushedBack,
)
from domain.changes.relations import (
    ExternalRelationAdded,
    ExternalRelationRemoved,
    RelationAdded,
    RelationChange,
    RelationRemoved,
)
from domain.changes.uploads import PartAdded, UploadAdded, UploadChange, UploadFailed, UploadFinished

T = TypeVar("T")

Change = (
    EntryChange
    | ContainerChange
    | ObjectChange
    | FieldChange
    | RelationChange
    | AccountChange
    | LicenseChange
    | UploadChange
    | Event
)


@dataclass(frozen=True, slots=True)
class Decision(Generic[T]):
    """What a rule decided: the changes to apply, in order, and what the caller is told."""

    changes: tuple[Change, ...]
    result: T


__all__ = [
    "AccountChange",
    "Change",
    "ContainerAdded",
    "ContainerChange",
    "ContainerHidden",
    "ContainerRemoved",
    "ContainerRevived",
    "CountersChanged",
    "CredentialAdded",
    "CredentialRevoked",
    "Decision",
    "EntryChange",
    "EntryRenewed",
    "Event",
    "EventKind",
    "ExternalRelationAdded",
    "ExternalRelationRemoved",
    "FieldChange",
    "FieldsChanged",
    "GrantRemoved",
    "GrantSet",
    "LicenseAdded",
    "LicenseChange",
    "ObjectAdded",
    "ObjectChange",
    "ObjectRemoved",
    "ObjectStateChanged",
    "PartAdded",
    "PastEntryAdded",
    "RelationAdded",
    "RelationChange",
    "RelationRemoved",
    "RevisionPublished",
    "RevisionPushedBack",
    "TokenAdded",
    "TokenRevoked",
    "UploadAdded",
    "UploadChange",
    "UploadFailed",
    "UploadFinished",
    "UserAdded",
    "UserStateChanged",
    "VersioningSet",
]
