"""Turns changes into statements: rows of one kind share a statement, in an order in which each finds what it needs."""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, assert_never

from domain.changes import (
    Change,
    ContainerAdded,
    ContainerHidden,
    ContainerRemoved,
    ContainerRevived,
    CountersChanged,
    CredentialAdded,
    CredentialRevoked,
    Event,
    ExternalRelationAdded,
    ExternalRelationRemoved,
    FieldsChanged,
    GrantRemoved,
    GrantSet,
    ObjectAdded,
    ObjectRemoved,
    ObjectStateChanged,
    PartAdded,
    RelationAdded,
    RelationRemoved,
    RevisionPublished,
    RevisionPushedBack,
    TokenAdded,
    TokenRevoked,
    UploadAdded,
    UploadFailed,
    UploadFinished,
    UserAdded,
    UserStateChanged,
    VersioningSet,
)
from domain.contents import BlobFacts, NewContent, ObjectHeaders, PartFacts
from domain.keys import container_sort, object_sort
from domain.resources import Kind, State
from graphstore.bolt import Transaction
from graphstore.cypher import changes as cypher
from graphstore.instants import optional_to_ms, to_ms
from graphstore.statements import Query, Statement

Rows = tuple[Statement[None], Mapping[str, Any]]

ORDER: Final[tuple[Statement[None], ...]] = (
    cypher.USER_ADDED,
    cypher.TOKEN_ADDED,
    cypher.CREDENTIAL_ADDED,
    cypher.PROJECT_ADDED,
    cypher.CONTAINER_REVIVED,
    cypher.CONTAINER_ADDED[Kind.COLLECTION],
    cypher.CONTAINER_ADDED[Kind.DATASET],
    cypher.OBJECT_ADDED,
    cypher.OBJECT_PUBLISHED,
    cypher.REVISION_PUSHED_BACK,
    cypher.CONTENT_ADDED,
    cypher.CONTENT_ADDED_OF_PARTS,
    cypher.PART_LINKED,
    cypher.REVISION_PUBLISHED,
    cypher.UPLOAD_ADDED,
    cypher.PART_ADDED,
    cypher.UPLOAD_FINISHED,
    cypher.UPLOAD_FAILED,
    cypher.OBJECT_STATE_CHANGED,
    cypher.OBJECT_REMOVED,
    cypher.CONTAINER_HIDDEN,
    cypher.CONTAINER_REMOVED,
    cypher.FIELDS_CHANGED,
    cypher.VERSIONING_SET,
    *cypher.RELATION_ADDED.values(),
    *cypher.RELATION_REMOVED.values(),
    cypher.EXTERNAL_RELATION_ADDED,
    cypher.EXTERNAL_RELATION_REMOVED,
    cypher.GRANT_SET,
    cypher.GRANT_REMOVED,
    cypher.USER_STATE_CHANGED,
    cypher.TOKEN_REVOKED,
    cypher.CREDENTIAL_REVOKED,
    cypher.COUNTERS_CHANGED,
    cypher.EVENT_OF_NEW,
    cypher.EVENT,
)
"""Makers of nodes before those that match them; counters late, summed per container; events last."""

_RANK: Final = {statement.name: rank for rank, statement in enumerate(ORDER)}


async def apply_changes(transaction: Transaction, changes: Iterable[Change]) -> None:
    """Write changes inside a transaction, one statement for each kind that occurs."""
    for query in queries_for(changes):
        await transaction.run(query)


def queries_for(changes: Iterable[Change]) -> list[Query[None]]:
    """Sort changes into statements with their rows."""
    batches: dict[str, tuple[Statement[None], list[Mapping[str, Any]]]] = {}
    counters: dict[str, dict[str, Any]] = {}
    added: dict[str, ObjectAdded] = {}
    made: set[str] = set()
    at = 0

    def put(rows: Iterable[Rows]) -> None:
        for statement, row in rows:
            batches.setdefault(statement.name, (statement, []))[1].append(row)

    for change in changes:
        match change:
            case CountersChanged():
                _sum_counters(counters, change)
            case ObjectAdded():
                made.add(change.id)
                added[change.id] = change
            case RevisionPublished() if change.object_id in added and _is_in_one_piece(change):
                put([_object_published(added.pop(change.object_id), change)])
            case Event():
                at = max(at, to_ms(change.at))
                statement, row = _event(change)
                put([(cypher.EVENT_OF_NEW if change.resource_id in made else statement, row)])
            case _:
                put(rows_for(change))
    for change in added.values():
        put(rows_for(change))
    if counters:
        rows = [{**counters[key], "at": at} for key in sorted(counters)]
        batches[cypher.COUNTERS_CHANGED.name] = (cypher.COUNTERS_CHANGED, list(rows))
    ordered = sorted(batches.values(), key=lambda batch: _RANK[batch[0].name])
    return [statement.bind(rows=rows) for statement, rows in ordered]


