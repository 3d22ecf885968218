"""Where the bytes of a content lie: its blobs, each with its place."""

from domain.contents import BlobFacts
from graphstore.cypher.resolving import ContentRef, parts
from graphstore.store import GraphStore
from proxy.ranges import Slice
from proxy.reading import Extent, Relocate


async def extents_of(store: GraphStore, content: ContentRef, chosen: Slice) -> list[Extent]:
    """Blobs that hold the slice of a content, in order.

    Raises: Unavailable.
    """
    if content.blob is not None:
        return [extent_of(0, content.blob)]
    return await _extents_now(store, content.id, chosen.start, chosen.length)


def relocation(store: GraphStore, content: ContentRef) -> Relocate:
    """Asks again where a content's bytes are: it may have come to share those of an equal one since it was resolved."""
    return lambda start, length: _extents_now(store, content.id, start, length)


async def _extents_now(store: GraphStore, content_id: str, start: int, length: int) -> list[Extent]:
    found = await store.read(parts(content_id, start, max(start + length, 1)))
    return [extent_of(at, part.blob) for at, part in found]


def extent_of(start: int, blob: BlobFacts) -> Extent:
    """Place of a blob in a content, from byte `start` of it."""
    return Extent(start, blob.length_bytes, blob.sealed_bytes, blob.id, blob.key_id, blob.wrapped_key)
