"""Whatever happens to a blob's file, plain or compressed: a read answers the right bytes or an error."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.contents import BlobFacts
from proxy.blob_format import SEGMENT_BYTES, BlobUnreadable
from proxy.locating import extent_of
from tests.proxy.bodies import Storage, cut, read_all, source_of, storage_in

LENGTH: Final = 3 * SEGMENT_BYTES + 777
TEXT: Final = (b"@SEQ_ID\nGATTTGGGGTTCAAAGCAGTATCGATCAAATAGTAAATCCATTTGTTCAACTCACAGTTT\n+\n" * 3000)[:LENGTH]
RANDOM: Final = random.Random(7).randbytes(LENGTH)


@dataclass(frozen=True)
class Sealed:
    """A stored blob and what it holds."""

    facts: BlobFacts
    body: bytes
    stored: bytes


@dataclass(frozen=True)
class Kept:
    """Two blobs of each kind of body in one store."""

    storage: Storage
    blobs: dict[str, tuple[Sealed, Sealed]]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with storage_in(tmp_path_factory.mktemp("damage")) as storage:

        def seal(body: bytes) -> Sealed:
            blob = asyncio.run(storage.streams.ingest(source_of(cut(body, 65_536)))).blob
            return Sealed(blob, body, storage.path(blob.id).read_bytes())

        blobs = {
            "text": (seal(TEXT), seal(TEXT[::-1])),
            "random": (seal(RANDOM), seal(RANDOM[::-1])),
            "replayed": (seal(TEXT), seal(TEXT)),
        }
        yield Kept(storage, blobs)


def read(kept: Kept, blob: Sealed, start: int, length: int) -> bytes:
    return asyncio.run(read_all(kept.storage.streams, [extent_of(0, blob.facts)], start, length))


def check(kept: Kept, blob: Sealed, stored: bytes, place: tuple[int, int]) -> None:
    """Read a damaged blob whole, which must fail, and a range, which may not be wrong."""
    assume(stored != blob.stored)
    start, end = min(place), max(place)
    kept.storage.path(blob.facts.id).write_bytes(stored)
    try:
        with pytest.raises(BlobUnreadable, match=blob.facts.id):
            read(kept, blob, 0, LENGTH)
        try:
            assert read(kept, blob, start, end - start) == blob.body[start:end]
        except BlobUnreadable as error:
            assert blob.facts.id in error.message  # noqa: PT017  either outcome is right
    finally:
        kept.storage.path(blob.facts.id).write_bytes(blob.stored)


KINDS = st.sampled_from(["text", "random", "replayed"])
SHARES = st.floats(0, 1, exclude_max=True)
"""A place in a file, as a share of its length."""
RANGES = st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).filter(lambda pair: pair[0] != pair[1])


@given(kind=KINDS, share=SHARES, bit=st.integers(0, 7), place=RANGES)
def test_a_flipped_bit_anywhere_is_never_read_as_bytes(
    kept: Kept, kind: str, share: float, bit: int, place: tuple[int, int]
) -> None:
    blob, _ = kept.blobs[kind]
    stored = bytearray(blob.stored)
    stored[int(share * len(stored))] ^= 1 << bit

    check(kept, blob, bytes(stored), place)


@given(kind=KINDS, share=SHARES, tail=st.binary(max_size=40), place=RANGES)
def test_a_blob_cut_anywhere_or_continued_is_never_read_as_bytes(
    kept: Kept, kind: str, share: float, tail: bytes, place: tuple[int, int]
) -> None:
    blob, _ = kept.blobs[kind]

    check(kept, blob, blob.stored[: int(share * len(blob.stored))] + tail, place)


@given(kind=KINDS, shares=st.tuples(SHARES, SHARES), place=RANGES)
def test_any_stretch_of_another_blob_is_never_read_as_bytes(
    kept: Kept, kind: str, shares: tuple[float, float], place: tuple[int, int]
) -> None:
    """Of equal plaintext too: each blob has a key of its own."""
    blob, other = kept.blobs[kind]
    first, last = sorted(int(share * len(blob.stored)) for share in shares)

    check(kept, blob, blob.stored[:first] + other.stored[first:last] + blob.stored[last:], place)


@given(kind=KINDS, shares=st.tuples(SHARES, SHARES), place=RANGES)
def test_any_stretch_of_the_blob_itself_at_another_place_is_never_read_as_bytes(
    kept: Kept, kind: str, shares: tuple[float, float], place: tuple[int, int]
) -> None:
    blob, _ = kept.blobs[kind]
    source, target = (int(share * len(blob.stored)) for share in shares)
    length = min(SEGMENT_BYTES, len(blob.stored) - max(source, target))
    stored = bytearray(blob.stored)
    stored[target : target + length] = blob.stored[source : source + length]

    check(kept, blob, bytes(stored), place)
