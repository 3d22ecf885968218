"""What is noted of data classes, so that relaxing all that is below a container undoes nothing that came after it.

The Objects below are relaxed later, by tasks; instants tell what they may touch.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RelaxingBegun:
    """The Objects that have their home in a container are relaxed from now on, by a task."""

    container_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ClassKept:
    """An Object's class was chosen after whatever relaxing its home has begun: no such task touches it."""

    object_id: str
    at: datetime


ClassChange = RelaxingBegun | ClassKept
