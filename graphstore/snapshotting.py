"""Makes and deletes snapshots, archives projects: each is one transaction, by the number of containers.

The containers of the subtree and all their parents are locked in id order; what is decided on was loaded under them.
"""

from collections.abc import Callable
from datetime import datetime

from domain.archiving import archive_project, unarchive_project
from domain.changes import Decision
from domain.semver import parse_version
from domain.snapshotting import SnapshotDeletionFacts, VersionFacts, create_snapshot, delete_snapshot
from domain.stamps import Stamp
from domain.trees import TreeFacts
from domain.views import UserView
from graphstore.cypher import accounts, snapshots
from graphstore.cypher.trees import tree
from graphstore.instants import to_ms
from graphstore.statements import Query
from graphstore.store import GraphStore


def _locks(found: TreeFacts) -> frozenset[str]:
    return found.locks


async def take_snapshot(store: GraphStore, resource_id: str, version: str, stamp: Stamp) -> str:
    """Make a snapshot of a container with all below it; answers its id.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition, AlreadyExists, Unavailable.
    """
    parsed = parse_version(version, field=("version",))

    def decide(found: TreeFacts, standing: VersionFacts) -> Decision[str]:
        return create_snapshot(found, standing, resource_id, version, stamp)

    return await store.run_rule_above_then(
        "create snapshot",
        load=tree(resource_id, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=_locks,
        then=lambda found: snapshots.standing_versions(found.root, parsed),
        decide=decide,
    )


async def remove_snapshot(store: GraphStore, snapshot_id: str, stamp: Stamp) -> str:
    """Make a snapshot a tombstone; answers its id.

    Raises: NotFound, Forbidden, FailedPrecondition, Unavailable.
    """

    def locks_of(found: SnapshotDeletionFacts) -> frozenset[str]:
        return frozenset(one.id for one in (found.container, found.original) if one is not None)

    def decide(found: SnapshotDeletionFacts, versions: tuple[str, ...]) -> Decision[str]:
        return delete_snapshot(found, versions, snapshot_id, stamp)

    return await store.run_rule_above_then(
        "delete snapshot",
        load=snapshots.deletion(snapshot_id, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=locks_of,
        then=snapshots.other_versions,
        decide=decide,
    )


async def archive(store: GraphStore, project_id: str, stamp: Stamp) -> str:
    """Freeze a project and all that has its home in it; answers its id.

    Raises: NotFound, Forbidden, FailedPrecondition, Unavailable.
    """
    return await store.run_rule_above(
        "archive project",
        load=tree(project_id, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=_locks,
        decide=lambda found: archive_project(found, project_id, stamp),
    )


async def unarchive(
    store: GraphStore, project_id: str, caller_id: str, now: datetime, stamp_of: Callable[[UserView | None], Stamp]
) -> str:
    """Let an archived project change again; the caller is read in the same transaction. Answers the project's id.

    Raises: what `stamp_of` raises; Unauthenticated, NotFound, Forbidden, FailedPrecondition, Unavailable.
    """

    def caller(_: TreeFacts) -> Query[UserView | None]:
        return accounts.user(caller_id)

    def decide(found: TreeFacts, user: UserView | None) -> Decision[str]:
        return unarchive_project(found, project_id, stamp_of(user))

    return await store.run_rule_above_then(
        "unarchive project",
        load=tree(project_id, caller_id, to_ms(now)),
        locks_of=_locks,
        then=caller,
        decide=decide,
    )
