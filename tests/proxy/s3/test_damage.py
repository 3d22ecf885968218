"""Bytes and keys that were flipped, cut, swapped, spliced or replayed: a GET is an error, and `verify` finds each.

Three pairs of Objects are stored once: text that is compressed, noise, and more noise than a GET answers at once. Each
test damages one of a pair, looks, and mends it again.
"""

import base64
import logging
import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from proxy.blob_format import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES
from proxy.segment_table import tail_size
from proxy.verifying import Fault, Verifier
from tests.conftest import GraphServer
from tests.proxy.bodies import source_of
from tests.proxy.s3.face import Face, open_face, signed_headers
from tests.proxy.texts import reads

BUCKET: Final = "damage"
MIB: Final = 1024 * 1024
BODIES: Final[Mapping[str, Callable[[], bytes]]] = {
    # Segments of one length, so that the table of their lengths fits them in any order.
    "text": lambda: reads(SEGMENT_BYTES, seed=int.from_bytes(os.urandom(4), "big")) * 4,
    "noise": lambda: os.urandom(3 * SEGMENT_BYTES + 1000),
    "long": lambda: os.urandom(3 * MIB),
}


@dataclass(frozen=True)
class Stored:
    """An Object's one blob, and what it is when nothing is wrong with it."""

    key: str
    body: bytes
    blob_id: str
    path: Path
    sealed: bytes
    wrapped: str
    key_id: str


