import asyncio
import io
import json
import logging
import warnings
from collections.abc import Iterator
from datetime import datetime

import pytest

from app.logs import current_request_id, new_request_id, request_id_set, start_logging
from app.settings import LogFormat, LogLevel

log = logging.getLogger("tests.logs")


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A place for the lines; logging is as it was afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    root.handlers[:] = handlers
    root.setLevel(level)


def fail() -> None:
    raise RuntimeError("GET /b?X-Amz-Signature=hunter2a")


def json_lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_json_line_has_time_level_logger_message_and_extra_fields(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.JSON, stream)

    log.info("stored %d blobs", 3, extra={"duration_ms": 1.5, "bucket": "b"})

    [line] = json_lines(stream)
    when = datetime.fromisoformat(str(line.pop("time")))
    assert when.utcoffset() is not None
    assert line == {
        "level": "info",
        "logger": "tests.logs",
        "message": "stored 3 blobs",
        "duration_ms": 1.5,
        "bucket": "b",
    }


def test_every_line_inside_a_request_has_its_id(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.JSON, stream)

    async def serve(request_id: str) -> None:
        with request_id_set(request_id):
            await asyncio.sleep(0)
            log.info("serving")

    async def serve_two() -> None:
        await asyncio.gather(serve("one"), serve("two"))

    asyncio.run(serve_two())
    log.info("outside")

    assert [line.get("request_id") for line in json_lines(stream)] == ["one", "two", None]
    assert current_request_id() is None


def test_a_text_line_reads_from_left_to_right(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.TEXT, stream)

    with request_id_set("r1"):
        log.warning("slow", extra={"duration_ms": 900})

    assert stream.getvalue().split(" ", 1)[1] == "WARNING tests.logs: slow duration_ms=900 request_id=r1\n"


def test_a_text_line_cannot_be_forged_by_what_callers_send(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.TEXT, stream)

    log.info("GET %s", "/a\n2026 INFO forged\x1b[2J", extra={"key": "b\rc"})

    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue().endswith("GET /a\\n2026 INFO forged\\x1b[2J key=b\\rc\n")


@pytest.mark.parametrize("form", LogFormat)
def test_secrets_are_in_no_message_field_or_stack_trace(stream: io.StringIO, form: LogFormat) -> None:
    start_logging(LogLevel.INFO, form, stream)

    try:
        fail()
    except RuntimeError:
        log.exception(
            "Authorization: Bearer hunter2b",
            extra={
                "secretAccessKey": "hunter2c",
                "url": "/?access_token=hunter2d",
                "headers": {"password": "hunter2e"},
            },
        )

    text = stream.getvalue()
    assert "RuntimeError: GET /b?X-Amz-Signature=***" in text
    assert "hunter2" not in text


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    start_logging(LogLevel.WARNING, LogFormat.JSON, stream)

    log.info("no")
    log.warning("yes")

    assert [line["message"] for line in json_lines(stream)] == ["yes"]


def test_uvicorns_own_access_lines_are_dropped_and_its_errors_kept(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.JSON, stream)

    logging.getLogger("uvicorn.access").info('%s - "%s"', "127.0.0.1", "GET /?X-Amz-Signature=x")
    logging.getLogger("uvicorn.error").error("broken")

    assert [line["message"] for line in json_lines(stream)] == ["broken"]


def test_a_field_cannot_take_the_place_of_the_message(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.JSON, stream)

    log.info("true", extra={"level": "error", "time": "never"})

    [line] = json_lines(stream)
    assert line["level"] == "info"
    assert line["time"] != "never"


def test_warnings_become_lines(stream: io.StringIO) -> None:
    start_logging(LogLevel.INFO, LogFormat.JSON, stream)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old way", DeprecationWarning, stacklevel=1)

    assert "old way" in str(json_lines(stream)[0]["message"])


def test_a_request_id_that_a_caller_gives_too_stands_in_the_line_once(stream: io.StringIO) -> None:
    """As the access lines do, which are also written where no request is set."""
    start_logging(LogLevel.INFO, LogFormat.TEXT, stream)

    with request_id_set("r1"):
        log.info("GET", extra={"request_id": "r1", "status": 200})

    assert stream.getvalue().split(" ", 1)[1] == "INFO    tests.logs: GET status=200 request_id=r1\n"


def test_a_request_id_is_32_hexadecimal_digits_of_the_given_randomness() -> None:
    assert new_request_id(lambda count: bytes(range(count))) == "000102030405060708090a0b0c0d0e0f"
