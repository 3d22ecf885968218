"""S3 PUT and GET of 4 KiB and of 64 MiB, beside bare Starlette, the cipher with the hashes, and the disk.

Run: .ci/uv run python -m bench.s3   (about a minute)
The server is a process of its own, the client is this one; requests are presigned beforehand, bodies prepared. The
figure is the median of interleaved rounds.
"""

import asyncio
import hashlib
import multiprocessing
import os
import socket
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
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

from app.bootstrap import Bootstrap
from bench.load import load, when_up
from identity.signature.presigned import presign
from tests.e2e.server import running_server

SMALL: Final = 4096
LARGE_MIB: Final = 64
MIB: Final = 1024 * 1024
ROUNDS: Final = 5
BUCKET: Final = "bench-s3"
SMALL_BODY: Final = os.urandom(SMALL)
LARGE_BODY: Final = os.urandom(MIB) * LARGE_MIB


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


class Signer:
    """Makes raw requests, presigned with the administrator's key pair."""

    def __init__(self, server: Bootstrap) -> None:
        self._server = server

    def request(self, method: str, key: str, body: bytes = b"") -> bytes:
        """Head of a request, and the body if it is small."""
        url = presign(
            method=method,
            endpoint=self._server.s3Endpoint,
            bucket=BUCKET,
            key=key,
            access_key_id=self._server.accessKeyId,
            secret=self._server.secretAccessKey,
            region="us-east-1",
            now=datetime.now(UTC),
            expires_s=3600,
        )
        parts = urlsplit(url)
        length = f"content-length: {len(body)}\r\n" if method == "PUT" else ""
        head = f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nhost: {parts.netloc}\r\n{length}\r\n"
        return head.encode() + (body if len(body) <= SMALL else b"")


async def large(host: str, port: int, head: bytes, body: bytes) -> float:
    """Send one large request or read one large answer; MiB a second."""
    reader, writer = await asyncio.open_connection(host, port, limit=4 * MIB)
    began = time.perf_counter()
    writer.write(head)
    if body:
        writer.write(body)
        await writer.drain()
    answer = await reader.readuntil(b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200"), answer
    received = 0
    while not body and received < len(LARGE_BODY):
        received += len(await reader.read(4 * MIB))
    taken = time.perf_counter() - began
    writer.close()
    return LARGE_MIB / taken


def cipher_and_hashes() -> float:
    """SHA-256, MD5 and AES-256-GCM of the large body in segments of 64 KiB, one after the other; MiB a second."""
    sha, md5, cipher = hashlib.sha256(), hashlib.md5(usedforsecurity=False), AESGCM(bytes(32))
    began = time.perf_counter()
    for start in range(0, len(LARGE_BODY), 65_536):
        segment = memoryview(LARGE_BODY)[start : start + 65_536]
        sha.update(segment)
        md5.update(segment)
        cipher.encrypt(start.to_bytes(12, "big"), segment, None)
    return LARGE_MIB / (time.perf_counter() - began)


def disk(folder: Path) -> float:
    """Write and sync the large body; MiB a second."""
    began = time.perf_counter()
    with (folder / "disk").open("wb") as file:
        file.write(LARGE_BODY)
        file.flush()
        os.fsync(file.fileno())
    return LARGE_MIB / (time.perf_counter() - began)


async def measure(server: Bootstrap, bare_port: int, folder: Path) -> None:
    signer = Signer(server)
    parts = urlsplit(server.s3Endpoint)
    ours, bare = (parts.hostname or "", parts.port or 80), ("127.0.0.1", bare_port)
    await load(*ours, lambda _: signer.request("PUT", ""), count=1, concurrency=1, expected=b"HTTP/1.1 200")
    for concurrency, count in ((1, 200), (32, 1600)):
        for method in ("PUT", "GET"):
            rates: dict[str, list[float]] = {"ours": [], "bare": []}
            for number in range(ROUNDS):
                for name, address in (("ours", ours), ("bare", bare)):
                    # A GET reads what the PUTs of its round made; the bare server has everything.
                    requests = [
                        signer.request(
                            method, f"c/d{number}/{concurrency}-{index}", SMALL_BODY if method == "PUT" else b""
                        )
                        for index in range(count)
                    ]
                    shown = await load(
                        *address,
                        requests.__getitem__,
                        count=count,
                        concurrency=concurrency,
                        expected=b"HTTP/1.1 200",
                    )
                    rates[name].append(shown.per_second)
            a, b = statistics.median(rates["ours"]), statistics.median(rates["bare"])
            print(f"  4 KiB {method} c={concurrency:<3} {a:8.0f}/s    bare Starlette {b:8.0f}/s    {a / b:.3f} of it")
    figures: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        for name, address in (("ours", ours), ("bare", bare)):
            head = signer.request("PUT", f"c/large{number}", LARGE_BODY)
            figures.setdefault(f"PUT {name}", []).append(await large(*address, head, LARGE_BODY))
            head = signer.request("GET", f"c/large{number}")
            figures.setdefault(f"GET {name}", []).append(await large(*address, head, b""))
        figures.setdefault("cipher and hashes", []).append(cipher_and_hashes())
        figures.setdefault("disk", []).append(disk(folder))
    for name, rates_of in figures.items():
        print(f"  64 MiB {name:<20} {statistics.median(rates_of):8.0f} MiB/s")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, running_server(Path(name)) as server:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        bare = multiprocessing.get_context("spawn").Process(target=serve_bare, args=(port,), daemon=True)
        bare.start()
        asyncio.run(when_up(port))
        print("S3 on the embedded engine and a folder")
        uvloop.run(measure(server.bootstrap, port, Path(name)))
        bare.terminate()


if __name__ == "__main__":
    main()
