"""What a name of a frozen container brings to readers: the columns of its row, and how they are read (decision 0012).

An Object's row shows the living node where its newest revision still is the one seen, else that Revision; a container's
the node of the snapshot, in an archive the container itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from domain.access import Level
from domain.frozen import FrozenId, FrozenRights, frozen_level
from domain.resources import DataClass, Kind, State
from domain.views import ContainerView
from graphstore.cypher.rights import level_of

_ID_LENGTH: Final = 26


@dataclass(frozen=True, slots=True)
class FrozenNames:
    """The names of a frozen container `holder_id`: those that `original_id` showed in the epoch `epoch`.

    `root_id` is the snapshot that it belongs to; '' in an archive, where holder and original are one.
    """

    holder_id: str
    original_id: str
    epoch: int
    root_id: str = ""


def frozen_names(container: ContainerView) -> FrozenNames:
    """Names of a container that is frozen."""
    frozen = container.frozen
    assert frozen is not None, "the container belongs to a snapshot or an archive"
    return FrozenNames(container.id, frozen.original_id, frozen.epoch, frozen.root_id or "")


@dataclass(frozen=True, slots=True)
class FrozenRow:
    """One name: its row of the living shape, the caller's level on what it shows, and where a container's names are."""

    sort: str
    columns: Sequence[Any]
    level: Level
    names: FrozenNames | None


@dataclass(frozen=True, slots=True)
class Holder:
    """The container that rows are read through: what grants give the caller on it (at most READ), and its class."""

    names: FrozenNames
    granted: Level
    data_class: DataClass


class FrozenShape:
    """What a page brings of each name; `decode` reads one name's columns, None for what can't be shown.

    Columns are of `r`, the living resource, of `v`, the older revision that is shown, if one is, and of `c`, the
    container to be shown, if it is one, under the `sort` of a `past` name or of a present one, in what `q` tells of.
    """

    def __init__(
        self,
        name: str,
        columns: LiteralString,
        decode: Callable[[Holder, Sequence[Any]], FrozenRow | None],
        *,
        holds_objects: bool = True,
    ) -> None:
        self.name = name
        self.columns: LiteralString = columns
        self.decode = decode
        self.holds_objects = holds_objects


_GRANTED_OR_SEEN: Final[LiteralString] = (
    f"CASE WHEN c IS NULL THEN {level_of('r', with_public=False)} ELSE {level_of('c')} END"
)
_CHILD: Final[LiteralString] = "[c.id, c.snapshotOf, c.frozenAt, c.snapshotRoot]"


_CHECK: Final[LiteralString] = (
    # What tells that the row isn't torn by a commit: the version that the name showed, or since when the edge shows it.
    # The edge is read after the Object: where an overwrite came between them it has a later epoch.
    "CASE WHEN past IS NULL THEN head([(r)-[edgeUp:BELONGS_TO]->(upOf:Resource) WHERE upOf.id = q.original "
    "| coalesce(edgeUp.since, 0)]) ELSE past.versionId END"
)


def _shown(name: LiteralString) -> LiteralString:
    """Property of the revision that is shown: of the Object itself, where its newest revision still is that."""
    return f"CASE WHEN v IS NULL THEN r.{name} ELSE v.{name} END"


_VIEW_COLUMNS: Final[LiteralString] = (
    f"sort, r.kind, properties(r), properties(v), properties(c), {_GRANTED_OR_SEEN}, {_CHECK}"
)
_SHOWN_COLUMNS: Final[LiteralString] = ", ".join(
    [
        _shown("versionId"),
        _shown("state"),
        _shown("stateBefore"),
        _shown("erasedAt"),
        _shown("etag"),
        _shown("contentLength"),
        _shown("publishedAt"),
        _shown("checksums"),
        _shown("checksumType"),
        _shown("dataClass"),
    ]
)


def _key_columns(level: LiteralString) -> LiteralString:
    return (
        f"sort, r.kind, r.id, r.createdBy, r.dataClass, [{_SHOWN_COLUMNS}], {_CHILD}, "
        f"coalesce(c.frozenObjects, c.objects), {level}, {_CHECK}"
    )


def seen_state(found: Mapping[str, Any]) -> State:
    """State that a frozen revision shows: deleting the Object changes nothing for it, erasing its bytes does."""
    if found.get("erasedAt") is not None:
        return State.DELETED
    state = State(found["state"])
    return State(found.get("stateBefore") or State.AVAILABLE) if state is State.DELETED else state


def frozen_object(
    holder: FrozenNames,
    name: str,
    level: Level,
    living: Mapping[str, Any],
    older: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what `resource_view` reads of an Object in a frozen container.

    `older` is the revision that is shown, None where the living Object still shows it.
    """
    seen = living if older is None else older
    return {
        **seen,
        "id": str(FrozenId(holder.holder_id, living["id"])),
        "objectId": living["id"],
        "heldBy": holder.holder_id,
        "kind": Kind.OBJECT,
        "name": name,
        "createdAt": living["createdAt"],
        "createdBy": living["createdBy"],
        "updatedAt": seen.get("updatedAt") or seen["publishedAt"],
        "revision": seen.get("revision") or 0,
        "metadataLicense": seen.get("metadataLicense") or living["metadataLicense"],
        "dataLicense": seen.get("dataLicense") or living["dataLicense"],
        "state": seen_state(seen),
        "stateReason": None,
        "level": level,
    }


