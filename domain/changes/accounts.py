"""What can change of users, their tokens and key pairs, and what is granted to them."""

from dataclasses import dataclass
from datetime import datetime

from domain.access import Level


@dataclass(frozen=True, slots=True)
class GrantSet:
    """A user's level on a resource, replacing an earlier grant."""

    user_id: str
    resource_id: str
    level: Level
    expires_at: datetime | None
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class GrantRemoved:
    """A user's grant on a resource is gone."""

    user_id: str
    resource_id: str


@dataclass(frozen=True, slots=True)
class UserAdded:
    """A new, active user."""

    id: str
    display_name: str
    email: str | None
    is_administrator: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class UserStateChanged:
    """A user may, or may no longer, call anything."""

    id: str
    is_active: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenAdded:
    """An API token: only the SHA-256 of its secret is kept (hex)."""

    id: str
    user_id: str
    name: str
    secret_sha256: str
    expires_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class TokenRevoked:
    """A token, and what was signed for it, is worth nothing any more."""

    id: str


@dataclass(frozen=True, slots=True)
class CredentialAdded:
    """An S3 key pair, its secret sealed. With a `token_id` it signs that token's URLs only, and dies with it."""

    access_key_id: str
    user_id: str
    name: str
    sealed_secret: str
    token_id: str | None
    expires_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class CredentialRevoked:
    """An S3 key pair is worth nothing any more."""

    access_key_id: str


AccountChange = (
    GrantSet
    | GrantRemoved
    | UserAdded
    | UserStateChanged
    | TokenAdded
    | TokenRevoked
    | CredentialAdded
    | CredentialRevoked
)
