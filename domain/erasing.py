"""Rules: bytes that go for good. Erasing is the one exception to what snapshots and archives promise.

An erased revision stays where it was, without its bytes; removing one takes it out of its Object's chain. Bytes that
something else refers to stay; neither answers nor errors say which.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from domain.access import Action, Level, demand
from domain.changes import (
    Change,
    ContentRemoved,
    Decision,
    EventKind,
    NewestErased,
    ObjectBlanked,
    RevisionErased,
    RevisionUnchained,
    UploadFailed,
)
from domain.deletion import demand_through_home, remove_object
from domain.errors import BadInput, FailedPrecondition, Hierarchy, Immutable, NotFound
from domain.resources import ContainerFacts, ObjectFacts, ResourceFacts, State
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class ErasableRevision:
    """A revision of the chain; `content_id` is None where its bytes were erased already."""

    version_id: str
    content_id: str | None


@dataclass(frozen=True, slots=True)
class ErasureFacts:
    """An Object with its revisions, newest first, and what erasing some of them must know.

    `home_level` is the caller's level on it through its home alone; `containers` are those above it by any path, by id.
    `needed` are contents that something else than the revisions of the call refers to. `uploads` are its open ones.
    `is_held`, of the revision of the call: a snapshot or archive shows it; `is_pinned`: a policy relation names it.
    """

    resource: ResourceFacts | None
    home_level: Level = Level.NONE
    containers: Mapping[str, ContainerFacts] = field(default_factory=dict[str, ContainerFacts])
    revisions: tuple[ErasableRevision, ...] = ()
    needed: frozenset[str] = frozenset()
    uploads: tuple[str, ...] = ()
    is_blanked: bool = False
    is_held: bool = False
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Erasure:
    """What to erase: the whole Object (`version_id` None) or one older revision; `confirmation` is the Object's name.

    `is_blank` lets its words go too.
    """

    confirmation: str
    version_id: str | None = None
    is_blank: bool = False


def erase(facts: ErasureFacts, object_id: str, wanted: Erasure, stamp: Stamp) -> Decision[str]:
    """Make the bytes of an Object, or of one of its older revisions, unreadable for good; answers the Object's id.

    The whole Object becomes a tombstone, if it isn't one. What was erased before changes nothing.

    Raises: NotFound, Forbidden, Hierarchy, BadInput (it isn't confirmed), FailedPrecondition (one revision of the call
    is the newest).
    """
    existing = _demand(facts, object_id, Action.ERASE)
    if wanted.confirmation != existing.name:
        message = f"erasing can't be undone: type the name of object {existing.id} to confirm it"
        raise BadInput(message, field=("confirmation",))
    if wanted.version_id is None:
        return _erase_whole(facts, existing, stamp, is_blank=wanted.is_blank)
    older = _older(facts, existing, wanted.version_id, "erase")
    if older.content_id is None and not wanted.is_blank:
        return Decision((), existing.id)
    changes = (
        RevisionErased(older.version_id, wanted.is_blank, stamp.now, stamp.caller.user_id),
        *_unneeded(facts, (older,), stamp),
        stamp.event(EventKind.ERASED, existing.id),
    )
    return Decision(changes, existing.id)


def _demand(facts: ErasureFacts, object_id: str, action: Action) -> ObjectFacts:
    found = demand(facts.resource, object_id, Action.READ, field=("id",))
    if isinstance(found, ContainerFacts):
        raise Hierarchy(f"{found.kind.lower()} {found.id} has no bytes of its own; name an object", field=("id",))
    return demand_through_home(found, facts.home_level, object_id, action)


def _older(facts: ErasureFacts, existing: ObjectFacts, version_id: str, what: str) -> ErasableRevision:
    """Return an older revision of the Object.

    Raises: NotFound, FailedPrecondition (it is the newest).
    """
    field_name = ("versionId",)
    found = next((revision for revision in facts.revisions if revision.version_id == version_id), None)
    if found is None:
        raise NotFound(f"object {existing.id} has no revision {version_id[:80]!r}", field=field_name)
    if found is facts.revisions[0]:
        message = f"revision {version_id} is what object {existing.id} shows; put new bytes first, or {what} the object"
        raise FailedPrecondition(message, field=field_name)
    return found


def _erase_whole(facts: ErasureFacts, existing: ObjectFacts, stamp: Stamp, *, is_blank: bool) -> Decision[str]:
    at, by = stamp.now, stamp.caller.user_id
    changes: list[Change] = []
    names = [(edge.parent_id, edge.name) for edge in (*existing.parents, *existing.former_shares)]
    is_tombstone = existing.state is State.DELETED and not existing.is_deleted_with_home
    if not is_tombstone:
        # One that was deleted with its home becomes a tombstone of its own, which doesn't come back with it.
        own = replace(existing, state=existing.own_state or existing.state)
        changes += remove_object(own, facts.containers, stamp)
    if facts.revisions and facts.revisions[0].content_id is not None:
        changes.append(NewestErased(existing.id, at, by))
    changes += [
        RevisionErased(older.version_id, is_blank, at, by)
        for older in facts.revisions[1:]
        if is_blank or older.content_id is not None
    ]
    changes += _unneeded(facts, facts.revisions, stamp)
    changes += [UploadFailed(upload, "its object was erased", at) for upload in facts.uploads]
    if is_blank and not facts.is_blanked:
        changes.append(ObjectBlanked(existing.id, tuple(names)))
    if changes:
        is_changed = not is_tombstone
        changes.append(
            stamp.event(
                EventKind.ERASED,
                existing.id,
                before=existing.revision if is_changed else None,
                after=existing.revision + 1 if is_changed else None,
            )
        )
    return Decision(tuple(changes), existing.id)


def _unneeded(facts: ErasureFacts, revisions: tuple[ErasableRevision, ...], stamp: Stamp) -> tuple[ContentRemoved, ...]:
    """Let the bytes go that nothing else refers to."""
    contents = {revision.content_id for revision in revisions if revision.content_id is not None}
    return tuple(ContentRemoved(content_id, stamp.now) for content_id in sorted(contents - facts.needed))


def remove_revision(facts: ErasureFacts, object_id: str, version_id: str, stamp: Stamp) -> Decision[str]:
    """Take one older revision out of an Object's chain; answers the Object's id.

    Raises: NotFound, Forbidden, Hierarchy, Immutable (a snapshot or archive shows it), FailedPrecondition (it is the
    newest, or a policy relation names it).
    """
    existing = _demand(facts, object_id, Action.REMOVE_REVISION)
    older = _older(facts, existing, version_id, "delete")
    if facts.is_held:
        message = f"a snapshot or archive shows revision {version_id} of object {existing.id}; it stays as long as that"
        raise Immutable(message, field=("versionId",))
    if facts.is_pinned:
        message = f"a policy relation to object {existing.id} names revision {version_id}; let it name another first"
        raise FailedPrecondition(message, field=("versionId",))
    changes = (
        RevisionUnchained(older.version_id),
        *_unneeded(facts, (older,), stamp),
        stamp.event(EventKind.REVISION_REMOVED, existing.id),
    )
    return Decision(changes, existing.id)
