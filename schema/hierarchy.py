"""What sharing, unlinking, moving, renaming and cloning take and answer."""

import strawberry

from domain.access import Level
from domain.cloning import NewClone
from domain.moving import Move
from domain.sharing import Share
from schema.objects import Object
from schema.payloads import Payload
from schema.resources import Resource


def _id(given: strawberry.ID | None) -> str | None:
    return None if given is None else str(given)


@strawberry.input(description="Where a resource is to belong too.")
class ResourceShareInput:
    """Where a resource is to belong too."""

    parent: strawberry.ID = strawberry.field(description="Id of the container to share it into.")
    name: str | None = strawberry.field(
        default=None, description="What it is to be called there; null for what its home calls it."
    )
    passes: Level = strawberry.field(
        default=Level.READ,
        description="The most that rights on that container are worth on the resource: READ, APPEND, WRITE or ADMIN.",
    )

    def to_share(self) -> Share:
        """Give the rule's words."""
        return Share(str(self.parent), self.name, self.passes)


@strawberry.input(description="Where a resource is to go.")
class ResourceMoveInput:
    """Where a resource is to go."""

    to: strawberry.ID = strawberry.field(description="Id of the container that it is to belong to.")
    source: strawberry.ID | None = strawberry.field(
        name="from", default=None, description="Id of the container that it leaves; null for its home."
    )
    name: str | None = strawberry.field(
        default=None, description="What it is to be called there; null for what it is called where it leaves."
    )

    def to_move(self) -> Move:
        """Give the rule's words."""
        return Move(str(self.to), _id(self.source), self.name)


@strawberry.input(description="An Object to be made of another one's bytes.")
class ObjectCloneInput:
    """An Object to be made of another one's bytes."""

    parent: strawberry.ID = strawberry.field(description="Id of the container that will be its home.")
    name: str | None = strawberry.field(default=None, description="Its name there; null for its source's.")
    version_id: strawberry.ID | None = strawberry.field(
        default=None, description="The revision to clone; null for the newest."
    )

    def to_new(self) -> NewClone:
        """Give the rule's words."""
        return NewClone(str(self.parent), self.name, _id(self.version_id))


@strawberry.type(description="What `resourceShare` answers.")
class ResourceSharePayload(Payload):
    """Answer of resourceShare."""

    resource: Resource | None = strawberry.field(default=None, description="The resource with its new parent.")


@strawberry.type(description="What `resourceUnlink` answers.")
class ResourceUnlinkPayload(Payload):
    """Answer of resourceUnlink."""

    resource: Resource | None = strawberry.field(
        default=None, description="The resource; null if you saw it by that share alone."
    )


@strawberry.type(description="What `resourceMove` answers.")
class ResourceMovePayload(Payload):
    """Answer of resourceMove."""

    resource: Resource | None = strawberry.field(
        default=None, description="The resource where it is now; null if you don't see it there."
    )


@strawberry.type(description="What `resourceRename` answers.")
class ResourceRenamePayload(Payload):
    """Answer of resourceRename."""

    resource: Resource | None = strawberry.field(default=None, description="The resource under its new name.")


@strawberry.type(description="What `objectClone` answers.")
class ObjectClonePayload(Payload):
    """Answer of objectClone."""

    object: Object | None = strawberry.field(default=None, description="The clone.")
