"""Every kind of change that a rule can decide has its statement, and every statement its place in the order."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from types import NoneType, UnionType
from typing import Any, get_args, get_type_hints

import pytest

from domain.access import Level
from domain.changes import Change, CountersChanged, Event, EventCounts, ObjectAdded, RevisionPublished
from domain.contents import BlobFacts, Declared, NewContent, ObjectHeaders, PartFacts
from domain.errors import Code
from domain.relations import ALLOWED_RELATIONS, ExternalReference, ExternalType, RelationKind
from domain.resources import Kind, State, Versioning
from graphstore.cypher import changes
from graphstore.statements import Statement
from graphstore.writing import ORDER, queries_for, rows_for

NOW = datetime(2026, 11, 21, tzinfo=UTC)
BLOB = BlobFacts("b", 1, 2, "m", "s", "k", b"w")
CONTENT = NewContent("c", (PartFacts(1, BLOB),), "e", "m", "s", {}, "FULL_OBJECT")
# One value of each type that a change's field may have; unions take their first member.
VALUES: dict[Any, Any] = {
    str: "x",
    int: 1,
    bool: False,
    datetime: NOW,
    NoneType: None,
    Kind: Kind.DATASET,
    State: State.AVAILABLE,
    Versioning: Versioning.OFF,
    Level: Level.READ,
    RelationKind: RelationKind.CUSTOM,
}
BY_NAME: dict[str, Any] = {
    "content": CONTENT,
    "headers": ObjectHeaders(),
    "declared": Declared(),
    "part": PartFacts(1, BLOB),
    "reference": ExternalReference(ExternalType.DOI, "10.1234/a"),
    "names": (("p", "n"),),
    "values": {"title": "T"},
    "counts": EventCounts(1, 2, 3),
    "argument": {"deletion": "d"},
}


def example(kind: type[Any]) -> Any:
    hints = get_type_hints(kind)

    def value(name: str) -> Any:
        hint = hints[name]
        first = get_args(hint)[0] if isinstance(hint, UnionType) else hint
        return BY_NAME[name] if name in BY_NAME else VALUES.get(first, "x")

    return kind(**{field.name: value(field.name) for field in fields(kind)})


def statements(changes: Sequence[Any]) -> list[str]:
    return [query.name for query in queries_for(changes)]


@pytest.mark.parametrize("kind", get_args(Change), ids=lambda kind: kind.__name__)
def test_a_change_of_each_kind_becomes_rows_of_a_statement_in_the_order(kind: type[Any]) -> None:
    change = example(kind)

    queries = queries_for([change])

    assert queries
    assert {query.name for query in queries} <= {statement.name for statement in ORDER}
    assert all(query.parameters["rows"] for query in queries)
    if kind is not CountersChanged:
        assert [statement.name for statement, _ in rows_for(change)] == [query.name for query in queries]


def test_no_two_statements_share_a_name_and_each_is_used() -> None:
    """Rows are gathered by a statement's name."""
    names = [statement.name for statement in ORDER]
    made = {name for kind in get_args(Change) for name in statements([example(kind)])}
    together = statements([example(ObjectAdded), example(RevisionPublished), example(Event)])
    by_kind = {
        *together,
        *(f"{verb} {kind.value}" for kind in ALLOWED_RELATIONS for verb in ("add", "remove")),
        *("add projects", "add collections", "add contents of parts", "link parts of contents"),
        *(f"add snapshots of {kind}" for kind in ("projects", "collections", "datasets")),
        *("add frozen collections", "add frozen datasets"),
        *("end METADATA", "end ORIGIN"),
        *("share objects", "restore homes of objects", "blank revisions"),
    }

    assert len(set(names)) == len(names)
    assert set(names) == made | by_kind


def test_every_statement_of_the_module_stands_in_the_order() -> None:
    modules = [import_module(found.name) for found in iter_modules(changes.__path__, f"{changes.__name__}.")]
    values: list[Any] = [value for module in modules for value in vars(module).values()]
    tables: list[Any] = [value for value in values if isinstance(value, dict)]
    values += [inner for table in tables for inner in table.values()]
    known: set[str] = {value.name for value in values if isinstance(value, Statement)}

    assert known == {statement.name for statement in ORDER}


def test_events_come_last_and_counters_are_summed_by_container() -> None:
    event = example(Event)
    counters = [CountersChanged("b", entries=1), CountersChanged("a", objects=1), CountersChanged("b", length_bytes=5)]

    first, last = queries_for([event, *counters])

    at = int(NOW.timestamp() * 1000)
    assert first.parameters["rows"] == [
        {"id": "a", "entries": 0, "objects": 1, "bytes": 0, "at": at},
        {"id": "b", "entries": 1, "objects": 0, "bytes": 5, "at": at},
    ]
    assert last.name == ORDER[-1].name


def test_codes_are_what_clients_were_promised() -> None:
    """A code that goes or changes breaks clients: it takes a decision, not an edit."""
    assert [code.value for code in Code] == [
        *("UNAUTHENTICATED", "FORBIDDEN", "NOT_FOUND", "BAD_USER_INPUT", "ALREADY_EXISTS", "CONFLICT"),
        *("FAILED_PRECONDITION", "IMMUTABLE", "CYCLE", "HIERARCHY", "HOME_PARENT", "CHECKSUM_MISMATCH"),
        *("QUOTA_EXCEEDED", "COST_EXCEEDED", "THROTTLED", "UNAVAILABLE", "INTERNAL"),
    ]
