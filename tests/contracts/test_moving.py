"""An installation moves: from the embedded graph and a folder to any graph and a bucket, and back, and nothing is lost.

It is made on the embedded engine always; the engine of the run is the one that it is restored to.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from app.backup import KEYRING, backup
from app.maintenance import Installation, Report, verify
from app.restoring import restore
from domain.changes import CredentialAdded
from domain.contents import PartFacts, single_content
from domain.labels import NewLabel
from domain.resources import Kind
from graphstore.cypher.accounts import credential
from graphstore.cypher.resolving import parts, uploaded_parts
from graphstore.embedded import EmbeddedGraph
from graphstore.installing import claim
from graphstore.migrations import migrate
from identity.access_keys import new_access_key, open_access_key, seal_access_key
from identity.keyring import Keyring, load_keyring
from proxy.blobs import Blobs
from proxy.blobs_directory import open_directory_blobs
from proxy.blobs_s3 import S3Blobs
from proxy.locating import extent_of
from proxy.streaming import ByteStreams
from proxy.threads import Threads
from proxy.upstream import open_upstream
from tests.conftest import wipe
from tests.graph_dump import Dump, check_invariants
from tests.graph_server import GraphServer
from tests.proxy.bodies import NOW, cut, read_all, source_of, storage_in
from tests.proxy.texts import noise, reads
from tests.seaweedfs.server import SeaweedFS
from tests.world import World, open_world

_PIECE_BYTES: Final = 65_536


@pytest.fixture
def embedded(embedded_graph: EmbeddedGraph) -> Iterator[GraphServer]:
    """The embedded engine, whichever one the test runs on; empty, and left so."""
    graph = embedded_graph
    server = GraphServer("embedded", graph.uri, graph.user, graph.password, graph.database, graph.http_url)
    wipe(server)
    yield server
    wipe(server)


class Known(NamedTuple):
    """What an installation holds: bodies by content, those of an upload under way by part, and a key pair's secret."""

    bodies: Mapping[str, bytes]
    upload_id: str
    uploaded: Mapping[int, bytes]
    access_key: tuple[str, str]


class Opened(NamedTuple):
    """An installation on some graph, with its bytes in some place."""

    world: World
    installation: Installation

    async def contents(self, known: Known) -> Known:
        """What it holds of what is known."""
        world, streams = self.world, self.installation.streams
        bodies: dict[str, bytes] = {}
        for content_id, body in known.bodies.items():
            found = await world.store.read(parts(content_id, 0, max(len(body), 1)))
            extents = [extent_of(start, part.blob) for start, part in found]
            bodies[content_id] = await read_all(streams, extents, 0, len(body))
        uploaded = {
            part.number: await read_all(streams, [extent_of(0, part.blob)], 0, part.blob.length_bytes)
            for part, _ in await world.store.read(uploaded_parts(known.upload_id, 0, 10))
        }
        return Known(bodies, known.upload_id, uploaded, await self.access_key(known.access_key[0]))

    async def access_key(self, access_key_id: str) -> tuple[str, str]:
        record = await self.world.store.read(credential(access_key_id))
        assert record is not None, "no key pair is lost"
        pair = open_access_key(record, self.installation.keyring)
        return pair.id, pair.secret

    async def graph(self) -> Dump:
        """All of it, sound, but for how often the node of the version was locked."""
        await self.world.do("MATCH (v:GraphVersion) SET v.lockCount = null, v.locked = null")
        return await check_invariants(self.world)

    async def findings(self) -> list[Report]:
        """What `verify` finds, stray bytes too."""
        said: list[Report] = []

        async def emit(report: Report) -> None:
            said.append(report)

        await verify(self.installation, {"quick": False, "grace_s": -60}, emit)
        return said[:-1]


async def quiet(report: Report) -> None:
    del report


@pytest.fixture
async def opening() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def open_on(stack: AsyncExitStack, server: GraphServer, blobs: Blobs, keyring: Keyring, data: Path) -> Opened:
    """Open an installation on a migrated graph."""
    world = await stack.enter_async_context(open_world(server))
    await migrate(world.engine)
    threads = Threads("hashing", 2)
    stack.callback(threads.close)
    await asyncio.to_thread(data.mkdir)
    installation = Installation(
        store=world.store,
        keyring=keyring,
        data_dir=data,
        keyring_file=data / KEYRING,
        blobs=blobs,
        streams=ByteStreams(blobs, keyring, threads, os.urandom),
        clock=world.tick,
        random_bytes=os.urandom,
        is_serving=False,
    )
    return Opened(world, installation)


