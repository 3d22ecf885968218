"""S3 PUT and GET of 4 KiB and of 64 MiB beside other servers, bare Starlette and the bare work, all in one run.

Run: python -m bench.s3 [--one-core] [--without-peers]   (about three minutes)

Each server is a process of its own, the client is this one; requests are presigned beforehand, bodies prepared. A
figure is the median of interleaved rounds. With --one-core all servers (the graph engine too) share one core and the
client has another. The bare work on 64 MiB is SHA-256, MD5, AES-256-GCM and writing a file, in one thread of Python.
Bodies differ, but those called equal: what they take beside the others is what deduplication costs or saves. Text is
FASTQ-like, which our server compresses; all else is random bytes.
Beside the clock on the wall, "a core" is MiB for each second of CPU time that the servers used, all their threads and
processes together, which says the same on a busy machine.
"""

import asyncio
import hashlib
import multiprocessing
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import uvicorn
import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from bench.bytes import text
from bench.cpu import cpu_seconds
from bench.load import load, when_up
from bench.peers import Peer, rclone, seaweedfs
from identity.signature.presigned import presign
from tests.e2e.server import running_server

SMALL: Final = 4096
LARGE_MIB: Final = 64
MIB: Final = 1024 * 1024
SEGMENT: Final = 64 * 1024
ROUNDS: Final = 5
BUCKET: Final = "bench-s3"
NUMBER: Final = 8
SMALL_BODY: Final = os.urandom(SMALL)
LARGE_BODY: Final = os.urandom(MIB) * LARGE_MIB
EQUAL: Final = "ours, equal bytes"
OK: Final = b"HTTP/1.1 200"


def serve_bare(port: int) -> None:
    """Take any body and answer 200; answer 4 KiB or 64 MiB to a GET: Starlette and nothing else."""

    async def put(request: Request) -> Response:
        async for _ in request.stream():
            pass
        return Response()

    async def get(request: Request) -> Response:
        if "large" not in request.url.path:
            return Response(SMALL_BODY)

        async def pieces() -> AsyncIterator[memoryview]:
            for start in range(0, len(LARGE_BODY), MIB):
                yield memoryview(LARGE_BODY)[start : start + MIB]

        return StreamingResponse(pieces(), headers={"content-length": str(len(LARGE_BODY))})

    routes = [Route("/{path:path}", put, methods=["PUT"]), Route("/{path:path}", get)]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="error", access_log=False)


@contextmanager
def bare() -> Generator[Peer]:
    """Starlette that does nothing, in a process of its own; it knows no keys."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = multiprocessing.get_context("spawn").Process(target=serve_bare, args=(port,), daemon=True)
    process.start()
    asyncio.run(when_up(port))
    yield Peer(f"http://127.0.0.1:{port}", BUCKET, "nobody", "nothing", process.pid or 0)
    process.terminate()
    process.join()


@contextmanager
def ours(folder: Path) -> Generator[Peer]:
    """Our server as `make serve` starts it: embedded graph, bytes in a folder."""
    with running_server(folder, {"ARUNA_GRAPH_HEAP_MIB": "512", "ARUNA_GRAPH_JVM_OPTIONS": ""}) as server:
        made = server.bootstrap
        peer = Peer(made.s3Endpoint, BUCKET, made.accessKeyId, made.secretAccessKey, server.process.pid)
        exchange(peer, Signer(peer).request("PUT", "", b""), b"", 0)
        yield peer


class Signer:
    """Makes raw requests, presigned with a server's key pair."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def request(self, method: str, key: str, body: bytes = b"") -> bytes:
        """Head of a request, and the body if it is small."""
        url = presign(
            method=method,
            endpoint=self._peer.endpoint,
            bucket=self._peer.bucket,
            key=key,
            access_key_id=self._peer.access_key_id,
            secret=self._peer.secret,
            region="us-east-1",
            now=datetime.now(UTC),
            expires_s=3600,
        )
        parts = urlsplit(url)
        length = f"content-length: {len(body)}\r\n" if method == "PUT" else ""
        head = f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nhost: {parts.netloc}\r\n{length}\r\n"
        return head.encode() + (body if len(body) <= SMALL else b"")


