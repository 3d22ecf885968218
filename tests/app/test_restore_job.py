"""The job behind `aruna restore`: a refusal leaves nothing, and what was cut off is marked as a part."""

import hashlib
import json
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app import restoring
from app.backup import KEYRING, MANIFEST, NODES, backup
from app.maintenance import DROP_AFTER, Installation, Report, drop_old_keys, rotate
from app.restoring import BackupUnusable, restore
from domain.contents import single_content
from domain.errors import FailedPrecondition, Unavailable
from graphstore.bolt import Engine
from graphstore.cypher.installation import marks
from graphstore.dumping import DumpedEdge, count_graph
from graphstore.installing import claim
from graphstore.migrations import migrate
from graphstore.store import GraphStore
from identity.keyring import Keyring, load_keyring, new_keyring, save_keyring
from identity.keyring_file import FileKeyring
from identity.rewrapping import keys_lacking
from tests.conftest import GraphServer, wipe
from tests.graph_dump import dump
from tests.installations import installation_on
from tests.proxy.bodies import NOW, Storage, cut, source_of, storage_in
from tests.world import World, open_world


@dataclass(frozen=True)
class Saved:
    """A backup with one Object, and an empty installation on another folder; `stored` is the blob in the backup."""

    world: World
    source: Storage
    target: Storage
    folder: Path
    blob_id: str
    empty: Installation

    @property
    def stored(self) -> Path:
        return self.folder / "blobs" / self.blob_id[:2] / self.blob_id

    @property
    def options(self) -> dict[str, str]:
        return {"folder": str(self.folder)}


@pytest.fixture
async def world(graph_server: GraphServer) -> AsyncIterator[World]:
    wipe(graph_server)
    async with open_world(graph_server) as opened:
        await migrate(opened.engine)
        yield opened
    wipe(graph_server)


@pytest.fixture
def storages(tmp_path: Path) -> Iterator[tuple[Storage, Storage]]:
    with storage_in(tmp_path / "one") as source, storage_in(tmp_path / "other") as target:
        yield source, target


@pytest.fixture
async def saved(world: World, graph_server: GraphServer, storages: tuple[Storage, Storage], tmp_path: Path) -> Saved:
    source, target = storages
    ada = await world.user()
    await world.project(ada, "saved")
    blob = (await source.streams.ingest(source_of(cut(b"bytes", 5)))).blob
    await world.publisher.publish(world.publication(ada, "saved", "k", single_content(world.new_id(), blob, {})))
    await claim(world.engine, source.keyring.fingerprint)
    data_dir, folder = tmp_path / "data", tmp_path / "backup"
    data_dir.mkdir()
    opened = installation_on(world, source, data_dir, is_serving=False)
    stranger = replace(opened, keyring=new_keyring(NOW, os.urandom))
    assert await backup(stranger, {"folder": str(tmp_path / "without its key")}, quiet) == 1
    assert await backup(opened, {"folder": str(folder)}, quiet) == 0
    wipe(graph_server)
    await migrate(world.engine)
    return Saved(world, source, target, folder, blob.id, replace(opened, blobs=target.blobs))


async def quiet(report: Report) -> None:
    del report


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


async def assert_nothing_is_left(saved: Saved) -> None:
    assert saved.target.files() == []
    assert files_in(saved.empty.data_dir) == []
    assert (await count_graph(saved.world.engine)).nodes == 1
    assert not (await saved.world.store.read(marks())).is_restoring


async def test_what_does_not_fit_is_refused_and_nothing_is_left(saved: Saved, tmp_path: Path) -> None:
    with pytest.raises(FailedPrecondition, match="isn't the backup's keyring"):
        await restore(replace(saved.empty, keyring=new_keyring(NOW, os.urandom)), saved.options, quiet)
    await assert_nothing_is_left(saved)
    with pytest.raises(FailedPrecondition, match="stop it, and restore into a new one"):
        await restore(replace(saved.empty, is_serving=True), saved.options, quiet)
    await assert_nothing_is_left(saved)
    saved.stored.rename(tmp_path / "aside")
    with pytest.raises(BackupUnusable, match=f"0 of 1 blobs .*{saved.blob_id}"):
        await restore(saved.empty, saved.options, quiet)
    await assert_nothing_is_left(saved)

    (tmp_path / "aside").rename(saved.stored)
    assert await restore(replace(saved.empty, keyring=saved.source.keyring.rotated(NOW)), saved.options, quiet) == 0
    assert saved.target.files() == [saved.blob_id]
    assert files_in(saved.empty.data_dir) == [KEYRING]
    found = await saved.world.store.read(marks())
    assert (found.fingerprint, found.is_restoring) == (saved.source.keyring.fingerprint, False)


