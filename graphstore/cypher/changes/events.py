"""How events are written: the outbox, and what waits for numbers in it (graphstore/cypher/sequencing.py).

Each event raises its resource's lockCount and bears it, so that a resource's events have an order of their own. A row
holds all events of one resource: Cypher runs a clause for all rows before the next one, so several rows of a resource
would all bear the last count.
"""

from typing import Final, LiteralString

from graphstore.cypher.changes.writing import write
from graphstore.cypher.locking import take

_NODES: Final[LiteralString] = (
    "UNWIND range(1, size(row.events)) AS nth WITH row.events[nth - 1] AS told, before + nth AS lockCount "
    "CREATE (e:Event) SET e = told, e.lockCount = lockCount "
    "CREATE (:PendingEvent {id: told.id, resourceId: told.resourceId, lockCount: lockCount})"
)

EVENT_OF_NEW: Final = write("write events of new resources", "WITH row, -size(row.events) AS before " + _NODES)
"""The counts end at 0, which is what a new Object's own lockCount is: no look at it is needed."""


EVENT: Final = write(
    "write events",
    "OPTIONAL MATCH (r:Resource {id: row.resourceId}) "
    + take("r")
    + "SET r.lockCount = r.lockCount + size(row.events) "
    "WITH row, coalesce(r.lockCount, 0) - size(row.events) AS before " + _NODES,
)