async def fill(opened: Opened, former: ByteStreams) -> Known:
    """Make something of everything; the first blobs are wrapped by the `former` master key."""
    world, streams = opened.world, opened.installation.streams
    ada = await world.user()
    project = await world.project(ada, "moved")
    bodies: dict[str, bytes] = {}

    async def part(body: bytes, number: int = 1, by: ByteStreams = streams) -> PartFacts:
        return PartFacts(number, (await by.ingest(source_of(cut(body, _PIECE_BYTES)))).blob)

    async def put(key: str, body: bytes, by: ByteStreams = streams) -> str:
        content = single_content(world.new_id(), (await part(body, by=by)).blob, {})
        bodies[content.id] = body
        return (await world.publisher.publish(world.publication(ada, "moved", key, content))).object_id

    text = await put("d/reads.fastq", reads(300_000), former)
    await put("d/noise", noise(300_000), former)
    await put("d/reads again", reads(300_000))
    await put("d/small", b"small")
    await put("d/empty", b"")
    pieces = [reads(200_000, 2), noise(100_000, 2), b"the end"]
    ended = await world.begin_key(ada, "moved", "d/in parts")
    large = world.content_of_parts([await part(piece, number) for number, piece in enumerate(pieces, 1)])
    for each in large.parts:
        await world.part(ada, ended, each)
    bodies[large.id] = b"".join(pieces)
    await world.publisher.publish(world.publication(ada, "moved", "d/in parts", large, upload_id=ended))
    upload_id = await world.begin_key(ada, "moved", "d/under way")
    uploaded = {1: noise(150_000, 3), 3: reads(90_000, 3)}
    for number, body in uploaded.items():
        await world.part(ada, upload_id, await part(body, number))
    other = await world.container(ada, Kind.COLLECTION, project, "other")
    await world.clone(ada, text, other)
    await world.set_labels(ada, project, NewLabel("species", "Homo sapiens"))
    await world.snapshot(ada, project)
    pair = new_access_key(os.urandom)
    sealed = seal_access_key(pair, opened.installation.keyring)
    await world.apply(CredentialAdded(pair.id, ada, "pair", sealed, None, None, world.tick()))
    await claim(world.engine, opened.installation.keyring.fingerprint)
    return Known(bodies, upload_id, uploaded, (pair.id, pair.secret))


async def test_an_installation_moves_into_a_bucket_and_back_and_loses_nothing(
    embedded: GraphServer, graph_server: GraphServer, seaweedfs: SeaweedFS, opening: AsyncExitStack, tmp_path: Path
) -> None:
    first = opening.enter_context(storage_in(tmp_path / "first"))
    keyring = first.keyring.rotated(NOW)
    here = await open_on(opening, embedded, first.blobs, keyring, tmp_path / "here")
    known = await fill(here, first.streams)
    assert await here.contents(known) == known
    before = await here.graph()
    assert await backup(here.installation, {"folder": str(tmp_path / "one")}, quiet) == 0
    wipe(embedded)
    wipe(graph_server)

    upstream = await opening.enter_async_context(open_upstream(seaweedfs.address(f"moved-{graph_server.engine}/")))
    saved = load_keyring(tmp_path / "one" / KEYRING, os.urandom)
    there = await open_on(opening, graph_server, S3Blobs(upstream), saved, tmp_path / "there")
    assert await restore(there.installation, {"folder": str(tmp_path / "one")}, quiet) == 0

    assert await there.findings() == []
    assert await there.contents(known) == known
    assert (await there.graph()).comparable() == before.comparable()

    assert await backup(there.installation, {"folder": str(tmp_path / "other")}, quiet) == 0
    wipe(graph_server)
    again = open_directory_blobs(tmp_path / "again")
    opening.callback(again.close)
    back = await open_on(opening, embedded, again, saved, tmp_path / "back")
    assert await restore(back.installation, {"folder": str(tmp_path / "other")}, quiet) == 0

    assert await back.findings() == []
    assert await back.contents(known) == known
    assert (await back.graph()).comparable() == before.comparable()
    made, moved = files_in(tmp_path / "first"), files_in(tmp_path / "again")
    assert moved.items() <= made.items()
    assert len(made) - len(moved) == 1, "the spare copy of equal bytes, which no node names, stays behind"


def files_in(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
