"""What must be left behind for snapshots before a name shows something else (snapshots by epochs, graph-model page).

Each container counts epochs; a snapshot sees the container as it was in one of them and raises the count. An entry that
began in an epoch before the present one may be seen by a snapshot: when it changes, its former state is kept.
"""

from domain.changes import Change, EntryRenewed, PastEntryAdded
from domain.resources import ObjectFacts, ParentEdge, ResourceFacts


def keep_past(child: ResourceFacts, edge: ParentEdge) -> tuple[Change, ...]:
    """Keep what the name shows now, if a snapshot may see it; to be done before the name goes or shows another.

    An Object that never had bytes isn't shown by snapshots.
    """
    if edge.since >= edge.parent_epoch:
        return ()
    version_id = None
    if isinstance(child, ObjectFacts):
        if child.published is None:
            return ()
        version_id = child.published.version_id
    return (PastEntryAdded(edge.parent_id, edge.name, child.id, child.kind, version_id, edge.since, edge.parent_epoch),)


def keep_all_past(child: ResourceFacts) -> tuple[Change, ...]:
    """Keep what every name of the child shows now, where a snapshot may see it."""
    return tuple(change for edge in child.parents for change in keep_past(child, edge))


def renew_entries(child: ObjectFacts) -> tuple[Change, ...]:
    """Keep what the names of an Object show now and let them show its next revision, each from its present epoch on."""
    return (
        *keep_all_past(child),
        *(
            EntryRenewed(edge.parent_id, edge.name, child.id, child.kind, edge.parent_epoch)
            for edge in child.parents
            if edge.since < edge.parent_epoch
        ),
    )
