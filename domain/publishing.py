"""The rule that makes bytes visible: a PUT, a finished upload or a copy becomes an Object's newest revision.

Decided again in the publishing transaction, whatever was checked before the first byte: rights, state, conditions,
the key's place and the revision number.
"""

from dataclasses import dataclass, replace
from typing import Final

from domain.access import Action, Level, check_not_frozen, demand
from domain.changes import (
    Change,
    ContainerAdded,
    ContainerRevived,
    CountersChanged,
    Decision,
    EventKind,
    ObjectAdded,
    RelationAdded,
    RevisionPublished,
    RevisionPushedBack,
    UploadFinished,
)
from domain.contents import Content, Declared, ObjectHeaders
from domain.errors import ConditionFailed, Immutable, NotFound, Unavailable
from domain.keys import KeyCut, containers_on_the_way, missing_kinds
from domain.lifecycle import LifecycleEvent, next_state
from domain.names import check_key_length, check_object_name
from domain.past import renew_entries
from domain.relations import RelationKind
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, State, Versioning
from domain.snapshots import versioned_beginning
from domain.stamps import Stamp

ANY_ETAG: Final = "*"


@dataclass(frozen=True, slots=True)
class Conditions:
    """If-Match and If-None-Match of a write: `*` or ETags without quotes; empty tuples mean no condition."""

    if_match: tuple[str, ...] = ()
    if_none_match: tuple[str, ...] = ()


NO_CONDITIONS: Final = Conditions()


@dataclass(frozen=True, slots=True)
class Origin:
    """What a copy was made from."""

    object_id: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Publication:
    """One finished upload that wants to become visible, at a key of a bucket or on the Object it was begun for."""

    bucket: str
    key: str
    cut: KeyCut
    object_id: str | None
    upload_id: str | None
    content: Content
    headers: ObjectHeaders
    conditions: Conditions
    stamp: Stamp
    origin: Origin | None = None


