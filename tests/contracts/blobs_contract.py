"""What every backend of sealed blobs does: a class to inherit from, with a fixture `blobs` that gives an empty one."""

import asyncio
import random
from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import BadInput
from proxy.blobs import BlobMissing, Blobs

SOURCE = random.Random(2026)


def new_id() -> str:
    return SOURCE.randbytes(16).hex()


async def ids_in(blobs: Blobs) -> set[str]:
    return {stored.blob_id async for stored in blobs.stored()}


async def whole(blobs: Blobs, blob_id: str) -> bytes:
    return await blobs.read_range(blob_id, 0, await blobs.size(blob_id))


class BlobsContract:
    """Inherit from it and give the fixture `blobs`."""

    async def test_a_place_is_the_installations_that_claims_it_first(self, blobs: Blobs) -> None:
        answers = [await blobs.claim(one) for one in ("f00d", "f00d", "beef")]

        assert answers == ["f00d"] * 3
        assert await ids_in(blobs) == set()

    @pytest.mark.parametrize("length", [0, 1, 4096, 100_000, 3_000_000])
    async def test_a_blob_written_at_once_reads_back(self, blobs: Blobs, length: int) -> None:
        blob_id, data = new_id(), SOURCE.randbytes(length)

        await blobs.write(blob_id, data)

        assert await whole(blobs, blob_id) == data
        assert await blobs.size(blob_id) == length

    async def test_a_blob_written_in_pieces_reads_back(self, blobs: Blobs) -> None:
        blob_id, pieces = new_id(), [SOURCE.randbytes(length) for length in (1, 0, 700_000, 3, 1_000_000)]

        writer = await blobs.create(blob_id)
        for piece in pieces:
            await writer.append(piece)
        await writer.commit()

        assert await whole(blobs, blob_id) == b"".join(pieces)

    async def test_a_buffer_may_be_used_again_after_append(self, blobs: Blobs) -> None:
        blob_id, buffer = new_id(), bytearray(b"first")

        writer = await blobs.create(blob_id)
        await writer.append(memoryview(buffer))
        buffer[:] = b"other"
        await writer.append(buffer)
        await writer.commit()

        assert await whole(blobs, blob_id) == b"firstother"

    async def test_a_blob_is_absent_until_it_is_committed(self, blobs: Blobs) -> None:
        blob_id = new_id()
        writer = await blobs.create(blob_id)
        await writer.append(b"half")

        with pytest.raises(BlobMissing, match=blob_id):
            await blobs.size(blob_id)
        with pytest.raises(BlobMissing, match=blob_id):
            await blobs.open(blob_id, 10)
        with pytest.raises(BlobMissing, match=blob_id):
            await blobs.read_range(blob_id, 0, 1)
        assert await ids_in(blobs) == set()

        await writer.commit()
        assert await ids_in(blobs) == {blob_id}

    async def test_an_aborted_blob_never_was(self, blobs: Blobs) -> None:
        blob_id = new_id()
        writer = await blobs.create(blob_id)
        await writer.append(b"half")

        await writer.abort()
        await writer.abort()

        assert await ids_in(blobs) == set()
        with pytest.raises(BlobMissing):
            await blobs.size(blob_id)

    async def test_aborting_after_the_commit_takes_nothing_away(self, blobs: Blobs) -> None:
        blob_id = new_id()
        writer = await blobs.create(blob_id)
        await writer.append(b"whole")
        await writer.commit()

        await writer.abort()

        assert await whole(blobs, blob_id) == b"whole"

    async def test_ranges_end_where_the_blob_ends(self, blobs: Blobs) -> None:
        blob_id = new_id()
        await blobs.write(blob_id, b"0123456789")

        ranges = [(0, 10), (0, 3), (4, 2), (8, 2), (8, 100), (10, 1), (50, 5), (3, 0)]

        assert [await blobs.read_range(blob_id, start, length) for start, length in ranges] == [
            b"0123456789",
            b"012",
            b"45",
            b"89",
            b"89",
            b"",
            b"",
            b"",
        ]

    async def test_an_open_blob_knows_its_length_and_its_head(self, blobs: Blobs) -> None:
        blob_id = new_id()
        await blobs.write(blob_id, b"0123456789")

        for head_bytes, head in ((0, b""), (4, b"0123"), (10, b"0123456789"), (99, b"0123456789")):
            reader = await blobs.open(blob_id, head_bytes)
            assert (reader.sealed_bytes, reader.head) == (10, head)
            await reader.close()
            await reader.close()

    async def test_an_open_blob_reads_into_a_buffer(self, blobs: Blobs) -> None:
        blob_id = new_id()
        await blobs.write(blob_id, b"0123456789")
        reader, buffer = await blobs.open(blob_id, 0), bytearray(6)

        outcomes: list[tuple[int, bytes]] = []
        for start in (2, 7, 10):
            buffer[:] = b"......"
            outcomes.append((await reader.read_into(start, memoryview(buffer)), bytes(buffer)))
        await reader.close()

        assert outcomes == [(6, b"234567"), (3, b"789..."), (0, b"......")]

    async def test_deleting_removes_and_may_be_repeated(self, blobs: Blobs) -> None:
        kept, removed = new_id(), new_id()
        await blobs.write(kept, b"kept")
        await blobs.write(removed, b"removed")

        await blobs.delete(removed)
        await blobs.delete(removed)
        await blobs.delete(new_id())

        assert await ids_in(blobs) == {kept}
        with pytest.raises(BlobMissing):
            await blobs.size(removed)

    async def test_every_committed_blob_is_listed_with_its_length_and_time(self, blobs: Blobs) -> None:
        lengths = {new_id(): length for length in range(20)}
        for blob_id, length in lengths.items():
            await blobs.write(blob_id, bytes(length))

        stored = [blob async for blob in blobs.stored()]

        assert {blob.blob_id: blob.sealed_bytes for blob in stored} == lengths
        assert len(stored) == 20
        assert all(abs(datetime.now(UTC) - blob.modified_at) < timedelta(minutes=5) for blob in stored)

    @pytest.mark.parametrize(
        "blob_id", ["", "ab", "AB" * 16, "../" * 10 + "ab", "ab" * 15 + "/a", "ab" * 16 + "\n", "ab" * 17, "é" * 32]
    )
    async def test_what_is_no_blob_id_is_refused(self, blobs: Blobs, blob_id: str) -> None:
        for refused in (
            blobs.create(blob_id),
            blobs.write(blob_id, b""),
            blobs.open(blob_id, 0),
            blobs.read_range(blob_id, 0, 1),
            blobs.size(blob_id),
            blobs.delete(blob_id),
        ):
            with pytest.raises(BadInput, match="32 lower-case hex digits"):
                await refused
        assert await ids_in(blobs) == set()

    async def test_many_at_once_do_not_disturb_each_other(self, blobs: Blobs) -> None:
        bodies = {new_id(): SOURCE.randbytes(SOURCE.randrange(20_000)) for _ in range(100)}

        async def write(number: int, blob_id: str, data: bytes) -> None:
            if number % 3:
                await blobs.write(blob_id, data)
            else:
                writer = await blobs.create(blob_id)
                for start in range(0, len(data), 7000):
                    await writer.append(data[start : start + 7000])
                await writer.commit()

        await asyncio.gather(*(write(number, *body) for number, body in enumerate(bodies.items())))

        assert await ids_in(blobs) == set(bodies)
        assert dict(zip(bodies, await asyncio.gather(*(whole(blobs, i) for i in bodies)), strict=True)) == bodies

    async def test_a_cancelled_writing_is_whole_or_nothing(self, blobs: Blobs) -> None:
        data = SOURCE.randbytes(5000)
        tasks = {new_id(): asyncio.create_task(asyncio.sleep(0)) for _ in range(30)}
        tasks = {blob_id: asyncio.create_task(blobs.write(blob_id, data)) for blob_id in tasks}
        for number, task in enumerate(tasks.values()):
            await asyncio.sleep(0)
            if number % 2:
                task.cancel()

        outcomes = await asyncio.gather(*tasks.values(), return_exceptions=True)

        present = await ids_in(blobs)
        assert {blob_id for blob_id, outcome in zip(tasks, outcomes, strict=True) if outcome is None} <= present
        assert [await whole(blobs, blob_id) for blob_id in present] == [data] * len(present)
