"""What can be done: one mutation per intent. Each is input to command, call, wrap; a refusal becomes userErrors."""

from datetime import datetime
from typing import Annotated

import strawberry

from domain.access import Level
from domain.errors import DomainError
from domain.linking import ExternalLink, Link
from domain.resources import Kind
from resolvers import containers, grants, relations, resources, tokens, uploads, users
from schema.info import Info
from schema.inputs import (
    CollectionCreateInput,
    DatasetCreateInput,
    ObjectCreateInput,
    ProjectCreateInput,
    ResourceUpdateInput,
    S3CredentialCreateInput,
    TokenCreateInput,
    UserCreateInput,
)
from schema.nodes import shown
from schema.payloads import (
    CollectionCreatePayload,
    DatasetCreatePayload,
    GrantPayload,
    ObjectCreatePayload,
    ObjectUploadAbortPayload,
    ObjectUploadBeginPayload,
    ObjectUploadFinishPayload,
    ProjectCreatePayload,
    RelationsPayload,
    ResourceDeletePayload,
    ResourceUpdatePayload,
    S3CredentialCreatePayload,
    S3CredentialRevokePayload,
    TokenCreatePayload,
    TokenRevokePayload,
    UserCreatePayload,
    UserPayload,
)
from schema.problems import refused
from schema.relations import ExternalRelationInput, RelationInput
from schema.uploads import ObjectUploadBeginInput, UploadPartInput

ResourceId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the resource.")]
UploadId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the upload.")]
UserId = Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the user.")]
Principal = Annotated[strawberry.ID, strawberry.argument(description="Id of the user.")]
Relations = Annotated[
    list[RelationInput] | None,
    strawberry.argument(name="relations", description="Relations to resources; 1 to 100 with `external`."),
]
External = Annotated[
    list[ExternalRelationInput] | None, strawberry.argument(description="Citations of what is outside.")
]


def _links(
    links: list[RelationInput] | None, external: list[ExternalRelationInput] | None
) -> tuple[list[Link], list[ExternalLink]]:
    return [one.to_link() for one in links or ()], [one.to_link() for one in external or ()]


