"""Use cases of Objects: their chain of revisions."""

from typing import Final

from domain.errors import BadInput
from domain.identifiers import is_ulid
from domain.views import RevisionView
from resolvers.context import Context
from resolvers.paging import Page, page_of, page_request

LISTING: Final = "revisions"
_NUMBERS_MAX: Final = 2**31


async def list_revisions(context: Context, object_id: str, *, first: int, after: str | None) -> Page[RevisionView]:
    """Page of an Object's revisions, newest first.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    if request.after and not (request.after.isascii() and request.after.isdigit() and len(request.after) < 10):
        raise BadInput("after is no cursor of this list", field=("after",))
    below = int(request.after) if request.after else _NUMBERS_MAX
    found = await context.loaders.revisions.load((object_id, below, request.size + 1))
    return page_of(
        found[: request.size],
        lambda revision: str(revision.revision_number),
        request,
        has_more=len(found) > request.size,
    )


async def find_revision(context: Context, object_id: str, version_id: str) -> RevisionView | None:
    """Revision of an Object by its versionId.

    Raises: Unavailable.
    """
    return await context.loaders.revisions_at.load((object_id, version_id)) if is_ulid(version_id) else None
