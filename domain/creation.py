"""Rules: making projects, collections, datasets and Objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.access import Action, Caller, Level, demand
from domain.authors import Author
from domain.changes import (
    Change,
    ClassKept,
    ContainerAdded,
    CountersChanged,
    Decision,
    EventKind,
    GrantSet,
    ObjectAdded,
    UploadAdded,
)
from domain.contents import Declared, ObjectHeaders, check_declared
from domain.data_classes import relaxes, tightens
from domain.describing import Known, authors_text, check_known_authors
from domain.errors import AlreadyExists, BadInput, FailedPrecondition, Forbidden, Immutable, Unauthenticated
from domain.hierarchy import check_parent
from domain.labelling import labels_of_new
from domain.labels import NewLabel
from domain.licenses import known_license_id
from domain.lifecycle import LifecycleEvent, next_state
from domain.linking import ExternalLink, Link, LinkFacts, relations_of_new
from domain.metadata import check_description, check_title
from domain.names import check_container_name, check_key_length, check_object_name, check_project_name
from domain.resources import DEFAULT_LICENSE, ContainerFacts, DataClass, Kind, ResourceFacts, State
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class NewResource:
    """What a caller says of a resource to be made; a `data_class` or licence of None takes the home's."""

    name: str
    title: str | None = None
    description: str | None = None
    data_class: DataClass | None = None
    authors: tuple[Author, ...] = ()
    metadata_license: str | None = None
    data_license: str | None = None
    labels: tuple[NewLabel, ...] = ()
    links: tuple[Link, ...] = ()
    external: tuple[ExternalLink, ...] = ()

    @property
    def mentions_anything(self) -> bool:
        """Whether it names licences, users or resources that must be there."""
        is_user_named = any(author.user_id is not None for author in self.authors)
        return bool(self.metadata_license or self.data_license or self.links or is_user_named)


@dataclass(frozen=True, slots=True)
class Mentioned:
    """What there is of the things that a call names: licences and users, and the targets of relations with levels.

    `revisions` are those of the pinned (Object's id, versionId) that there are.
    """

    known: Known = field(default_factory=Known)
    targets: Mapping[str, ResourceFacts] = field(default_factory=dict[str, ResourceFacts])
    revisions: frozenset[tuple[str, str]] = frozenset()


NOTHING_MENTIONED = Mentioned()


@dataclass(frozen=True, slots=True)
class BucketFacts:
    """What decides whether a project can be made: who owns the name now, and whether the caller may make projects."""

    owner_level: Level | None
    may_create: bool


@dataclass(frozen=True, slots=True)
class ChildPlaceFacts:
    """The parent of a resource to be made, its key path below the project, and whether the name is taken in it.

    With `is_behind_snapshot` a snapshot stands in the parent as the name begins (domain/snapshots.py).
    """

    parent: ResourceFacts | None
    project_id: str
    project_name: str
    parent_path: str
    is_name_taken: bool
    is_behind_snapshot: bool = False


def _check_words(new: NewResource) -> str | None:
    """Check what describes a new resource; answers its authors as they are kept."""
    check_title(new.title, field=("input", "title"))
    check_description(new.description, field=("input", "description"))
    return authors_text(new.authors)


def _licenses(new: NewResource, mentioned: Mentioned, home: ContainerFacts | None) -> tuple[str, str]:
    """Licences of the metadata and of the data: those named, else the home's.

    Raises: BadInput, NotFound.
    """
    defaults = (home.metadata_license, home.data_license) if home else (DEFAULT_LICENSE, DEFAULT_LICENSE)
    named = (("metadataLicense", new.metadata_license), ("dataLicense", new.data_license))
    metadata, data = (
        default if wanted is None else known_license_id(wanted, mentioned.known.licenses, field=("input", name))
        for default, (name, wanted) in zip(defaults, named, strict=True)
    )
    return metadata, data


def _beside(new: NewResource, mentioned: Mentioned, place: tuple[str, Kind, Level], stamp: Stamp) -> tuple[Change, ...]:
    """Labels and relations of a new resource; `place` is its id, kind and the caller's level on it.

    Raises: NotFound, Forbidden, BadInput, Hierarchy, Cycle, FailedPrecondition.
    """
    check_known_authors(new.authors, mentioned.known, field=("input", "authors"))
    links = LinkFacts(mentioned.targets, revisions=mentioned.revisions)
    return (
        *labels_of_new(place[0], new.labels, stamp),
        *relations_of_new(links, place, new.links, new.external, stamp),
    )


