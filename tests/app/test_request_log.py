import logging

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.logs import current_request_id
from app.request_log import RequestLog

ID = "ab" * 16


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def ask(face: object, scope: Scope) -> list[Message]:
    """Send one request through the log; answer what the server would get."""
    seconds = iter([10.0, 10.25])
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    wrapped = RequestLog(
        face,  # pyright: ignore[reportArgumentType]  an ASGI application
        "graphql",
        random_bytes=lambda count: b"\xab" * count,
        clock=lambda: next(seconds),
    )
    await wrapped(scope, nothing, send)
    return sent


def http(path: str) -> Scope:
    return {"type": "http", "method": "GET", "path": path, "query_string": b"X-Amz-Signature=hunter2", "headers": []}


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    assert current_request_id() == scope["state"]["request_id"] == ID
    await send({"type": "http.response.start", "status": 201, "headers": [(b"a", b"b")]})
    await send({"type": "http.response.body", "body": b"abc", "more_body": True})
    await send({"type": "http.response.body", "body": b"de"})


async def fail(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("broken")


async def test_an_answer_carries_the_id_and_is_logged_without_its_query(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "aruna.access"):
        sent = await ask(hello, http("/b/k"))

    assert sent[0]["headers"] == [(b"a", b"b"), (b"x-request-id", ID.encode())]
    [record] = caplog.records
    assert record.getMessage() == "GET /b/k 201"
    assert {name: vars(record)[name] for name in ("face", "status", "sent_bytes", "duration_ms")} == {
        "face": "graphql",
        "status": 201,
        "sent_bytes": 5,
        "duration_ms": 250.0,
    }
    assert current_request_id() is None


async def test_a_face_that_fails_before_it_answers_is_logged_as_500(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "aruna.access"), pytest.raises(RuntimeError, match="broken"):
        await ask(fail, http("/"))

    assert [record.getMessage() for record in caplog.records] == ["GET / 500"]


async def test_a_websocket_is_logged_when_it_ends(caplog: pytest.LogCaptureFixture) -> None:
    async def talk(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.close"})

    with caplog.at_level(logging.INFO, "aruna.access"):
        await ask(talk, {"type": "websocket", "path": "/graphql"})

    assert [record.getMessage() for record in caplog.records] == ["WEBSOCKET /graphql 101"]


async def test_a_refused_websocket_is_logged_as_403(caplog: pytest.LogCaptureFixture) -> None:
    async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.close"})

    with caplog.at_level(logging.INFO, "aruna.access"):
        await ask(refuse, {"type": "websocket", "path": "/graphql"})

    assert [record.getMessage() for record in caplog.records] == ["WEBSOCKET /graphql 403"]


async def test_starting_and_stopping_pass_unlogged(caplog: pytest.LogCaptureFixture) -> None:
    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "lifespan.startup.complete"})

    with caplog.at_level(logging.INFO, "aruna.access"):
        sent = await ask(lifespan, {"type": "lifespan"})

    assert sent == [{"type": "lifespan.startup.complete"}]
    assert caplog.records == []
