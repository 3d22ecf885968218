"""Runs the rules that change what describes a resource: lock, load, decide, apply in one transaction.

Of an Object they lock its parents too: a snapshot of one of them sees the Object before or after, never halfway.
"""

from collections.abc import Sequence

from domain.classing import DataClassFacts
from domain.classing import set_data_class as decide_class
from domain.describing import Description, update_resource
from domain.labelling import remove_resource_labels, set_resource_labels
from domain.labels import NewLabel
from domain.resources import DataClass
from domain.revising import locks_to_change
from domain.stamps import Stamp
from graphstore.cypher import classes, labels
from graphstore.cypher.facts import mentioned, resources
from graphstore.instants import to_ms
from graphstore.store import GraphStore


async def describe(store: GraphStore, resource_id: str, new: Description, if_revision: int | None, stamp: Stamp) -> str:
    """Change words, authors and licences; answers the id.

    Raises: NotFound, Forbidden, Immutable, BadInput, Conflict, FailedPrecondition, Unavailable.
    """
    # Licences and users stay for good: they may be read before the locks.
    known = (await store.read(mentioned(new.licenses, new.named_authors))).known if new.names_anything else None
    return await store.run_rule_above(
        "describe",
        load=resources([resource_id], stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=lambda found: locks_to_change(found.get(resource_id)),
        decide=lambda found: update_resource(found.get(resource_id), resource_id, new, if_revision, stamp, known),
    )


async def set_labels(store: GraphStore, resource_id: str, wanted: Sequence[NewLabel], stamp: Stamp) -> str:
    """Set labels, all or none; answers the resource's id.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """
    return await store.run_rule_above_then(
        "set labels",
        load=resources([resource_id], stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=lambda found: locks_to_change(found.get(resource_id)),
        then=lambda _: labels.facts(resource_id),
        decide=lambda found, existing: set_resource_labels(
            found.get(resource_id), resource_id, existing, wanted, stamp
        ),
    )


async def remove_labels(store: GraphStore, resource_id: str, keys: Sequence[str], stamp: Stamp) -> str:
    """Remove labels, all or none; answers the resource's id.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """
    return await store.run_rule_above_then(
        "remove labels",
        load=resources([resource_id], stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=lambda found: locks_to_change(found.get(resource_id)),
        then=lambda _: labels.facts(resource_id),
        decide=lambda found, existing: remove_resource_labels(
            found.get(resource_id), resource_id, existing, keys, stamp
        ),
    )


async def set_data_class(
    store: GraphStore, resource_id: str, wanted: DataClass, stamp: Stamp, *, is_recursive: bool = False
) -> str:
    """Set how open a resource is; answers its id.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """

    def locks_of(found: DataClassFacts) -> set[str]:
        return {*locks_to_change(found.resource), *(container.id for container in found.below)}

    caller, now = stamp.caller.user_id, to_ms(stamp.now)
    return await store.run_rule_above(
        "set data class",
        load=classes.facts(resource_id, caller, now, is_recursive=is_recursive),
        locks_of=locks_of,
        decide=lambda found: decide_class(found, resource_id, wanted, stamp, is_recursive=is_recursive),
    )
