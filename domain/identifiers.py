"""ULIDs: ids that order by age (https://github.com/ulid/spec): 48 bits of milliseconds, 80 bits of randomness.

Written as 26 characters of upper-case Crockford base32. Within one process they are strictly increasing.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Final

ULID_LENGTH: Final = 26
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARACTERS: Final = frozenset(_ALPHABET)
_RANDOM_BITS: Final = 80
_RANDOM_MAX: Final = (1 << _RANDOM_BITS) - 1
_ULID_MAX: Final = (1 << 128) - 1


def is_ulid(text: str) -> bool:
    """Whether the text is a ULID as this system writes them: 26 characters, upper case, at most 128 bits."""
    return len(text) == ULID_LENGTH and text[0] <= "7" and _CHARACTERS.issuperset(text)


def encode_ulid(value: int) -> str:
    """Write a 128-bit number as a ULID."""
    assert 0 <= value <= _ULID_MAX, "a ULID has 128 bits"
    characters: list[str] = []
    for _ in range(ULID_LENGTH):
        characters.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(characters))


def decode_ulid(text: str) -> int:
    """Read the 128-bit number of a ULID that `is_ulid` accepts."""
    value = 0
    for character in text:
        value = value << 5 | _ALPHABET.index(character)
    return value


def younger_ulid(fresh: str, than: str) -> str:
    """Return a fresh ULID that orders after another one, which a process whose clock is ahead may have made.

    Where the fresh one doesn't, it takes the other's millisecond and one more, and keeps its own randomness.
    """
    if fresh > than:
        return fresh
    milliseconds = (decode_ulid(than) >> _RANDOM_BITS) + 1
    return encode_ulid(milliseconds << _RANDOM_BITS | decode_ulid(fresh) & _RANDOM_MAX)


class UlidSource:
    """Makes strictly increasing ULIDs from a source of random bytes.

    Two made in one millisecond, or while the clock stands or runs back, differ by one in their random part.
    """

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._last = 0

    def new(self, now: datetime) -> str:
        """Make the next ULID, at the given instant (aware)."""
        milliseconds = int(now.timestamp() * 1000)
        fresh = milliseconds << _RANDOM_BITS | int.from_bytes(self._random_bytes(10), "big")
        if fresh >> _RANDOM_BITS <= self._last >> _RANDOM_BITS:
            fresh = self._last + 1
        self._last = fresh
        return encode_ulid(fresh)
