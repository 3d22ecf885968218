"""Objects in snapshots and archives by their ids, and the ways from a frozen container up to its root."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.access import Level
from domain.frozen import FrozenId, FrozenRights, frozen_level
from domain.resources import DataClass
from domain.views import ObjectView
from graphstore.cypher.frozen_rows import FrozenNames, frozen_object
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import object_view
from graphstore.statements import Query, Row, Statement

_ID_LENGTH: Final = 26

# -- Objects


def _objects(rows: Sequence[Row]) -> Mapping[int, ObjectView]:
    answers: dict[int, ObjectView] = {}
    for row in rows:
        found = _object(row)
        if found is not None:
            answers[row["i"]] = found
    return answers


def _object(row: Row) -> ObjectView | None:
    """Read what an Object was in a frozen container; None where it wasn't there or may not be seen."""
    living, older, edge = row["living"], row["older"], row["edge"]
    if edge is not None:
        name, since = edge
        # Read after the Object: an overwrite that came between has a later epoch.
        assert row["since"] == since, "the Object still shows what its name showed"
        if living.get("versionId") is None:
            return None
    elif row["sort"] is not None:
        name = row["sort"][_ID_LENGTH:]
    else:
        return None
    seen = living if edge is not None or older is None else older
    assert edge is not None or seen["versionId"] == row["version"], "the revision found is the one that the name showed"
    level = frozen_level(
        FrozenRights(
            by_holder=Level(row["byHolder"]),
            holder_class=DataClass(row["holderClass"]),
            seen_class=DataClass(seen["dataClass"]),
            by_object=Level(row["byObject"]),
            object_class=DataClass(living["dataClass"]),
        )
    )
    if level < Level.READ:
        return None
    holder = FrozenNames(row["holder"], row["original"], row["epoch"], row["root"] or "")
    return object_view(frozen_object(holder, name, level, living, None if seen is living else older))


_OBJECTS: Final = Statement(
    "frozen objects",
    "UNWIND $requests AS q MATCH (h:Resource {id: q.holder}) WHERE h.frozen = true AND h.state <> 'DELETED' "
    "MATCH (r:Resource {id: q.object, kind: 'OBJECT'}) WITH q, h, r, coalesce(h.snapshotOf, h.id) AS original "
    # The edge first: what a writer pushes back between the two is then met twice, never missed.
    "WITH q, h, r, original, head([(r)-[edgeUp:BELONGS_TO]->(upOf:Resource) WHERE upOf.id = original "
    "AND coalesce(edgeUp.since, 0) <= h.frozenAt | [edgeUp.name, coalesce(edgeUp.since, 0)]]) AS edge "
    "OPTIONAL MATCH (past:PastEntry {childId: q.object}) WHERE past.parentId = original "
    "AND past.since <= h.frozenAt AND past.until > h.frozenAt "
    "OPTIONAL MATCH (v:Revision {versionId: CASE WHEN past IS NOT NULL "
    "AND coalesce(r.versionId, '') <> coalesce(past.versionId, '') THEN past.versionId ELSE '' END}) "
    "RETURN q.i AS i, h.id AS holder, original, h.frozenAt AS epoch, h.snapshotRoot AS root, "
    "h.dataClass AS holderClass, edge, past.sort AS sort, past.versionId AS version, properties(r) AS living, "
    "properties(v) AS older, head([(r)-[edgeThen:BELONGS_TO]->(upThen:Resource) WHERE upThen.id = original "
    "| coalesce(edgeThen.since, 0)]) AS since, "
    f"{level_of('h', with_public=False)} AS byHolder, {level_of('r', with_public=False)} AS byObject",
    _objects,
)


def objects(ids: Sequence[FrozenId], caller: str, now: int) -> Query[Mapping[int, ObjectView]]:
    """Objects as frozen containers show them, by the place of the id; what isn't there or may not be seen is absent."""
    rows: list[dict[str, Any]] = [
        {"i": index, "holder": one.holder_id, "object": one.object_id} for index, one in enumerate(ids)
    ]
    return _OBJECTS.bind(requests=rows, caller=caller, now=now)


# -- ways up


@dataclass(frozen=True, slots=True)
class FrozenWay:
    """One way from the root of a snapshot down to a container of it: the names between, none for the root itself."""

    original_id: str
    version: str
    names: tuple[str, ...]
    is_home: bool


def _ways(rows: Sequence[Row]) -> Mapping[str, list[FrozenWay]]:
    answers: dict[str, list[FrozenWay]] = {}
    for row in rows:
        names = tuple(reversed([edge["name"] for edge in row["edges"]]))
        is_home = all(edge["home"] for edge in row["edges"])
        answers.setdefault(row["id"], []).append(FrozenWay(row["original"], row["version"], names, is_home))
    for found in answers.values():
        found.sort(key=lambda way: (not way.is_home, way.names))
    return answers


_WAYS: Final = Statement(
    "ways in snapshots",
    "UNWIND $ids AS id MATCH path = (f:Resource {id: id})-[:BELONGS_TO*0..2]->(s:Snapshot) "
    "RETURN id, s.snapshotOf AS original, s.version AS version, "
    "[e IN relationships(path) | {name: e.name, home: e.home}] AS edges",
    _ways,
)


def ways(ids: Sequence[str]) -> Query[Mapping[str, list[FrozenWay]]]:
    """Ways from the snapshots down to containers of theirs, the home's first, by id.

    For containers the caller is known to see: who sees one sees the names above it, and no more of them.
    """
    return _WAYS.bind(ids=list(dict.fromkeys(ids)))
