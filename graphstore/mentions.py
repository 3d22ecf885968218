"""What a call that makes a resource names besides: licences, users, and targets of relations."""

from collections.abc import Mapping
from typing import Final

from domain.access import Caller
from domain.creation import NOTHING_MENTIONED, Mentioned, NewResource
from domain.errors import BadInput
from domain.limits import RELATIONS_PER_CALL_MAX
from domain.resources import ResourceFacts
from graphstore.cypher import facts
from graphstore.statements import Query
from graphstore.store import GraphStore

_FIELD: Final = ("input", "relations")


async def load_mentioned(store: GraphStore, new: NewResource) -> Mentioned:
    """Load which of the licences, users and pinned revisions there are; targets come with the rule (`load_targets`).

    They stay, so they may be read before the rule's locks.

    Raises: BadInput (more relations than one call may name), Unavailable.
    """
    if len(new.links) > RELATIONS_PER_CALL_MAX:
        message = f"one call names at most {RELATIONS_PER_CALL_MAX} relations; this one names {len(new.links)}"
        raise BadInput(message, field=_FIELD)
    if not new.mentions_anything:
        return NOTHING_MENTIONED
    licenses = [one for one in (new.metadata_license, new.data_license) if one is not None]
    return await store.read(facts.mentioned(licenses, new.authors, new.links))


def target_ids(new: NewResource) -> tuple[str, ...]:
    """Ids of the targets of its relations, to be locked with its place."""
    return tuple(link.target_id for link in new.links)


def load_targets(new: NewResource, caller: Caller, now: int) -> Query[Mapping[str, ResourceFacts]]:
    """Load the targets with the caller's levels, in the rule's transaction."""
    return facts.resources(target_ids(new), caller.user_id, now)
