"""What an S3 request needs before its first byte: who signed it, what stands at the key, and the caller's level on it.

One statement for many requests that wait at the same moment. The signature is checked afterwards with the secret that
comes along, before anything is answered.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, LiteralString

from domain.access import Level
from domain.contents import BlobFacts, PartFacts
from domain.frozen_keys import FrozenCut
from domain.keys import KeyCut
from domain.publishing import UploadFacts
from domain.resources import ContainerFacts, DataClass
from domain.views import ObjectView, RevisionView
from graphstore.cypher.accounts import CredentialRecord, credential_record
from graphstore.cypher.facts import KEY_COLUMNS, UPLOAD_MAP, WAY, Ways, key_request, upload_facts
from graphstore.cypher.rights import level_of
from graphstore.cypher.views import object_view, revision_view, view_map
from graphstore.cypher.wrapping import wrapped_bytes
from graphstore.statements import Query, Row, Statement


@dataclass(frozen=True, slots=True)
class ContentRef:
    """Bytes to read: the content's id, and its one blob where it has one part."""

    id: str
    length_bytes: int
    blob: BlobFacts | None


@dataclass(frozen=True, slots=True)
class SnapshotPlace:
    """How far the way of a key into a snapshot goes: the containers that exist there, itself first, with levels."""

    cut: FrozenCut
    containers: tuple[ContainerFacts, ...]


@dataclass(frozen=True, slots=True)
class Resolution:
    """Everything about one request; levels in it are those of the signing user (of nobody, if there is none).

    `way` are the containers on the key's way that exist, top first. `object` is what stands in the key's place,
    whatever its state and whether the caller may see it: `object.level` tells. Where the key leads into a `snapshot`,
    `way` ends before that, and `object` is what stood in the key's place there.
    """

    credential: CredentialRecord | None
    project: ContainerFacts | None
    way: tuple[ContainerFacts, ...]
    object: ObjectView | None
    content: ContentRef | None
    upload: UploadFacts | None
    snapshot: SnapshotPlace | None = None

    @property
    def containers(self) -> tuple[ContainerFacts, ...]:
        """All containers on the way that exist, top first: the project, those in it, and those in a snapshot."""
        if self.project is None:
            return ()
        return (self.project, *self.way, *(() if self.snapshot is None else self.snapshot.containers))

    @property
    def lowest(self) -> ContainerFacts | None:
        """The deepest container on the way that exists."""
        return self.containers[-1] if self.containers else None


def _blob(found: Mapping[str, Any]) -> BlobFacts:
    assert found.get("wrappedKey") is not None, "a blob that a content refers to has its key"
    return BlobFacts(
        id=found["id"],
        length_bytes=found["length"],
        sealed_bytes=found["sealed"],
        md5=found["md5"],
        sha256=found["sha256"],
        key_id=found["keyId"],
        wrapped_key=wrapped_bytes(found["wrappedKey"]),
    )


def content_ref(found: Mapping[str, Any] | None, blob: Mapping[str, Any] | None) -> ContentRef | None:
    """Read a Content, and its Blob where it has one part."""
    if found is None:
        return None
    assert found["partCount"] or blob is not None, "a content in one piece has its blob"
    return ContentRef(found["id"], found["length"], None if blob is None else _blob(blob))


def check_shown(shown: RevisionView, content: Mapping[str, Any] | None) -> None:
    """Check that the revision's words and its bytes belong together; where not, the engine reads again."""
    if shown.erased_at is not None:
        return
    # An erasure that crosses the read may leave a content without its properties.
    assert content, "a revision has a content"
    assert (content["etag"], content["length"]) == (shown.etag, shown.length_bytes), "a revision shows its own bytes"


def _resolutions(rows: Sequence[Row]) -> Mapping[int, Resolution]:
    answers: dict[int, Resolution] = {}
    ways = Ways()
    for row in rows:
        project, way = ways.of(row)
        found = None if row["object"] is None else object_view(row["object"])
        if row["wantsContent"] and found is not None and found.published is not None:
            check_shown(found.published, row["content"])
        answers[row["i"]] = Resolution(
            credential=credential_record(row["credential"], row["user"]),
            project=project,
            way=way,
            object=found,
            content=content_ref(row["content"], row["blob"]),
            upload=upload_facts(row["upload"]),
        )
    return answers


