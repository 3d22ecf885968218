"""References: one text for one resource, as people write and paste them.

An id (ULID); `project/collection/dataset/key`, where a trailing `/` means the container and without it the Object comes
first; `s3://bucket/key`, which always is a key (without one: the project). Ids are upper case and buckets lower case,
so the three never meet.
"""

from typing import Final

from domain.identifiers import is_ulid
from domain.keys import cut_key
from domain.views import ResourceView
from graphstore.cypher import readings
from resolvers.cancelling import uncancelled
from resolvers.context import Context

_S3_SCHEME: Final = "s3://"
_WAY_MAX: Final = 2


@uncancelled
async def find_resource(context: Context, reference: str) -> ResourceView | None:
    """Resource that the reference names and the caller may see.

    Raises: Unavailable.
    """
    resource_id = reference if is_ulid(reference) else await _resolve(context, reference)
    return None if resource_id is None else await context.loaders.resources.load(resource_id)


async def _resolve(context: Context, reference: str) -> str | None:
    is_key = reference.startswith(_S3_SCHEME)
    bucket, _, path = reference.removeprefix(_S3_SCHEME).partition("/")
    if "\0" in reference or not bucket:
        return None
    if not path:
        return await _find_container(context, bucket, ())
    if is_key or not path.endswith("/"):
        found = await _find_object(context, bucket, path)
        if found is not None or is_key:
            return found
    return await _find_container(context, bucket, tuple(path.removesuffix("/").split("/")))


async def _find_object(context: Context, bucket: str, key: str) -> str | None:
    _, _, object_id = await context.store.read(
        readings.place(bucket, cut_key(key), context.caller.user_id, context.now_ms)
    )
    return object_id


async def _find_container(context: Context, bucket: str, names: tuple[str, ...]) -> str | None:
    if len(names) > _WAY_MAX:
        return None
    # The key of anything in the container has the container on its way.
    cut = cut_key("/".join((*names, "x")))
    if cut.containers != names:
        return None
    project, way, _ = await context.store.read(readings.place(bucket, cut, context.caller.user_id, context.now_ms))
    if project is None or len(way) != len(names):
        return None
    return way[-1].id if way else project.id
