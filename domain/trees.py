"""The containers of a subtree, as snapshots and archives take them all at once: who is below whom, what each counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from domain.changes import EventCounts
from domain.errors import FailedPrecondition
from domain.limits import TREE_CONTAINERS_MAX
from domain.resources import Kind, ResourceFacts


@dataclass(frozen=True, slots=True)
class Counts:
    """AVAILABLE Objects and their bytes, and when one of them last came, changed or went; keys are counted."""

    objects: int
    length_bytes: int
    changed_at: datetime

    def __add__(self, other: "Counts") -> "Counts":
        """Sum of both; of the changes the later one."""
        return Counts(
            self.objects + other.objects,
            self.length_bytes + other.length_bytes,
            max(self.changed_at, other.changed_at),
        )


@dataclass(frozen=True, slots=True)
class Place:
    """A parent of a container (inside the subtree or outside), and its name there.

    A snapshot has seen that name where it has been shown `since` an epoch before the `parent_epoch` (domain/past.py).
    """

    parent_id: str
    name: str
    is_home: bool
    since: int = 0
    parent_epoch: int = 0


@dataclass(frozen=True, slots=True)
class TreeContainer:
    """A container of a subtree. `epoch` is the one that a snapshot sees: of an archive's container the frozen one.

    `entry_count` and `own` are what it shows in that epoch.
    """

    id: str
    kind: Kind
    name: str
    epoch: int
    is_frozen: bool
    places: tuple[Place, ...]
    entry_count: int
    own: Counts


@dataclass(frozen=True, slots=True)
class TreeFacts:
    """A resource and, if it is a container, all containers of its subtree by id, itself among them.

    They are reached by home and by share. One more than TREE_CONTAINERS_MAX say that there are too many.
    """

    root: ResourceFacts | None
    containers: Mapping[str, TreeContainer]

    @property
    def locks(self) -> frozenset[str]:
        """Ids to lock: the containers and all their parents, inside and outside."""
        return frozenset(
            found
            for container in self.containers.values()
            for found in (container.id, *(place.parent_id for place in container.places))
        )


def check_tree_size(tree: TreeFacts, *, field: tuple[str, ...] = ()) -> None:
    """Refuse a subtree that no one transaction can take.

    Raises: FailedPrecondition.
    """
    if len(tree.containers) > TREE_CONTAINERS_MAX:
        message = f"there are more than {TREE_CONTAINERS_MAX} containers below it; take its parts one by one"
        raise FailedPrecondition(message, field=field)


def whole_counts(containers: Mapping[str, TreeContainer]) -> dict[str, Counts]:
    """Return what each container and all below it count, by id; what has two places below counts twice."""
    children: dict[str, list[str]] = {container_id: [] for container_id in containers}
    for container in containers.values():
        for place in container.places:
            if place.parent_id in containers:
                children[place.parent_id].append(container.id)
    found: dict[str, Counts] = {}

    def count(container_id: str) -> Counts:
        if container_id not in found:
            counts = containers[container_id].own
            for child in children[container_id]:
                counts += count(child)
            found[container_id] = counts
        return found[container_id]

    # At most three deep: the kinds make the hierarchy acyclic.
    for container_id in containers:
        count(container_id)
    return found


def event_counts(root_id: str, containers: Iterable[TreeContainer], objects: int) -> EventCounts:
    """Return what the event of a recursive call says: the containers below its root, and Objects by their keys."""
    kinds = [container.kind for container in containers if container.id != root_id]
    return EventCounts(kinds.count(Kind.COLLECTION), kinds.count(Kind.DATASET), objects)
