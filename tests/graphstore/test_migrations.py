from collections.abc import AsyncIterator
from typing import LiteralString

import pytest
from neo4j.exceptions import ConstraintError

from graphstore.errors import UnknownMigration
from graphstore.migrations import MIGRATIONS, migrate
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


TWICE: dict[str, LiteralString] = {
    "Resource": "UNWIND [1, 2] AS n CREATE (:Resource {id: 'twice'})",
    "Project": "UNWIND [1, 2] AS n CREATE (:Resource:Project {id: 'p' + n, bucket: 'twice'})",
    "Entry": "CREATE (:Entry {sort: 'twice'}) CREATE (:Entry:ContainerEntry {sort: 'twice'})",
    "Revision": "UNWIND [1, 2] AS n CREATE (:Revision {versionId: 'twice'})",
    "Content": "UNWIND [1, 2] AS n CREATE (:Content {id: 'twice'})",
    "Blob": "UNWIND [1, 2] AS n CREATE (:Blob {id: 'twice'})",
    "External": "UNWIND [1, 2] AS n CREATE (:External {key: 'twice'})",
    "User": "UNWIND [1, 2] AS n CREATE (:User {id: 'twice'})",
    "Token": "UNWIND [1, 2] AS n CREATE (:Token {id: 'twice'})",
    "S3Credential": "UNWIND [1, 2] AS n CREATE (:S3Credential {accessKeyId: 'twice'})",
    "Upload": "UNWIND [1, 2] AS n CREATE (:Upload {id: 'twice'})",
    "Event": "UNWIND [1, 2] AS n CREATE (:Event {id: 'twice'})",
}


@pytest.mark.parametrize("label", TWICE)
async def test_what_identifies_a_node_is_unique(world: World, label: str) -> None:
    """Tried, not looked up: the engines list their constraints differently."""
    before = await world.ask("MATCH (n) RETURN count(n) AS n")

    with pytest.raises(ConstraintError):
        await world.engine.write("twice", lambda tx: tx.run(Query("twice", TWICE[label], {}, nothing)))

    assert await world.ask("MATCH (n) RETURN count(n) AS n") == before
