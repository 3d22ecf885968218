from typing import Any

from domain.access import Level
from graphstore.cypher.facts import Ways

PROJECT: dict[str, Any] = {
    "id": "P",
    "kind": "PROJECT",
    "name": "project",
    "state": "AVAILABLE",
    "level": int(Level.READ),
    "dataClass": "PUBLIC",
    "revision": 0,
    "epoch": 0,
    "createdBy": "ada",
    "parents": [],
    "entries": 0,
    "objects": 0,
    "bytes": 0,
    "isPlain": True,
    "metadataLicense": "CC0-1.0",
    "dataLicense": "CC0-1.0",
}


def row(project: dict[str, Any] | None) -> dict[str, Any]:
    return {"project": project, "c1": None, "c2": None}


def test_equal_containers_are_read_once() -> None:
    ways = Ways()

    (first, _), (second, _) = ways.of(row(PROJECT)), ways.of(row(dict(PROJECT)))

    assert first is second


def test_the_same_container_with_another_level_is_another() -> None:
    ways = Ways()

    levels = [ways.of(row({**PROJECT, "level": int(level)}))[0] for level in (Level.ADMIN, Level.NONE, Level.ADMIN)]

    assert [facts and facts.level for facts in levels] == [Level.ADMIN, Level.NONE, Level.ADMIN]


def test_where_nothing_stands_there_is_nothing() -> None:
    assert Ways().of(row(None)) == (None, ())
