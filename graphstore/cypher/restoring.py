"""What restoring, and finishing a deletion, must know: what one deletion took, and where names would return to."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.access import Level
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, ResourceFacts, State
from domain.restoring import DeletedContainer
from graphstore.cypher.facts import resource_facts, resource_map
from graphstore.cypher.pages import Shape
from graphstore.cypher.rights import level_of
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A resource that may be a tombstone, with the id of the deletion that took it if it is a container."""

    resource: ResourceFacts | None
    home_level: Level
    deletion_id: str | None
    state_before: State | None
    is_erased: bool


def _tombstone(rows: Sequence[Row]) -> Tombstone:
    if not rows:
        return Tombstone(None, Level.NONE, None, None, is_erased=False)
    row = rows[0]
    before = row["before"]
    return Tombstone(
        resource=resource_facts(row["resource"]),
        home_level=Level(row["homeLevel"]),
        deletion_id=row["deletion"],
        state_before=None if before is None else State(before),
        is_erased=row["erased"],
    )


_TOMBSTONE: Final = Statement(
    "facts of a tombstone",
    f"MATCH (r:Resource {{id: $id}}) RETURN {resource_map('r', level_of('r'))} AS resource, "
    f"{level_of('r', by_homes=True)} AS homeLevel, r.deletionId AS deletion, r.erasedAt IS NOT NULL AS erased, "
    # One that was deleted with its home never changed its own state.
    "CASE WHEN r.kind <> 'OBJECT' THEN null WHEN r.state = 'DELETED' THEN r.stateBefore ELSE r.state END AS before",
    _tombstone,
)


def tombstone(resource_id: str, caller: str, now: int) -> Query[Tombstone]:
    """Load a resource with the caller's level, and his level through its home alone."""
    return _TOMBSTONE.bind(id=resource_id, caller=caller, now=now)


def _edge(found: Sequence[Any]) -> ParentEdge:
    parent_id, name, is_home, passes, is_former = found
    return ParentEdge(parent_id, name, bool(is_home), Level(passes), is_former=is_former)


def _deleted(rows: Sequence[Row]) -> tuple[DeletedContainer, ...]:
    return tuple(
        DeletedContainer(
            id=container_id,
            kind=Kind(kind),
            name=name,
            entry_count=entries,
            object_count=objects,
            parents=tuple(map(_edge, edges)),
        )
        for container_id, kind, name, entries, objects, edges in rows[0]["containers"]
    )


_DELETED: Final = Statement(
    "containers of a deletion",
    "OPTIONAL MATCH (c:Resource {deletionId: $deletion}) WITH c WHERE c IS NOT NULL "
    "RETURN collect([c.id, c.kind, c.name, c.entries, c.objects, "
    "[(c)-[up:BELONGS_TO|DELETED]->(above:Resource) | "
    "[above.id, up.name, up.home, up.passes, type(up) = 'DELETED']]]) AS containers",
    _deleted,
)


def deleted(deletion_id: str) -> Query[tuple[DeletedContainer, ...]]:
    """Load the containers that one deletion took."""
    return _DELETED.bind(deletion=deletion_id)


def _containers(rows: Sequence[Row]) -> Mapping[str, ContainerFacts]:
    found = (resource_facts(row["container"]) for row in rows)
    return {container.id: container for container in found if isinstance(container, ContainerFacts)}


_ABOVE: Final = Statement(
    "containers and those above",
    "UNWIND $ids AS id MATCH (:Resource {id: id})-[:BELONGS_TO*0..2 {home: true}]->(c:Resource) "
    f"WITH DISTINCT c RETURN {resource_map('c', level_of('c'))} AS container",
    _containers,
)


def above(ids: Collection[str], caller: str, now: int) -> Query[Mapping[str, ContainerFacts]]:
    """Load containers and those above them by their homes, by id."""
    return _ABOVE.bind(ids=sorted(ids), caller=caller, now=now)


_TAKEN: Final = Statement(
    "names that are taken",
    "UNWIND $sorts AS sort MATCH (e:Entry {sort: sort}) RETURN e.sort AS sort",
    lambda rows: frozenset(str(row["sort"]) for row in rows),
)


def taken(sorts: Collection[str]) -> Query[frozenset[str]]:
    """Which of these names are borne by something."""
    return _TAKEN.bind(sorts=sorted(sorts))


_BUCKET: Final = Statement(
    "project of a name",
    "MATCH (p:Project {bucket: $name}) RETURN p.id AS id",
    bool,
)


def bucket_taken(name: str) -> Query[bool]:
    """Whether a living project bears the name."""
    return _BUCKET.bind(name=name)


# -- shares across the border of a deleted tree


def _standing(rows: Sequence[Row]) -> tuple[State, str | None] | None:
    return (State(rows[0]["state"]), rows[0]["deletion"]) if rows else None


_STANDING: Final = Statement(
    "state of a container",
    "MATCH (c:Resource {id: $id}) RETURN c.state AS state, c.deletionId AS deletion",
    _standing,
)


def standing(container_id: str) -> Query[tuple[State, str | None] | None]:
    """Read whether a container is deleted, and by which deletion."""
    return _STANDING.bind(id=container_id)


CROSSINGS: Final = Shape(
    "names with others beside them",
    "Entry",
    "[e.sort, r.id, r.kind, size([(r)-[:BELONGS_TO]->() | 1]), size([(r)-[:DELETED]->() | 1])]",
    lambda row: (row[2], row[1]),
)
"""Names of a container, each with how many names its child has, and once had."""


def _objects(rows: Sequence[Row]) -> tuple[tuple[ObjectFacts, ...], Mapping[str, str]]:
    found: list[ObjectFacts] = []
    deletions: dict[str, str] = {}
    for row in rows:
        facts = resource_facts({**row["object"], "inPast": row["inPast"]})
        assert isinstance(facts, ObjectFacts), "the statement matched an Object"
        found.append(facts)
        deletions |= {parent: deletion for parent, deletion in row["deletions"] if deletion is not None}
    return tuple(found), deletions


_OBJECTS: Final = Statement(
    "objects with other names",
    "UNWIND $ids AS id MATCH (o:Resource {id: id, kind: 'OBJECT'}) "
    "OPTIONAL MATCH (past:PastEntry {versionId: coalesce(o.versionId, '')}) WITH o, count(past) > 0 AS inPast "
    f"RETURN {resource_map('o', '0')} AS object, inPast, "
    "[(o)-[:BELONGS_TO]->(c:Resource) | [c.id, c.deletionId]] AS deletions",
    _objects,
)


def objects(ids: Collection[str]) -> Query[tuple[tuple[ObjectFacts, ...], Mapping[str, str]]]:
    """Load Objects by id, and which deletions took the containers that they are named in, by the container's id."""
    return _OBJECTS.bind(ids=sorted(ids))
