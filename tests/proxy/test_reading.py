import asyncio
import dataclasses
import os
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from domain.contents import BlobFacts
from domain.errors import Unavailable
from identity.keyring import KeyUnknown, WrappedDamaged
from proxy.blob_format import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES, BlobDamaged, BlobFormatUnknown, BlobUnreadable
from proxy.blobs import BlobMissing, BlobReader, Blobs
from proxy.reading import CHUNK_BYTES, FIRST_CHUNK_BYTES, MOVES_MAX, OPEN_AHEAD_BLOBS, WHOLE_BYTES, Extent
from proxy.segment_table import tail_size
from proxy.streaming import ByteStreams
from proxy.threads import Threads
from tests.proxy.bodies import Storage, cut, extents_of, read_all, source_of, storage_in
from tests.proxy.disks import HaltingDisk, ReadNotingDisk, RefusingDisk
from tests.proxy.texts import reads

MIB = 1024 * 1024
BODY = random.Random(12).randbytes(6 * MIB)
# Blobs of many kinds in a row; the borders that matter are those of segments, of chunks and of blobs.
PART_LENGTHS = [3 * MIB + 17, SEGMENT_BYTES, 1, 200_000, MIB, 70_000]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with storage_in(tmp_path / "blobs") as storage:
        yield storage


async def ingest(storage: Storage, *lengths: int) -> list[BlobFacts]:
    blobs: list[BlobFacts] = []
    for length in lengths:
        start = sum(blob.length_bytes for blob in blobs)
        blobs.append((await storage.streams.ingest(source_of(cut(BODY[start : start + length], 65_536)))).blob)
    return blobs


def run(storage: Storage, extents: list[Extent], start: int, length: int) -> bytes:
    return asyncio.run(read_all(storage.streams, extents, start, length))


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Storage, list[Extent]]]:
    with storage_in(tmp_path_factory.mktemp("parts")) as storage:
        blobs = asyncio.run(ingest(storage, *PART_LENGTHS))
        yield storage, extents_of(blobs)


TOTAL = sum(PART_LENGTHS)


def borders() -> list[int]:
    """Where a segment or a blob begins or ends in the content."""
    found, start = [0], 0
    for length in PART_LENGTHS:
        found += [*range(start + SEGMENT_BYTES, start + length, SEGMENT_BYTES), start + length]
        start += length
    return found


def beside(place: int, distance: int) -> int:
    return min(max(place + distance, 0), TOTAL)


PLACES = st.builds(beside, st.sampled_from(borders()), st.integers(-2, 2)) | st.integers(0, TOTAL)


@given(first=PLACES, second=PLACES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_over_several_blobs_reads_back(parts: tuple[Storage, list[Extent]], first: int, second: int) -> None:
    storage, extents = parts
    start, end = min(first, second), max(first, second)

    assert run(storage, extents, start, end - start) == BODY[start:end]


@given(first=PLACES, second=PLACES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_extents_outside_the_range_may_be_left_out(
    parts: tuple[Storage, list[Extent]], first: int, second: int
) -> None:
    storage, extents = parts
    start, end = min(first, second), max(first, second)
    touched = [extent for extent in extents if extent.start < end and start < extent.start + extent.length_bytes]

    assert run(storage, touched, start, end - start) == BODY[start:end]


async def test_an_empty_content_reads_back_as_nothing_and_is_checked(storage: Storage) -> None:
    [blob] = await ingest(storage, 0)
    assert await read_all(storage.streams, extents_of([blob]), 0, 0) == b""

    path = storage.path(blob.id)
    sealed = path.read_bytes()
    path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))

    with pytest.raises(BlobDamaged, match=blob.id):
        await read_all(storage.streams, extents_of([blob]), 0, 0)


async def test_an_empty_blob_between_others_adds_nothing(storage: Storage) -> None:
    blobs = await ingest(storage, 100, 0, 200_000, 0)

    assert await read_all(storage.streams, extents_of(blobs), 0, 200_100) == BODY[:200_100]
    assert await read_all(storage.streams, extents_of(blobs), 50, 100) == BODY[50:150]


