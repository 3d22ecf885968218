"""An installation is opened under the keyring that its graph was written with, and only when it is whole."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TypeVar

import pytest

from app import wiring
from app.bootstrap import bootstrap
from app.data_folder import DataFolder
from app.maintenance import Installation
from app.settings import read_settings
from app.wiring import GraphAddress, open_installation, open_system
from app.wiring import _tell_of_lacking_keys as tell_of_lacking_keys  # pyright: ignore[reportPrivateUsage]  of serve alone
from domain.access import ANONYMOUS
from domain.changes import CredentialAdded
from domain.errors import FailedPrecondition
from domain.stamps import Stamp
from graphstore.cypher.accounts import user_count
from graphstore.cypher.installation import Marks, marks
from graphstore.installing import begin_restore, identify, take_over_version
from graphstore.statements import Query
from graphstore.store import GraphStore
from identity.access_keys import AccessKey, new_access_key, seal_access_key
from identity.claiming import claim_graph
from identity.keyring import Keyring, KeyringUnusable, load_keyring, new_keyring, save_keyring
from tests.conftest import wipe
from tests.graph_dump import dump
from tests.graph_server import GraphServer
from tests.proxy.bodies import NOW
from tests.world import World, open_world

T = TypeVar("T")


@pytest.fixture
async def world(graph_server: GraphServer) -> AsyncIterator[World]:
    wipe(graph_server)
    async with open_world(graph_server) as opened:
        yield opened
    wipe(graph_server)


@asynccontextmanager
async def opened(server: GraphServer, data_dir: Path, keyring: Keyring | None = None) -> AsyncGenerator[Installation]:
    """Open it as a server's start does, and then as a command; a keyring that is given is that of the environment."""
    variables = {"ARUNA_DATA_DIR": str(data_dir)} | ({"ARUNA_KEYRING": keyring.to_text()} if keyring else {})
    address = address_of(server)
    with DataFolder.open(data_dir) as folder:
        async with open_system(read_settings(variables), folder, address):
            pass
        async with open_installation(read_settings(variables), folder, address) as installation:
            yield installation


def address_of(server: GraphServer) -> GraphAddress:
    return GraphAddress(server.uri, server.user, server.password, server.database, is_running=lambda: True)


async def add_key_pair(world: World, keyring: Keyring) -> AccessKey:
    pair = new_access_key(os.urandom)
    user = await world.user()
    await world.apply(CredentialAdded(pair.id, user, "pair", seal_access_key(pair, keyring), None, None, world.tick()))
    return pair


async def first_start(installation: Installation) -> None:
    stamp = Stamp(ANONYMOUS, NOW, (f"{number:026}" for number in count()))
    path = installation.data_dir / "bootstrap.json"
    await bootstrap(installation.store, installation.keyring, path, ("graphql", "s3"), stamp)


def keyrings_in(folder: Path) -> list[str]:
    return [load_keyring(path, os.urandom).fingerprint for path in folder.glob("*/keyring.json")]


async def fingerprint(world: World) -> str | None:
    return (await world.store.read(marks())).fingerprint


