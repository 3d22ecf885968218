"""Resolves keys that lead into a snapshot or an archive, once the living part of their way is known.

Most keys do neither and cost no statement more; the others cost one. A snapshot that the caller may not see isn't
there.
"""

from dataclasses import replace

from domain.access import Level
from domain.keys import KeyCut, containers_on_the_way
from domain.resources import ContainerFacts, Kind
from graphstore.cypher.frozen_places import FrozenWay, object_in_archive, place_in_snapshot
from graphstore.cypher.resolving import KeyRequest, Resolution, SnapshotPlace
from graphstore.dialects import shows_commits_in_parts
from graphstore.statements import Query
from graphstore.store import GraphStore


async def as_it_was(store: GraphStore, request: KeyRequest, resolution: Resolution) -> Resolution:
    """Bring the Object and the containers that a snapshot or an archive shows at the key, if it leads into one.

    An archive shows Objects that are shared into it as they were when it was archived, gone ones too.

    Raises: Unavailable.
    """
    user = "" if resolution.credential is None else resolution.credential.user.id
    if request.frozen is not None:
        parent = _parent_of_original(request, resolution)
        if parent is not None:
            query = place_in_snapshot(
                parent.id, request.frozen, user, request.now_ms, wants_content=request.wants_content
            )
            way = await _look(store, query)
            if way is not None and _is_visible(way):
                return _in_snapshot(request, resolution, way)
    return await _in_archive(store, request, resolution, user)


async def _look(store: GraphStore, query: Query[FrozenWay | None]) -> FrozenWay | None:
    way = await store.read(query)
    if (way is None or way.found is None) and shows_commits_in_parts(store.engine.kind):
        return await store.read(query)
    return way


def _parent_of_original(request: KeyRequest, resolution: Resolution) -> ContainerFacts | None:
    """Container that the snapshot's original is in today; in a Dataset there is none."""
    assert request.frozen is not None, "the key may lead into a snapshot"
    if len(resolution.way) != len(request.frozen.containers):
        return None
    parent = resolution.lowest
    return None if parent is None or parent.kind is Kind.DATASET else parent


def _is_visible(way: FrozenWay) -> bool:
    levels = [container.level for container in way.containers]
    if way.found is not None:
        levels.append(way.found.object.level)
    return max(levels) >= Level.READ


def _in_snapshot(request: KeyRequest, resolution: Resolution, way: FrozenWay) -> Resolution:
    assert request.frozen is not None, "the key may lead into a snapshot"
    found = way.found
    return replace(
        resolution,
        object=None if found is None else found.object,
        content=None if found is None else found.content,
        snapshot=SnapshotPlace(request.frozen, way.containers),
    )


async def _in_archive(store: GraphStore, request: KeyRequest, resolution: Resolution, user: str) -> Resolution:
    place = _place(resolution, request.cut)
    if place is None or not place[0].is_frozen or not place[1] or request.is_prefix or request.upload_id:
        return resolution
    holder, name = place
    query = object_in_archive(holder.id, name, user, request.now_ms, wants_content=request.wants_content)
    way = await _look(store, query)
    if way is None:
        return resolution
    found = way.found
    return replace(
        resolution,
        object=None if found is None else found.object,
        content=None if found is None else found.content,
    )


def _place(resolution: Resolution, cut: KeyCut) -> tuple[ContainerFacts, str] | None:
    """Container that a key lies in, and its name there; None where containers on its way are missing."""
    if resolution.project is None:
        return None
    depth = containers_on_the_way(cut, tuple(container.kind for container in resolution.way))
    if len(resolution.way) < depth:
        return None
    return (resolution.project, *resolution.way)[depth], cut.rests[depth]