async def test_a_disk_that_reads_little_at_a_time_is_read_to_the_end(tmp_path: Path) -> None:
    with storage_in(tmp_path / "blobs", HaltingDisk()) as storage:
        blobs = await ingest(storage, 500_000)

        assert await read_all(storage.streams, extents_of(blobs), 0, 500_000) == BODY[:500_000]


async def test_chunks_are_large_and_the_first_one_is_early(storage: Storage) -> None:
    [blob] = await ingest(storage, 5 * MIB)

    async with aclosing(await storage.streams.read_plain(extents_of([blob]), 0, 5 * MIB)) as reader:
        lengths = [len(chunk) async for chunk in reader]

    assert lengths == [FIRST_CHUNK_BYTES, CHUNK_BYTES - FIRST_CHUNK_BYTES, *4 * [CHUNK_BYTES]]


async def test_chunks_that_are_kept_stay_as_they_were(storage: Storage) -> None:
    """Memory is used again, but never while somebody still holds a chunk."""
    [blob] = await ingest(storage, 6 * MIB)

    for _ in range(3):
        async with aclosing(await storage.streams.read_plain(extents_of([blob]), 0, 6 * MIB)) as reader:
            chunks = [chunk async for chunk in reader]
        assert await read_all(storage.streams, extents_of([blob]), 0, 6 * MIB) == BODY
        assert b"".join(chunks) == BODY


async def test_a_read_survives_the_deletion_of_its_blobs(storage: Storage) -> None:
    blobs = await ingest(storage, *[3 * MIB, MIB, MIB])
    async with aclosing(await storage.streams.read_plain(extents_of(blobs), 10, 5 * MIB - 10)) as reader:
        for blob in blobs:
            await storage.blobs.delete(blob.id)
        assert storage.files() == []

        assert b"".join([bytes(chunk) async for chunk in reader]) == BODY[10 : 5 * MIB]


async def test_a_content_of_very_many_blobs_opens_few_at_a_time(storage: Storage) -> None:
    count = OPEN_AHEAD_BLOBS + 40
    blobs = await ingest(storage, *[1000] * count)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the listing itself opens one, each time alike
    most, body = 0, b""

    async with aclosing(await storage.streams.read_plain(extents_of(blobs), 0, 1000 * count)) as reader:
        async for chunk in reader:
            body += chunk
            most = max(most, len(os.listdir("/proc/self/fd")) - before)  # noqa: PTH208  as above

    assert body == BODY[: 1000 * count]
    assert OPEN_AHEAD_BLOBS - 3 <= most <= OPEN_AHEAD_BLOBS
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  as above


async def test_a_missing_blob_is_told_before_the_first_byte(storage: Storage) -> None:
    blobs = await ingest(storage, 3 * MIB, 1000)
    await storage.blobs.delete(blobs[1].id)

    with pytest.raises(BlobMissing, match=blobs[1].id):
        await storage.streams.read_plain(extents_of(blobs), 0, 3 * MIB + 1000)


@pytest.mark.parametrize("length", [1, 1000, SEGMENT_BYTES, 3 * MIB])
@pytest.mark.parametrize("place", [0, 20, 35, HEADER_BYTES, -1])
async def test_a_damaged_blob_gives_an_error_that_names_it_and_never_wrong_bytes(
    storage: Storage, length: int, place: int
) -> None:
    [blob] = await ingest(storage, length)
    damaged = bytearray(storage.path(blob.id).read_bytes())
    damaged[place] ^= 4
    storage.path(blob.id).write_bytes(damaged)
    given = bytearray()

    async def read() -> None:
        async with aclosing(await storage.streams.read_plain(extents_of([blob]), 0, length)) as reader:
            async for chunk in reader:
                given.extend(chunk)

    with pytest.raises(BlobDamaged, match=blob.id):
        await read()

    assert BODY.startswith(given)
    assert len(given) < length


async def test_damage_outside_the_range_is_not_met(storage: Storage) -> None:
    [blob] = await ingest(storage, 3 * SEGMENT_BYTES)
    damaged = bytearray(storage.path(blob.id).read_bytes())
    damaged[-1] ^= 1
    storage.path(blob.id).write_bytes(damaged)

    assert await read_all(storage.streams, extents_of([blob]), 5, 2 * SEGMENT_BYTES - 5) == BODY[5 : 2 * SEGMENT_BYTES]
    with pytest.raises(BlobDamaged, match=f"blob {blob.id}: segment 2"):
        await read_all(storage.streams, extents_of([blob]), 2 * SEGMENT_BYTES + 1, 1)


