"""What a snapshot or an archive shows: ids of Objects in it, and who may see them (decision 0012).

An Object in a frozen container has the id `<container's id>:<Object's id>`, so that nobody takes it for the living one.
"""

from dataclasses import dataclass
from typing import Final

from domain.access import Level
from domain.identifiers import is_ulid
from domain.resources import DataClass

_SEPARATOR: Final = ":"


@dataclass(frozen=True, slots=True)
class FrozenId:
    """An Object as a frozen container shows it; `holder_id` is the container's id."""

    holder_id: str
    object_id: str

    def __str__(self) -> str:
        """Write it as clients see it."""
        return self.holder_id + _SEPARATOR + self.object_id


def parse_frozen_id(text: str) -> FrozenId | None:
    """Read the id of an Object in a frozen container; None if the text is no such id."""
    holder_id, separator, object_id = text.partition(_SEPARATOR)
    return FrozenId(holder_id, object_id) if separator and is_ulid(holder_id) and is_ulid(object_id) else None


@dataclass(frozen=True, slots=True)
class FrozenRights:
    """What decides who sees an Object in a frozen container.

    `by_holder` and `by_object` are the caller's levels by grants alone, on the container and on the living Object;
    `seen_class` is the class of the revision that is shown.
    """

    by_holder: Level
    holder_class: DataClass
    seen_class: DataClass
    by_object: Level
    object_class: DataClass


def frozen_level(rights: FrozenRights) -> Level:
    """Level on an Object in a frozen container: READ or NONE.

    A grant that reaches the container opens all in it, one that reaches the living Object this Object. Others see a
    revision that was PUBLIC, where the container is PUBLIC or the living Object still is: an older revision is never
    more open than the newest, save through a snapshot that is public.
    """
    if rights.by_holder >= Level.READ or rights.by_object >= Level.READ:
        return Level.READ
    is_open = DataClass.PUBLIC in {rights.holder_class, rights.object_class}
    return Level.READ if is_open and rights.seen_class is DataClass.PUBLIC else Level.NONE
