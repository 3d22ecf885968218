"""Rules: what the deletion of a tree leaves for later, and its restoring: shares of Objects across the tree's border.

Each is decided for one container and some of its Objects at a time, on what stands then, so that it may be done twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from domain.changes import Change, ChildUnlinked, CountersChanged, FormerNameForgotten, ShareLost
from domain.keys import object_sort
from domain.past import keep_past
from domain.placing import counted
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, State
from domain.restoring import can_return, share_again
from domain.stamps import Stamp


@dataclass(frozen=True, slots=True)
class CrossingFacts:
    """Objects that are named in a container, and the containers that they have other names in, by id.

    `deletions` are the ids of the deletions that took those containers, by the container's id; living ones are absent.
    `blocked` are `sort` strings of names there that can't be borne again: taken, or hidden by a snapshot.
    """

    objects: tuple[ObjectFacts, ...]
    parents: Mapping[str, ContainerFacts]
    deletions: Mapping[str, str]
    blocked: frozenset[str] = frozenset()

    @property
    def locks(self) -> frozenset[str]:
        """Ids to lock: the Objects and all containers that count their names."""
        edges = (edge for found in self.objects for edge in (*found.parents, *found.former_shares))
        return frozenset({*(found.id for found in self.objects), *(edge.parent_id for edge in edges)})


def unlink_crossing(facts: CrossingFacts, container_id: str, deletion_id: str, stamp: Stamp) -> tuple[Change, ...]:
    """Finish the deletion of a container for some of its Objects.

    Those that had their home in it lose their shares outside, which are remembered; those that had it elsewhere leave.
    """
    changes: list[Change] = []
    for found in facts.objects:
        home = found.home
        if home.parent_id == container_id:
            for edge in found.parents:
                if not edge.is_home and edge.parent_state is State.AVAILABLE:
                    changes += _lose(found, edge, stamp)
        elif facts.deletions.get(home.parent_id) != deletion_id:
            for edge in found.parents:
                if edge.parent_id == container_id:
                    changes += _leave(found, edge)
    return tuple(changes)


def _uncounted(found: ObjectFacts, container_id: str) -> CountersChanged:
    """Count an Object out of a container; one that was deleted with its home was counted as it was before."""
    return counted(replace(found, state=found.own_state or found.state), container_id, -1)


def _lose(found: ObjectFacts, edge: ParentEdge, stamp: Stamp) -> tuple[Change, ...]:
    return (
        *keep_past(found, edge),
        ShareLost(found.id, edge.parent_id, edge.name, stamp.now, stamp.caller.user_id),
        _uncounted(found, edge.parent_id),
    )


def _leave(found: ObjectFacts, edge: ParentEdge) -> tuple[Change, ...]:
    return (
        *keep_past(found, edge),
        ChildUnlinked(found.id, Kind.OBJECT, edge.parent_id, edge.name),
        _uncounted(found, edge.parent_id),
    )


def relink_crossing(facts: CrossingFacts, stamp: Stamp) -> tuple[Change, ...]:
    """Let some Objects, whose home was restored, have the shares again that they lost with it.

    A share whose parent is gone, frozen or left, or whose name is taken since, is forgotten.
    """
    changes: list[Change] = []
    blocked: set[str] = set(facts.blocked)
    for found in facts.objects:
        if found.state is State.DELETED:
            continue
        standing = {edge.parent_id for edge in found.parents}
        for edge in found.former_shares:
            changes.append(FormerNameForgotten(found.id, Kind.OBJECT, edge.parent_id, edge.name))
            parent = facts.parents.get(edge.parent_id)
            if parent is None or parent.id in standing or not can_return(parent, Kind.OBJECT, edge.name, blocked):
                continue
            blocked.add(object_sort(edge.parent_id, edge.name))
            changes.append(share_again(found.id, Kind.OBJECT, edge, parent, stamp))
            changes.append(counted(found, edge.parent_id, 1))
    return tuple(changes)
