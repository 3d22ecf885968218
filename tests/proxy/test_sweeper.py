"""The sweeper over a real graph and a real folder: stale uploads end, their Objects say why, their bytes go."""

import itertools
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.contents import PartFacts
from domain.errors import Unavailable
from domain.resources import ObjectFacts, State
from graphstore.cypher.sweeping import orphaned_blobs
from proxy import collecting
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.sweeper import Sweeper, Swept
from tests.graph_server import GraphServer
from tests.world import World, open_world

AGE = timedelta(days=7)


@pytest.fixture(scope="module")
async def world(empty_graph: GraphServer) -> AsyncIterator[World]:
    async with open_world(empty_graph) as opened:
        yield opened


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    return open_directory_blobs(tmp_path)


def sweeper_at(world: World, blobs: DirectoryBlobs, later: timedelta) -> Sweeper:
    ids = (world.new_id() for _ in itertools.count())
    return Sweeper(world.store, blobs, lambda: world.now + later, ids, AGE)


async def test_an_upload_that_nobody_finished_ends_and_its_object_says_why(world: World, blobs: DirectoryBlobs) -> None:
    user = await world.user()
    project = await world.project(user, "sweeping-objects")
    begun = await world.begin_object(user, project, "late")

    early = await sweeper_at(world, blobs, AGE - timedelta(minutes=1)).sweep_once()
    late = await sweeper_at(world, blobs, AGE + timedelta(minutes=1)).sweep_once()

    assert (early.failed_uploads, late.failed_uploads) == (0, 1)
    facts = (await world.facts_of(user, begun.object_id))[begun.object_id]
    assert isinstance(facts, ObjectFacts)
    assert facts.state is State.ERROR
    (row,) = await world.ask("MATCH (o:Object {id: $id}) RETURN o.stateReason AS reason", id=begun.object_id)
    assert row["reason"] == "not finished within 7 days"


async def test_the_parts_of_a_stale_upload_are_removed_after_a_grace_time(world: World, blobs: DirectoryBlobs) -> None:
    user = await world.user()
    await world.project(user, "sweeping-parts")
    upload = await world.begin_key(user, "sweeping-parts", "a/b")
    blob = world.blob()
    await blobs.write(blob.id, b"sealed")
    await world.part(user, upload, PartFacts(1, blob))

    at_once = await sweeper_at(world, blobs, AGE + timedelta(minutes=1)).sweep_once()
    assert [stored.blob_id async for stored in blobs.stored()] == [blob.id], "a reader may still be at it"
    later = await sweeper_at(world, blobs, AGE + timedelta(minutes=30)).sweep_once()

    assert (at_once, later) == (Swept(1, 0), Swept(0, 1))
    assert [stored.blob_id async for stored in blobs.stored()] == []
    assert await world.ask("MATCH (b:Blob {id: $id}) RETURN b.id AS id", id=blob.id) == []


async def test_a_blob_that_cannot_be_removed_holds_up_no_others(
    world: World, blobs: DirectoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await world.user()
    await world.project(user, "sweeping-on")
    upload = await world.begin_key(user, "sweeping-on", "a")
    stuck, free = world.blob(), world.blob()
    for number, blob in enumerate((stuck, free), 1):
        await blobs.write(blob.id, b"sealed")
        await world.part(user, upload, PartFacts(number, blob))
    await world.fail(user, upload)
    delete = blobs.delete

    async def delete_some(blob_id: str) -> None:
        if blob_id == stuck.id:
            raise Unavailable("the disk doesn't let it go")
        await delete(blob_id)

    with monkeypatch.context() as patched:
        patched.setattr(blobs, "delete", delete_some)
        first = await sweeper_at(world, blobs, timedelta(minutes=30)).sweep_once()
    second = await sweeper_at(world, blobs, timedelta(minutes=30)).sweep_once()

    assert (first, second) == (Swept(0, 1), Swept(0, 1))
    assert [stored.blob_id async for stored in blobs.stored()] == []


async def test_a_hundred_blobs_that_cannot_be_removed_hold_up_no_others_and_are_tried_again(
    world: World, blobs: DirectoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "BATCH", 2)
    user = await world.user()
    await world.project(user, "sweeping-around")
    upload = await world.begin_key(user, "sweeping-around", "a")
    made = [world.blob() for _ in range(7)]
    for number, blob in enumerate(made, 1):
        await blobs.write(blob.id, b"sealed")
        await world.part(user, upload, PartFacts(number, blob))
    await world.fail(user, upload)
    # As the graph gives them: the first ones are the stuck ones.
    later = world.now_ms + 30 * 60_000
    stuck = set((await world.store.read(orphaned_blobs(later, 7)))[:4])
    sweeper, delete, tried = sweeper_at(world, blobs, timedelta(minutes=30)), blobs.delete, list[str]()

    async def delete_some(blob_id: str) -> None:
        tried.append(blob_id)
        if blob_id in stuck:
            raise Unavailable("the disk doesn't let it go")
        await delete(blob_id)

    with monkeypatch.context() as patched:
        patched.setattr(blobs, "delete", delete_some)
        removed = [(await sweeper.sweep_once()).removed_blobs for _ in range(5)]
    assert {stored.blob_id async for stored in blobs.stored()} == stuck
    assert sum(removed) == 3
    assert min(tried.count(blob_id) for blob_id in stuck) >= 1
    assert max(tried.count(blob_id) for blob_id in stuck) >= 2, "in a later round they are tried again"
    for _ in range(4):
        await sweeper.sweep_once()
    assert [stored.blob_id async for stored in blobs.stored()] == []
