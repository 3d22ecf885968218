"""Who ends the uploads that a backend keeps and nobody will finish: each round of the sweeper, and `aruna gc`."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from app.maintenance import Report, collect, verify
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.collecting import Collected, Collector
from proxy.disk import Disk
from proxy.sweeper import Sweeper
from proxy.threads import Threads
from tests.graph_server import GraphServer
from tests.installations import installation_on
from tests.proxy.bodies import storage_in
from tests.world import World, open_world


class KeepingBlobs(DirectoryBlobs):
    """A backend that keeps uploads, and when it was told to end those before."""

    def __init__(self, root: Path) -> None:
        open_directory_blobs(root).close()
        super().__init__(root, Threads("blobs", 2), Disk(), shares_syncs=False)
        self.told: list[datetime] = []
        self.asked: list[datetime] = []

    async def stale_uploads(self, before: datetime) -> int:
        self.asked.append(before)
        return 1

    async def abort_stale_uploads(self, before: datetime) -> int:
        self.told.append(before)
        return 1


@pytest.fixture(scope="module")
async def world(empty_graph: GraphServer) -> AsyncIterator[World]:
    async with open_world(empty_graph) as opened:
        yield opened


async def test_each_round_of_the_sweeper_ends_those_that_are_a_day_old(world: World, tmp_path: Path) -> None:
    blobs, now = KeepingBlobs(tmp_path), world.now
    sweeper = Sweeper(world.store, blobs, lambda: now, world.endless_ids(), timedelta(days=7))

    await sweeper.sweep_once()
    await sweeper.sweep_once()

    assert blobs.told == [now - timedelta(days=1)] * 2


async def test_collecting_ends_those_of_the_age_that_is_asked_for_a_day_at_least_and_counts_them(
    world: World, tmp_path: Path
) -> None:
    """Another server may be sending to a younger one."""
    blobs, now = KeepingBlobs(tmp_path), world.now
    collector = Collector(world.store, blobs, lambda: now)

    done = [await collector.collect(timedelta(), age) for age in (timedelta(days=3), timedelta(hours=2), timedelta())]

    assert blobs.told == [now - timedelta(days=days) for days in (3, 1, 1)]
    assert done == [Collected(uploads=1)] * 3


async def test_a_backend_that_keeps_none_is_asked_nothing(world: World, tmp_path: Path) -> None:
    blobs = open_directory_blobs(tmp_path)

    assert await Collector(world.store, blobs, lambda: world.now).abort_stale_uploads(timedelta()) == 0


async def test_verify_counts_what_collecting_would_end_whatever_its_own_grace(world: World, tmp_path: Path) -> None:
    """One that is younger is under way, as a rule: `aruna gc` wouldn't abort it."""
    blobs, now = KeepingBlobs(tmp_path / "blobs"), world.now

    with storage_in(tmp_path / "streams") as storage:
        opened = replace(installation_on(world, storage, tmp_path), blobs=blobs, clock=lambda: now)
        for grace_s in (0, 7 * 86_400):
            await verify(opened, {"quick": True, "grace_s": grace_s}, quiet)

    assert blobs.asked == [now - timedelta(days=1)] * 2


async def quiet(report: Report) -> None:
    del report


async def test_the_jobs_tell_how_many_there_are_and_how_many_were_aborted(world: World, tmp_path: Path) -> None:
    said: list[Report] = []

    async def emit(report: Report) -> None:
        said.append(report)

    with storage_in(tmp_path / "streams") as storage:
        opened = replace(installation_on(world, storage, tmp_path), blobs=KeepingBlobs(tmp_path / "blobs"))
        codes = [
            await verify(opened, {"quick": True, "grace_s": 86_400}, emit),
            await collect(opened, {"grace_s": 600, "stray_age_s": 86_400}, emit),
        ]

    assert codes == [0, 0]
    assert [report.data["uploads"] for report in said] == [1, 1]
    assert said[0].say.endswith("; the blob store holds 1 unfinished uploads, which `aruna gc` aborts")
    assert said[1].say.endswith("; aborted 1 uploads to the blob store")