@strawberry.type(
    description="What can be done. A refusal changes nothing and is told in `userErrors`; without a token most is "
    "answered by an error with the code UNAUTHENTICATED."
)
class Mutation:
    """What can be done."""

    @strawberry.mutation(description="Make a project; you get ADMIN on it.")
    async def project_create(
        self,
        info: Info,
        given: Annotated[ProjectCreateInput, strawberry.argument(name="input", description="The project.")],
    ) -> ProjectCreatePayload:
        """Make a project."""
        try:
            project = await containers.make_project(info.context, given.to_new())
        except DomainError as error:
            return ProjectCreatePayload(user_errors=refused(error))
        return ProjectCreatePayload(project=shown(project))

    @strawberry.mutation(description="Make a collection in a project. Takes APPEND on the project.")
    async def collection_create(
        self,
        info: Info,
        given: Annotated[CollectionCreateInput, strawberry.argument(name="input", description="The collection.")],
    ) -> CollectionCreatePayload:
        """Make a collection."""
        try:
            collection = await containers.make_container(
                info.context, Kind.COLLECTION, str(given.parent), given.to_new()
            )
        except DomainError as error:
            return CollectionCreatePayload(user_errors=refused(error))
        return CollectionCreatePayload(collection=shown(collection))

    @strawberry.mutation(description="Make a dataset in a project or collection. Takes APPEND on its parent.")
    async def dataset_create(
        self,
        info: Info,
        given: Annotated[DatasetCreateInput, strawberry.argument(name="input", description="The dataset.")],
    ) -> DatasetCreatePayload:
        """Make a dataset."""
        try:
            dataset = await containers.make_container(info.context, Kind.DATASET, str(given.parent), given.to_new())
        except DomainError as error:
            return DatasetCreatePayload(user_errors=refused(error))
        return DatasetCreatePayload(dataset=shown(dataset))

    @strawberry.mutation(
        description="Make an Object that waits for its bytes, and begin their upload. Takes APPEND on its parent."
    )
    async def object_create(
        self,
        info: Info,
        given: Annotated[ObjectCreateInput, strawberry.argument(name="input", description="The Object and its bytes.")],
    ) -> ObjectCreatePayload:
        """Make an Object and begin its upload."""
        try:
            begun = await uploads.make_object(info.context, str(given.parent), given.to_new(), given.to_request())
        except DomainError as error:
            return ObjectCreatePayload(user_errors=refused(error))
        return ObjectCreatePayload(object=shown(begun.object), upload=shown(begun.upload))

    @strawberry.mutation(
        description="Begin an upload of an Object's next revision. Takes WRITE, or APPEND on an Object that you made "
        "and that never had bytes."
    )
    async def object_upload_begin(
        self,
        info: Info,
        object_id: Annotated[strawberry.ID, strawberry.argument(name="id", description="Id of the Object.")],
        given: Annotated[
            ObjectUploadBeginInput | None, strawberry.argument(name="input", description="What you say of the bytes.")
        ] = None,
    ) -> ObjectUploadBeginPayload:
        """Begin an upload."""
        try:
            request = (given or ObjectUploadBeginInput()).to_request()
            begun = await uploads.begin(info.context, str(object_id), request)
        except DomainError as error:
            return ObjectUploadBeginPayload(user_errors=refused(error))
        return ObjectUploadBeginPayload(object=shown(begun.object), upload=shown(begun.upload))

    @strawberry.mutation(
        description="Publish an upload whose parts have come. One in one piece is published when its bytes are in: "
        "this then answers the Object, and FAILED_PRECONDITION before. Calling it again answers the same."
    )
    async def object_upload_finish(
        self,
        info: Info,
        upload_id: UploadId,
        parts: Annotated[
            list[UploadPartInput] | None,
            strawberry.argument(description="Parts to take, in ascending order; null for all that came."),
        ] = None,
    ) -> ObjectUploadFinishPayload:
        """Publish an upload."""
        try:
            wanted = None if parts is None else [part.to_part() for part in parts]
            found = await uploads.finish(info.context, str(upload_id), wanted)
        except DomainError as error:
            return ObjectUploadFinishPayload(user_errors=refused(error))
        return ObjectUploadFinishPayload(object=shown(found))

    @strawberry.mutation(
        description="End an upload of yours without a revision; an Object that waited for it goes to ERROR."
    )
    async def object_upload_abort(self, info: Info, upload_id: UploadId) -> ObjectUploadAbortPayload:
        """End an upload."""
        try:
            found = await uploads.abort(info.context, str(upload_id))
        except DomainError as error:
            return ObjectUploadAbortPayload(user_errors=refused(error))
        return ObjectUploadAbortPayload(object=shown(found))

    @strawberry.mutation(description="Change title and description. Takes WRITE.")
    async def resource_update(
        self,
        info: Info,
        resource_id: ResourceId,
        given: Annotated[ResourceUpdateInput, strawberry.argument(name="input", description="The new words.")],
        if_revision: Annotated[
            int | None, strawberry.argument(description="Refuse with CONFLICT unless `revision` still is this.")
        ] = None,
    ) -> ResourceUpdatePayload:
        """Change a resource's words."""
        try:
            found = await resources.update(info.context, str(resource_id), given.to_description(), if_revision)
        except DomainError as error:
            return ResourceUpdatePayload(user_errors=refused(error))
        return ResourceUpdatePayload(resource=shown(found))

    @strawberry.mutation(
        description="Add relations from a resource; those that stand already are counted. METADATA takes WRITE on both "
        "ends, all others WRITE here and READ there."
    )
    async def relations_add(
        self, info: Info, resource_id: ResourceId, links: Relations = None, external: External = None
    ) -> RelationsPayload:
        """Add relations."""
        try:
            done = await relations.link(info.context, str(resource_id), *_links(links, external))
            found = await info.context.reread(str(resource_id))
        except DomainError as error:
            return RelationsPayload(user_errors=refused(error))
        return RelationsPayload(resource=shown(found), changed=done.changed, unchanged=done.unchanged)

    @strawberry.mutation(
        description="Remove relations from a resource, all or none. Takes at either end what adding them takes."
    )
    async def relations_remove(
        self, info: Info, resource_id: ResourceId, links: Relations = None, external: External = None
    ) -> RelationsPayload:
        """Remove relations."""
        try:
            done = await relations.unlink(info.context, str(resource_id), *_links(links, external))
            found = await info.context.reread(str(resource_id))
        except DomainError as error:
            return RelationsPayload(user_errors=refused(error))
        return RelationsPayload(resource=shown(found), changed=done.changed, unchanged=done.unchanged)

    @strawberry.mutation(description="Delete an Object (WRITE) or an empty container (ADMIN): a tombstone stays.")
    async def resource_delete(self, info: Info, resource_id: ResourceId) -> ResourceDeletePayload:
        """Delete an Object or empty container."""
        try:
            found = await resources.delete(info.context, str(resource_id))
        except DomainError as error:
            return ResourceDeletePayload(user_errors=refused(error))
        return ResourceDeletePayload(resource=shown(found))

    @strawberry.mutation(
        description="Set a user's level on a resource and all below it, replacing his grant there. Takes ADMIN."
    )
    async def grant_set(
        self,
        info: Info,
        resource_id: ResourceId,
        principal: Principal,
        level: Annotated[Level, strawberry.argument(description="The level, not NONE.")],
        expires_at: Annotated[
            datetime | None, strawberry.argument(description="When the grant ends, in the future; null for never.")
        ] = None,
    ) -> GrantPayload:
        """Set a user's level."""
        try:
            found = await grants.grant(info.context, str(resource_id), str(principal), level, expires_at)
        except DomainError as error:
            return GrantPayload(user_errors=refused(error))
        return GrantPayload(resource=shown(found))

    @strawberry.mutation(description="Remove a user's grant on a resource; it stops working at once. Takes ADMIN.")
    async def grant_remove(self, info: Info, resource_id: ResourceId, principal: Principal) -> GrantPayload:
        """Remove a user's grant."""
        try:
            found = await grants.revoke(info.context, str(resource_id), str(principal))
        except DomainError as error:
            return GrantPayload(user_errors=refused(error))
        return GrantPayload(resource=shown(found))

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
