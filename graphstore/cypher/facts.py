"""What rules must know, loaded under their locks: resources by id, the place of a key, uploads, grants."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, LiteralString

from domain.access import Level
from domain.authors import Author
from domain.contents import Declared, ObjectHeaders
from domain.creation import BucketFacts, ChildPlaceFacts, Mentioned
from domain.deletion import ObjectDeletionFacts
from domain.describing import Known
from domain.granting import GrantFacts
from domain.keys import KeyCut, container_sort, object_sort
from domain.licenses import license_key
from domain.linking import Identity, Link, LinkFacts, StandingLink
from domain.publishing import KeyFacts, Published, UploadFacts
from domain.relations import RelationKind
from domain.resources import (
    ContainerFacts,
    DataClass,
    Kind,
    ObjectFacts,
    ParentEdge,
    PublishedFacts,
    ResourceFacts,
    State,
    Versioning,
    Words,
)
from domain.snapshots import LATEST, VERSION_MARK, versioned_beginning
from graphstore.cypher.locking import lock as lock_node
from graphstore.cypher.rights import level_of
from graphstore.statements import Query, Row, Statement, nothing

_PARENTS: Final[LiteralString] = (
    "[({n})-[edgeUp:BELONGS_TO|DELETED]->(nodeUp:Resource) | "
    "{{parent: nodeUp.id, name: edgeUp.name, home: edgeUp.home, passes: edgeUp.passes, "
    "since: coalesce(edgeUp.since, 0), epoch: nodeUp.epoch, state: nodeUp.state, "
    "frozen: coalesce(nodeUp.frozen, false), former: type(edgeUp) = 'DELETED'}}]"
)
_DESCRIBED: Final[LiteralString] = (
    "{n}.title IS NULL AND {n}.description IS NULL AND {n}.authors IS NULL "
    "AND NOT EXISTS {{ ({n})-[:GRANTED_TO]->() }} "
    "AND size([({n})-[linkOf:METADATA|ORIGIN|POLICY|CUSTOM|CITES]-() WHERE linkOf.until IS NULL | 1]) = 0 "
    "AND size([({n})-[:LABELLED]->(labelOf:Labelling) WHERE labelOf.until IS NULL | 1]) = 0 "
    "AND size([({n})-[edgeUp:BELONGS_TO]->() | 1]) = 1 "
    "AND coalesce({n}.snapshotted, false) = false"
)


def resource_map(node: LiteralString, level: LiteralString) -> LiteralString:
    """Expression for all that `resource_facts` reads of a node, with a level expression.

    Its inner names (edgeUp, nodeUp, contentOf, linkOf, labelOf) must not be names of the statement around it.
    """
    parents = _PARENTS.format(n=node)
    plain = _DESCRIBED.format(n=node)
    return (
        f"{node}{{.*, level: {level}, parents: {parents}, "
        # Asked only of what one deletion could empty (an Object has 64 names at most): it looks at all edges.
        f"isPlain: CASE WHEN {node}.madeByPut = true AND {node}.entries <= 64 THEN {plain} ELSE false END, "
        f"content: [({node})-[:CONTENT]->(contentOf:Content) | contentOf.id]}}"
    )


def resource_facts(found: Mapping[str, Any] | None) -> ResourceFacts | None:
    """Read what `resource_map` answers."""
    if found is None:
        return None
    kind = Kind(found["kind"])
    parents = tuple(_parent_edge(edge) for edge in found["parents"])
    if kind is Kind.OBJECT:
        state = State(found["state"])
        # A living Object has DELETED edges too, for a while after its home was restored (graphstore/relinking.py).
        former = tuple(edge for edge in parents if edge.is_former and state is not State.DELETED)
        parents = tuple(edge for edge in parents if edge not in former)
        is_home_deleted = any(edge.is_home and edge.parent_state is State.DELETED for edge in parents)
        return ObjectFacts(
            id=found["id"],
            name=found["name"],
            # One statement deletes a whole tree by its containers: its Objects go with their homes (decision 0013).
            state=State.DELETED if is_home_deleted else state,
            level=Level(found["level"]),
            data_class=DataClass(found["dataClass"]),
            revision=found["revision"],
            created_by=found["createdBy"],
            parents=parents,
            published=_published_facts(found),
            is_in_past=bool(found.get("inPast")),
            is_deleted_with_home=is_home_deleted and state is not State.DELETED,
            former_shares=former,
            own_state=state if is_home_deleted else None,
            metadata_license=found["metadataLicense"],
            data_license=found["dataLicense"],
            words=_words(found),
        )
    return ContainerFacts(
        id=found["id"],
        kind=kind,
        name=found["name"],
        state=State(found["state"]),
        level=Level(found["level"]),
        data_class=DataClass(found["dataClass"]),
        revision=found["revision"],
        epoch=found["epoch"],
        created_by=found["createdBy"],
        parents=parents,
        entry_count=found["entries"],
        object_count=found["objects"],
        byte_count=found["bytes"],
        is_plain=bool(found["isPlain"]),
        is_hidden=bool(found.get("hidden")),
        versioning=Versioning(found.get("versioning") or Versioning.OFF),
        metadata_license=found["metadataLicense"],
        data_license=found["dataLicense"],
        is_frozen=bool(found.get("frozen")),
        snapshot_of=found.get("snapshotOf"),
        frozen_at=found.get("frozenAt"),
        words=_words(found),
    )


def _words(found: Mapping[str, Any]) -> Words:
    return Words(found.get("title"), found.get("description"), found.get("authors"))


def _parent_edge(found: Mapping[str, Any]) -> ParentEdge:
    return ParentEdge(
        parent_id=found["parent"],
        name=found["name"],
        is_home=bool(found["home"]),
        passes=Level(found["passes"]),
        since=found["since"],
        parent_epoch=found["epoch"],
        parent_state=State(found["state"]),
        is_parent_frozen=bool(found["frozen"]),
        is_former=bool(found["former"]),
    )


def _published_facts(found: Mapping[str, Any]) -> PublishedFacts | None:
    if found.get("versionId") is None or not found["content"]:
        return None
    return PublishedFacts(
        version_id=found["versionId"],
        revision_number=found["revisionNumber"],
        content_id=found["content"][0],
        length_bytes=found["contentLength"],
        etag=found["etag"],
    )


def _container(found: Mapping[str, Any] | None) -> ContainerFacts | None:
    facts = resource_facts(found)
    assert facts is None or isinstance(facts, ContainerFacts), "the statement matched a container"
    return facts


def _object(found: Mapping[str, Any] | None) -> ObjectFacts | None:
    facts = resource_facts(found)
    assert facts is None or isinstance(facts, ObjectFacts), "the statement matched an Object"
    return facts


# -- locks

_LOCK: Final = Statement(
    "lock",
    "UNWIND $ids AS id MATCH (r:Resource {id: id}) " + lock_node("r"),
    nothing,
)


def lock(ids: Sequence[str]) -> Query[None]:
    """Lock resources by raising their counters, in id order.

    A changed value is what conflicts on the embedded engine, and the order is what keeps Neo4j from deadlocks.
    """
    return _LOCK.bind(ids=sorted(set(ids)))


_LOCK_UPLOADS: Final = Statement(
    "lock uploads",
    "UNWIND $ids AS id MATCH (u:Upload {id: id}) " + lock_node("u"),
    nothing,
)


def lock_uploads(ids: Sequence[str]) -> Query[None]:
    """Lock uploads, so that each is finished, failed or given a part by one at a time."""
    return _LOCK_UPLOADS.bind(ids=sorted(set(ids)))


# -- resources


def _resources(rows: Sequence[Row]) -> Mapping[str, ResourceFacts]:
    found = (resource_facts({**row["resource"], "inPast": row["inPast"]}) for row in rows)
    return {facts.id: facts for facts in found if facts is not None}


_RESOURCES: Final = Statement(
    "facts of resources",
    "UNWIND $ids AS id MATCH (r:Resource {id: id}) "
    # By the index: a popular Object has many edges that arrive.
    "OPTIONAL MATCH (past:PastEntry {versionId: coalesce(r.versionId, '')}) WITH r, count(past) > 0 AS inPast "
    f"RETURN {resource_map('r', level_of('r'))} AS resource, inPast",
    _resources,
)


def resources(ids: Sequence[str], caller: str, now: int) -> Query[Mapping[str, ResourceFacts]]:
    """Load resources by id, with the caller's level; those that aren't there are absent."""
    return _RESOURCES.bind(ids=sorted(set(ids)), caller=caller, now=now)


def _deletion(rows: Sequence[Row]) -> ObjectDeletionFacts:
    if not rows:
        return ObjectDeletionFacts(None, {})
    containers = [_container(found) for found in rows[0]["containers"]]
    return ObjectDeletionFacts(
        _object(rows[0]["object"]),
        {container.id: container for container in containers if container is not None},
        Level(rows[0]["homeLevel"]),
    )


_DELETION: Final = Statement(
    "facts of a deletion",
    "MATCH (o:Resource {id: $id, kind: 'OBJECT'}) "
    "OPTIONAL MATCH (o)-[:BELONGS_TO*1..3]->(c:Resource) WITH o, collect(DISTINCT c) AS above "
    f"RETURN {resource_map('o', level_of('o'))} AS object, {level_of('o', by_homes=True)} AS homeLevel, "
    f"[c IN above | {resource_map('c', '0')}] AS containers",
    _deletion,
)


def deletion(object_id: str, caller: str, now: int) -> Query[ObjectDeletionFacts]:
    """Load an Object and every container above it."""
    return _DELETION.bind(id=object_id, caller=caller, now=now)


# -- places for new resources


def _bucket(rows: Sequence[Row]) -> BucketFacts:
    level = rows[0]["level"] if rows else None
    return BucketFacts(None if level is None else Level(level), may_create=True)


_BUCKET: Final = Statement(
    "owner of a bucket name",
    f"MATCH (p:Project {{bucket: $name}}) RETURN {level_of('p', with_public=False)} AS level",
    _bucket,
)


def bucket(name: str, caller: str, now: int) -> Query[BucketFacts]:
    """Load who owns a project's name now."""
    return _BUCKET.bind(name=name, caller=caller, now=now)


