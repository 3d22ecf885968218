"""Wraps a face (ASGI 3.0): gives each request an id, and logs one line when it is answered.

The id goes into every log line, into `scope["state"]["request_id"]` for the face, and into the answer's `x-request-id`.
The line names the path without its query: queries hold signatures.
"""

import logging
from collections.abc import Callable
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import new_request_id, request_id_set

_log: Final = logging.getLogger("aruna.access")

# A face that hasn't begun an answer when it ends has failed; the server then answers 500 in its place.
_NO_ANSWER: Final = 500


class RequestLog:
    """The wrapper around one face; `clock` counts seconds from any point, as `time.perf_counter` does."""

    def __init__(
        self, face: ASGIApp, face_name: str, *, random_bytes: Callable[[int], bytes], clock: Callable[[], float]
    ) -> None:
        self._face = face
        self._face_name = face_name
        self._random_bytes = random_bytes
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in {"http", "websocket"}:
            await self._face(scope, receive, send)
            return
        request_id = new_request_id(self._random_bytes)
        scope.setdefault("state", {})["request_id"] = request_id
        status = _NO_ANSWER
        sent_bytes = 0

        async def send_and_count(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", request_id.encode("ascii"))]
                message = {**message, "headers": headers}
            elif message["type"] == "http.response.body":
                sent_bytes += len(message.get("body", b""))
            elif message["type"] == "websocket.accept":
                status = 101
            elif message["type"] == "websocket.close" and status == _NO_ANSWER:
                status = 403  # what a server answers a handshake that is closed before it was accepted
            await send(message)

        with request_id_set(request_id):
            began = self._clock()
            try:
                await self._face(scope, receive, send_and_count)
            finally:
                _log.info(
                    "%s %s %d",
                    scope.get("method", "WEBSOCKET"),
                    scope["path"],
                    status,
                    extra={
                        "face": self._face_name,
                        "status": status,
                        "sent_bytes": sent_bytes,
                        "duration_ms": round((self._clock() - began) * 1000, 1),
                    },
                )
