"""The same few bytes stored, copied, cloned and erased by many at once, while what nobody needs is removed at once."""

import asyncio
import hashlib
import itertools
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest

from domain.contents import ExistingContent, PartFacts, single_content
from domain.errors import DomainError, Unavailable
from graphstore.cypher.resolving import parts, uploaded_parts
from graphstore.dialects import EngineKind
from graphstore.parts import add_part
from graphstore.publishing import Publisher
from proxy.collecting import Collector
from proxy.ingesting import Ingested
from proxy.spares import Spares
from proxy.whole_sums import WholeSums
from tests.graph_dump import check_invariants
from tests.graph_server import GraphServer
from tests.proxy.bodies import Storage, extents_of, read_all, source_of, storage_in
from tests.world import World, open_world

CLIENTS: Final = 16
STEPS: Final = 8
BODIES: Final = (b"", *(bytes([97 + number]) * (10 + 9000 * number) for number in range(11)))


@pytest.fixture(scope="module")
async def worlds(empty_graph: GraphServer) -> AsyncIterator[tuple[World, World]]:
    """Two of everything on one graph; on Neo4j as two processes would be, each with an engine of its own."""
    async with open_world(empty_graph, 11) as one:
        if one.engine.kind is EngineKind.EMBEDDED:
            yield one, World(one.engine, 22)
            return
        async with open_world(empty_graph, 22) as other:
            yield one, other


