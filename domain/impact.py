"""What a deletion, archive, erasure or tightening would touch, told before it is done."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from domain.archiving import at_home
from domain.errors import BadInput
from domain.resources import ContainerFacts, Kind
from domain.trees import TreeFacts


class ImpactAction(StrEnum):
    """What somebody thinks of doing."""

    DELETE = "DELETE"
    ARCHIVE = "ARCHIVE"
    ERASE = "ERASE"
    TIGHTEN = "TIGHTEN"


@dataclass(frozen=True, slots=True)
class Touched:
    """How much is touched, and ids of what has to do with it, seen by the caller or not.

    `objects` are counted by their keys. `guests` have their home elsewhere and stay, `hosts` are other parents of what
    is touched.
    """

    collections: int
    datasets: int
    objects: int
    length_bytes: int
    guests: tuple[str, ...]
    hosts: tuple[str, ...]


def check_action(action: ImpactAction, kind: Kind) -> None:
    """Refuse to tell of what can't be done with a resource of this kind.

    Raises: BadInput.
    """
    can_be = {
        ImpactAction.DELETE: True,
        ImpactAction.ARCHIVE: kind is Kind.PROJECT,
        ImpactAction.ERASE: kind is Kind.OBJECT,
        ImpactAction.TIGHTEN: kind is Kind.OBJECT,
    }[action]
    if not can_be:
        what = {ImpactAction.ARCHIVE: "only projects are archived"}.get(action, "only objects are erased or tightened")
        raise BadInput(f"{what}, and this is a {kind.lower()}", field=("action",))


def touched_tree(tree: TreeFacts) -> Touched:
    """Count what is below a container by its homes, it left out."""
    root = tree.root
    if not isinstance(root, ContainerFacts):
        return Touched(0, 0, 0, 0, (), ())
    own, guests = at_home(tree, root.id)
    kinds = [container.kind for container in own.values() if container.id != root.id]
    hosts = (place.parent_id for container in own.values() for place in container.places if not place.is_home)
    return Touched(
        collections=kinds.count(Kind.COLLECTION),
        datasets=kinds.count(Kind.DATASET),
        objects=sum(container.own.objects for container in own.values()),
        length_bytes=sum(container.own.length_bytes for container in own.values()),
        guests=_once(guest.id for guest in guests),
        hosts=_once(parent for parent in hosts if parent not in own),
    )


def _once(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(ids))
