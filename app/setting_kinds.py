"""The kinds of values a setting can have: each reads one text and says in words what it accepts.

A reader raises ValueError with the reason; the caller adds which setting it was. Pure.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Generic, TypeVar
from urllib.parse import urlsplit

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)

# One label of a host name (RFC 1123, 2.1): letters, digits and inner hyphens, at most 63.
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*", re.ASCII)
_HOST_NAME_LENGTH_MAX: Final = 253
_DATABASE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9.-]{2,62}", re.ASCII)
_GRAPH_SCHEMES: Final = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
_WEB_SCHEMES: Final = ("http", "https")
_BUCKET_SCHEME: Final = "s3://"
_BUCKET_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
# `-X…` and `-D…`: never a class to run, nor an argument file (`@…`).
_JVM_OPTION: Final = re.compile(r"-[XD][\w:+.,=/%-]+", re.ASCII)
# Characters of keys that need no escaping anywhere, between single slashes.
_KEY_PREFIX: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,255}/){0,8}", re.ASCII)
_REGION: Final = re.compile(r"[A-Za-z0-9-]{1,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How a setting's text is read, and what it may be, in words for the table."""

    words: str
    read: Callable[[str], T]


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of an S3-compatible store; keys begin with `prefix`, which is empty or ends in `/`."""

    bucket: str
    prefix: str


def whole_number(minimum: int, maximum: int) -> Kind[int]:
    """Decimal digits, within bounds that both belong to it."""

    def read(text: str) -> int:
        # int() alone would also take " 5", "1_000" and digits of other scripts.
        if not re.fullmatch(r"[0-9]{1,18}", text) or not minimum <= int(text) <= maximum:
            raise ValueError(f"must be a whole number from {minimum} to {maximum}")
        return int(text)

    return Kind(f"{minimum} to {maximum}", read)


def one_of(choices: type[E]) -> Kind[E]:
    """One of the values of an enumeration, in any case of letters."""

    def read(text: str) -> E:
        try:
            return choices(text.lower())
        except ValueError:
            raise ValueError(f"must be {' or '.join(choices)}") from None

    return Kind(" or ".join(f"`{choice}`" for choice in choices), read)


def _read_switch(text: str) -> bool:
    if text not in {"on", "off"}:
        raise ValueError("must be on or off")
    return text == "on"


def _read_text(text: str) -> str:
    return text


def _read_host(text: str) -> str:
    # An address, or a name of this machine: what the system can't bind is refused when it is bound.
    if not re.fullmatch(r"[0-9A-Za-z.:-]+", text):
        raise ValueError("must be an address or a host name of this machine, without a port")
    return text


def _read_host_name(text: str) -> str:
    if len(text) > _HOST_NAME_LENGTH_MAX or not _HOST_NAME.fullmatch(text):
        raise ValueError("must be a host name in lower case, without scheme or port")
    return text


def _read_database_name(text: str) -> str:
    if not _DATABASE_NAME.fullmatch(text):
        raise ValueError("must be the name of a Neo4j database: 3 to 63 letters, digits, dots or hyphens")
    return text


def _read_origin(text: str) -> str:
    _check_address(text, _WEB_SCHEMES)
    origin = text.removesuffix("/")
    if urlsplit(origin).path:
        raise ValueError("must not have a path")
    return origin.lower()


def _read_origins(text: str) -> tuple[str, ...]:
    return tuple(_read_origin(part.strip()) for part in text.split(",") if part.strip())


def _read_graph_uri(text: str) -> str:
    _check_address(text, _GRAPH_SCHEMES)
    if urlsplit(text).path not in {"", "/"}:
        raise ValueError("must not have a path; the database has a setting of its own")
    return text


def _read_bucket(text: str) -> Bucket:
    if not text.startswith(_BUCKET_SCHEME):
        raise ValueError("must begin with s3://, as in s3://bucket/prefix")
    bucket, _, prefix = text.removeprefix(_BUCKET_SCHEME).partition("/")
    if not _BUCKET_NAME.fullmatch(bucket):
        raise ValueError("must name a bucket: 3 to 63 lower-case letters, digits, dots or hyphens")
    prefix = f"{prefix.removesuffix('/')}/" if prefix else ""
    if not _KEY_PREFIX.fullmatch(prefix):
        raise ValueError("must have a prefix of letters, digits, dots, hyphens, underscores and single slashes")
    return Bucket(bucket, prefix)


def _read_region(text: str) -> str:
    if not _REGION.fullmatch(text):
        raise ValueError("must be the name of a region: letters, digits and hyphens")
    return text


def _check_address(text: str, schemes: tuple[str, ...]) -> None:
    """Refuse whatever isn't `scheme://host[:port]` with at most a path.

    Raises: ValueError.
    """
    parts = urlsplit(text)
    if parts.scheme not in schemes:
        raise ValueError(f"must begin with {', '.join(f'{scheme}://' for scheme in schemes)}")
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password")
    if not parts.hostname or re.search(r"[\s?#]", text):
        raise ValueError("must name a host, and have no query, fragment or white space")
    if parts.port == 0:  # .port itself raises ValueError for a port that isn't one
        raise ValueError("must not have port 0")


def _read_jvm_options(text: str) -> tuple[str, ...]:
    options = tuple(text.split())
    for option in options:
        if not _JVM_OPTION.fullmatch(option):
            raise ValueError("must be options that begin with -X or -D, with spaces between")
    return options


SWITCH: Final = Kind("`on` or `off`", _read_switch)
JVM_OPTIONS: Final = Kind("`-X…` or `-D…`, with spaces between", _read_jvm_options)
TEXT: Final = Kind("text", _read_text)
FOLDER: Final = Kind("folder", Path)
HOST: Final = Kind("address or host name", _read_host)
HOST_NAME: Final = Kind("host name", _read_host_name)
DATABASE_NAME: Final = Kind("database name", _read_database_name)
PORT: Final = whole_number(0, 65535)
ORIGIN: Final = Kind("`http(s)://host[:port]`", _read_origin)
ORIGINS: Final = Kind("origins, separated by commas", _read_origins)
BUCKET: Final = Kind("`s3://bucket/prefix`", _read_bucket)
REGION: Final = Kind("region", _read_region)
GRAPH_URI: Final = Kind("`neo4j://`, `bolt://`, with `+s` for TLS", _read_graph_uri)