def _child_place(rows: Sequence[Row]) -> ChildPlaceFacts:
    if not rows:
        return ChildPlaceFacts(None, "", "", "", is_name_taken=False)
    way = sorted(rows[0]["way"], key=lambda step: step["depth"])
    names = [step["name"] for step in reversed(way)]
    return ChildPlaceFacts(
        parent=resource_facts(rows[0]["parent"]),
        project_id=way[-1]["id"],
        project_name=names[0],
        parent_path="".join(f"{name}/" for name in names[1:]),
        is_name_taken=rows[0]["taken"],
        is_behind_snapshot=rows[0]["hidden"],
    )


_CHILD_COLUMNS: Final[LiteralString] = (
    f"RETURN {resource_map('parent', level_of('parent'))} AS parent, taken IS NOT NULL AS taken, hidden, "
    "[path = (parent)-[:BELONGS_TO|DELETED*0..3 {home: true}]->(up:Resource) | "
    "{depth: length(path), id: up.id, name: up.name}] AS way"
)
_CHILD_PLACE: Final = Statement(
    "place of a new child",
    "MATCH (parent:Resource {id: $parent}) "
    "OPTIONAL MATCH (taken:Entry {sort: $sort}) WITH parent, taken, false AS hidden " + _CHILD_COLUMNS,
    _child_place,
)
SNAPSHOT_BESIDE: Final[LiteralString] = (
    "OPTIONAL MATCH (:ContainerEntry {sort: q.named})-[:NAMES]->(beside:Resource) "
    "OPTIONAL MATCH (itself:Resource {id: q.own}) "
    "OPTIONAL MATCH (standing:Snapshot {versionKey: coalesce(beside.id, itself.id, '') + '@' + "
    "CASE WHEN q.version = 'latest' THEN coalesce(beside.latestVersion, itself.latestVersion, '') "
    "ELSE q.version END}) "
)
"""From how a name begins (`snapshot_request`) to the snapshot that stands there, deleted or not."""
assert LATEST == "latest", "the text names it"


