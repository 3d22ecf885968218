"""How events are written: the outbox."""

from typing import Final

from graphstore.cypher.changes.writing import write

EVENT_OF_NEW: Final = write("write events of new resources", "CREATE (e:Event) SET e = row, e.lockCount = 0")


EVENT: Final = write(
    "write events",
    "OPTIONAL MATCH (r:Resource {id: row.resourceId}) "
    "CREATE (e:Event) SET e = row, e.lockCount = CASE WHEN r IS NULL THEN 0 ELSE r.lockCount END",
)
