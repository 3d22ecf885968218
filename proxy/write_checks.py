"""What writes to a key check before their first byte, and what they say when the rule found nothing afterwards."""

from dataclasses import replace

from domain.errors import NotFound
from domain.lifecycle import LifecycleEvent, next_state
from domain.publishing import Conditions, check_conditions, name_not_free_yet
from domain.resources import State
from graphstore.cypher.resolving import Resolution
from graphstore.instants import to_ms
from proxy.authorising import authorise, shown_object, visible_object
from proxy.calling import Call, Need
from proxy.errors import S3Code, S3Error, access_denied
from proxy.resolving import resolve


def check_write(resolution: Resolution, conditions: Conditions, key: str) -> None:
    """Check, before the first byte, what the publishing rule will decide: the Object's state and the conditions.

    Raises: FailedPrecondition, ConditionFailed, Unavailable; S3Error (NoSuchKey) for If-Match on a key that shows
    nothing.
    """
    existing = visible_object(resolution)
    if existing is not None:
        is_by_key = resolution.upload is None or resolution.upload.object_id is None
        if existing.state is State.DELETED and is_by_key:
            raise name_not_free_yet(key)
        next_state(existing.state, LifecycleEvent.PUBLISHED, name=existing.id)
    shown = shown_object(resolution)
    etag = shown.published.etag if shown is not None and shown.published is not None else None
    try:
        check_conditions(conditions, etag, key)
    except NotFound as error:
        raise S3Error(S3Code.NO_SUCH_KEY, "The specified key does not exist.", details={"Key": key}) from error


async def resolve_again(call: Call) -> None:
    """Resolve the request anew, at the present instant.

    Raises: Unavailable.
    """
    request = replace(call.key_request, now_ms=to_ms(call.services.clock()))
    call.resolution = await resolve(call.services, request)


async def told_again(need: Need, call: Call, conditions: Conditions) -> Exception:
    """Say what changed under an upload, in the words of a new request: the rule doesn't tell what isn't found.

    Raises: Unavailable.
    """
    await resolve_again(call)
    try:
        await authorise(need, call)
        check_write(call.resolution, conditions, call.request.key)
    except S3Error as error:
        return error
    return access_denied()