def _child_names(found: Sequence[Any]) -> FrozenNames | None:
    child_id, original_id, epoch, root_id = found
    return (
        None
        if child_id is None or epoch is None
        else FrozenNames(child_id, original_id or child_id, epoch, root_id or "")
    )


def _level(holder: Holder, seen_class: str, by_object: int, object_class: str) -> Level:
    return frozen_level(
        FrozenRights(
            by_holder=holder.granted,
            holder_class=holder.data_class,
            seen_class=DataClass(seen_class),
            by_object=Level(by_object),
            object_class=DataClass(object_class),
        )
    )


def _check_object(holder: Holder, version_id: str | None, check: Any) -> None:
    """Check that an Object shows what its name showed; where not, the engine reads again."""
    if isinstance(check, int):
        assert check <= holder.names.epoch, "the Object still shows what this epoch sees"
    else:
        assert version_id == check, "the revision found is the one that the name showed"


def _view_row(holder: Holder, found: Sequence[Any]) -> FrozenRow | None:
    sort, kind, living, older, container, level, check = found
    if kind != Kind.OBJECT:
        if container is None:
            return None
        names = _child_names([container.get(name) for name in ("id", "snapshotOf", "frozenAt", "snapshotRoot")])
        return FrozenRow(sort, [sort, {**container, "level": level}], Level(level), names)
    seen = older or living
    _check_object(holder, seen["versionId"], check)
    name = sort[_ID_LENGTH:]
    seen_level = _level(holder, seen["dataClass"], level, living["dataClass"])
    return FrozenRow(sort, [sort, frozen_object(holder.names, name, seen_level, living, older)], seen_level, None)


def _key_row(holder: Holder, found: Sequence[Any]) -> FrozenRow | None:
    sort, kind, object_id, owner, object_class, shown, child, objects, level, check = found
    if kind != Kind.OBJECT:
        names = _child_names(child)
        if names is None:
            return None
        blank = [None] * 4
        columns = [sort, names.holder_id, kind, State.AVAILABLE, *blank[:3], owner, objects, *blank[:2], object_class]
        return FrozenRow(sort, [*columns, level, names.epoch], Level(level), names)
    version_id, state, before, erased, etag, length, published_at, checksums, checksum_type, seen_class = shown
    _check_object(holder, version_id, check)
    seen_level = _level(holder, seen_class, level, object_class)
    state = seen_state({"state": state, "stateBefore": before, "erasedAt": erased})
    columns = [sort, object_id, kind, state, etag, length, published_at, owner, None, checksums, checksum_type]
    return FrozenRow(sort, [*columns, seen_class, int(seen_level), None], seen_level, None)


FROZEN_NAMES: Final = FrozenShape("names", _VIEW_COLUMNS, _view_row)
FROZEN_CONTAINER_NAMES: Final = FrozenShape("container names", _VIEW_COLUMNS, _view_row, holds_objects=False)
FROZEN_KEYS: Final = FrozenShape("keys", _key_columns("4"), _key_row)
"""Columns of pages.KEYS, below a frozen container that the caller may read by a grant."""
FROZEN_KEYS_WITH_RIGHTS: Final = FrozenShape("keys with rights", _key_columns(_GRANTED_OR_SEEN), _key_row)
"""Columns of pages.KEYS_WITH_RIGHTS, below a frozen container that only its class opens."""