def snapshot_request(parent_id: str, beginning: str) -> dict[str, str]:
    """Return what SNAPSHOT_BESIDE reads of a name's beginning in a parent (domain/snapshots.py)."""
    container, _, version = beginning.rpartition(VERSION_MARK)
    return {
        "named": container_sort(parent_id, container) if container else "",
        "own": "" if container else parent_id,
        "version": version,
    }


_CHILD_PLACE_VERSIONED: Final = Statement(
    "place of a new child that a snapshot might hide",
    "WITH $request AS q MATCH (parent:Resource {id: $parent}) "
    "OPTIONAL MATCH (taken:Entry {sort: $sort}) "
    + SNAPSHOT_BESIDE
    + "WITH parent, taken, standing IS NOT NULL AND standing.state = 'AVAILABLE' "
    # A collection holds no snapshot of its own, and a dataset none at all.
    "AND (parent.kind = 'PROJECT' OR parent.kind = 'COLLECTION' AND q.own = '') AS hidden " + _CHILD_COLUMNS,
    _child_place,
)


def child_place(parent_id: str, kind: Kind, name: str, caller: str, now: int) -> Query[ChildPlaceFacts]:
    """Load the parent of a child to be made and whether the name is taken."""
    sort = object_sort(parent_id, name) if kind is Kind.OBJECT else container_sort(parent_id, name)
    beginning = versioned_beginning(name, Kind.PROJECT) if kind is Kind.OBJECT else None
    if beginning is None:
        return _CHILD_PLACE.bind(parent=parent_id, sort=sort, caller=caller, now=now)
    request = snapshot_request(parent_id, beginning)
    return _CHILD_PLACE_VERSIONED.bind(parent=parent_id, sort=sort, request=request, caller=caller, now=now)


