"""What can change of tasks: what one transaction leaves to be finished in bounded batches (decision 0013)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TaskKind(StrEnum):
    """What is finished later; each kind has its batch in graphstore/task_batches.py."""

    UNLINK_SHARES = "UNLINK_SHARES"
    RELINK_SHARES = "RELINK_SHARES"
    DROP_PASTS = "DROP_PASTS"
    RELAX_OBJECTS = "RELAX_OBJECTS"


@dataclass(frozen=True, slots=True)
class TaskAdded:
    """Something to be finished for one container, by whichever process comes to it; `argument` is for its batches.

    A batch looks at what stands, so that one that isn't needed any more changes nothing.
    """

    id: str
    kind: TaskKind
    container_id: str
    argument: Mapping[str, str]
    at: datetime
    by: str


TaskChange = TaskAdded
