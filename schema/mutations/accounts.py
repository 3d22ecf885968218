"""Users, their tokens and S3 key pairs. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from resolvers import tokens, users
from schema.info import Info
from schema.inputs import (
    S3CredentialCreateInput,
    TokenCreateInput,
    UserCreateInput,
)
from schema.nodes import shown
from schema.payloads import (
    S3CredentialCreatePayload,
    S3CredentialRevokePayload,
    TokenCreatePayload,
    TokenRevokePayload,
    UserCreatePayload,
    UserPayload,
)
from schema.problems import refused

UserId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the user.")]


@strawberry.type
class AccountMutations:
    """Users, their tokens and S3 key pairs."""

    @strawberry.mutation(description="Make a user with a first token. For administrators.")
    async def user_create(
        self,
        info: Info,
        given: Annotated[UserCreateInput, strawberry.argument(name="input", description="The user.")],
    ) -> UserCreatePayload:
        """Make a user."""
        try:
            new = await users.make_user(
                info.context, given.display_name, given.email, is_administrator=given.is_administrator
            )
        except DomainError as error:
            return UserCreatePayload(user_errors=refused(error))
        return UserCreatePayload(user=shown(new.user), secret=new.token_text)

    @strawberry.mutation(description="Let a user call again. For administrators.")
    async def user_activate(self, info: Info, user_id: UserId) -> UserPayload:
        """Let a user call again."""
        try:
            user = await users.set_active(info.context, str(user_id), is_active=True)
        except DomainError as error:
            return UserPayload(user_errors=refused(error))
        return UserPayload(user=shown(user))

    @strawberry.mutation(
        description="Stop a user: his tokens, key pairs and presigned URLs are worth nothing at once. "
        "For administrators."
    )
    async def user_deactivate(self, info: Info, user_id: UserId) -> UserPayload:
        """Stop a user."""
        try:
            user = await users.set_active(info.context, str(user_id), is_active=False)
        except DomainError as error:
            return UserPayload(user_errors=refused(error))
        return UserPayload(user=shown(user))

    @strawberry.mutation(description="Make an API token of your own.")
    async def token_create(
        self,
        info: Info,
        given: Annotated[TokenCreateInput, strawberry.argument(name="input", description="The token.")],
    ) -> TokenCreatePayload:
        """Make a token."""
        try:
            new = await tokens.make_token(info.context, given.name, given.expires_in_days)
        except DomainError as error:
            return TokenCreatePayload(user_errors=refused(error))
        return TokenCreatePayload(token=shown(new.token), secret=new.text)

    @strawberry.mutation(
        description="Revoke a token of yours (administrators: anyone's), and the URLs signed with it, at once."
    )
    async def token_revoke(
        self,
        info: Info,
        token_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the token.")],
    ) -> TokenRevokePayload:
        """Revoke a token."""
        try:
            revoked = await tokens.drop_token(info.context, str(token_id))
        except DomainError as error:
            return TokenRevokePayload(user_errors=refused(error))
        return TokenRevokePayload(revoked_id=strawberry.ID(revoked))

    @strawberry.mutation(description="Make an S3 key pair of your own, which lives as long as the token you call with.")
    async def s3_credential_create(
        self,
        info: Info,
        given: Annotated[S3CredentialCreateInput, strawberry.argument(name="input", description="The key pair.")],
    ) -> S3CredentialCreatePayload:
        """Make an S3 key pair."""
        try:
            new = await tokens.make_credential(info.context, given.name)
        except DomainError as error:
            return S3CredentialCreatePayload(user_errors=refused(error))
        return S3CredentialCreatePayload(credential=shown(new.credential), secret_access_key=new.secret)

    @strawberry.mutation(
        description="Revoke an S3 key pair of yours (administrators: anyone's), and the URLs signed with it, at once."
    )
    async def s3_credential_revoke(
        self,
        info: Info,
        access_key_id: Annotated[str, strawberry.argument(description="Public half of the key pair.")],
    ) -> S3CredentialRevokePayload:
        """Revoke an S3 key pair."""
        try:
            revoked = await tokens.drop_credential(info.context, access_key_id)
        except DomainError as error:
            return S3CredentialRevokePayload(user_errors=refused(error))
        return S3CredentialRevokePayload(revoked_access_key_id=revoked)