@dataclass(frozen=True)
class Pair:
    """The blob that is damaged, another one, and the same bytes as they were sealed another time."""

    face: Face
    http: httpx.AsyncClient
    victim: Stored
    other: Stored
    earlier: bytes
    earlier_key: bytes

    @property
    def borders(self) -> list[int]:
        """Where the header, each segment and the table end."""
        sealed, length = len(self.victim.sealed), len(self.victim.body)
        if self.victim.key.startswith("text"):
            tail = tail_size(length)
            segment, count = (sealed - HEADER_BYTES - tail) // 4, 4
            assert HEADER_BYTES + 4 * segment + tail == sealed < length, "compressed, and to segments of one length"
        else:
            segment, count = SEGMENT_BYTES + TAG_BYTES, -(-length // SEGMENT_BYTES)
        ends = [min(HEADER_BYTES + segment * number, sealed) for number in range(count + 1)]
        return ends if ends[-1] == sealed else [*ends, sealed]


def pieces_of(sealed: bytes, borders: list[int]) -> list[bytes]:
    """Header, segments and the table of a blob."""
    return [sealed[start:end] for start, end in zip([0, *borders], borders, strict=False)]


@pytest.fixture(scope="module")
async def face(empty_graph: GraphServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Face]:
    async with open_face(empty_graph, tmp_path_factory.mktemp("damage")) as opened:
        await (await opened.client()).create_bucket(Bucket=BUCKET)
        yield opened


@pytest.fixture(scope="module")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
async def pairs(face: Face, http: httpx.AsyncClient) -> dict[str, Pair]:
    made: dict[str, Pair] = {}
    for kind, body_of in BODIES.items():
        victim, other = [await store(face, f"{kind}-{number}", body_of()) for number in range(2)]
        earlier = (await face.storage.streams.ingest(source_of([victim.body]))).blob
        path = face.storage.path(earlier.id)
        made[kind] = Pair(face, http, victim, other, path.read_bytes(), earlier.wrapped_key)
        path.unlink()
    return made


async def store(face: Face, key: str, body: bytes) -> Stored:
    await (await face.client()).put_object(Bucket=BUCKET, Key=key, Body=body)
    (row,) = await face.world.ask(
        "MATCH (:Object {name: $key})-[:CONTENT]->()-[:PART]->(b:Blob) "
        "RETURN b.id AS id, b.wrappedKey AS wrapped, b.keyId AS key",
        key=key,
    )
    path = face.storage.path(row["id"])
    return Stored(key, body, row["id"], path, path.read_bytes(), row["wrapped"], row["key"])


@pytest.fixture(params=BODIES)
def pair(pairs: dict[str, Pair], request: pytest.FixtureRequest) -> Pair:
    return pairs[request.param]


# -- what a damage must lead to


async def get(pair: Pair, stored: Stored) -> tuple[bytes, bool]:
    """Bytes that a GET answered, and whether it ended well."""
    endpoint, path = pair.face.endpoint, f"/{BUCKET}/{stored.key}"
    headers = signed_headers(endpoint, "GET", path, b"", (await pair.face.person("ada")).access_key, {})
    body = bytearray()
    async with pair.http.stream("GET", endpoint + path, headers=headers) as got:
        if got.status_code != 200:
            assert b"<Code>InternalError</Code>" in await got.aread()
            return b"", False
        with suppress(httpx.RemoteProtocolError):
            async for chunk in got.aiter_raw():
                body += chunk
            return bytes(body), True
    return bytes(body), False


async def verify(face: Face) -> dict[str, Fault]:
    """What `verify` finds, by blob."""
    verifier = Verifier(
        face.world.store,
        face.storage.blobs,
        face.storage.keyring,
        face.storage.streams,
        orphaned_before=datetime.now(UTC) + timedelta(days=1),
    )
    return {finding.blob_id: finding.fault async for finding in verifier.findings()}


def told(face: Face) -> str:
    """All that the face logged of errors."""
    return " ".join(record.getMessage() for record in face.log if record.levelno == logging.ERROR)


async def check_refused(pair: Pair, what: str, expected: Mapping[str, Fault]) -> None:
    """A GET of each damaged blob is no success and gives no wrong byte; the log and `verify` name it."""
    for stored in (pair.victim, pair.other):
        if stored.blob_id in expected:
            pair.face.log.clear()
            body, is_whole = await get(pair, stored)
            assert stored.body.startswith(body), (what, "wrong bytes")
            assert not is_whole, what
            assert stored.blob_id in told(pair.face), (what, told(pair.face))
    assert await verify(pair.face) == expected, what


async def check_file(pair: Pair, what: str, damaged: bytes) -> None:
    """Let a blob's file be these bytes for a moment."""
    victim = pair.victim
    assert damaged != victim.sealed, (what, "it is no damage")
    fault = Fault.CORRUPT if len(damaged) == len(victim.sealed) else Fault.WRONG_LENGTH
    victim.path.write_bytes(damaged)
    try:
        await check_refused(pair, what, {victim.blob_id: fault})
    finally:
        victim.path.write_bytes(victim.sealed)


async def check_files(pair: Pair, damages: Iterator[tuple[str, bytes]]) -> None:
    count = 0
    for what, damaged in damages:
        await check_file(pair, what, damaged)
        count += 1
    assert count, "something was damaged"
    for stored in (pair.victim, pair.other):
        assert await get(pair, stored) == (stored.body, True)


def spread(places: list[int]) -> list[int]:
    """The first three, one in the middle, and the last two of many places."""
    chosen = {*places[:3], places[len(places) // 2], *places[-2:]}
    return sorted(chosen)


# -- files


async def test_a_flip_at_any_border_is_found(pair: Pair) -> None:
    sealed = pair.victim.sealed

    def damages() -> Iterator[tuple[str, bytes]]:
        for border in spread([0, 8, 9, 13, 14, 30, *pair.borders[:-1], len(sealed) - 4, len(sealed) - 20]):
            for place in {max(border - 1, 0), border}:
                damaged = bytearray(sealed)
                damaged[place] ^= 1 << (place % 8)
                yield f"flip at {place} of {len(sealed)}", bytes(damaged)

    await check_files(pair, damages())


async def test_a_blob_that_was_cut_at_any_border_or_has_grown_is_found(pair: Pair) -> None:
    sealed = pair.victim.sealed

    def damages() -> Iterator[tuple[str, bytes]]:
        for border in spread([0, *pair.borders]):
            for length in sorted({max(border - 1, 0), border, border + 1} - {len(sealed)}):
                yield f"{length} of {len(sealed)} bytes", (sealed + b"\0")[:length]
        yield "its last piece twice", sealed + pieces_of(sealed, pair.borders)[-1]

    await check_files(pair, damages())


async def test_pieces_that_were_swapped_repeated_or_left_out_are_found(pair: Pair) -> None:
    header, *pieces = pieces_of(pair.victim.sealed, pair.borders)

    def damages() -> Iterator[tuple[str, bytes]]:
        for first in spread(list(range(len(pieces) - 1))):
            swapped = [*pieces[:first], pieces[first + 1], pieces[first], *pieces[first + 2 :]]
            yield f"{first} and the next swapped", header + b"".join(swapped)
            repeated = [*pieces[: first + 1], pieces[first], *pieces[first + 2 :]]
            yield f"{first} in place of the next", header + b"".join(repeated)
            yield f"{first} left out", header + b"".join([*pieces[:first], *pieces[first + 1 :]])

    await check_files(pair, damages())


@pytest.mark.parametrize("source", ["another blob", "the same bytes sealed earlier"])
async def test_pieces_of_other_blobs_are_found(pair: Pair, source: str) -> None:
    sealed = pair.victim.sealed
    strange = pair.earlier if source.startswith("the same") else pair.other.sealed
    mine, theirs = pieces_of(sealed, pair.borders), pieces_of(strange, pair.borders)

    def damages() -> Iterator[tuple[str, bytes]]:
        for place in spread(list(range(len(mine)))):
            yield f"piece {place} of {source}", b"".join([*mine[:place], theirs[place], *mine[place + 1 :]])
        yield f"all of {source}", strange
        yield f"all of {source} but the header", mine[0] + strange[HEADER_BYTES:]
        renamed = strange[:14] + bytes.fromhex(pair.victim.blob_id) + strange[30:]
        yield f"all of {source} under this name", renamed

    await check_files(pair, damages())


async def test_an_answer_that_comes_to_damage_breaks_off(pairs: dict[str, Pair]) -> None:
    pair = pairs["long"]
    victim = pair.victim
    victim.path.write_bytes(victim.sealed[:-1] + bytes([victim.sealed[-1] ^ 1]))
    try:
        body, is_whole = await get(pair, victim)
    finally:
        victim.path.write_bytes(victim.sealed)

    assert not is_whole
    assert MIB <= len(body) < len(victim.body)
    assert victim.body.startswith(body)


async def test_a_file_that_is_gone_is_found(pair: Pair) -> None:
    pair.victim.path.unlink()
    try:
        await check_refused(pair, "gone", {pair.victim.blob_id: Fault.MISSING})
    finally:
        pair.victim.path.write_bytes(pair.victim.sealed)


async def test_two_files_that_were_swapped_are_both_found(pair: Pair) -> None:
    victim, other = pair.victim, pair.other
    fault = Fault.CORRUPT if len(victim.sealed) == len(other.sealed) else Fault.WRONG_LENGTH
    victim.path.write_bytes(other.sealed)
    other.path.write_bytes(victim.sealed)
    try:
        await check_refused(pair, "swapped", {victim.blob_id: fault, other.blob_id: fault})
    finally:
        victim.path.write_bytes(victim.sealed)
        other.path.write_bytes(other.sealed)


# -- keys


@asynccontextmanager
async def keys(pair: Pair, **of: tuple[str, str]) -> AsyncGenerator[None]:
    """Let the graph have these wrapped keys, each with the id of its master key, for a moment."""

    async def write(stored: Stored, wrapped: str, key_id: str) -> None:
        await pair.face.world.do(
            "MATCH (b:Blob {id: $id}) SET b.wrappedKey = $wrapped, b.keyId = $key",
            id=stored.blob_id,
            wrapped=wrapped,
            key=key_id,
        )

    named: dict[str, Any] = {"victim": pair.victim, "other": pair.other}
    for name, (wrapped, key_id) in of.items():
        await write(named[name], wrapped, key_id)
    try:
        yield
    finally:
        for name in of:
            await write(named[name], named[name].wrapped, named[name].key_id)


async def test_a_key_that_was_flipped_anywhere_or_cut_is_found(pair: Pair) -> None:
    wrapped = base64.b64decode(pair.victim.wrapped)
    for what in ["cut", *range(0, len(wrapped), 7), len(wrapped) - 1]:
        damaged = bytearray(wrapped)
        if isinstance(what, int):
            damaged[what] ^= 1
        else:
            del damaged[-1]
        text = base64.b64encode(damaged).decode("ascii")

        async with keys(pair, victim=(text, pair.victim.key_id)):
            await check_refused(pair, f"key: {what}", {pair.victim.blob_id: Fault.KEY_DAMAGED})


async def test_keys_that_were_swapped_are_both_found(pair: Pair) -> None:
    victim, other = pair.victim, pair.other
    swapped = {"victim": (other.wrapped, other.key_id), "other": (victim.wrapped, victim.key_id)}

    async with keys(pair, **swapped):
        await check_refused(pair, "keys", dict.fromkeys((victim.blob_id, other.blob_id), Fault.KEY_DAMAGED))


async def test_a_key_that_is_replayed_with_its_bytes_is_found(pair: Pair) -> None:
    """A blob's file and its key together are still another blob's: the key is wrapped for an id."""
    text = base64.b64encode(pair.earlier_key).decode("ascii")
    pair.victim.path.write_bytes(pair.earlier[:14] + bytes.fromhex(pair.victim.blob_id) + pair.earlier[30:])
    try:
        async with keys(pair, victim=(text, pair.victim.key_id)):
            await check_refused(pair, "replayed", {pair.victim.blob_id: Fault.KEY_DAMAGED})
    finally:
        pair.victim.path.write_bytes(pair.victim.sealed)
