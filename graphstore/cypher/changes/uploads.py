"""How changes of uploads are written."""

from typing import Final

from graphstore.cypher.changes.writing import write

UPLOAD_ADDED: Final = write(
    "add uploads",
    "MATCH (p:Resource {id: row.node.projectId}) CREATE (u:Upload) SET u = row.node, u.bucket = p.bucket",
)


PART_ADDED: Final = write(
    "add parts",
    "MATCH (u:Upload {id: row.upload}) OPTIONAL MATCH (u)-[former:UPLOADED {number: row.number}]->(old:Blob) "
    "DELETE former SET old.orphanedAt = row.at "
    "CREATE (u)-[:UPLOADED {number: row.number, at: row.at, checksums: row.checksums}]->(b:Blob) SET b = row.blob",
)


UPLOAD_FINISHED: Final = write(
    "finish uploads",
    "MATCH (u:Upload {id: row.id}) SET u.state = 'AVAILABLE', u.publishedId = row.objectId, "
    "u.versionId = row.versionId, u.revisionNumber = row.revisionNumber, u.shown = row.shown, u.etag = row.etag, "
    "u.endedAt = row.at "
    "WITH u, row OPTIONAL MATCH (u)-[part:UPLOADED]->(b:Blob) "
    "SET b.orphanedAt = CASE WHEN EXISTS { (b)<-[:PART]-() } THEN null ELSE row.at END DELETE part",
)


UPLOAD_FAILED: Final = write(
    "fail uploads",
    "MATCH (u:Upload {id: row.id}) SET u.state = 'ERROR', u.reason = row.reason, u.endedAt = row.at "
    "WITH u, row OPTIONAL MATCH (u)-[part:UPLOADED]->(b:Blob) SET b.orphanedAt = row.at DELETE part",
)
