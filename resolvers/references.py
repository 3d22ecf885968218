"""References: one text for one resource, as people write and paste them.

An id (a ULID, or two of them for an Object in a snapshot); `project/collection/dataset/key`, where a trailing `/` means
the container and without it the Object comes first; `s3://bucket/key`, which always is a key (without one: the
project). Ids are upper case and buckets lower case, so the three never meet.

A container's name may bear the version of a snapshot: `project/collection@1.2.0/dataset/key`; `latest` is the highest
release. A project's stands behind its name (`project@1.2.0/key`), as a key in its own segment (`s3://bucket/@1.2.0/key`).
What the snapshot shows comes before Objects that are named so.
"""

from dataclasses import replace
from typing import Final

from domain.frozen import parse_frozen_id
from domain.frozen_keys import FrozenCut, cut_frozen_key
from domain.identifiers import is_ulid
from domain.keys import cut_key
from domain.resources import Kind
from domain.snapshots import VERSION_MARK
from domain.views import ResourceView
from graphstore.cypher import readings
from graphstore.cypher.frozen_places import FrozenWay, place_in_snapshot
from resolvers.cancelling import uncancelled
from resolvers.context import Context

_S3_SCHEME: Final = "s3://"
_WAY_MAX: Final = 2


@uncancelled
async def find_resource(context: Context, reference: str) -> ResourceView | None:
    """Resource that the reference names and the caller may see.

    Raises: Unavailable.
    """
    is_id = is_ulid(reference) or parse_frozen_id(reference) is not None
    resource_id = reference if is_id else await _resolve(context, reference)
    return None if resource_id is None else await context.loaders.resources.load(resource_id)


async def _resolve(context: Context, reference: str) -> str | None:
    is_key = reference.startswith(_S3_SCHEME)
    bucket, _, path = reference.removeprefix(_S3_SCHEME).partition("/")
    if not is_key and VERSION_MARK in bucket:
        # The key of a project's snapshot begins with the version.
        bucket, _, version = bucket.partition(VERSION_MARK)
        path = f"{VERSION_MARK}{version}/{path}"
    if "\0" in reference or not bucket:
        return None
    if not path:
        return await _find_container(context, bucket, ())
    found = await _find_frozen(context, bucket, path, cut_frozen_key(path), is_key=is_key)
    if found is None and (is_key or not path.endswith("/")):
        found = await _find_object(context, bucket, path)
    if found is None and not is_key:
        found = await _find_container(context, bucket, tuple(path.removesuffix("/").split("/")))
    if found is None and not is_key and not path.endswith("/"):
        # The snapshot itself, after an Object and a container of that name.
        found = await _find_frozen(context, bucket, f"{path}/", cut_frozen_key(f"{path}/"), is_key=False)
    return found


async def _find_frozen(context: Context, bucket: str, path: str, cut: FrozenCut | None, *, is_key: bool) -> str | None:
    """Id of what a path names in a snapshot, whether the caller may see it or not: it is loaded by that id."""
    parent = None if cut is None else await _find_place(context, bucket, cut.containers)
    if cut is None or parent is None:
        return None
    inside = path[len(cut.beginning) :]
    if is_key or (inside and not inside.endswith("/")):
        way = await _read_way(context, parent, cut)
        if way is None:
            return None
        if way.found is not None or is_key:
            return None if way.found is None else way.found.object.id
    # The key of anything in the container has the container on its way.
    names = tuple(inside.removesuffix("/").split("/")) if inside else ()
    within = cut_key("/".join((*names, "x")))
    if within.containers != names:
        return None
    way = await _read_way(context, parent, replace(cut, inside=within))
    return None if way is None or len(way.containers) != len(names) + 1 else way.containers[-1].id


async def _read_way(context: Context, parent_id: str, cut: FrozenCut) -> FrozenWay | None:
    return await context.store.read(place_in_snapshot(parent_id, cut, context.caller.user_id, context.now_ms))


async def _find_place(context: Context, bucket: str, names: tuple[str, ...]) -> str | None:
    """Id of the living project, or collection in it, that a snapshot's original is called by its name in."""
    cut = cut_key("/".join((*names, "x")))
    project, way, _ = await context.store.read(readings.place(bucket, cut, context.caller.user_id, context.now_ms))
    if project is None or len(way) != len(names) or any(container.kind is Kind.DATASET for container in way):
        return None
    return way[-1].id if way else project.id


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
