"""Where the bytes of a content lie: its blobs, each with its place."""

from domain.contents import BlobFacts
from graphstore.cypher.resolving import ContentRef, parts
from graphstore.store import GraphStore
from proxy.ranges import Slice
from proxy.reading import Extent


async def extents_of(store: GraphStore, content: ContentRef, chosen: Slice) -> list[Extent]:
    """Blobs that hold the slice of a content, in order.

    Raises: Unavailable.
    """
    if content.blob is not None:
        return [extent_of(0, content.blob)]
    found = await store.read(parts(content.id, chosen.start, max(chosen.start + chosen.length, 1)))
    return [extent_of(start, part.blob) for start, part in found]


def extent_of(start: int, blob: BlobFacts) -> Extent:
    """Place of a blob in a content, from byte `start` of it."""
    return Extent(start, blob.length_bytes, blob.sealed_bytes, blob.id, blob.key_id, blob.wrapped_key)
