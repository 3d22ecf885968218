"""The If-* headers of reads, and ETag lists."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from domain.publishing import Conditions
from proxy.conditions import Verdict, parse_etags, parse_http_date, range_still_holds, read_verdict, write_conditions

AT = datetime(2026, 11, 21, 12, 0, 0, 900_000, tzinfo=UTC)
NOW = AT + timedelta(days=1)
BEFORE, SAME, AFTER = (
    format_datetime(AT.replace(microsecond=0) + timedelta(seconds=seconds), usegmt=True) for seconds in (-1, 0, 1)
)
FUTURE = format_datetime(NOW + timedelta(days=1), usegmt=True)


@pytest.mark.parametrize(
    ("header", "etags"),
    [
        (None, ()),
        ('"a"', ("a",)),
        ("a", ("a",)),
        ('"a", W/"b" ,c', ("a", "b", "c")),
        ("*", ("*",)),
        (" , ", ("",)),
        ('""', ("",)),
    ],
)
def test_etags_are_read_with_and_without_quotes(header: str | None, etags: tuple[str, ...]) -> None:
    assert parse_etags(header) == etags


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({}, Verdict.GO_ON),
        ({"if-match": '"e"'}, Verdict.GO_ON),
        ({"if-match": "*"}, Verdict.GO_ON),
        ({"if-match": '"x"'}, Verdict.FAILED),
        ({"if-match": '""'}, Verdict.FAILED),
        ({"if-none-match": '"e"'}, Verdict.NOT_MODIFIED),
        ({"if-none-match": "*"}, Verdict.NOT_MODIFIED),
        ({"if-none-match": '"x"'}, Verdict.GO_ON),
        ({"if-modified-since": SAME}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": AFTER}, Verdict.NOT_MODIFIED),
        ({"if-modified-since": BEFORE}, Verdict.GO_ON),
        ({"if-modified-since": FUTURE}, Verdict.GO_ON),
        ({"if-modified-since": "nonsense"}, Verdict.GO_ON),
        ({"if-unmodified-since": BEFORE}, Verdict.FAILED),
        ({"if-unmodified-since": SAME}, Verdict.GO_ON),
        ({"if-match": '"e"', "if-unmodified-since": BEFORE}, Verdict.GO_ON),
        ({"if-none-match": '"x"', "if-modified-since": AFTER}, Verdict.GO_ON),
        ({"if-match": '"x"', "if-none-match": '"e"'}, Verdict.FAILED),
    ],
)
def test_a_read_goes_on_as_the_conditions_say(headers: dict[str, str], verdict: Verdict) -> None:
    assert read_verdict(headers, "e", AT, NOW) is verdict


def test_conditions_of_a_write() -> None:
    assert write_conditions({}) == Conditions()
    assert write_conditions({"if-match": '"a","b"', "if-none-match": "*"}) == Conditions(("a", "b"), ("*",))


@pytest.mark.parametrize(
    ("if_range", "holds"), [(None, True), ('"e"', True), ('"x"', False), (SAME, True), (BEFORE, False)]
)
def test_a_range_holds_while_if_range_names_what_is_there(if_range: str | None, holds: bool) -> None:  # noqa: FBT001  a parameter of the table
    headers = {} if if_range is None else {"if-range": if_range}

    assert range_still_holds(headers, "e", AT) is holds


@pytest.mark.parametrize("text", [None, "", "x", "Sat, 99 Nov 2026 12:00:00 GMT"])
def test_what_is_no_date_is_none(text: str | None) -> None:
    assert parse_http_date(text) is None
