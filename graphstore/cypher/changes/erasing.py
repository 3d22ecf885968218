"""How bytes and words of revisions go for good.

All that is matched is matched by an index or by edges that leave: a popular Object has many edges that arrive.
"""

from typing import Final, LiteralString

from graphstore.cypher.changes.writing import write

_WORDS: Final[LiteralString] = (
    "{n}.title = null, {n}.description = null, {n}.authors = null, {n}.contentDisposition = null, "
    "{n}.userMetadata = null"
)

NEWEST_ERASED: Final = write(
    "erase newest revisions",
    "MATCH (o:Resource {id: row.id}) SET o.erasedAt = row.at, o.erasedBy = row.by "
    "WITH o MATCH (o)-[shown:CONTENT]->(:Content) DELETE shown",
)

REVISION_ERASED: Final = write(
    "erase revisions",
    "MATCH (r:Revision {versionId: row.version}) SET r.erasedAt = row.at, r.erasedBy = row.by "
    "WITH r MATCH (r)-[shown:CONTENT]->(:Content) DELETE shown",
)

REVISION_BLANKED: Final = write(
    "blank revisions", "MATCH (r:Revision {versionId: row.version}) SET " + _WORDS.format(n="r")
)

REVISION_UNCHAINED: Final = write(
    "unchain revisions",
    "MATCH (newer)-[:VERSION]->(r:Revision {versionId: row.version}) "
    "OPTIONAL MATCH (r)-[:VERSION]->(older:Revision) "
    "FOREACH (next IN CASE WHEN older IS NULL THEN [] ELSE [older] END | CREATE (newer)-[:VERSION]->(next)) "
    "DETACH DELETE r",
)

CONTENT_ORPHANED: Final = write(
    "orphan blobs of contents",
    # Deleted before it is asked who else refers to it: contents that go together may share a blob.
    "MATCH (content:Content {id: row.id})-[part:PART]->(blob:Blob) WITH row, part, blob ORDER BY blob.id DELETE part "
    "WITH row, blob WHERE NOT EXISTS { (blob)<-[:PART|UPLOADED]-() } "
    # Without its data key a blob is noise, wherever its bytes still lie; without its sameness nobody finds it again.
    "SET blob.orphanedAt = row.at, blob.erasedAt = row.at, blob.wrappedKey = null, blob.sameness = null",
)

CONTENT_REMOVED: Final = write("remove contents", "MATCH (content:Content {id: row.id}) DETACH DELETE content")

OBJECT_BLANKED: Final = write(
    "blank objects", "MATCH (o:Resource {id: row.id}) SET o.name = o.id, " + _WORDS.format(n="o")
)

FORMER_NAME_BLANKED: Final = write(
    "blank former names",
    "MATCH (o:Resource {id: row.id})-[edge:DELETED {name: row.name}]->(:Resource {id: row.parent}) "
    "MATCH (former:FormerEntry {sort: row.sort})-[:FORMERLY]->(o) "
    "SET edge.name = row.id, former.sort = row.parent + row.id",
)

PAST_NAMES_BLANKED: Final = write(
    "blank past names", "MATCH (p:PastEntry {childId: row.id}) SET p.sort = p.parentId + p.childId"
)

LABELS_BLANKED: Final = write(
    "blank labels", "MATCH (:Resource {id: row.id})-[:LABELLED]->(label:Labelling) DETACH DELETE label"
)

UPLOADS_BLANKED: Final = write("blank uploads", "MATCH (u:Upload {objectId: row.id}) SET u.key = row.id")
