"""Rule: cloning an Object. The clone is a new Object with the same bytes, and says what it was made from (ORIGIN).

It has the words, licences and labels of the revision that it was made from. Its class is its new home's, as if it had
been made there.
"""

from dataclasses import dataclass

from domain.access import Action, Level, demand
from domain.changes import (
    Change,
    CountersChanged,
    Decision,
    EventKind,
    LabelAdded,
    ObjectAdded,
    RelationAdded,
    RevisionPublished,
)
from domain.contents import ExistingContent
from domain.data_classes import relaxes
from domain.describing import authors_text
from domain.errors import FailedPrecondition, Forbidden, Hierarchy, NotFound
from domain.identifiers import younger_ulid
from domain.placing import PlaceFacts, check_alive, check_name_in, demand_target
from domain.relations import RelationKind
from domain.resources import ContainerFacts, DataClass, ObjectFacts, ResourceFacts, State, Versioning
from domain.stamps import Stamp
from domain.views import LabelView, RevisionView


@dataclass(frozen=True, slots=True)
class NewClone:
    """Where a clone is to be, under its source's name if none is given, and of which revision (None: the newest)."""

    parent_id: str
    name: str | None = None
    version_id: str | None = None


@dataclass(frozen=True, slots=True)
class CloneFacts:
    """The place of the clone (its `child` is the source), the revision to clone, its labels, and what holds its bytes.

    `content_id` is None where the bytes were erased. `granted` is the caller's level on the source by grants alone.
    `versioning` is that of the project that the clone will have its home in.
    """

    place: PlaceFacts
    revision: RevisionView | None
    content_id: str | None
    granted: Level
    versioning: Versioning
    labels: tuple[LabelView, ...] = ()


def clone_locks(facts: CloneFacts) -> frozenset[str]:
    """Ids of what a clone must not cross: its parent, and the source, as long as whose bytes are there they stay."""
    ends = (facts.place.child, facts.place.target)
    return frozenset(resource.id for resource in ends if resource is not None)


def clone_object(facts: CloneFacts, source_id: str, new: NewClone, stamp: Stamp) -> Decision[str]:
    """Make a new Object with the bytes of another one's revision; answers its id.

    Raises: NotFound, Forbidden, Immutable, Hierarchy, BadInput, FailedPrecondition, AlreadyExists.
    """
    place = facts.place
    source = _demand_source(place.child, source_id)
    revision, content = _demand_bytes(facts, source, new.version_id)
    parent = demand_target(place, source, new.parent_id, field=("input", "parent"))
    name = source.name if new.name is None else new.name
    check_name_in(place, source, parent, name, field=("input", "name"))
    _check_class(source, revision.data_class, parent)
    # ORIGIN leads to what is older, and ids order age (domain/relations.py).
    object_id, version_id = younger_ulid(stamp.new_id(), source.id), stamp.new_id()
    changes: tuple[Change, ...] = (
        ObjectAdded(
            id=object_id,
            name=name,
            parent_id=parent.id,
            parent_kind=parent.kind,
            state=State.INITIALIZING,
            title=revision.title,
            description=revision.description,
            data_class=parent.data_class,
            metadata_license=revision.metadata_license,
            data_license=revision.data_license,
            authors=authors_text(revision.authors),
            at=stamp.now,
            by=stamp.caller.user_id,
        ),
        RevisionPublished(
            object_id=object_id,
            version_id=version_id,
            revision_number=0,
            content=content,
            headers=revision.headers,
            state=State.AVAILABLE,
            versioning=facts.versioning,
            at=stamp.now,
            by=stamp.caller.user_id,
        ),
        CountersChanged(parent.id, entries=1, objects=1, length_bytes=content.length_bytes),
        RelationAdded(
            id=stamp.new_id(),
            kind=RelationKind.ORIGIN,
            source_id=object_id,
            target_id=source.id,
            source_version_id=version_id,
            target_version_id=revision.version_id,
            name=None,
            note=None,
            at=stamp.now,
            by=stamp.caller.user_id,
        ),
        *(_label(object_id, label, stamp) for label in facts.labels),
        stamp.event(EventKind.CLONED, object_id, after=1),
    )
    return Decision(changes, object_id)


def _label(object_id: str, label: LabelView, stamp: Stamp) -> LabelAdded:
    return LabelAdded(
        id=stamp.new_id(),
        resource_id=object_id,
        key=label.key,
        value=label.value,
        is_static=label.is_static,
        since=0,
        at=stamp.now,
        by=stamp.caller.user_id,
    )


def _demand_source(resource: ResourceFacts | None, source_id: str) -> ObjectFacts:
    source = demand(resource, source_id, Action.READ, field=("id",))
    if isinstance(source, ContainerFacts):
        message = f"{source.kind.lower()} {source.id} holds no bytes of its own; clone the objects in it"
        raise Hierarchy(message, field=("id",))
    check_alive(source, field=("id",))
    return source


def _demand_bytes(
    facts: CloneFacts, source: ObjectFacts, version_id: str | None
) -> tuple[RevisionView, ExistingContent]:
    """Return the revision to clone and its bytes; where only their classes open them, both must be PUBLIC."""
    field = ("id",) if version_id is None else ("input", "versionId")
    if source.state is not State.AVAILABLE:
        message = f"object {source.id} is {source.state.value}: only what is AVAILABLE can be cloned"
        raise FailedPrecondition(message, field=("id",))
    revision = facts.revision
    is_open = revision is not None and (facts.granted >= Level.READ or revision.data_class is DataClass.PUBLIC)
    if revision is None or not is_open:
        raise NotFound(f"object {source.id} has no revision {(version_id or '')[:80]!r}", field=field)
    if facts.content_id is None:
        raise FailedPrecondition(f"the bytes of revision {revision.version_id} were erased", field=field)
    return revision, ExistingContent(facts.content_id, revision.length_bytes, revision.etag)


def _check_class(source: ObjectFacts, of_revision: DataClass, parent: ContainerFacts) -> None:
    """Refuse to open bytes up, which takes ADMIN where they are."""
    before = of_revision if relaxes(of_revision, source.data_class) else source.data_class
    if relaxes(before, parent.data_class) and source.level < Level.ADMIN:
        message = (
            f"in {parent.kind.lower()} {parent.id} the clone would be {parent.data_class.value}, more open than the"
            f" {before.value} of object {source.id}: that takes ADMIN on it; take a parent that is {before.value}"
        )
        raise Forbidden(message, field=("input", "parent"))
