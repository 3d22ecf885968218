"""What is told of each accepted change (the outbox)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class EventKind(StrEnum):
    """What happened, as readers of the event stream see it."""

    CREATED = "CREATED"
    REVIVED = "REVIVED"
    HIDDEN = "HIDDEN"
    PUBLISHED = "PUBLISHED"
    UPLOAD_BEGUN = "UPLOAD_BEGUN"
    UPLOAD_FAILED = "UPLOAD_FAILED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"
    RENAMED = "RENAMED"
    MOVED = "MOVED"
    SHARED = "SHARED"
    UNLINKED = "UNLINKED"
    CLONED = "CLONED"
    SNAPSHOT_CREATED = "SNAPSHOT_CREATED"
    ARCHIVED = "ARCHIVED"
    UNARCHIVED = "UNARCHIVED"
    RELATION_ADDED = "RELATION_ADDED"
    RELATION_REMOVED = "RELATION_REMOVED"
    GRANT_SET = "GRANT_SET"
    GRANT_REMOVED = "GRANT_REMOVED"
    LABELS_SET = "LABELS_SET"
    LABELS_REMOVED = "LABELS_REMOVED"
    DATA_CLASS_SET = "DATA_CLASS_SET"
    RESTORED = "RESTORED"
    ERASED = "ERASED"
    REVISION_REMOVED = "REVISION_REMOVED"


@dataclass(frozen=True, slots=True)
class EventCounts:
    """How much below its root a recursive call changed, by kind; the root itself isn't counted."""

    collections: int = 0
    datasets: int = 0
    objects: int = 0


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted change of one resource, written in the same transaction (the outbox).

    A recursive call is one event of its root, with `counts`.
    """

    id: str
    kind: EventKind
    resource_id: str
    actor: str
    at: datetime
    revision_before: int | None
    revision_after: int | None
    counts: EventCounts | None = None
