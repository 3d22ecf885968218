"""What the rules of sharing, unlinking, moving, renaming and cloning must know, loaded under their locks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from domain.access import Level
from domain.cloning import CloneFacts, NewClone
from domain.keys import CONTAINER_MARK
from domain.placing import PlaceFacts
from domain.resources import ContainerFacts, Versioning
from domain.semver import SemanticVersion, parse_version
from domain.views import ShareView
from graphstore.cypher.facts import resource_facts, resource_map
from graphstore.cypher.rights import level_of
from graphstore.cypher.snapshots import after_all
from graphstore.cypher.views import revision_view
from graphstore.instants import from_ms
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class PlaceRequest:
    """A child by id, the parent it is in (None: its home), the one it is to be in (None: the same), and its name there.

    Without a `name` it keeps the one it has in the source.
    """

    child_id: str
    source_id: str | None = None
    target_id: str | None = None
    name: str | None = None


def key_path(way: Sequence[Any]) -> str:
    """Key of a container below its project with a `/` at its end, from the steps up by homes, each [depth, name]."""
    names = [name for _, name in sorted(way, reverse=True)]
    return "".join(f"{name}/" for name in names[1:])


def _place(rows: Sequence[Row]) -> PlaceFacts:
    if not rows:
        return PlaceFacts(None, None, None)
    row = rows[0]
    above = [resource_facts(found) for found in row["above"]]
    return PlaceFacts(
        child=resource_facts(row["child"]),
        source=resource_facts(row["source"]),
        target=resource_facts(row["target"]),
        above={container.id: container for container in above if isinstance(container, ContainerFacts)},
        target_path=key_path(row["way"]),
        taken_by=row["taken"],
        wanted_name=row["name"],
        project_named=row["named"],
    )


_PLACE: Final = Statement(
    "facts of a place",
    "MATCH (child:Resource {id: $child}) "
    "OPTIONAL MATCH (child)-[:BELONGS_TO {home: true}]->(home:Resource) "
    "OPTIONAL MATCH (given:Resource {id: coalesce($source, '')}) "
    "WITH child, CASE WHEN $source IS NULL THEN home ELSE given END AS source "
    "OPTIONAL MATCH (wanted:Resource {id: coalesce($target, '')}) "
    "WITH child, source, CASE WHEN $target IS NULL THEN source ELSE wanted END AS target "
    "WITH child, source, target, "
    "coalesce($name, [(child)-[leaving:BELONGS_TO]->(left:Resource) WHERE left.id = source.id | leaving.name][0], "
    "child.name) AS name, CASE WHEN child.kind = 'OBJECT' THEN '' ELSE $mark END AS mark, "
    # What has no pattern to start at would match anything on the embedded engine: hence the cases.
    "CASE WHEN source IS NULL THEN [] ELSE "
    "[(source)-[:BELONGS_TO*0..2 {home: true}]->(up:Resource) WHERE up.kind <> 'OBJECT' | up] END AS above, "
    "CASE WHEN target IS NULL THEN [] ELSE "
    "[path = (target)-[:BELONGS_TO*0..3 {home: true}]->(over:Resource) | [length(path), over.name]] END AS way "
    "OPTIONAL MATCH (:Entry {sort: coalesce(target.id, '') + name + mark})-[:NAMES]->(sibling:Resource) "
    "OPTIONAL MATCH (named:Project {bucket: $bucket}) "
    f"RETURN {resource_map('child', level_of('child'))} AS child, "
    f"{resource_map('source', level_of('source'))} AS source, "
    f"{resource_map('target', level_of('target'))} AS target, [c IN above | {resource_map('c', '0')}] AS above, "
    "way, name, sibling.id AS taken, named.id AS named",
    _place,
)


def place(request: PlaceRequest, caller: str, now: int) -> Query[PlaceFacts]:
    """Load what decides where a child may be and what it may be called there, save what snapshots there forbid."""
    return _PLACE.bind(
        child=request.child_id,
        source=request.source_id,
        target=request.target_id,
        name=request.name,
        mark=CONTAINER_MARK,
        # Only a project's new name is looked up among the buckets; that another kind's is looked up too costs nothing.
        bucket=request.name or "",
        caller=caller,
        now=now,
    )


# -- clones


def _clone(rows: Sequence[Row]) -> CloneFacts:
    if not rows:
        return CloneFacts(PlaceFacts(None, None, None), None, None, Level.NONE, Versioning.OFF)
    row = rows[0]
    place_facts = PlaceFacts(
        child=resource_facts(row["source"]),
        source=None,
        target=resource_facts(row["target"]),
        target_path=key_path(row["way"]),
        taken_by=row["taken"],
        wanted_name=row["name"],
    )
    return CloneFacts(
        place=place_facts,
        revision=None if row["revision"] is None else revision_view(row["revision"]),
        content_id=row["content"],
        granted=Level(row["granted"]),
        versioning=Versioning(row["versioning"] or Versioning.OFF),
    )


_CLONE: Final = Statement(
    "facts of a clone",
    "MATCH (source:Resource {id: $source}) "
    "OPTIONAL MATCH (older:Revision {versionId: coalesce($version, '')}) "
    "OPTIONAL MATCH (target:Resource {id: $target}) "
    "WITH source, target, CASE WHEN source.versionId IS NULL THEN null "
    "WHEN $version IS NULL OR source.versionId = $version THEN source "
    "WHEN older.objectId = source.id THEN older ELSE null END AS shown, coalesce($name, source.name) AS name "
    "WITH source, target, shown, name, "
    "CASE WHEN shown IS NULL THEN null ELSE [(shown)-[:CONTENT]->(content:Content) | content.id][0] END AS content, "
    "CASE WHEN target IS NULL THEN [] ELSE "
    "[path = (target)-[:BELONGS_TO*0..3 {home: true}]->(over:Resource) | [length(path), over.name]] END AS way, "
    "CASE WHEN target IS NULL THEN null ELSE "
    "[(target)-[:BELONGS_TO*0..3 {home: true}]->(root:Project) | root.versioning][0] END AS versioning "
    "OPTIONAL MATCH (:Entry {sort: coalesce(target.id, '') + name})-[:NAMES]->(sibling:Resource) "
    f"RETURN {resource_map('source', level_of('source'))} AS source, "
    f"{resource_map('target', level_of('target'))} AS target, {level_of('source', with_public=False)} AS granted, "
    "shown{.*} AS revision, content, way, versioning, name, sibling.id AS taken",
    _clone,
)


def clone(source_id: str, new: NewClone, caller: str, now: int) -> Query[CloneFacts]:
    """Load what decides whether an Object can be cloned, save what snapshots in the clone's place forbid."""
    return _CLONE.bind(
        source=source_id,
        version=new.version_id,
        target=new.parent_id,
        name=new.name,
        caller=caller,
        now=now,
    )


