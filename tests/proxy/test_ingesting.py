import asyncio
import dataclasses
import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.contents import BlobFacts
from domain.errors import ChecksumMismatch, Unavailable
from proxy.blob_format import sealed_size
from proxy.blobs_directory import DirectoryWriter
from proxy.buffers import BufferPool, BytesLike
from proxy.checksums import ALGORITHMS, digest_of, encode_digest
from proxy.ingesting import BUFFER_BYTES, SMALL_BYTES, Digests, Ingested, WrongLength
from proxy.opening import open_blob
from tests.proxy.bodies import Storage, cut, source_of, storage_in
from tests.proxy.disks import RefusingDisk
from tests.proxy.texts import reads

MIB = 1024 * 1024
BODY = random.Random(11).randbytes(5 * MIB)
LENGTHS = [
    0,
    1,
    4096,
    SMALL_BYTES - 1,
    SMALL_BYTES,
    SMALL_BYTES + 1,
    BUFFER_BYTES - 1,
    BUFFER_BYTES,
    BUFFER_BYTES + 1,
    2 * BUFFER_BYTES,
    3 * BUFFER_BYTES + 12_345,
]


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    with storage_in(tmp_path / "blobs") as storage:
        yield storage


def opened(storage: Storage, blob: BlobFacts) -> bytes:
    data_key = storage.keyring.unwrap(blob.key_id, blob.wrapped_key, blob.id)
    return open_blob(data_key, blob.id, storage.path(blob.id).read_bytes())


@pytest.mark.parametrize("is_length_known", [True, False])
@pytest.mark.parametrize("length", LENGTHS)
async def test_a_body_is_stored_sealed_with_its_digests(
    storage: Storage, length: int, *, is_length_known: bool
) -> None:
    body = BODY[:length]

    ingested = await storage.streams.ingest(
        source_of(cut(body, 60_001)), expected_bytes=length if is_length_known else None
    )

    blob = ingested.blob
    assert ingested == Ingested(
        BlobFacts(
            id=blob.id,
            length_bytes=length,
            sealed_bytes=sealed_size(length),
            md5=hashlib.md5(body).hexdigest(),
            sha256=hashlib.sha256(body).hexdigest(),
            key_id=storage.keyring.current_id,
            wrapped_key=blob.wrapped_key,
        ),
        {"crc64nvme": encode_digest(digest_of("crc64nvme", body))},
    )
    assert storage.files() == [blob.id]
    assert opened(storage, blob) == body


@pytest.mark.parametrize("piece_bytes", [1, 7, 65_536, 3 * MIB, 5 * MIB])
async def test_pieces_may_have_any_size(storage: Storage, piece_bytes: int) -> None:
    body = BODY if piece_bytes > 1000 else BODY[:70_000]

    ingested = await storage.streams.ingest(source_of([b"", *cut(body, piece_bytes), b""]))

    assert opened(storage, ingested.blob) == body


async def test_pieces_may_be_of_any_kind_and_are_free_again_when_the_next_is_asked_for(storage: Storage) -> None:
    async def one_buffer() -> AsyncIterator[BytesLike]:
        buffer = bytearray(4)
        for number in range(300_000):
            buffer[:] = number.to_bytes(4, "big")
            yield memoryview(buffer) if number % 2 else buffer

    ingested = await storage.streams.ingest(one_buffer())

    assert opened(storage, ingested.blob) == b"".join(number.to_bytes(4, "big") for number in range(300_000))


@pytest.mark.parametrize("length", [100, 200_000, 2_500_000])
async def test_exactly_the_checksums_that_were_asked_for_are_answered(storage: Storage, length: int) -> None:
    body = BODY[:length]

    ingested = await storage.streams.ingest(source_of(cut(body, 65_536)), algorithms=ALGORITHMS)
    two = await storage.streams.ingest(source_of(cut(body, 65_536)), algorithms=["sha256", "crc32c"])

    assert ingested.checksums == {name: encode_digest(digest_of(name, body)) for name in ALGORITHMS}
    assert two.checksums == {name: ingested.checksums[name] for name in ("sha256", "crc32c")}


