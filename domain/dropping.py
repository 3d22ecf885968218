"""What no snapshot or archive shows any more is dropped later, in batches: which tasks do it, and what they drop."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from domain.changes import TaskAdded, TaskKind
from domain.stamps import Stamp

CONTAINERS_PER_TASK: Final = 200
CONTAINERS: Final = "containers"
"""Argument of a DROP_PASTS task: ids of the containers whose past it looks through, with spaces between."""


def drop_pasts(root_id: str, container_ids: Sequence[str], stamp: Stamp) -> list[TaskAdded]:
    """Make the tasks that look through the past of containers, of which a snapshot or archive is gone."""
    return [
        TaskAdded(
            id=stamp.new_id(),
            kind=TaskKind.DROP_PASTS,
            container_id=root_id,
            argument={CONTAINERS: " ".join(container_ids[start : start + CONTAINERS_PER_TASK])},
            at=stamp.now,
            by=stamp.caller.user_id,
        )
        for start in range(0, len(container_ids), CONTAINERS_PER_TASK)
    ]


def is_needed(since: int, until: int, epochs: Sequence[int]) -> bool:
    """Whether what a name showed in the epochs [since, until) is seen in one of these, given in ascending order."""
    at = bisect_left(epochs, since)
    return at < len(epochs) and epochs[at] < until
