"""Which containers leave with a name: those that a PUT made, that hold nothing else, and that nobody has described.

Such a container is hidden, its name free, and a PUT that needs the path again revives it. One that is deleted, or held
by an archive, stays as it is, whatever leaves it.
"""

from collections.abc import Mapping
from dataclasses import replace

from domain.changes import Change, ContainerHidden, CountersChanged, EventKind
from domain.past import keep_past
from domain.resources import ContainerFacts, State
from domain.stamps import Stamp


def _may_hide(container: ContainerFacts) -> bool:
    return container.is_plain and container.state is State.AVAILABLE and not container.is_frozen


def hide_upwards(containers: dict[str, ContainerFacts], container_id: str, stamp: Stamp) -> list[Change]:
    """Take one name out of the container; hide it if that was its last and nobody described it, and so on up.

    `containers` are it and those above it, by id; their entry counts are brought up to date.
    """
    changes: list[Change] = []
    while True:
        container = containers[container_id]
        left = container.entry_count - 1
        assert left >= 0, "a container's entries count the name that leaves it"
        containers[container_id] = replace(container, entry_count=left)
        home = container.home
        if left or not _may_hide(container) or home is None:
            return changes
        changes += [
            *keep_past(container, home),
            ContainerHidden(container.id, home.parent_id, home.name),
            stamp.event(EventKind.HIDDEN, container.id),
            CountersChanged(home.parent_id, entries=-1),
        ]
        container_id = home.parent_id


def changed_with_last_name(containers: Mapping[str, ContainerFacts], container_id: str) -> frozenset[str]:
    """Ids of what changes if a name leaves the container: it, what is hidden with it, and what holds that; to lock."""
    ids = {container_id}
    container = containers.get(container_id)
    while container is not None and container.entry_count <= 1 and _may_hide(container) and container.home is not None:
        ids.add(container.home.parent_id)
        container = containers.get(container.home.parent_id)
    return frozenset(ids)
