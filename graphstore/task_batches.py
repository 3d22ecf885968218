"""Which function does a batch of each kind of task."""

from collections.abc import Mapping
from typing import Final

from domain.changes import TaskKind
from graphstore.crossing import relink_shares, unlink_shares
from graphstore.dropping import drop_pasts
from graphstore.relaxing import relax_objects
from graphstore.tasks import Batch

TASK_BATCHES: Final[Mapping[TaskKind, Batch]] = {
    TaskKind.UNLINK_SHARES: unlink_shares,
    TaskKind.RELINK_SHARES: relink_shares,
    TaskKind.DROP_PASTS: drop_pasts,
    TaskKind.RELAX_OBJECTS: relax_objects,
}