# -- places of keys

WAY: Final[LiteralString] = (
    "OPTIONAL MATCH (p:Project {bucket: q.bucket}) "
    "OPTIONAL MATCH (:ContainerEntry {sort: coalesce(p.id, '') + q.c1})-[:NAMES]->(c1:Resource) "
    "OPTIONAL MATCH (:ContainerEntry {sort: coalesce(c1.id, '') + q.c2})-[:NAMES]->(c2:Resource) "
    "WITH q, p, c1, c2, CASE "
    "WHEN c2 IS NOT NULL THEN c2.id + q.r2 "
    "WHEN c1 IS NOT NULL AND (q.c2 = '' OR c1.kind = 'DATASET') THEN c1.id + q.r1 "
    "WHEN p IS NOT NULL AND q.c1 = '' THEN p.id + q.r0 "
    "ELSE '' END AS sort "
    "OPTIONAL MATCH (:Entry {sort: sort})-[:NAMES]->(o:Object) "
)
"""From a request `q` with a key cut three ways to its project, the containers on its way and the Object in its place.

A null in `sort` would make the embedded engine scan every Entry: hence the coalesces."""


def key_request(bucket_name: str, cut: KeyCut) -> dict[str, Any]:
    """Return the parameters that WAY reads."""
    names, rests = cut.containers, cut.rests
    return {
        "bucket": bucket_name,
        "c1": container_sort("", names[0]) if names else "",
        "c2": container_sort("", names[1]) if len(names) > 1 else "",
        "r0": rests[0],
        "r1": rests[1] if names else "",
        "r2": rests[2] if len(names) > 1 else "",
    }


