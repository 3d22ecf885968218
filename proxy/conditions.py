"""The If-* headers: ETag lists, and the verdict on reads (RFC 9110, section 13).

If-Match beats If-Unmodified-Since, If-None-Match beats If-Modified-Since; dates count in whole seconds. What writes
must meet is decided in the publishing rule (domain/publishing.py).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from domain.publishing import ANY_ETAG, Conditions


class Verdict(Enum):
    """How a read goes on."""

    GO_ON = auto()
    NOT_MODIFIED = auto()
    FAILED = auto()


def parse_etags(header: str | None) -> tuple[str, ...]:
    """Read a list of ETags, with or without quotes, weak or not; `*` stands for any.

    A header that names none still is a condition: it names the empty ETag, which nothing has.
    """
    if header is None:
        return ()
    etags = (part.strip().removeprefix("W/").strip('"') for part in header.split(","))
    return tuple(etag for etag in etags if etag) or ("",)


def write_conditions(headers: Mapping[str, str]) -> Conditions:
    """Read what a write demands of the key."""
    if_match, if_none_match = headers.get("if-match"), headers.get("if-none-match")
    if if_match is None and if_none_match is None:
        return Conditions()
    return Conditions(parse_etags(if_match), parse_etags(if_none_match))


def parse_http_date(text: str | None) -> datetime | None:
    """Read an HTTP date; None if there is none, or it is none: such a condition is ignored."""
    if not text:
        return None
    try:
        instant = parsedate_to_datetime(text)
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def read_verdict(headers: Mapping[str, str], etag: str, modified_at: datetime, now: datetime) -> Verdict:
    """Judge a read of what has this ETag (without quotes) and was published at this instant.

    A date in the future is no date that something was modified since (RFC 9110, 13.1.3).
    """
    modified_at = modified_at.replace(microsecond=0)
    if_match = headers.get("if-match")
    if if_match is not None:
        etags = parse_etags(if_match)
        if etag not in etags and ANY_ETAG not in etags:
            return Verdict.FAILED
    else:
        unmodified_since = parse_http_date(headers.get("if-unmodified-since"))
        if unmodified_since is not None and modified_at > unmodified_since:
            return Verdict.FAILED
    if_none_match = headers.get("if-none-match")
    if if_none_match is not None:
        etags = parse_etags(if_none_match)
        return Verdict.NOT_MODIFIED if etag in etags or ANY_ETAG in etags else Verdict.GO_ON
    modified_since = parse_http_date(headers.get("if-modified-since"))
    if modified_since is not None and modified_at <= modified_since <= now:
        return Verdict.NOT_MODIFIED
    return Verdict.GO_ON


def range_still_holds(headers: Mapping[str, str], etag: str, modified_at: datetime) -> bool:
    """Whether If-Range, if given, names what is there now; otherwise the whole is to be answered."""
    if_range = headers.get("if-range")
    if if_range is None:
        return True
    known_at = parse_http_date(if_range)
    if known_at is not None:
        return modified_at.replace(microsecond=0) == known_at
    return if_range.strip().strip('"') == etag
