"""The refusals of the system: one tree, one stable code each.

Both faces map these codes (schema/problems.py, proxy/errors.py); a test checks that each table is complete.
A message names the thing and the way out. What a caller may not see is NotFound, never Forbidden.
"""

from enum import StrEnum
from typing import ClassVar


class Code(StrEnum):
    """Stable codes that clients branch on."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    CONFLICT = "CONFLICT"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    IMMUTABLE = "IMMUTABLE"
    CYCLE = "CYCLE"
    HIERARCHY = "HIERARCHY"
    HOME_PARENT = "HOME_PARENT"
    CHECKSUM_MISMATCH = "CHECKSUM_MISMATCH"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    COST_EXCEEDED = "COST_EXCEEDED"
    THROTTLED = "THROTTLED"
    UNAVAILABLE = "UNAVAILABLE"
    INTERNAL = "INTERNAL"


class DomainError(Exception):
    """A refusal with a stable code; `field` is the path into the arguments that it is about, if any."""

    code: ClassVar[Code] = Code.INTERNAL

    def __init__(self, message: str, *, field: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class Unauthenticated(DomainError):
    """Nobody, or nobody known, is calling."""

    code = Code.UNAUTHENTICATED


class Forbidden(DomainError):
    """The caller sees the thing but may not do this with it."""

    code = Code.FORBIDDEN


class NotFound(DomainError):
    """It isn't there, or the caller may not see it: the two are never told apart."""

    code = Code.NOT_FOUND


class BadInput(DomainError):
    """The argument itself is wrong, whatever the graph holds."""

    code = Code.BAD_USER_INPUT


class AlreadyExists(DomainError):
    """The name or identifier is taken."""

    code = Code.ALREADY_EXISTS


class Conflict(DomainError):
    """The thing has changed since the caller last saw it."""

    code = Code.CONFLICT


class FailedPrecondition(DomainError):
    """The state of the thing doesn't allow this."""

    code = Code.FAILED_PRECONDITION


class ConditionFailed(FailedPrecondition):
    """A condition that the caller set (If-Match, If-None-Match) doesn't hold."""


class Immutable(DomainError):
    """Archived or frozen: nothing changes it any more."""

    code = Code.IMMUTABLE


class Cycle(DomainError):
    """The relation would close a cycle."""

    code = Code.CYCLE


class Hierarchy(DomainError):
    """These kinds can't stand in this relation."""

    code = Code.HIERARCHY


class HomeParent(DomainError):
    """A resource always keeps its home."""

    code = Code.HOME_PARENT


class ChecksumMismatch(DomainError):
    """The bytes are not the ones that were declared."""

    code = Code.CHECKSUM_MISMATCH


class QuotaExceeded(DomainError):
    """There is no room left for this."""

    code = Code.QUOTA_EXCEEDED


class CostExceeded(DomainError):
    """The query asks for more than one request may."""

    code = Code.COST_EXCEEDED


class Throttled(DomainError):
    """Too many requests; wait and try again."""

    code = Code.THROTTLED


class Unavailable(DomainError):
    """The graph or the bytes can't be reached right now; the same request may succeed later."""

    code = Code.UNAVAILABLE
