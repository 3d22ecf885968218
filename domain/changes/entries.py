"""What can change of the names of a container beside their making: what snapshots of it still see."""

from dataclasses import dataclass

from domain.resources import Kind


@dataclass(frozen=True, slots=True)
class PastEntryAdded:
    """What a name showed in the epochs [since, until) of its parent, left behind because a snapshot may see it.

    `version_id` is the Object's revision then; None for containers.
    """

    parent_id: str
    name: str
    child_id: str
    child_kind: Kind
    version_id: str | None
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class EntryRenewed:
    """A name shows something new from this epoch of its parent on."""

    parent_id: str
    name: str
    child_id: str
    child_kind: Kind
    since: int


EntryChange = PastEntryAdded | EntryRenewed
