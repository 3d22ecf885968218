"""What mutations take to make and change resources and accounts."""

from typing import Protocol

import strawberry

from domain.creation import NewResource
from domain.describing import KEEP, Description
from domain.resources import DataClass
from schema.describing import AuthorInput, LabelInput, to_authors, to_labels
from schema.relations import ExternalRelationInput, RelationInput
from schema.uploads import ObjectUploadBeginInput

_TITLE = "Title for people, at most 1024 characters."
_DESCRIPTION = "What it is about, at most 65536 characters."
_AUTHORS = "Who made what it holds, at most 100, in their order."
_METADATA_LICENSE = "Licence of its metadata: the SPDX id of one of `licenses`; null for "
_DATA_LICENSE = "Licence of its data: the SPDX id of one of `licenses`; null for "
_LABELS = "Labels that it bears from the start, at most 100."
_RELATIONS = "Relations from it, at most 100 with `external`. They take WRITE on the place, POLICY takes ADMIN."
_EXTERNAL = "Citations of what is outside."


class _Describing(Protocol):
    """What the inputs of all four kinds have in common."""

    name: str
    title: str | None
    description: str | None
    data_class: DataClass | None
    authors: list[AuthorInput] | None
    metadata_license: str | None
    data_license: str | None
    labels: list[LabelInput] | None
    relations: list[RelationInput] | None
    external: list[ExternalRelationInput] | None


def _new_resource(given: _Describing) -> NewResource:
    """Give the rule's words for what is to be made."""
    return NewResource(
        name=given.name,
        title=given.title,
        description=given.description,
        data_class=given.data_class,
        authors=to_authors(given.authors),
        metadata_license=given.metadata_license,
        data_license=given.data_license,
        labels=to_labels(given.labels),
        links=tuple(one.to_link() for one in given.relations or ()),
        external=tuple(one.to_link() for one in given.external or ()),
    )


@strawberry.input(description="A project to be made.")
class ProjectCreateInput:
    """A project to be made."""

    name: str = strawberry.field(
        description="Unique in the whole installation; as S3 names buckets: 3 to 63 of a-z, 0-9, `.` and `-`."
    )
    title: str | None = strawberry.field(default=None, description=_TITLE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    data_class: DataClass | None = strawberry.field(default=None, description="How open it is; null for PRIVATE.")

    authors: list[AuthorInput] | None = strawberry.field(default=None, description=_AUTHORS)
    metadata_license: str | None = strawberry.field(default=None, description=_METADATA_LICENSE + "AllRightsReserved.")
    data_license: str | None = strawberry.field(default=None, description=_DATA_LICENSE + "AllRightsReserved.")
    labels: list[LabelInput] | None = strawberry.field(default=None, description=_LABELS)
    relations: list[RelationInput] | None = strawberry.field(default=None, description=_RELATIONS)
    external: list[ExternalRelationInput] | None = strawberry.field(default=None, description=_EXTERNAL)

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return _new_resource(self)


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

    authors: list[AuthorInput] | None = strawberry.field(default=None, description=_AUTHORS)
    metadata_license: str | None = strawberry.field(default=None, description=_METADATA_LICENSE + "its parent's.")
    data_license: str | None = strawberry.field(default=None, description=_DATA_LICENSE + "its parent's.")
    labels: list[LabelInput] | None = strawberry.field(default=None, description=_LABELS)
    relations: list[RelationInput] | None = strawberry.field(default=None, description=_RELATIONS)
    external: list[ExternalRelationInput] | None = strawberry.field(default=None, description=_EXTERNAL)

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return _new_resource(self)


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

    authors: list[AuthorInput] | None = strawberry.field(default=None, description=_AUTHORS)
    metadata_license: str | None = strawberry.field(default=None, description=_METADATA_LICENSE + "its parent's.")
    data_license: str | None = strawberry.field(default=None, description=_DATA_LICENSE + "its parent's.")
    labels: list[LabelInput] | None = strawberry.field(default=None, description=_LABELS)
    relations: list[RelationInput] | None = strawberry.field(default=None, description=_RELATIONS)
    external: list[ExternalRelationInput] | None = strawberry.field(default=None, description=_EXTERNAL)

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return _new_resource(self)


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

    authors: list[AuthorInput] | None = strawberry.field(default=None, description=_AUTHORS)
    metadata_license: str | None = strawberry.field(default=None, description=_METADATA_LICENSE + "its parent's.")
    data_license: str | None = strawberry.field(default=None, description=_DATA_LICENSE + "its parent's.")
    labels: list[LabelInput] | None = strawberry.field(default=None, description=_LABELS)
    relations: list[RelationInput] | None = strawberry.field(default=None, description=_RELATIONS)
    external: list[ExternalRelationInput] | None = strawberry.field(default=None, description=_EXTERNAL)

    def to_new(self) -> NewResource:
        """Give the rule's words."""
        return _new_resource(self)


@strawberry.input(description="What describes a resource. What is left out stays as it is; null empties it.")
class ResourceUpdateInput:
    """What describes a resource."""

    title: str | None = strawberry.field(default=strawberry.UNSET, description=_TITLE)
    description: str | None = strawberry.field(default=strawberry.UNSET, description=_DESCRIPTION)
    authors: list[AuthorInput] | None = strawberry.field(default=strawberry.UNSET, description=_AUTHORS)
    metadata_license: str | None = strawberry.field(
        default=strawberry.UNSET, description=_METADATA_LICENSE + "AllRightsReserved."
    )
    data_license: str | None = strawberry.field(
        default=strawberry.UNSET, description=_DATA_LICENSE + "AllRightsReserved."
    )

    def to_description(self) -> Description:
        """Give the rule's words."""
        return Description(
            title=KEEP if self.title is strawberry.UNSET else self.title,
            description=KEEP if self.description is strawberry.UNSET else self.description,
            authors=KEEP if self.authors is strawberry.UNSET else to_authors(self.authors),
            metadata_license=KEEP if self.metadata_license is strawberry.UNSET else self.metadata_license,
            data_license=KEEP if self.data_license is strawberry.UNSET else self.data_license,
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
