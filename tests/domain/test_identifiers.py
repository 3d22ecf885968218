from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.identifiers import UlidSource, decode_ulid, encode_ulid, is_ulid, younger_ulid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS = st.integers(0, 2**47)


@given(st.integers(0, 2**128 - 1))
@example(0)
@example(2**128 - 1)
def test_a_written_ulid_reads_back_and_orders_as_its_number(number: int) -> None:
    text = encode_ulid(number)

    assert is_ulid(text)
    assert decode_ulid(text) == number
    assert (text < encode_ulid(2**127)) == (number < 2**127)


@pytest.mark.parametrize(
    "text",
    [
        *("", "0" * 25, "0" * 27, "8" + "0" * 25, "0" * 25 + "I", "0" * 25 + "L", "0" * 25 + "O", "0" * 25 + "U"),
        *("0" * 25 + "a", "0" * 25 + "\n", "x" * 26, "null"),
    ],
)
def test_nothing_else_is_a_ulid(text: str) -> None:
    assert not is_ulid(text)


def test_the_instant_stands_in_the_first_ten_characters() -> None:
    """The example of the ULID specification (https://github.com/ulid/spec): 1469918176385 is 01ARYZ6S41."""
    ulid = UlidSource(bytes).new(EPOCH + timedelta(milliseconds=1469918176385))

    assert ulid == "01ARYZ6S41" + "0" * 16


@given(st.lists(st.tuples(MILLISECONDS, st.binary(min_size=10, max_size=10)), min_size=2, max_size=20))
@example([(1000, b"\xff" * 10), (1000, b"\x00" * 10), (0, b"\xff" * 10), (1001, b"\x00" * 10)])
def test_they_increase_strictly_though_the_clock_stands_or_jumps_back(draws: list[tuple[int, bytes]]) -> None:
    randomness = iter([drawn for _, drawn in draws])
    source = UlidSource(lambda _: next(randomness))

    ulids = [source.new(EPOCH + timedelta(milliseconds=at)) for at, _ in draws]

    assert ulids == sorted(set(ulids))
    assert all(map(is_ulid, ulids))


@given(st.integers(0, 2**127), st.integers(0, 2**127))
@example(5, 5)
@example(5 << 80 | 7, 9 << 80 | 2**80 - 1)
def test_a_younger_one_orders_after_the_other_and_is_the_fresh_one_if_that_does(fresh: int, than: int) -> None:
    younger = younger_ulid(encode_ulid(fresh), encode_ulid(than))

    assert is_ulid(younger)
    assert younger > encode_ulid(than)
    assert (younger == encode_ulid(fresh)) == (fresh > than)
    assert younger[10:] == encode_ulid(fresh)[10:]
