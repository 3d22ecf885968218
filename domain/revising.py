"""When a change of fields, labels or relations makes a new revision, and the number that it bears.

Labels and relations last from one number of their resource to another (decision 0012): an Object's revisionNumber (0
before its first bytes), a container's epoch. Of an Object that a snapshot or archive may show nothing changes in place:
its newest revision is pushed back with its fields, and a new one with the same bytes is what changes.
"""

from dataclasses import dataclass

from domain.changes import Change, RevisionPushedBack, RevisionRenewed
from domain.past import renew_entries
from domain.resources import ContainerFacts, ObjectFacts, ResourceFacts
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class Opened:
    """What of a resource can be changed in place: its present number and versionId, and the changes that led there."""

    number: int
    version_id: str | None
    changes: tuple[Change, ...] = ()


def locks_to_change(existing: ResourceFacts | None) -> frozenset[str]:
    """Ids to lock before anything changes that a snapshot would show of a resource: with an Object all its parents."""
    if existing is None:
        return frozenset()
    above = {edge.parent_id for edge in existing.parents} if isinstance(existing, ObjectFacts) else set[str]()
    return frozenset({existing.id, *above})


def begin_revision(existing: ObjectFacts, stamp: Stamp) -> Opened:
    """Make a new revision of an Object with the bytes of its newest one, under whatever name it shows."""
    assert existing.published is not None, "an Object without bytes has no revisions"
    version_id, number = stamp.new_id(), existing.published.revision_number + 1
    changes = (
        *renew_entries(existing),
        RevisionPushedBack(existing.id),
        RevisionRenewed(existing.id, version_id, number, stamp.now, stamp.caller.user_id),
    )
    return Opened(number, version_id, changes)


def open_for_change(existing: ResourceFacts, stamp: Stamp, *, makes_revision: bool = False) -> Opened:
    """Open a resource for a change of what a snapshot would show of it.

    With `makes_revision` an Object that has bytes gets a new revision in any case.
    """
    if isinstance(existing, ContainerFacts):
        return Opened(existing.epoch, None)
    if existing.published is None:
        return Opened(0, None)
    if makes_revision or existing.is_held:
        return begin_revision(existing, stamp)
    return Opened(existing.published.revision_number, existing.published.version_id)