_RESOLVE: Final = Statement(
    "resolve requests",
    "UNWIND $requests AS q "
    "OPTIONAL MATCH (credential:S3Credential {accessKeyId: q.accessKeyId})-[:OF]->(signer:User) "
    "WITH q{.*, user: coalesce(signer.id, ''), credential: credential{.*}, signer: signer{.*}} AS q "
    + WAY
    + "OPTIONAL MATCH (upload:Upload {id: q.uploadId}) "
    "OPTIONAL MATCH (awaiting:Resource {id: coalesce(upload.objectId, ''), kind: 'OBJECT'}) "
    "WITH q, p, c1, c2, upload, CASE WHEN awaiting IS NULL THEN o ELSE awaiting END AS o "
    "OPTIONAL MATCH (content:Content)<-[:CONTENT]-(o) WHERE q.wantsContent "
    "OPTIONAL MATCH (content)-[:PART]->(blob:Blob) WHERE content.partCount = 0 "
    "RETURN q.i AS i, q.wantsContent AS wantsContent, q.credential AS credential, q.signer AS user, "
    f"{KEY_COLUMNS}, "
    f"{view_map('o', level_of('o', 'q.user', 'q.now'))} AS object, {UPLOAD_MAP} AS upload, "
    "content{.*} AS content, blob{.*} AS blob",
    _resolutions,
)


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """What to resolve: a bucket and key (cut; the empty key for the bucket itself) for the owner of an access key.

    `access_key_id` is empty for anonymous requests. With an `upload_id` the upload comes along, and the Object that
    waits for it instead of what stands at the key. `frozen` is the key's other cut, if it may lead into a snapshot.
    With `is_prefix` the key stands for all that a listing could answer: its way matters, not what is at its end.
    """

    access_key_id: str
    bucket: str
    cut: KeyCut
    now_ms: int
    upload_id: str = ""
    wants_content: bool = False
    frozen: FrozenCut | None = None
    is_prefix: bool = False


def resolve(requests: Sequence[KeyRequest]) -> Query[Mapping[int, Resolution]]:
    """Resolve many requests, by their index."""
    rows = [
        {
            **key_request(request.bucket, request.cut),
            "i": index,
            "accessKeyId": request.access_key_id,
            "now": request.now_ms,
            "uploadId": request.upload_id,
            "wantsContent": request.wants_content,
        }
        for index, request in enumerate(requests)
    ]
    return _RESOLVE.bind(requests=rows)


@dataclass(frozen=True, slots=True)
class VersionAt:
    """A revision found by its versionId below a key, with the caller's level on its Object.

    `granted` is the level that grants alone give: older revisions may be less open than the Object is.
    """

    object: ObjectView
    revision: RevisionView
    content: ContentRef
    granted: Level

    @property
    def is_readable(self) -> bool:
        """Whether the caller may read just this revision."""
        is_open = DataClass.PUBLIC is self.object.data_class is self.revision.data_class
        return self.granted >= Level.READ or is_open


def _version(rows: Sequence[Row]) -> VersionAt | None:
    if not rows:
        return None
    row = rows[0]
    revision = revision_view(row["revision"])
    check_shown(revision, row["content"])
    assert revision.version_id == row["version"], "the node found still holds the revision"
    content = content_ref(row["content"], row["blob"])
    assert content is not None, "a revision has a content"
    return VersionAt(object_view(row["object"]), revision, content, Level(row["granted"]))


_VERSION: Final = Statement(
    "version at a key",
    "UNWIND $requests AS q " + WAY + "OPTIONAL MATCH (older:Revision {versionId: q.version}) "
    "OPTIONAL MATCH (newest:Object {versionId: q.version}) "
    "OPTIONAL MATCH (owner:Resource {id: coalesce(older.objectId, newest.id, ''), kind: 'OBJECT'}) "
    "WITH q, sort, owner, CASE WHEN newest IS NULL THEN older ELSE newest END AS found "
    "WHERE found IS NOT NULL AND owner IS NOT NULL AND (EXISTS { (:Entry {sort: sort})-[:NAMES]->(owner) } "
    "OR EXISTS { (:FormerEntry {sort: sort})-[:FORMERLY]->(owner) }) "
    "MATCH (found)-[:CONTENT]->(content:Content) "
    "OPTIONAL MATCH (content)-[:PART]->(blob:Blob) WHERE content.partCount = 0 "
    f"RETURN {view_map('owner', level_of('owner', 'q.user', 'q.now'))} AS object, found{{.*}} AS revision, "
    f"{level_of('owner', 'q.user', 'q.now', with_public=False)} AS granted, "
    "content{.*} AS content, blob{.*} AS blob, q.version AS version",
    _version,
)


def version_at(bucket: str, cut: KeyCut, version_id: str, user: str, now_ms: int) -> Query[VersionAt | None]:
    """Find a revision by its versionId among all that the key names or once named, tombstones included."""
    row = {**key_request(bucket, cut), "version": version_id, "user": user, "now": now_ms}
    return _VERSION.bind(requests=[row])


