"""Rules: making and deleting snapshots of Projects, Collections and Datasets (decision 0012).

A snapshot costs by its containers: one frozen container for each, and the epoch of each original raised. Its version is
a semantic one, unique for its original for ever.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.access import Action, Level, demand, demand_level
from domain.changes import (
    Change,
    Decision,
    EpochRaised,
    EventKind,
    FrozenAdded,
    FrozenLinked,
    LatestVersionSet,
    SnapshotRemoved,
)
from domain.dropping import drop_pasts
from domain.errors import AlreadyExists, FailedPrecondition, Forbidden
from domain.resources import ContainerFacts, ResourceFacts, State
from domain.semver import SemanticVersion, highest_release, parse_version
from domain.stamps import Stamp
from domain.trees import Place, TreeContainer, TreeFacts, check_tree_size, event_counts, whole_counts


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """What stands against a version of an original, and its highest release so far (None: none).

    `hidden_key` is the name of an Object that a snapshot of this version would hide, if there is one.
    """

    is_taken: bool
    hidden_key: str | None
    latest_version: str | None


def create_snapshot(
    tree: TreeFacts, standing: VersionFacts, resource_id: str, version: str, stamp: Stamp
) -> Decision[str]:
    """Freeze a container and all below it as they are; answers the snapshot's id.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition, AlreadyExists.
    """
    parsed = parse_version(version, field=("version",))
    original = _check_original(tree, resource_id)
    check_tree_size(tree, field=("id",))
    if standing.is_taken:
        message = (
            f"{original.kind.lower()} {original.id} has, or had, a snapshot {parsed.identity} already; a version is"
            " used once, so take another"
        )
        raise AlreadyExists(message, field=("version",))
    if standing.hidden_key is not None:
        message = f"a snapshot {parsed.identity} would hide the object {standing.hidden_key[:80]!r}; rename that first"
        raise FailedPrecondition(message, field=("version",))
    snapshot_id = stamp.new_id()
    frozen_ids = {
        container_id: snapshot_id if container_id == original.id else stamp.new_id() for container_id in tree.containers
    }
    counts = whole_counts(tree.containers)
    changes: list[Change] = []
    for container in tree.containers.values():
        below = counts[container.id]
        is_root = container.id == original.id
        changes.append(
            FrozenAdded(
                id=frozen_ids[container.id],
                original_id=container.id,
                kind=container.kind,
                root_id=snapshot_id,
                epoch=container.epoch,
                entries=container.entry_count,
                objects=container.own.objects,
                length_bytes=container.own.length_bytes,
                changed_at=container.own.changed_at,
                tree_objects=below.objects,
                tree_bytes=below.length_bytes,
                tree_changed_at=below.changed_at,
                at=stamp.now,
                by=stamp.caller.user_id,
                version=version if is_root else None,
                version_identity=parsed.identity if is_root else None,
            )
        )
        # What an archive shows doesn't change: the epoch that it was frozen in is seen once more.
        if not container.is_frozen:
            changes.append(EpochRaised(container.id))
        if not is_root:
            changes += _links(container, frozen_ids, stamp)
    changes.append(LatestVersionSet(original.id, _latest(standing.latest_version, parsed)))
    told = event_counts(original.id, tree.containers.values(), counts[original.id].objects)
    changes.append(stamp.event(EventKind.SNAPSHOT_CREATED, original.id, counts=told))
    return Decision(tuple(changes), snapshot_id)


def _check_original(tree: TreeFacts, resource_id: str) -> ContainerFacts:
    found = demand_level(tree.root, resource_id, Level.READ, field=("id",))
    if not isinstance(found, ContainerFacts):
        message = f"object {found.id} takes no snapshots: each of its revisions stays as it is"
        raise FailedPrecondition(message, field=("id",))
    if found.snapshot_of is not None:
        message = f"{found.kind.lower()} {found.id} belongs to a snapshot; take one of its original {found.snapshot_of}"
        raise FailedPrecondition(message, field=("id",))
    original = demand(found, resource_id, Action.SNAPSHOT, field=("id",))
    if original.state is State.DELETED:
        message = f"{original.kind.lower()} {original.id} is DELETED; restore it first"
        raise FailedPrecondition(message, field=("id",))
    assert original.id in tree.containers, "a container's subtree begins with it"
    return original


def _links(container: TreeContainer, frozen_ids: Mapping[str, str], stamp: Stamp) -> list[FrozenLinked]:
    """Put a frozen container below the frozen ones of its parents; what came by shares alone gets one as its home."""
    inside = [place for place in container.places if place.parent_id in frozen_ids]
    home = min(inside, key=lambda place: (not place.is_home, place.parent_id))
    return [
        FrozenLinked(
            child_id=frozen_ids[container.id],
            parent_id=frozen_ids[place.parent_id],
            name=place.name,
            is_home=place is home,
            at=stamp.now,
            by=stamp.caller.user_id,
        )
        for place in inside
    ]


def _latest(latest: str | None, added: SemanticVersion) -> str | None:
    versions = [added] if latest is None else [parse_version(latest), added]
    highest = highest_release(versions)
    return None if highest is None else highest.identity


def hiding_places(original: ContainerFacts) -> tuple[Place, ...]:
    """Where keys could begin as a snapshot's: in each parent, under the name there; in a Project under no name."""
    if not original.parents:
        return (Place(original.id, "", is_home=True),)
    return tuple(Place(edge.parent_id, edge.name, edge.is_home) for edge in original.parents)


@dataclass(frozen=True, slots=True)
class SnapshotDeletionFacts:
    """A resource that may be a snapshot (`is_root`: not just a part of one), its original, and ids of all it froze."""

    container: ResourceFacts | None
    original: ContainerFacts | None
    is_root: bool
    originals: Sequence[str]


def delete_snapshot(
    facts: SnapshotDeletionFacts, versions: Sequence[str], snapshot_id: str, stamp: Stamp
) -> Decision[str]:
    """Make a snapshot with all its containers tombstones; answers its id. It takes ADMIN on its original.

    `versions` are those of the original's other snapshots that aren't deleted.

    Raises: NotFound, Forbidden, FailedPrecondition (it is no snapshot, or deleted already).
    """
    found = demand_level(facts.container, snapshot_id, Level.READ, field=("id",))
    original = facts.original
    if original is None or not facts.is_root:
        message = f"{found.kind.lower()} {found.id} is no snapshot itself; name one of `snapshots`"
        raise FailedPrecondition(message, field=("id",))
    if original.level < Level.ADMIN:
        message = f"deleting a snapshot takes ADMIN on its original {original.id}; ask someone who has it"
        raise Forbidden(message, field=("id",))
    demand(replace(found, level=original.level), snapshot_id, Action.DELETE_SNAPSHOT, field=("id",))
    if found.state is State.DELETED:
        raise FailedPrecondition(f"snapshot {found.id} is DELETED already", field=("id",))
    highest = highest_release(parse_version(version) for version in versions)
    changes: tuple[Change, ...] = (
        SnapshotRemoved(found.id, stamp.now),
        LatestVersionSet(original.id, None if highest is None else highest.identity),
        *drop_pasts(original.id, facts.originals, stamp),
        stamp.event(EventKind.DELETED, found.id, before=found.revision, after=found.revision + 1),
    )
    return Decision(changes, found.id)
