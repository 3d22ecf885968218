"""The job behind `aruna gc`, on an open installation: what it removes and what it says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.maintenance import Report, collect
from domain.contents import PartFacts
from tests.graph_server import GraphServer
from tests.installations import installation_on
from tests.proxy.bodies import storage_in
from tests.world import World, open_world


@pytest.fixture(scope="module")
async def world(empty_graph: GraphServer) -> AsyncIterator[World]:
    async with open_world(empty_graph) as opened:
        yield opened


async def test_it_removes_what_an_aborted_upload_left_and_tells_how_much(world: World, tmp_path: Path) -> None:
    ada = await world.user()
    await world.project(ada, "job-of-gc")
    upload = await world.begin_key(ada, "job-of-gc", "a")
    blob = world.blob()
    said: list[Report] = []

    async def emit(report: Report) -> None:
        said.append(report)

    with storage_in(tmp_path) as storage:
        await storage.blobs.write(blob.id, b"sealed")
        await world.part(ada, upload, PartFacts(1, blob))
        await world.fail(ada, upload)
        opened = installation_on(world, storage)

        early = await collect(opened, {"grace_s": 600, "stray_age_s": 86_400}, emit)
        now = await collect(opened, {"grace_s": 0, "stray_age_s": 86_400}, emit)

        assert (early, now) == (0, 0)
        assert storage.files() == []
    assert [report.data["blobs"] for report in said] == [0, 1]
    assert said[1].say == "removed 1 blobs, and 0 files of 0 bytes that no node names"