@dataclass(frozen=True, slots=True)
class UploadFacts:
    """An upload as it stands; `finished` tells what it became.

    `is_frozen`: its project was archived meanwhile (known to rules that load an upload alone).
    """

    id: str
    project_id: str
    bucket: str
    key: str
    object_id: str | None
    is_open: bool
    is_multipart: bool
    headers: ObjectHeaders
    declared: Declared
    checksum_algorithm: str | None
    checksum_type: str | None
    created_by: str
    finished: "Published | None"
    is_frozen: bool = False


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What stands at a key: the containers on its way that exist (`way`) or are hidden, and the Object in its place.

    `hidden` continues where `way` ends. `upload` is the one that brings the bytes, where there is one. With
    `is_behind_snapshot` a snapshot stands where the key begins (`versioned_place`).
    """

    project: ContainerFacts | None
    way: tuple[ContainerFacts, ...]
    hidden: tuple[ContainerFacts, ...]
    object: ObjectFacts | None
    upload: UploadFacts | None = None
    is_behind_snapshot: bool = False

    @property
    def lowest(self) -> ContainerFacts | None:
        """The lowest container on the way that exists."""
        return self.way[-1] if self.way else self.project


@dataclass(frozen=True, slots=True)
class Published:
    """What was published; `versioning` says whether S3 shows the versionId."""

    object_id: str
    version_id: str
    revision_number: int
    etag: str
    versioning: Versioning


def check_conditions(conditions: Conditions, etag: str | None, key: str) -> None:
    """Check If-Match and If-None-Match against the ETag that the key shows (None: it shows nothing).

    Raises: ConditionFailed, NotFound (If-Match on a key that shows nothing).
    """
    if conditions.if_match:
        if etag is None:
            raise NotFound(f"there is no object at {key!r} to match")
        if etag not in conditions.if_match and ANY_ETAG not in conditions.if_match:
            raise ConditionFailed(f"the object at {key!r} has the ETag {etag}, which If-Match doesn't name")
    if etag is not None and (etag in conditions.if_none_match or ANY_ETAG in conditions.if_none_match):
        raise ConditionFailed(f"the object at {key!r} exists with the ETag {etag}, which If-None-Match excludes")


def versioned_place(facts: KeyFacts, cut: KeyCut) -> tuple[str, str] | None:
    """Return the container that a new key goes into, and how its name there begins, where a snapshot might hide it.

    That takes a name of a rare form; containers that are made with it have no snapshots beside them.
    """
    depth = containers_on_the_way(cut, _kinds(facts.way))
    if facts.object is not None or facts.lowest is None or len(facts.way) < depth:
        return None
    beginning = versioned_beginning(cut.rests[depth], facts.lowest.kind)
    return None if beginning is None else (facts.lowest.id, beginning)


def check_new_key(facts: KeyFacts, key: str) -> None:
    """Refuse a key that a snapshot stands before.

    Raises: Immutable.
    """
    if facts.is_behind_snapshot:
        message = f"{key[:80]!r} leads into a snapshot, which doesn't change any more; take another key"
        raise Immutable(message)


def check_upload_right(existing: ObjectFacts, user_id: str) -> ObjectFacts:
    """Return the Object if the caller may give it bytes: WRITE, or APPEND on what he began and never published.

    Raises: NotFound, Forbidden.
    """
    is_own_beginning = existing.published is None and existing.created_by == user_id
    action = Action.FINISH_OWN_UPLOAD if is_own_beginning else Action.UPLOAD_REVISION
    return demand(existing, existing.id, action)


def check_key_not_frozen(facts: KeyFacts, object_id: str | None) -> None:
    """Refuse to write through the key of an archive, which wouldn't show it, even what lives elsewhere.

    What names the Object itself (`object_id`) writes to its home.

    Raises: Immutable.
    """
    if object_id is None and facts.lowest is not None:
        check_not_frozen(facts.lowest)


def name_not_free_yet(key: str) -> Unavailable:
    """Make the refusal of a key whose Object was deleted with its home elsewhere: its name here goes a little later."""
    return Unavailable(f"what was called {key!r} was deleted a moment ago; its name is free soon: try again")


def publish(facts: KeyFacts, publication: Publication) -> Decision[Published]:
    """Decide what the upload becomes: a new Object with the containers missing on its way, or a new revision.

    Raises: NotFound, Forbidden, Immutable, ConditionFailed, FailedPrecondition, BadInput.
    """
    upload = facts.upload
    if publication.upload_id is not None:
        if upload is None or not upload.is_open or not _is_for(upload, facts, publication):
            raise NotFound(f"there is no open upload {publication.upload_id}")
        if publication.object_id is not None and facts.object is None:
            raise NotFound(f"there is no object {publication.object_id}")
    if facts.project is None:
        raise NotFound(f"there is no project {publication.bucket}")
    if facts.object is not None:
        return _publish_revision(facts, facts.object, publication)
    return _publish_new(facts.project, facts, publication)


def _is_for(upload: UploadFacts, facts: KeyFacts, publication: Publication) -> bool:
    """Whether the caller began the upload, for this Object or else for this key."""
    if upload.created_by != publication.stamp.caller.user_id or upload.object_id != publication.object_id:
        return False
    if upload.object_id is not None:
        return True
    # The project, not its name: another may bear it since.
    return facts.project is not None and (upload.project_id, upload.key) == (facts.project.id, publication.key)


def _finish(publication: Publication, published: Published) -> tuple[Change, ...]:
    if publication.upload_id is None:
        return ()
    finished = UploadFinished(
        id=publication.upload_id,
        object_id=published.object_id,
        version_id=published.version_id,
        revision_number=published.revision_number,
        etag=published.etag,
        versioning=published.versioning,
        at=publication.stamp.now,
    )
    return (finished,)


def _publish_revision(facts: KeyFacts, existing: ObjectFacts, publication: Publication) -> Decision[Published]:
    project, stamp, content = facts.project, publication.stamp, publication.content
    assert project is not None, "publications are for a bucket that is there"
    if existing.is_deleted_with_home and publication.object_id is None:
        demand(existing, existing.id, Action.READ)
        raise name_not_free_yet(publication.key)
    check_upload_right(existing, stamp.caller.user_id)
    check_key_not_frozen(facts, publication.object_id)
    shown = existing.published if existing.state is State.AVAILABLE else None
    check_conditions(publication.conditions, shown.etag if shown else None, publication.key)
    state = next_state(existing.state, LifecycleEvent.PUBLISHED, name=existing.id)
    before = existing.published
    published = Published(
        object_id=existing.id,
        version_id=stamp.new_id(),
        revision_number=before.revision_number + 1 if before else 0,
        etag=content.etag,
        versioning=project.versioning,
    )
    changes: list[Change] = [*renew_entries(existing)]
    if before is not None:
        changes.append(RevisionPushedBack(existing.id))
    changes.append(_revision(published, publication, state))
    shown_bytes = shown.length_bytes if shown else 0
    changes.extend(
        CountersChanged(edge.parent_id, objects=0 if shown else 1, length_bytes=content.length_bytes - shown_bytes)
        for edge in existing.parents
    )
    changes.extend(_finish(publication, published))
    changes.append(stamp.event(EventKind.PUBLISHED, existing.id, before=existing.revision, after=existing.revision + 1))
    return Decision(tuple(changes), published)


def _revision(published: Published, publication: Publication, state: State) -> RevisionPublished:
    return RevisionPublished(
        object_id=published.object_id,
        version_id=published.version_id,
        revision_number=published.revision_number,
        content=publication.content,
        headers=publication.headers,
        state=state,
        versioning=published.versioning,
        at=publication.stamp.now,
        by=publication.stamp.caller.user_id,
    )


def _publish_new(project: ContainerFacts, facts: KeyFacts, publication: Publication) -> Decision[Published]:
    stamp = publication.stamp
    lowest = facts.way[-1] if facts.way else project
    demand(lowest, publication.bucket, Action.UPLOAD_NEW_KEY)
    check_new_key(facts, publication.key)
    check_conditions(publication.conditions, None, publication.key)
    check_key_length(publication.key)
    parent, changes = _way_down(lowest, facts, publication)
    name = publication.cut.rests[containers_on_the_way(publication.cut, _kinds(facts.way))]
    check_object_name(name, parent.kind)
    published = Published(
        object_id=stamp.new_id(),
        version_id=stamp.new_id(),
        revision_number=0,
        etag=publication.content.etag,
        versioning=project.versioning,
    )
    added = ObjectAdded(
        id=published.object_id,
        name=name,
        parent_id=parent.id,
        parent_kind=parent.kind,
        state=State.INITIALIZING,
        title=None,
        description=None,
        data_class=parent.data_class,
        metadata_license=parent.metadata_license,
        data_license=parent.data_license,
        at=stamp.now,
        by=stamp.caller.user_id,
    )
    return Decision(
        (
            *changes,
            added,
            _revision(published, publication, next_state(None, LifecycleEvent.PUBLISHED, name=publication.key)),
            CountersChanged(parent.id, entries=1, objects=1, length_bytes=publication.content.length_bytes),
            *_origin(published, publication),
            *_finish(publication, published),
            stamp.event(EventKind.PUBLISHED, published.object_id, after=1),
        ),
        published,
    )


def _kinds(way: tuple[ContainerFacts, ...]) -> tuple[Kind, ...]:
    return tuple(container.kind for container in way)


def _way_down(
    lowest: ContainerFacts, facts: KeyFacts, publication: Publication
) -> tuple[ContainerFacts, tuple[Change, ...]]:
    """Make or revive the containers missing below the lowest that exists; answers the one the Object goes into."""
    existing = _kinds(facts.way)
    depth = containers_on_the_way(publication.cut, existing)
    names = publication.cut.containers[len(existing) : depth]
    revivable = list(facts.hidden)
    parent = lowest
    changes: list[Change] = []
    for kind, name in zip(missing_kinds(existing, depth), names, strict=True):
        if revivable and revivable[0].kind is kind:
            child = revivable.pop(0)
            changes += [
                ContainerRevived(child.id, parent.id, name),
                publication.stamp.event(EventKind.REVIVED, child.id),
            ]
        else:
            revivable.clear()
            child, added = _new_container(kind, name, parent, publication.stamp)
            changes += [added, publication.stamp.event(EventKind.CREATED, child.id, after=0)]
        changes.append(CountersChanged(parent.id, entries=1))
        parent = child
    return parent, tuple(changes)


def _new_container(
    kind: Kind, name: str, parent: ContainerFacts, stamp: Stamp
) -> tuple[ContainerFacts, ContainerAdded]:
    added = ContainerAdded(
        id=stamp.new_id(),
        kind=kind,
        name=name,
        parent_id=parent.id,
        title=None,
        description=None,
        data_class=parent.data_class,
        metadata_license=parent.metadata_license,
        data_license=parent.data_license,
        at=stamp.now,
        by=stamp.caller.user_id,
        is_made_by_put=True,
    )
    facts = replace(
        parent,
        id=added.id,
        kind=kind,
        name=name,
        revision=0,
        epoch=0,
        created_by=added.by,
        parents=(ParentEdge(parent.id, name, is_home=True, passes=Level.ADMIN),),
        entry_count=0,
        object_count=0,
        byte_count=0,
        is_plain=True,
    )
    return facts, added


def _origin(published: Published, publication: Publication) -> tuple[RelationAdded, ...]:
    """A copy to a new key says what it was made from."""
    if publication.origin is None:
        return ()
    relation = RelationAdded(
        id=publication.stamp.new_id(),
        kind=RelationKind.ORIGIN,
        source_id=published.object_id,
        target_id=publication.origin.object_id,
        source_version_id=published.version_id,
        target_version_id=publication.origin.version_id,
        name=None,
        note=None,
        at=publication.stamp.now,
        by=publication.stamp.caller.user_id,
    )
    return (relation,)
