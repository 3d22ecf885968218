"""How each change is written: one statement a kind of change, over many rows at once.

Names: `sort` of an Entry is its parent's id and the name (domain/keys.py); `since` is its parent's epoch.
"""

from typing import Final, LiteralString

from domain.relations import ALLOWED_RELATIONS, RelationKind
from domain.resources import Kind
from graphstore.statements import Statement, nothing


def _write(name: str, text: LiteralString) -> Statement[None]:
    return Statement(name, "UNWIND $rows AS row " + text, nothing)


PROJECT_ADDED: Final = _write("add projects", "CREATE (r:Resource:Project) SET r = row.node")

_BELOW: Final[LiteralString] = (
    "CREATE (r)-[:BELONGS_TO {home: true, passes: 4, name: row.name, createdAt: row.at, createdBy: row.by}]->(parent) "
)
_CONTAINER_ENTRY: Final[LiteralString] = (
    "CREATE (:Entry:ContainerEntry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r) "
)

CONTAINER_ADDED: Final = {
    Kind.COLLECTION: _write(
        "add collections",
        "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Collection) SET r = row.node WITH row, parent, r "
        + _BELOW
        + _CONTAINER_ENTRY,
    ),
    Kind.DATASET: _write(
        "add datasets",
        "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Dataset) SET r = row.node WITH row, parent, r "
        + _BELOW
        + _CONTAINER_ENTRY,
    ),
}
"""By kind: labels stand in the text, and a statement that matches parents doesn't see those it makes itself."""

CONTAINER_HIDDEN: Final = _write(
    "hide containers",
    "MATCH (entry:Entry {sort: row.sort})-[:NAMES]->(r:Resource {id: row.id}) "
    "SET r.hidden = true DETACH DELETE entry CREATE (:FormerEntry {sort: row.sort})-[:FORMERLY]->(r)",
)

CONTAINER_REVIVED: Final = _write(
    "revive containers",
    "MATCH (parent:Resource {id: row.parent}) "
    "MATCH (former:FormerEntry {sort: row.sort})-[:FORMERLY]->(r:Resource {id: row.id}) "
    "SET r.hidden = false DETACH DELETE former "
    "CREATE (:Entry:ContainerEntry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r)",
)

CONTAINER_REMOVED: Final = _write(
    "remove containers",
    "MATCH (r:Resource {id: row.id}) "
    "SET r.state = 'DELETED', r.bucket = null, r.updatedAt = row.at, r.revision = r.revision + 1 "
    "WITH row, r UNWIND row.names AS former "
    "MATCH (r)-[edge:BELONGS_TO {name: former.name}]->(parent:Resource {id: former.parent}) "
    "MATCH (entry:Entry {sort: former.sort})-[:NAMES]->(r) "
    "CREATE (r)-[:DELETED {home: edge.home, passes: edge.passes, name: edge.name, createdAt: row.at, "
    "createdBy: row.by}]->(parent) "
    "CREATE (:FormerEntry {sort: former.sort, at: row.at})-[:FORMERLY]->(r) "
    "DELETE edge DETACH DELETE entry",
)

OBJECT_ADDED: Final = _write(
    "add objects",
    "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Object) SET r = row.node WITH row, parent, r "
    + _BELOW
    + "CREATE (:Entry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r)",
)

OBJECT_PUBLISHED: Final = _write(
    "publish new objects",
    "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Object) SET r = row.node "
    "CREATE (content:Content) SET content = row.content "
    "CREATE (blob:Blob) SET blob = row.part.blob WITH row, parent, r, content, blob "
    + _BELOW
    + "CREATE (:Entry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r), (r)-[:CONTENT]->(content) "
    "CREATE (content)-[:PART {index: 0, number: 1, start: 0, length: row.part.length, "
    "checksums: row.part.checksums}]->(blob)",
)
"""What OBJECT_ADDED, CONTENT_ADDED and REVISION_PUBLISHED make of a new key in one piece, which is most of all PUTs."""

REVISION_PUSHED_BACK: Final = _write(
    "push revisions back",
    "MATCH (o:Resource {id: row.id})-[shown:CONTENT]->(content:Content) "
    "OPTIONAL MATCH (o)-[chain:VERSION]->(before:Revision) "
    "CREATE (r:Revision {objectId: o.id, versionId: o.versionId, revisionNumber: o.revisionNumber, state: o.state, "
    "contentLength: o.contentLength, etag: o.etag, md5: o.md5, sha256: o.sha256, checksums: o.checksums, "
    "checksumType: o.checksumType, partCount: o.partCount, shown: o.shown, "
    "contentType: o.contentType, contentDisposition: o.contentDisposition, contentEncoding: o.contentEncoding, "
    "contentLanguage: o.contentLanguage, cacheControl: o.cacheControl, expires: o.expires, "
    "userMetadata: o.userMetadata, dataClass: o.dataClass, publishedAt: o.publishedAt, publishedBy: o.publishedBy}) "
    "CREATE (o)-[:VERSION]->(r), (r)-[:CONTENT]->(content) "
    "DELETE shown, chain "
    "WITH r, before WHERE before IS NOT NULL CREATE (r)-[:VERSION]->(before)",
)

