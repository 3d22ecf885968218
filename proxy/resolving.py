"""Resolves a request in the statement that it shares with others; in one more where its key leads into the past."""

from domain.frozen_keys import cut_frozen_key
from domain.keys import cut_key
from graphstore.cypher.resolving import KeyRequest, Resolution
from graphstore.frozen_resolving import as_it_was
from graphstore.listing import list_cut, list_frozen_cut
from proxy.calling import Services


def at_key(
    access_key_id: str, bucket: str, key: str, now_ms: int, *, upload_id: str = "", wants_content: bool = False
) -> KeyRequest:
    """Ask for what stands at a key ('' for the bucket itself)."""
    return KeyRequest(access_key_id, bucket, cut_key(key), now_ms, upload_id, wants_content, cut_frozen_key(key))


def at_prefix(access_key_id: str, bucket: str, prefix: str, now_ms: int) -> KeyRequest:
    """Ask for the way of all keys that begin with a prefix."""
    return KeyRequest(access_key_id, bucket, list_cut(prefix), now_ms, frozen=list_frozen_cut(prefix), is_prefix=True)


async def resolve(services: Services, request: KeyRequest) -> Resolution:
    """Resolve one request.

    Raises: Unavailable.
    """
    return await as_it_was(services.store, request, await services.resolver.resolve(request))
