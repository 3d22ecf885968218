"""Use cases of Objects: their chain of revisions."""

from typing import Final

from domain.errors import BadInput
from domain.identifiers import is_ulid
from domain.views import ObjectView, RevisionView
from resolvers.context import Context
from resolvers.frozen import seen_revision
from resolvers.paging import Page, page_of, page_request

LISTING: Final = "revisions"
_NUMBERS_MAX: Final = 2**31


async def list_revisions(context: Context, item: ObjectView, *, first: int, after: str | None) -> Page[RevisionView]:
    """Page of an Object's revisions, newest first; in a snapshot or archive from the one on that is seen there.

    Who sees an Object only through a snapshot sees that one revision of it.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    if request.after and not (request.after.isascii() and request.after.isdigit() and len(request.after) < 10):
        raise BadInput("after is no cursor of this list", field=("after",))
    below = int(request.after) if request.after else _NUMBERS_MAX
    seen = seen_revision(item)
    shown = [] if seen is None or seen.revision_number >= below else [seen]
    if seen is not None:
        below = min(below, seen.revision_number)
    found = [*shown, *await context.loaders.revisions.load((item.object_id, below, request.size + 1))]
    return page_of(
        found[: request.size],
        lambda revision: str(revision.revision_number),
        request,
        has_more=len(found) > request.size,
    )


async def find_revision(context: Context, item: ObjectView, version_id: str) -> RevisionView | None:
    """Revision of an Object by its versionId; in a snapshot or archive none that came later.

    Raises: Unavailable.
    """
    seen = seen_revision(item)
    if seen is not None and seen.version_id == version_id:
        return seen
    if not is_ulid(version_id):
        return None
    found = await context.loaders.revisions_at.load((item.object_id, version_id))
    is_later = found is not None and seen is not None and found.revision_number > seen.revision_number
    return None if is_later else found
