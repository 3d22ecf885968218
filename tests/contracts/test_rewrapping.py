"""Rotation wraps everything anew while others read, write and erase, and moves no bytes."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.changes import CredentialAdded
from domain.contents import BlobFacts, single_content
from domain.errors import DomainError
from graphstore.cypher.catalogue import blobs_by_id
from graphstore.cypher.wrapping import secrets_of_other_keys
from identity.access_keys import new_access_key, seal_access_key
from identity.keyring import save_keyring
from identity.keyring_file import FileKeyring
from identity.rewrapping import Rewrapped, rewrap_all, wrapped_by_other_keys
from proxy.locating import extent_of
from proxy.streaming import ByteStreams
from proxy.threads import Threads
from tests.proxy.bodies import NOW, Storage, cut, read_all, source_of, storage_in
from tests.world import World


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    """Bytes under a keyring that follows a file."""
    with storage_in(tmp_path / "blobs") as made:
        file = tmp_path / "keyring.json"
        save_keyring(file, made.keyring, os.urandom)
        keyring, threads = FileKeyring(file, made.keyring, os.urandom), Threads("hashing", 2)
        yield Storage(made.root, made.blobs, keyring, ByteStreams(made.blobs, keyring, threads, os.urandom))
        threads.close()


@pytest.fixture
async def bucket(world: World) -> AsyncIterator[tuple[str, str]]:
    user = await world.user()
    name = f"rewrapped-{world.new_id().lower()}"
    await world.project(user, name)
    yield user, name
    await world.do("MATCH (b:Blob) DETACH DELETE b")
    await world.do("MATCH (c:S3Credential) DETACH DELETE c")


async def put(world: World, storage: Storage, bucket: tuple[str, str], key: str, body: bytes) -> BlobFacts:
    blob = (await storage.streams.ingest(source_of(cut(body, 65_536)))).blob
    await world.publisher.publish(world.publication(*bucket, key, single_content(world.new_id(), blob, {})))
    return blob


async def get(world: World, storage: Storage, blob_id: str) -> bytes:
    found = (await world.store.read(blobs_by_id([blob_id])))[blob_id].facts()
    assert found is not None, "nothing erased it"
    return await read_all(storage.streams, [extent_of(0, found)], 0, found.length_bytes)


def rotate(storage: Storage) -> str:
    fresh = storage.keyring.rotated(NOW + timedelta(days=1))
    save_keyring(storage.root.parent / "keyring.json", fresh, os.urandom)
    return fresh.current_id


async def test_keys_and_secrets_are_wrapped_anew_and_no_byte_moves(
    world: World, storage: Storage, bucket: tuple[str, str]
) -> None:
    bodies = {f"k{number}": os.urandom(1000 + number) for number in range(5)}
    blobs = {key: await put(world, storage, bucket, key, body) for key, body in bodies.items()}
    pair = new_access_key(os.urandom)
    await world.apply(
        CredentialAdded(pair.id, bucket[0], "pair", seal_access_key(pair, storage.keyring), None, None, world.tick())
    )
    former = storage.keyring.current_id
    files = {path: path.stat().st_mtime_ns for path in storage.root.rglob("*") if path.is_file()}

    newest = rotate(storage)
    storage.keyring.wrap(bytes(32), "ab" * 16)  # whoever wraps learns of the new key

    assert await wrapped_by_other_keys(world.store, newest) == {former: 6}
    assert await rewrap_all(world.store, storage.keyring) == Rewrapped(keys=5, secrets=1)
    assert await wrapped_by_other_keys(world.store, newest) == {}
    assert await rewrap_all(world.store, storage.keyring) == Rewrapped()
    assert {path: path.stat().st_mtime_ns for path in storage.root.rglob("*") if path.is_file()} == files
    assert {key: await get(world, storage, blob.id) for key, blob in blobs.items()} == bodies
    sealed = await world.store.read(secrets_of_other_keys("", "~", "none"))
    (text,) = [secret.text for secret in sealed if secret.access_key_id == pair.id]
    assert text.startswith(newest)


@pytest.mark.parametrize("damaged", ["AAAA", "no base64"])
async def test_what_cannot_be_opened_stays_and_is_told(
    world: World, storage: Storage, bucket: tuple[str, str], damaged: str
) -> None:
    good = await put(world, storage, bucket, "good", b"good")
    bad = await put(world, storage, bucket, "bad", b"bad")
    await world.do("MATCH (b:Blob {id: $id}) SET b.wrappedKey = $key", id=bad.id, key=damaged)
    rotate(storage)
    storage.keyring.wrap(bytes(32), "ab" * 16)

    done = await rewrap_all(world.store, storage.keyring)

    assert (done.keys, set(done.refused)) == (1, {bad.id})
    assert await get(world, storage, good.id) == b"good"
    assert sum((await wrapped_by_other_keys(world.store, storage.keyring.current_id)).values()) == 1


async def test_a_key_that_an_erasure_destroyed_meanwhile_is_not_brought_back(
    world: World, storage: Storage, bucket: tuple[str, str]
) -> None:
    blobs = [await put(world, storage, bucket, f"e{number}", os.urandom(10)) for number in range(30)]
    rotate(storage)
    storage.keyring.wrap(bytes(32), "ab" * 16)
    erased = [blob.id for blob in blobs[::3]]

    await asyncio.gather(
        rewrap_all(world.store, storage.keyring),
        *(world.do("MATCH (b:Blob {id: $id}) SET b.wrappedKey = null, b.lockCount = 1", id=each) for each in erased),
    )

    found = await world.store.read(blobs_by_id([blob.id for blob in blobs]))
    assert {blob_id for blob_id, blob in found.items() if blob.wrapped_key is None} == set(erased)


async def test_rotation_goes_on_while_clients_read_and_write(
    world: World, storage: Storage, bucket: tuple[str, str]
) -> None:
    bodies: dict[str, bytes] = {}
    failures: list[DomainError] = []
    is_over = False

    async def write(writer: int) -> None:
        number = 0
        while not is_over:
            body = f"{writer}-{number}".encode()
            blob = await put(world, storage, bucket, f"w{writer}/{number}", body)
            bodies[blob.id] = body
            number += 1

    async def read() -> None:
        while not is_over:
            for blob_id, body in list(bodies.items())[-5:]:
                try:
                    assert await get(world, storage, blob_id) == body
                except DomainError as error:
                    failures.append(error)
            await asyncio.sleep(0)

    clients = [asyncio.create_task(write(number)) for number in range(4)] + [asyncio.create_task(read())]
    try:
        for _ in range(3):
            await asyncio.sleep(0.3)
            rotate(storage)
            await rewrap_all(world.store, storage.keyring)
    finally:
        is_over = True
        await asyncio.gather(*clients)
    await rewrap_all(world.store, storage.keyring)

    assert failures == []
    assert len(bodies) > 8
    assert await wrapped_by_other_keys(world.store, storage.keyring.current_id) == {}
    for blob_id, body in bodies.items():
        assert await get(world, storage, blob_id) == body
