"""How refusals are told: rules' refusals as userErrors of a mutation, all else as errors of the whole answer.

Each code stands in exactly one of the two tables; a test checks that.
"""

import logging
from typing import Any, Final

import strawberry
from graphql import GraphQLError

from domain.errors import Code, DomainError
from schema.enums import USER_ERRORS
from schema.limits import TOKENS_MAX

_LOG: Final = logging.getLogger("aruna.graphql")

TOP_LEVEL: Final = frozenset(
    {Code.UNAUTHENTICATED, Code.COST_EXCEEDED, Code.THROTTLED, Code.UNAVAILABLE, Code.INTERNAL}
)
"""Codes that are about the request or the server, not about what was asked."""

_TOO_MUCH: Final = frozenset(
    {
        f"Syntax Error: Document contains more than {TOKENS_MAX} tokens. Parsing aborted.",
        "Syntax Error: Document is nested too deeply. Parsing aborted.",
        "Validation aborted.",
    }
)
"""What graphql-core says of documents that are too much rather than wrong: too long, or nested too deep."""

INTERNAL_MESSAGE: Final = "something went wrong here; report the requestId"


@strawberry.type(description="Why a mutation was refused; it has changed nothing then.")
class UserError:
    """A refusal in a payload."""

    code: Code = strawberry.field(description="Stable code to branch on.")
    field: list[str] | None = strawberry.field(
        description="Path into the arguments that this is about, list positions included; null for the whole."
    )
    message: str = strawberry.field(description="In words for people: names the thing and the way out.")


def refused(error: DomainError) -> list[UserError]:
    """List the refusal as a payload's userErrors.

    Raises: the error itself where it isn't about what was asked.
    """
    if error.code not in USER_ERRORS:
        raise error
    return [UserError(code=error.code, field=list(error.field) or None, message=error.message)]


def told(error: GraphQLError, request_id: str) -> dict[str, Any]:
    """Write an error of the whole answer, with its code and the request's id, as the GraphQL specification has it.

    What isn't ours to explain is logged and masked.
    """
    code, message = _explained(error)
    if code is Code.INTERNAL:
        place = "/".join(str(step) for step in error.path or ())
        _LOG.error("request %s failed at %r", request_id, place, exc_info=error.original_error or error)
    written: dict[str, Any] = {"message": message}
    if error.locations:
        written["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        written["path"] = error.path
    written["extensions"] = {"code": code.value, "requestId": request_id}
    return written


def told_refusal(error: DomainError, request_id: str) -> dict[str, Any]:
    """Write a refusal of the whole request, made before there was a document to point into."""
    return told(GraphQLError(error.message, original_error=error), request_id)


def _explained(error: GraphQLError) -> tuple[Code, str]:
    """Code and message of an error; INTERNAL where the message isn't for callers."""
    cause = error.original_error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    match cause:
        case DomainError() if cause.code is not Code.INTERNAL:
            return cause.code, cause.message
        case ValueError() if error.path is None:
            return Code.BAD_USER_INPUT, error.message
        case None:
            return _code_of_document(error), error.message
        case _:
            return Code.INTERNAL, INTERNAL_MESSAGE


def _code_of_document(error: GraphQLError) -> Code:
    """Code of an error in the document or its variables."""
    given = (error.extensions or {}).get("code")
    if given == Code.COST_EXCEEDED:
        return Code.COST_EXCEEDED
    if error.path is None and error.message in _TOO_MUCH:
        return Code.COST_EXCEEDED
    return Code.BAD_USER_INPUT