def _is_in_one_piece(change: RevisionPublished) -> bool:
    return isinstance(change.content, NewContent) and not change.content.is_multipart


def _object_published(added: ObjectAdded, published: RevisionPublished) -> Rows:
    """One row for a new Object and its first bytes."""
    content = published.content
    assert isinstance(content, NewContent), "it came in one piece"
    node = _content(content)
    (part,) = _parts(content.parts, with_blobs=True)
    _, row = _object_added(added)
    digests = {name: node[name] for name in ("md5", "sha256", "checksums", "checksumType", "partCount")}
    shown = {**row["node"], **_revision(published), **digests, "revision": 1}
    return cypher.OBJECT_PUBLISHED, {**row, "node": shown, "content": node, "part": part}


def _sum_counters(counters: dict[str, dict[str, Any]], change: CountersChanged) -> None:
    row = counters.setdefault(change.container_id, {"id": change.container_id, "entries": 0, "objects": 0, "bytes": 0})
    row["entries"] += change.entries
    row["objects"] += change.objects
    row["bytes"] += change.length_bytes


def rows_for(change: Change) -> tuple[Rows, ...]:  # noqa: C901, PLR0911, PLR0912  one case for each kind of change
    """Statements and rows of one change."""
    match change:
        case ContainerAdded():
            return (_container_added(change),)
        case ContainerHidden():
            row = {"id": change.id, "sort": container_sort(change.parent_id, change.name)}
            return ((cypher.CONTAINER_HIDDEN, row),)
        case ContainerRevived():
            row = {
                "id": change.id,
                "parent": change.parent_id,
                "sort": container_sort(change.parent_id, change.name),
            }
            return ((cypher.CONTAINER_REVIVED, row),)
        case ContainerRemoved():
            names = [
                {"parent": parent, "name": name, "sort": container_sort(parent, name)} for parent, name in change.names
            ]
            row = {"id": change.id, "names": names, "at": to_ms(change.at), "by": change.by}
            return ((cypher.CONTAINER_REMOVED, row),)
        case ObjectAdded():
            return (_object_added(change),)
        case RevisionPushedBack():
            return ((cypher.REVISION_PUSHED_BACK, {"id": change.object_id}),)
        case RevisionPublished():
            return _revision_published(change)
        case CountersChanged():
            raise AssertionError("counters are summed before they are written")
        case ObjectStateChanged():
            row = {"id": change.object_id, "state": change.state, "reason": change.reason, "at": to_ms(change.at)}
            return ((cypher.OBJECT_STATE_CHANGED, row),)
        case ObjectRemoved():
            names = [
                {"parent": parent, "name": name, "sort": object_sort(parent, name)} for parent, name in change.names
            ]
            row = {"id": change.object_id, "names": names, "at": to_ms(change.at), "by": change.by}
            return ((cypher.OBJECT_REMOVED, row),)
        case FieldsChanged():
            row = {"id": change.resource_id, "values": dict(change.values), "at": to_ms(change.at)}
            return ((cypher.FIELDS_CHANGED, row),)
        case VersioningSet():
            return ((cypher.VERSIONING_SET, {"id": change.project_id, "versioning": change.versioning}),)
        case RelationAdded():
            return (_relation_added(change),)
        case RelationRemoved():
            row = {"source": change.source_id, "target": change.target_id, "name": change.name}
            return ((cypher.RELATION_REMOVED[change.kind], row),)
        case ExternalRelationAdded():
            return (_external_added(change),)
        case ExternalRelationRemoved():
            row = {"source": change.source_id, "key": change.reference.key}
            return ((cypher.EXTERNAL_RELATION_REMOVED, row),)
        case GrantSet():
            return (_grant_set(change),)
        case GrantRemoved():
            return ((cypher.GRANT_REMOVED, {"user": change.user_id, "resource": change.resource_id}),)
        case UserAdded():
            return (_user_added(change),)
        case UserStateChanged():
            return ((cypher.USER_STATE_CHANGED, {"id": change.id, "active": change.is_active}),)
        case TokenAdded():
            return (_token_added(change),)
        case TokenRevoked():
            return ((cypher.TOKEN_REVOKED, {"id": change.id}),)
        case CredentialAdded():
            return (_credential_added(change),)
        case CredentialRevoked():
            return ((cypher.CREDENTIAL_REVOKED, {"id": change.access_key_id}),)
        case UploadAdded():
            return (_upload_added(change),)
        case PartAdded():
            row = {
                "upload": change.upload_id,
                "number": change.part.number,
                "checksums": json.dumps(dict(change.part.checksums)),
                "at": to_ms(change.at),
                "blob": _blob(change.part.blob),
            }
            return ((cypher.PART_ADDED, row),)
        case UploadFinished():
            row = {
                "id": change.id,
                "objectId": change.object_id,
                "versionId": change.version_id,
                "revisionNumber": change.revision_number,
                "shown": change.versioning,
                "etag": change.etag,
                "at": to_ms(change.at),
            }
            return ((cypher.UPLOAD_FINISHED, row),)
        case UploadFailed():
            return ((cypher.UPLOAD_FAILED, {"id": change.id, "reason": change.reason, "at": to_ms(change.at)}),)
        case Event():
            return (_event(change),)
        case _:
            assert_never(change)