class Ways:
    """Reads the projects and containers of one answer's rows, mostly the same few: equal maps are read once.

    Comparing two maps takes a tenth of reading one.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[Mapping[str, Any], ContainerFacts]] = {}

    def of(self, row: Row) -> tuple[ContainerFacts | None, tuple[ContainerFacts, ...]]:
        """The project and the containers on the way, top first."""
        containers = (self.container(row["c1"]), self.container(row["c2"]))
        return self.container(row["project"]), tuple(container for container in containers if container is not None)

    def container(self, found: Mapping[str, Any] | None) -> ContainerFacts | None:
        """What one map says."""
        if found is None:
            return None
        known = self._known.get(found["id"])
        if known is not None and known[0] == found:
            return known[1]
        facts = _container(found)
        assert facts is not None, "there is a map"
        self._known[found["id"]] = found, facts
        return facts


def _keys(rows: Sequence[Row]) -> Mapping[int, KeyFacts]:
    answers: dict[int, KeyFacts] = {}
    ways = Ways()
    for row in rows:
        project, way = ways.of(row)
        answers[row["i"]] = KeyFacts(
            project=project, way=way, hidden=(), object=_object(row["object"]), upload=upload_facts(row["upload"])
        )
    return answers


UPLOAD_MAP: Final[LiteralString] = "upload{.*}"

KEY_COLUMNS: Final[LiteralString] = (
    f"{resource_map('p', level_of('p', 'q.user', 'q.now'))} AS project, "
    f"{resource_map('c1', level_of('c1', 'q.user', 'q.now'))} AS c1, "
    f"{resource_map('c2', level_of('c2', 'q.user', 'q.now'))} AS c2"
)


def _level_of_lowest(node: LiteralString, below: LiteralString) -> LiteralString:
    """Level on a container on the way if it is the lowest that exists; a publication is decided on no other."""
    return f"CASE WHEN {below} IS NOT NULL THEN 0 ELSE {level_of(node, 'q.user', 'q.now')} END"


_KEYS: Final = Statement(
    "facts of keys",
    "UNWIND $requests AS q "
    # A key pair that was revoked, or has ended, while its bytes were coming speaks for nobody any more.
    "OPTIONAL MATCH (pair:S3Credential {accessKeyId: q.accessKeyId}) "
    "WITH q{.*, user: CASE WHEN q.accessKeyId = '' OR (pair IS NOT NULL AND "
    "(pair.expiresAt IS NULL OR pair.expiresAt > q.now)) THEN q.user ELSE '' END} AS q "
    + WAY
    + "OPTIONAL MATCH (named:Resource {id: q.objectId, kind: 'OBJECT'}) "
    + "OPTIONAL MATCH (upload:Upload {id: q.uploadId}) "
    + "WITH q, p, c1, c2, upload, CASE WHEN q.objectId = '' THEN o ELSE named END AS o "
    + f"RETURN q.i AS i, {resource_map('p', _level_of_lowest('p', 'c1'))} AS project, "
    + f"{resource_map('c1', _level_of_lowest('c1', 'c2'))} AS c1, "
    + f"{resource_map('c2', level_of('c2', 'q.user', 'q.now'))} AS c2, "
    + f"{resource_map('o', level_of('o', 'q.user', 'q.now'))} AS object, {UPLOAD_MAP} AS upload",
    _keys,
)


def keys(requests: Sequence[Mapping[str, Any]]) -> Query[Mapping[int, KeyFacts]]:
    """Load what stands at many keys, each `key_request` with i, user, now, objectId and uploadId ('' for none).

    With an accessKeyId the user counts only as long as that key pair does.

    Of the containers only the lowest that exists brings the user's level; the others say NONE.
    """
    return _KEYS.bind(requests=[{"accessKeyId": "", **request} for request in requests])


def _hidden(rows: Sequence[Row]) -> Mapping[int, tuple[ContainerFacts, ...]]:
    answers: dict[int, tuple[ContainerFacts, ...]] = {}
    for row in rows:
        containers = (_container(row["c1"]), _container(row["c2"]))
        answers[row["i"]] = tuple(container for container in containers if container is not None)
    return answers


_HIDDEN: Final = Statement(
    "hidden containers on the way",
    "UNWIND $requests AS q "
    "OPTIONAL MATCH (:FormerEntry {sort: q.first})-[:FORMERLY]->(c1:Resource {hidden: true}) "
    "WITH q, c1 ORDER BY c1.id DESC WITH q, collect(c1)[0] AS c1 "
    "OPTIONAL MATCH (:FormerEntry {sort: coalesce(c1.id, '') + q.second})-[:FORMERLY]->(c2:Resource {hidden: true}) "
    "WITH q, c1, c2 ORDER BY c2.id DESC WITH q, c1, collect(c2)[0] AS c2 "
    f"RETURN q.i AS i, {resource_map('c1', '0')} AS c1, {resource_map('c2', '0')} AS c2",
    _hidden,
)


def hidden(requests: Sequence[Mapping[str, Any]]) -> Query[Mapping[int, tuple[ContainerFacts, ...]]]:
    """Load hidden containers to revive: `first` is the sort below the lowest that exists, `second` the name after."""
    return _HIDDEN.bind(requests=list(requests))


# -- uploads


def headers_of(found: Mapping[str, Any]) -> ObjectHeaders:
    """Read the headers kept on an Object, Revision or Upload."""
    return ObjectHeaders(
        content_type=found["contentType"],
        content_disposition=found.get("contentDisposition"),
        content_encoding=found.get("contentEncoding"),
        content_language=found.get("contentLanguage"),
        cache_control=found.get("cacheControl"),
        expires=found.get("expires"),
        user_metadata=json.loads(found.get("userMetadata") or "{}"),
    )


def upload_facts(found: Mapping[str, Any] | None) -> UploadFacts | None:
    """Read an Upload node."""
    if found is None:
        return None
    finished = None
    if found.get("versionId") is not None:
        finished = Published(
            found["publishedId"], found["versionId"], found["revisionNumber"], found["etag"], Versioning(found["shown"])
        )
    return UploadFacts(
        id=found["id"],
        project_id=found["projectId"],
        bucket=found["bucket"],
        key=found["key"],
        object_id=found.get("objectId"),
        is_open=found["state"] == State.INITIALIZING,
        is_multipart=found["multipart"],
        headers=headers_of(found),
        declared=Declared(found.get("declaredLength"), found.get("declaredMd5"), found.get("declaredSha256")),
        checksum_algorithm=found.get("checksumAlgorithm"),
        checksum_type=found.get("checksumType"),
        created_by=found["createdBy"],
        finished=finished,
        is_frozen=bool(found.get("frozen")),
    )


def _upload(rows: Sequence[Row]) -> tuple[UploadFacts | None, ObjectFacts | None]:
    if not rows:
        return None, None
    return upload_facts(rows[0]["upload"]), _object(rows[0]["object"])


_UPLOAD: Final = Statement(
    "facts of an upload",
    "MATCH (upload:Upload {id: $id}) "
    + lock_node("upload")
    + "WITH upload OPTIONAL MATCH (o:Resource {id: coalesce(upload.objectId, ''), kind: 'OBJECT'}) "
    + lock_node("o")
    + "WITH upload, o OPTIONAL MATCH (p:Resource {id: upload.projectId}) "
    f"RETURN upload{{.*, frozen: p.frozen}} AS upload, {resource_map('o', level_of('o'))} AS object",
    _upload,
)


def upload(upload_id: str, caller: str, now: int) -> Query[tuple[UploadFacts | None, ObjectFacts | None]]:
    """Lock and load an upload and the Object that waits for it, if one does; for rules only, as it writes."""
    return _UPLOAD.bind(id=upload_id, caller=caller, now=now)


# -- relations


def _links(rows: Sequence[Row]) -> LinkFacts:
    existing: dict[Identity, StandingLink] = {}
    external: dict[str, StandingLink] = {}
    revisions: set[tuple[str, str]] = set()
    for row in rows:
        standing = StandingLink(row["id"], row["since"], row["version"])
        match row["what"]:
            case "relation":
                existing[RelationKind(row["type"]), row["target"], row["name"]] = standing
            case "citation":
                external[row["name"]] = standing
            case _:
                revisions.add((row["target"], row["version"]))
    return LinkFacts({}, existing, external, frozenset(revisions))


_REVISIONS_NAMED: Final[LiteralString] = (
    "UNWIND $pins AS pin OPTIONAL MATCH (newest:Object {versionId: pin}) "
    "OPTIONAL MATCH (older:Revision {versionId: pin}) "
    "WITH pin, coalesce(newest.id, older.objectId) AS owner WHERE owner IS NOT NULL "
)
_LINKS: Final = Statement(
    "standing relations",
    "MATCH (s:Resource {id: $source})-[x:METADATA|ORIGIN|CUSTOM|POLICY]->(t:Resource) "
    "WHERE t.id IN $targets AND x.until IS NULL "
    "RETURN 'relation' AS what, type(x) AS type, t.id AS target, x.name AS name, x.id AS id, "
    "coalesce(x.since, 0) AS since, x.targetVersionId AS version "
    "UNION ALL MATCH (s:Resource {id: $source})-[x:CITES]->(e:External) WHERE e.key IN $keys AND x.until IS NULL "
    "RETURN 'citation' AS what, '' AS type, '' AS target, e.key AS name, x.id AS id, "
    "coalesce(x.since, 0) AS since, null AS version "
    f"UNION ALL {_REVISIONS_NAMED}"
    "RETURN 'revision' AS what, '' AS type, owner AS target, '' AS name, '' AS id, 0 AS since, pin AS version",
    _links,
)


def links(source_id: str, links: Sequence[Link], keys: Sequence[str]) -> Query[LinkFacts]:
    """Load which of the relations and citations (by their keys) stand from the source, and which pins are revisions.

    `resources` are left empty.
    """
    return _LINKS.bind(
        source=source_id,
        targets=sorted({link.target_id for link in links}),
        keys=sorted(set(keys)),
        pins=pins_of(links),
    )


def pins_of(links: Iterable[Link]) -> list[str]:
    """Return the versionIds that relations name."""
    return sorted({link.target_version_id for link in links if link.target_version_id is not None})


# -- what a call mentions


def _mentioned(rows: Sequence[Row]) -> Mentioned:
    ids: defaultdict[str, set[str]] = defaultdict(set)
    revisions: set[tuple[str, str]] = set()
    for row in rows:
        ids[row["what"]].add(row["id"])
        if row["what"] == "revision":
            revisions.add((row["owner"], row["id"]))
    known = Known(frozenset(ids["license"]), frozenset(ids["user"]))
    return Mentioned(known, revisions=frozenset(revisions))


_MENTIONED: Final = Statement(
    "what a call mentions",
    "UNWIND $licenses AS key MATCH (l:License {key: key}) RETURN 'license' AS what, l.id AS id, '' AS owner "
    "UNION ALL UNWIND $users AS user MATCH (u:User {id: user}) RETURN 'user' AS what, u.id AS id, '' AS owner "
    f"UNION ALL {_REVISIONS_NAMED}RETURN 'revision' AS what, pin AS id, owner",
    _mentioned,
)


def mentioned(licenses: Iterable[str], authors: Iterable[Author], links: Iterable[Link] = ()) -> Query[Mentioned]:
    """Load which of the licences, users and pinned revisions there are; all of them stay. `targets` are left empty."""
    return _MENTIONED.bind(
        licenses=sorted({license_key(license_id) for license_id in licenses}),
        users=sorted({author.user_id for author in authors if author.user_id is not None}),
        pins=pins_of(links),
    )


# -- grants


def _grant(rows: Sequence[Row]) -> GrantFacts:
    if not rows:
        return GrantFacts(None, is_user_known=False, granted=None, other_admins=0)
    row = rows[0]
    return GrantFacts(
        resource=resource_facts(row["resource"]),
        is_user_known=row["known"],
        granted=None if row["granted"] is None else Level(row["granted"]),
        other_admins=row["others"],
        original_level=Level(row["originalLevel"]),
    )


_GRANT: Final = Statement(
    "facts of a grant",
    "MATCH (r:Resource {id: $resource}) "
    "OPTIONAL MATCH (u:User {id: $user}) "
    "OPTIONAL MATCH (r)-[g:GRANTED_TO]->(:User {id: $user}) "
    "OPTIONAL MATCH (r)-[:SNAPSHOT_OF]->(o:Resource) "
    f"RETURN {resource_map('r', level_of('r'))} AS resource, {level_of('o')} AS originalLevel, "
    "u IS NOT NULL AS known, g.level AS granted, "
    "size([(r)-[other:GRANTED_TO]->(holder:User) WHERE other.level = 4 AND other.expiresAt IS NULL "
    "AND holder.id <> $user AND holder.active = true | 1]) AS others",
    _grant,
)


def grant(resource_id: str, user_id: str, caller: str, now: int) -> Query[GrantFacts]:
    """Load a resource, a user and what is granted to him there."""
    return _GRANT.bind(resource=resource_id, user=user_id, caller=caller, now=now)
