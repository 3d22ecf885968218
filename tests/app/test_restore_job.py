"""The job behind `aruna restore`: what doesn't fit is refused before the graph gets anything."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.backup import BackupUnusable, backup, restore
from app.maintenance import Installation, Report
from domain.contents import single_content
from domain.errors import FailedPrecondition
from graphstore.dumping import count_graph
from graphstore.migrations import migrate
from identity.keyring import new_keyring
from tests.conftest import GraphServer, wipe
from tests.proxy.bodies import NOW, cut, source_of, storage_in
from tests.world import World, open_world


@pytest.fixture
async def world(graph_server: GraphServer) -> AsyncIterator[World]:
    wipe(graph_server)
    async with open_world(graph_server) as opened:
        await migrate(opened.engine)
        yield opened
    wipe(graph_server)


async def quiet(report: Report) -> None:
    del report


async def test_what_does_not_fit_is_refused_before_the_graph_gets_anything(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    ada = await world.user()
    await world.project(ada, "saved")
    options = {"folder": str(tmp_path / "backup")}
    with storage_in(tmp_path / "one") as source, storage_in(tmp_path / "other") as target:
        blob = (await source.streams.ingest(source_of(cut(b"bytes", 5)))).blob
        await world.publisher.publish(world.publication(ada, "saved", "k", single_content(world.new_id(), blob, {})))
        opened = Installation(
            store=world.store,
            keyring=source.keyring,
            data_dir=tmp_path,
            keyring_file=tmp_path / "keyring.json",
            blobs=source.blobs,
            streams=source.streams,
            clock=world.tick,
            random_bytes=os.urandom,
            is_serving=False,
        )
        stranger = replace(opened, keyring=new_keyring(NOW, os.urandom))
        assert await backup(stranger, {"folder": str(tmp_path / "without its key")}, quiet) == 1
        assert await backup(opened, options, quiet) == 0
        wipe(graph_server)
        empty = replace(opened, blobs=target.blobs)
        stored = tmp_path / "backup" / "blobs" / blob.id[:2] / blob.id

        with pytest.raises(FailedPrecondition, match="isn't the backup's keyring"):
            await restore(replace(empty, keyring=new_keyring(NOW, os.urandom)), options, quiet)
        assert target.files() == []
        stored.rename(tmp_path / "aside")
        with pytest.raises(BackupUnusable, match="0 of 1 blobs"):
            await restore(empty, options, quiet)
        assert (await count_graph(world.engine)).nodes == 0

        (tmp_path / "aside").rename(stored)
        assert await restore(replace(empty, keyring=source.keyring.rotated(NOW)), options, quiet) == 0
        assert target.files() == [blob.id]
        assert (await count_graph(world.engine)).nodes > 0
