"""What can change of an Object's revisions without new bytes."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RevisionRenewed:
    """An Object has a new newest revision with the bytes of the one that was pushed back in the same transaction."""

    object_id: str
    version_id: str
    revision_number: int
    at: datetime
    by: str


RevisionChange = RevisionRenewed