async def test_the_first_start_marks_the_graph_and_later_ones_of_the_same_keyring_are_welcome(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    async with opened(graph_server, tmp_path) as installation:
        keyring = installation.keyring
        assert await fingerprint(world) == keyring.fingerprint

    save_keyring(tmp_path / "keyring.json", keyring.rotated(NOW), os.urandom)
    async with opened(graph_server, tmp_path) as again:
        assert again.keyring.fingerprint == keyring.fingerprint
    async with opened(graph_server, tmp_path / "other server", keyring):
        pass
    assert await fingerprint(world) == keyring.fingerprint


@pytest.mark.parametrize("is_given", [False, True], ids=["file", "environment"])
async def test_a_command_makes_no_installation_where_no_server_has_started(
    world: World, graph_server: GraphServer, tmp_path: Path, *, is_given: bool
) -> None:
    """As where a restore was killed before its first byte: a keyring made now would stand in the next one's way."""
    given = {"ARUNA_KEYRING": new_keyring(NOW, os.urandom).to_text()} if is_given else {}
    settings = read_settings({"ARUNA_DATA_DIR": str(tmp_path)} | given)

    with DataFolder.open(tmp_path) as folder, pytest.raises(FailedPrecondition, match="holds no installation"):
        async with open_installation(settings, folder, address_of(graph_server)):
            pass

    assert not (tmp_path / "keyring.json").exists()
    assert await fingerprint(world) is None


async def test_the_keyring_of_another_installation_is_refused_wherever_it_comes_from(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    """Even where nothing is wrapped yet: what would be, the right keyring could never open."""
    async with opened(graph_server, tmp_path):
        before = await dump(world)

    stranger = new_keyring(NOW, os.urandom)
    with pytest.raises(KeyringUnusable, match="not the one that the graph was written with; put back"):
        async with opened(graph_server, tmp_path, stranger):
            pass
    save_keyring(tmp_path / "keyring.json", stranger, os.urandom)
    with pytest.raises(KeyringUnusable, match="not the one that the graph was written with; put back"):
        async with opened(graph_server, tmp_path):
            pass
    assert (await dump(world)).comparable() == before.comparable()


async def test_a_marked_graph_without_its_keyring_gets_no_new_one(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    async with opened(graph_server, tmp_path):
        pass
    (tmp_path / "keyring.json").unlink()

    with pytest.raises(KeyringUnusable, match="there is no keyring"):
        async with opened(graph_server, tmp_path):
            pass

    assert not (tmp_path / "keyring.json").exists()
    assert await fingerprint(world) is not None


async def test_a_graph_of_an_older_program_is_marked_by_a_keyring_that_opens_something(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    async with opened(graph_server, tmp_path) as installation:
        keyring = installation.keyring
    await add_key_pair(world, keyring)
    damaged = await add_key_pair(world, keyring)
    await world.do("MATCH (c:S3Credential {accessKeyId: $id}) SET c.sealedSecret = 'x.y'", id=damaged.id)
    await world.do("MATCH (v:GraphVersion) SET v.keyring = null")

    with pytest.raises(KeyringUnusable, match="opens nothing of what is wrapped"):
        async with opened(graph_server, tmp_path, new_keyring(NOW, os.urandom)):
            pass
    assert await fingerprint(world) is None

    async with opened(graph_server, tmp_path):
        assert await fingerprint(world) == keyring.fingerprint


async def test_of_two_first_starts_at_once_one_marks_the_graph_and_the_other_leaves_no_keyring(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    """The loser's next start then says that the keyring is missing, which is what must be put there."""

    async def start(name: str) -> str | None:
        try:
            async with opened(graph_server, tmp_path / name) as installation:
                return installation.keyring.fingerprint
        except KeyringUnusable:
            return None

    found = await asyncio.gather(start("one"), start("other"))

    assert [each for each in found if each is not None] == keyrings_in(tmp_path) == [await fingerprint(world)]


async def test_master_keys_that_are_lacking_are_logged_and_the_installation_opens(
    world: World, graph_server: GraphServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(graph_server, tmp_path) as installation:
        keyring = installation.keyring
    await add_key_pair(world, keyring)
    lost = keyring.current_id
    save_keyring(tmp_path / "keyring.json", keyring.rotated(NOW).current_alone(), os.urandom)
    address = GraphAddress(
        graph_server.uri, graph_server.user, graph_server.password, graph_server.database, is_running=lambda: True
    )

    with DataFolder.open(tmp_path) as folder, caplog.at_level(logging.WARNING):
        async with open_system(read_settings({"ARUNA_DATA_DIR": str(tmp_path)}), folder, address) as system:
            await tell_of_lacking_keys(system)

    (line,) = [record.getMessage() for record in caplog.records if record.name == "aruna"]
    assert f"master key {lost} wraps 1 blobs and secrets and isn't in the keyring" in line


async def test_a_look_for_lacking_master_keys_that_fails_ends_no_server(
    world: World, graph_server: GraphServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is a task of the server's, and what a task raises would come up in the middle of the server's end."""
    address = GraphAddress(
        graph_server.uri, graph_server.user, graph_server.password, graph_server.database, is_running=lambda: True
    )

    class Broken(GraphStore):
        async def read(self, query: Query[T]) -> T:
            raise ValueError(query.name)

    with DataFolder.open(tmp_path) as folder, caplog.at_level(logging.WARNING):
        async with open_system(read_settings({"ARUNA_DATA_DIR": str(tmp_path)}), folder, address) as system:
            await tell_of_lacking_keys(replace(system, store=Broken(world.engine)))

    assert [record.getMessage() for record in caplog.records if record.name == "aruna"] == [
        "whether the keyring lacks master keys couldn't be looked at"
    ]


async def test_a_part_of_a_restore_is_not_opened_and_left_as_it_is(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    async with opened(graph_server, tmp_path):
        pass
    await begin_restore(world.engine)
    with pytest.raises(FailedPrecondition, match="was cut off, or is still under way"):
        await begin_restore(world.engine)
    before = await dump(world)

    with pytest.raises(FailedPrecondition, match=r"was cut off.*empty the data folder .*`aruna restore` again"):
        async with opened(graph_server, tmp_path):
            pass

    assert (await dump(world)).comparable() == before.comparable()


@pytest.mark.parametrize("step", ["claim", "bootstrap"])
async def test_a_first_start_that_a_restore_overtakes_ends_and_leaves_nothing(
    world: World, graph_server: GraphServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It has found no mark of a restore when it began; what it wrapped the restored graph's keyring wouldn't open."""

    async def overtaken(store: GraphStore, keyring: Keyring) -> None:
        await begin_restore(store.engine)
        await claim_graph(store, keyring)

    async def start() -> None:
        async with opened(graph_server, tmp_path) as installation:
            await begin_restore(world.engine)
            await first_start(installation)

    if step == "claim":
        monkeypatch.setattr(wiring, "claim_graph", overtaken)

    with pytest.raises(FailedPrecondition, match="was cut off, or is still under way"):
        await start()

    found = await world.store.read(marks())
    assert found == Marks(None, is_restoring=True, installation_id=found.installation_id)
    assert await world.store.read(user_count()) == 0
    assert not (tmp_path / "bootstrap.json").exists()
    assert (tmp_path / "keyring.json").exists() == (step == "bootstrap")


async def test_a_restore_that_a_first_start_overtakes_is_refused(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    async with opened(graph_server, tmp_path) as installation:
        await first_start(installation)
    before = await dump(world)

    with pytest.raises(FailedPrecondition, match="has a user already"):
        await begin_restore(world.engine)

    assert (await dump(world)).comparable() == before.comparable()


async def test_one_place_of_bytes_is_of_one_installation(
    world: World, graph_server: GraphServer, tmp_path: Path
) -> None:
    """Each removes what its own graph doesn't name, so the bytes of one would be strays to the other."""
    async with opened(graph_server, tmp_path) as first:
        ours = (await first.store.read(marks())).installation_id
    wipe(graph_server)

    with pytest.raises(FailedPrecondition, match=rf"blobs/ holds the bytes of another installation \({ours}; this one"):
        async with opened(graph_server, tmp_path):
            pass

    (tmp_path / "blobs" / "installation").unlink()
    async with opened(graph_server, tmp_path) as other:
        assert (await other.store.read(marks())).installation_id != ours
    async with opened(graph_server, tmp_path):
        pass


async def test_a_restored_installation_is_another_than_the_one_it_was_saved_from(world: World) -> None:
    assert await identify(world.engine, "new") == "new"

    await take_over_version(world.engine, {"installation": "old", "version": 1})

    assert await identify(world.engine, "newer") == "new"