def exchange(peer: Peer, head: bytes, body: bytes, expected: int) -> float:
    """Send a request and read an answer with a body of `expected` bytes, by a blocking socket; answers the seconds."""
    room, received = memoryview(bytearray(MIB)), 0
    with socket.create_connection(address_of(peer)) as connection:
        began = time.perf_counter()
        connection.sendall(head)
        connection.sendall(body)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(16 * 1024)
        assert answer.startswith(OK), answer
        received = len(answer) - answer.index(b"\r\n\r\n") - 4
        while received < expected:
            taken = connection.recv_into(room)
            assert taken, f"the answer ended after {received} bytes"
            received += taken
        return time.perf_counter() - began


def address_of(peer: Peer) -> tuple[str, int]:
    parts = urlsplit(peer.endpoint)
    return parts.hostname or "", parts.port or 80


@dataclass(frozen=True, slots=True)
class BareWork:
    """What a server that keeps the promises can't do without, in one thread on a folder."""

    folder: Path

    def put(self, _: int) -> float:
        """SHA-256, MD5, cipher and file, chunk after chunk; no sync, as no peer syncs. Answers the seconds."""
        sha, md5, cipher = hashlib.sha256(), hashlib.md5(usedforsecurity=False), AESGCM(bytes(32))
        began = time.perf_counter()
        with (self.folder / "bare").open("wb", buffering=0) as file:
            for start in range(0, len(LARGE_BODY), SEGMENT):
                segment = memoryview(LARGE_BODY)[start : start + SEGMENT]
                sha.update(segment)
                md5.update(segment)
                file.write(cipher.encrypt(start.to_bytes(12, "big"), segment, None))
        return time.perf_counter() - began

    def get(self, _: int) -> float:
        """Read what `put` wrote and open it. Answers the seconds."""
        cipher = AESGCM(bytes(32))
        began = time.perf_counter()
        with (self.folder / "bare").open("rb", buffering=0) as file:
            for start in range(0, len(LARGE_BODY), SEGMENT):
                cipher.decrypt(start.to_bytes(12, "big"), file.read(SEGMENT + 16), None)
        return time.perf_counter() - began

    def sync(self, _: int) -> float:
        """Sync what `put` wrote: what a promise that survives a power cut costs more. Answers the seconds."""
        descriptor = os.open(self.folder / "bare", os.O_RDWR)
        began = time.perf_counter()
        os.fsync(descriptor)
        os.close(descriptor)
        return time.perf_counter() - began


def numbered(body: bytes, number: int) -> bytes:
    """The same body with a number in front, so that no other is equal to it."""
    return number.to_bytes(NUMBER, "big") + body[NUMBER:]


async def measure_small(peers: dict[str, Peer]) -> None:
    for concurrency, count in ((1, 200), (32, 1600)):
        for method in ("PUT", "GET"):
            ways = peers if method == "GET" else peers | {EQUAL: peers["ours"]}
            rates: dict[str, list[float]] = {name: [] for name in ways}
            for number in range(ROUNDS):
                for name, peer in ways.items():
                    # A GET reads what the PUTs of its round made; the bare server has everything.
                    signer, first, requests = Signer(peer), (number * 100 + concurrency) * 10_000, list[bytes]()
                    for index in range(count):
                        key, body = f"c/{len(name)}d{number}/{concurrency}-{index}", b""
                        if method == "PUT":
                            body = SMALL_BODY if name == EQUAL else numbered(SMALL_BODY, first + index)
                        requests.append(signer.request(method, key, body))
                    shown = await load(
                        *address_of(peer), requests.__getitem__, count=count, concurrency=concurrency, expected=OK
                    )
                    rates[name].append(shown.per_second)
            show(f"4 KiB {method}, {concurrency} at once", rates, "/s")


