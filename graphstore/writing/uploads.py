"""Rows of changes of uploads."""

import json
from typing import assert_never

from domain.changes import PartAdded, UploadAdded, UploadChange, UploadFailed, UploadFinished
from domain.resources import State
from graphstore.cypher.changes import uploads as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows, blob_row, header_row


def rows(change: UploadChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case UploadAdded():
            return (_upload_added(change),)
        case PartAdded():
            row = {
                "upload": change.upload_id,
                "number": change.part.number,
                "checksums": json.dumps(dict(change.part.checksums)),
                "at": to_ms(change.at),
                "blob": blob_row(change.part.blob),
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
        case _:
            assert_never(change)


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
        **header_row(change.headers),
    }
    return cypher.UPLOAD_ADDED, {"node": node}
