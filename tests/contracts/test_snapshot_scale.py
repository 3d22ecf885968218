"""What snapshots and archives of many containers cost: statements don't follow what they hold."""

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from tests.graph_dump import MARK
from tests.world import World

BATCH: Final = 5_000


async def grow(world: World, parent: str, *, containers: int, objects: int) -> list[str]:
    """Datasets with Objects in a project, written by hand (thousands take minutes otherwise); answers their ids."""
    ids = [world.new_id() for _ in range(containers)]
    await world.do(
        "MATCH (p:Resource {id: $parent}) SET p.entries = p.entries + $n WITH p UNWIND $ids AS id "
        "CREATE (d:Resource:Dataset) SET d = {id: id, kind: 'DATASET', name: id, state: 'AVAILABLE', "
        "dataClass: 'PRIVATE', metadataLicense: 'MIT', dataLicense: 'MIT', revision: 0, epoch: 0, lockCount: 0, "
        "entries: $objects, objects: $objects, bytes: $objects, madeByPut: false, createdAt: 0, createdBy: '', "
        "updatedAt: 0, changedAt: 0} "
        "CREATE (d)-[:BELONGS_TO {home: true, passes: 4, name: id, since: 0, createdAt: 0, createdBy: ''}]->(p) "
        "CREATE (p)-[:HOLDS]->(:Entry:ContainerEntry {sort: p.id + id + $mark, since: 0})-[:NAMES]->(d)",
        parent=parent,
        ids=ids,
        n=containers,
        objects=objects,
        mark=MARK,
    )
    held = [(parent_id, world.new_id()) for parent_id in ids for _ in range(objects)]
    for start in range(0, len(held), BATCH):
        await world.do(
            "UNWIND $rows AS row MATCH (d:Resource {id: row.parent}) "
            "CREATE (o:Resource:Object) SET o = {id: row.id, kind: 'OBJECT', name: row.id, state: 'AVAILABLE', "
            "dataClass: 'PRIVATE', metadataLicense: 'MIT', dataLicense: 'MIT', revision: 0, lockCount: 0, "
            "contentLength: 1, createdAt: 0, createdBy: '', updatedAt: 0} CREATE (o)-[:BELONGS_TO "
            "{home: true, passes: 4, name: row.id, since: 0, createdAt: 0, createdBy: ''}]->(d) "
            "CREATE (:Entry {sort: row.parent + row.id, since: 0})-[:NAMES]->(o)",
            rows=[{"parent": parent_id, "id": one} for parent_id, one in held[start : start + BATCH]],
        )
    return ids


async def statements(world: World, call: Callable[[], Awaitable[str]]) -> tuple[str, int]:
    before = world.engine.statement_count
    answer = await call()
    return answer, world.engine.statement_count - before


@pytest.mark.parametrize(("containers", "objects"), [(300, 12)])
async def test_statements_follow_neither_the_objects_nor_the_containers(
    world: World, containers: int, objects: int
) -> None:
    ada = await world.user()
    root = await world.user("root", is_administrator=True)
    small, large = await world.project(ada, "small"), await world.project(ada, "large")
    await grow(world, small, containers=1, objects=1)
    await grow(world, large, containers=containers, objects=objects)

    made: list[str] = []
    for act in (world.snapshot, world.archive):
        _, few = await statements(world, lambda act=act: act(ada, small))
        answer, many = await statements(world, lambda act=act: act(ada, large))
        made.append(answer)
        assert few == many <= 12, act
    for act, user, one in ((world.delete_snapshot, ada, made[0]), (world.unarchive, root, large)):
        _, many = await statements(world, lambda act=act, user=user, one=one: act(user, one))
        assert many <= 9, act

    (row,) = await world.ask(
        "MATCH (f:Frozen {snapshotRoot: $id}) RETURN count(f) AS n, max(f.treeObjects) AS objects, "
        "min(f.frozenAt) AS least, max(f.frozenAt) AS most",
        id=made[0],
    )
    assert row == {"n": containers + 1, "objects": containers * objects, "least": 0, "most": 0}
    (row,) = await world.ask(
        "MATCH (d:Dataset) WHERE d.frozen IS NULL AND d.entries = $objects "
        "RETURN count(d) AS n, min(d.epoch) AS least, max(d.epoch) AS most",
        objects=objects,
    )
    assert row == {"n": containers, "least": 2, "most": 2}, "a snapshot and an archive, each in all of them"
