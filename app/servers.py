"""Listens on sockets that are bound before anything else starts, and serves each face until it is told to stop.

Both faces share one event loop. Signals are the caller's: uvicorn's own handling would know one server only.
"""

import asyncio
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import uvicorn
from starlette.types import ASGIApp

from app.bounded_http import BoundedHttp

_BACKLOG: Final = 2048
_SHUTDOWN_GRACE_S: Final = 10
_KEEP_ALIVE_S: Final = 75


class PortTaken(Exception):
    """Nobody can listen there; the message names the address and the setting."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A bound socket and the address that clients on this machine use."""

    socket: socket.socket
    host: str
    port: int

    @property
    def url(self) -> str:
        """Origin of what is served here."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


def bind(host: str, port: int, setting: str) -> Listener:
    """Bind a listening socket; port 0 takes any free one.

    Raises: PortTaken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise PortTaken(f"can't listen on {host}:{port} ({error.strerror}); set {setting} to another port") from error
    bound.setblocking(False)
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
    return Listener(bound, shown, bound.getsockname()[1])


class _Server(uvicorn.Server):
    """A uvicorn server that leaves signals alone."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


def _server(face: ASGIApp) -> _Server:
    # uvloop is chosen by the runner; the lifespan is ours, around both faces.
    return _Server(
        uvicorn.Config(
            cast("Any", face),
            loop="none",
            http=BoundedHttp,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_GRACE_S,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
    )


async def serve_until(stop: asyncio.Event, faces: Sequence[tuple[ASGIApp, Listener]]) -> None:
    """Serve every face on its socket until the event is set, then finish what is under way, for at most 10 s."""
    servers = [_server(face) for face, _ in faces]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener.socket]), name=f"server on port {listener.port}")
        for server, (_, listener) in zip(servers, faces, strict=True)
    ]
    stopped = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopped.cancel()
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)
