"""How open data classes are, and which way the class of a resource may move.

PUBLIC, PRIVATE and CONFIDENTIAL stand in one order. WORKSPACE stands apart: a workspace is claimed, not reclassified.
"""

from enum import StrEnum
from typing import Final, assert_never

from domain.errors import BadInput, FailedPrecondition
from domain.resources import DataClass, Kind

OPENNESS: Final = (DataClass.PUBLIC, DataClass.PRIVATE, DataClass.CONFIDENTIAL)
"""Most open first; WORKSPACE isn't among them."""


class ClassMove(StrEnum):
    """Which way a data class moves."""

    NONE = "NONE"
    RELAXED = "RELAXED"
    TIGHTENED = "TIGHTENED"


def relaxes(before: DataClass, after: DataClass) -> bool:
    """Whether `after` is more open than `before`; never so where either is WORKSPACE."""
    return _are_ordered(before, after) and OPENNESS.index(after) < OPENNESS.index(before)


def tightens(before: DataClass, after: DataClass) -> bool:
    """Whether `after` is less open than `before`; never so where either is WORKSPACE."""
    return relaxes(after, before)


def _are_ordered(before: DataClass, after: DataClass) -> bool:
    return before in OPENNESS and after in OPENNESS


def class_change(
    kind: Kind, resource_id: str, before: DataClass, after: DataClass, *, field: tuple[str, ...] = ()
) -> ClassMove:
    """Tell which way a resource's class would move: a container's can only be relaxed, an Object's tightened too.

    Tightening an Object makes a new revision; relaxing happens in place.

    Raises: BadInput (from or to WORKSPACE), FailedPrecondition (a container would be tightened).
    """
    if before is after:
        return ClassMove.NONE
    if not _are_ordered(before, after):
        message = (
            f"{kind.lower()} {resource_id} is {before.value} and can't become {after.value}: WORKSPACE is for"
            " workspaces, which are claimed"
        )
        raise BadInput(message, field=field)
    if relaxes(before, after):
        return ClassMove.RELAXED
    match kind:
        case Kind.OBJECT:
            return ClassMove.TIGHTENED
        case Kind.PROJECT | Kind.COLLECTION | Kind.DATASET:
            message = (
                f"{kind.lower()} {resource_id} is {before.value}: a container's class can only be relaxed; tighten the"
                f" Objects in it, or make a new {kind.lower()} that is {after.value}"
            )
            raise FailedPrecondition(message, field=field)
        case _:
            assert_never(kind)
