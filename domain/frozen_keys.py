"""Keys that may lead into a snapshot: `collection@1.2.0/…`, `collection/dataset@1.2.0/…`, `@1.2.0/…` (decision 0012).

A key has one segment at most that can name a snapshot: the first, or the second below a Collection. Whether there is
such a snapshot, and which containers its rest lies in, only the graph tells: a key is cut once.
"""

from dataclasses import dataclass

from domain.keys import KeyCut, cut_key
from domain.resources import Kind
from domain.snapshots import VERSION_MARK, versioned_beginning


@dataclass(frozen=True, slots=True)
class FrozenCut:
    """A key cut at the segment that may name a snapshot: `beginning` is the key up to and with the `/` after it.

    The snapshot's original is called `name` in the last of `containers` (none or one), in the project where there are
    none; '' is that of the project itself. `version` is without build metadata, or `latest`. `inside` is the rest, cut
    at its possible containers.
    """

    containers: tuple[str, ...]
    name: str
    version: str
    beginning: str
    inside: KeyCut


def cut_frozen_key(key: str) -> FrozenCut | None:
    """Cut a key that may lead into a snapshot; None for all others. The beginning and the rest give the key back."""
    if VERSION_MARK not in key:
        return None
    project_cut = _cut((), key, Kind.PROJECT)
    if project_cut is not None:
        return project_cut
    way = cut_key(key)
    return _cut(way.containers[:1], way.rests[1], Kind.COLLECTION) if way.containers else None


def _cut(containers: tuple[str, ...], rest: str, parent_kind: Kind) -> FrozenCut | None:
    versioned = versioned_beginning(rest, parent_kind)
    if versioned is None:
        return None
    name, _, version = versioned.partition(VERSION_MARK)
    segment, slash, inside = rest.partition("/")
    beginning = "".join(f"{container}/" for container in containers) + segment + slash
    return FrozenCut(containers, name, version, beginning, cut_key(inside))
