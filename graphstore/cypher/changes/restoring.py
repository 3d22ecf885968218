"""How tombstones are brought back, and how what they had outside of a deleted tree is remembered and forgotten."""

from typing import Final, LiteralString

from graphstore.cypher.changes.writing import BELOW, CONTAINER_ENTRY, write

FORMER_NAME_FORGOTTEN: Final = write(
    "forget former names",
    "MATCH (r:Resource {id: row.child})-[edge:DELETED {name: row.name}]->(:Resource {id: row.parent}) "
    "OPTIONAL MATCH (former:FormerEntry {sort: row.sort})-[:FORMERLY]->(r) "
    "DELETE edge DETACH DELETE former",
)

_HOME: Final[LiteralString] = "MATCH (r:Resource {id: row.child}) MATCH (parent:Resource {id: row.parent}) " + BELOW

CONTAINER_HOME_RESTORED: Final = write("restore homes of containers", _HOME + CONTAINER_ENTRY)

OBJECT_HOME_RESTORED: Final = write(
    "restore homes of objects",
    _HOME + "CREATE (:Entry {sort: row.sort, since: parent.epoch, versioned: row.versioned})-[:NAMES]->(r)",
)

SHARE_LOST: Final = write(
    "lose shares",
    "MATCH (o:Resource {id: row.object})-[edge:BELONGS_TO {name: row.name}]->(parent:Resource {id: row.parent}) "
    "MATCH (entry:Entry {sort: row.sort})-[:NAMES]->(o) "
    "CREATE (o)-[:DELETED {home: false, passes: edge.passes, name: edge.name, createdAt: row.at, "
    "createdBy: row.by}]->(parent) "
    "CREATE (:FormerEntry {sort: row.sort, at: row.at})-[:FORMERLY]->(o) "
    "DELETE edge DETACH DELETE entry",
)

OBJECT_RESTORED: Final = write(
    "restore objects",
    "MATCH (o:Resource {id: row.id}) SET o.state = row.state, o.stateBefore = null, o.name = row.name, "
    "o.updatedAt = row.at, o.revision = o.revision + 1",
)

CONTAINER_RESTORED: Final = write(
    "restore containers",
    "MATCH (r:Resource {id: row.id}) SET r.state = 'AVAILABLE', r.deletionId = null, r.name = row.name, "
    "r.bucket = row.bucket, r.updatedAt = row.at, r.revision = r.revision + 1",
)
