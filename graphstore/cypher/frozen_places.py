"""Where a key leads in a snapshot or an archive, and what it showed there: containers, Object and bytes as they were.

A snapshot's original is found under its present name in its present parent; from there on every name is one of the
epoch that the snapshot sees (decision 0012). Of each name the Entry is read before the PastEntry: what a writer pushes
back between the two is met in one of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, LiteralString

from domain.access import Level
from domain.frozen import FrozenRights, frozen_level
from domain.frozen_keys import FrozenCut
from domain.keys import container_sort
from domain.resources import ContainerFacts, DataClass
from domain.snapshots import LATEST, VERSION_MARK
from domain.views import ObjectView
from graphstore.cypher.facts import key_request, resource_facts
from graphstore.cypher.frozen_rows import FrozenNames, frozen_object
from graphstore.cypher.resolving import ContentRef, check_shown, content_ref
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import object_view
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class FrozenObject:
    """What a frozen container shows under a name, with the caller's level on it; its bytes where they are wanted."""

    object: ObjectView
    content: ContentRef | None


@dataclass(frozen=True, slots=True)
class FrozenWay:
    """A snapshot's containers on the way of a key, the snapshot first, with levels; and what stood in its place."""

    containers: tuple[ContainerFacts, ...]
    found: FrozenObject | None


def names_of(container: ContainerFacts, root_id: str = "") -> FrozenNames | None:
    """Where the names are that a frozen container shows; None if it isn't frozen. `root_id` is its snapshot's."""
    if container.frozen_at is None:
        return None
    return FrozenNames(container.id, container.snapshot_of or container.id, container.frozen_at, root_id)


def _seen(past: LiteralString, holder: LiteralString) -> LiteralString:
    return f"{past}.since <= {holder}.frozenAt AND {past}.until > {holder}.frozenAt"


def _step(number: LiteralString, above: LiteralString, kept: LiteralString) -> LiteralString:
    """From a frozen container to the one that `$c<number>` names in it, if that is one and the epoch shows it."""
    return (
        f"WITH {kept}, CASE WHEN {above} IS NULL OR {above}.kind = 'DATASET' OR $c{number} = '' THEN '' "
        f"ELSE {above}.snapshotOf + $c{number} END AS sort "
        f"OPTIONAL MATCH (here:ContainerEntry {{sort: sort}})-[:NAMES]->(named:Resource) "
        f"WHERE coalesce(here.since, 0) <= {above}.frozenAt "
        f"OPTIONAL MATCH (past:PastEntry {{sort: sort}}) WHERE {_seen('past', above)} "
        f"OPTIONAL MATCH (f{number}:Frozen "
        f"{{frozenKey: coalesce({above}.snapshotRoot, '') + coalesce(past.childId, named.id, '')}}) "
    )


_SHOWN: Final[LiteralString] = (
    "OPTIONAL MATCH (here:Entry {sort: sort})-[:NAMES]->(living:Object) "
    "WHERE coalesce(here.since, 0) <= h.frozenAt AND living.versionId IS NOT NULL "
    "OPTIONAL MATCH (past:PastEntry {sort: sort})-[:NAMED]->(former:Object) "
    f"WHERE {_seen('past', 'h')} AND past.versionId IS NOT NULL "
    "OPTIONAL MATCH (older:Revision {versionId: CASE WHEN past IS NULL OR former.versionId = past.versionId THEN '' "
    "ELSE past.versionId END}) "
)
"""From a frozen container `h` and the `sort` of an Object's name there: the Object and the revision that it showed."""

_CONTENT: Final[LiteralString] = (
    "OPTIONAL MATCH (content:Content)<-[:CONTENT]-(shown) WHERE $wantsContent AND shown IS NOT NULL "
    "OPTIONAL MATCH (content)-[:PART]->(blob:Blob) WHERE content.partCount = 0 "
)
_COLUMNS: Final[LiteralString] = (
    f"properties(o) AS living, CASE WHEN older IS NULL THEN null ELSE properties(older) END AS older, "
    # Read after the Object: where an overwrite came between, the edge shows what it shows since a later epoch.
    "CASE WHEN past IS NULL AND o IS NOT NULL THEN head([(o)-[edgeUp:BELONGS_TO]->(upOf:Resource) "
    "WHERE upOf.id = coalesce(h.snapshotOf, h.id) | coalesce(edgeUp.since, 0)]) ELSE null END AS since, "
    f"past.versionId AS version, h.frozenAt AS epoch, {level_of('o', with_public=False)} AS byObject, "
    "content{.*} AS content, blob{.*} AS blob"
)


def _container(node: LiteralString) -> LiteralString:
    """Expression for what `resource_facts` reads of a frozen container, with what grants alone give as its level."""
    return f"{node}{{.*, level: {level_of(node, with_public=False)}, parents: [], isPlain: false}}"


def _found(row: Row, holder: Mapping[str, Any]) -> FrozenObject | None:
    """Read what a frozen container shows under the name `rest`."""
    living, older = row["living"], row["older"]
    if living is None:
        return None
    shown = living if older is None else older
    if row["version"] is None:
        assert row["since"] is not None, "a name that shows an Object is that of an edge"
        assert row["since"] <= row["epoch"], "the Object still shows what this epoch sees"
    else:
        assert shown["versionId"] == row["version"], "the revision found is the one that the name showed"
    level = frozen_level(
        FrozenRights(
            by_holder=Level(holder["level"]),
            holder_class=DataClass(holder["dataClass"]),
            seen_class=DataClass(shown["dataClass"]),
            by_object=Level(row["byObject"]),
            object_class=DataClass(living["dataClass"]),
        )
    )
    names = FrozenNames(holder["id"], holder.get("snapshotOf") or holder["id"], row["epoch"])
    view = object_view(frozen_object(names, row["rest"], level, living, older))
    assert view.published is not None, "an Object without bytes isn't shown"
    if row["wantsContent"] and shown.get("erasedAt") is None:
        check_shown(view.published, row["content"])
    return FrozenObject(view, content_ref(row["content"], row["blob"]))