def create_project(
    facts: BucketFacts,
    new: NewResource,
    stamp: Stamp,
    mentioned: Mentioned = NOTHING_MENTIONED,
    *,
    location_constraint: str | None = None,
) -> Decision[str]:
    """Make a project and give its creator ADMIN on it; answers its id.

    Raises: Unauthenticated, Forbidden, BadInput, AlreadyExists; of its relations NotFound, Hierarchy, Cycle and
    FailedPrecondition too.
    """
    caller: Caller = stamp.caller
    if caller.is_anonymous:
        raise Unauthenticated("sign in to make a project")
    if not facts.may_create:
        raise Forbidden("you may not make projects here; ask an administrator")
    check_project_name(new.name, field=("input", "name"))
    authors = _check_words(new)
    if new.data_class is DataClass.WORKSPACE:
        raise BadInput("the data class WORKSPACE is for workspaces", field=("input", "dataClass"))
    if facts.owner_level is not None:
        raise AlreadyExists(f"a project {new.name} exists already; take another name", field=("input", "name"))
    project_id = stamp.new_id()
    metadata_license, data_license = _licenses(new, mentioned, None)
    changes = (
        ContainerAdded(
            id=project_id,
            kind=Kind.PROJECT,
            name=new.name,
            parent_id=None,
            title=new.title,
            description=new.description,
            data_class=new.data_class or DataClass.PRIVATE,
            metadata_license=metadata_license,
            data_license=data_license,
            at=stamp.now,
            by=caller.user_id,
            location_constraint=location_constraint,
            authors=authors,
        ),
        *_beside(new, mentioned, (project_id, Kind.PROJECT, Level.ADMIN), stamp),
        GrantSet(caller.user_id, project_id, Level.ADMIN, None, stamp.now, caller.user_id),
        stamp.event(EventKind.CREATED, project_id, after=0),
        stamp.event(EventKind.GRANT_SET, project_id),
    )
    return Decision(changes, project_id)


def check_usable_parent(facts: ChildPlaceFacts, child: Kind, parent_id: str) -> ContainerFacts:
    """Return the parent if the caller may make a child of this kind in it and the name is free.

    Raises: NotFound, Forbidden, Hierarchy, FailedPrecondition, AlreadyExists.
    """
    parent = demand(facts.parent, parent_id, Action.CREATE_CHILD, field=("input", "parent"))
    check_parent(child, parent.kind, field=("input", "parent"))
    assert isinstance(parent, ContainerFacts), "nothing belongs to an Object"
    if parent.state is State.DELETED:
        message = f"{parent.kind.lower()} {parent.id} is DELETED; restore it before adding to it"
        raise FailedPrecondition(message, field=("input", "parent"))
    return parent


def _check_data_class(wanted: DataClass | None, parent: ContainerFacts) -> DataClass:
    """Take the home's data class, or a tighter one; opening up is for ADMIN of the place."""
    if wanted is None or wanted is parent.data_class:
        return parent.data_class
    if DataClass.WORKSPACE in {wanted, parent.data_class}:
        raise BadInput("the data class WORKSPACE is for workspaces", field=("input", "dataClass"))
    if relaxes(parent.data_class, wanted) and parent.level < Level.ADMIN:
        message = f"{wanted.value} is more open than the {parent.data_class.value} of {parent.id}: that takes ADMIN"
        raise Forbidden(message, field=("input", "dataClass"))
    return wanted


def _class_kept(object_id: str, parent: ContainerFacts, data_class: DataClass, stamp: Stamp) -> tuple[Change, ...]:
    """Note that a tighter class was chosen: the parent may be on its way to relax all that is in it."""
    return (ClassKept(object_id, stamp.now),) if tightens(parent.data_class, data_class) else ()


