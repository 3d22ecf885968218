"""Closed sets of the schema: the domain's own enums, each value with its description.

Values that nothing here makes or takes yet are left out of the schema.
"""

from collections.abc import Mapping
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

import strawberry

from domain.access import Level
from domain.changes import EventKind
from domain.comparing import DifferenceKind
from domain.errors import Code
from domain.impact import ImpactAction
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass, Kind, Versioning
from domain.showing import ShownState

if TYPE_CHECKING:
    from strawberry.types.enum import StrawberryEnumDefinition


class Direction(StrEnum):
    """Which way relations are followed."""

    OUT = "OUT"
    IN = "IN"
    BOTH = "BOTH"


def _declare(enum: type[Enum], description: str, values: Mapping[Any, str], *, name: str | None = None) -> None:
    """Make a Python enum one of the schema, with those of its values that are described."""
    strawberry.enum(enum, name=name, description=description)
    definition = cast("StrawberryEnumDefinition", cast("Any", enum).__strawberry_definition__)
    described = {member.name: text for member, text in values.items()}
    definition.values = [value for value in definition.values if value.name in described]
    for value in definition.values:
        value.description = described[value.name]


USER_ERRORS: Final[Mapping[Code, str]] = {
    Code.FORBIDDEN: "You see the thing and may not do this with it.",
    Code.NOT_FOUND: "It isn't there, or you may not see it.",
    Code.BAD_USER_INPUT: "The argument itself is wrong, whatever is stored.",
    Code.ALREADY_EXISTS: "The name is taken.",
    Code.CONFLICT: "The thing has changed since you read it: `ifRevision` is stale.",
    Code.FAILED_PRECONDITION: "The state of the thing doesn't allow this.",
    Code.IMMUTABLE: "Archived or frozen: nothing changes it any more.",
    Code.CYCLE: "The relation would close a cycle.",
    Code.HIERARCHY: "These kinds can't stand in this relation.",
    Code.HOME_PARENT: "A resource always keeps its home.",
    Code.CHECKSUM_MISMATCH: "The bytes are not the ones that were declared.",
    Code.QUOTA_EXCEEDED: "There is no room left for this.",
}

