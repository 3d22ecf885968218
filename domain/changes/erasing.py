"""What can change of revisions that go for good: their bytes erased, their words blanked, taken out of the chain."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class NewestErased:
    """An Object's newest revision lets its bytes go; the tombstone stays."""

    object_id: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RevisionErased:
    """An older revision lets its bytes go; it stays in the chain. `is_blanked`: its words go too."""

    version_id: str
    is_blanked: bool
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RevisionUnchained:
    """An older revision is taken out of the chain, which closes."""

    version_id: str


@dataclass(frozen=True, slots=True)
class ContentRemoved:
    """Bytes that nothing refers to any more: their keys are destroyed, the sweeper removes what they sealed."""

    content_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ObjectBlanked:
    """Title, description, authors, name and labels of a tombstone go, wherever they were remembered.

    Its name is its id from now on. `names` are (parent id, name) of its DELETED edges.
    """

    object_id: str
    names: tuple[tuple[str, str], ...]


ErasingChange = NewestErased | RevisionErased | RevisionUnchained | ContentRemoved | ObjectBlanked