@pytest.mark.parametrize("change", [-1, 1, -(SEGMENT_BYTES + TAG_BYTES), -3 * MIB])
async def test_a_blob_of_another_length_than_written_is_told_before_the_first_byte(
    storage: Storage, change: int
) -> None:
    [blob] = await ingest(storage, 3 * MIB)
    sealed = storage.path(blob.id).read_bytes()
    storage.path(blob.id).write_bytes(sealed[:change] if change < 0 else sealed + bytes(change))

    with pytest.raises(BlobDamaged, match=f"blob {blob.id} has"):
        await storage.streams.read_plain(extents_of([blob]), 0, 1)


async def test_a_later_format_is_named(storage: Storage) -> None:
    [blob] = await ingest(storage, 10)
    sealed = bytearray(storage.path(blob.id).read_bytes())
    sealed[8] = 2
    storage.path(blob.id).write_bytes(sealed)

    with pytest.raises(BlobFormatUnknown, match="version 2"):
        await storage.streams.read_plain(extents_of([blob]), 0, 10)


async def test_blobs_that_changed_places_are_detected(storage: Storage) -> None:
    first, second = await ingest(storage, 1000, 1000)
    storage.path(first.id).write_bytes(storage.path(second.id).read_bytes())

    with pytest.raises(BlobDamaged, match=f"blob {first.id} are those of blob {second.id}"):
        await storage.streams.read_plain(extents_of([first]), 0, 1000)


async def test_a_key_of_another_blob_or_of_another_keyring_opens_nothing(storage: Storage) -> None:
    first, second = await ingest(storage, 1000, 1000)
    [extent] = extents_of([first])

    with pytest.raises(WrappedDamaged, match=first.id):
        await storage.streams.read_plain([dataclasses.replace(extent, wrapped_key=second.wrapped_key)], 0, 1000)
    with pytest.raises(KeyUnknown, match="lost"):
        await storage.streams.read_plain([dataclasses.replace(extent, key_id="lost")], 0, 1000)


async def test_blobs_that_do_not_make_up_the_range_are_refused(storage: Storage) -> None:
    one, two, three = extents_of(await ingest(storage, 1000, 1000, 1000))
    moved = dataclasses.replace(three, start=1990)

    for extents in ([], [one], [two], [one, three], [two, one], [one, two, two], [one, one], [one, two, moved]):
        with pytest.raises(BlobUnreadable):
            await read_all(storage.streams, extents, 0, 2001 if len(extents) == 3 else 2000)


async def test_a_reader_that_is_left_early_lets_everything_go(storage: Storage) -> None:
    blobs = await ingest(storage, 3 * MIB, MIB)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the listing itself opens one, each time alike

    for taken in range(4):
        reader = await storage.streams.read_plain(extents_of(blobs), 0, 4 * MIB)
        for _ in range(taken):
            await anext(reader)
        await reader.aclose()
        await reader.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(reader)

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  as above


@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13])
async def test_a_cancelled_read_lets_everything_go(storage: Storage, turns: int) -> None:
    blobs = await ingest(storage, 3 * MIB, MIB, 10)
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the listing itself opens one, each time alike
    task = asyncio.create_task(read_all(storage.streams, extents_of(blobs), 0, 4 * MIB + 10))
    for _ in range(turns):
        await asyncio.sleep(0.0002)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  as above


async def test_a_disk_that_fails_on_the_way_is_unavailable(tmp_path: Path) -> None:
    disk = RefusingDisk("nothing")
    with storage_in(tmp_path / "blobs", disk) as storage:
        [blob] = await ingest(storage, 3 * MIB)
        async with aclosing(await storage.streams.read_plain(extents_of([blob]), 0, 3 * MIB)) as reader:
            await anext(reader)
            disk.refused = "read_into"

            with pytest.raises(Unavailable, match="ENOSPC"):
                async for _ in reader:
                    pass