def _container_added(change: ContainerAdded) -> Rows:
    at = to_ms(change.at)
    node = {
        "id": change.id,
        "kind": change.kind,
        "name": change.name,
        "title": change.title,
        "description": change.description,
        "state": State.AVAILABLE,
        "dataClass": change.data_class,
        "metadataLicense": change.metadata_license,
        "dataLicense": change.data_license,
        "revision": 0,
        "epoch": 0,
        "lockCount": 0,
        "entries": 0,
        "objects": 0,
        "bytes": 0,
        "madeByPut": change.is_made_by_put,
        "createdAt": at,
        "createdBy": change.by,
        "updatedAt": at,
        "changedAt": at,
    }
    if change.parent_id is None:
        node |= {"bucket": change.name, "locationConstraint": change.location_constraint, "versioning": "OFF"}
        return cypher.PROJECT_ADDED, {"node": node}
    row = {
        "node": node,
        "parent": change.parent_id,
        "name": change.name,
        "sort": container_sort(change.parent_id, change.name),
        "at": at,
        "by": change.by,
    }
    return cypher.CONTAINER_ADDED[change.kind], row


def _object_added(change: ObjectAdded) -> Rows:
    at = to_ms(change.at)
    node = {
        "id": change.id,
        "kind": Kind.OBJECT,
        "name": change.name,
        "title": change.title,
        "description": change.description,
        "state": change.state,
        "dataClass": change.data_class,
        "metadataLicense": change.metadata_license,
        "dataLicense": change.data_license,
        "revision": 0,
        "lockCount": 0,
        "createdAt": at,
        "createdBy": change.by,
        "updatedAt": at,
    }
    row = {
        "node": node,
        "parent": change.parent_id,
        "name": change.name,
        "sort": object_sort(change.parent_id, change.name),
        "at": at,
        "by": change.by,
    }
    return cypher.OBJECT_ADDED, row


def _headers(headers: ObjectHeaders) -> dict[str, Any]:
    return {
        "contentType": headers.content_type,
        "contentDisposition": headers.content_disposition,
        "contentEncoding": headers.content_encoding,
        "contentLanguage": headers.content_language,
        "cacheControl": headers.cache_control,
        "expires": headers.expires,
        "userMetadata": json.dumps(dict(headers.user_metadata)) if headers.user_metadata else None,
    }


def _blob(blob: BlobFacts) -> dict[str, Any]:
    return {
        "id": blob.id,
        "length": blob.length_bytes,
        "sealed": blob.sealed_bytes,
        "md5": blob.md5,
        "sha256": blob.sha256,
        "keyId": blob.key_id,
        "wrappedKey": base64.b64encode(blob.wrapped_key).decode(),
    }


def _parts(parts: Iterable[PartFacts], *, with_blobs: bool) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    start = 0
    for index, part in enumerate(parts):
        row: dict[str, Any] = {
            "index": index,
            "number": part.number,
            "start": start,
            "length": part.blob.length_bytes,
            "checksums": json.dumps(dict(part.checksums)),
        }
        if with_blobs:
            row["blob"] = _blob(part.blob)
        else:
            row["blobId"] = part.blob.id
        rows.append(row)
        start += part.blob.length_bytes
    return rows


def _revision_published(change: RevisionPublished) -> tuple[Rows, ...]:
    content = change.content
    row = {"id": change.object_id, "contentId": content.id, "node": _revision(change)}
    published = (cypher.REVISION_PUBLISHED, row)
    if not isinstance(content, NewContent):
        return (published,)
    if not content.is_multipart:
        added = {"node": _content(content), "parts": _parts(content.parts, with_blobs=True)}
        return ((cypher.CONTENT_ADDED, added), published)
    linked = [
        (cypher.PART_LINKED, {"contentId": content.id, **part}) for part in _parts(content.parts, with_blobs=False)
    ]
    return ((cypher.CONTENT_ADDED_OF_PARTS, {"node": _content(content)}), *linked, published)


