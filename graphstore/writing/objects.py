"""Rows of changes of Objects, their revisions and contents."""

import json
from collections.abc import Iterable
from typing import Any, assert_never

from domain.changes import (
    ObjectAdded,
    ObjectChange,
    ObjectRemoved,
    ObjectStateChanged,
    RevisionPublished,
    RevisionPushedBack,
)
from domain.contents import NewContent, PartFacts
from domain.keys import object_sort
from domain.resources import Kind
from graphstore.cypher.changes import objects as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows, blob_row, header_row, versioned_key


def rows(change: ObjectChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case ObjectAdded():
            return (_object_added(change),)
        case RevisionPushedBack():
            return ((cypher.REVISION_PUSHED_BACK, {"id": change.object_id}),)
        case RevisionPublished():
            return _revision_published(change)
        case ObjectStateChanged():
            row = {"id": change.object_id, "state": change.state, "reason": change.reason, "at": to_ms(change.at)}
            return ((cypher.OBJECT_STATE_CHANGED, row),)
        case ObjectRemoved():
            names = [
                {"parent": parent, "name": name, "sort": object_sort(parent, name)} for parent, name in change.names
            ]
            row = {"id": change.object_id, "names": names, "at": to_ms(change.at), "by": change.by}
            return ((cypher.OBJECT_REMOVED, row),)
        case _:
            assert_never(change)


def is_in_one_piece(change: RevisionPublished) -> bool:
    """Whether the bytes came in one piece and are new: most of all PUTs."""
    return isinstance(change.content, NewContent) and not change.content.is_multipart


def object_published(added: ObjectAdded, published: RevisionPublished) -> Rows:
    """One row for a new Object and its first bytes."""
    content = published.content
    assert isinstance(content, NewContent), "it came in one piece"
    node = _content(content)
    (part,) = _parts(content.parts, with_blobs=True)
    _, row = _object_added(added)
    digests = {name: node[name] for name in ("md5", "sha256", "checksums", "checksumType", "partCount")}
    shown = {**row["node"], **_revision(published), **digests, "revision": 1}
    return cypher.OBJECT_PUBLISHED, {**row, "node": shown, "content": node, "part": part}


def _object_added(change: ObjectAdded) -> Rows:
    at = to_ms(change.at)
    node = {
        "id": change.id,
        "kind": Kind.OBJECT,
        "name": change.name,
        "title": change.title,
        "description": change.description,
        "authors": change.authors,
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
        "versioned": versioned_key(change.parent_id, change.parent_kind, change.name),
        "at": at,
        "by": change.by,
    }
    return cypher.OBJECT_ADDED, row


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
            row["blob"] = blob_row(part.blob)
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
        **header_row(change.headers),
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
