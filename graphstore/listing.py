"""S3's LIST over the graph: keys below a prefix in byte order, grouped by a delimiter, from a marker on.

Only AVAILABLE Objects are keys. With a delimiter the walk jumps past each common prefix, so cost follows what is
answered, not what the containers hold. A prefix that leads into a snapshot lists what that shows, and an archive is
listed as it was.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from domain.access import Level
from domain.frozen_keys import FrozenCut, cut_frozen_key
from domain.keys import KeyCut, cut_key, successor
from domain.resources import ContainerFacts, DataClass, State
from graphstore.cypher import pages
from graphstore.cypher.frozen_places import names_of
from graphstore.cypher.frozen_rows import FrozenNames
from graphstore.cypher.resolving import Resolution
from graphstore.instants import from_ms
from graphstore.store import GraphStore
from graphstore.walking import PAGE_MAX, Walk, WalkedName

_PAGE_MIN: Final = 50
_ANY_NAME: Final = "x"
"""What a prefix goes on with: any character that a container's name may hold."""


@dataclass(frozen=True, slots=True)
class ListedKey:
    """One key of a listing."""

    key: str
    object_id: str
    etag: str
    length_bytes: int
    published_at: datetime
    owner_id: str
    checksums: Mapping[str, str]
    checksum_type: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Keys and common prefixes in byte order; `last` is the greatest of both, for going on after it."""

    keys: tuple[ListedKey, ...]
    common_prefixes: tuple[str, ...]
    is_truncated: bool
    last: str


def list_cut(prefix: str) -> KeyCut:
    """Cut of the prefix to resolve before listing: its containers are those that all its keys lie in."""
    return cut_key(prefix + _ANY_NAME)


def list_frozen_cut(prefix: str) -> FrozenCut | None:
    """Cut of the prefix at the snapshot that all its keys lie in, if there may be one."""
    return cut_frozen_key(prefix + _ANY_NAME)


def listed_container(resolution: Resolution) -> ContainerFacts | None:
    """Return the container that the prefix names: listing takes READ on it (its class opens it, too)."""
    return resolution.lowest


@dataclass(frozen=True, slots=True)
class _Start:
    """Where a walk begins: a container (if it is frozen, with its names), its path, and what remains of the prefix."""

    container: ContainerFacts
    frozen: FrozenNames | None
    path: str
    rest: str


def _start(resolution: Resolution, prefix: str) -> _Start | None:
    """Begin at the container that the prefix names; where the prefix ends at it, at its parent if that may be read.

    The folder marker `a/` is a name of the parent, beside the container `a`. A snapshot has no name in its original's
    parent, so that what is below it begins with it.
    """
    if resolution.project is None:
        return None
    snapshot = resolution.snapshot
    if snapshot is None:
        beginning, root_id = "", ""
        containers, cut = [resolution.project, *resolution.way], list_cut(prefix)
    else:
        beginning, root_id = snapshot.cut.beginning, snapshot.containers[0].id
        containers, cut = list(snapshot.containers), snapshot.cut.inside
    names = cut.containers[: len(containers) - 1]
    ends_at_container = bool(names) and prefix == beginning + "".join(f"{name}/" for name in names)
    if ends_at_container and containers[-2].level >= Level.READ:
        containers.pop()
        names = names[:-1]
    path = beginning + "".join(f"{name}/" for name in names)
    return _Start(containers[-1], names_of(containers[-1], root_id), path, prefix[len(path) :])


class _Collector:
    """Gathers visible items until the limit is passed."""

    def __init__(self, prefix: str, delimiter: str, marker: str, limit: int) -> None:
        self.prefix, self.delimiter, self.marker, self.limit = prefix, delimiter, marker, limit
        self.keys: list[ListedKey] = []
        self.common_prefixes: list[str] = []
        self.last = ""

    @property
    def is_full(self) -> bool:
        return len(self.keys) + len(self.common_prefixes) >= self.limit

    def common_prefix(self, key: str) -> str | None:
        """Return the common prefix that the key falls under, if it does."""
        if not self.delimiter:
            return None
        at = key.find(self.delimiter, len(self.prefix))
        return None if at < 0 else key[: at + len(self.delimiter)]

    def add(self, key: str, common_prefix: str | None, name: WalkedName) -> None:
        """Take a key, or the common prefix that it falls under."""
        if common_prefix is None:
            self.keys.append(_listed(key, name.row))
            self.last = key
        else:
            self.common_prefixes.append(common_prefix)
            self.last = common_prefix

    def is_passed(self, common_prefix: str) -> bool:
        """Whether a listing that goes on after the marker has this common prefix behind it."""
        return common_prefix in {self.marker, self.last}


async def list_keys(
    store: GraphStore,
    resolution: Resolution,
    *,
    prefix: str,
    delimiter: str,
    marker: str,
    limit: int,
    caller: str,
    now: int,
) -> Listing:
    """List at most `limit` keys and common prefixes after the marker; the marker may be a common prefix.

    `resolution` is that of the prefix's cuts; the caller must be allowed to list `listed_container(resolution)`.
    Where only its class allows that, what is shown is what is PUBLIC or granted to him itself.

    Raises: Unavailable.
    """
    start = _start(resolution, prefix)
    if start is None or limit <= 0:
        return Listing((), (), is_truncated=False, last="")
    may_read_all = start.container.data_class is not DataClass.PUBLIC or start.container.level > Level.READ
    shape = pages.KEYS if may_read_all else pages.KEYS_WITH_RIGHTS
    page_size = min(PAGE_MAX, max(limit + 1, _PAGE_MIN))
    root = start.frozen or start.container.id
    walk = Walk(store, root, shape, caller, now, prefix=start.rest, page_size=page_size)
    collector = _Collector(prefix, delimiter, marker, limit)
    if marker and marker >= prefix and not await _go_on_after(walk, start, collector):
        return Listing((), (), is_truncated=False, last="")
    return await _collect(walk, start, collector, may_read_all=may_read_all)


async def _go_on_after(walk: Walk, start: _Start, collector: _Collector) -> bool:
    """Put the walk behind the marker; answers False if nothing can follow."""
    marker = collector.marker
    if not marker.startswith(collector.prefix):
        return False
    if collector.common_prefix(marker) == marker:
        return await _jump(walk, start, collector.prefix, marker)
    await walk.seek(marker[len(start.path) :], is_included=False)
    return True


async def _jump(walk: Walk, start: _Start, prefix: str, common_prefix: str) -> bool:
    """Jump past all keys under a common prefix; answers False if nothing can follow."""
    following = successor(common_prefix)
    if not following.startswith(prefix):
        return False
    await walk.seek(following[len(start.path) :], is_included=True)
    return True


async def _collect(walk: Walk, start: _Start, collector: _Collector, *, may_read_all: bool) -> Listing:
    while (name := await walk.next()) is not None:
        key = start.path + name.path
        common_prefix = collector.common_prefix(key)
        is_passed = common_prefix is not None and collector.is_passed(common_prefix)
        if not is_passed and not _is_visible(name, common_prefix, may_read_all=may_read_all):
            continue
        if not is_passed:
            if collector.is_full:
                return _listing(collector, is_truncated=True)
            collector.add(key, common_prefix, name)
        if common_prefix is None:
            continue
        if common_prefix == key and name.is_container:
            walk.skip_subtree()
        elif not await _jump(walk, start, collector.prefix, common_prefix):
            break
    return _listing(collector, is_truncated=False)


def _listing(collector: _Collector, *, is_truncated: bool) -> Listing:
    return Listing(tuple(collector.keys), tuple(collector.common_prefixes), is_truncated, collector.last)


def _is_visible(name: WalkedName, common_prefix: str | None, *, may_read_all: bool) -> bool:
    """Whether the name is a key, or a container known without a look inside to hold one for a common prefix."""
    row = dict(zip(pages.KEY_COLUMNS, name.row, strict=True))
    if name.is_container:
        return common_prefix is not None and may_read_all and row["objects"] > 0
    if row["state"] != State.AVAILABLE:
        return False
    if name.level is not None:
        return name.level >= Level.READ
    return may_read_all or row["dataClass"] == DataClass.PUBLIC or row["granted"] >= Level.READ


def _listed(key: str, columns: Any) -> ListedKey:
    row = dict(zip(pages.KEY_COLUMNS, columns, strict=True))
    return ListedKey(
        key=key,
        object_id=row["id"],
        etag=row["etag"],
        length_bytes=row["length"],
        published_at=from_ms(row["publishedAt"]),
        owner_id=row["createdBy"],
        checksums=json.loads(row["checksums"] or "{}"),
        checksum_type=row["checksumType"] or "FULL_OBJECT",
    )
