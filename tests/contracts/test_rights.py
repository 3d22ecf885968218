"""The permission pattern inside statements agrees with the pure rule, on graphs that no rule would have made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, LiteralString

import pytest

from domain.access import Level, effective_level
from domain.hierarchy import ALLOWED_PARENTS
from domain.keys import cut_key
from domain.resources import DataClass, Kind
from graphstore.cypher import readings, resolving
from graphstore.cypher.facts import resources
from graphstore.cypher.rights import level_of
from graphstore.statements import Query, all_rows
from tests.world import World

LABELS: Final = {kind: kind.value.capitalize() for kind in Kind}
SHARED: Final[Mapping[str, Any]] = {
    "name": "n",
    "state": "AVAILABLE",
    "revision": 0,
    "epoch": 0,
    "lockCount": 0,
    "entries": 0,
    "objects": 0,
    "bytes": 0,
    "metadataLicense": "x",
    "dataLicense": "x",
    "createdAt": 0,
    "updatedAt": 0,
    "changedAt": 0,
    "createdBy": "x",
}


LIVING = dict.fromkeys(Kind, "AVAILABLE") | {Kind.OBJECT: "INITIALIZING"}


@dataclass
class Model:
    """Resources with their edges up and their grants: (parent, passes), (user, level, expiry or None)."""

    kinds: dict[str, Kind] = field(default_factory=dict[str, Kind])
    classes: dict[str, DataClass] = field(default_factory=dict[str, DataClass])
    up: dict[str, list[tuple[str, Level, str]]] = field(default_factory=dict[str, list[tuple[str, Level, str]]])
    grants: list[tuple[str, str, Level, int | None]] = field(default_factory=list[tuple[str, str, Level, int | None]])

    def paths(self, node: str, user: str, now: int) -> list[tuple[Level, Sequence[Level]]]:
        """Answer every granting path from a node upwards: the grant and what each edge below it lets pass."""
        found: list[tuple[Level, Sequence[Level]]] = [
            (level, ())
            for resource, holder, level, expiry in self.grants
            if resource == node and holder == user and (expiry is None or expiry > now)
        ]
        for index, (parent, passes, _) in enumerate(self.up[node]):
            if index > 0 and self.is_deleted(parent):
                # What has its home elsewhere was unlinked when the parent was deleted.
                continue
            found += [(grant, (*below, passes)) for grant, below in self.paths(parent, user, now)]
        return found

    def is_deleted(self, node: str) -> bool:
        return any(edge == "DELETED" for _, _, edge in self.up[node])

    def level(self, node: str, user: str, now: int) -> Level:
        granted = effective_level(self.paths(node, user, now))
        return max(granted, Level.READ) if self.classes[node] is DataClass.PUBLIC else granted


def draw_model(random: Random, prefix: str, users: Sequence[str], now: int) -> Model:
    model = Model()
    for kind, count in ((Kind.PROJECT, 2), (Kind.COLLECTION, 3), (Kind.DATASET, 4), (Kind.OBJECT, 6)):
        for number in range(count):
            node = f"{prefix}-{kind[0]}{number}"
            possible = [other for other, other_kind in model.kinds.items() if other_kind in ALLOWED_PARENTS[kind]]
            parents = random.sample(possible, random.randint(1, min(3, len(possible)))) if possible else []
            edge = "DELETED" if random.random() < 0.25 else "BELONGS_TO"
            model.kinds[node] = kind
            model.classes[node] = random.choice([DataClass.PRIVATE] * 4 + [DataClass.PUBLIC, DataClass.CONFIDENTIAL])
            model.up[node] = [
                (parent, Level.ADMIN if index == 0 else random.choice(list(Level)), edge)
                for index, parent in enumerate(parents)
            ]
    for _ in range(8):
        expiry = random.choice([None, None, now - 1, now, now + 1])
        holder = (random.choice(list(model.kinds)), random.choice(users))
        # One grant a user and resource, as the rule keeps it.
        if holder not in {(resource, user) for resource, user, _, _ in model.grants}:
            model.grants.append((*holder, random.choice(list(Level)[1:]), expiry))
    return model


async def build(world: World, model: Model) -> None:
    for kind, label in LABELS.items():
        rows = [
            {
                **SHARED,
                "state": "DELETED" if model.is_deleted(node) else LIVING[kind],
                "id": node,
                "kind": kind.value,
                "dataClass": model.classes[node].value,
            }
            for node, its_kind in model.kinds.items()
            if its_kind is kind
        ]
        text: dict[str, LiteralString] = {
            "Project": "UNWIND $rows AS row CREATE (r:Resource:Project) SET r = row",
            "Collection": "UNWIND $rows AS row CREATE (r:Resource:Collection) SET r = row",
            "Dataset": "UNWIND $rows AS row CREATE (r:Resource:Dataset) SET r = row",
            "Object": "UNWIND $rows AS row CREATE (r:Resource:Object) SET r = row",
        }
        await world.do(text[label], rows=rows)
    edges: dict[str, LiteralString] = {
        "BELONGS_TO": "UNWIND $rows AS row MATCH (c:Resource {id: row.child}) MATCH (p:Resource {id: row.parent}) "
        "CREATE (c)-[:BELONGS_TO {home: row.home, passes: row.passes, name: 'n', createdAt: 0, createdBy: 'x'}]->(p)",
        "DELETED": "UNWIND $rows AS row MATCH (c:Resource {id: row.child}) MATCH (p:Resource {id: row.parent}) "
        "CREATE (c)-[:DELETED {home: row.home, passes: row.passes, name: 'n', createdAt: 0, createdBy: 'x'}]->(p)",
    }
    for edge_type, create in edges.items():
        rows = [
            {"child": child, "parent": parent, "passes": int(passes), "home": index == 0}
            for child, ways in model.up.items()
            for index, (parent, passes, kind_of_edge) in enumerate(ways)
            if kind_of_edge == edge_type
        ]
        await world.do(create, rows=rows)
    await world.do(
        "UNWIND $rows AS row MATCH (u:User {id: row.user}) MATCH (r:Resource {id: row.resource}) "
        "CREATE (r)-[:GRANTED_TO {level: row.level, expiresAt: row.expires}]->(u)",
        rows=[
            {"resource": resource, "user": user, "level": int(level), "expires": expiry}
            for resource, user, level, expiry in model.grants
        ],
    )


@pytest.mark.parametrize("seed", range(12))
async def test_statements_agree_with_the_pure_rule(world: World, seed: int) -> None:
    random = Random(seed)
    users = [await world.user(name) for name in ("ada", "bob")]
    now = world.now_ms
    model = draw_model(random, f"{seed}", users, now)
    await build(world, model)

    for user in [*users, "", "nobody"]:
        expected = {node: model.level(node, user, now) for node in model.kinds}
        loaded = await world.store.read(resources(list(model.kinds), user, now))
        assert {node: facts.level for node, facts in loaded.items()} == expected, f"seed {seed}"
        seen = await world.store.read(readings.resources(list(model.kinds), user, now))
        assert {node: view.level for node, view in seen.items()} == {
            node: level for node, level in expected.items() if level
        }


async def test_nothing_is_granted_on_what_is_not_there(world: World) -> None:
    """A pattern that starts at a null node matches anything on the embedded engine."""
    ada = await world.user()
    await world.project(ada, "somewhere")
    await world.put(ada, "somewhere", "c/d/o")
    expressions: dict[str, LiteralString] = {
        "mine": f"OPTIONAL MATCH (r:Resource {{id: 'nowhere'}}) RETURN {level_of('r')} AS level",
        "public": f"OPTIONAL MATCH (r:Resource {{id: 'nowhere'}}) RETURN {level_of('r', with_public=False)} AS level",
    }

    for text in expressions.values():
        query = Query("test", text, {"caller": ada, "now": world.now_ms}, all_rows)
        assert [row["level"] for row in await world.store.read(query)] == [0]


async def test_a_request_for_a_missing_key_brings_nothing_along(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "there")
    await world.put(ada, "there", "c/d/o")
    keys = [("there", "c/d/missing"), ("there", "c/x/o"), ("there", "x/y"), ("there", ""), ("nowhere", "c/d/o")]
    requests = [
        resolving.KeyRequest("", bucket, cut_key(key), world.now_ms, upload_id="none", wants_content=True)
        for bucket, key in keys
    ]

    found = await world.store.read(resolving.resolve(requests))

    assert [(r.credential, r.object, r.content, r.upload) for r in (found[n] for n in range(len(keys)))] == [
        (None, None, None, None)
    ] * len(keys)
    assert [(r.project is not None, len(r.way)) for r in (found[n] for n in range(len(keys)))] == [
        (True, 2),
        (True, 1),
        (True, 0),
        (True, 0),
        (False, 0),
    ]
    assert {r.project.level for r in found.values() if r.project is not None} == {Level.NONE}
