"""Use cases of what snapshots and archives show: where it is, what is above it, and what stood at it then.

Relations and labels stand on the living resource. What of them a snapshot shows is asked for by the number that the
resource had: an Object's revisionNumber, a container's epoch (domain/revising.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from domain.access import Level
from domain.semver import parse_version
from domain.snapshots import VERSION_MARK
from domain.views import (
    ContainerView,
    ExternalRelationView,
    HeldView,
    LabelView,
    ObjectView,
    ParentView,
    ResourceView,
    RevisionView,
)
from graphstore.cypher.batched import PRESENT, HomePlace
from graphstore.cypher.frozen_objects import FrozenWay
from resolvers.context import Context


@dataclass(frozen=True, slots=True)
class Standing:
    """Where relations and labels of a resource stand: on this one, as of a number of it (PRESENT: now)."""

    resource_id: str
    number: int = PRESENT

    @property
    def is_living(self) -> bool:
        """Whether it is what stands now."""
        return self.number == PRESENT


def standing(resource: ResourceView) -> Standing:
    """Where relations and labels of a resource stand, living or frozen."""
    if isinstance(resource, ObjectView):
        if resource.held is None:
            return Standing(resource.id)
        assert resource.revision_number is not None, "an Object without bytes isn't shown by a snapshot"
        return Standing(resource.object_id, resource.revision_number)
    frozen = resource.frozen
    return Standing(resource.id) if frozen is None else Standing(frozen.original_id, frozen.epoch)


async def load_labels(context: Context, resource: ResourceView) -> Sequence[LabelView]:
    """Labels of a resource, by key.

    Raises: Unavailable.
    """
    at = standing(resource)
    if at.is_living:
        return await context.loaders.labels.load(at.resource_id)
    return await context.loaders.labels_at.load((at.resource_id, at.number))


async def load_externals(context: Context, resource: ResourceView) -> Sequence[ExternalRelationView]:
    """External relations of a resource, oldest first.

    Raises: Unavailable.
    """
    at = standing(resource)
    if at.is_living:
        return await context.loaders.externals.load(at.resource_id)
    return await context.loaders.externals_at.load((at.resource_id, at.number))


async def load_parents(context: Context, resource: ResourceView) -> Sequence[ParentView]:
    """Containers that a resource belongs to and the caller may see, the home first.

    An Object of a snapshot or archive has one: the container that it is seen in.

    Raises: Unavailable.
    """
    if not isinstance(resource, ObjectView) or resource.held is None:
        return await context.loaders.parents.load(resource.id)
    holder = await context.loaders.resources.load(resource.held.holder_id)
    if not isinstance(holder, ContainerView) or holder.frozen is None or resource.published is None:
        return ()
    view = ParentView(
        parent=holder,
        name=resource.held.name,
        is_home=True,
        passes=Level.READ,
        created_at=holder.created_at,
        created_by=holder.created_by,
    )
    if holder.frozen.root_id is None:
        # An archive came to show it when it was published.
        view = replace(view, created_at=resource.published.published_at, created_by=resource.published.published_by)
    return (view,)


# -- where it is


async def load_paths(context: Context, resource: ResourceView) -> Sequence[str]:
    """Names from the project down, joined by `/`, one for each way up, the home's first.

    What belongs to a snapshot is where its original is now, behind the version: `project/collection@1.2.0/dataset`.

    Raises: Unavailable.
    """
    container_id, name = _seen_in(resource)
    ways = await context.loaders.frozen_ways.load(container_id) if _is_in_snapshot(resource) else ()
    if not ways:
        paths = await context.loaders.paths.load(container_id)
    else:
        originals = await context.loaders.paths.load(ways[0].original_id)
        paths = ["/".join((original + _version(way), *way.names)) for way in ways for original in originals]
    return paths if name is None else [f"{path}/{name}" for path in paths]


def _seen_in(resource: ResourceView) -> tuple[str, str | None]:
    """Id of what has ways up in the graph, and the name below it of an Object that has none of its own."""
    if isinstance(resource, ObjectView) and resource.held is not None:
        return resource.held.holder_id, resource.held.name
    return resource.id, None


def _is_in_snapshot(resource: ResourceView) -> bool:
    """Whether it may belong to a snapshot: of an Object in a frozen container only the container's ways tell."""
    if isinstance(resource, ObjectView):
        return resource.held is not None
    return resource.frozen is not None and resource.frozen.root_id is not None


def _version(way: FrozenWay) -> str:
    return VERSION_MARK + parse_version(way.version).identity


async def s3_path(context: Context, project: ContainerView) -> str:
    """Path of a project for S3 clients: its bucket, and in that the version of a snapshot.

    Raises: Unavailable.
    """
    if project.frozen is None or project.frozen.version is None:
        return project.name
    place = await context.loaders.places.load(project.frozen.original_id)
    identity = parse_version(project.frozen.version).identity
    return f"{project.name if place is None else place.bucket}/{VERSION_MARK}{identity}"


async def held_place(context: Context, held: HeldView) -> HomePlace | None:
    """Bucket and key that read an Object as a frozen container shows it; None if its original has none any more.

    Raises: Unavailable.
    """
    ways = await context.loaders.frozen_ways.load(held.holder_id)
    if not ways:
        place = await context.loaders.places.load(held.holder_id)
        return None if place is None else replace(place, key=_key(place.key, held.name))
    place = await context.loaders.places.load(ways[0].original_id)
    if place is None:
        return None
    return replace(place, key=_key(place.key + _version(ways[0]), *ways[0].names, held.name))


def _key(above: str, *names: str) -> str:
    return "/".join((above, *names) if above else names)


async def load_living(context: Context, resource: ObjectView) -> ObjectView | None:
    """Living Object of one that a snapshot or archive shows; None for a living one, or where it may not be seen.

    Raises: Unavailable.
    """
    found = None if resource.held is None else await context.loaders.resources.load(resource.object_id)
    return found if isinstance(found, ObjectView) else None


def seen_revision(resource: ObjectView) -> RevisionView | None:
    """Revision that a snapshot or archive shows of an Object; None for a living one."""
    return None if resource.held is None else resource.published
