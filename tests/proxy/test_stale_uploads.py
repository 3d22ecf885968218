"""Who ends the uploads that a backend keeps and nobody will finish: each round of the sweeper, and `aruna gc`."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.collecting import Collector
from proxy.disk import Disk
from proxy.sweeper import Sweeper
from proxy.threads import Threads
from tests.graph_server import GraphServer
from tests.world import World, open_world


class KeepingBlobs(DirectoryBlobs):
    """A backend that keeps uploads, and when it was told to end those before."""

    def __init__(self, root: Path) -> None:
        open_directory_blobs(root).close()
        super().__init__(root, Threads("blobs", 2), Disk(), shares_syncs=False)
        self.told: list[datetime] = []

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


async def test_collecting_ends_those_of_the_age_that_is_asked_for(world: World, tmp_path: Path) -> None:
    blobs, now = KeepingBlobs(tmp_path), world.now

    await Collector(world.store, blobs, lambda: now).collect(timedelta(), timedelta(hours=2))

    assert blobs.told == [now - timedelta(hours=2)]


async def test_a_backend_that_keeps_none_is_asked_nothing(world: World, tmp_path: Path) -> None:
    blobs = open_directory_blobs(tmp_path)

    assert await Collector(world.store, blobs, lambda: world.now).abort_stale_uploads(timedelta()) == 0
