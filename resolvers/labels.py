"""Use cases of labels: setting, removing, and finding what bears one."""

from collections.abc import Sequence
from typing import Final

from domain.access import Level
from domain.labels import NewLabel, check_label_key, check_label_value
from domain.resources import State
from domain.views import ResourceView
from graphstore import describing
from graphstore.cypher.labels import LABELLED, label_beginning
from graphstore.cypher.pages import Range
from graphstore.cypher.views import resource_view
from graphstore.paging import read_pages
from resolvers.cancelling import uncancelled
from resolvers.context import Context
from resolvers.paging import Page, page_request

LISTING: Final = "labelled"
_ROUNDS_MAX: Final = 10


async def set_labels(context: Context, resource_id: str, wanted: Sequence[NewLabel]) -> ResourceView | None:
    """Set labels on a resource, all or none; answers it as it is then.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """
    await describing.set_labels(context.store, resource_id, wanted, context.stamp())
    return await context.reread(resource_id)


async def remove_labels(context: Context, resource_id: str, keys: Sequence[str]) -> ResourceView | None:
    """Remove labels from a resource, all or none; answers it as it is then.

    Raises: NotFound, Forbidden, Immutable, BadInput, FailedPrecondition, Unavailable.
    """
    await describing.remove_labels(context.store, resource_id, keys, context.stamp())
    return await context.reread(resource_id)


@uncancelled
async def list_labelled(
    context: Context, key: str, value: str | None, *, first: int, after: str | None
) -> Page[ResourceView]:
    """Page of the living resources that the caller may see and that bear a label, in the order of value and id.

    What he may not see is passed over within a fixed budget of reads: a page may be short with more to come.

    Raises: BadInput, Unavailable.
    """
    request = page_request(LISTING, first=first, after=after)
    check_label_key(key, field=("key",))
    if value is not None:
        check_label_value(value, field=("value",))
    beginning = label_beginning(key, value)
    found: list[tuple[str, ResourceView]] = []
    reached, is_finished = beginning + request.after, False
    for _ in range(_ROUNDS_MAX):
        if is_finished or len(found) > request.size:
            break
        (rows,) = await read_pages(
            context.store,
            LABELLED,
            [Range(beginning, reached)],
            request.size + 1,
            context.caller.user_id,
            context.now_ms,
        )
        found += [
            (sort[len(beginning) :], resource_view(resource))
            for sort, resource in rows
            if resource["level"] >= Level.READ and resource["state"] != State.DELETED and not resource.get("hidden")
        ]
        is_finished = len(rows) <= request.size
        reached = rows[-1][0] if rows else reached
    placed = tuple(found[: request.size])
    has_more = len(found) > request.size
    last = placed[-1][0] if placed else None
    return Page(
        items=placed,
        has_next=has_more or not is_finished,
        has_previous=bool(request.after),
        start=placed[0][0] if placed else None,
        end=last if has_more or is_finished else reached[len(beginning) :],
    )