def _parts(rows: Sequence[Row]) -> list[tuple[int, PartFacts]]:
    found = [row for row in rows if row["start"] is not None]
    # None would hold of a mixture, read while the content came to share the bytes of another (decision 0010).
    for before, after in pairwise(found):
        assert before["start"] + before["blob"]["length"] == after["start"], "parts follow on each other"
    if rows:
        low, high = rows[0]["low"], min(rows[0]["high"], rows[0]["total"])
        reach = (found[0]["start"], found[-1]["start"] + found[-1]["blob"]["length"]) if found else (0, 0)
        assert low >= high or (reach[0] <= low and high <= reach[1]), "parts hold all bytes of their content"
    return [
        (
            row["start"],
            PartFacts(row["number"], _blob(row["blob"]), json.loads(row["checksums"] or "{}")),
        )
        for row in found
    ]


_PARTS: Final = Statement(
    "parts of a content",
    "MATCH (c:Content {id: $id}) OPTIONAL MATCH (c)-[part:PART]->(b:Blob) "
    "WHERE part.start < $until AND (part.start + part.length > $from OR part.length = 0) "
    "RETURN c.length AS total, $from AS low, $until AS high, part.start AS start, "
    "coalesce(part.number, part.index + 1) AS number, part.checksums AS checksums, b{.*} AS blob ORDER BY part.index",
    _parts,
)


def parts(content_id: str, start: int, until: int) -> Query[list[tuple[int, PartFacts]]]:
    """Blobs that hold any byte of [start, until) of a content, in order, as parts, each with where it starts.

    They are the parts as they were uploaded, unless the content shares the bytes of another one. None are there only
    where the content was erased.
    """
    return _PARTS.bind(id=content_id, until=until, **{"from": start})


@dataclass(frozen=True, slots=True)
class PartPlace:
    """A part as it was uploaded: its number, where it starts, its length and its S3 checksums."""

    number: int
    start: int
    length_bytes: int
    checksums: Mapping[str, str]


def _places(rows: Sequence[Row]) -> list[PartPlace]:
    return [PartPlace(row["number"], row["start"], row["length"], json.loads(row["checksums"] or "{}")) for row in rows]


# A content that shares the bytes of one that was cut otherwise keeps its own table of parts beside (decision 0018):
# edges to others' blobs have no number.
_TABLE: Final[LiteralString] = "MATCH (c:Content {id: $id})-[part:PART|CUT]->() WHERE part.number IS NOT NULL "
_PLACE: Final[LiteralString] = (
    "RETURN part.number AS number, part.start AS start, part.length AS length, part.checksums AS checksums "
)
_PART_NUMBER: Final = Statement("one part of a content", _TABLE + "AND part.number = $number " + _PLACE, _places)


def part_numbered(content_id: str, number: int) -> Query[list[PartPlace]]:
    """Part of a content by its number; the list is empty where there is none."""
    return _PART_NUMBER.bind(id=content_id, number=number)


_PARTS_AFTER: Final = Statement(
    "parts of a content after a number",
    _TABLE + "AND part.number > $after WITH part ORDER BY part.number LIMIT $size " + _PLACE + "ORDER BY number",
    _places,
)


def parts_after(content_id: str, after: int, size: int) -> Query[list[PartPlace]]:
    """Parts of a content above a number, by number."""
    return _PARTS_AFTER.bind(id=content_id, after=after, size=size)


def _uploaded(rows: Sequence[Row]) -> list[tuple[PartFacts, int]]:
    return [
        (PartFacts(row["number"], _blob(row["blob"]), json.loads(row["checksums"] or "{}")), row["at"]) for row in rows
    ]


_UPLOADED_PARTS: Final = Statement(
    "uploaded parts",
    "MATCH (u:Upload {id: $id})-[part:UPLOADED]->(b:Blob) WHERE part.number > $after "
    "WITH part, b ORDER BY part.number LIMIT $size "
    "RETURN part.number AS number, part.at AS at, part.checksums AS checksums, b{.*} AS blob ORDER BY number",
    _uploaded,
)


def uploaded_parts(upload_id: str, after: int, size: int) -> Query[list[tuple[PartFacts, int]]]:
    """Parts of an open upload above a number, by number, each with when it came (ms)."""
    return _UPLOADED_PARTS.bind(id=upload_id, after=after, size=size)


def _uploads(rows: Sequence[Row]) -> list[tuple[UploadFacts, int]]:
    found: list[tuple[UploadFacts, int]] = []
    for row in rows:
        facts = upload_facts(row["upload"])
        assert facts is not None, "the statement matched an upload"
        found.append((facts, row["upload"]["createdAt"]))
    return found


_OPEN_UPLOADS: Final = Statement(
    "open uploads of a project",
    "MATCH (upload:Upload {projectId: $project}) WHERE upload.state = 'INITIALIZING' AND upload.multipart = true "
    f"RETURN {UPLOAD_MAP} AS upload",
    _uploads,
)


def open_uploads(project_id: str) -> Query[list[tuple[UploadFacts, int]]]:
    """Open multipart uploads of a project, unordered, each with when it began (ms)."""
    return _OPEN_UPLOADS.bind(project=project_id)
