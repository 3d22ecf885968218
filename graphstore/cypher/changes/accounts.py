"""How changes of grants, users, tokens and key pairs are written."""

from typing import Final

from graphstore.cypher.changes.writing import write

GRANT_SET: Final = write(
    "set grants",
    "MATCH (u:User {id: row.user}) MATCH (r:Resource {id: row.resource}) "
    "OPTIONAL MATCH (r)-[former:GRANTED_TO]->(:User {id: row.user}) DELETE former "
    "CREATE (r)-[:GRANTED_TO {level: row.level, expiresAt: row.expiresAt, createdAt: row.at, createdBy: row.by}]->(u)",
)


GRANT_REMOVED: Final = write(
    "remove grants", "MATCH (:Resource {id: row.resource})-[g:GRANTED_TO]->(:User {id: row.user}) DELETE g"
)


USER_ADDED: Final = write("add users", "CREATE (u:User) SET u = row.node")


USER_STATE_CHANGED: Final = write("change users", "MATCH (u:User {id: row.id}) SET u.active = row.active")


TOKEN_ADDED: Final = write("add tokens", "MATCH (u:User {id: row.user}) CREATE (t:Token)-[:OF]->(u) SET t = row.node")


TOKEN_REVOKED: Final = write(
    "revoke tokens",
    "MATCH (t:Token {id: row.id}) OPTIONAL MATCH (c:S3Credential {tokenId: row.id}) DETACH DELETE t, c",
)


CREDENTIAL_ADDED: Final = write(
    "add S3 credentials", "MATCH (u:User {id: row.user}) CREATE (c:S3Credential)-[:OF]->(u) SET c = row.node"
)


CREDENTIAL_REVOKED: Final = write(
    "revoke S3 credentials", "MATCH (c:S3Credential {accessKeyId: row.id}) DETACH DELETE c"
)
