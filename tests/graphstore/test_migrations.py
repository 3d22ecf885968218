from collections.abc import AsyncIterator
from typing import LiteralString

import pytest

from domain.access import Level
from graphstore import migrations_events
from graphstore.errors import UnknownMigration, WritersCrossed
from graphstore.migrations import MIGRATIONS, migrate
from graphstore.sequencing import Sequencer
from graphstore.statements import Query, nothing
from tests.world import World


@pytest.fixture
async def restored(world: World) -> AsyncIterator[World]:
    """A world whose graph is put back to the version that others expect."""
    yield world
    await set_version(world, len(MIGRATIONS))


async def set_version(world: World, version: int) -> None:
    await world.do("MATCH (v:GraphVersion {key: 'graph'}) SET v.version = $version", version=version)


async def versions(world: World) -> list[int]:
    return [row["version"] for row in await world.ask("MATCH (v:GraphVersion) RETURN v.version AS version")]


async def test_a_graph_is_at_the_newest_version_and_migrating_again_changes_nothing(world: World) -> None:
    assert await versions(world) == [len(MIGRATIONS)]
    before = world.engine.statement_count

    assert await migrate(world.engine) == len(MIGRATIONS)

    assert world.engine.statement_count == before + 1, "one look at the version"
    assert await versions(world) == [len(MIGRATIONS)]


async def test_every_step_can_be_applied_again(restored: World) -> None:
    """A start that ended in the middle of a step begins the step anew."""
    await set_version(restored, 0)

    assert await migrate(restored.engine) == len(MIGRATIONS)

    assert await versions(restored) == [len(MIGRATIONS)]


async def test_a_graph_of_a_newer_program_is_refused_and_left_alone(restored: World) -> None:
    await set_version(restored, len(MIGRATIONS) + 1)

    with pytest.raises(UnknownMigration, match="start a newer program"):
        await migrate(restored.engine)

    assert await versions(restored) == [len(MIGRATIONS) + 1]


async def test_names_that_a_snapshot_might_hide_are_marked_in_an_older_graph(restored: World) -> None:
    ada = await restored.user()
    await restored.project(ada, "older")
    for key in ["c@1.0.0/x", "c@latest/\U0001f9ec", "@2.0.0/x", "c/d@1.0.0+b/x", "c/d/e@1.0.0/x", "a@b", "plain"]:
        await restored.put(ada, "older", key)
    marks = await restored.ask(
        "MATCH (e:Entry)-[:NAMES]->(r:Object) RETURN r.name AS name, e.versioned AS versioned ORDER BY name"
    )
    await restored.do("MATCH (e:Entry) SET e.versioned = null")
    await set_version(restored, 1)

    await migrate(restored.engine)

    assert len([row for row in marks if row["versioned"] is not None]) == 4
    assert marks == await restored.ask(
        "MATCH (e:Entry)-[:NAMES]->(r:Object) RETURN r.name AS name, e.versioned AS versioned ORDER BY name"
    )


async def test_events_of_an_older_graph_wait_for_numbers_too(restored: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations_events, "_BATCH", 3)
    ada = await restored.user()
    project = await restored.project(ada, "unnumbered")
    for number in range(7):
        await restored.put(ada, "unnumbered", f"o{number}")
    numbering = Sequencer(restored.engine, "test", lambda: restored.now)
    while await numbering.number_once():
        pass
    await restored.grant(ada, project, await restored.user("bob"), Level.READ)
    waiting = "MATCH (p:PendingEvent) RETURN properties(p) AS event ORDER BY p.id"
    before = await restored.ask(waiting)
    await restored.do("MATCH (e:Event {resourceId: $id}) SET e.number = null", id=project)
    await set_version(restored, 1)

    await migrate(restored.engine)
    await migrate(restored.engine)

    assert len(before) == 1
    assert await restored.ask(waiting) == await restored.ask(
        "MATCH (e:Event {resourceId: $id}) "
        "RETURN {id: e.id, resourceId: e.resourceId, lockCount: e.lockCount} AS event ORDER BY e.id",
        id=project,
    )
    assert len(await restored.ask(waiting)) == 3


TWICE: dict[str, LiteralString] = {
    "Resource": "UNWIND [1, 2] AS n CREATE (:Resource {id: 'twice'})",
    "Project": "UNWIND [1, 2] AS n CREATE (:Resource:Project {id: 'p' + n, bucket: 'twice'})",
    "Entry": "CREATE (:Entry {sort: 'twice'}) CREATE (:Entry:ContainerEntry {sort: 'twice'})",
    "Revision": "UNWIND [1, 2] AS n CREATE (:Revision {versionId: 'twice'})",
    "Content": "UNWIND [1, 2] AS n CREATE (:Content {id: 'twice'})",
    "Blob": "UNWIND [1, 2] AS n CREATE (:Blob {id: 'twice'})",
    "sameness of Blob": "UNWIND ['a', 'b'] AS n CREATE (:Blob {id: n, sameness: 'twice'})",
    "External": "UNWIND [1, 2] AS n CREATE (:External {key: 'twice'})",
    "User": "UNWIND [1, 2] AS n CREATE (:User {id: 'twice'})",
    "Token": "UNWIND [1, 2] AS n CREATE (:Token {id: 'twice'})",
    "S3Credential": "UNWIND [1, 2] AS n CREATE (:S3Credential {accessKeyId: 'twice'})",
    "Upload": "UNWIND [1, 2] AS n CREATE (:Upload {id: 'twice'})",
    "Event": "UNWIND [1, 2] AS n CREATE (:Event {id: 'twice'})",
    "number of Event": "UNWIND ['a', 'b'] AS n CREATE (:Event {id: n, number: 1000000})",
    "PendingEvent": "UNWIND [1, 2] AS n CREATE (:PendingEvent {id: 'twice'})",
    "Sequence": "UNWIND [1, 2] AS n CREATE (:Sequence {key: 'twice'})",
}


@pytest.mark.parametrize("label", TWICE)
async def test_what_identifies_a_node_is_unique(world: World, label: str) -> None:
    """Tried, not looked up: the engines list their constraints differently."""
    before = await world.ask("MATCH (n) RETURN count(n) AS n")

    with pytest.raises(WritersCrossed):
        await world.engine.write("twice", lambda tx: tx.run(Query("twice", TWICE[label], {}, nothing)))

    assert await world.ask("MATCH (n) RETURN count(n) AS n") == before
