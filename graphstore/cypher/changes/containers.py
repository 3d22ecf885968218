"""How changes of containers are written."""

from typing import Final

from domain.resources import Kind
from graphstore.cypher.changes.writing import BELOW, CONTAINER_ENTRY, write
from graphstore.cypher.locking import lock

PROJECT_ADDED: Final = write("add projects", "CREATE (r:Resource:Project) SET r = row.node")


CONTAINER_ADDED: Final = {
    Kind.COLLECTION: write(
        "add collections",
        "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Collection) SET r = row.node WITH row, parent, r "
        + BELOW
        + CONTAINER_ENTRY,
    ),
    Kind.DATASET: write(
        "add datasets",
        "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Dataset) SET r = row.node WITH row, parent, r "
        + BELOW
        + CONTAINER_ENTRY,
    ),
}
"""By kind: labels stand in the text, and a statement that matches parents doesn't see those it makes itself."""


CONTAINER_HIDDEN: Final = write(
    "hide containers",
    "MATCH (entry:Entry {sort: row.sort})-[:NAMES]->(r:Resource {id: row.id}) "
    "SET r.hidden = true DETACH DELETE entry CREATE (:FormerEntry {sort: row.sort})-[:FORMERLY]->(r)",
)


CONTAINER_REVIVED: Final = write(
    "revive containers",
    "MATCH (parent:Resource {id: row.parent}) "
    "MATCH (former:FormerEntry {sort: row.sort})-[:FORMERLY]->(r:Resource {id: row.id}) "
    "MATCH (r)-[edge:BELONGS_TO {home: true}]->(parent) "
    "SET r.hidden = false, edge.since = parent.epoch DETACH DELETE former " + CONTAINER_ENTRY,
)


CONTAINER_REMOVED: Final = write(
    "remove containers",
    "MATCH (r:Resource {id: row.id}) "
    "SET r.state = 'DELETED', r.deletionId = row.deletion, r.bucket = null, r.updatedAt = row.at, "
    "r.revision = r.revision + 1 "
    "WITH row, r UNWIND row.names AS former "
    "MATCH (r)-[edge:BELONGS_TO {name: former.name}]->(parent:Resource {id: former.parent}) "
    "MATCH (entry:Entry {sort: former.sort})-[:NAMES]->(r) "
    "CREATE (r)-[:DELETED {home: edge.home, passes: edge.passes, name: edge.name, createdAt: row.at, "
    "createdBy: row.by}]->(parent) "
    "CREATE (:FormerEntry {sort: former.sort, at: row.at})-[:FORMERLY]->(r) "
    "DELETE edge DETACH DELETE entry",
)


COUNTERS_CHANGED: Final = write(
    "change counters",
    "MATCH (r:Resource {id: row.id}) "
    + lock("r")
    + "SET r.entries = r.entries + row.entries, r.objects = r.objects + row.objects, "
    "r.bytes = r.bytes + row.bytes, r.changedAt = row.at",
)


VERSIONING_SET: Final = write(
    "set versioning", "MATCH (p:Resource {id: row.id}) SET p.versioning = row.versioning, p.revision = p.revision + 1"
)
