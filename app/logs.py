"""Logs on standard error: one line of text or one JSON object each, with the request's id and without secrets.

JSON fields: time (UTC, RFC 3339), level, logger, message, request_id where there is one, whatever was given as `extra`,
and exception (the stack trace). The text form has the same in the same order.
Secrets are taken out last, from the finished texts: also out of other libraries' messages and of stack traces.
"""

import json
import logging
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, TextIO

from app.redaction import REDACTED, is_secret_name, redact
from app.settings import LogFormat, LogLevel

_REQUEST_ID_BYTES: Final = 16
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

# What every record has; anything beyond was given as `extra`.
_RECORD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"asctime", "message", "color_message"}

# Lines of other libraries that say what ours say better, or that repeat every query.
_QUIET: Final = {
    "neo4j": logging.WARNING,
    "neo4j.notifications": logging.ERROR,
    "asyncio": logging.WARNING,
    "botocore": logging.WARNING,
    "aiobotocore": logging.WARNING,
}
# Uvicorn's access log writes whole URLs, presigned signatures included; app/request_log.py writes ours.
_SILENCED: Final = ("uvicorn.access",)
_UVICORN: Final = ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi")


def new_request_id(random_bytes: Callable[[int], bytes]) -> str:
    """Make the id of a request: 32 hexadecimal digits."""
    return random_bytes(_REQUEST_ID_BYTES).hex()


def current_request_id() -> str | None:
    """Give the id of the request that is being served, None outside of one."""
    return _request_id.get()


@contextmanager
def request_id_set(request_id: str) -> Generator[None, None, None]:
    """Put the id into every line that is logged inside, tasks started there included."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


def start_logging(level: LogLevel, form: LogFormat, stream: TextIO | None = None) -> None:
    """Send all logging of this process to one stream (standard error), replacing what was set up before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if form is LogFormat.JSON else TextFormatter())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level.upper())
    for name in _UVICORN:
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name not in _SILENCED
    for name in _SILENCED:
        # A handler that drops: without any, Python's handler of last resort would write warnings.
        logging.getLogger(name).addHandler(logging.NullHandler())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(least)
    logging.captureWarnings(capture=True)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        fields: dict[str, object] = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if (request_id := current_request_id()) is not None:
            fields["request_id"] = request_id
        # A name of ours is never overwritten by a field that happens to be called the same.
        fields = {**_extra(record), **fields}
        if (trace := _trace(self, record)) is not None:
            fields["exception"] = trace
        return json.dumps(fields, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """One line for people: time, level, logger, message, then name=value; a stack trace follows, indented."""

    def format(self, record: logging.LogRecord) -> str:
        """Render a record."""
        parts = [_time(record), f"{record.levelname:<7}", f"{record.name}:", _one_line(redact(record.getMessage()))]
        fields = _extra(record)
        if (request_id := current_request_id()) is not None:
            fields.pop("request_id", None)
            fields["request_id"] = request_id
        parts += [f"{name}={_one_line(str(value))}" for name, value in fields.items()]
        line = " ".join(parts)
        if (trace := _trace(self, record)) is not None:
            line += "\n" + "\n".join(f"    {part}" for part in trace.splitlines())
        return line


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """Give the fields a caller added; numbers stay numbers, everything else becomes text without secrets."""
    extra: dict[str, object] = {}
    for name, value in vars(record).items():
        if name in _RECORD_FIELDS:
            continue
        if is_secret_name(name):
            extra[name] = REDACTED
        elif value is None or isinstance(value, (bool, int, float)):
            extra[name] = value
        else:
            extra[name] = redact(str(value))
    return extra


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str | None:
    """Give the stack trace of a record, without secrets."""
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return redact("\n".join(parts)) if parts else None


def _one_line(text: str) -> str:
    """Escape whatever could end the line or move the cursor: callers' words must not forge lines."""
    if text.isprintable():  # as a rule, and then it is twenty times as quick
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
        for character in text
    )
