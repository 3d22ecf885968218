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
from domain.changes.classes import ClassChange, ClassKept, RelaxingBegun
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
from domain.changes.erasing import (
    ContentRemoved,
    ErasingChange,
    NewestErased,
    ObjectBlanked,
    RevisionErased,
    RevisionUnchained,
)
from domain.changes.events import Event, EventCounts, EventKind
from domain.changes.fields import FieldChange, FieldsChanged
from domain.changes.hierarchy import (
    ChildMoved,
    ChildRenamed,
    ChildShared,
    ChildUnlinked,
    HierarchyChange,
    ProjectRenamed,
)
from domain.changes.labels import LabelAdded, LabelChange, LabelEnded, LabelRemoved
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
    ExternalRelationEnded,
    ExternalRelationRemoved,
    RelationAdded,
    RelationChange,
    RelationEnded,
    RelationRemoved,
)
from domain.changes.restoring import (
    ContainerRestored,
    FormerNameForgotten,
    HomeRestored,
    ObjectRestored,
    RestoringChange,
    ShareLost,
)
from domain.changes.revisions import RevisionChange, RevisionRenewed
from domain.changes.snapshots import (
    ContainerFrozen,
    ContainerThawed,
    EpochRaised,
    FrozenAdded,
    FrozenLinked,
    LatestVersionSet,
    ProjectArchived,
    ProjectUnarchived,
    SnapshotChange,
    SnapshotRemoved,
)
from domain.changes.tasks import TaskAdded, TaskChange, TaskKind
from domain.changes.uploads import PartAdded, UploadAdded, UploadChange, UploadFailed, UploadFinished

T = TypeVar("T")

Change = (
    EntryChange
    | ContainerChange
    | HierarchyChange
    | ObjectChange
    | FieldChange
    | LabelChange
    | RevisionChange
    | ClassChange
    | RelationChange
    | AccountChange
    | LicenseChange
    | UploadChange
    | SnapshotChange
    | RestoringChange
    | ErasingChange
    | TaskChange
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
    "ChildMoved",
    "ChildRenamed",
    "ChildShared",
    "ChildUnlinked",
    "ClassChange",
    "ClassKept",
    "ContainerAdded",
    "ContainerChange",
    "ContainerFrozen",
    "ContainerHidden",
    "ContainerRemoved",
    "ContainerRestored",
    "ContainerRevived",
    "ContainerThawed",
    "ContentRemoved",
    "CountersChanged",
    "CredentialAdded",
    "CredentialRevoked",
    "Decision",
    "EntryChange",
    "EntryRenewed",
    "EpochRaised",
    "ErasingChange",
    "Event",
    "EventCounts",
    "EventKind",
    "ExternalRelationAdded",
    "ExternalRelationEnded",
    "ExternalRelationRemoved",
    "FieldChange",
    "FieldsChanged",
    "FormerNameForgotten",
    "FrozenAdded",
    "FrozenLinked",
    "GrantRemoved",
    "GrantSet",
    "HierarchyChange",
    "HomeRestored",
    "LabelAdded",
    "LabelChange",
    "LabelEnded",
    "LabelRemoved",
    "LatestVersionSet",
    "LicenseAdded",
    "LicenseChange",
    "NewestErased",
    "ObjectAdded",
    "ObjectBlanked",
    "ObjectChange",
    "ObjectRemoved",
    "ObjectRestored",
    "ObjectStateChanged",
    "PartAdded",
    "PastEntryAdded",
    "ProjectArchived",
    "ProjectRenamed",
    "ProjectUnarchived",
    "RelationAdded",
    "RelationChange",
    "RelationEnded",
    "RelationRemoved",
    "RelaxingBegun",
    "RestoringChange",
    "RevisionChange",
    "RevisionErased",
    "RevisionPublished",
    "RevisionPushedBack",
    "RevisionRenewed",
    "RevisionUnchained",
    "ShareLost",
    "SnapshotChange",
    "SnapshotRemoved",
    "TaskAdded",
    "TaskChange",
    "TaskKind",
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