async def test_a_blob_of_another_length_than_was_written_is_named_and_the_rest_restored(saved: Saved) -> None:
    """One damaged blob, perhaps damaged before the backup, must not cost all others; nor may it go unsaid."""
    said: list[Report] = []

    async def keep(report: Report) -> None:
        said.append(report)

    written = saved.stored.stat().st_size
    saved.stored.write_bytes(saved.stored.read_bytes()[:-1])

    assert await restore(saved.empty, saved.options, keep) == 1

    (found,) = [report for report in said if report.data["kind"] == "wrong length"]
    assert found.data["blobId"] == saved.blob_id
    assert saved.blob_id in found.say
    assert f"{written - 1} bytes are in the backup, {written} were written" in found.say
    assert said[-1].data["kind"] == "summary"
    assert not (await saved.world.store.read(marks())).is_restoring


async def test_a_graph_that_holds_something_is_refused_and_left_as_it_is(saved: Saved) -> None:
    await saved.world.user()
    before = await dump(saved.world)

    with pytest.raises(FailedPrecondition, match="2 nodes already; restore into an empty installation"):
        await restore(saved.empty, saved.options, quiet)

    assert (await dump(saved.world)).comparable() == before.comparable()
    assert (saved.target.files(), files_in(saved.empty.data_dir)) == ([], [])


