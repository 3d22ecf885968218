"""What setting data classes reads and writes: the containers below one by their homes, and Objects to be relaxed."""

from collections.abc import Sequence
from typing import Any, Final, LiteralString

from domain.classing import ContainerBelow, DataClassFacts
from domain.data_classes import OPENNESS
from domain.resources import DataClass, Kind
from graphstore.cypher.facts import resource_facts, resource_map
from graphstore.cypher.locking import lock
from graphstore.cypher.pages import Shape
from graphstore.cypher.rights import level_of
from graphstore.statements import Query, Row, Statement, nothing

_RESOURCE: Final[LiteralString] = (
    "MATCH (r:Resource {id: $id}) "
    "OPTIONAL MATCH (past:PastEntry {versionId: coalesce(r.versionId, '')}) WITH r, count(past) > 0 AS inPast "
    "OPTIONAL MATCH (original:Resource {id: coalesce(r.snapshotOf, '')}) "
)
_LEVEL: Final[LiteralString] = f"CASE WHEN original IS NULL THEN {level_of('r')} ELSE {level_of('original')} END"


def _facts(rows: Sequence[Row]) -> DataClassFacts:
    if not rows:
        return DataClassFacts(None)
    resource = resource_facts({**rows[0]["resource"], "inPast": rows[0]["inPast"]})
    assert resource is not None, "the statement matched it"
    return DataClassFacts(resource, _with_homes_below(resource.id, rows[0]["below"]))


def _with_homes_below(root_id: str, found: Sequence[Sequence[Any]]) -> tuple[ContainerBelow, ...]:
    """Keep the containers that come from the root by homes alone; shares lead elsewhere."""
    by_home: dict[str, list[Sequence[Any]]] = {}
    for row in found:
        by_home.setdefault(row[-1], []).append(row)
    below: list[ContainerBelow] = []
    above = [root_id]
    while above:
        for container_id, kind, data_class, entries, _ in by_home.get(above.pop(), ()):
            below.append(ContainerBelow(container_id, Kind(kind), DataClass(data_class), entries))
            above.append(container_id)
    return tuple(below)


_ONE: Final = Statement(
    "facts of a data class",
    f"{_RESOURCE}RETURN {resource_map('r', _LEVEL)} AS resource, inPast, [] AS below",
    _facts,
)
_TREE: Final = Statement(
    "facts of data classes below",
    f"{_RESOURCE}OPTIONAL MATCH (r)-[:HOLDS|NAMES*1..4]->(c:Resource) "
    "WHERE c.kind <> 'OBJECT' AND c.state <> 'DELETED' "
    "WITH DISTINCT r, inPast, original, c WITH r, inPast, original, "
    "collect(CASE WHEN c IS NULL THEN null ELSE [c.id, c.kind, c.dataClass, c.entries, "
    "head([(c)-[:BELONGS_TO {home: true}]->(above:Resource) | above.id])] END) AS below "
    f"RETURN {resource_map('r', _LEVEL)} AS resource, inPast, below",
    _facts,
)


def facts(resource_id: str, caller: str, now: int, *, is_recursive: bool) -> Query[DataClassFacts]:
    """Load a resource with the caller's level and, if recursive, the containers below it by their homes."""
    return (_TREE if is_recursive else _ONE).bind(id=resource_id, caller=caller, now=now)


# -- Objects to be relaxed, by tasks

NAMES: Final = Shape("names to relax", "Entry", "[e.sort, r.id, r.kind, r.dataClass]", lambda row: (row[2], row[1]))

_RELAX: Final = Statement(
    "relax objects",
    "UNWIND $ids AS id MATCH (o:Resource {id: id, kind: 'OBJECT'})-[up:BELONGS_TO]->(home:Resource) "
    "WHERE up.home = true AND home.id = $container AND o.dataClass IN $tighter AND o.state <> 'DELETED' "
    "AND coalesce(o.classedAt, 0) < home.relaxedAt "
    # What was made here since then took its class from its home, or has noted its own; what was moved here has not.
    "AND (up.createdAt <= o.createdAt OR up.createdAt < home.relaxedAt) "
    + lock("o")
    + "SET o.dataClass = $class, o.revision = o.revision + 1, o.updatedAt = $at",
    nothing,
)


def tighter_than(data_class: DataClass) -> tuple[DataClass, ...]:
    """Classes that are less open than one."""
    return OPENNESS[OPENNESS.index(data_class) + 1 :]


def relax(container_id: str, ids: Sequence[str], data_class: DataClass, at: int) -> Query[None]:
    """Relax those of the Objects that have their home in the container and are less open; to be locked before.

    Objects that came, or whose class was chosen, after the relaxing of their home began stay as they are.
    """
    tighter = [str(one) for one in tighter_than(data_class)]
    return _RELAX.bind(container=container_id, ids=list(ids), tighter=tighter, at=at, **{"class": data_class})
