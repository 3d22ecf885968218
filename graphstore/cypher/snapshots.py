"""What rules of snapshots load besides a subtree, whether one stands where a name begins, and lists of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, LiteralString

from domain.identifiers import ULID_LENGTH
from domain.resources import ContainerFacts, ResourceFacts
from domain.semver import SemanticVersion
from domain.snapshots import VERSION_MARK, hiding_beginnings
from domain.snapshotting import SnapshotDeletionFacts, VersionFacts, hiding_places
from domain.views import ContainerView
from graphstore.cypher.facts import SNAPSHOT_BESIDE, resource_facts, resource_map, snapshot_request
from graphstore.cypher.pages import NUMBERS
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import container_view, view_map
from graphstore.statements import Query, Row, Statement

# -- making one


def _standing(rows: Sequence[Row]) -> VersionFacts:
    if not rows:
        return VersionFacts(is_taken=False, hidden_key=None, latest_version=None)
    key: str | None = rows[0]["key"]
    # The key's name stands behind the id of the container that holds it.
    hidden = None if key is None else key[ULID_LENGTH:]
    return VersionFacts(is_taken=rows[0]["taken"], hidden_key=hidden, latest_version=rows[0]["latest"])


_STANDING: Final = Statement(
    "facts of a version",
    "MATCH (o:Resource {id: $id}) OPTIONAL MATCH (s:Snapshot {versionKey: $versionKey}) "
    "WITH o, count(s) > 0 AS taken "
    "UNWIND $beginnings AS beginning "
    # One of each is enough: there may be very many.
    "CALL (beginning) { OPTIONAL MATCH (e:Entry {versioned: beginning}) RETURN e.sort AS sort LIMIT 1 } "
    "WITH o, taken, min(sort) AS key RETURN taken, o.latestVersion AS latest, key",
    _standing,
)


def standing_versions(original: ResourceFacts | None, version: SemanticVersion) -> Query[VersionFacts]:
    """Load whether a version of a container is taken and whether its snapshot would hide keys where it stands."""
    if not isinstance(original, ContainerFacts):
        return _STANDING.bind(id="", versionKey="", beginnings=[])
    beginnings = [
        place.parent_id + beginning
        for place in hiding_places(original)
        for beginning in hiding_beginnings(place.name, version)
    ]
    key = original.id + VERSION_MARK + version.identity
    return _STANDING.bind(id=original.id, versionKey=key, beginnings=beginnings)


# -- deleting one


def _deletion(rows: Sequence[Row]) -> SnapshotDeletionFacts:
    if not rows:
        return SnapshotDeletionFacts(None, None, is_root=False, originals=())
    row = rows[0]
    original = resource_facts(row["original"])
    return SnapshotDeletionFacts(
        container=resource_facts(row["snapshot"]),
        original=original if isinstance(original, ContainerFacts) else None,
        is_root=row["isRoot"],
        originals=tuple(sorted(row["originals"])),
    )


_DELETION: Final = Statement(
    "facts of a snapshot's deletion",
    "MATCH (s:Resource {id: $id}) OPTIONAL MATCH (s)-[:SNAPSHOT_OF]->(o:Resource) "
    "OPTIONAL MATCH (f:Frozen {snapshotRoot: $id}) WITH s, o, collect(f.snapshotOf) AS originals "
    f"RETURN {resource_map('s', level_of('s'))} AS snapshot, {resource_map('o', level_of('o'))} AS original, "
    "coalesce(s.snapshotRoot, '') = s.id AS isRoot, originals",
    _deletion,
)


def deletion(snapshot_id: str, caller: str, now: int) -> Query[SnapshotDeletionFacts]:
    """Load a resource and, where it is a snapshot, its original, both with levels, and what it froze."""
    return _DELETION.bind(id=snapshot_id, caller=caller, now=now)


_OTHER_VERSIONS: Final = Statement(
    "other versions of an original",
    "MATCH (s:Snapshot) WHERE s.sort > $lower AND s.sort < $upper AND s.state = 'AVAILABLE' AND s.id <> $id "
    "RETURN collect(s.version) AS versions",
    lambda rows: tuple(str(version) for version in rows[0]["versions"]),
)


def other_versions(found: SnapshotDeletionFacts) -> Query[tuple[str, ...]]:
    """Load the versions of a snapshot's original that stand besides it."""
    original_id = "" if found.original is None else found.original.id
    snapshot_id = "" if found.container is None else found.container.id
    return _OTHER_VERSIONS.bind(lower=original_id, upper=after_all(original_id), id=snapshot_id)


