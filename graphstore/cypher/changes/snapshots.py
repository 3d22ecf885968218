"""How snapshots and archives are written.

A frozen container has all properties of its original, as they stand under the lock of the rule, save those that tell of
the original's own life.
"""

from typing import Final, LiteralString

from domain.resources import Kind
from graphstore.cypher.changes.writing import write

_COPY: Final[LiteralString] = (
    "SET f = o{.*, id: row.id, state: 'AVAILABLE', frozen: true, snapshotOf: row.original, snapshotRoot: row.root, "
    "frozenAt: row.epoch, frozenKey: row.root + row.original, epoch: 0, lockCount: 0, "
    "entries: row.entries, objects: row.objects, bytes: row.bytes, changedAt: row.changedAt, "
    "treeObjects: row.treeObjects, treeBytes: row.treeBytes, treeChangedAt: row.treeChangedAt, "
    "frozenEntries: null, frozenObjects: null, frozenBytes: null, frozenChangedAt: null, "
    "bucket: null, archivedAt: null, archivedBy: null, madeByPut: false, hidden: null, snapshotted: null, "
    "latestVersion: null, deletionId: null, heldBytes: null, createdAt: row.at, createdBy: row.by"
)
_BESIDE: Final[LiteralString] = "CREATE (f)-[:SNAPSHOT_OF {passes: 1}]->(o)"
_ORIGINAL: Final[LiteralString] = "MATCH (o:Resource {id: row.original}) "
_ROOT: Final[LiteralString] = ", version: row.version, versionKey: row.versionKey, sort: row.sort} "

SNAPSHOT_ADDED: Final = {
    Kind.PROJECT: write(
        "add snapshots of projects",
        _ORIGINAL + "CREATE (f:Resource:Project:Frozen:Snapshot) " + _COPY + _ROOT + _BESIDE,
    ),
    Kind.COLLECTION: write(
        "add snapshots of collections",
        _ORIGINAL + "CREATE (f:Resource:Collection:Frozen:Snapshot) " + _COPY + _ROOT + _BESIDE,
    ),
    Kind.DATASET: write(
        "add snapshots of datasets",
        _ORIGINAL + "CREATE (f:Resource:Dataset:Frozen:Snapshot) " + _COPY + _ROOT + _BESIDE,
    ),
}
"""By kind: labels stand in the text."""


FROZEN_ADDED: Final = {
    Kind.COLLECTION: write(
        "add frozen collections", _ORIGINAL + "CREATE (f:Resource:Collection:Frozen) " + _COPY + "} " + _BESIDE
    ),
    Kind.DATASET: write(
        "add frozen datasets", _ORIGINAL + "CREATE (f:Resource:Dataset:Frozen) " + _COPY + "} " + _BESIDE
    ),
}


FROZEN_LINKED: Final = write(
    "link frozen containers",
    "MATCH (f:Resource {id: row.child}) MATCH (p:Resource {id: row.parent}) "
    "CREATE (f)-[:BELONGS_TO {home: row.home, passes: 1, name: row.name, since: 0, createdAt: row.at, "
    "createdBy: row.by}]->(p)",
)


EPOCH_RAISED: Final = write("raise epochs", "MATCH (r:Resource {id: row.id}) SET r.epoch = r.epoch + 1")


LATEST_VERSION_SET: Final = write(
    "set latest versions", "MATCH (r:Resource {id: row.id}) SET r.snapshotted = true, r.latestVersion = row.latest"
)


SNAPSHOT_REMOVED: Final = write(
    "remove snapshots",
    "MATCH (f:Frozen {snapshotRoot: row.id}) "
    "SET f.state = 'DELETED', f.updatedAt = row.at, f.revision = f.revision + 1",
)


CONTAINER_FROZEN: Final = write(
    "freeze containers",
    "MATCH (r:Resource {id: row.id}) SET r.frozen = true, r.frozenAt = row.epoch, r.epoch = row.epoch + 1, "
    "r.frozenEntries = r.entries, r.frozenObjects = r.objects, r.frozenBytes = r.bytes, "
    "r.frozenChangedAt = r.changedAt, r.treeObjects = row.treeObjects, r.treeBytes = row.treeBytes, "
    "r.treeChangedAt = row.treeChangedAt",
)
"""What the living counters say goes on to change with Objects that are shared into an archive."""


CONTAINER_THAWED: Final = write(
    "thaw containers",
    "MATCH (r:Resource {id: row.id}) SET r.frozen = null, r.frozenAt = null, r.frozenEntries = null, "
    "r.frozenObjects = null, r.frozenBytes = null, r.frozenChangedAt = null, r.treeObjects = null, "
    "r.treeBytes = null, r.treeChangedAt = null",
)


PROJECT_ARCHIVED: Final = write(
    "archive projects",
    "MATCH (r:Resource {id: row.id}) SET r.archivedAt = row.at, r.archivedBy = row.by, r.updatedAt = row.at, "
    "r.revision = r.revision + 1",
)


PROJECT_UNARCHIVED: Final = write(
    "unarchive projects",
    "MATCH (r:Resource {id: row.id}) SET r.archivedAt = null, r.archivedBy = null, r.updatedAt = row.at, "
    "r.revision = r.revision + 1",
)