async def test_a_restore_that_was_cut_off_is_marked_from_before_its_first_byte_to_its_last_transaction(
    saved: Saved, graph_server: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut_off(engine: Engine, edges: list[DumpedEdge], keys: dict[str, str]) -> None:
        del engine, edges, keys
        raise Unavailable("the graph went away")

    marked_at_the_first_byte: list[bool] = []
    write = saved.target.blobs.write

    async def watched(blob_id: str, data: bytes) -> None:
        marked_at_the_first_byte.append((await saved.world.store.read(marks())).is_restoring)
        await write(blob_id, data)

    monkeypatch.setattr(saved.target.blobs, "write", watched)
    monkeypatch.setattr(restoring, "load_edges", cut_off)
    with pytest.raises(Unavailable, match="went away"):
        await restore(saved.empty, saved.options, quiet)
    monkeypatch.undo()

    assert marked_at_the_first_byte == [True]
    assert (await saved.world.store.read(marks())).is_restoring
    again = replace(saved.empty, data_dir=tmp_path / "new data")
    again.data_dir.mkdir()
    with pytest.raises(FailedPrecondition, match="was cut off, or is still under way"):
        await restore(again, saved.options, quiet)

    wipe(graph_server)
    await migrate(saved.world.engine)
    assert await restore(again, saved.options, quiet) == 0
    assert not (await saved.world.store.read(marks())).is_restoring


async def test_a_backup_of_a_keyring_without_mark_marks_what_it_is_restored_to(saved: Saved) -> None:
    """One that an older program wrote: neither its manifest nor its graph says whose it is.

    A first start that was cut off had marked the empty graph as its own.
    """
    restoring_with = saved.source.keyring.fingerprint
    await claim(saved.world.engine, new_keyring(NOW, os.urandom).fingerprint)
    without_marks(saved.folder)

    assert await restore(saved.empty, saved.options, quiet) == 0

    assert (await saved.world.store.read(marks())).fingerprint == restoring_with


async def test_a_graph_of_another_keyring_than_the_backup_has_stays_marked_as_a_part(saved: Saved) -> None:
    without_marks(saved.folder, keyring="0" * 32)

    with pytest.raises(BackupUnusable, match="of another keyring"):
        await restore(saved.empty, saved.options, quiet)

    assert (await saved.world.store.read(marks())).is_restoring


async def test_a_backup_that_cannot_be_written_and_lost_its_empty_folders_restores(saved: Saved) -> None:
    """As one on read-only media, which a program copied there that makes no empty folders."""
    remove_empty_folders(saved.folder)
    before = files_in(saved.folder)

    assert await restore(saved.empty, saved.options, quiet) == 0

    assert files_in(saved.folder) == before
    assert saved.target.files() == [saved.blob_id]


def remove_empty_folders(folder: Path) -> None:
    for each in (folder / "blobs").iterdir():
        if not any(each.iterdir()):
            each.rmdir()


def without_marks(folder: Path, keyring: str | None = None) -> None:
    """Write a backup's node of the version anew, and its manifest, as a program writes them that knows no marks."""
    nodes = [json.loads(line) for line in (folder / NODES).read_text(encoding="utf-8").splitlines()]
    for _, labels, properties in nodes:
        if "GraphVersion" in labels:
            properties.pop("keyring")
            if keyring is not None:
                properties["keyring"] = keyring
    text = "".join(json.dumps(node) + "\n" for node in nodes)
    (folder / NODES).write_text(text, encoding="utf-8")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][NODES] = {"sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}
    del manifest["keyringFingerprint"], manifest["graphVersion"]
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")


async def test_a_backup_names_what_has_another_length_in_the_installation_and_takes_it_along(
    world: World, storages: tuple[Storage, Storage], tmp_path: Path
) -> None:
    """It is copied as it is: said only at the restore, it would be too late to mend it from an older backup."""
    source, _ = storages
    ada = await world.user()
    await world.project(ada, "saved")
    blob = (await source.streams.ingest(source_of(cut(b"bytes", 5)))).blob
    await world.publisher.publish(world.publication(ada, "saved", "k", single_content(world.new_id(), blob, {})))
    stored = source.path(blob.id)
    written = stored.stat().st_size
    stored.write_bytes(stored.read_bytes()[:-1])
    opened = installation_on(world, source, tmp_path)
    said: list[Report] = []

    async def keep(report: Report) -> None:
        said.append(report)

    assert await backup(opened, {"folder": str(tmp_path / "backup")}, keep) == 1

    detail = f"{written - 1} bytes are stored, {written} were written"
    assert [report.data for report in said if report.data["kind"] == "wrong length"] == [
        {"kind": "wrong length", "blobId": blob.id, "detail": detail}
    ]
    assert said[-1].data["blobs"] == 1


async def test_keys_that_are_dropped_when_writers_go_on_are_in_the_backup(
    world: World, storages: tuple[Storage, Storage], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its graph is of the instant before, and so must its keyring be; what comes after takes minutes where much is."""
    source, _ = storages
    save_keyring(tmp_path / KEYRING, source.keyring, os.urandom)
    ada = await world.user()
    await world.project(ada, "saved")
    blob = (await source.streams.ingest(source_of(cut(b"bytes", 5)))).blob
    await world.publisher.publish(world.publication(ada, "saved", "k", single_content(world.new_id(), blob, {})))
    opened = replace(
        installation_on(world, source, tmp_path), keyring=FileKeyring(tmp_path / KEYRING, source.keyring, os.urandom)
    )

    async def look_late(store: GraphStore, keyring: Keyring) -> Mapping[str, int]:
        assert await rotate(opened, {"resume": False}, quiet) == 0
        later = world.tick() + DROP_AFTER
        assert await drop_old_keys(replace(opened, clock=lambda: later), {}, quiet) == 0
        return await keys_lacking(store, keyring)

    monkeypatch.setattr("app.backup.keys_lacking", look_late)
    assert await backup(opened, {"folder": str(tmp_path / "backup")}, quiet) == 0

    assert blob.key_id not in load_keyring(tmp_path / KEYRING, os.urandom).key_ids
    assert blob.key_id in load_keyring(tmp_path / "backup" / KEYRING, os.urandom).key_ids
