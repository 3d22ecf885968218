"""Bytes that nobody needs go, in three steps that may be cut off; all others stay."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.contents import BlobFacts, PartFacts, single_content
from domain.errors import Unavailable
from domain.publishing import Published
from graphstore.cypher import sweeping
from graphstore.errors import BytesRemoved
from proxy import collecting
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.collecting import Collected, Collector
from proxy.spares import Spares
from tests.graph_dump import check_invariants
from tests.graph_server import GraphServer
from tests.world import World, open_world, outcomes

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
    return Collector(world.store, blobs, world.tick, settle_s=0)


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


class Stalled:
    """Uploads whose bytes are stored, old by the backend's word, and not published yet."""

    def __init__(self, world: World, blobs: DirectoryBlobs, folder: Path) -> None:
        self.world, self.blobs, self.folder = world, blobs, folder

    async def project(self, bucket: str) -> str:
        """A project with one Object, so that the place is known as the graph's; answers who owns it."""
        user = await self.world.user()
        await self.world.project(user, bucket)
        await self.publish(user, bucket, "known", await self.stored())
        return user

    async def stored(self) -> BlobFacts:
        blob = self.world.blob()
        await self.blobs.write(blob.id, b"sealed")
        age(self.folder, blob.id, self.world, timedelta(days=9))
        return blob

    async def publish(self, user: str, bucket: str, key: str, blob: BlobFacts) -> Published:
        content = single_content(self.world.new_id(), blob, {})
        return await self.world.publisher.publish(self.world.publication(user, bucket, key, content))


@pytest.fixture
def stalled(world: World, blobs: DirectoryBlobs, tmp_path: Path) -> Stalled:
    return Stalled(world, blobs, tmp_path)


@pytest.mark.parametrize("way", ["body", "part"])
async def test_an_upload_that_stalls_before_its_publication_is_told_to_come_again_and_loses_nothing(
    world: World, blobs: DirectoryBlobs, stalled: Stalled, way: str
) -> None:
    """Whatever age the backend tells, whichever process collects: what is shown has its bytes."""
    user = await stalled.project(f"stalls-{way}")
    upload = await world.begin_key(user, f"stalls-{way}", "part")
    late = await stalled.stored()

    done = await collector(world, blobs).remove_strays(NONE)
    again, other = [await stalled.stored() for _ in range(2)]
    if way == "body":
        outcome, beside = await outcomes(
            stalled.publish(user, "stalls-body", "late", late), stalled.publish(user, "stalls-body", "beside", other)
        )
        assert isinstance(beside, Published), "of its group it alone is refused"
        await stalled.publish(user, "stalls-body", "late", again)
    else:
        (outcome,) = await outcomes(world.part(user, upload, PartFacts(1, late)))
        await world.part(user, upload, PartFacts(1, again))

    assert done == Collected(strays=1, stray_bytes=6)
    assert isinstance(outcome, BytesRemoved)
    await check_invariants(world)
    needed = await world.ask("MATCH (b:Blob)<-[:PART|UPLOADED]-() RETURN DISTINCT b.id AS id")
    assert await stored(blobs) >= {row["id"] for row in needed if row["id"] in {again.id, other.id}}
    assert late.id not in {row["id"] for row in needed}


async def test_what_is_published_seconds_after_it_was_seen_stays(
    world: World, blobs: DirectoryBlobs, stalled: Stalled, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await stalled.project("settles")
    late, left = await stalled.stored(), await stalled.stored()

    async def publish_meanwhile(delay_s: float) -> None:
        assert delay_s == collecting.SETTLE_S
        await stalled.publish(user, "settles", "late", late)

    with monkeypatch.context() as patched:
        patched.setattr(collecting.asyncio, "sleep", publish_meanwhile)
        done = await Collector(world.store, blobs, world.tick).remove_strays(NONE)

    assert done == Collected(strays=1, stray_bytes=6)
    assert late.id in await stored(blobs)
    assert left.id not in await stored(blobs)


async def test_the_node_of_claimed_bytes_goes_after_a_day_and_bytes_that_came_late_with_it(
    world: World, blobs: DirectoryBlobs, stalled: Stalled
) -> None:
    await stalled.project("claims-end")
    left = await stalled.stored()
    await collector(world, blobs).remove_strays(NONE)
    await blobs.write(left.id, b"sealed")  # as by a request to a store that was given up

    now = world.now
    early = await Collector(world.store, blobs, lambda: now + timedelta(hours=23), 0).remove_orphans(NONE)
    late = await Collector(world.store, blobs, lambda: now + timedelta(hours=25), 0).remove_orphans(NONE)

    assert left.id not in early.removed
    assert left.id in late.removed
    assert left.id not in await stored(blobs)
    assert await world.store.read(sweeping.known_blobs([left.id])) == frozenset()


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
