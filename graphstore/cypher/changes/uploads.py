"""How changes of uploads are written."""

from typing import Final, LiteralString

from graphstore.cypher.changes.writing import write
from graphstore.cypher.locking import lock

_PARTS_LET_GO: Final[LiteralString] = (
    "WITH u, row MATCH (u)-[part:UPLOADED]->(b:Blob) WITH row, part, b ORDER BY b.id "
    # Of two that let go of one blob at once, the second sees that it is the last.
    + lock("b")
    # Deleted before it is asked who else refers to it: uploads that end together may share a blob.
    + "DELETE part WITH row, b WHERE NOT EXISTS { (b)<-[:PART|UPLOADED]-() } SET b.orphanedAt = row.at"
)
"""Blobs that other contents or uploads refer to stay: equal bytes are one blob."""

UPLOAD_ADDED: Final = write(
    "add uploads",
    "MATCH (p:Resource {id: row.node.projectId}) CREATE (u:Upload) SET u = row.node, u.bucket = p.bucket",
)


PART_ADDED: Final = write(
    "add parts",
    "MATCH (u:Upload {id: row.upload}) OPTIONAL MATCH (u)-[former:UPLOADED {number: row.number}]->(old:Blob) "
    + lock("old")
    + "DELETE former WITH u, row, old "
    "MERGE (b:Blob {id: row.blob.id}) ON CREATE SET b = row.blob "
    "CREATE (u)-[:UPLOADED {number: row.number, at: row.at, checksums: row.checksums}]->(b) "
    "WITH row, old WHERE old IS NOT NULL AND NOT EXISTS { (old)<-[:PART|UPLOADED]-() } SET old.orphanedAt = row.at",
)


UPLOAD_FINISHED: Final = write(
    "finish uploads",
    "MATCH (u:Upload {id: row.id}) SET u.state = 'AVAILABLE', u.publishedId = row.objectId, "
    "u.versionId = row.versionId, u.revisionNumber = row.revisionNumber, u.shown = row.shown, u.etag = row.etag, "
    "u.endedAt = row.at " + _PARTS_LET_GO,
)


UPLOAD_FAILED: Final = write(
    "fail uploads",
    "MATCH (u:Upload {id: row.id}) SET u.state = 'ERROR', u.reason = row.reason, u.endedAt = row.at " + _PARTS_LET_GO,
)
