"""How relations are written."""

from typing import Final, LiteralString

from domain.relations import ALLOWED_RELATIONS, RelationKind
from graphstore.cypher.changes.writing import write

_RELATION_FACTS: Final[LiteralString] = (
    "{id: row.id, createdAt: row.at, createdBy: row.by, sourceVersionId: row.sourceVersionId, "
    "targetVersionId: row.targetVersionId, name: row.name, note: row.note, since: row.since}"
)


_ENDS: Final[LiteralString] = "MATCH (s:Resource {id: row.source}) MATCH (t:Resource {id: row.target}) "


RELATION_ADDED: Final = {
    RelationKind.METADATA: write("add METADATA", _ENDS + f"CREATE (s)-[:METADATA {_RELATION_FACTS}]->(t)"),
    RelationKind.ORIGIN: write("add ORIGIN", _ENDS + f"CREATE (s)-[:ORIGIN {_RELATION_FACTS}]->(t)"),
    RelationKind.CUSTOM: write("add CUSTOM", _ENDS + f"CREATE (s)-[:CUSTOM {_RELATION_FACTS}]->(t)"),
    RelationKind.POLICY: write("add POLICY", _ENDS + f"CREATE (s)-[:POLICY {_RELATION_FACTS}]->(t)"),
}


RELATION_REMOVED: Final = {
    RelationKind.METADATA: write(
        "remove METADATA",
        "MATCH (:Resource {id: row.source})-[x:METADATA {id: row.id}]->(:Resource {id: row.target}) DELETE x",
    ),
    RelationKind.ORIGIN: write(
        "remove ORIGIN",
        "MATCH (:Resource {id: row.source})-[x:ORIGIN {id: row.id}]->(:Resource {id: row.target}) DELETE x",
    ),
    RelationKind.CUSTOM: write(
        "remove CUSTOM",
        "MATCH (:Resource {id: row.source})-[x:CUSTOM {id: row.id}]->(:Resource {id: row.target}) DELETE x",
    ),
    RelationKind.POLICY: write(
        "remove POLICY",
        "MATCH (:Resource {id: row.source})-[x:POLICY {id: row.id}]->(:Resource {id: row.target}) DELETE x",
    ),
}


RELATION_ENDED: Final = {
    RelationKind.METADATA: write(
        "end METADATA",
        "MATCH (:Resource {id: row.source})-[x:METADATA {id: row.id}]->(:Resource {id: row.target}) "
        "SET x.until = row.until",
    ),
    RelationKind.ORIGIN: write(
        "end ORIGIN",
        "MATCH (:Resource {id: row.source})-[x:ORIGIN {id: row.id}]->(:Resource {id: row.target}) "
        "SET x.until = row.until",
    ),
    RelationKind.CUSTOM: write(
        "end CUSTOM",
        "MATCH (:Resource {id: row.source})-[x:CUSTOM {id: row.id}]->(:Resource {id: row.target}) "
        "SET x.until = row.until",
    ),
}
"""Not of POLICY, which no older number of its source shows."""


EXTERNAL_RELATION_ADDED: Final = write(
    "cite",
    "MATCH (s:Resource {id: row.source}) MERGE (e:External {key: row.key}) "
    "ON CREATE SET e.type = row.type, e.value = row.value, e.name = row.name "
    "CREATE (s)-[:CITES {id: row.id, createdAt: row.at, createdBy: row.by, sourceVersionId: row.sourceVersionId, "
    "note: row.note, since: row.since}]->(e)",
)


EXTERNAL_RELATION_REMOVED: Final = write(
    "stop citing", "MATCH (:Resource {id: row.source})-[x:CITES {id: row.id}]->(:External {key: row.key}) DELETE x"
)


EXTERNAL_RELATION_ENDED: Final = write(
    "end citing",
    "MATCH (:Resource {id: row.source})-[x:CITES {id: row.id}]->(:External {key: row.key}) SET x.until = row.until",
)

assert RELATION_ADDED.keys() == ALLOWED_RELATIONS.keys() == RELATION_REMOVED.keys(), "each relation can be written"