class Client:
    """One of many; each remembers what it stored itself."""

    sent: Final[dict[str, bytes]] = {}
    """By SHA-256, all that any of them ever sent."""

    def __init__(self, world: World, storage: Storage, spares: Spares, place: tuple[str, str, str], seed: str) -> None:
        self.world = world
        self.storage = storage
        self.user, self.bucket, self.project = place
        self.random = Random(seed)
        self.publisher = Publisher(world.store, spares.let_go)
        self.spares = spares
        self.known: list[str] = []
        self.names = (f"{seed}-{number}" for number in itertools.count())

    async def run(self) -> None:
        ways = (self.put, self.put, self.overwrite, self.clone, self.copy, self.erase, self.erase, self.in_parts)
        for _ in range(STEPS):
            # A refusal is an answer: what it was about has gone meanwhile.
            with suppress(DomainError):
                await self.random.choice(ways)()

    async def store(self) -> Ingested:
        """Bytes that others send too, or that nobody has sent before."""
        body = self.random.choice((*BODIES, self.random.randbytes(50), self.random.randbytes(50)))
        self.sent[_digest(body)] = body
        stored = await self.storage.streams.ingest(source_of([body]))
        await asyncio.sleep(self.random.choice((0, 0, 0.1)))  # time to be taken for stray before the publication
        return stored

    async def put(self, key: str | None = None) -> None:
        ingested = await self.store()
        content = single_content(self.world.new_id(), ingested.blob, {})
        try:
            put = await self.publisher.publish(
                self.world.publication(self.user, self.bucket, key or next(self.names), content)
            )
        except Unavailable:
            raise
        except DomainError:
            await self.storage.blobs.delete(ingested.blob.id)
            raise
        self.known.append(put.object_id)

    async def overwrite(self) -> None:
        await self.put("shared")

    async def clone(self) -> None:
        source = self.random.choice(self.known or [""])
        self.known.append(await self.world.clone(self.user, source, self.project, next(self.names)))

    async def copy(self) -> None:
        rows = await self.world.ask(
            "MATCH (:Resource {id: $id})-[:CONTENT]->(c:Content) RETURN c.id AS id, c.length AS length, c.etag AS etag",
            id=self.random.choice(self.known or [""]),
        )
        for row in rows:
            content = ExistingContent(row["id"], row["length"], row["etag"])
            put = await self.publisher.publish(
                self.world.publication(self.user, self.bucket, next(self.names), content)
            )
            self.known.append(put.object_id)

    async def erase(self) -> None:
        """Erase all that it stored: of the few bodies there are, some then are nobody's for a moment."""
        while self.known:
            await self.world.erase(self.user, self.known.pop())

    async def in_parts(self) -> None:
        """Send parts, one of them twice, and complete with what came or give up."""
        key = next(self.names)
        upload = await self.world.begin_key(self.user, self.bucket, key)
        for number in (1, 2, 1):
            ingested = await self.store()
            part = PartFacts(number, ingested.blob)
            added = await add_part(self.world.store, upload, part, self.world.stamp(self.user))
            if added.spare_blob_id is not None:
                self.spares.let_go(added.spare_blob_id)
        if self.random.random() < 0.3:
            await self.world.fail(self.user, upload)
            return
        found = await self.world.store.read(uploaded_parts(upload, 0, 10))
        content = self.world.content_of_parts([part for part, _ in found])
        put = await self.publisher.publish(
            self.world.publication(self.user, self.bucket, key, content, upload_id=upload)
        )
        self.known.append(put.object_id)


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_that_is_shown_is_lost_while_all_else_is_removed_at_once(
    worlds: tuple[World, World], tmp_path: Path, seed: int
) -> None:
    one = worlds[0]
    user = await one.user()
    bucket = f"lost-and-found-{seed}"
    project = await one.project(user, bucket)
    with storage_in(tmp_path) as storage:
        spares = Spares(storage.blobs)
        clients = [
            Client(worlds[number % 2], storage, spares, (user, bucket, project), f"{seed}.{number}")
            for number in range(CLIENTS)
        ]
        is_over = asyncio.Event()
        collectors = [Collector(world.store, storage.blobs, world.tick) for world in worlds]

        async def collect(collector: Collector) -> int:
            removed = 0
            while not is_over.is_set():
                removed += (await collector.collect(timedelta(0))).blobs
                await asyncio.sleep(0.01)
            return removed

        async def collect_strays(world: World) -> int:
            """Of any age, with no pause: uploads are met between their last byte and their publication."""
            tomorrow = world.now + timedelta(days=1)
            collector = Collector(world.store, storage.blobs, lambda: max(world.tick(), tomorrow), settle_s=0)
            removed = 0
            while not is_over.is_set():
                removed += (await collector.remove_strays(timedelta(0))).strays
                await asyncio.sleep(0.05)
            return removed

        async def hash_contents(world: World) -> int:
            """Those of an empty part and a body share the body's blob then."""
            worker, hashed = WholeSums(world.store, storage.streams, world.tick), 0
            while not is_over.is_set():
                with suppress(Unavailable):  # erased while it was read
                    hashed += await worker.run_once()
                await asyncio.sleep(0.01)
            return hashed

        rounds = [asyncio.create_task(collect(collector)) for collector in collectors]
        strays = [asyncio.create_task(collect_strays(world)) for world in worlds]
        hashing = [asyncio.create_task(hash_contents(world)) for world in worlds]
        await asyncio.gather(*(client.run() for client in clients))
        is_over.set()
        removed = sum([await done for done in rounds])
        assert sum([await done for done in strays]), f"seed {seed}: nothing was taken for stray while they wrote"
        assert sum([await done for done in hashing]), f"seed {seed}: nothing was hashed while they wrote"
        await spares.close()

        shown = await one.ask(
            "MATCH (o)-[:CONTENT]->(c:Content) RETURN DISTINCT c.id AS id, c.length AS length, c.sha256 AS sha256"
        )
        for row in shown:
            if row["id"] is None:
                continue
            found = [part.blob for _, part in await one.store.read(parts(row["id"], 0, max(row["length"], 1)))]
            body = await read_all(storage.streams, extents_of(found), 0, row["length"])
            assert row["sha256"] in {None, hashlib.sha256(body).hexdigest()}, f"seed {seed}"
            assert body == b"".join(Client.sent[blob.sha256] for blob in found)
        await check_invariants(one)
        await collectors[0].collect(timedelta(0))
        alive = await one.ask("MATCH (b:Blob) WHERE b.wrappedKey IS NOT NULL RETURN b.id AS id")
        assert storage.files() == sorted(row["id"] for row in alive), f"seed {seed}"
        assert len(alive) <= len(Client.sent)
        assert removed, f"seed {seed}: nothing was removed while they wrote"
        await _erase_all(one, user)
        await collectors[0].collect(timedelta(0))
        assert storage.files() == []


async def _erase_all(world: World, user: str) -> None:
    rows = await world.ask("MATCH (o:Object) WHERE o.erasedAt IS NULL AND o.versionId IS NOT NULL RETURN o.id AS id")
    for row in rows:
        await world.erase(user, row["id"])
    for row in await world.ask("MATCH (u:Upload {state: 'INITIALIZING'}) RETURN u.id AS id"):
        await world.fail(user, row["id"])


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
