"""Rules: users, their API tokens and their S3 key pairs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.changes import (
    CredentialAdded,
    CredentialRevoked,
    Decision,
    TokenAdded,
    TokenRevoked,
    UserAdded,
    UserStateChanged,
)
from domain.errors import BadInput, FailedPrecondition, Forbidden, NotFound, Unauthenticated
from domain.limits import TOKEN_DAYS_DEFAULT, TOKEN_DAYS_MAX
from domain.metadata import check_display_name, check_email
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class MintedToken:
    """What identity made for a new token: its id, the hash of its secret, and the sealed key that signs its URLs."""

    id: str
    secret_sha256: str
    access_key_id: str
    sealed_secret: str


def _demand_administrator(stamp: Stamp) -> None:
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in as an administrator")
    if not stamp.caller.is_administrator:
        raise Forbidden("only administrators manage users")


def create_user(
    display_name: str, email: str | None, token: MintedToken, stamp: Stamp, *, is_administrator: bool
) -> Decision[str]:
    """Make an active user with a first token, so that he can sign in; answers the user's id.

    Raises: Unauthenticated, Forbidden, BadInput.
    """
    _demand_administrator(stamp)
    check_display_name(display_name, field=("input", "displayName"))
    check_email(email, field=("input", "email"))
    user_id = stamp.new_id()
    changes = (
        UserAdded(user_id, display_name, email, is_administrator, stamp.now),
        *_token_changes(token, user_id, "first sign-in", stamp.now + timedelta(days=TOKEN_DAYS_DEFAULT), stamp.now),
    )
    return Decision(changes, user_id)


def set_user_state(user_id: str, stamp: Stamp, *, is_known: bool, is_active: bool) -> Decision[str]:
    """Let a user call again, or stop him at once; answers his id.

    Raises: Unauthenticated, Forbidden, NotFound, FailedPrecondition.
    """
    _demand_administrator(stamp)
    if not is_known:
        raise NotFound(f"there is no user {user_id}", field=("id",))
    if user_id == stamp.caller.user_id and not is_active:
        raise FailedPrecondition("nobody deactivates himself; another administrator can", field=("id",))
    return Decision((UserStateChanged(user_id, is_active, stamp.now),), user_id)


def _token_changes(
    token: MintedToken, user_id: str, name: str, expires_at: datetime, now: datetime
) -> tuple[TokenAdded, CredentialAdded]:
    """Make a token together with the key pair that signs the presigned URLs made with it, and dies with it."""
    return (
        TokenAdded(token.id, user_id, name, token.secret_sha256, expires_at, now),
        CredentialAdded(
            access_key_id=token.access_key_id,
            user_id=user_id,
            name=f"signs URLs of token {token.id}",
            sealed_secret=token.sealed_secret,
            token_id=token.id,
            expires_at=expires_at,
            at=now,
        ),
    )


def create_token(
    name: str, expires_in_days: int | None, own_expiry: datetime | None, token: MintedToken, stamp: Stamp
) -> Decision[datetime]:
    """Make a token of the caller's own; `own_expiry` is when the token he calls with ends. Answers its expiry.

    A token mints nothing that lives longer than itself.

    Raises: Unauthenticated, BadInput, Forbidden.
    """
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in to make a token")
    check_display_name(name, field=("input", "name"))
    days = TOKEN_DAYS_DEFAULT if expires_in_days is None else expires_in_days
    if not 1 <= days <= TOKEN_DAYS_MAX:
        raise BadInput(f"a token lives 1 to {TOKEN_DAYS_MAX} days", field=("input", "expiresInDays"))
    expires_at = stamp.now + timedelta(days=days)
    if own_expiry is not None and expires_at > own_expiry:
        if expires_in_days is not None:
            message = (
                f"the token that you call with ends at {own_expiry.isoformat()}; it can't make one that outlives it"
            )
            raise Forbidden(message, field=("input", "expiresInDays"))
        expires_at = own_expiry
    return Decision(_token_changes(token, stamp.caller.user_id, name, expires_at, stamp.now), expires_at)


def revoke_token(owner_id: str | None, token_id: str, stamp: Stamp) -> Decision[str]:
    """Revoke one of the caller's own tokens (an administrator: anyone's); answers its id.

    Raises: Unauthenticated, NotFound.
    """
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in to revoke a token")
    if owner_id is None or (owner_id != stamp.caller.user_id and not stamp.caller.is_administrator):
        raise NotFound(f"you have no token {token_id}", field=("id",))
    return Decision((TokenRevoked(token_id),), token_id)


def create_credential(
    name: str, access_key_id: str, sealed_secret: str, own_expiry: datetime | None, stamp: Stamp
) -> Decision[str]:
    """Make an S3 key pair of the caller's own that lives no longer than the token he calls with; answers its id.

    Raises: Unauthenticated, BadInput.
    """
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in to make S3 credentials")
    check_display_name(name, field=("input", "name"))
    change = CredentialAdded(access_key_id, stamp.caller.user_id, name, sealed_secret, None, own_expiry, stamp.now)
    return Decision((change,), access_key_id)


def revoke_credential(owner_id: str | None, access_key_id: str, stamp: Stamp) -> Decision[str]:
    """Revoke one of the caller's own S3 key pairs (an administrator: anyone's); answers its id.

    Raises: Unauthenticated, NotFound.
    """
    if stamp.caller.is_anonymous:
        raise Unauthenticated("sign in to revoke S3 credentials")
    if owner_id is None or (owner_id != stamp.caller.user_id and not stamp.caller.is_administrator):
        raise NotFound(f"you have no S3 credentials {access_key_id}", field=("accessKeyId",))
    return Decision((CredentialRevoked(access_key_id),), access_key_id)
