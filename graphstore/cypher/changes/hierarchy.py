"""How shares, moves and names are written: an edge and its Entry always together.

An Entry that stays the same node keeps its labels; its `sort` is unique, so that of two who want one name at once the
second is refused by the constraint, whatever his rule saw.
"""

from typing import Final, LiteralString

from graphstore.cypher.changes.writing import write

_OWN_NAME: Final[LiteralString] = (
    "FOREACH (renamed IN CASE WHEN row.renames THEN [1] ELSE [] END | "
    "SET r.name = row.name, r.updatedAt = row.at, r.revision = r.revision + 1) "
)
"""The name that a resource's home gives it stands on the resource too."""

CHILD_MOVED: Final = write(
    "move children",
    "MATCH (r:Resource {id: row.child})-[edge:BELONGS_TO {name: row.formerName}]->(:Resource {id: row.from}) "
    "MATCH (entry:Entry {sort: row.formerSort})-[:NAMES]->(r) MATCH (parent:Resource {id: row.to}) "
    "CREATE (r)-[:BELONGS_TO {home: edge.home, passes: edge.passes, name: row.name, since: parent.epoch, "
    "createdAt: row.at, createdBy: row.by}]->(parent) "
    "SET entry.sort = row.sort, entry.since = parent.epoch, entry.versioned = row.versioned "
    + _OWN_NAME
    + "DELETE edge",
)

CONTAINER_ENTRY_MOVED: Final = write(
    "hold entries of moved containers",
    # From the Entry, which one container holds: that may hold many others.
    "MATCH (entry:Entry {sort: row.sort})<-[held:HOLDS]-(:Resource) "
    "MATCH (parent:Resource {id: row.to}) CREATE (parent)-[:HOLDS]->(entry) DELETE held",
)

CHILD_RENAMED: Final = write(
    "rename children",
    "MATCH (r:Resource {id: row.child})-[edge:BELONGS_TO {name: row.formerName}]->(parent:Resource {id: row.parent}) "
    "MATCH (entry:Entry {sort: row.formerSort})-[:NAMES]->(r) "
    "SET edge.name = row.name, edge.since = parent.epoch, "
    "entry.sort = row.sort, entry.since = parent.epoch, entry.versioned = row.versioned " + _OWN_NAME,
)

_SHARE: Final[LiteralString] = (
    "MATCH (r:Resource {id: row.child}) MATCH (parent:Resource {id: row.parent}) "
    "CREATE (r)-[:BELONGS_TO {home: false, passes: row.passes, name: row.name, since: parent.epoch, "
    "createdAt: row.at, createdBy: row.by}]->(parent) "
)

CONTAINER_SHARED: Final = write(
    "share containers",
    _SHARE + "CREATE (parent)-[:HOLDS]->(:Entry:ContainerEntry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r)",
)

OBJECT_SHARED: Final = write(
    "share objects",
    _SHARE + "CREATE (:Entry {sort: row.sort, since: parent.epoch, versioned: row.versioned})-[:NAMES]->(r)",
)

CHILD_UNLINKED: Final = write(
    "unlink children",
    "MATCH (r:Resource {id: row.child})-[edge:BELONGS_TO {name: row.name}]->(:Resource {id: row.parent}) "
    "MATCH (entry:Entry {sort: row.sort})-[:NAMES]->(r) DELETE edge DETACH DELETE entry",
)

PROJECT_RENAMED: Final = write(
    "rename projects",
    "MATCH (p:Resource {id: row.id}) "
    "SET p.bucket = row.name, p.name = row.name, p.updatedAt = row.at, p.revision = p.revision + 1",
)

UPLOADS_OF_RENAMED: Final = write(
    "rename buckets of uploads",
    "MATCH (u:Upload {projectId: row.id}) WHERE u.state = 'INITIALIZING' SET u.bucket = row.name",
)
