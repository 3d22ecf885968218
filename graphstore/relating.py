"""Runs the rules of relations: lock both ends, load, decide, apply in one transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from domain.changes import Decision
from domain.linking import ExternalLink, Link, LinkFacts, LinksChanged, add_relations, remove_relations
from domain.relations import external_reference
from domain.resources import ResourceFacts
from domain.revising import locks_to_change
from domain.stamps import Stamp
from graphstore.cypher import facts
from graphstore.instants import to_ms
from graphstore.store import GraphStore


async def relate(
    store: GraphStore,
    source_id: str,
    links: Sequence[Link],
    external: Sequence[ExternalLink],
    stamp: Stamp,
    *,
    is_adding: bool,
) -> LinksChanged:
    """Add relations from a resource (those that stand already are counted), or remove them; all or none.

    Raises: NotFound, Forbidden, Immutable, BadInput, Hierarchy, Cycle, FailedPrecondition, Unavailable.
    """
    rule = add_relations if is_adding else remove_relations
    ends = [source_id, *(link.target_id for link in links)]
    keys = [
        external_reference(link.type, link.value, link.name, field=("external", str(index))).key
        for index, link in enumerate(external)
    ]

    def locks_of(found: Mapping[str, ResourceFacts]) -> Collection[str]:
        return {*found, *locks_to_change(found.get(source_id))}

    def decide(found: Mapping[str, ResourceFacts], standing: LinkFacts) -> Decision[LinksChanged]:
        return rule(replace(standing, resources=found), source_id, tuple(links), tuple(external), stamp)

    return await store.run_rule_above_then(
        "add relations" if is_adding else "remove relations",
        load=facts.resources(ends, stamp.caller.user_id, to_ms(stamp.now)),
        locks_of=locks_of,
        then=lambda _: facts.links(source_id, links, keys),
        decide=decide,
    )
