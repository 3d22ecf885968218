"""Rows of changes of revisions without new bytes."""

from domain.changes import RevisionRenewed
from graphstore.cypher.changes import revisions as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: RevisionRenewed) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    row = {
        "id": change.object_id,
        "versionId": change.version_id,
        "number": change.revision_number,
        "at": to_ms(change.at),
        "by": change.by,
    }
    return ((cypher.REVISION_RENEWED, row),)
