"""GraphQL over HTTP: POST with JSON, GET for queries, and the GraphiQL page for browsers.

No simple request (one that a browser sends to any site without asking) reaches an operation with an effect: POST takes
application/json only, and GET runs queries only. Callers are told by the Authorization header, never by cookies.

Source: GraphQL over HTTP, https://graphql.github.io/graphql-over-http/draft/ (September 2025).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.graphql import OperationType

from domain.errors import BadInput, Code, DomainError
from resolvers.context import Services, open_context
from schema.execution import Schema
from schema.graphiql import graphiql_page, prefers_html
from schema.negotiation import GRAPHQL_JSON, JSON, choose_media_type
from schema.problems import told, told_refusal

BODY_BYTES_MAX: Final = 1024 * 1024

_REQUEST_ID_HEADER: Final = "x-request-id"
_REQUEST_ID_BYTES: Final = 16
_ALLOWED: Final = {
    "GET": frozenset({OperationType.QUERY}),
    "POST": frozenset(OperationType) - {OperationType.SUBSCRIPTION},
}
_STATUS: Final = {
    Code.UNAUTHENTICATED: HTTPStatus.UNAUTHORIZED,
    Code.THROTTLED: HTTPStatus.TOO_MANY_REQUESTS,
    Code.UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class _Unusable(Exception):
    """A request that is no GraphQL request; says how to make it one."""

    def __init__(self, status: HTTPStatus, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True)
class _Operation:
    """What to run."""

    query: str
    operation_name: str | None
    variables: dict[str, Any] | None


class GraphQLEndpoint:
    """ASGI application of the address `/graphql`."""

    def __init__(self, schema: Schema, services: Services) -> None:
        self._schema = schema
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http", "only HTTP is routed here"
        request = Request(scope, receive)
        if request.method in {"GET", "HEAD"} and prefers_html(request.headers.get("accept", "")):
            response: Response = graphiql_page()
        else:
            response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        given_id: str | None = _state(request.scope).get("request_id")
        request_id = given_id or self._services.random_bytes(_REQUEST_ID_BYTES).hex()
        media_type = GRAPHQL_JSON
        try:
            media_type = _media_type(request.headers.get("accept"))
            operation = await _read_operation(request)
            context = await open_context(self._services, request.headers.get("authorization"), request_id)
            result = await self._execute(request.method, operation, context)
        except _Unusable as problem:
            body = {"errors": [told_refusal(BadInput(problem.message), request_id)]}
            status, headers = problem.status, problem.headers
        except DomainError as error:
            body = {"errors": [told_refusal(error, request_id)]}
            status = _STATUS.get(error.code, HTTPStatus.BAD_REQUEST)
            headers = {"WWW-Authenticate": "Bearer"} if status is HTTPStatus.UNAUTHORIZED else {}
        else:
            body = _written(result, request_id)
            status, headers = _status_of(result, body, media_type), {}
        if given_id is None:
            headers[_REQUEST_ID_HEADER] = request_id
        # What is answered depends on who asks and in which form, and nobody in between may keep it.
        headers |= {"Vary": "Accept, Authorization", "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(msgspec.json.encode(body), status, headers, f"{media_type}; charset=utf-8")

    async def _execute(self, method: str, operation: _Operation, context: object) -> ExecutionResult:
        try:
            return await self._schema.execute(
                operation.query,
                variable_values=operation.variables,
                context_value=context,
                operation_name=operation.operation_name,
                allowed_operation_types=_ALLOWED[method],
            )
        except InvalidOperationTypeError as error:
            message = "GET runs queries only; send this by POST" if method == "GET" else "subscriptions aren't served"
            headers = {"Allow": "POST"} if method == "GET" else None
            raise _Unusable(HTTPStatus.METHOD_NOT_ALLOWED, message, headers) from error
        except CannotGetOperationTypeError as error:
            message = "operationName names none of the document's operations, or is missing among several"
            raise _Unusable(HTTPStatus.BAD_REQUEST, message) from error
        except MissingQueryError as error:
            raise _Unusable(HTTPStatus.BAD_REQUEST, "the query is empty") from error


def _state(scope: Scope) -> Mapping[str, Any]:
    """State that the layers around have put into the request."""
    return scope.get("state", {})


def _media_type(accept: str | None) -> str:
    chosen = choose_media_type(accept)
    if chosen is None:
        raise _Unusable(HTTPStatus.NOT_ACCEPTABLE, f"answers are {GRAPHQL_JSON} or {JSON}; accept one of them")
    return chosen


async def _read_operation(request: Request) -> _Operation:
    """Read what to run off a GET's parameters or a POST's body.

    Raises: _Unusable.
    """
    match request.method:
        case "GET":
            return _operation_of(_parameters(request))
        case "POST":
            return _operation_of(_decode(await _read_body(request)))
        case _:
            message = f"{request.method} isn't answered here; use POST, or GET for queries"
            raise _Unusable(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": "GET, POST"})


def _parameters(request: Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _decode(given[name].encode("utf-8", "surrogatepass"))
        else:
            given.pop(name, None)
    return given


async def _read_body(request: Request) -> bytes:
    content_type, _, parameters = request.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if content_type.strip().lower() != JSON or charset not in {"", "utf-8"}:
        raise _Unusable(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"send the operation as {JSON} in UTF-8")
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > BODY_BYTES_MAX:
            message = f"a request has at most {BODY_BYTES_MAX} bytes"
            raise _Unusable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message, {"Connection": "close"})
    return bytes(body)


def _decode(text: bytes) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _Unusable(HTTPStatus.BAD_REQUEST, f"this is no JSON: {error}") from error


def _operation_of(given: Any) -> _Operation:
    if not isinstance(given, dict):
        raise _Unusable(HTTPStatus.BAD_REQUEST, "a request is one JSON object; operations aren't batched")
    wanted: dict[str, tuple[type, bool]] = {
        "query": (str, True),
        "operationName": (str, False),
        "variables": (dict, False),
        "extensions": (dict, False),
    }
    found: dict[str, Any] = {}
    for name, (kind, is_needed) in wanted.items():
        value: Any = given.get(name)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]  JSON
        if value is None and not is_needed:
            continue
        if not isinstance(value, kind):
            what = "text" if kind is str else "a JSON object"
            raise _Unusable(HTTPStatus.BAD_REQUEST, f"{name} of a request is {what}")
        found[name] = value
    return _Operation(found["query"], found.get("operationName") or None, found.get("variables"))


def _was_executed(result: ExecutionResult) -> bool:
    """Whether anything ran: errors of the document and of its variables' values come before that, without a path."""
    if isinstance(result, PreExecutionError):
        return False
    return result.data is not None or any(error.path is not None for error in result.errors or ())


def _written(result: ExecutionResult, request_id: str) -> dict[str, Any]:
    """Write a result; one that wasn't executed has no `data` at all."""
    body: dict[str, Any] = {}
    if _was_executed(result):
        body["data"] = result.data
    if result.errors:
        body["errors"] = [told(error, request_id) for error in result.errors]
    return body


def _status_of(result: ExecutionResult, body: Mapping[str, Any], media_type: str) -> HTTPStatus:
    """Status of a result: plain JSON has 200 even for documents that can't be run, as older clients expect."""
    if _was_executed(result):
        return HTTPStatus.OK
    if any(error["extensions"]["code"] == Code.INTERNAL for error in body["errors"]):
        return HTTPStatus.INTERNAL_SERVER_ERROR
    return HTTPStatus.OK if media_type == JSON else HTTPStatus.BAD_REQUEST
