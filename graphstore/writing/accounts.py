"""Rows of changes of grants, users, tokens and key pairs."""

from typing import assert_never

from domain.changes import (
    AccountChange,
    CredentialAdded,
    CredentialRevoked,
    GrantRemoved,
    GrantSet,
    TokenAdded,
    TokenRevoked,
    UserAdded,
    UserStateChanged,
)
from graphstore.cypher.changes import accounts as cypher
from graphstore.instants import optional_to_ms, to_ms
from graphstore.writing.rows import Rows


def rows(change: AccountChange) -> tuple[Rows, ...]:  # noqa: PLR0911  one case for each kind of change
    """Statements and rows of one change."""
    match change:
        case GrantSet():
            return (_grant_set(change),)
        case GrantRemoved():
            return ((cypher.GRANT_REMOVED, {"user": change.user_id, "resource": change.resource_id}),)
        case UserAdded():
            return (_user_added(change),)
        case UserStateChanged():
            return ((cypher.USER_STATE_CHANGED, {"id": change.id, "active": change.is_active}),)
        case TokenAdded():
            return (_token_added(change),)
        case TokenRevoked():
            return ((cypher.TOKEN_REVOKED, {"id": change.id}),)
        case CredentialAdded():
            return (_credential_added(change),)
        case CredentialRevoked():
            return ((cypher.CREDENTIAL_REVOKED, {"id": change.access_key_id}),)
        case _:
            assert_never(change)


def _grant_set(change: GrantSet) -> Rows:
    row = {
        "user": change.user_id,
        "resource": change.resource_id,
        "level": int(change.level),
        "expiresAt": optional_to_ms(change.expires_at),
        "at": to_ms(change.at),
        "by": change.by,
    }
    return cypher.GRANT_SET, row


def _user_added(change: UserAdded) -> Rows:
    node = {
        "id": change.id,
        "displayName": change.display_name,
        "email": change.email,
        "administrator": change.is_administrator,
        "active": True,
        "createdAt": to_ms(change.at),
    }
    return cypher.USER_ADDED, {"node": node}


def _token_added(change: TokenAdded) -> Rows:
    node = {
        "id": change.id,
        "userId": change.user_id,
        "name": change.name,
        "secretSha256": change.secret_sha256,
        "expiresAt": to_ms(change.expires_at),
        "createdAt": to_ms(change.at),
    }
    return cypher.TOKEN_ADDED, {"user": change.user_id, "node": node}


def _credential_added(change: CredentialAdded) -> Rows:
    node = {
        "accessKeyId": change.access_key_id,
        "userId": change.user_id,
        "name": change.name,
        "sealedSecret": change.sealed_secret,
        "tokenId": change.token_id,
        "expiresAt": optional_to_ms(change.expires_at),
        "createdAt": to_ms(change.at),
    }
    return cypher.CREDENTIAL_ADDED, {"user": change.user_id, "node": node}