def after_all(original_id: str) -> str:
    """Return the upper bound of the `sort` of an original's snapshots: ids are ASCII letters and digits."""
    return original_id + "~"


# -- names that a snapshot would hide


@dataclass(frozen=True, slots=True)
class VersionedName:
    """A name that begins as a snapshot's (`versioned_beginning`), wanted in a container that exists."""

    parent_id: str
    beginning: str


def _hidden(rows: Sequence[Row]) -> Mapping[int, bool]:
    return {row["i"]: row["hidden"] for row in rows}


_HIDDEN: Final = Statement(
    "names that snapshots hide",
    "UNWIND $requests AS q "
    + SNAPSHOT_BESIDE
    + "RETURN q.i AS i, standing IS NOT NULL AND standing.state = 'AVAILABLE' AS hidden",
    _hidden,
)


def hidden_names(wanted: Mapping[int, VersionedName]) -> Query[Mapping[int, bool]]:
    """Load whether a snapshot that isn't deleted stands where names would begin, by number."""
    requests: list[dict[str, Any]] = [
        {"i": number, **snapshot_request(name.parent_id, name.beginning)} for number, name in wanted.items()
    ]
    return _HIDDEN.bind(requests=requests)


# -- readings


@dataclass(frozen=True, slots=True)
class SnapshotsRequest:
    """At most `size` snapshots of an original, newest first, between two of their ids ('' for none).

    Backward: oldest first, those next to `before`.
    """

    original_id: str
    after: str
    before: str
    size: int
    is_backward: bool = False

    @property
    def parameters(self) -> dict[str, Any]:
        """What its branch of the statement reads; those that come after are older, so of smaller ids."""
        return {
            "lower": self.original_id + self.before,
            "upper": self.original_id + self.after if self.after else after_all(self.original_id),
            "size": self.size,
        }


def snapshots(
    requests: Sequence[SnapshotsRequest], caller: str, now: int
) -> Query[Mapping[int, Sequence[ContainerView]]]:
    """Pages of snapshots that aren't deleted and that the caller may see, by the request's place.

    One branch each: bounds that UNWIND gives use no index on the embedded engine. At most BRANCHES_MAX requests.
    """
    branches: list[LiteralString] = []
    parameters: dict[str, Any] = {"caller": caller, "now": now}
    for number, request in zip(NUMBERS, requests, strict=False):
        direction: LiteralString = "ASC" if request.is_backward else "DESC"
        branches.append(
            f"MATCH (s:Snapshot) WHERE s.sort > $lower{number} AND s.sort < $upper{number} "
            f"AND s.state = 'AVAILABLE' WITH s, {level_of('s')} AS level WHERE level >= 1 "
            f"WITH s, level ORDER BY s.sort {direction} LIMIT $size{number} "
            f"RETURN {number} AS i, collect({view_map('s', 'level')}) AS found"
        )
        parameters |= {name + number: value for name, value in request.parameters.items()}
    return Query(
        "snapshots of many",
        " UNION ALL ".join(branches),
        parameters,
        lambda rows: {row["i"]: [container_view(found) for found in row["found"]] for row in rows},
    )


_LATEST: Final = Statement(
    "latest snapshots",
    "UNWIND $ids AS id MATCH (o:Resource {id: id}) WHERE o.latestVersion IS NOT NULL "
    "MATCH (s:Snapshot {versionKey: o.id + '@' + o.latestVersion}) "
    f"WITH id, s, {level_of('s')} AS level WHERE level >= 1 RETURN id, {view_map('s', 'level')} AS snapshot",
    lambda rows: {str(row["id"]): container_view(row["snapshot"]) for row in rows},
)


def latest_snapshots(ids: Sequence[str], caller: str, now: int) -> Query[dict[str, ContainerView]]:
    """Snapshots with the highest release, by their originals; absent where there is none that the caller may see."""
    return _LATEST.bind(ids=sorted(set(ids)), caller=caller, now=now)
