"""Headers of any size are no way to fill a server's memory; ordinary ones, bodies and pipelines pass."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from starlette.types import Receive, Scope, Send

from app.bounded_http import HEAD_BYTES_MAX
from app.servers import bind, serve_until


async def _echo_length(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    length = 0
    while True:
        message = await receive()
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            break
    text = f"{len(scope['headers'])} {length}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(text))]})
    await send({"type": "http.response.body", "body": text})


@asynccontextmanager
async def _connection() -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    stop, listener = asyncio.Event(), bind("127.0.0.1", 0, "TEST")
    server = asyncio.create_task(serve_until(stop, [(_echo_length, listener)]))
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        stop.set()
        await server


async def _answer_to(request: bytes) -> bytes:
    """All that comes back until the server closes."""
    async with _connection() as (reader, writer):
        writer.write(request)
        try:
            return await asyncio.wait_for(reader.read(), 20)
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(
    "head",
    [
        b"".join(b"x-%d: %s\r\n" % (number, b"v" * 1000) for number in range(100)) + b"\r\n",
        b"x-endless: " + b"v" * (8 * HEAD_BYTES_MAX),
    ],
    ids=["many", "endless"],
)
async def test_headers_without_end_close_the_connection_unserved(head: bytes) -> None:
    answer = await _answer_to(b"GET / HTTP/1.1\r\nhost: h\r\n" + head)

    assert b" 200 " not in answer
    assert answer == b"" or answer.startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


async def test_large_bodies_and_requests_one_after_the_other_pass() -> None:
    body = b"b" * (5 * HEAD_BYTES_MAX)
    put = b"PUT / HTTP/1.1\r\nhost: h\r\nx-a: " + b"v" * 8000 + b"\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    last = b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"

    answer = await _answer_to(put * 3 + last)

    assert answer.count(b"HTTP/1.1 200 ") == 4
    assert answer.count(b"3 %d" % len(body)) == 3
