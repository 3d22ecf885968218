"""What sealing, storing and reading cost, against the bare primitives: medians of interleaved rounds, in one run.

Run: python bench/bytes.py [folder]   (about 40 s; the folder, by default the temporary one, decides which disk it is)
"""

import asyncio
import hashlib
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

sys.path.insert(0, str(Path(__file__).parent.parent))

from domain.contents import BlobFacts
from identity.keyring import new_keyring
from proxy.blob_format import HEADER_BYTES, SEGMENT_BYTES, TAG_BYTES, Header, parse_header
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.compression import Compressor
from proxy.opening import end_size, new_opener
from proxy.sealing import Sealer, seal_blob
from proxy.streaming import ByteStreams, Extent
from proxy.threads import Threads

MIB = 1024 * 1024
LARGE_BYTES = 64 * MIB
PIECE_BYTES = 64 * 1024
SMALL_BYTES = 4096
SMALL_COUNT = 512
ROUNDS = 7

Timed = Callable[[], float]
AsyncTimed = Callable[[], Awaitable[float]]


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def cipher_rows() -> None:
    """Seal and open 1 MiB against the cipher alone on the same memory."""
    key, plain = os.urandom(32), os.urandom(MIB)
    header = Header(os.urandom(16).hex(), os.urandom(7))
    sealed = bytes(seal_blob(key, header, plain))
    sealer, opener = Sealer(key, header), new_opener(key, header, MIB, len(sealed), b"")
    body, span = memoryview(sealed)[HEADER_BYTES:], opener.span(0, MIB)
    cipher, nonce, associated = AESGCM(key), bytes(12), header.pack()
    output = memoryview(bytearray(2 * MIB))
    size = SEGMENT_BYTES + TAG_BYTES
    pairs = [(memoryview(plain)[i * SEGMENT_BYTES :][:SEGMENT_BYTES], output[i * size :][:size]) for i in range(16)]

    def bare_seal() -> None:
        for segment, room in pairs:
            cipher.encrypt_into(nonce, segment, associated, room)

    bare_seal()
    sealed_by_cipher = [bytes(room) for _, room in pairs]

    def bare_open() -> None:
        for segment, (_, room) in zip(sealed_by_cipher, pairs, strict=True):
            cipher.decrypt_into(nonce, segment, associated, room[:SEGMENT_BYTES])

    def repeat(work: Callable[[], object]) -> Timed:
        return lambda: seconds(lambda: [work() for _ in range(20)]) / 20

    timed = {
        "cipher alone, encrypt": repeat(bare_seal),
        "seal": repeat(lambda: sealer.seal_into(plain, output, is_last=False)),
        "cipher alone, decrypt": repeat(bare_open),
        "open": repeat(lambda: opener.open_into(span, body, output[: span.opened_bytes])),
        "open into fresh memory": repeat(lambda: opener.open(span, body)),
    }
    rounds = [{name: work() for name, work in timed.items()} for _ in range(5 * ROUNDS)]
    medians = {name: statistics.median(times[name] for times in rounds) for name in timed}
    print("1 MiB, one thread")
    for name, median in medians.items():
        print(f"  {name:34} {MIB / median / 1e9:7.2f} GB/s")
    print(f"  seal / cipher                      {medians['cipher alone, encrypt'] / medians['seal']:7.2f}")
    print(f"  open / cipher                      {medians['cipher alone, decrypt'] / medians['open']:7.2f}")