@dataclass(slots=True)
class Way:
    """One way to move the large body, timed by the wall's clock and by the CPU's."""

    run: Callable[[int], float]
    cpu: Callable[[], float]
    wall: list[float] = field(default_factory=list[float])
    cores: list[float] = field(default_factory=list[float])

    def go(self, number: int) -> None:
        """Run it once; the first round warms up."""
        before = self.cpu()
        taken = self.run(number)
        used = self.cpu() - before
        if number:
            self.wall.append(taken)
            self.cores.append(used)


def large_put(peer: Peer, folder: str, body: bytes, number: int) -> float:
    return exchange(peer, Signer(peer).request("PUT", f"c/{folder}/large{number}", body), body, 0)


def large_get(peer: Peer, folder: str, number: int) -> float:
    return exchange(peer, Signer(peer).request("GET", f"c/{folder}/large{number}"), b"", len(LARGE_BODY))


def measure_large(peers: dict[str, Peer], work: BareWork) -> None:
    put = {"bare work": Way(work.put, time.process_time), "sync": Way(work.sync, time.process_time)}
    get = {"bare work": Way(work.get, time.process_time)}
    reads = text(len(LARGE_BODY))
    for name, peer in peers.items():
        cpu = partial(cpu_seconds, peer.pid)
        put[name] = Way(lambda n, peer=peer: large_put(peer, "noise", numbered(LARGE_BODY, n), n), cpu)
        get[name] = Way(partial(large_get, peer, "noise"), cpu)
        if name == "ours":
            put[EQUAL] = Way(partial(large_put, peer, "equal", LARGE_BODY), cpu)
            put["ours, text"] = Way(lambda n, peer=peer: large_put(peer, "text", numbered(reads, n), n), cpu)
            put["ours, equal text"] = Way(partial(large_put, peer, "equal-text", reads), cpu)
            get["ours, text"] = Way(partial(large_get, peer, "text"), cpu)
    for number in range(ROUNDS + 1):
        for ways in (put, get):
            for way in ways.values():
                way.go(number)
    for title, ways in (("64 MiB PUT", put), ("64 MiB GET", get)):
        show(title, {name: [LARGE_MIB / taken for taken in way.wall] for name, way in ways.items()}, "MiB/s")
        busy = {name: [LARGE_MIB * ROUNDS / max(sum(way.cores), 0.01)] for name, way in ways.items()}
        show(f"{title}, a core", busy, "MiB/s")


def show(title: str, rates: dict[str, list[float]], unit: str) -> None:
    """Print medians, and what ours is of each other's."""
    medians = {name: statistics.median(found) for name, found in rates.items()}
    print(title)
    for name, median in medians.items():
        print(f"  {name:16} {median:8.0f} {unit:6} {medians['ours'] / median:8.2f} is ours of it", flush=True)


def main() -> None:
    options = set(sys.argv[1:])
    cores = sorted(os.sched_getaffinity(0))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        if "--one-core" in options:
            os.sched_setaffinity(0, cores[:1])
        peers = {"ours": stack.enter_context(ours(folder / "ours")), "bare Starlette": stack.enter_context(bare())}
        if "--without-peers" not in options:
            peers |= {
                "SeaweedFS": stack.enter_context(seaweedfs(folder / "seaweedfs")),
                "rclone": stack.enter_context(rclone(folder / "rclone")),
            }
        if "--one-core" in options:
            os.sched_setaffinity(0, cores[1:])
        print("S3 on the embedded engine and a folder" + (", servers on one core" if "--one-core" in options else ""))
        # The small ones first: some ten thousand requests warm the graph engine's compiler up, which takes minutes.
        uvloop.run(measure_small(peers))
        measure_large(peers, BareWork(folder))


if __name__ == "__main__":
    main()
