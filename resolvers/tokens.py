"""Use cases of API tokens and S3 key pairs: making one's own, listing and revoking them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from domain.accounts import create_credential, create_token, revoke_credential, revoke_token
from domain.changes import Decision
from domain.errors import Unauthenticated
from domain.views import CredentialView, TokenView
from graphstore.cypher import accounts
from graphstore.cypher.accounts import CredentialRecord, TokenRecord
from identity.access_keys import new_access_key, seal_access_key
from identity.tokens import mint_token, refused_token
from resolvers.cancelling import uncancelled
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made, with its text, to be shown once."""

    token: TokenView
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewCredential:
    """An S3 key pair just made, with its secret, to be shown once."""

    credential: CredentialView
    secret: str = field(repr=False)


async def make_token(context: Context, name: str, expires_in_days: int | None) -> NewToken:
    """Make a token of the caller's own, which lives no longer than the one he calls with.

    Raises: Unauthenticated, BadInput, Forbidden, Unavailable.
    """
    new = mint_token(context.new_id(), context.services.keyring, context.services.random_bytes)
    expires_at = await context.store.run_rule(
        "create token",
        lock=(),
        load=accounts.token(_own_token(context)),
        decide=lambda own: create_token(
            name, expires_in_days, _still_good(context, own).expires_at, new.minted, context.stamp()
        ),
    )
    return NewToken(TokenView(new.minted.id, name, expires_at, context.now), new.text)


async def drop_token(context: Context, token_id: str) -> str:
    """Revoke a token, and the URLs that were signed with it, at once; answers its id.

    Raises: Unauthenticated, NotFound, Unavailable.
    """
    return await context.store.run_rule(
        "revoke token",
        lock=(),
        load=accounts.token(token_id),
        decide=lambda found: revoke_token(None if found is None else found.user.id, token_id, context.stamp()),
    )


async def make_credential(context: Context, name: str) -> NewCredential:
    """Make an S3 key pair of the caller's own, which lives no longer than the token he calls with.

    Raises: Unauthenticated, BadInput, Unavailable.
    """
    pair = new_access_key(context.services.random_bytes)
    sealed = seal_access_key(pair, context.services.keyring)

    def decide(own: TokenRecord | None) -> Decision[CredentialView]:
        expires_at = _still_good(context, own).expires_at
        decision = create_credential(name, pair.id, sealed, expires_at, context.stamp())
        return Decision(decision.changes, CredentialView(pair.id, name, expires_at, context.now))

    view = await context.store.run_rule(
        "create S3 credential", lock=(), load=accounts.token(_own_token(context)), decide=decide
    )
    return NewCredential(view, pair.secret)


async def drop_credential(context: Context, access_key_id: str) -> str:
    """Revoke an S3 key pair, and the URLs that were signed with it, at once; answers its id.

    Raises: Unauthenticated, NotFound, Unavailable.
    """
    return await context.store.run_rule(
        "revoke S3 credential",
        lock=(),
        load=accounts.credential(access_key_id),
        decide=lambda found: revoke_credential(_owner_of(found), access_key_id, context.stamp()),
    )


@uncancelled
async def list_tokens(context: Context, user_id: str) -> Sequence[TokenView]:
    """Tokens of a user, oldest first.

    Raises: Unavailable.
    """
    return await context.store.read(accounts.tokens(user_id))


@uncancelled
async def list_credentials(context: Context, user_id: str) -> Sequence[CredentialView]:
    """S3 key pairs of a user, without those that sign the URLs of his tokens.

    Raises: Unavailable.
    """
    return await context.store.read(accounts.credentials(user_id))


def _own_token(context: Context) -> str:
    """Id of the token that the caller calls with.

    Raises: Unauthenticated.
    """
    if context.caller.token_id is None:
        raise Unauthenticated("sign in with a token to make tokens and S3 credentials")
    return context.caller.token_id


def _still_good(context: Context, own: TokenRecord | None) -> TokenRecord:
    """Token that the caller calls with, as it stands in the transaction of a rule.

    Raises: Unauthenticated.
    """
    if own is None or not own.user.is_active or context.now >= own.expires_at:
        raise refused_token()
    return own


def _owner_of(found: CredentialRecord | None) -> str | None:
    """User of a key pair; one that signs a token's URLs goes with its token and isn't revoked alone."""
    return None if found is None or found.token_id is not None else found.user.id
