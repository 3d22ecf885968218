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
    RELATION_ADDED = "RELATION_ADDED"
    RELATION_REMOVED = "RELATION_REMOVED"
    GRANT_SET = "GRANT_SET"
    GRANT_REMOVED = "GRANT_REMOVED"


@dataclass(frozen=True, slots=True)
class Event:
    """One accepted change of one resource, written in the same transaction (the outbox)."""

    id: str
    kind: EventKind
    resource_id: str
    actor: str
    at: datetime
    revision_before: int | None
    revision_after: int | None
