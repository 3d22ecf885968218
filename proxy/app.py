"""The S3 face as a bare ASGI 3.0 application: from a request to its answer, and one log line.

parse -> route -> who claims to sign -> resolve (a shared statement) -> verify -> authorise -> run. Nothing of the
body is read before all of that has passed. The request id is in the answer, in error documents and in the log.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from graphstore.cypher.resolving import KeyRequest
from graphstore.instants import to_ms
from identity.keyring import KeyUnknown, WrappedDamaged
from proxy.asgi import Message, Receive, Scope, Send
from proxy.authentication import access_key_of, authenticate, claimed_credentials
from proxy.authorising import authorise
from proxy.blob_format import BlobUnreadable
from proxy.blobs import BlobMissing
from proxy.bodies import Body, ClientGone
from proxy.calling import Call, Operation, Place, Services
from proxy.cors import allow_origin, answer_preflight
from proxy.errors import problem_of
from proxy.reading import PlainReader
from proxy.request import MULTIPART_PARAMETER, UPLOAD_PARAMETER, Request, parse_request
from proxy.resolving import at_key, at_prefix, resolve
from proxy.responses import Response, encode_headers, error_response
from proxy.routing import route
from proxy.sending import send_stream

if TYPE_CHECKING:
    from domain.access import Caller

_CLIENT_GONE: Final = 499
_REQUEST_ID_BYTES: Final = 16
_UPLOAD_PARAMETERS: Final = {
    Place.UPLOAD: UPLOAD_PARAMETER,
    Place.OWN_MULTIPART: MULTIPART_PARAMETER,
    Place.MULTIPART: MULTIPART_PARAMETER,
    Place.COMPLETION: MULTIPART_PARAMETER,
}
"""The query parameter that names the upload which a place is about."""
_STORED_AMISS: Final = (BlobUnreadable, BlobMissing, KeyUnknown, WrappedDamaged)
"""Errors that say of stored bytes or keys what is wrong with them."""


@dataclass(slots=True)
class _Served:
    """What the log line says of one request."""

    request_id: str
    operation: Operation | None = None
    caller: "Caller | None" = None
    access_key_id: str = ""
    status: int = 0
    code: str = ""
    sent_bytes: int = 0

    def count(self, length: int) -> None:
        """Count bytes of a body that were sent."""
        self.sent_bytes += length


class S3Face:
    """The application. `timer` counts seconds from any point; `request_context` puts a request's id into all logs."""

    def __init__(
        self,
        services: Services,
        *,
        timer: Callable[[], float],
        logger: logging.Logger,
        request_context: Callable[[str], AbstractContextManager[object]] = nullcontext,
    ) -> None:
        self._services = services
        self._settings = services.settings
        self._timer = timer
        self._log = logger
        self._request_context = request_context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        assert scope["type"] == "http", "who serves this application runs its lifespan elsewhere"
        served = _Served(self._services.random_bytes(_REQUEST_ID_BYTES).hex().upper())
        with self._request_context(served.request_id):
            began = self._timer()
            try:
                await self._serve(scope, receive, send, served)
            except ClientGone:
                served.status = _CLIENT_GONE
            finally:
                self._write_line(scope, served, self._timer() - began)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, served: _Served) -> None:
        body = Body(receive)
        request: Request | None = None
        try:
            request = parse_request(scope, self._settings.domain)
            response = await self._answer(request, body, served)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001  nothing of an error's inside may reach a user
            response = self._refusal(error, scope, request, served)
        if request is not None and self._settings.allowed_origins:
            allow_origin(request, response, self._settings.allowed_origins)
        await self._send(response, request, body, receive, send, served)

    async def _answer(self, request: Request, body: Body, served: _Served) -> Response:
        if request.method == "OPTIONS":
            return answer_preflight(request, self._settings.allowed_origins)
        operation = served.operation = route(request)
        call = await self._begin(operation, request, body, served)
        await authorise(operation.need, call)
        return await operation.run(call)

    async def _begin(self, operation: Operation, request: Request, body: Body, served: _Served) -> Call:
        """Resolve the request and check who makes it."""
        services = self._services
        credentials = claimed_credentials(request)
        served.access_key_id = access_key_of(credentials)
        now = services.clock()
        key_request = _key_request(operation, request, served.access_key_id, to_ms(now))
        resolution = await resolve(services, key_request)
        caller, payload = authenticate(credentials, resolution.credential, request, services.keyring, now)
        served.caller = caller
        return Call(services, request, key_request, resolution, caller, payload, body, now)

    def _refusal(self, error: Exception, scope: Scope, request: Request | None, served: _Served) -> Response:
        problem = problem_of(error)
        served.code = problem.code
        if problem.is_internal:
            self._log_fault("failed", served, error)
        resource = request.resource if request is not None else scope["raw_path"].decode("latin-1")
        has_body = scope["method"] != "HEAD"
        return error_response(problem, resource, served.request_id, has_body=has_body)

    async def _send(
        self,
        response: Response,
        request: Request | None,
        body: Body,
        receive: Receive,
        send: Send,
        served: _Served,
    ) -> None:
        served.status = response.status
        if not isinstance(response.body, PlainReader):
            await _settle_expectation(response, request, body)
            await send(_start(response, served))
            await send({"type": "http.response.body", "body": response.body})
            served.count(len(response.body))
            return
        async with aclosing(response.body) as reader:
            await _settle_expectation(response, request, body)
            await send(_start(response, served))
            try:
                await send_stream(reader, response.stream_bytes, receive, send, served.count)
            except ClientGone:
                raise
            except Exception as error:  # noqa: BLE001  the status is out: all that is left is to break off
                # An answer without its end makes the server close the connection: never a short body that looks whole.
                served.code = problem_of(error).code
                self._log_fault("broke off", served, error)

    def _log_fault(self, what: str, served: _Served, error: Exception) -> None:
        """Log the cause of what a client is told nothing of."""
        if isinstance(error, _STORED_AMISS):
            # What is stored is to blame, not the program: the message names it, and a stack would say nothing more.
            self._log.error(
                "request %s %s: %s; `aruna verify` finds all that is damaged", served.request_id, what, error.message
            )
        else:
            self._log.error("request %s %s", served.request_id, what, exc_info=error)

    def _write_line(self, scope: Scope, served: _Served, seconds: float) -> None:
        """Write the access line; the path stands in it without its query, which holds signatures."""
        self._log.info(
            "%s %s %d",
            scope["method"],
            scope["raw_path"].decode("latin-1"),
            served.status,
            extra={
                "face": "s3",
                "request_id": served.request_id,
                "operation": served.operation.name if served.operation else "",
                "status": served.status,
                "code": served.code,
                "user_id": served.caller.user_id if served.caller else "",
                "access_key_id": served.access_key_id,
                "sent_bytes": served.sent_bytes,
                "duration_ms": round(seconds * 1000, 1),
            },
        )


def _key_request(operation: Operation, request: Request, access_key_id: str, now_ms: int) -> KeyRequest:
    if operation.need.place is Place.PREFIX:
        return at_prefix(access_key_id, request.bucket, request.query.get("prefix", ""), now_ms)
    parameter = _UPLOAD_PARAMETERS.get(operation.need.place)
    return at_key(
        access_key_id,
        request.bucket,
        request.key,
        now_ms,
        upload_id=request.query.get(parameter, "") if parameter is not None else "",
        wants_content=operation.wants_content,
    )


async def _settle_expectation(response: Response, request: Request | None, body: Body) -> None:
    """Let a client that expects `100 Continue` have it before a success; after a refusal let it go.

    With neither, clients misread the next answer of a connection kept open. Raises: ClientGone.
    """
    if request is None or not request.expects_continue or body.is_asked:
        return
    if response.status < 400:
        await body.next()
    else:
        response.headers["connection"] = "close"


def _start(response: Response, served: _Served) -> Message:
    headers = encode_headers(response.headers)
    headers.append((b"x-amz-request-id", served.request_id.encode("ascii")))
    return {"type": "http.response.start", "status": response.status, "headers": headers}
