"""A graph of version 2 comes up to date: what it stored twice is one blob afterwards."""

from dataclasses import replace

import pytest

from domain.contents import PartFacts, single_content
from graphstore import migrations_blobs
from graphstore.cypher import sweeping
from graphstore.migrations import migrate
from tests.graph_dump import check_invariants
from tests.world import World


async def test_blobs_that_were_stored_twice_become_one(world: World) -> None:
    """Contents, parts of uploads and revisions refer to the first then; the others are swept."""
    ada = await world.user()
    await world.project(ada, "stored-twice")
    blob = world.blob()
    for name, number in (("a", 0), ("b", 1), ("b", 2)):
        copy = replace(blob, id=f"{number:02x}" + blob.id[2:])
        await world.publisher.publish(
            world.publication(ada, "stored-twice", name, single_content(world.new_id(), copy, {}))
        )
        await world.do("MATCH (b:Blob) SET b.sameness = null")
    upload = await world.begin_key(ada, "stored-twice", "c")
    await world.part(ada, upload, PartFacts(1, replace(blob, id="ff" + blob.id[2:])))
    await world.put(ada, "stored-twice", "other")
    erased = await world.put(ada, "stored-twice", "erased")
    await world.erase(ada, erased.object_id)
    await world.do("MATCH (b:Blob) SET b.sameness = null")
    await world.do("MATCH (v:GraphVersion {key: 'graph'}) SET v.version = 2")

    await migrate(world.engine)
    await world.do("MATCH (v:GraphVersion {key: 'graph'}) SET v.version = 2")
    await migrate(world.engine)

    rows = await world.ask(
        "MATCH ()-[:PART|UPLOADED]->(b:Blob {sha256: $sha256}) RETURN b.id AS id", sha256=blob.sha256
    )
    assert [row["id"] for row in rows] == ["00" + blob.id[2:]] * 4
    spare = await world.store.read(sweeping.orphaned_blobs(world.now_ms, 10))
    assert {blob_id[:2] for blob_id in spare if blob_id.endswith(blob.id[2:])} == {"01", "02", "ff"}
    await check_invariants(world)


async def test_all_contents_in_parts_wait_to_be_hashed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations_blobs, "_PAGE", 2)
    ada = await world.user()
    await world.project(ada, "waiting")
    contents: set[str] = set()
    for key in "abcde":
        upload = await world.begin_key(ada, "waiting", key)
        part = PartFacts(1, world.blob())
        await world.part(ada, upload, part)
        content = world.content_of_parts([part])
        contents.add(content.id)
        await world.publisher.publish(world.publication(ada, "waiting", key, content, upload_id=upload))
        await world.put(ada, "waiting", f"{key}-in-one-piece")
    await world.do("MATCH (u:Unhashed) DETACH DELETE u")
    await world.do("MATCH (v:GraphVersion {key: 'graph'}) SET v.version = 2")

    await migrate(world.engine)
    await world.do("MATCH (v:GraphVersion {key: 'graph'}) SET v.version = 2")
    await migrate(world.engine)

    rows = await world.ask("MATCH (u:Unhashed) RETURN u.id AS id")
    assert sorted(row["id"] for row in rows) == sorted(contents)
    await check_invariants(world)
