"""What mutations take to make and change resources and accounts."""

import strawberry

from domain.creation import NewResource
from domain.describing import KEEP, Description
from domain.resources import DataClass
from schema.uploads import ObjectUploadBeginInput

_TITLE = "Title for people, at most 1024 characters."
_DESCRIPTION = "What it is about, at most 65536 characters."


@strawberry.input(description="A project to be made.")
class ProjectCreateInput:
    """A project to be made."""

    name: str = strawberry.field(
        description="Unique in the whole installation; as S3 names buckets: 3 to 63 of a-z, 0-9, `.` and `-`."
    )
    title: str | None = strawberry.field(default=None, description=_TITLE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    data_class: DataClass | None = strawberry.field(default=None, description="How open it is; null for PRIVATE.")

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return NewResource(self.name, self.title, self.description, self.data_class)


@strawberry.input(description="A collection to be made.")
class CollectionCreateInput:
    """A collection to be made."""

    parent: strawberry.ID = strawberry.field(description="Id of its project.")
    name: str = strawberry.field(
        description="Unique among the containers there: 1 to 255 of A-Z, a-z, 0-9, `!_.*'()-`."
    )
    title: str | None = strawberry.field(default=None, description=_TITLE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    data_class: DataClass | None = strawberry.field(default=None, description="How open it is; null for its parent's.")

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return NewResource(self.name, self.title, self.description, self.data_class)


@strawberry.input(description="A dataset to be made.")
class DatasetCreateInput:
    """A dataset to be made."""

    parent: strawberry.ID = strawberry.field(description="Id of its project or collection.")
    name: str = strawberry.field(
        description="Unique among the containers there: 1 to 255 of A-Z, a-z, 0-9, `!_.*'()-`."
    )
    title: str | None = strawberry.field(default=None, description=_TITLE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    data_class: DataClass | None = strawberry.field(default=None, description="How open it is; null for its parent's.")

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return NewResource(self.name, self.title, self.description, self.data_class)


@strawberry.input(description="An Object to be made, and what you say of its bytes.")
class ObjectCreateInput(ObjectUploadBeginInput):
    """An Object to be made."""

    parent: strawberry.ID = strawberry.field(description="Id of its project, collection or dataset.")
    name: str = strawberry.field(
        description="Unique among the Objects there; UTF-8, at most 1024 bytes with its path below the project. "
        "In datasets it may hold `/`."
    )
    title: str | None = strawberry.field(default=None, description=_TITLE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    data_class: DataClass | None = strawberry.field(default=None, description="How open it is; null for its parent's.")

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return NewResource(self.name, self.title, self.description, self.data_class)


@strawberry.input(description="New words for a resource. What is left out stays as it is; null empties it.")
class ResourceUpdateInput:
    """New words for a resource."""

    title: str | None = strawberry.field(default=strawberry.UNSET, description=_TITLE)
    description: str | None = strawberry.field(default=strawberry.UNSET, description=_DESCRIPTION)

    def to_description(self) -> Description:
        """Give the rule's words."""
        return Description(
            title=KEEP if self.title is strawberry.UNSET else self.title,
            description=KEEP if self.description is strawberry.UNSET else self.description,
        )


@strawberry.input(description="A user to be made.")
class UserCreateInput:
    """A user to be made."""

    display_name: str = strawberry.field(description="What the person is called, at most 256 characters.")
    email: str | None = strawberry.field(default=None, description="E-mail address.")
    is_administrator: bool = strawberry.field(
        default=False, description="Whether this is an administrator. That gives no level on data."
    )


@strawberry.input(description="A token to be made.")
class TokenCreateInput:
    """A token to be made."""

    name: str = strawberry.field(description="What you call it, at most 256 characters.")
    expires_in_days: int | None = strawberry.field(
        default=None,
        description="How long it lives: 1 to 365 days, no longer than the token you call with; null for 90 or that.",
    )


@strawberry.input(description="An S3 key pair to be made.")
class S3CredentialCreateInput:
    """An S3 key pair to be made."""

    name: str = strawberry.field(description="What you call it, at most 256 characters.")
