"""Scalars beyond GraphQL's own. What comes in is checked; what goes out is written one way."""

import re
from datetime import UTC, datetime
from typing import Any, Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
Sha256 = NewType("Sha256", str)
Url = NewType("Url", str)

_BIG_INT_MAX: Final = 2**63 - 1
_is_sha256: Final = re.compile(r"[0-9a-f]{64}").fullmatch
_is_instant: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
).fullmatch


def write_instant(instant: datetime) -> str:
    """Write an aware instant in UTC with milliseconds: 2026-11-21T12:00:00.000Z."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_instant(given: object) -> datetime:
    """Read an RFC 3339 instant with its zone.

    Raises: ValueError.
    """
    if not isinstance(given, str) or not _is_instant(given):
        raise ValueError("an instant is RFC 3339 text with its zone, such as 2026-11-21T12:00:00Z")
    return datetime.fromisoformat(given.upper()).astimezone(UTC)


def read_big_int(given: object) -> int:
    """Read a whole number, or the decimal digits of one.

    Raises: ValueError.
    """
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) < 20:
        given = int(given)
    if not isinstance(given, int) or isinstance(given, bool) or not 0 <= given <= _BIG_INT_MAX:
        raise ValueError(f"a BigInt is a whole number from 0 to {_BIG_INT_MAX}")
    return given


def read_sha256(given: object) -> str:
    """Read a SHA-256; upper-case digits become lower case.

    Raises: ValueError.
    """
    if not isinstance(given, str) or not _is_sha256(given.lower()):
        raise ValueError("a Sha256 has 64 hex digits")
    return given.lower()


def read_url(given: object) -> str:
    """Read a URL, which no argument of this schema takes.

    Raises: ValueError.
    """
    if not isinstance(given, str):
        raise ValueError("a URL is text")  # noqa: TRY004  GraphQL reports ValueErrors of scalars
    return given


SCALARS: Final[dict[Any, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant: RFC 3339 text in UTC, with milliseconds, such as `2026-11-21T12:00:00.000Z`.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=write_instant,
        parse_value=read_instant,
    ),
    BigInt: strawberry.scalar(
        name="BigInt",
        description="A whole number from 0 to 2^63 - 1, as a JSON number; digits in a string are taken too.",
        serialize=int,
        parse_value=read_big_int,
    ),
    Sha256: strawberry.scalar(
        name="Sha256",
        description="A SHA-256 digest: 64 lower-case hex digits.",
        serialize=str,
        parse_value=read_sha256,
    ),
    Url: strawberry.scalar(
        name="URL",
        description="An absolute URL.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3986",
        serialize=str,
        parse_value=read_url,
    ),
}
