"""Use cases of relations: adding, removing and listing them, between resources and to the world outside."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from domain.errors import BadInput
from domain.linking import ExternalLink, Link, LinksChanged
from domain.relations import ExternalReference, ExternalType, RelationKind, external_reference
from domain.views import RelationView, ResourceView, RevisionView
from graphstore.cypher import readings
from graphstore.cypher.batched import RelationsRequest
from graphstore.relating import relate
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.frozen import standing
from resolvers.loaders import DirectedRelations
from resolvers.paging import Page, page_of, page_request

LISTING: Final = "relations"
CITING: Final = "citing"
LISTED: Final = (RelationKind.ORIGIN, RelationKind.METADATA, RelationKind.CUSTOM, RelationKind.POLICY)


async def link(
    context: Context, source_id: str, links: Sequence[Link], external: Sequence[ExternalLink]
) -> LinksChanged:
    """Add relations from a resource; those that stand already are counted.

    Raises: NotFound, Forbidden, Immutable, BadInput, Hierarchy, Cycle, FailedPrecondition, Unavailable.
    """
    return await relate(context.store, source_id, links, external, context.stamp(), is_adding=True)


async def unlink(
    context: Context, source_id: str, links: Sequence[Link], external: Sequence[ExternalLink]
) -> LinksChanged:
    """Remove relations from a resource, all or none.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """
    return await relate(context.store, source_id, links, external, context.stamp(), is_adding=False)


async def list_relations(
    context: Context,
    resource: ResourceView,
    kinds: Collection[RelationKind] | None,
    *,
    is_outgoing: bool,
    is_incoming: bool,
    first: int,
    after: str | None,
) -> Page[RelationView]:
    """Page of a resource's relations, oldest first; those whose other end the caller may not see aren't there.

    In a snapshot or archive the outgoing ones are those of then, and the incoming ones those that stand now.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    wanted = LISTED if kinds is None else tuple(dict.fromkeys(kinds))
    if RelationKind.BELONGS_TO in wanted:
        message = "BELONGS_TO is read as parents and children; leave it out of kinds"
        raise BadInput(message, field=("kinds",))
    at = standing(resource)
    living = RelationsRequest(at.resource_id, wanted, request.after, request.size + 1)
    directions = [
        DirectedRelations(relations, is_outgoing=direction)
        for relations, direction, is_asked in (
            (replace(living, number=at.number), True, is_outgoing),
            (living, False, is_incoming),
        )
        if is_asked
    ]
    found = [view for views in await context.loaders.relations.load_many(directions) for view in views]
    found.sort(key=_relation_place)
    return page_of(found[: request.size], _relation_place, request, has_more=len(found) > request.size)


async def find_end(context: Context, relation: RelationView, *, is_source: bool) -> RevisionView | None:
    """Revision that was meant at one end of a relation; None where there was none, or isn't any more.

    Raises: Unavailable.
    """
    version_id = relation.source_version_id if is_source else relation.target_version_id
    if version_id is None:
        return None
    is_own_end = relation.is_outgoing is is_source
    return await context.loaders.revisions_at.load((relation.own_id if is_own_end else relation.other.id, version_id))


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