async def test_many_reads_at_once_do_not_mix(storage: Storage) -> None:
    blobs = await ingest(storage, 2 * MIB, 100_000, 5, MIB)
    extents, total = extents_of(blobs), 3 * MIB + 100_005
    source = random.Random(3)
    ranges = [(source.randrange(total), source.randrange(total)) for _ in range(80)]
    ranges = [(min(pair), max(pair)) for pair in ranges]

    bodies = await asyncio.gather(*(read_all(storage.streams, extents, a, b - a) for a, b in ranges))

    assert bodies == [BODY[a:b] for a, b in ranges]


class _LosingReader:
    """One blob, which is missing as soon as its store has lost it, as on S3."""

    def __init__(self, store: "LosingBlobs", blob_id: str, reader: BlobReader) -> None:
        self._store = store
        self._blob_id = blob_id
        self._reader = reader
        self.sealed_bytes, self.head = reader.sealed_bytes, reader.head

    async def read_into(self, start: int, buffer: memoryview) -> int:
        self._store.look(self._blob_id, start)
        return await self._reader.read_into(start, buffer)

    async def close(self) -> None:
        await self._reader.close()


class LosingBlobs:
    """A store that loses blobs while they are read: each id of `lost_at` from the first read of that byte on."""

    def __init__(self, blobs: Blobs, lost_at: dict[str, int]) -> None:
        self._blobs = blobs
        self._lost_at = lost_at
        self._lost: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def look(self, blob_id: str, start: int) -> None:
        """Raises: BlobMissing."""
        if start >= self._lost_at.get(blob_id, sys.maxsize):
            self._lost.add(blob_id)
        if blob_id in self._lost:
            raise BlobMissing(f"blob {blob_id} isn't in the blob store")

    async def open(self, blob_id: str, head_bytes: int) -> _LosingReader:
        self.look(blob_id, 0)
        return _LosingReader(self, blob_id, await self._blobs.open(blob_id, head_bytes))


def losing(storage: Storage, threads: Threads, lost_at: dict[str, int]) -> ByteStreams:
    blobs = cast("Blobs", LosingBlobs(storage.blobs, lost_at))
    return ByteStreams(blobs, storage.keyring, threads, os.urandom)


@pytest.fixture
def threads() -> Iterator[Threads]:
    with closing(Threads("test", 2)) as made:
        yield made


async def read_moving(
    streams: ByteStreams, places: Sequence[list[Extent]], start: int, length: int
) -> tuple[bytes, list[tuple[int, int]]]:
    """Read a content that is at the first of the places, and at the next one each time it is asked for again."""
    asked: list[tuple[int, int]] = []

    async def relocate(start: int, length: int) -> list[Extent]:
        asked.append((start, length))
        return places[min(len(asked), len(places) - 1)]

    async with aclosing(await streams.read_plain(places[0], start, length, relocate)) as reader:
        return b"".join([bytes(chunk) async for chunk in reader]), asked


@pytest.mark.parametrize("at", [0, 100, 2 * MIB])
@pytest.mark.parametrize("lost", [0, 1, 2])
async def test_a_blob_that_goes_while_it_is_read_is_read_on_where_the_content_is_now(
    storage: Storage, threads: Threads, lost: int, at: int
) -> None:
    """The content has come to share the bytes of an equal one, which was cut otherwise; its own blobs are gone."""
    former = extents_of(await ingest(storage, 3 * MIB, 2 * MIB + 7, 10))
    now = extents_of(await ingest(storage, MIB, 3 * MIB + 100, MIB - 83))
    streams = losing(storage, threads, {former[lost].blob_id: at})

    body, asked = await read_moving(streams, [former, now], 5, 5 * MIB + 12)

    assert body == BODY[5 : 5 * MIB + 17]
    is_met = lost < 2 or at == 0  # the last one is so small that it comes with its header
    assert [at + length for at, length in asked] == [5 * MIB + 17] * is_met
    assert all(at == 5 if lost == 0 == at else at >= 5 for at, _ in asked)


