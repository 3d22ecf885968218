"""Users, and what is theirs: tokens and S3 key pairs, never with their secrets."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import strawberry

from domain.views import CredentialView, TokenView, UserView
from resolvers import tokens, users
from schema.fields import answered_by
from schema.info import Info
from schema.nodes import Node
from schema.pages import Connection, PageInfo


@strawberry.type(description="An API token. Its text is shown once, when it is made.")
class Token:
    """An API token without its secret."""

    id: strawberry.ID = strawberry.field(description="Names the token, also in its text.")
    name: str = strawberry.field(description="What its owner calls it.")
    expires_at: datetime = strawberry.field(description="When it ends.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="An S3 key pair. Its secret is shown once, when it is made.")
class S3Credential:
    """An S3 key pair without its secret."""

    access_key_id: str = strawberry.field(description="The public half: 20 characters.")
    name: str = strawberry.field(description="What its owner calls it.")
    expires_at: datetime | None = strawberry.field(description="When it ends; null for never.")
    created_at: datetime = strawberry.field(description="When it was made.")


def _email(root: strawberry.Parent[UserView], info: Info) -> str | None:
    return root.email if users.shows_private_fields(info.context, root) else None


def _is_administrator(root: strawberry.Parent[UserView], info: Info) -> bool | None:
    return root.is_administrator if users.shows_private_fields(info.context, root) else None


def _is_active(root: strawberry.Parent[UserView], info: Info) -> bool | None:
    return root.is_active if users.shows_private_fields(info.context, root) else None


def _created_at(root: strawberry.Parent[UserView], info: Info) -> datetime | None:
    return root.created_at if users.shows_private_fields(info.context, root) else None


async def _tokens(root: strawberry.Parent[UserView], info: Info) -> Sequence[TokenView] | None:
    is_own = root.id == info.context.caller.user_id
    return await tokens.list_tokens(info.context, root.id) if is_own else None


async def _s3_credentials(root: strawberry.Parent[UserView], info: Info) -> Sequence[CredentialView] | None:
    is_own = root.id == info.context.caller.user_id
    return await tokens.list_credentials(info.context, root.id) if is_own else None


@strawberry.type(description="A person with an account. Others see the name only; administrators see all but secrets.")
class User(Node):
    """A person with an account."""

    display_name: str = strawberry.field(description="What the person is called.")
    email: str | None = answered_by(_email, "E-mail address; null for others.")
    is_administrator: bool | None = answered_by(_is_administrator, "Whether this is an administrator; null for others.")
    is_active: bool | None = answered_by(_is_active, "Whether the account may be used; null for others.")
    created_at: datetime | None = answered_by(_created_at, "When the account was made; null for others.")
    tokens: list[Token] | None = answered_by(
        _tokens, "The account's own API tokens, oldest first; null for all others."
    )
    s3_credentials: list[S3Credential] | None = answered_by(
        _s3_credentials, "The account's own S3 key pairs, by id; null for all others."
    )

    @classmethod
    def is_type_of(cls, obj: object, _: object) -> bool:
        """Whether a value is shown by this type."""
        return isinstance(obj, UserView)


@strawberry.type(description="A user in a list.")
class UserEdge:
    """A user in a list."""

    cursor: str = strawberry.field(description="Place in the list.")
    node: User = strawberry.field(description="The user.")


async def _user_count(root: strawberry.Parent[Connection[UserView]], info: Info) -> int:
    del root
    return await users.count_users(info.context)


@strawberry.type(description="A page of users, oldest first.")
class UserConnection:
    """A page of users."""

    edges: list[UserEdge] = strawberry.field(description="The users with their cursors.")
    nodes: list[User] = strawberry.field(description="The users alone.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = answered_by(_user_count, "How many users there are; counted on demand.")


class _Made(Protocol):
    @property
    def created_by(self) -> str: ...


async def creator(root: strawberry.Parent[_Made], info: Info) -> UserView | None:
    """User who made something, for whoever sees the thing."""
    return await info.context.loaders.users.load(root.created_by) if root.created_by else None