def create_container(
    facts: ChildPlaceFacts,
    kind: Kind,
    parent_id: str,
    new: NewResource,
    stamp: Stamp,
    mentioned: Mentioned = NOTHING_MENTIONED,
) -> Decision[str]:
    """Make a Collection or Dataset; answers its id.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists; of its relations
    Cycle too.
    """
    check_container_name(new.name, field=("input", "name"))
    authors = _check_words(new)
    parent = check_usable_parent(facts, kind, parent_id)
    if facts.is_name_taken:
        message = f"{parent.kind.lower()} {parent.id} holds a container {new.name!r} already; take another name"
        raise AlreadyExists(message, field=("input", "name"))
    check_key_length(f"{facts.parent_path}{new.name}/", field=("input", "name"))
    new_id = stamp.new_id()
    metadata_license, data_license = _licenses(new, mentioned, parent)
    changes: tuple[Change, ...] = (
        ContainerAdded(
            id=new_id,
            kind=kind,
            name=new.name,
            parent_id=parent.id,
            title=new.title,
            description=new.description,
            data_class=_check_data_class(new.data_class, parent),
            metadata_license=metadata_license,
            data_license=data_license,
            at=stamp.now,
            by=stamp.caller.user_id,
            authors=authors,
        ),
        *_beside(new, mentioned, (new_id, kind, parent.level), stamp),
        CountersChanged(parent.id, entries=1),
        stamp.event(EventKind.CREATED, new_id, after=0),
    )
    return Decision(changes, new_id)


@dataclass(frozen=True, slots=True)
class BegunUpload:
    """An upload that was begun: what the URLs are signed for."""

    upload_id: str
    object_id: str
    project_name: str
    key: str


def create_object(
    facts: ChildPlaceFacts,
    parent_id: str,
    new: NewResource,
    headers: ObjectHeaders,
    declared: Declared,
    *,
    stamp: Stamp,
    is_multipart: bool,
    mentioned: Mentioned = NOTHING_MENTIONED,
) -> Decision[BegunUpload]:
    """Make an Object that waits for its bytes (INITIALIZING), with the upload that will bring them.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists; of its relations
    Cycle too.
    """
    authors = _check_words(new)
    check_declared(declared, field=("input",))
    parent = check_usable_parent(facts, Kind.OBJECT, parent_id)
    check_object_name(new.name, parent.kind, field=("input", "name"))
    if facts.is_behind_snapshot:
        message = f"{new.name[:80]!r} leads into a snapshot, which doesn't change any more; take another name"
        raise Immutable(message, field=("input", "name"))
    if facts.is_name_taken:
        message = (
            f"{parent.kind.lower()} {parent.id} holds an object {new.name!r} already; take another name, or begin an"
            " upload of a new revision of it"
        )
        raise AlreadyExists(message, field=("input", "name"))
    key = facts.parent_path + new.name
    check_key_length(key, field=("input", "name"))
    object_id, upload_id = stamp.new_id(), stamp.new_id()
    metadata_license, data_license = _licenses(new, mentioned, parent)
    data_class = _check_data_class(new.data_class, parent)
    changes: tuple[Change, ...] = (
        ObjectAdded(
            id=object_id,
            name=new.name,
            parent_id=parent.id,
            parent_kind=parent.kind,
            state=next_state(None, LifecycleEvent.UPLOAD_BEGUN, name=object_id),
            title=new.title,
            description=new.description,
            data_class=data_class,
            metadata_license=metadata_license,
            data_license=data_license,
            at=stamp.now,
            by=stamp.caller.user_id,
            authors=authors,
        ),
        *_class_kept(object_id, parent, data_class, stamp),
        *_beside(new, mentioned, (object_id, Kind.OBJECT, parent.level), stamp),
        CountersChanged(parent.id, entries=1),
        UploadAdded(
            id=upload_id,
            project_id=facts.project_id,
            key=key,
            object_id=object_id,
            is_multipart=is_multipart,
            headers=headers,
            declared=declared,
            checksum_algorithm=None,
            checksum_type=None,
            at=stamp.now,
            by=stamp.caller.user_id,
        ),
        stamp.event(EventKind.CREATED, object_id, after=0),
        stamp.event(EventKind.UPLOAD_BEGUN, object_id),
    )
    return Decision(changes, BegunUpload(upload_id, object_id, facts.project_name, key))