# -- which names of Objects the snapshots of a container would hide beside it


_VERSIONS: Final = Statement(
    "versions of snapshots",
    "MATCH (s:Snapshot) WHERE s.sort > $lower AND s.sort < $upper AND s.state = 'AVAILABLE' "
    "RETURN s.version AS version",
    lambda rows: [parse_version(row["version"]) for row in rows],
)


def versions(original_id: str) -> Query[list[SemanticVersion]]:
    """Versions of the snapshots of a container that aren't deleted, in no order."""
    return _VERSIONS.bind(lower=original_id, upper=after_all(original_id))


_VERSIONED_NAME: Final = Statement(
    "names like a snapshot's",
    "UNWIND $marks AS mark MATCH (e:Entry {versioned: mark}) RETURN e.sort AS sort LIMIT 1",
    lambda rows: str(rows[0]["sort"]) if rows else None,
)


def versioned_name(parent_id: str, beginnings: Sequence[str]) -> Query[str | None]:
    """Find an Entry of a parent whose name begins as one of these and then with a `/`; answers its sort."""
    return _VERSIONED_NAME.bind(marks=[parent_id + beginning for beginning in beginnings])


# -- for readers


def _shares(rows: Sequence[Row]) -> Mapping[str, list[ShareView]]:
    answers: dict[str, list[ShareView]] = {}
    for row in rows:
        edge = row["edge"]
        answers.setdefault(row["id"], []).append(
            ShareView(
                container_id=row["container"],
                name=edge["name"],
                passes=Level(edge["passes"]),
                created_at=from_ms(edge["createdAt"]),
                created_by=edge["createdBy"],
            )
        )
    for found in answers.values():
        found.sort(key=lambda view: view.container_id)
    return answers


_SHARES: Final = Statement(
    "shares of many",
    f"UNWIND $ids AS id MATCH (r:Resource {{id: id}}) WITH id, r, {level_of('r')} AS level WHERE level >= 4 "
    "MATCH (r)-[e:BELONGS_TO {home: false}]->(p:Resource) WHERE p.state <> 'DELETED' "
    "RETURN id, p.id AS container, properties(e) AS edge",
    _shares,
)


def shares(ids: Sequence[str], caller: str, now: int) -> Query[Mapping[str, list[ShareView]]]:
    """Living containers that resources are shared into, by id, where the caller has ADMIN on the resource."""
    return _SHARES.bind(ids=list(dict.fromkeys(ids)), caller=caller, now=now)
