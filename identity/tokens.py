"""API tokens: their text, what is kept of them, and whether one that is presented is good.

text = `aruna_`, the token's ULID, `_`, its secret (32 random bytes in URL-safe base64 without padding: 43 characters).
Only the SHA-256 of the secret is kept: it has 256 random bits, so a slow hash would add nothing.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from domain.access import Caller
from domain.accounts import MintedToken
from domain.errors import Unauthenticated
from domain.identifiers import ULID_LENGTH, is_ulid
from graphstore.cypher.accounts import TokenRecord
from identity.access_keys import new_access_key, seal_access_key
from identity.keyring import Keyring

PREFIX: Final = "aruna_"
SECRET_BYTES: Final = 32
SECRET_LENGTH: Final = 43

_CHARACTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
_TEXT_LENGTH: Final = len(PREFIX) + ULID_LENGTH + 1 + SECRET_LENGTH
# Compared with where no token is found, so that this takes as long as a wrong secret.
_NO_HASH: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class PresentedToken:
    """A text that has the form of a token; nothing is proven yet."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token just made: its text, to be shown once, and what the rule is given to keep."""

    text: str = field(repr=False)
    minted: MintedToken


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who a good token speaks for, and when it ends."""

    caller: Caller
    expires_at: datetime


def mint_token(token_id: str, keyring: Keyring, random_bytes: Callable[[int], bytes]) -> NewToken:
    """Make a token with the given ULID, and the S3 key pair that signs the URLs made with it."""
    assert is_ulid(token_id), "a token's id is a ULID"
    secret = base64.urlsafe_b64encode(random_bytes(SECRET_BYTES)).decode("ascii").rstrip("=")
    access_key = new_access_key(random_bytes)
    minted = MintedToken(
        id=token_id,
        secret_sha256=_hash(secret),
        access_key_id=access_key.id,
        sealed_secret=seal_access_key(access_key, keyring),
    )
    return NewToken(f"{PREFIX}{token_id}_{secret}", minted)


def parse_token(text: str) -> PresentedToken | None:
    """Read a token's text; None if it has another form."""
    if len(text) != _TEXT_LENGTH or not text.startswith(PREFIX):
        return None
    token_id, separator, secret = text[len(PREFIX) :].partition("_")
    if not separator or not is_ulid(token_id) or not _CHARACTERS.issuperset(secret):
        return None
    return PresentedToken(token_id, secret)


def authenticate(record: TokenRecord | None, secret: str, now: datetime) -> SignedIn:
    """Caller that the token speaks for, if the secret is right, it hasn't ended and its user is active.

    The comparison takes the same time whatever the secret. Every refusal reads the same.

    Raises: Unauthenticated.
    """
    kept = _NO_HASH if record is None else record.secret_sha256
    is_right = hmac.compare_digest(kept, _hash(secret))
    if record is None or not is_right or now >= record.expires_at or not record.user.is_active:
        raise refused_token()
    return SignedIn(Caller(record.user.id, record.user.is_administrator, record.id), record.expires_at)


def refused_token() -> Unauthenticated:
    """Make the one refusal of tokens that are malformed, unknown, wrong, revoked, expired or of an inactive user."""
    return Unauthenticated("this token isn't accepted: it is wrong, expired or revoked; sign in with another one")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()