async def test_a_content_that_moves_again_and_again_is_followed_boundedly(storage: Storage, threads: Threads) -> None:
    places = [extents_of(await ingest(storage, MIB + 1)) for _ in range(MOVES_MAX + 2)]
    ids = [place[0].blob_id for place in places]

    body, _ = await read_moving(losing(storage, threads, dict.fromkeys(ids[:MOVES_MAX], 0)), places, 0, MIB + 1)
    assert body == BODY[: MIB + 1]
    with pytest.raises(BlobMissing, match=ids[MOVES_MAX]):
        await read_moving(losing(storage, threads, dict.fromkeys(ids, 0)), places, 0, MIB + 1)


@pytest.mark.parametrize("at", [0, 2 * MIB])
async def test_a_blob_that_is_missing_where_the_content_still_names_it_is_an_error(
    storage: Storage, threads: Threads, at: int
) -> None:
    place = extents_of(await ingest(storage, 3 * MIB))
    streams = losing(storage, threads, {place[0].blob_id: at})

    with pytest.raises(BlobMissing, match=place[0].blob_id):
        await read_moving(streams, [place], 0, 3 * MIB)


@pytest.mark.parametrize("at", [0, 2 * MIB])
async def test_bytes_that_are_erased_while_they_are_read_break_off_and_may_be_asked_for_again(
    storage: Storage, threads: Threads, at: int
) -> None:
    place = extents_of(await ingest(storage, 3 * MIB))
    streams = losing(storage, threads, {place[0].blob_id: at})

    with pytest.raises(Unavailable, match="erased while they were read"):
        await read_moving(streams, [place, []], 0, 3 * MIB)


async def test_an_empty_part_that_the_other_content_lacks_is_not_missed(storage: Storage, threads: Threads) -> None:
    former, now = extents_of(await ingest(storage, 1000, 0)), extents_of(await ingest(storage, 1000))
    streams = losing(storage, threads, {former[1].blob_id: 0})

    body, _ = await read_moving(streams, [former, now], 0, 1000)

    assert body == BODY[:1000]


# Text, noise that begins like text, a small blob of text, an empty one and noise: compressed or not, in a row.
MIXED = [
    reads(3 * MIB + 17),
    reads(300_000, seed=2) + BODY[: 2 * SEGMENT_BYTES],
    reads(20_000, seed=3),
    b"",
    BODY[:MIB],
]
MIXED_BODY = b"".join(MIXED)


async def ingest_mixed(storage: Storage) -> list[BlobFacts]:
    return [(await storage.streams.ingest(source_of(cut(body, 65_536)))).blob for body in MIXED]


def is_compressed(storage: Storage, blob: BlobFacts) -> bool:
    return storage.path(blob.id).read_bytes()[9] == 1


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Storage, list[Extent]]]:
    with storage_in(tmp_path_factory.mktemp("mixed")) as storage:
        blobs = asyncio.run(ingest_mixed(storage))
        assert [is_compressed(storage, blob) for blob in blobs] == [True, True, True, False, False]
        yield storage, extents_of(blobs)


@given(first=st.integers(0, len(MIXED_BODY)), second=st.integers(0, len(MIXED_BODY)))
@example(first=0, second=len(MIXED_BODY))
@example(first=len(MIXED[0]) - 1, second=len(MIXED[0]) + 1)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_over_compressed_and_other_blobs_reads_back(
    mixed: tuple[Storage, list[Extent]], first: int, second: int
) -> None:
    storage, extents = mixed
    start, end = min(first, second), max(first, second)

    assert run(storage, extents, start, end - start) == MIXED_BODY[start:end]


async def test_many_reads_of_compressed_blobs_at_once_do_not_mix(storage: Storage) -> None:
    extents = extents_of(await ingest_mixed(storage))
    source = random.Random(4)
    ranges = [sorted(source.sample(range(len(MIXED_BODY)), 2)) for _ in range(60)]

    bodies = await asyncio.gather(*(read_all(storage.streams, extents, a, b - a) for a, b in ranges))

    assert bodies == [MIXED_BODY[a:b] for a, b in ranges]


@pytest.mark.parametrize("start", [0, 7, 250_000])
async def test_a_small_compressed_blob_is_read_in_one_call(tmp_path: Path, start: int) -> None:
    disk = ReadNotingDisk()
    with storage_in(tmp_path / "blobs", disk) as storage:
        body = reads(300_000)
        [blob] = [(await storage.streams.ingest(source_of(cut(body, 65_536)))).blob]
        assert blob.sealed_bytes <= WHOLE_BYTES

        assert await read_all(storage.streams, extents_of([blob]), start, 300_000 - start) == body[start:]

        assert disk.reads == [(0, blob.sealed_bytes)]


