"""Adding and removing relations. A refusal becomes userErrors."""

from typing import Annotated

import strawberry

from domain.errors import DomainError
from domain.linking import ExternalLink, Link
from resolvers import relations
from schema.info import Info
from schema.mutations.arguments import ResourceId
from schema.nodes import shown
from schema.payloads import (
    RelationsPayload,
)
from schema.problems import refused
from schema.relations import ExternalRelationInput, RelationInput

Relations = Annotated[
    list[RelationInput] | None,
    strawberry.argument(name="relations", description="Relations to resources; 1 to 100 with `external`."),
]
External = Annotated[
    list[ExternalRelationInput] | None, strawberry.argument(description="Citations of what is outside.")
]


def _links(
    links: list[RelationInput] | None, external: list[ExternalRelationInput] | None
) -> tuple[list[Link], list[ExternalLink]]:
    return [one.to_link() for one in links or ()], [one.to_link() for one in external or ()]


@strawberry.type
class RelationMutations:
    """Adding and removing relations."""

    @strawberry.mutation(
        description="Add relations from a resource; those that stand already are counted. METADATA takes WRITE on both "
        "ends, POLICY ADMIN here and READ there, all others WRITE here and READ there. From an Object that a snapshot "
        "shows they make a new revision of it. Policies are kept and not evaluated yet."
    )
    async def relations_add(
        self, info: Info, resource_id: ResourceId, links: Relations = None, external: External = None
    ) -> RelationsPayload:
        """Add relations."""
        try:
            done = await relations.link(info.context, str(resource_id), *_links(links, external))
            found = await info.context.reread(str(resource_id))
        except DomainError as error:
            return RelationsPayload(user_errors=refused(error))
        return RelationsPayload(resource=shown(found), changed=done.changed, unchanged=done.unchanged)

    @strawberry.mutation(
        description="Remove relations from a resource, all or none. Takes at either end what adding them takes."
    )
    async def relations_remove(
        self, info: Info, resource_id: ResourceId, links: Relations = None, external: External = None
    ) -> RelationsPayload:
        """Remove relations."""
        try:
            done = await relations.unlink(info.context, str(resource_id), *_links(links, external))
            found = await info.context.reread(str(resource_id))
        except DomainError as error:
            return RelationsPayload(user_errors=refused(error))
        return RelationsPayload(resource=shown(found), changed=done.changed, unchanged=done.unchanged)
