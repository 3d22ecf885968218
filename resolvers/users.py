"""Use cases of users: administrators make, stop and list them; others see names."""

from dataclasses import dataclass, field, replace
from typing import Final

from domain.accounts import create_user, set_user_state
from domain.errors import Unauthenticated
from domain.stamps import Stamp
from domain.views import UserView
from graphstore.cypher import accounts
from identity.tokens import mint_token
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.paging import Page, page_of, page_request

LISTING: Final = "users"


@dataclass(frozen=True, slots=True)
class NewUser:
    """A user just made, with the text of his first token, to be shown once."""

    user: UserView | None
    token_text: str = field(repr=False)


def stamp_of(context: Context, caller: UserView | None) -> Stamp:
    """Stamp by the caller as he stands in the transaction of a rule, not as he stood when the request came in.

    Raises: Unauthenticated.
    """
    if context.caller.is_anonymous:
        return context.stamp()
    if caller is None or not caller.is_active:
        raise Unauthenticated("this account is not active any more")
    return context.stamp(replace(context.caller, is_administrator=caller.is_administrator))


async def make_user(context: Context, display_name: str, email: str | None, *, is_administrator: bool) -> NewUser:
    """Make an active user with a first token.

    Raises: Unauthenticated, Forbidden, BadInput, Unavailable.
    """
    token = mint_token(context.new_id(), context.services.keyring, context.services.random_bytes)
    user_id = await context.store.run_rule(
        "create user",
        lock=(),
        load=accounts.user(context.caller.user_id),
        decide=lambda caller: create_user(
            display_name, email, token.minted, stamp_of(context, caller), is_administrator=is_administrator
        ),
    )
    context.loaders.forget()
    return NewUser(await context.loaders.users.load(user_id), token.text)


async def set_active(context: Context, user_id: str, *, is_active: bool) -> UserView | None:
    """Let a user call again, or stop him and all that he signed at once; answers him.

    Raises: Unauthenticated, Forbidden, NotFound, FailedPrecondition, Unavailable.
    """
    await context.store.run_rule_on_two(
        "set user state",
        lock=(),
        load=(accounts.user(context.caller.user_id), accounts.user(user_id)),
        decide=lambda caller, user: set_user_state(
            user_id, stamp_of(context, caller), is_known=user is not None, is_active=is_active
        ),
    )
    context.loaders.forget()
    return await context.loaders.users.load(user_id)


async def find_user(context: Context, user_id: str) -> UserView | None:
    """User by id, for signed-in callers.

    Raises: Unavailable.
    """
    return None if context.caller.is_anonymous else await context.loaders.users.load(user_id)


@uncancelled
async def list_users(context: Context, *, first: int, after: str | None) -> Page[UserView] | None:
    """Page of all users, oldest first; None for callers who are no administrators.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    if not context.caller.is_administrator:
        return None
    found = await context.store.read(accounts.users(request.after, request.size + 1))
    return page_of(found[: request.size], lambda user: user.id, request, has_more=len(found) > request.size)


@uncancelled
async def count_users(context: Context) -> int:
    """How many users there are.

    Raises: Unavailable.
    """
    return await context.store.read(accounts.user_count())


def shows_private_fields(context: Context, user: UserView) -> bool:
    """Whether the caller sees more of a user than the name: it is himself, or he is an administrator."""
    return context.caller.is_administrator or context.caller.user_id == user.id
