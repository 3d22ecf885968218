"""How names are kept for snapshots and renewed."""

from typing import Final

from graphstore.cypher.changes.writing import write

PAST_ENTRY_ADDED: Final = write(
    "keep past entries",
    "MATCH (r:Resource {id: row.child}) "
    "CREATE (:PastEntry {sort: row.sort, parentId: row.parent, childId: row.child, versionId: row.versionId, "
    "since: row.since, until: row.until})-[:NAMED]->(r)",
)

ENTRY_RENEWED: Final = write(
    "renew entries",
    "MATCH (entry:Entry {sort: row.sort}) SET entry.since = row.since WITH row "
    "MATCH (:Resource {id: row.child})-[edge:BELONGS_TO {name: row.name}]->(:Resource {id: row.parent}) "
    "SET edge.since = row.since",
)