class SlowMd5:
    """MD5 on a machine where it takes far longer than all the rest."""

    def __init__(self) -> None:
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.digest = self._md5.digest

    def update(self, data: BytesLike, /) -> None:
        time.sleep(0.02)
        self._md5.update(data)


@pytest.mark.parametrize("length", [200_000, 3 * BUFFER_BYTES, 3 * BUFFER_BYTES + 1])
async def test_a_hash_that_lags_behind_is_waited_for(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    slow = dict(ALGORITHMS) | {"md5": dataclasses.replace(ALGORITHMS["md5"], new=SlowMd5)}
    monkeypatch.setattr("proxy.ingesting.ALGORITHMS", slow)

    ingested = await storage.streams.ingest(source_of(cut(BODY[:length], 65_536)))

    assert ingested.blob.md5 == hashlib.md5(BODY[:length], usedforsecurity=False).hexdigest()


async def test_equal_bodies_have_different_ids_keys_and_sealed_bytes(storage: Storage) -> None:
    first, second = [(await storage.streams.ingest(source_of([b"the same"]))).blob for _ in range(2)]

    assert first.id != second.id
    keys = {storage.keyring.unwrap(blob.key_id, blob.wrapped_key, blob.id) for blob in (first, second)}
    assert len(keys) == 2
    assert storage.path(first.id).read_bytes()[37:] != storage.path(second.id).read_bytes()[37:]


@pytest.mark.parametrize("length", [0, 100, 200_000, 2_500_000])
async def test_verify_sees_the_digests_before_anything_can_be_read(storage: Storage, length: int) -> None:
    body = BODY[:length]
    seen: list[tuple[Digests, list[str]]] = []

    def verify(digests: Digests) -> None:
        seen.append((digests, [name for name in storage.files() if not name.endswith(".part")]))

    ingested = await storage.streams.ingest(source_of(cut(body, 65_536)), algorithms=["sha1"], verify=verify)

    checksums = {"sha1": encode_digest(digest_of("sha1", body))}
    assert seen == [(Digests(length, ingested.blob.md5, ingested.blob.sha256, checksums), [])]


@pytest.mark.parametrize("length", [0, 100, 200_000, 2_500_000])
async def test_a_body_that_fails_its_verification_leaves_nothing(storage: Storage, length: int) -> None:
    def refuse(_: Digests) -> None:
        raise ChecksumMismatch("the bytes are others")

    with pytest.raises(ChecksumMismatch):
        await storage.streams.ingest(source_of(cut(BODY[:length], 65_536)), verify=refuse)

    assert storage.files() == []


@pytest.mark.parametrize(
    ("sent", "declared"), [(0, 1), (99, 100), (101, 100), (1, 0), (2_500_000, 2_500_001), (2_500_000, 2_499_999)]
)
async def test_a_body_of_another_length_than_declared_leaves_nothing(
    storage: Storage, sent: int, declared: int
) -> None:
    with pytest.raises(WrongLength, match=str(declared)):
        await storage.streams.ingest(source_of(cut(BODY[:sent], 65_536)), expected_bytes=declared)

    assert storage.files() == []


async def test_a_body_that_grows_too_long_is_refused_without_reading_on(storage: Storage) -> None:
    given: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            given.append(1)
            yield bytes(1000)

    with pytest.raises(WrongLength):
        await storage.streams.ingest(endless(), expected_bytes=5000)

    assert len(given) == 6


@pytest.mark.parametrize("pieces", [0, 1, 3, 20, 50, 100])
async def test_a_source_that_breaks_leaves_nothing(storage: Storage, pieces: int) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        for number in range(pieces):
            yield BODY[number * 50_000 : number * 50_000 + 50_000]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await storage.streams.ingest(breaking())

    assert storage.files() == []


@pytest.mark.parametrize("length", [100, 200_000, 5 * MIB])
@pytest.mark.parametrize("turns", [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
async def test_a_cancelled_upload_leaves_nothing(storage: Storage, length: int, turns: int) -> None:
    task = asyncio.create_task(storage.streams.ingest(source_of(cut(BODY[:length], 65_536))))
    for _ in range(turns):
        await asyncio.sleep(0.0002)

    task.cancel()
    outcome = (await asyncio.gather(task, return_exceptions=True))[0]

    if isinstance(outcome, Ingested):
        assert storage.files() == [outcome.blob.id], "it was complete before the cancellation came"
    else:
        assert isinstance(outcome, asyncio.CancelledError)
        assert storage.files() == []


@pytest.mark.parametrize("step", ["create", "write", "sync", "rename", "sync_folder"])
@pytest.mark.parametrize("length", [100, 200_000, 5 * MIB])
async def test_a_full_or_broken_disk_is_unavailable_and_leaves_nothing(tmp_path: Path, length: int, step: str) -> None:
    with storage_in(tmp_path / "blobs", RefusingDisk(step)) as storage:
        with pytest.raises(Unavailable, match="ENOSPC"):
            await storage.streams.ingest(source_of(cut(BODY[:length], 65_536)))

        assert storage.files() == []


async def test_the_first_error_is_the_one_that_is_told(tmp_path: Path) -> None:
    """The disk fails while the source goes on; what the source would have said doesn't matter."""
    with storage_in(tmp_path / "blobs", RefusingDisk("write")) as storage:
        taken = 0

        async def source() -> AsyncIterator[bytes]:
            nonlocal taken
            for start in range(0, 5 * MIB, MIB):
                taken += 1
                yield BODY[start : start + MIB]

        with pytest.raises(Unavailable):
            await storage.streams.ingest(source())

        assert taken < 5, "no more is read once storing has failed"


async def test_many_uploads_at_once_do_not_mix(storage: Storage) -> None:
    source = random.Random(5)
    bodies = [BODY[: source.choice([0, 10, 5000, 70_000, 300_000, 1_200_000])] + bytes([n]) for n in range(60)]

    ingested = await asyncio.gather(*(storage.streams.ingest(source_of(cut(body, 65_536))) for body in bodies))

    assert [opened(storage, one.blob) for one in ingested] == bodies
    assert storage.files() == sorted(one.blob.id for one in ingested)


async def test_a_slow_backend_holds_the_source_back(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, may_write, append = 0, asyncio.Event(), DirectoryWriter.append

    async def append_later(self: DirectoryWriter, data: BytesLike) -> None:
        await may_write.wait()
        await append(self, data)

    async def source() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 100_000
            yield BODY[:100_000]

    monkeypatch.setattr(DirectoryWriter, "append", append_later)
    task = asyncio.create_task(storage.streams.ingest(source()))
    await asyncio.sleep(0.2)
    taken_meanwhile = taken
    may_write.set()
    ingested = await task

    assert taken_meanwhile <= 2 * BUFFER_BYTES + 100_000
    assert opened(storage, ingested.blob) == BODY[:100_000] * 100


MEMORY_PROGRAM = """
import asyncio, os, resource, sys
from pathlib import Path
from tests.proxy.bodies import storage_in

async def source(length):
    piece = os.urandom(32768) * 2 if sys.argv[3] == "compressed" else os.urandom(65536)
    for _ in range(length // 65536):
        yield piece

with storage_in(Path(sys.argv[1])) as storage:
    blob = asyncio.run(storage.streams.ingest(source(int(sys.argv[2])))).blob
assert (blob.sealed_bytes < blob.length_bytes) == (sys.argv[3] == "compressed")
print(blob.length_bytes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def peak_kib(folder: Path, length: int, kind: str) -> int:
    command = [sys.executable, "-c", MEMORY_PROGRAM, str(folder), str(length), kind]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    run = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    received, peak = run.stdout.split()
    assert int(received) == length
    return int(peak)


@pytest.mark.parametrize("kind", ["as it is", "compressed"])
async def test_a_body_sixteen_times_as_large_takes_no_more_memory(tmp_path: Path, kind: str) -> None:
    small, large = peak_kib(tmp_path / "small", 16 * MIB, kind), peak_kib(tmp_path / "large", 256 * MIB, kind)

    assert large - small < 4 * 1024, f"{small} KiB for 16 MiB, {large} KiB for 256 MiB"


@pytest.mark.parametrize("length", [0, 4096, SMALL_BYTES])
async def test_a_small_body_takes_one_hop_to_a_thread(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    hops, submit = 0, ThreadPoolExecutor.submit

    def counted(pool: ThreadPoolExecutor, work: Callable[..., object], *args: object) -> Future[object]:
        nonlocal hops
        hops += 1
        return submit(pool, work, *args)

    monkeypatch.setattr(ThreadPoolExecutor, "submit", counted)
    ingested = await storage.streams.ingest(source_of([BODY[:length]]))
    monkeypatch.undo()

    assert hops == 1
    assert opened(storage, ingested.blob) == BODY[:length]


TEXT = reads(3 * MIB)


@pytest.mark.parametrize("is_length_known", [True, False])
@pytest.mark.parametrize("length", [4043, 4044, 10_000, SMALL_BYTES, SMALL_BYTES + 1, BUFFER_BYTES, 3 * MIB - 5])
async def test_text_is_stored_compressed_and_its_facts_have_both_lengths(
    storage: Storage, length: int, *, is_length_known: bool
) -> None:
    body = TEXT[:length]

    blob = (
        await storage.streams.ingest(source_of(cut(body, 60_001)), expected_bytes=length if is_length_known else None)
    ).blob

    stored = storage.path(blob.id).stat().st_size
    assert (blob.length_bytes, blob.sealed_bytes) == (length, stored)
    assert blob.sha256 == hashlib.sha256(body).hexdigest()
    assert (stored < sealed_size(length)) == (length > 4043), "what takes one disk block stays as it is"
    assert length < 100_000 or stored < 0.4 * length
    assert opened(storage, blob) == body


@pytest.mark.parametrize("length", [10_000, 3 * MIB])
async def test_with_compression_switched_off_nothing_is_compressed(tmp_path: Path, length: int) -> None:
    with storage_in(tmp_path / "blobs", compresses=False) as storage:
        blob = (await storage.streams.ingest(source_of(cut(TEXT[:length], 65_536)))).blob

        assert blob.sealed_bytes == sealed_size(length) == storage.path(blob.id).stat().st_size
        assert opened(storage, blob) == TEXT[:length]


async def test_a_table_too_long_for_a_buffer_gets_memory_of_its_own(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As that of 2 GiB of text has: here the buffers are smaller instead."""
    monkeypatch.setattr(storage.streams, "_pool", BufferPool(BUFFER_BYTES, 4))

    blob = (await storage.streams.ingest(source_of(cut(TEXT, 65_536)))).blob

    assert opened(storage, blob) == TEXT


async def test_many_uploads_of_text_and_noise_at_once_do_not_mix(storage: Storage) -> None:
    source = random.Random(6)
    bodies = [
        source.choice([TEXT, BODY])[n : n + source.choice([10, 5000, 60_000, 70_000, 1_200_000])] for n in range(60)
    ]

    ingested = await asyncio.gather(*(storage.streams.ingest(source_of(cut(body, 65_536))) for body in bodies))

    assert [opened(storage, one.blob) for one in ingested] == bodies
    assert [one.blob.sealed_bytes for one in ingested] == [storage.path(one.blob.id).stat().st_size for one in ingested]
