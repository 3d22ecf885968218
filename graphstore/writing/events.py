"""Rows of events: one for each resource, with all that happened to it, so that their lockCounts rise one by one."""

from collections.abc import Collection, Iterable
from typing import Any

from domain.changes import Event
from graphstore.cypher.changes import events as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def event_rows(events: Iterable[Event], made: Collection[str]) -> tuple[Rows, ...]:
    """Statements and rows of a transaction's events, by resource in id order; `made` are Objects made in it."""
    by_resource: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        by_resource.setdefault(event.resource_id, []).append(_properties(event))
    return tuple(
        (
            cypher.EVENT_OF_NEW if resource_id in made else cypher.EVENT,
            {"resourceId": resource_id, "events": by_resource[resource_id]},
        )
        for resource_id in sorted(by_resource)
    )


def _properties(event: Event) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": event.id,
        "kind": event.kind,
        "resourceId": event.resource_id,
        "actor": event.actor,
        "at": to_ms(event.at),
        "revisionBefore": event.revision_before,
        "revisionAfter": event.revision_after,
    }
    if event.counts is not None:
        properties |= {
            "collections": event.counts.collections,
            "datasets": event.counts.datasets,
            "objects": event.counts.objects,
        }
    return properties
