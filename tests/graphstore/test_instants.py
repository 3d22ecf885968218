from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from graphstore.instants import from_ms, optional_from_ms, optional_to_ms, to_ms


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_read_back_as_they_were_written(milliseconds: int) -> None:
    instant = from_ms(milliseconds)

    assert to_ms(instant) == milliseconds
    assert instant.tzinfo is UTC


@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)), st.integers(-12, 14))  # noqa: DTZ001  zones come next
def test_an_instant_is_the_same_in_every_zone_and_off_by_half_a_millisecond_at_most(
    local: datetime, hours: int
) -> None:
    instant = local.replace(tzinfo=UTC)

    milliseconds = to_ms(instant)

    assert to_ms(instant.astimezone(timezone(timedelta(hours=hours)))) == milliseconds
    assert abs(from_ms(milliseconds) - instant) <= timedelta(microseconds=500)


def test_no_instant_stays_none() -> None:
    assert optional_to_ms(None) is None
    assert optional_from_ms(None) is None
    assert optional_to_ms(from_ms(5)) == 5
    assert optional_from_ms(5) == from_ms(5)
