"""A small HTTP/1.1 load generator: prepared request bytes over kept-alive connections, in this process."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """What one run showed: requests a second, and the median time of one in milliseconds."""

    per_second: float
    median_ms: float


async def load(
    host: str, port: int, request: Callable[[int], bytes], *, count: int, concurrency: int, expected: bytes
) -> Load:
    """Send `count` requests over `concurrency` connections; each answer must begin with the expected status line."""
    numbers = iter(range(count))
    times: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, port, limit=1 << 20)
        for number in numbers:
            began = time.perf_counter()
            writer.write(request(number))
            await _answer(reader, expected)
            times.append(time.perf_counter() - began)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*[client() for _ in range(concurrency)])
    taken = time.perf_counter() - began
    return Load(count / taken, sorted(times)[len(times) // 2] * 1000)


async def _answer(reader: asyncio.StreamReader, expected: bytes) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(expected), head[:200]
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    if at >= 0:
        await reader.readexactly(int(lowered[at + 15 : lowered.index(b"\r\n", at)]))
        return
    assert b"transfer-encoding: chunked" in lowered or expected.endswith(b"204"), head
    while b"transfer-encoding: chunked" in lowered:
        size = int(await reader.readline(), 16)
        await reader.readexactly(size + 2)
        if not size:
            return


async def when_up(port: int) -> None:
    """Wait until somebody listens on the port, for at most 10 s."""
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
            continue
        writer.close()
        return
    raise TimeoutError("nobody listens")
