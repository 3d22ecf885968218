"""Instants in the graph are whole milliseconds since 1970 (UTC): they compare and order alike on both engines."""

from datetime import UTC, datetime


def to_ms(instant: datetime) -> int:
    """Milliseconds of an aware instant."""
    return round(instant.timestamp() * 1000)


def optional_to_ms(instant: datetime | None) -> int | None:
    """Milliseconds of an aware instant, or None."""
    return None if instant is None else to_ms(instant)


def from_ms(milliseconds: int) -> datetime:
    """Instant of milliseconds, in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def optional_from_ms(milliseconds: int | None) -> datetime | None:
    """Instant of milliseconds, or None."""
    return None if milliseconds is None else from_ms(milliseconds)