def _revision(change: RevisionPublished) -> dict[str, Any]:
    """What an Object shows of its newest revision, save what stands on the content."""
    return {
        "versionId": change.version_id,
        "revisionNumber": change.revision_number,
        "state": change.state,
        "stateReason": None,
        "contentLength": change.content.length_bytes,
        "etag": change.content.etag,
        "shown": change.versioning,
        "publishedAt": to_ms(change.at),
        "publishedBy": change.by,
        "updatedAt": to_ms(change.at),
        **_headers(change.headers),
    }


def _content(content: NewContent) -> dict[str, Any]:
    return {
        "id": content.id,
        "length": content.length_bytes,
        "etag": content.etag,
        "md5": content.md5,
        "sha256": content.sha256,
        "checksums": json.dumps(dict(content.checksums)),
        "checksumType": content.checksum_type,
        "partCount": len(content.parts) if content.is_multipart else 0,
    }


def _relation_added(change: RelationAdded) -> Rows:
    row = {
        "id": change.id,
        "source": change.source_id,
        "target": change.target_id,
        "sourceVersionId": change.source_version_id,
        "targetVersionId": change.target_version_id,
        "name": change.name,
        "note": change.note,
        "at": to_ms(change.at),
        "by": change.by,
    }
    return cypher.RELATION_ADDED[change.kind], row


def _external_added(change: ExternalRelationAdded) -> Rows:
    row = {
        "id": change.id,
        "source": change.source_id,
        "sourceVersionId": change.source_version_id,
        "key": change.reference.key,
        "type": change.reference.type,
        "value": change.reference.value,
        "name": change.reference.name,
        "note": change.note,
        "at": to_ms(change.at),
        "by": change.by,
    }
    return cypher.EXTERNAL_RELATION_ADDED, row


def _grant_set(change: GrantSet) -> Rows:
    row = {
        "user": change.user_id,
        "resource": change.resource_id,
        "level": int(change.level),
        "expiresAt": optional_to_ms(change.expires_at),
        "at": to_ms(change.at),
        "by": change.by,
    }
    return cypher.GRANT_SET, row


def _user_added(change: UserAdded) -> Rows:
    node = {
        "id": change.id,
        "displayName": change.display_name,
        "email": change.email,
        "administrator": change.is_administrator,
        "active": True,
        "createdAt": to_ms(change.at),
    }
    return cypher.USER_ADDED, {"node": node}


def _token_added(change: TokenAdded) -> Rows:
    node = {
        "id": change.id,
        "userId": change.user_id,
        "name": change.name,
        "secretSha256": change.secret_sha256,
        "expiresAt": to_ms(change.expires_at),
        "createdAt": to_ms(change.at),
    }
    return cypher.TOKEN_ADDED, {"user": change.user_id, "node": node}


def _credential_added(change: CredentialAdded) -> Rows:
    node = {
        "accessKeyId": change.access_key_id,
        "userId": change.user_id,
        "name": change.name,
        "sealedSecret": change.sealed_secret,
        "tokenId": change.token_id,
        "expiresAt": optional_to_ms(change.expires_at),
        "createdAt": to_ms(change.at),
    }
    return cypher.CREDENTIAL_ADDED, {"user": change.user_id, "node": node}


def _upload_added(change: UploadAdded) -> Rows:
    node = {
        "id": change.id,
        "projectId": change.project_id,
        "key": change.key,
        "objectId": change.object_id,
        "multipart": change.is_multipart,
        "lockCount": 0,
        "state": State.INITIALIZING,
        "declaredLength": change.declared.length_bytes,
        "declaredMd5": change.declared.md5,
        "declaredSha256": change.declared.sha256,
        "checksumAlgorithm": change.checksum_algorithm,
        "checksumType": change.checksum_type,
        "createdAt": to_ms(change.at),
        "createdBy": change.by,
        **_headers(change.headers),
    }
    return cypher.UPLOAD_ADDED, {"node": node}


def _event(change: Event) -> Rows:
    row = {
        "id": change.id,
        "kind": change.kind,
        "resourceId": change.resource_id,
        "actor": change.actor,
        "at": to_ms(change.at),
        "revisionBefore": change.revision_before,
        "revisionAfter": change.revision_after,
    }
    return cypher.EVENT, row
