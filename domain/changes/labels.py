"""What can change of labels. They last from one number of their resource to another (decision 0012).

The number is an Object's revisionNumber (0 before its first bytes), a container's epoch.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LabelAdded:
    """A resource bears a label from this number on; it bears no other of the key."""

    id: str
    resource_id: str
    key: str
    value: str
    is_static: bool
    since: int
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class LabelEnded:
    """A resource no longer bears a label; below the number `until` it still shows it."""

    resource_id: str
    key: str
    value: str
    until: int


@dataclass(frozen=True, slots=True)
class LabelRemoved:
    """A label that no older number shows is gone."""

    resource_id: str
    key: str
    value: str


LabelChange = LabelAdded | LabelEnded | LabelRemoved
