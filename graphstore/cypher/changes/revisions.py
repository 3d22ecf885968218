"""How revisions without new bytes are written."""

from typing import Final

from graphstore.cypher.changes.writing import write
from graphstore.cypher.locking import lock

REVISION_RENEWED: Final = write(
    "renew revisions",
    "MATCH (o:Resource {id: row.id})-[:VERSION]->(:Revision)-[:CONTENT]->(content:Content) "
    # What S3 shows of a revision follows the bucket's setting at the moment when it came.
    + lock("content")
    + "SET o.shown = "
    "coalesce(head([(o)-[:BELONGS_TO*1..3 {home: true}]->(bucket:Project) | bucket.versioning]), o.shown), "
    "o.versionId = row.versionId, o.revisionNumber = row.number, o.publishedAt = row.at, o.publishedBy = row.by, "
    "o.updatedAt = row.at "
    "CREATE (o)-[:CONTENT]->(content)",
)
"""After the push back, which leaves the newest revision one step away. A content that gains a reference is locked."""
