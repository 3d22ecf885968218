"""Rows of changes of relations."""

from typing import assert_never

from domain.changes import (
    ExternalRelationAdded,
    ExternalRelationEnded,
    ExternalRelationRemoved,
    RelationAdded,
    RelationChange,
    RelationEnded,
    RelationRemoved,
)
from graphstore.cypher.changes import relations as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: RelationChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case RelationAdded():
            return (_relation_added(change),)
        case RelationRemoved():
            row = {"source": change.source_id, "target": change.target_id, "id": change.id}
            return ((cypher.RELATION_REMOVED[change.kind], row),)
        case RelationEnded():
            row = {"source": change.source_id, "target": change.target_id, "id": change.id, "until": change.until}
            return ((cypher.RELATION_ENDED[change.kind], row),)
        case ExternalRelationAdded():
            return (_external_added(change),)
        case ExternalRelationRemoved():
            row = {"source": change.source_id, "key": change.reference.key, "id": change.id}
            return ((cypher.EXTERNAL_RELATION_REMOVED, row),)
        case ExternalRelationEnded():
            key = change.reference.key
            row = {"source": change.source_id, "key": key, "id": change.id, "until": change.until}
            return ((cypher.EXTERNAL_RELATION_ENDED, row),)
        case _:
            assert_never(change)


def _relation_added(change: RelationAdded) -> Rows:
    row = {
        "id": change.id,
        "source": change.source_id,
        "target": change.target_id,
        "sourceVersionId": change.source_version_id,
        "targetVersionId": change.target_version_id,
        "name": change.name,
        "note": change.note,
        "since": change.since,
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
        "since": change.since,
        "at": to_ms(change.at),
        "by": change.by,
    }
    return cypher.EXTERNAL_RELATION_ADDED, row
