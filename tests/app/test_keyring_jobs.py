"""The jobs behind `aruna keyring …`: no key of the file is ever lost, whoever else writes that file."""

import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.maintenance import DROP_AFTER, Installation, Report, drop_old_keys, rotate, show_keys
from domain.errors import FailedPrecondition
from identity.keyring import Keyring, KeyringUnusable, load_keyring, new_keyring, save_keyring
from identity.keyring_file import FileKeyring
from tests.graph_server import GraphServer
from tests.installations import installation_on
from tests.proxy.bodies import NOW, Storage, storage_in
from tests.world import World, open_world


@pytest.fixture(scope="module")
async def world(empty_graph: GraphServer) -> AsyncIterator[World]:
    async with open_world(empty_graph) as opened:
        yield opened


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with storage_in(tmp_path / "blobs") as made:
        yield made


def installation(world: World, storage: Storage, keyring: Keyring | None = None) -> Installation:
    """A server on the keyring's file, long after its first key was made."""
    file = storage.root.parent / "keyring.json"
    if not file.exists():
        save_keyring(file, storage.keyring, os.urandom)
    return replace(
        installation_on(world, storage, file.parent),
        keyring=keyring or FileKeyring(file, storage.keyring, os.urandom),
        keyring_file=file,
        clock=lambda: NOW + 2 * DROP_AFTER,
    )


def rotated_elsewhere(opened: Installation) -> str:
    """Another server's rotation of the same file, which this one hasn't looked at yet."""
    fresh = load_keyring(opened.keyring_file, os.urandom).rotated(NOW + timedelta(minutes=1))
    save_keyring(opened.keyring_file, fresh, os.urandom)
    return fresh.current_id


def ids_in(file: Path) -> tuple[str, ...]:
    return load_keyring(file, os.urandom).key_ids


async def quiet(report: Report) -> None:
    del report


async def test_rotation_keeps_a_key_that_another_server_just_added(world: World, storage: Storage) -> None:
    opened = installation(world, storage)
    first = opened.keyring.current_id
    added = rotated_elsewhere(opened)

    assert await rotate(opened, {"resume": False}, quiet) == 0

    assert ids_in(opened.keyring_file) == (first, added, opened.keyring.current_id)
    assert opened.keyring.current_id not in {first, added}


async def test_a_rotation_is_resumed_with_the_key_that_another_server_added(world: World, storage: Storage) -> None:
    opened = installation(world, storage)
    added = rotated_elsewhere(opened)

    assert await rotate(opened, {"resume": True}, quiet) == 0

    assert opened.keyring.current_id == added


async def test_dropping_keeps_the_newest_key_of_the_file(world: World, storage: Storage) -> None:
    opened = installation(world, storage)
    added = rotated_elsewhere(opened)

    assert await drop_old_keys(opened, {}, quiet) == 0

    assert ids_in(opened.keyring_file) == (added,)


async def test_dropped_keys_are_named_no_more_and_the_next_rotation_does_not_bring_them_back(
    world: World, storage: Storage
) -> None:
    opened, said = installation(world, storage), list[str]()
    added = rotated_elsewhere(opened)
    await drop_old_keys(opened, {}, quiet)

    async def emit(report: Report) -> None:
        said.append(str(report.data["id"]))

    await show_keys(opened, {}, emit)
    await rotate(opened, {"resume": False}, quiet)

    assert said == [added]
    assert ids_in(opened.keyring_file) == (added, opened.keyring.current_id)


async def test_a_file_that_cannot_be_used_is_never_overwritten(world: World, storage: Storage) -> None:
    opened = installation(world, storage)
    save_keyring(opened.keyring_file, new_keyring(NOW, os.urandom), os.urandom)
    before = opened.keyring_file.read_bytes()

    with pytest.raises(KeyringUnusable, match="another installation"):
        await rotate(opened, {"resume": False}, quiet)
    with pytest.raises(KeyringUnusable, match="another installation"):
        await drop_old_keys(opened, {}, quiet)

    assert opened.keyring_file.read_bytes() == before


async def test_a_keyring_of_the_environment_is_neither_rotated_nor_written_to_a_file(
    world: World, storage: Storage
) -> None:
    opened = installation(world, storage, storage.keyring.rotated(NOW))
    before = opened.keyring_file.read_bytes()

    for job, options in ((rotate, {"resume": False}), (drop_old_keys, {})):
        with pytest.raises(FailedPrecondition, match="ARUNA_KEYRING"):
            await job(opened, options, quiet)

    assert opened.keyring_file.read_bytes() == before