async def test_a_range_of_a_large_compressed_blob_reads_header_table_and_its_own_segments(tmp_path: Path) -> None:
    disk = ReadNotingDisk()
    with storage_in(tmp_path / "blobs", disk) as storage:
        body = reads(3 * MIB)
        [blob] = [(await storage.streams.ingest(source_of(cut(body, 65_536)))).blob]
        start = 20 * SEGMENT_BYTES + 5

        assert await read_all(storage.streams, extents_of([blob]), start, 100) == body[start : start + 100]

        header, table, segment = disk.reads
        tail = tail_size(3 * MIB)
        assert (header, table) == ((0, HEADER_BYTES), (blob.sealed_bytes - tail, tail))
        assert segment[1] < SEGMENT_BYTES // 2


@pytest.mark.parametrize("length", [20_000, 3 * MIB])
@pytest.mark.parametrize("place", [0, 9, 20, 35, HEADER_BYTES, -1, -4, -5, -20, -24, -25, -30])
async def test_a_damaged_compressed_blob_gives_an_error_that_names_it_and_never_wrong_bytes(
    storage: Storage, length: int, place: int
) -> None:
    body = reads(length)
    blob = (await storage.streams.ingest(source_of(cut(body, 65_536)))).blob
    assert is_compressed(storage, blob)
    damaged = bytearray(storage.path(blob.id).read_bytes())
    damaged[place] ^= 1
    storage.path(blob.id).write_bytes(damaged)

    with pytest.raises(BlobDamaged, match=blob.id):
        await read_all(storage.streams, extents_of([blob]), 0, 1)


@pytest.mark.parametrize("change", [-1, 1, -24, -MIB // 2])
async def test_a_compressed_blob_of_another_length_than_written_is_told_before_the_first_byte(
    storage: Storage, change: int
) -> None:
    blob = (await storage.streams.ingest(source_of(cut(reads(3 * MIB), 65_536)))).blob
    sealed = storage.path(blob.id).read_bytes()
    storage.path(blob.id).write_bytes(sealed[:change] if change < 0 else sealed + bytes(change))

    with pytest.raises(BlobDamaged, match=f"blob {blob.id} has"):
        await storage.streams.read_plain(extents_of([blob]), 0, 1)


async def test_another_length_in_the_graph_than_in_the_table_is_told(storage: Storage) -> None:
    blob = (await storage.streams.ingest(source_of(cut(reads(MIB), 65_536)))).blob
    wrong = dataclasses.replace(blob, length_bytes=MIB - 1)

    with pytest.raises(BlobDamaged, match=f"blob {blob.id} holds {MIB} bytes, {MIB - 1} were written"):
        await read_all(storage.streams, extents_of([wrong]), 0, 1)


async def test_a_disk_that_fails_at_the_table_is_unavailable(tmp_path: Path) -> None:
    disk = RefusingDisk("nothing")
    with storage_in(tmp_path / "blobs", disk) as storage:
        first, second = [
            (await storage.streams.ingest(source_of(cut(reads(2 * MIB, seed), 65_536)))).blob for seed in (1, 2)
        ]
        async with aclosing(await storage.streams.read_plain(extents_of([first, second]), 0, 4 * MIB)) as reader:
            await anext(reader)
            disk.refused = "read_into"

            with pytest.raises(Unavailable, match="ENOSPC"):
                async for _ in reader:
                    pass


async def test_what_was_compressed_is_read_with_compression_switched_off(tmp_path: Path) -> None:
    body = reads(500_000)
    with storage_in(tmp_path / "blobs") as storage:
        blob = (await storage.streams.ingest(source_of(cut(body, 65_536)))).blob
        with closing(Threads("hashing", 2)) as threads:
            streams = ByteStreams(storage.blobs, storage.keyring, threads, os.urandom, compresses=False)

            assert await read_all(streams, extents_of([blob]), 0, 500_000) == body
