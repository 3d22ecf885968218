"""What describes a resource besides its words: authors and labels."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from domain.authors import Author as KnownAuthor
from domain.labels import NewLabel
from domain.views import UserView
from schema.fields import answered_by
from schema.info import Info
from schema.users import User, creator


async def _user(root: strawberry.Parent[KnownAuthor], info: Info) -> UserView | None:
    return await info.context.loaders.users.load(root.user_id) if root.user_id else None


@strawberry.type(description="Who made what a resource holds; not the user who created it here.")
class Author:
    """Who made what a resource holds."""

    name: str = strawberry.field(description="What the person is called.")
    orcid: str | None = strawberry.field(description="ORCID, as 0000-0002-1825-0097.")
    email: str | None = strawberry.field(description="E-mail address.")
    user: User | None = answered_by(_user, "The person's account here.")


@strawberry.input(description="Who made what a resource holds.")
class AuthorInput:
    """An author as a caller names him."""

    name: str = strawberry.field(description="What the person is called, 1 to 256 characters.")
    orcid: str | None = strawberry.field(
        default=None, description="ORCID, bare or as an https://orcid.org/ URL; its check digit is checked."
    )
    email: str | None = strawberry.field(default=None, description="E-mail address.")
    user: strawberry.ID | None = strawberry.field(default=None, description="Id of the person's account here.")

    def to_author(self) -> KnownAuthor:
        """Give the rule's words."""
        return KnownAuthor(self.name, self.orcid, self.email, None if self.user is None else str(self.user))


def to_authors(given: Iterable[AuthorInput] | None) -> tuple[KnownAuthor, ...]:
    """Give the rule's words; null names none."""
    return tuple(author.to_author() for author in given or ())


@strawberry.type(description="A label: one value for each key of a resource.")
class Label:
    """A label of a resource."""

    key: str = strawberry.field(description="Its key.")
    value: str = strawberry.field(description="Its value.")
    is_static: bool = strawberry.field(description="Whether it can't be changed or removed.")
    created_at: datetime = strawberry.field(description="When it was set.")
    created_by: User | None = answered_by(creator, "Who set it.")


@strawberry.input(description="A label to be set.")
class LabelInput:
    """A label as a caller sets it."""

    key: str = strawberry.field(
        description="1 to 256 characters of one line, without white space at the ends; not beginning with `app.`."
    )
    value: str = strawberry.field(description="At most 1024 characters of one line.")
    is_static: bool = strawberry.field(default=False, description="Whether it stays for good, as it is.")

    def to_label(self) -> NewLabel:
        """Give the rule's words."""
        return NewLabel(self.key, self.value, self.is_static)


def to_labels(given: Iterable[LabelInput] | None) -> tuple[NewLabel, ...]:
    """Give the rule's words; null names none."""
    return tuple(label.to_label() for label in given or ())