_declare(Code, "Why a mutation was refused. Stable: branch on it.", USER_ERRORS, name="UserErrorCode")
_declare(
    Kind,
    "What a resource is. Projects hold all others; Objects hold bytes.",
    {
        Kind.PROJECT: "A root; for S3 clients a bucket.",
        Kind.COLLECTION: "Belongs to projects; holds datasets and Objects.",
        Kind.DATASET: "Belongs to projects and collections; holds Objects.",
        Kind.OBJECT: "Bytes with metadata; belongs to any container.",
    },
)
_declare(
    ShownState,
    "Where a resource is in its life. Containers are AVAILABLE or DELETED.",
    {
        ShownState.INITIALIZING: "Made, and waiting for its first bytes.",
        ShownState.AVAILABLE: "Can be read.",
        ShownState.UNAVAILABLE: "AVAILABLE by itself, but the store of the bytes doesn't answer at present.",
        ShownState.ERROR: "An upload failed or was aborted; begin another.",
        ShownState.DELETED: "A tombstone: its metadata stays, its name is free again.",
    },
    name="State",
)
_declare(
    DataClass,
    "How open a resource is to those without a grant.",
    {
        DataClass.PUBLIC: "Anyone reads its data and metadata.",
        DataClass.PRIVATE: "Read by grant.",
        DataClass.WORKSPACE: "Of a workspace that nobody has claimed yet.",
        DataClass.CONFIDENTIAL: "Read by grant, never indexed for others.",
    },
)
_declare(
    Level,
    "What a grant gives on a resource and all below it; each level includes those before it.",
    {
        Level.NONE: "Nothing.",
        Level.READ: "Metadata and bytes.",
        Level.APPEND: "Create children, upload new keys.",
        Level.WRITE: "Change metadata, upload new revisions, delete Objects, relate.",
        Level.ADMIN: "Delete containers, manage grants.",
    },
)
_declare(
    Versioning,
    "What S3 shows of the revisions that are all kept here.",
    {
        Versioning.OFF: "Never switched on: one version without a versionId.",
        Versioning.ENABLED: "Each revision has its versionId.",
        Versioning.SUSPENDED: "New revisions replace the one without a versionId.",
    },
)
_declare(
    RelationKind,
    "What a relation says.",
    {
        RelationKind.BELONGS_TO: "From child to parent. Made by creating; followed by `lineage`.",
        RelationKind.ORIGIN: "From a copy or derived resource to its older source, of the same kind.",
        RelationKind.METADATA: "From an Object that describes to what it describes.",
        RelationKind.CUSTOM: "From any resource to another, under a name of its own.",
        RelationKind.POLICY: "From a governed resource to the Object that holds the policy, one revision of it. "
        "Policies are kept and not evaluated yet.",
    },
)
_declare(
    ExternalType,
    "What an external reference is.",
    {
        ExternalType.URL: "An http, https, ftp or s3 URL.",
        ExternalType.DOI: "A DOI, kept as `10.1234/suffix` in lower case.",
        ExternalType.IDENTIFIER: "An accession, ORCID, Handle or other identifier.",
        ExternalType.CUSTOM: "Anything, under a name of its own.",
    },
)
_declare(
    EventKind,
    "What happened to a resource.",
    {
        EventKind.CREATED: "It was made.",
        EventKind.REVIVED: "It is needed for a key again, after it was hidden.",
        EventKind.HIDDEN: "It left with the last key below it.",
        EventKind.PUBLISHED: "It has a new revision.",
        EventKind.UPLOAD_BEGUN: "An upload of bytes for it has begun.",
        EventKind.UPLOAD_FAILED: "An upload of bytes for it failed or was aborted.",
        EventKind.UPDATED: "Fields of its own were changed.",
        EventKind.DELETED: "It was deleted.",
        EventKind.RENAMED: "It has another name below one of its parents.",
        EventKind.MOVED: "It, or a share of it, belongs to another parent than before.",
        EventKind.SHARED: "It belongs to one more parent.",
        EventKind.UNLINKED: "It belongs to a parent no more.",
        EventKind.CLONED: "It was made as a clone of another.",
        EventKind.SNAPSHOT_CREATED: "A snapshot of it was made.",
        EventKind.ARCHIVED: "It was archived, with all that has its home in it.",
        EventKind.UNARCHIVED: "It can be changed again.",
        EventKind.RELATION_ADDED: "A relation from it was added.",
        EventKind.RELATION_REMOVED: "A relation from it was removed.",
        EventKind.GRANT_SET: "Somebody was given a level on it.",
        EventKind.GRANT_REMOVED: "Somebody's level on it was taken away.",
        EventKind.LABELS_SET: "Labels of it were set.",
        EventKind.LABELS_REMOVED: "Labels of it were removed.",
        EventKind.DATA_CLASS_SET: "Its data class was changed.",
        EventKind.RESTORED: "It lives again, a container with all that was deleted with it.",
        EventKind.ERASED: "Bytes of it were erased for good: all, or those of an older revision.",
        EventKind.REVISION_REMOVED: "An older revision was taken out of its chain.",
    },
)
_declare(
    ImpactAction,
    "What could be done with a resource.",
    {
        ImpactAction.DELETE: "Delete it, a container with all that is in it.",
        ImpactAction.ARCHIVE: "Archive a project.",
        ImpactAction.ERASE: "Erase all bytes of an Object.",
        ImpactAction.TIGHTEN: "Give an Object a tighter data class.",
    },
)
_declare(
    Direction,
    "Which way relations are followed.",
    {
        Direction.OUT: "From source to target.",
        Direction.IN: "From target to source.",
        Direction.BOTH: "Either way.",
    },
)
_declare(
    DifferenceKind,
    "What happened to a resource between two views of a container.",
    {
        DifferenceKind.ADDED: "It is in the second one only.",
        DifferenceKind.REMOVED: "It is in the first one only.",
        DifferenceKind.CHANGED: "Its path shows other bytes, by SHA-256 (by length and ETag where that isn't known).",
        DifferenceKind.MOVED: "The same resource at another path; `before` and `after` tell what else of it changed.",
        DifferenceKind.FIELDS: "The same bytes with other words, authors, licences, class, headers or labels.",
    },
    name="SnapshotDifferenceKind",
)
