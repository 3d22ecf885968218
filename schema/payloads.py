"""What mutations answer: the thing as it is then, null if refused, and the refusals."""

import strawberry

from schema.containers import Collection, Dataset, Project
from schema.licenses import License
from schema.objects import Object
from schema.problems import UserError
from schema.resources import Resource
from schema.uploads import Upload
from schema.users import S3Credential, Token, User


@strawberry.interface(description="What every mutation answers.")
class Payload:
    """What every mutation answers."""

    user_errors: list[UserError] = strawberry.field(
        default_factory=list[UserError], description="Why it was refused; empty if it was done."
    )


@strawberry.type(description="What `projectCreate` answers.")
class ProjectCreatePayload(Payload):
    """Answer of projectCreate."""

    project: Project | None = strawberry.field(default=None, description="The new project.")


@strawberry.type(description="What `collectionCreate` answers.")
class CollectionCreatePayload(Payload):
    """Answer of collectionCreate."""

    collection: Collection | None = strawberry.field(default=None, description="The new collection.")


@strawberry.type(description="What `datasetCreate` answers.")
class DatasetCreatePayload(Payload):
    """Answer of datasetCreate."""

    dataset: Dataset | None = strawberry.field(default=None, description="The new dataset.")


@strawberry.type(description="What `objectCreate` answers.")
class ObjectCreatePayload(Payload):
    """Answer of objectCreate."""

    object: Object | None = strawberry.field(
        default=None, description="The new Object: INITIALIZING until its bytes come."
    )
    upload: Upload | None = strawberry.field(default=None, description="How to bring the bytes.")


@strawberry.type(description="What `objectUploadBegin` answers.")
class ObjectUploadBeginPayload(Payload):
    """Answer of objectUploadBegin."""

    object: Object | None = strawberry.field(
        default=None, description="The Object: it shows what it showed until the upload is published."
    )
    upload: Upload | None = strawberry.field(default=None, description="How to bring the bytes.")


@strawberry.type(description="What `objectUploadFinish` answers.")
class ObjectUploadFinishPayload(Payload):
    """Answer of objectUploadFinish."""

    object: Object | None = strawberry.field(default=None, description="The Object with its new revision.")


@strawberry.type(description="What `objectUploadAbort` answers.")
class ObjectUploadAbortPayload(Payload):
    """Answer of objectUploadAbort."""

    object: Object | None = strawberry.field(
        default=None, description="The Object; null for an upload to a key that no Object has."
    )


@strawberry.type(description="What `resourceUpdate` answers.")
class ResourceUpdatePayload(Payload):
    """Answer of resourceUpdate."""

    resource: Resource | None = strawberry.field(default=None, description="The resource as it is then.")


@strawberry.type(description="What `resourceDelete` answers.")
class ResourceDeletePayload(Payload):
    """Answer of resourceDelete."""

    resource: Resource | None = strawberry.field(default=None, description="The tombstone.")


@strawberry.type(description="What `resourceRestore` answers.")
class ResourceRestorePayload(Payload):
    """Answer of resourceRestore."""

    resource: Resource | None = strawberry.field(default=None, description="The resource, which lives again.")


@strawberry.type(description="What `objectErase` answers.")
class ObjectErasePayload(Payload):
    """Answer of objectErase."""

    object: Object | None = strawberry.field(default=None, description="The Object without what was erased.")


@strawberry.type(description="What `revisionRemove` answers.")
class RevisionRemovePayload(Payload):
    """Answer of revisionRemove."""

    object: Object | None = strawberry.field(default=None, description="The Object without that revision.")


@strawberry.type(description="What `relationsAdd` and `relationsRemove` answer.")
class RelationsPayload(Payload):
    """Answer of relationsAdd and relationsRemove."""

    resource: Resource | None = strawberry.field(default=None, description="The resource that the relations lead from.")
    changed: int | None = strawberry.field(default=None, description="How many were added or removed.")
    unchanged: int | None = strawberry.field(default=None, description="How many stood already.")


@strawberry.type(description="What `grantSet` and `grantRemove` answer.")
class GrantPayload(Payload):
    """Answer of grantSet and grantRemove."""

    resource: Resource | None = strawberry.field(
        default=None, description="The resource; null if you have just taken away your own sight of it."
    )


@strawberry.type(description="What `userCreate` answers.")
class UserCreatePayload(Payload):
    """Answer of userCreate."""

    user: User | None = strawberry.field(default=None, description="The new user.")
    secret: str | None = strawberry.field(
        default=None, description="Text of a first token, good for 90 days. It is shown this once: hand it over safely."
    )


@strawberry.type(description="What `userActivate` and `userDeactivate` answer.")
class UserPayload(Payload):
    """Answer of userActivate and userDeactivate."""

    user: User | None = strawberry.field(default=None, description="The user as he is then.")


@strawberry.type(description="What `tokenCreate` answers.")
class TokenCreatePayload(Payload):
    """Answer of tokenCreate."""

    token: Token | None = strawberry.field(default=None, description="The new token.")
    secret: str | None = strawberry.field(
        default=None, description="Its text, for the header `Authorization: Bearer …`. It is shown this once."
    )


@strawberry.type(description="What `tokenRevoke` answers.")
class TokenRevokePayload(Payload):
    """Answer of tokenRevoke."""

    revoked_id: strawberry.ID | None = strawberry.field(default=None, description="The token that was revoked.")


@strawberry.type(description="What `s3CredentialCreate` answers.")
class S3CredentialCreatePayload(Payload):
    """Answer of s3CredentialCreate."""

    credential: S3Credential | None = strawberry.field(default=None, description="The new key pair.")
    secret_access_key: str | None = strawberry.field(
        default=None, description="Its secret half. It is shown this once."
    )


@strawberry.type(description="What `s3CredentialRevoke` answers.")
class S3CredentialRevokePayload(Payload):
    """Answer of s3CredentialRevoke."""

    revoked_access_key_id: str | None = strawberry.field(default=None, description="The key pair that was revoked.")


@strawberry.type(description="What `licenseCreate` answers.")
class LicenseCreatePayload(Payload):
    """Answer of licenseCreate."""

    license: License | None = strawberry.field(default=None, description="The new licence.")
