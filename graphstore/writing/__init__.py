"""Turns changes into statements: rows of one kind share a statement, in an order in which each finds what it needs.

Each module here makes the rows of one concern, for the statements of the module of that name in cypher/changes/.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from domain.changes import (
    AccountChange,
    Change,
    ClassChange,
    ContainerChange,
    CountersChanged,
    EntryChange,
    ErasingChange,
    Event,
    FieldChange,
    HierarchyChange,
    LabelChange,
    LicenseChange,
    ObjectAdded,
    ObjectChange,
    RelationChange,
    RestoringChange,
    RevisionChange,
    RevisionPublished,
    SnapshotChange,
    TaskChange,
    UploadChange,
)
from graphstore.bolt import Transaction
from graphstore.cypher.changes.containers import COUNTERS_CHANGED
from graphstore.instants import to_ms
from graphstore.statements import Query, Statement
from graphstore.writing import accounts as account_rows
from graphstore.writing import classes as class_rows
from graphstore.writing import containers as container_rows
from graphstore.writing import entries as entry_rows
from graphstore.writing import erasing as erasing_rows
from graphstore.writing import fields as field_rows
from graphstore.writing import hierarchy as hierarchy_rows
from graphstore.writing import labels as label_rows
from graphstore.writing import licenses as license_rows
from graphstore.writing import objects as object_rows
from graphstore.writing import relations as relation_rows
from graphstore.writing import restoring as restoring_rows
from graphstore.writing import revisions as revision_rows
from graphstore.writing import snapshots as snapshot_rows
from graphstore.writing import tasks as task_rows
from graphstore.writing import uploads as upload_rows
from graphstore.writing.events import event_rows
from graphstore.writing.objects import is_in_one_piece, object_published
from graphstore.writing.order import ORDER
from graphstore.writing.rows import Rows

_RANK: Final = {statement.name: rank for rank, statement in enumerate(ORDER)}


async def apply_changes(transaction: Transaction, changes: Iterable[Change], at: datetime | None = None) -> None:
    """Write changes inside a transaction, one statement for each kind that occurs.

    `at` is when counters change; the instant of the changes' own events, if None.
    """
    for query in queries_for(changes, at):
        await transaction.run(query)


def queries_for(changes: Iterable[Change], at: datetime | None = None) -> list[Query[None]]:
    """Sort changes into statements with their rows."""
    batches: dict[str, tuple[Statement[None], list[Mapping[str, Any]]]] = {}
    counters: dict[str, dict[str, Any]] = {}
    added: dict[str, ObjectAdded] = {}
    made: set[str] = set()
    events: list[Event] = []

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
            case RevisionPublished() if change.object_id in added and is_in_one_piece(change):
                put([object_published(added.pop(change.object_id), change)])
            case Event():
                events.append(change)
            case _:
                put(rows_for(change))
    for change in added.values():
        put(rows_for(change))
    put(event_rows(events, made))
    if counters:
        at_ms = max((to_ms(event.at) for event in events), default=0) if at is None else to_ms(at)
        rows = [{**counters[key], "at": at_ms} for key in sorted(counters)]
        batches[COUNTERS_CHANGED.name] = (COUNTERS_CHANGED, list(rows))
    ordered = sorted(batches.values(), key=lambda batch: _RANK[batch[0].name])
    return [statement.bind(rows=rows) for statement, rows in ordered]


def _sum_counters(counters: dict[str, dict[str, Any]], change: CountersChanged) -> None:
    row = counters.setdefault(change.container_id, {"id": change.container_id, "entries": 0, "objects": 0, "bytes": 0})
    row["entries"] += change.entries
    row["objects"] += change.objects
    row["bytes"] += change.length_bytes


def rows_for(change: Change) -> tuple[Rows, ...]:  # noqa: C901, PLR0911, PLR0912  one for each concern
    """Statements and rows of one change."""
    if isinstance(change, EntryChange):
        return entry_rows.rows(change)
    if isinstance(change, ContainerChange):
        return container_rows.rows(change)
    if isinstance(change, HierarchyChange):
        return hierarchy_rows.rows(change)
    if isinstance(change, ObjectChange):
        return object_rows.rows(change)
    if isinstance(change, FieldChange):
        return field_rows.rows(change)
    if isinstance(change, LabelChange):
        return label_rows.rows(change)
    if isinstance(change, RevisionChange):
        return revision_rows.rows(change)
    if isinstance(change, ClassChange):
        return class_rows.rows(change)
    if isinstance(change, RelationChange):
        return relation_rows.rows(change)
    if isinstance(change, AccountChange):
        return account_rows.rows(change)
    if isinstance(change, LicenseChange):
        return license_rows.rows(change)
    if isinstance(change, UploadChange):
        return upload_rows.rows(change)
    if isinstance(change, SnapshotChange):
        return snapshot_rows.rows(change)
    if isinstance(change, ErasingChange):
        return erasing_rows.rows(change)
    if isinstance(change, RestoringChange):
        return restoring_rows.rows(change)
    if isinstance(change, TaskChange):
        return task_rows.rows(change)
    return event_rows([change], ())


__all__ = ["ORDER", "apply_changes", "queries_for", "rows_for"]