# -- snapshots


def _way(rows: Sequence[Row]) -> FrozenWay | None:
    if not rows:
        return None
    assert len(rows) == 1, "an epoch shows one thing under a name"
    row = rows[0]
    found = [row[column] for column in ("f0", "f1", "f2") if row[column] is not None]
    shown = None if row["depth"] < 0 else _found(row, found[row["depth"]])
    return FrozenWay(tuple(_with_class(one) for one in found), shown)


def _with_class(found: Mapping[str, Any]) -> ContainerFacts:
    facts = resource_facts(found)
    assert isinstance(facts, ContainerFacts), "what stands on a way is a container"
    is_open = facts.data_class is DataClass.PUBLIC
    return replace(facts, level=max(facts.level, Level.READ if is_open else Level.NONE))


_IN_SNAPSHOT: Final = Statement(
    "place in a snapshot",
    "OPTIONAL MATCH (:ContainerEntry {sort: $sort})-[:NAMES]->(named:Resource) "
    "OPTIONAL MATCH (own:Resource {id: $own}) "
    "WITH CASE WHEN named IS NULL THEN own ELSE named END AS original "
    "MATCH (f0:Snapshot {versionKey: coalesce(original.id, '') + $mark + CASE WHEN $version = $latest "
    "THEN coalesce(original.latestVersion, '') ELSE $version END}) WHERE f0.state <> 'DELETED' "
    + _step("1", "f0", "f0")
    + _step("2", "f1", "f0, f1")
    # As a living key is placed: a Dataset ends the way, and without a container on its way a key has no place.
    + "WITH f0, f1, f2, CASE WHEN f2 IS NOT NULL THEN 2 "
    "WHEN f1 IS NOT NULL AND ($c2 = '' OR f1.kind = 'DATASET') THEN 1 "
    "WHEN f1 IS NULL AND ($c1 = '' OR f0.kind = 'DATASET') THEN 0 ELSE -1 END AS depth "
    "WITH f0, f1, f2, depth, CASE depth WHEN 2 THEN f2 WHEN 1 THEN f1 WHEN 0 THEN f0 ELSE null END AS h, "
    "CASE depth WHEN 2 THEN $r2 WHEN 1 THEN $r1 WHEN 0 THEN $r0 ELSE '' END AS rest "
    "WITH f0, f1, f2, depth, h, rest, coalesce(h.snapshotOf, '') + rest AS sort "
    + _SHOWN
    + "WITH f0, f1, f2, depth, h, rest, past, older, CASE WHEN past IS NULL THEN living ELSE former END AS o "
    "WITH f0, f1, f2, depth, h, rest, past, older, o, CASE WHEN older IS NULL THEN o ELSE older END AS shown "
    + _CONTENT
    + f"RETURN {_container('f0')} AS f0, {_container('f1')} AS f1, {_container('f2')} AS f2, depth, rest, "
    f"$wantsContent AS wantsContent, {_COLUMNS}",
    _way,
)


def place_in_snapshot(
    parent_id: str, cut: FrozenCut, caller: str, now: int, *, wants_content: bool = False
) -> Query[FrozenWay | None]:
    """Find where a key leads below its living parent (of `cut.containers` the last, else the project).

    None if there is no such snapshot. What the caller may see of it, levels tell.
    """
    inside = key_request("", cut.inside)
    return _IN_SNAPSHOT.bind(
        sort=container_sort(parent_id, cut.name) if cut.name else "",
        own="" if cut.name else parent_id,
        version=cut.version,
        mark=VERSION_MARK,
        latest=LATEST,
        caller=caller,
        now=now,
        wantsContent=wants_content,
        **{name: inside[name] for name in ("c1", "c2", "r0", "r1", "r2")},
    )


# -- archives


def _in_archive(rows: Sequence[Row]) -> FrozenWay | None:
    if not rows:
        return None
    assert len(rows) == 1, "an epoch shows one thing under a name"
    return FrozenWay((), _found(rows[0], rows[0]["holder"]))


_IN_ARCHIVE: Final = Statement(
    "object in an archive",
    "MATCH (h:Resource {id: $holder}) WHERE h.frozenAt IS NOT NULL WITH h, h.id + $rest AS sort "
    + _SHOWN
    + "WITH h, past, older, CASE WHEN past IS NULL THEN living ELSE former END AS o "
    "WITH h, past, older, o, CASE WHEN older IS NULL THEN o ELSE older END AS shown "
    + _CONTENT
    + f"RETURN {_container('h')} AS holder, $rest AS rest, $wantsContent AS wantsContent, {_COLUMNS}",
    _in_archive,
)


def object_in_archive(
    holder_id: str, name: str, caller: str, now: int, *, wants_content: bool = False
) -> Query[FrozenWay | None]:
    """Find what a container of an archive shows under a name; None if it is no archive any more."""
    return _IN_ARCHIVE.bind(holder=holder_id, rest=name, caller=caller, now=now, wantsContent=wants_content)
