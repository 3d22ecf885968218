"""The job behind `aruna verify`: beside blobs it looks at the secrets of S3 key pairs."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from app.maintenance import FOUND, OK, Report, verify
from domain.changes import CredentialAdded
from identity.access_keys import new_access_key, seal_access_key
from identity.keyring import Keyring, new_keyring
from tests.conftest import wipe
from tests.graph_server import GraphServer
from tests.installations import installation_on
from tests.proxy.bodies import NOW, storage_in
from tests.world import World, open_world


@pytest.fixture
async def world(graph_server: GraphServer) -> AsyncIterator[World]:
    wipe(graph_server)
    async with open_world(graph_server) as opened:
        yield opened
    wipe(graph_server)


async def add_key_pair(world: World, user: str, keyring: Keyring) -> str:
    pair = new_access_key(os.urandom)
    await world.apply(CredentialAdded(pair.id, user, "pair", seal_access_key(pair, keyring), None, None, world.tick()))
    return pair.id


async def test_secrets_that_do_not_open_are_found_by_the_id_of_their_access_key(world: World, tmp_path: Path) -> None:
    ada = await world.user()
    said: list[Report] = []

    async def emit(report: Report) -> None:
        said.append(report)

    with storage_in(tmp_path) as storage:
        opened = installation_on(world, storage)
        for _ in range(3):
            await add_key_pair(world, ada, storage.keyring)
        assert await verify(opened, {"quick": False, "grace_s": 0}, emit) == OK
        assert [report.data["findings"] for report in said] == [{}]

        said.clear()
        damaged = await add_key_pair(world, ada, storage.keyring)
        await world.do("MATCH (c:S3Credential {accessKeyId: $id}) SET c.sealedSecret = 'no base64'", id=damaged)
        bare = await add_key_pair(world, ada, storage.keyring)
        await world.do("MATCH (c:S3Credential {accessKeyId: $id}) REMOVE c.sealedSecret", id=bare)
        swapped = await add_key_pair(world, ada, storage.keyring)
        await world.do(
            "MATCH (c:S3Credential {accessKeyId: $id}) MATCH (o:S3Credential) WHERE NOT o.accessKeyId IN $others "
            "WITH c, o LIMIT 1 SET c.sealedSecret = o.sealedSecret",
            id=swapped,
            others=[swapped, damaged, bare],
        )
        strange = await add_key_pair(world, ada, new_keyring(NOW, os.urandom))

        assert await verify(opened, {"quick": True, "grace_s": 0}, emit) == FOUND

    found: dict[str, Any] = {report.data["accessKeyId"]: report for report in said[:-1]}
    assert {key: report.data["fault"] for key, report in found.items()} == {
        damaged: "key unknown",
        bare: "key unknown",
        swapped: "secret damaged",
        strange: "key unknown",
    }
    assert all(key in report.say for key, report in found.items())
    assert said[-1].data["findings"] == {"key unknown": 3, "secret damaged": 1}
