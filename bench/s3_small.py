"""What a 4 KiB PUT and GET cost through the S3 face: its own raw client, pre-signed requests, a real server and graph.

Run: python bench/s3_small.py [seconds per row]   (starts an embedded graph and the face in a process of its own)
Prints requests per second and the median latency at concurrency 1 and 32, beside a bare ASGI answer on the same server.
With ARUNA_PROFILE=file the server's process writes its profile there.
"""

import asyncio
import cProfile
import logging
import multiprocessing
import os
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from domain.changes import CredentialAdded, UserAdded
from domain.identifiers import UlidSource
from graphstore.bolt import Engine
from graphstore.embedded import EmbeddedGraph
from graphstore.migrations import migrate
from graphstore.publishing import Publisher
from graphstore.store import GraphStore
from graphstore.writing import apply_changes
from identity.access_keys import AccessKey, new_access_key, seal_access_key
from identity.keyring import new_keyring
from identity.signature.presigned import presign
from proxy.app import S3Face
from proxy.batching import Resolver
from proxy.blobs_directory import open_directory_blobs
from proxy.calling import FaceSettings, Services
from proxy.streaming import ByteStreams
from proxy.threads import Threads

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

BODY = os.urandom(4096)
KEYS = 512


class _Server(uvicorn.Server):
    """A server that leaves signals alone."""

    def install_signal_handlers(self) -> None:
        return


async def _bare(scope: Any, receive: Any, send: Any) -> None:
    """Read the body and answer 4 KiB: what the server alone can do."""
    if scope["method"] == "PUT":
        while (await receive()).get("more_body"):
            pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4096")]})
    await send({"type": "http.response.body", "body": BODY})


async def _serve(pipe: "Connection", folder: Path, graph: EmbeddedGraph) -> None:
    engine = await Engine.connect(graph.uri, graph.user, graph.password, graph.database)
    await migrate(engine)
    keyring, pair, now = new_keyring(datetime.now(UTC), os.urandom), new_access_key(os.urandom), datetime.now(UTC)
    ids = UlidSource(os.urandom)
    user = ids.new(now)
    changes = (
        UserAdded(user, "bench", None, True, now),
        CredentialAdded(pair.id, user, "key", seal_access_key(pair, keyring), None, None, now),
    )
    await engine.write("bench", lambda transaction: apply_changes(transaction, changes))
    blobs, threads, store = open_directory_blobs(folder / "blobs"), Threads("hashing", 4), GraphStore(engine)
    services = Services(
        store=store,
        publisher=Publisher(store),
        resolver=Resolver(store),
        streams=ByteStreams(blobs, keyring, threads, os.urandom),
        blobs=blobs,
        keyring=keyring,
        settings=FaceSettings(),
        clock=lambda: datetime.now(UTC),
        ids=ids,
        random_bytes=os.urandom,
    )
    logging.disable(logging.DEBUG)
    face = S3Face(services, timer=time.perf_counter, logger=logging.getLogger("bench.access"))
    sockets = [socket.create_server(("127.0.0.1", 0), backlog=256) for _ in range(2)]
    apps: list[Any] = [face, _bare]
    servers = [
        _Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none", loop="none"))
        for app in apps
    ]
    pipe.send((pair, *(bound.getsockname()[1] for bound in sockets)))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop.add_signal_handler(signal.SIGUSR1, stop)
    await asyncio.gather(*(one.serve(sockets=[bound]) for one, bound in zip(servers, sockets, strict=True)))
    await engine.close()
    blobs.close()
    threads.close()


def server_process(pipe: "Connection", folder: Path, graph: EmbeddedGraph) -> None:
    """Run the server until it is told to stop."""
    profile_file = os.environ.get("ARUNA_PROFILE")
    if profile_file is None:
        uvloop.run(_serve(pipe, folder, graph))
        return
    profile = cProfile.Profile()
    profile.enable()
    uvloop.run(_serve(pipe, folder, graph))
    profile.disable()
    profile.dump_stats(profile_file)


class _Client:
    """One keep-alive connection that sends bytes and reads answers with a Content-Length."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> "_Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, sent: bytes) -> int:
        self._writer.write(sent)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        if length:
            await self._reader.readexactly(length)
        return int(head[9:12])

    def close(self) -> None:
        self._writer.close()


def requests(method: str, port: int, pair: AccessKey, keys: range) -> list[bytes]:
    """Pre-signed requests, whole as bytes."""
    made: list[bytes] = []
    for number in keys:
        url = presign(
            method=method,
            endpoint=f"http://127.0.0.1:{port}",
            bucket="bench",
            key=f"coll/data/{number:06d}",
            access_key_id=pair.id,
            secret=pair.secret,
            region="us-east-1",
            now=datetime.now(UTC),
            expires_s=3600,
        )
        body = BODY if method == "PUT" else b""
        length = f"content-length: {len(body)}\r\n" if body else ""
        target = url.partition(f":{port}")[2]
        made.append(f"{method} {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{length}\r\n".encode() + body)
    return made


async def measure(name: str, port: int, sent: Callable[[], bytes], concurrency: int, seconds: float) -> None:
    """Ask for some seconds on so many connections, and print the rate and the median."""
    clients = [await _Client.connect(port) for _ in range(concurrency)]
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def run(client: _Client) -> None:
        while (began := time.perf_counter()) < end:
            status = await client.ask(sent())
            assert status == 200, f"{name}: status {status}"
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*map(run, clients))
    rate = len(latencies) / (time.perf_counter() - began)
    for client in clients:
        client.close()
    print(f"{name:24} c={concurrency:<3} {rate:8.0f}/s   median {statistics.median(latencies) * 1000:6.2f} ms")


def taker(made: list[bytes]) -> Callable[[], bytes]:
    """Requests one after the other, again from the start at the end."""
    at = -1

    def take() -> bytes:
        nonlocal at
        at = (at + 1) % len(made)
        return made[at]

    return take


async def main(pair: AccessKey, port: int, bare_port: int, seconds: float) -> None:
    client = await _Client.connect(port)
    bucket = presign(
        method="PUT",
        endpoint=f"http://127.0.0.1:{port}",
        bucket="bench",
        key="",
        access_key_id=pair.id,
        secret=pair.secret,
        region="us-east-1",
        now=datetime.now(UTC),
        expires_s=3600,
    )
    target = bucket.partition(f":{port}")[2]
    assert await client.ask(f"PUT {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode()) == 200
    first = requests("PUT", port, pair, range(KEYS))
    for sent in first:
        assert await client.ask(sent) == 200
    client.close()
    gets = requests("GET", port, pair, range(KEYS))
    fresh = taker(requests("PUT", port, pair, range(KEYS, KEYS + 30_000)))
    for concurrency in (1, 32):
        await measure("GET 4 KiB", port, taker(gets), concurrency, seconds)
        await measure("PUT 4 KiB, new keys", port, fresh, concurrency, seconds)
        await measure("GET, bare ASGI", bare_port, taker(gets), concurrency, seconds / 2)
        await measure("PUT, bare ASGI", bare_port, taker(first), concurrency, seconds / 2)


if __name__ == "__main__":
    with (
        tempfile.TemporaryDirectory() as name,
        EmbeddedGraph.start(Path(name) / "graph", heap_mib=512) as running,
    ):
        here, there = multiprocessing.Pipe()
        child = multiprocessing.get_context("fork").Process(target=server_process, args=(there, Path(name), running))
        child.start()
        seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 4.0
        pair, port, bare_port = here.recv()
        uvloop.run(main(pair, port, bare_port, seconds))
        os.kill(child.pid or 0, signal.SIGUSR1)
        child.join()
