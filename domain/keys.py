"""An S3 key and its one place in the hierarchy (spec: S3 face, mapping).

Follow the key from the project: a first segment that can be a container's name, with more after it, is a container;
in a Collection the next such segment is a Dataset; all the rest is the Object's name. Which rest it is depends on the
kinds of the containers that exist, so a key is cut once, and the place is picked when the kinds are known.
"""

from dataclasses import dataclass
from typing import Final

from domain.names import is_container_name
from domain.resources import Kind

CONTAINER_MARK: Final = "/\x01"
"""Ends a container's name in its Entry, so that one ordered scan of a parent gives S3's byte order:
`foo` < `foo/` (a folder marker) < all keys below the container `foo` < `foo0`."""


@dataclass(frozen=True, slots=True)
class KeyCut:
    """A key cut at its possible containers: `rests[n]` is what remains after n of `containers` (0 to 2)."""

    containers: tuple[str, ...]
    rests: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check the shape."""
        assert len(self.rests) == len(self.containers) + 1, "a rest before, between and after the containers"


def cut_key(key: str) -> KeyCut:
    """Cut a key; joined again by `/`, any of its readings gives the key back."""
    containers: list[str] = []
    rests = [key]
    while len(containers) < 2:
        segment, slash, rest = rests[-1].partition("/")
        if not slash or not rest or not is_container_name(segment):
            break
        containers.append(segment)
        rests.append(rest)
    return KeyCut(tuple(containers), tuple(rests))


def containers_on_the_way(cut: KeyCut, existing: tuple[Kind, ...]) -> int:
    """How many of the cut's containers the key's place lies below, given the kinds of those that exist, from the top.

    A Dataset ends the way; what doesn't exist yet becomes a Collection, then a Dataset.
    """
    if existing and existing[0] is Kind.DATASET:
        return 1
    return len(cut.containers)


def missing_kinds(existing: tuple[Kind, ...], depth: int) -> tuple[Kind, ...]:
    """Kinds that a PUT makes below the existing containers: always a Collection first, then a Dataset."""
    return (Kind.COLLECTION, Kind.DATASET)[len(existing) : depth]


def container_sort(parent_id: str, name: str) -> str:
    """Return the Entry's `sort` of a container below a parent."""
    return parent_id + name + CONTAINER_MARK


def object_sort(parent_id: str, name: str) -> str:
    """Return the Entry's `sort` of an Object below a parent."""
    return parent_id + name


def child_sort(parent_id: str, kind: Kind, name: str) -> str:
    """Return the Entry's `sort` of a child of this kind below a parent."""
    return object_sort(parent_id, name) if kind is Kind.OBJECT else container_sort(parent_id, name)


def successor(prefix: str) -> str:
    """Return the least string above all strings that begin with the prefix, in code point order.

    The last character that isn't U+10FFFF is raised, skipping surrogates; an empty answer means there is none.
    """
    characters = prefix.rstrip("\U0010ffff")
    if not characters:
        return ""
    code = ord(characters[-1]) + 1
    if 0xD800 <= code <= 0xDFFF:
        code = 0xE000
    return characters[:-1] + chr(code)