CONTENT_ADDED: Final = _write(
    "add contents",
    "CREATE (content:Content) SET content = row.node WITH row, content UNWIND row.parts AS part "
    "CREATE (content)-[:PART {index: part.index, number: part.number, start: part.start, length: part.length, "
    "checksums: part.checksums}]->(blob:Blob) SET blob = part.blob",
)

CONTENT_ADDED_OF_PARTS: Final = _write("add contents of parts", "CREATE (content:Content) SET content = row.node")

PART_LINKED: Final = _write(
    "link parts of contents",
    "MATCH (content:Content {id: row.contentId}) MATCH (blob:Blob {id: row.blobId}) "
    "CREATE (content)-[:PART {index: row.index, number: row.number, start: row.start, length: row.length, "
    "checksums: row.checksums}]->(blob) "
    # A part sent again while its upload was completed with the former one.
    "SET blob.orphanedAt = null",
)
"""One row a part: a row that carried all 10 000 would be held as many times, beyond the embedded engine's budget."""

REVISION_PUBLISHED: Final = _write(
    "publish revisions",
    "MATCH (o:Resource {id: row.id}) MATCH (content:Content {id: row.contentId}) "
    "SET o += row.node, o.revision = o.revision + 1, o.lockCount = o.lockCount + 1, "
    "o.md5 = content.md5, o.sha256 = content.sha256, "
    "o.checksums = content.checksums, o.checksumType = content.checksumType, o.partCount = content.partCount "
    "CREATE (o)-[:CONTENT]->(content)",
)

COUNTERS_CHANGED: Final = _write(
    "change counters",
    "MATCH (r:Resource {id: row.id}) SET r.lockCount = r.lockCount + 1, "
    "r.entries = r.entries + row.entries, r.objects = r.objects + row.objects, "
    "r.bytes = r.bytes + row.bytes, r.changedAt = row.at",
)

OBJECT_STATE_CHANGED: Final = _write(
    "change states",
    "MATCH (o:Resource {id: row.id}) SET o.state = row.state, o.stateReason = row.reason, o.updatedAt = row.at, "
    "o.revision = o.revision + 1",
)

OBJECT_REMOVED: Final = _write(
    "remove objects",
    "MATCH (o:Resource {id: row.id}) "
    "SET o.stateBefore = o.state, o.state = 'DELETED', o.updatedAt = row.at, o.revision = o.revision + 1 "
    "WITH row, o UNWIND row.names AS former "
    "MATCH (o)-[edge:BELONGS_TO {name: former.name}]->(parent:Resource {id: former.parent}) "
    "MATCH (entry:Entry {sort: former.sort})-[:NAMES]->(o) "
    "CREATE (o)-[:DELETED {home: edge.home, passes: edge.passes, name: edge.name, createdAt: row.at, "
    "createdBy: row.by}]->(parent) "
    "CREATE (:FormerEntry {sort: former.sort, at: row.at})-[:FORMERLY]->(o) "
    "DELETE edge DETACH DELETE entry",
)

FIELDS_CHANGED: Final = _write(
    "change fields",
    "MATCH (r:Resource {id: row.id}) SET r += row.values, r.updatedAt = row.at, r.revision = r.revision + 1",
)

VERSIONING_SET: Final = _write(
    "set versioning", "MATCH (p:Resource {id: row.id}) SET p.versioning = row.versioning, p.revision = p.revision + 1"
)

_RELATION_FACTS: Final[LiteralString] = (
    "{id: row.id, createdAt: row.at, createdBy: row.by, sourceVersionId: row.sourceVersionId, "
    "targetVersionId: row.targetVersionId, name: row.name, note: row.note}"
)
_ENDS: Final[LiteralString] = "MATCH (s:Resource {id: row.source}) MATCH (t:Resource {id: row.target}) "

RELATION_ADDED: Final = {
    RelationKind.METADATA: _write("add METADATA", _ENDS + f"CREATE (s)-[:METADATA {_RELATION_FACTS}]->(t)"),
    RelationKind.ORIGIN: _write("add ORIGIN", _ENDS + f"CREATE (s)-[:ORIGIN {_RELATION_FACTS}]->(t)"),
    RelationKind.CUSTOM: _write("add CUSTOM", _ENDS + f"CREATE (s)-[:CUSTOM {_RELATION_FACTS}]->(t)"),
}
RELATION_REMOVED: Final = {
    RelationKind.METADATA: _write(
        "remove METADATA", "MATCH (:Resource {id: row.source})-[x:METADATA]->(:Resource {id: row.target}) DELETE x"
    ),
    RelationKind.ORIGIN: _write(
        "remove ORIGIN", "MATCH (:Resource {id: row.source})-[x:ORIGIN]->(:Resource {id: row.target}) DELETE x"
    ),
    RelationKind.CUSTOM: _write(
        "remove CUSTOM",
        "MATCH (:Resource {id: row.source})-[x:CUSTOM {name: row.name}]->(:Resource {id: row.target}) DELETE x",
    ),
}
assert RELATION_ADDED.keys() == ALLOWED_RELATIONS.keys() == RELATION_REMOVED.keys(), "each relation can be written"

