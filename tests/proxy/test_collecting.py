"""Bytes that nobody needs go, in three steps that may be cut off; all others stay."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.contents import PartFacts, single_content
from domain.errors import BadInput, Unavailable
from graphstore.cypher import sweeping
from proxy import collecting
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.collecting import Collected, Collector
from proxy.spares import Spares
from tests.graph_dump import check_invariants
from tests.graph_server import GraphServer
from tests.world import World, open_world

NONE = timedelta(0)


@pytest.fixture(scope="module")
async def world(empty_graph: GraphServer) -> AsyncIterator[World]:
    async with open_world(empty_graph) as opened:
        yield opened


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    return open_directory_blobs(tmp_path)


async def stored(blobs: DirectoryBlobs) -> set[str]:
    return {found.blob_id async for found in blobs.stored()}


def collector(world: World, blobs: DirectoryBlobs) -> Collector:
    """Its clock is the graph's, save for files, whose age the disk tells."""
    return Collector(world.store, blobs, world.tick)


async def orphan(world: World, blobs: DirectoryBlobs, bucket: str, count: int = 1) -> list[str]:
    """Blobs of an aborted upload."""
    user = await world.user()
    await world.project(user, bucket)
    upload = await world.begin_key(user, bucket, "a")
    made = [world.blob() for _ in range(count)]
    for number, blob in enumerate(made, 1):
        await blobs.write(blob.id, b"sealed")
        await world.part(user, upload, PartFacts(number, blob))
    await world.fail(user, upload)
    return [blob.id for blob in made]


def age(folder: Path, blob_id: str, world: World, by: timedelta) -> None:
    seconds = (world.now - by).timestamp()
    os.utime(folder / blob_id[:2] / blob_id, (seconds, seconds))


async def test_what_nothing_refers_to_goes_after_its_grace_and_with_none_at_once(
    world: World, blobs: DirectoryBlobs
) -> None:
    gone = await orphan(world, blobs, "collected", 3)

    early = await collector(world, blobs).collect(timedelta(minutes=1))
    now = await collector(world, blobs).collect(NONE)

    assert (early, now) == (Collected(), Collected(blobs=3))
    assert await stored(blobs) == set()
    assert await world.store.read(sweeping.known_blobs(gone)) == frozenset()
    await check_invariants(world)


async def test_more_than_a_batch_goes_around_what_cannot_be_removed(
    world: World, blobs: DirectoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "BATCH", 2)
    gone = await orphan(world, blobs, "stuck", 7)
    stuck, delete = set(gone[:3]), blobs.delete

    async def delete_some(blob_id: str) -> None:
        if blob_id in stuck:
            raise Unavailable("the disk doesn't let it go")
        await delete(blob_id)

    with monkeypatch.context() as patched:
        patched.setattr(blobs, "delete", delete_some)
        first = await collector(world, blobs).collect(NONE)
    left = await stored(blobs)
    second = await collector(world, blobs).collect(NONE)

    assert (first, second) == (Collected(blobs=4), Collected(blobs=3))
    assert (left, await stored(blobs)) == (stuck, set())
    await check_invariants(world)


@pytest.mark.parametrize("step", ["claimed", "removed"])
async def test_a_round_that_was_cut_off_is_finished_by_the_next(world: World, blobs: DirectoryBlobs, step: str) -> None:
    (gone,) = await orphan(world, blobs, f"cut-{step}")
    await world.engine.write("claim", lambda tx: tx.run(sweeping.claim_blobs([gone], world.now_ms)))
    if step == "removed":
        await blobs.delete(gone)
    await check_invariants(world)

    done = await collector(world, blobs).collect(NONE)

    assert done == Collected(blobs=1)
    assert (await stored(blobs), await world.store.read(sweeping.known_blobs([gone]))) == (set(), frozenset())


async def test_what_is_referred_to_again_cannot_be_claimed(world: World, blobs: DirectoryBlobs) -> None:
    """Found as an orphan, and needed again before it is claimed."""
    user = await world.user()
    await world.project(user, "again")
    upload = await world.begin_key(user, "again", "a")
    blob = world.blob()
    await world.part(user, upload, PartFacts(1, blob))
    await world.fail(user, upload)
    found = await world.store.read(sweeping.orphaned_blobs(world.now_ms, 10))
    other = await world.begin_key(user, "again", "b")
    await world.part(user, other, PartFacts(1, blob))

    claimed = await world.engine.write("claim", lambda tx: tx.run(sweeping.claim_blobs(found, world.now_ms)))

    assert (found, claimed) == ([blob.id], [])
    await check_invariants(world)
    await world.fail(user, other)
    await collector(world, blobs).collect(NONE)


async def test_files_that_no_node_names_go_when_they_are_old(
    world: World, blobs: DirectoryBlobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "_LOOKED_UP_AT_ONCE", 2)
    user = await world.user()
    await world.project(user, "strays")
    known, young = world.blob(), world.blob()
    await world.publisher.publish(world.publication(user, "strays", "a", single_content(world.new_id(), known, {})))
    old = [world.blob().id for _ in range(5)]
    for blob_id in (known.id, young.id, *old):
        await blobs.write(blob_id, b"sealed")
        age(tmp_path, blob_id, world, timedelta(hours=1 if blob_id == young.id else 3))

    done = await collector(world, blobs).collect(NONE, timedelta(hours=2))

    assert done == Collected(strays=5, stray_bytes=30)
    assert await stored(blobs) == {known.id, young.id}


async def test_files_of_uploads_under_way_are_not_asked_for(world: World, blobs: DirectoryBlobs) -> None:
    with pytest.raises(BadInput, match="under way"):
        await collector(world, blobs).collect(NONE, timedelta(minutes=59))


async def test_spare_blobs_go_and_one_that_cannot_holds_up_no_others(
    blobs: DirectoryBlobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [f"{number:032x}" for number in range(20)]
    for blob_id in ids:
        await blobs.write(blob_id, b"sealed")
    delete = blobs.delete

    async def delete_some(blob_id: str) -> None:
        if blob_id == ids[0]:
            raise Unavailable("the disk doesn't let it go")
        await delete(blob_id)

    monkeypatch.setattr(blobs, "delete", delete_some)
    spares = Spares(blobs)
    for blob_id in ids:
        spares.let_go(blob_id)
    await spares.close()

    assert await stored(blobs) == {ids[0]}


async def test_files_of_another_graph_are_left_alone(
    world: World, blobs: DirectoryBlobs, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As where an old folder meets a new graph."""
    foreign = [world.blob().id for _ in range(3)]
    for blob_id in foreign:
        await blobs.write(blob_id, b"sealed")
        age(tmp_path, blob_id, world, timedelta(days=3))

    done = await collector(world, blobs).collect(NONE, timedelta(hours=2))

    assert done == Collected()
    assert await stored(blobs) == set(foreign)
    assert "belong together" in caplog.text
