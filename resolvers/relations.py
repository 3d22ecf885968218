"""Use cases of relations: adding, removing and listing them, between resources and to the world outside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from domain.changes import Decision
from domain.errors import BadInput
from domain.linking import ExternalLink, Link, LinkFacts, LinksChanged, add_relations, remove_relations
from domain.relations import ExternalReference, ExternalType, RelationKind, external_reference
from domain.resources import ResourceFacts
from domain.stamps import Stamp
from domain.views import RelationView, ResourceView
from graphstore.cypher import facts, readings
from graphstore.cypher.batched import RelationsRequest
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.loaders import DirectedRelations
from resolvers.paging import Page, page_of, page_request

LISTING: Final = "relations"
CITING: Final = "citing"
LISTED: Final = (RelationKind.ORIGIN, RelationKind.METADATA, RelationKind.CUSTOM)

_Rule = Callable[
    [LinkFacts, str, tuple[Link, ...], tuple[ExternalLink, ...], Stamp],
    Decision[LinksChanged],
]
_Standing = tuple[frozenset[tuple[RelationKind, str, str | None]], frozenset[str]]


async def link(
    context: Context, source_id: str, links: Sequence[Link], external: Sequence[ExternalLink]
) -> LinksChanged:
    """Add relations from a resource; those that stand already are counted.

    Raises: NotFound, Forbidden, BadInput, Hierarchy, Cycle, FailedPrecondition, Unavailable.
    """
    return await _change(context, "add relations", add_relations, source_id, tuple(links), tuple(external))


async def unlink(
    context: Context, source_id: str, links: Sequence[Link], external: Sequence[ExternalLink]
) -> LinksChanged:
    """Remove relations from a resource, all or none.

    Raises: NotFound, Forbidden, BadInput, FailedPrecondition, Unavailable.
    """
    return await _change(context, "remove relations", remove_relations, source_id, tuple(links), tuple(external))


async def _change(
    context: Context,
    name: str,
    rule: _Rule,
    source_id: str,
    links: tuple[Link, ...],
    external: tuple[ExternalLink, ...],
) -> LinksChanged:
    ends = [source_id, *(one.target_id for one in links)]
    keys = [
        external_reference(one.type, one.value, one.name, field=("external", str(index))).key
        for index, one in enumerate(external)
    ]

    def decide(found: Mapping[str, ResourceFacts], standing: _Standing) -> Decision[LinksChanged]:
        return rule(LinkFacts(found, *standing), source_id, links, external, context.stamp())

    return await context.store.run_rule_on_two(
        name,
        lock=ends,
        load=(
            facts.resources(ends, context.caller.user_id, context.now_ms),
            facts.links(source_id, ends[1:], keys),
        ),
        decide=decide,
    )


async def list_relations(
    context: Context,
    resource_id: str,
    kinds: Collection[RelationKind] | None,
    *,
    is_outgoing: bool,
    is_incoming: bool,
    first: int,
    after: str | None,
) -> Page[RelationView]:
    """Page of a resource's relations, oldest first; those whose other end the caller may not see aren't there.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    wanted = LISTED if kinds is None else tuple(dict.fromkeys(kinds))
    if RelationKind.BELONGS_TO in wanted:
        message = "BELONGS_TO is read as parents and children; leave it out of kinds"
        raise BadInput(message, field=("kinds",))
    relations = RelationsRequest(resource_id, wanted, request.after, request.size + 1)
    directions = [
        DirectedRelations(relations, is_outgoing=direction)
        for direction, is_asked in ((True, is_outgoing), (False, is_incoming))
        if is_asked
    ]
    found = [view for views in await context.loaders.relations.load_many(directions) for view in views]
    found.sort(key=_relation_place)
    return page_of(found[: request.size], _relation_place, request, has_more=len(found) > request.size)


def _relation_place(view: RelationView) -> str:
    return view.id


def find_reference(kind: ExternalType, value: str, name: str | None) -> ExternalReference | None:
    """Normalised reference; None for a value that none of its type can have. Tells nothing of who cites it."""
    try:
        return external_reference(kind, value, name)
    except BadInput:
        return None


@uncancelled
async def list_citing(
    context: Context, reference: ExternalReference, *, first: int, after: str | None
) -> Page[ResourceView]:
    """Page of the resources that the caller may see and that cite the reference, oldest first.

    Raises: BadInput, Unavailable.
    """
    request = page_request(CITING, first=first, after=after)
    found = await context.store.read(
        readings.citing(reference, request.after, request.size + 1, context.caller.user_id, context.now_ms)
    )
    return page_of(found[: request.size], lambda resource: resource.id, request, has_more=len(found) > request.size)
