"""How changes of Objects, revisions and contents are written."""

from typing import Final

from graphstore.cypher.changes.writing import BELOW, write
from graphstore.cypher.locking import lock

OBJECT_ADDED: Final = write(
    "add objects",
    "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Object) SET r = row.node WITH row, parent, r "
    + BELOW
    + "CREATE (:Entry {sort: row.sort, since: parent.epoch, versioned: row.versioned})-[:NAMES]->(r)",
)


OBJECT_PUBLISHED: Final = write(
    "publish new objects",
    "MATCH (parent:Resource {id: row.parent}) CREATE (r:Resource:Object) SET r = row.node "
    "CREATE (content:Content) SET content = row.content "
    "MERGE (blob:Blob {id: row.part.blob.id}) ON CREATE SET blob = row.part.blob WITH row, parent, r, content, blob "
    + BELOW
    + "CREATE (:Entry {sort: row.sort, since: parent.epoch, versioned: row.versioned})-[:NAMES]->(r), "
    "(r)-[:CONTENT]->(content) "
    "CREATE (content)-[:PART {index: 0, number: 1, start: 0, length: row.part.length, "
    "checksums: row.part.checksums}]->(blob)",
)
"""What OBJECT_ADDED, CONTENT_ADDED and REVISION_PUBLISHED make of a new key in one piece, which is most of all PUTs."""


REVISION_PUSHED_BACK: Final = write(
    "push revisions back",
    "MATCH (o:Resource {id: row.id})-[shown:CONTENT]->(content:Content) "
    "OPTIONAL MATCH (o)-[chain:VERSION]->(before:Revision) "
    "CREATE (r:Revision {objectId: o.id, versionId: o.versionId, revisionNumber: o.revisionNumber, state: o.state, "
    "contentLength: o.contentLength, etag: o.etag, md5: o.md5, sha256: o.sha256, checksums: o.checksums, "
    "checksumType: o.checksumType, partCount: o.partCount, shown: o.shown, "
    "contentType: o.contentType, contentDisposition: o.contentDisposition, contentEncoding: o.contentEncoding, "
    "contentLanguage: o.contentLanguage, cacheControl: o.cacheControl, expires: o.expires, "
    "userMetadata: o.userMetadata, title: o.title, description: o.description, authors: o.authors, "
    "metadataLicense: o.metadataLicense, dataLicense: o.dataLicense, dataClass: o.dataClass, "
    "publishedAt: o.publishedAt, publishedBy: o.publishedBy}) "
    "CREATE (o)-[:VERSION]->(r), (r)-[:CONTENT]->(content) "
    "DELETE shown, chain "
    "WITH r, before WHERE before IS NOT NULL CREATE (r)-[:VERSION]->(before)",
)


CONTENT_ADDED: Final = write(
    "add contents",
    "CREATE (content:Content) SET content = row.node WITH row, content UNWIND row.parts AS part "
    "MERGE (blob:Blob {id: part.blob.id}) ON CREATE SET blob = part.blob "
    "CREATE (content)-[:PART {index: part.index, number: part.number, start: part.start, length: part.length, "
    "checksums: part.checksums}]->(blob)",
)


CONTENT_ADDED_OF_PARTS: Final = write(
    "add contents of parts",
    # What nobody has hashed as a whole waits for it (graphstore/cypher/whole_sums.py).
    "CREATE (content:Content) SET content = row.node CREATE (:Unhashed {id: row.node.id})",
)


PART_LINKED: Final = write(
    "link parts of contents",
    "MATCH (content:Content {id: row.contentId}) MATCH (blob:Blob {id: row.blobId}) "
    "CREATE (content)-[:PART {index: row.index, number: row.number, start: row.start, length: row.length, "
    "checksums: row.checksums}]->(blob) "
    # A part sent again while its upload was completed with the former one.
    "SET blob.orphanedAt = null",
)
"""One row a part: a row that carried all 10 000 would be held as many times, beyond the embedded engine's budget."""


REVISION_PUBLISHED: Final = write(
    "publish revisions",
    "MATCH (o:Resource {id: row.id}) MATCH (content:Content {id: row.contentId}) "
    + lock("o")
    + "SET o += row.node, o.revision = o.revision + 1, "
    "o.md5 = content.md5, o.sha256 = content.sha256, "
    "o.checksums = content.checksums, o.checksumType = content.checksumType, o.partCount = content.partCount "
    "CREATE (o)-[:CONTENT]->(content)",
)


OBJECT_STATE_CHANGED: Final = write(
    "change states",
    "MATCH (o:Resource {id: row.id}) SET o.state = row.state, o.stateReason = row.reason, o.updatedAt = row.at, "
    "o.revision = o.revision + 1",
)


OBJECT_REMOVED: Final = write(
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
