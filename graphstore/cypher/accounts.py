"""Users, tokens and S3 key pairs as identity and viewers read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, LiteralString

from domain.views import CredentialView, TokenView, UserView
from graphstore.instants import from_ms, optional_from_ms
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """What decides whether a presented token is good."""

    id: str
    secret_sha256: str
    expires_at: datetime
    user: UserView


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """What decides whether a signed request is good. With a `token_id` the pair signs that token's URLs only."""

    access_key_id: str
    sealed_secret: str
    token_id: str | None
    expires_at: datetime | None
    user: UserView


def user_view(found: Row) -> UserView:
    """Read a User node."""
    return UserView(
        id=found["id"],
        display_name=found["displayName"],
        email=found.get("email"),
        is_administrator=found["administrator"],
        is_active=found["active"],
        created_at=from_ms(found["createdAt"]),
    )


def _token(rows: Sequence[Row]) -> TokenRecord | None:
    if not rows:
        return None
    token = rows[0]["token"]
    return TokenRecord(token["id"], token["secretSha256"], from_ms(token["expiresAt"]), user_view(rows[0]["user"]))


_TOKEN: Final = Statement(
    "token", "MATCH (t:Token {id: $id})-[:OF]->(u:User) RETURN t{.*} AS token, u{.*} AS user", _token
)


def token(token_id: str) -> Query[TokenRecord | None]:
    """Token by id, with its user."""
    return _TOKEN.bind(id=token_id)


def credential_record(found: Row | None, user: Row | None) -> CredentialRecord | None:
    """Read an S3Credential node and its user."""
    if found is None or user is None:
        return None
    return CredentialRecord(
        access_key_id=found["accessKeyId"],
        sealed_secret=found.get("sealedSecret") or "",  # one that is gone opens under no key
        token_id=found.get("tokenId"),
        expires_at=optional_from_ms(found.get("expiresAt")),
        user=user_view(user),
    )


def _credential(rows: Sequence[Row]) -> CredentialRecord | None:
    return credential_record(rows[0]["credential"], rows[0]["user"]) if rows else None


_CREDENTIAL_COLUMNS: Final[LiteralString] = "RETURN c{.*} AS credential, u{.*} AS user"
_CREDENTIAL: Final = Statement(
    "S3 credential", "MATCH (c:S3Credential {accessKeyId: $id})-[:OF]->(u:User) " + _CREDENTIAL_COLUMNS, _credential
)
_TOKEN_CREDENTIAL: Final = Statement(
    "S3 credential of a token",
    "MATCH (c:S3Credential {tokenId: $id})-[:OF]->(u:User) " + _CREDENTIAL_COLUMNS,
    _credential,
)


def credential(access_key_id: str) -> Query[CredentialRecord | None]:
    """S3 key pair by access key id, with its user."""
    return _CREDENTIAL.bind(id=access_key_id)


def token_credential(token_id: str) -> Query[CredentialRecord | None]:
    """Key pair that signs a token's presigned URLs."""
    return _TOKEN_CREDENTIAL.bind(id=token_id)


_USER: Final = Statement(
    "user", "MATCH (u:User {id: $id}) RETURN u{.*} AS user", lambda rows: user_view(rows[0]["user"]) if rows else None
)


def user(user_id: str) -> Query[UserView | None]:
    """User by id."""
    return _USER.bind(id=user_id)


_NAMES: Final = Statement(
    "display names",
    "UNWIND $ids AS id MATCH (u:User {id: id}) RETURN u.id AS id, u.displayName AS name",
    lambda rows: {str(row["id"]): str(row["name"]) for row in rows},
)


def display_names(ids: Sequence[str]) -> Query[dict[str, str]]:
    """Display names of users by id."""
    return _NAMES.bind(ids=sorted(set(ids)))


_USERS: Final = Statement(
    "users",
    "MATCH (u:User) WHERE u.id > $after WITH u ORDER BY u.id LIMIT $size RETURN u{.*} AS user",
    lambda rows: [user_view(row["user"]) for row in rows],
)


def users(after: str, size: int) -> Query[list[UserView]]:
    """Users by id, for administrators."""
    return _USERS.bind(after=after, size=size)


_USER_COUNT: Final = Statement("number of users", "MATCH (u:User) RETURN count(u) AS n", lambda rows: int(rows[0]["n"]))


def user_count() -> Query[int]:
    """How many users there are; none means that this is the first start."""
    return _USER_COUNT.bind()


_TOKENS: Final = Statement(
    "tokens of a user",
    "MATCH (t:Token)-[:OF]->(:User {id: $user}) RETURN t{.*} AS token ORDER BY t.id",
    lambda rows: [
        TokenView(
            row["token"]["id"],
            row["token"]["name"],
            from_ms(row["token"]["expiresAt"]),
            from_ms(row["token"]["createdAt"]),
        )
        for row in rows
    ],
)


def tokens(user_id: str) -> Query[list[TokenView]]:
    """Tokens of a user, oldest first."""
    return _TOKENS.bind(user=user_id)


_CREDENTIALS: Final = Statement(
    "S3 credentials of a user",
    "MATCH (c:S3Credential)-[:OF]->(:User {id: $user}) WHERE c.tokenId IS NULL "
    "RETURN c{.*} AS credential ORDER BY c.accessKeyId",
    lambda rows: [
        CredentialView(
            row["credential"]["accessKeyId"],
            row["credential"]["name"],
            optional_from_ms(row["credential"].get("expiresAt")),
            from_ms(row["credential"]["createdAt"]),
        )
        for row in rows
    ],
)


def credentials(user_id: str) -> Query[list[CredentialView]]:
    """S3 key pairs of a user, without those that sign a token's URLs."""
    return _CREDENTIALS.bind(user=user_id)
