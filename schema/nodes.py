"""The interface of everything that has an id, and how the schema's types are told apart.

The types declare what GraphQL sees; their values are the views of domain/views.py, whose attributes bear the same
names. So nothing is built again on its way out, and a leaf is a plain attribute.
"""

from typing import Any

import strawberry

from domain.resources import Kind
from domain.views import ContainerView, ObjectView, UserView

_TYPE_NAMES = {Kind.PROJECT: "Project", Kind.COLLECTION: "Collection", Kind.DATASET: "Dataset", Kind.OBJECT: "Object"}


def type_name(value: object) -> str:
    """Name of the schema's type that shows the value."""
    match value:
        case ContainerView() | ObjectView():
            return _TYPE_NAMES[value.kind]
        case UserView():
            return "User"
        case _:
            raise AssertionError(f"no type of the schema shows {type(value).__name__}")


def shown(value: object) -> Any:
    """Give a view where the declaration names the type that shows it."""
    return value


@strawberry.interface(description="Anything that has an id of its own and is found by `node`.")
class Node:
    """Anything with an id."""

    id: strawberry.ID = strawberry.field(
        description="ULID: 26 characters; never changes, never used again. Of an Object in a snapshot or archive two, "
        "joined by `:`: that of the frozen container and the Object's own."
    )

    @classmethod
    def resolve_type(cls, obj: object, *_: object) -> str:
        """Name the type of a value found through an interface."""
        return type_name(obj)
