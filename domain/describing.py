"""Rule: changing what describes a resource: its words, its authors and its licences."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.access import Action, demand
from domain.authors import Author, authors_to_text, check_authors
from domain.changes import Decision, EventKind, FieldsChanged
from domain.errors import FailedPrecondition, NotFound
from domain.licenses import check_license_id, known_license_id
from domain.metadata import check_description, check_revision, check_title
from domain.resources import DEFAULT_LICENSE, ResourceFacts, State
from domain.revising import open_for_change
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class Keep:
    """A field that the caller didn't mention."""


KEEP = Keep()


@dataclass(frozen=True, slots=True)
class Description:
    """New values; KEEP leaves a field as it is, None empties it (a licence: AllRightsReserved)."""

    title: str | Keep | None = KEEP
    description: str | Keep | None = KEEP
    authors: tuple[Author, ...] | Keep | None = KEEP
    metadata_license: str | Keep | None = KEEP
    data_license: str | Keep | None = KEEP

    @property
    def licenses(self) -> tuple[str, ...]:
        """Licences that it names."""
        return tuple(one for one in (self.metadata_license, self.data_license) if isinstance(one, str))

    @property
    def named_authors(self) -> tuple[Author, ...]:
        """Authors that it names."""
        return self.authors if isinstance(self.authors, tuple) else ()

    @property
    def names_anything(self) -> bool:
        """Whether it names licences or users, which must be there."""
        return bool(self.licenses) or any(author.user_id is not None for author in self.named_authors)


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of the things that a call names: ids of added licences as they are spelled, and of users."""

    licenses: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()


NOTHING_KNOWN = Known()


def update_resource(
    resource: ResourceFacts | None,
    resource_id: str,
    new: Description,
    if_revision: int | None,
    stamp: Stamp,
    known: Known | None = None,
) -> Decision[str]:
    """Change what describes a resource; answers the id. `known` is for what names licences or users.

    In place, save that other licences of an Object, and any change of one that a snapshot or archive may show, make a
    new revision. What stays as it was changes nothing.

    Raises: NotFound, Forbidden, Immutable, BadInput, Conflict, FailedPrecondition.
    """
    words = _checked_words(new)
    existing = demand(resource, resource_id, Action.UPDATE, field=("id",))
    if existing.state is State.DELETED:
        raise FailedPrecondition(f"{existing.kind.lower()} {existing.id} is DELETED; restore it first", field=("id",))
    check_revision(if_revision, existing.revision, existing.id)
    check_known_authors(new.named_authors, known or NOTHING_KNOWN, field=("input", "authors"))
    licenses = _known_licenses(new, known or NOTHING_KNOWN)
    before = {
        "title": existing.words.title,
        "description": existing.words.description,
        "authors": existing.words.authors,
        "metadataLicense": existing.metadata_license,
        "dataLicense": existing.data_license,
    }
    values = {name: value for name, value in (words | licenses).items() if value != before[name]}
    if not values:
        return Decision((), existing.id)
    opened = open_for_change(existing, stamp, makes_revision=not licenses.keys().isdisjoint(values))
    event = stamp.event(EventKind.UPDATED, existing.id, before=existing.revision, after=existing.revision + 1)
    return Decision((*opened.changes, FieldsChanged(existing.id, values, stamp.now), event), existing.id)


def _checked_words(new: Description) -> dict[str, str | None]:
    """Check what can be checked without the graph; answers title, description and authors as they are kept."""
    words: dict[str, str | None] = {}
    if not isinstance(new.title, Keep):
        check_title(new.title, field=("input", "title"))
        words["title"] = new.title
    if not isinstance(new.description, Keep):
        check_description(new.description, field=("input", "description"))
        words["description"] = new.description
    if not isinstance(new.authors, Keep):
        words["authors"] = authors_text(new.authors or ())
    for name, wanted in (("metadataLicense", new.metadata_license), ("dataLicense", new.data_license)):
        if isinstance(wanted, str):
            check_license_id(wanted, field=("input", name))
    return words


def authors_text(authors: Sequence[Author], *, field: tuple[str, ...] = ("input", "authors")) -> str | None:
    """Check authors and write them as they are kept; None where there are none.

    Raises: BadInput.
    """
    return authors_to_text(check_authors(authors, field=field)) if authors else None


def check_known_authors(authors: Sequence[Author], known: Known, *, field: tuple[str, ...]) -> None:
    """Refuse authors who are said to be users and aren't.

    Raises: NotFound.
    """
    for index, author in enumerate(authors):
        if author.user_id is not None and author.user_id not in known.users:
            raise NotFound(f"there is no user {author.user_id}; leave it out", field=(*field, str(index), "user"))


def _known_licenses(new: Description, known: Known) -> dict[str, str | None]:
    licenses: dict[str, str | None] = {}
    for name, wanted in (("metadataLicense", new.metadata_license), ("dataLicense", new.data_license)):
        if not isinstance(wanted, Keep):
            licenses[name] = known_license_id(wanted or DEFAULT_LICENSE, known.licenses, field=("input", name))
    return licenses