EXTERNAL_RELATION_ADDED: Final = _write(
    "cite",
    "MATCH (s:Resource {id: row.source}) MERGE (e:External {key: row.key}) "
    "ON CREATE SET e.type = row.type, e.value = row.value, e.name = row.name "
    "CREATE (s)-[:CITES {id: row.id, createdAt: row.at, createdBy: row.by, sourceVersionId: row.sourceVersionId, "
    "note: row.note}]->(e)",
)
EXTERNAL_RELATION_REMOVED: Final = _write(
    "stop citing", "MATCH (:Resource {id: row.source})-[x:CITES]->(:External {key: row.key}) DELETE x"
)

GRANT_SET: Final = _write(
    "set grants",
    "MATCH (u:User {id: row.user}) MATCH (r:Resource {id: row.resource}) "
    "OPTIONAL MATCH (r)-[former:GRANTED_TO]->(:User {id: row.user}) DELETE former "
    "CREATE (r)-[:GRANTED_TO {level: row.level, expiresAt: row.expiresAt, createdAt: row.at, createdBy: row.by}]->(u)",
)
GRANT_REMOVED: Final = _write(
    "remove grants", "MATCH (:Resource {id: row.resource})-[g:GRANTED_TO]->(:User {id: row.user}) DELETE g"
)

USER_ADDED: Final = _write("add users", "CREATE (u:User) SET u = row.node")
USER_STATE_CHANGED: Final = _write("change users", "MATCH (u:User {id: row.id}) SET u.active = row.active")
TOKEN_ADDED: Final = _write("add tokens", "MATCH (u:User {id: row.user}) CREATE (t:Token)-[:OF]->(u) SET t = row.node")
TOKEN_REVOKED: Final = _write(
    "revoke tokens",
    "MATCH (t:Token {id: row.id}) OPTIONAL MATCH (c:S3Credential {tokenId: row.id}) DETACH DELETE t, c",
)
CREDENTIAL_ADDED: Final = _write(
    "add S3 credentials", "MATCH (u:User {id: row.user}) CREATE (c:S3Credential)-[:OF]->(u) SET c = row.node"
)
CREDENTIAL_REVOKED: Final = _write(
    "revoke S3 credentials", "MATCH (c:S3Credential {accessKeyId: row.id}) DETACH DELETE c"
)

UPLOAD_ADDED: Final = _write(
    "add uploads",
    "MATCH (p:Resource {id: row.node.projectId}) CREATE (u:Upload) SET u = row.node, u.bucket = p.bucket",
)
PART_ADDED: Final = _write(
    "add parts",
    "MATCH (u:Upload {id: row.upload}) OPTIONAL MATCH (u)-[former:UPLOADED {number: row.number}]->(old:Blob) "
    "DELETE former SET old.orphanedAt = row.at "
    "CREATE (u)-[:UPLOADED {number: row.number, at: row.at, checksums: row.checksums}]->(b:Blob) SET b = row.blob",
)
UPLOAD_FINISHED: Final = _write(
    "finish uploads",
    "MATCH (u:Upload {id: row.id}) SET u.state = 'AVAILABLE', u.publishedId = row.objectId, "
    "u.versionId = row.versionId, u.revisionNumber = row.revisionNumber, u.shown = row.shown, u.etag = row.etag, "
    "u.endedAt = row.at "
    "WITH u, row OPTIONAL MATCH (u)-[part:UPLOADED]->(b:Blob) "
    "SET b.orphanedAt = CASE WHEN EXISTS { (b)<-[:PART]-() } THEN null ELSE row.at END DELETE part",
)
UPLOAD_FAILED: Final = _write(
    "fail uploads",
    "MATCH (u:Upload {id: row.id}) SET u.state = 'ERROR', u.reason = row.reason, u.endedAt = row.at "
    "WITH u, row OPTIONAL MATCH (u)-[part:UPLOADED]->(b:Blob) SET b.orphanedAt = row.at DELETE part",
)

EVENT_OF_NEW: Final = _write("write events of new resources", "CREATE (e:Event) SET e = row, e.lockCount = 0")
EVENT: Final = _write(
    "write events",
    "OPTIONAL MATCH (r:Resource {id: row.resourceId}) "
    "CREATE (e:Event) SET e = row, e.lockCount = CASE WHEN r IS NULL THEN 0 ELSE r.lockCount END",
)
