"""Rows of events."""

from domain.changes import Event
from graphstore.cypher.changes import events as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def event_row(change: Event) -> Rows:
    """Statement and row of one event."""
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