def text(length: int) -> bytes:
    """FASTQ-like reads; the last MiB again and again beyond the first, further away than any segment sees."""
    source, lines, written = random.Random(1), list[str](), 0
    while written < min(length, MIB):
        letters = "".join(source.choices("ACGT", k=150))
        qualities = "".join(source.choices("FFFFFFFF:,#", k=150))
        lines.append(f"@A00123:45:HX:1:1101:{source.randrange(30000)}:{source.randrange(30000)} 1:N:0\n{letters}\n+\n")
        lines.append(f"{qualities}\n")
        written += len(lines[-1]) + len(lines[-2])
    block = "".join(lines).encode()
    return (block * (length // len(block) + 1))[:length]


def compression_rows() -> None:
    """Seal and open 1 MiB with a compressor, of text and of noise, against the same without one."""
    key, header, compressor = os.urandom(32), Header(os.urandom(16).hex(), os.urandom(7)), Compressor()
    output = memoryview(bytearray(2 * MIB))

    def seal(plain: bytes, with_compressor: Compressor | None) -> Timed:
        return lambda: seconds(lambda: Sealer(key, header, with_compressor).seal_into(plain, output, is_last=True))

    def open_sealed(sealed: bytes) -> Timed:
        found = parse_header(header.blob_id, sealed)
        end = sealed[len(sealed) - end_size(found, MIB) :]
        opener = new_opener(key, found, MIB, len(sealed), end)
        span = opener.span(0, MIB)
        segments = memoryview(sealed)[span.start : span.start + span.length]
        return lambda: seconds(lambda: opener.open_into(span, segments, output[: span.opened_bytes]))

    print("1 MiB, compressed where it helps, one thread")
    for name, plain in (("text", text(MIB)), ("noise", os.urandom(MIB))):
        bare, sealed = seal_blob(key, header, plain), bytes(seal_blob(key, header, plain, compressor))
        timed = {
            "seal, no compressor": seal(plain, None),
            "seal": seal(plain, compressor),
            "open, not compressed": open_sealed(bytes(bare)),
            "open": open_sealed(sealed),
        }
        rounds = [{way: work() for way, work in timed.items()} for _ in range(15 * ROUNDS)]
        medians = {way: statistics.median(times[way] for times in rounds) for way in timed}
        for way, median in medians.items():
            print(f"  {f'{way}: {name}':34} {MIB / median / 1e9:7.2f} GB/s")
        print(f"  {f'stored / plaintext: {name}':34} {len(sealed) / MIB:7.2f}")
        print(f"  {f'seal / without: {name}':34} {medians['seal, no compressor'] / medians['seal']:7.2f}")


async def pieces_of(body: bytes) -> AsyncIterator[memoryview]:
    for start in range(0, len(body), PIECE_BYTES):
        yield memoryview(body)[start : start + PIECE_BYTES]
        await asyncio.sleep(0)  # a socket gives the loop a turn too


def write_file(folder: Path, body: bytes) -> Path:
    """Write a file as durably as a blob is, and nothing else."""
    path = folder / os.urandom(16).hex()
    part = path.with_suffix(".part")
    with part.open("wb", buffering=0) as file:
        for start in range(0, len(body), MIB):
            file.write(memoryview(body)[start : start + MIB])
        os.fsync(file.fileno())
    part.rename(path)
    descriptor = os.open(folder, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    return path


def write_in_one_of_many_folders(folder: Path, body: bytes) -> None:
    write_file(folder / f"{os.urandom(1)[0]:02x}", body)


async def medians_of(timed: dict[str, AsyncTimed]) -> dict[str, float]:
    """Interleave the rounds, so that a noisy moment hits all alike."""
    rounds: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(ROUNDS):
        for name, work in timed.items():
            rounds[name].append(await work())
    return {name: statistics.median(times) for name, times in rounds.items()}


class Large:
    """The ways to handle 64 MiB that are compared; each answers its seconds."""

    def __init__(self, streams: ByteStreams, blobs: DirectoryBlobs, folder: Path) -> None:
        self.streams, self.blobs, self.folder = streams, blobs, folder
        self.body = os.urandom(LARGE_BYTES)
        self.sealer_room = memoryview(bytearray(LARGE_BYTES + 2 * MIB))
        self.raw_file, self.read_room = write_file(folder, self.body), bytearray(MIB)
        self.extents: list[Extent] = []

    async def store(self) -> None:
        """Store what `read` reads."""
        blob = (await self.streams.ingest(pieces_of(self.body))).blob
        self.extents = [Extent(0, LARGE_BYTES, blob.sealed_bytes, blob.id, blob.key_id, blob.wrapped_key)]

    async def hash_alone(self) -> float:
        """Both hashes, one after the other."""
        return seconds(lambda: (hashlib.sha256(self.body), hashlib.md5(self.body)))

    async def write_raw(self) -> float:
        """A plain file, durable."""
        # Files go before the next round: writing into memory that the machine never used before is far slower.
        began = time.perf_counter()
        path = write_file(self.folder, self.body)
        taken = time.perf_counter() - began
        path.unlink()
        return taken

    async def one_after_the_other(self) -> float:
        """Hash, seal and write with nothing at the same time."""
        sealer = Sealer(os.urandom(32), Header(os.urandom(16).hex(), os.urandom(7)))
        sealing = seconds(lambda: sealer.seal_into(self.body, self.sealer_room, is_last=True))
        return await self.hash_alone() + sealing + await self.write_raw()

    async def ingest(self) -> float:
        """What an upload does."""
        began = time.perf_counter()
        ingested = await self.streams.ingest(pieces_of(self.body), expected_bytes=LARGE_BYTES)
        taken = time.perf_counter() - began
        await self.blobs.delete(ingested.blob.id)
        return taken

    async def read_raw(self) -> float:
        """A plain file."""

        def read() -> None:
            with self.raw_file.open("rb", buffering=0) as file:
                while file.readinto(self.read_room):
                    pass

        return seconds(read)

    async def read(self) -> float:
        """What a download does."""
        began = time.perf_counter()
        reader = await self.streams.read_plain(self.extents, 0, LARGE_BYTES)
        async for _ in reader:
            pass
        await reader.aclose()
        return time.perf_counter() - began


async def large_rows(streams: ByteStreams, blobs: DirectoryBlobs, folder: Path) -> None:
    large = Large(streams, blobs, folder)
    await large.store()
    medians = await medians_of(
        {
            "sha256 + md5 alone": large.hash_alone,
            "raw file, synced": large.write_raw,
            "hash, seal, file, one by one": large.one_after_the_other,
            "ingest": large.ingest,
            "raw file, read": large.read_raw,
            "read": large.read,
        }
    )
    print("64 MiB")
    for name, median in medians.items():
        print(f"  {name:34} {LARGE_BYTES / median / MIB:7.0f} MiB/s")
    print(f"  ingest / hashing alone             {medians['sha256 + md5 alone'] / medians['ingest']:7.2f}")
    print(f"  ingest / one by one                {medians['hash, seal, file, one by one'] / medians['ingest']:7.2f}")
    print(f"  read / raw read                    {medians['raw file, read'] / medians['read']:7.2f}")


async def text_rows(streams: ByteStreams, uncompressed: ByteStreams, blobs: DirectoryBlobs) -> None:
    """PUT and GET of 64 MiB with compression switched on and off, of text and of noise."""
    for name, body in (("text", text(LARGE_BYTES)), ("noise", os.urandom(LARGE_BYTES))):

        async def ingest(into: ByteStreams, body: bytes = body) -> float:
            began = time.perf_counter()
            ingested = await into.ingest(pieces_of(body), expected_bytes=LARGE_BYTES)
            taken = time.perf_counter() - began
            await blobs.delete(ingested.blob.id)
            return taken

        async def read(blob: BlobFacts) -> float:
            extent = Extent(0, LARGE_BYTES, blob.sealed_bytes, blob.id, blob.key_id, blob.wrapped_key)
            began = time.perf_counter()
            reader = await streams.read_plain([extent], 0, LARGE_BYTES)
            async for _ in reader:
                pass
            await reader.aclose()
            return time.perf_counter() - began

        on = (await streams.ingest(pieces_of(body))).blob
        off = (await uncompressed.ingest(pieces_of(body))).blob
        medians = await medians_of(
            {
                "ingest, on": partial(ingest, streams),
                "ingest, off": partial(ingest, uncompressed),
                "read, on": partial(read, on),
                "read, off": partial(read, off),
            }
        )
        print(f"64 MiB of {name}, compression on and off; stored / plaintext {on.sealed_bytes / LARGE_BYTES:.2f}")
        for way, median in medians.items():
            print(f"  {way:34} {LARGE_BYTES / median / MIB:7.0f} MiB/s")
        print(f"  ingest on / off                    {medians['ingest, off'] / medians['ingest, on']:7.2f}")
        print(f"  read on / off                      {medians['read, off'] / medians['read, on']:7.2f}")


async def small_rows(
    streams: ByteStreams, alone: ByteStreams, threads: Threads, folder: Path, concurrency: int
) -> None:
    """PUT and GET of 4 KiB; `alone` syncs each file by itself, `streams` those together that wait at once."""
    body, count = os.urandom(SMALL_BYTES), SMALL_COUNT if concurrency > 1 else SMALL_COUNT // 4
    stored = (await streams.ingest(pieces_of(body))).blob
    extent = Extent(0, SMALL_BYTES, stored.sealed_bytes, stored.id, stored.key_id, stored.wrapped_key)

    async def at_once(work: Callable[[], Awaitable[object]]) -> float:
        async def some() -> None:
            for _ in range(count // concurrency):
                await work()

        began = time.perf_counter()
        await asyncio.gather(*(some() for _ in range(concurrency)))
        return (time.perf_counter() - began) / count

    async def read() -> None:
        reader = await streams.read_plain([extent], 0, SMALL_BYTES)
        async for _ in reader:
            pass
        await reader.aclose()

    async def hop() -> None:
        await threads.run(int)

    medians = await medians_of(
        {
            "a hop to a thread": lambda: at_once(hop),
            "raw file, synced, in a thread": lambda: at_once(
                lambda: threads.run(write_in_one_of_many_folders, folder, body)
            ),
            "ingest, shared syncs": lambda: at_once(
                lambda: streams.ingest(pieces_of(body), expected_bytes=SMALL_BYTES)
            ),
            "ingest, syncs of its own": lambda: at_once(
                lambda: alone.ingest(pieces_of(body), expected_bytes=SMALL_BYTES)
            ),
            "read": lambda: at_once(read),
        }
    )
    print(f"4 KiB, {concurrency} at once")
    for name, median in medians.items():
        print(f"  {name:34} {1 / median:7.0f} /s")
    shared = medians["ingest, shared syncs"]
    print(f"  shared syncs / raw file            {medians['raw file, synced, in a thread'] / shared:7.2f}")
    print(f"  shared syncs / syncs of its own    {medians['ingest, syncs of its own'] / shared:7.2f}")


async def main(parent: Path) -> None:
    with tempfile.TemporaryDirectory(dir=parent) as temporary:
        folder = Path(temporary)
        for number in range(256):
            (folder / "raw" / f"{number:02x}").mkdir(parents=True)
        blobs, threads = open_directory_blobs(folder / "blobs"), Threads("bench", 16)
        alone = open_directory_blobs(folder / "alone", shares_syncs=False)
        keyring = new_keyring(datetime.now(UTC), os.urandom)
        streams = ByteStreams(blobs, keyring, threads, os.urandom)
        uncompressed = ByteStreams(blobs, keyring, threads, os.urandom, compresses=False)
        await large_rows(streams, blobs, folder / "raw")
        await text_rows(streams, uncompressed, blobs)
        for concurrency in (1, 32):
            await small_rows(
                streams, ByteStreams(alone, keyring, threads, os.urandom), threads, folder / "raw", concurrency
            )
        blobs.close()
        alone.close()
        threads.close()


if __name__ == "__main__":
    cipher_rows()
    compression_rows()
    uvloop.run(main(Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.gettempdir())))
