"""Streams a body out chunk by chunk, and stops when nobody is listening any more."""

import asyncio
from collections.abc import Callable

from proxy.asgi import Receive, Send
from proxy.bodies import ClientGone
from proxy.reading import PlainReader


async def send_stream(
    reader: PlainReader, length: int, receive: Receive, send: Send, count: Callable[[int], None]
) -> None:
    """Send all chunks, `length` bytes together, and count each; back-pressure is the server's `send`.

    The server says nothing when it sends to a client that is gone, so a body of several chunks is watched for that.

    Raises: ClientGone, and what the reader raises.
    """
    if not length:
        await send({"type": "http.response.body", "body": b""})
        return
    watch: asyncio.Task[None] | None = None
    try:
        async for chunk in reader:
            length -= len(chunk)
            if length and watch is None:
                watch = asyncio.create_task(_gone(receive), name="client watch")
            if watch is not None and watch.done():
                raise ClientGone
            await send({"type": "http.response.body", "body": chunk, "more_body": length > 0})
            count(len(chunk))
    finally:
        if watch is not None:
            watch.cancel()
            await asyncio.wait({watch})


async def _gone(receive: Receive) -> None:
    """Return when the client has gone away; what it still sends of a body nobody reads is dropped."""
    while (await receive())["type"] != "http.disconnect":
        pass
