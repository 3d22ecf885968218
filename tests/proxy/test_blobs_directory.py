import asyncio
import errno
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.errors import Unavailable
from proxy.blobs import BlobMissing
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs
from proxy.disk import Disk
from tests.contracts.blobs_contract import BlobsContract, ids_in, new_id, whole
from tests.proxy.disks import ColdDisk, HalfCachedDisk, HaltingDisk, RecordingDisk, RefusingDisk, WarmDisk

MIB = 1024 * 1024


def files_in(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


class TestDirectoryBlobsWithSyncsOfTheirOwn(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Iterator[DirectoryBlobs]:
        blobs = open_directory_blobs(tmp_path / "blobs", shares_syncs=False)
        yield blobs
        blobs.close()


class TestDirectoryBlobsWithSharedSyncs(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Iterator[DirectoryBlobs]:
        blobs = open_directory_blobs(tmp_path / "blobs", shares_syncs=True)
        yield blobs
        blobs.close()


class TestDirectoryBlobsOnADiskThatHalts(BlobsContract):
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> Iterator[DirectoryBlobs]:
        blobs = open_directory_blobs(tmp_path / "blobs", disk=HaltingDisk())
        yield blobs
        blobs.close()


@pytest.fixture(params=[False, True], ids=["own syncs", "shared syncs"])
def shares_syncs(request: pytest.FixtureRequest) -> bool:
    return request.param


async def write_in_pieces(blobs: DirectoryBlobs, blob_id: str, *pieces: bytes) -> None:
    writer = await blobs.create(blob_id)
    try:
        for piece in pieces:
            await writer.append(piece)
        await writer.commit()
    except BaseException:
        await writer.abort()
        raise


async def test_bytes_are_synced_then_renamed_then_the_folder_is_synced_before_the_answer(
    tmp_path: Path, *, shares_syncs: bool
) -> None:
    disk, blob_id, other_id = RecordingDisk(), new_id(), new_id()
    blobs = open_directory_blobs(tmp_path, disk=disk, shares_syncs=shares_syncs)
    disk.calls.clear()

    await blobs.write(blob_id, b"bytes")
    disk.record("answered", blob_id)
    await write_in_pieces(blobs, other_id, b"more ", b"bytes")
    disk.record("answered", other_id)
    blobs.close()

    assert disk.calls == [
        ("create", blob_id),
        ("write", blob_id),
        ("sync", blob_id),
        ("rename", blob_id),
        ("sync folder", blob_id[:2]),
        ("answered", blob_id),
        ("create", other_id),
        ("write", other_id),
        ("write", other_id),
        ("sync", other_id),
        ("rename", other_id),
        ("sync folder", other_id[:2]),
        ("answered", other_id),
    ]


async def test_blobs_written_at_once_are_each_on_the_disk_before_their_name_and_their_name_before_the_answer(
    tmp_path: Path, *, shares_syncs: bool
) -> None:
    disk, ids = RecordingDisk(), [new_id() for _ in range(150)]
    blobs = open_directory_blobs(tmp_path, disk=disk, shares_syncs=shares_syncs)

    async def write(blob_id: str) -> None:
        await blobs.write(blob_id, b"bytes")
        disk.record("answered", blob_id)

    await asyncio.gather(*map(write, ids))
    blobs.close()

    for blob_id in ids:
        places = {call: disk.calls.index((call, blob_id)) for call in ("write", "rename", "answered")}
        between = disk.calls[places["write"] : places["rename"]]
        after = disk.calls[places["rename"] : places["answered"]]
        assert ("sync", blob_id) in between or ("sync all", "") in between
        assert ("sync folder", blob_id[:2]) in after or ("sync all", "") in after
    assert (("sync all", "") in disk.calls) is shares_syncs


async def test_blobs_written_at_once_share_their_syncs(tmp_path: Path) -> None:
    disk = RecordingDisk()
    blobs = open_directory_blobs(tmp_path, disk=disk, shares_syncs=True)

    await asyncio.gather(*(blobs.write(new_id(), b"bytes") for _ in range(130)))
    blobs.close()

    calls = [call for call, _ in disk.calls]
    assert calls.count("create") == 130
    assert calls.count("sync") + calls.count("sync all") <= 2 + 2 * 3  # two came alone, then batches of at most 64


async def test_a_large_body_is_synced_while_it_arrives(tmp_path: Path) -> None:
    disk, blob_id = RecordingDisk(), new_id()
    blobs = open_directory_blobs(tmp_path, disk=disk)
    pieces = [os.urandom(MIB)] * 20

    await write_in_pieces(blobs, blob_id, *pieces)

    calls = [call for call, _ in disk.calls if call in {"write", "sync", "rename"}]
    assert calls.count("sync") >= 2
    assert calls[-2:] == ["sync", "rename"], "what came after the early syncs is synced too"
    assert await whole(blobs, blob_id) == b"".join(pieces)
    blobs.close()


STEPS = ("create", "write", "sync", "close", "rename", "sync_folder")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("step", STEPS)
async def test_a_refusal_of_the_disk_is_unavailable_and_leaves_nothing(tmp_path: Path, step: str, number: int) -> None:
    blobs = open_directory_blobs(tmp_path, disk=RefusingDisk(step, number))
    name = errno.errorcode[number]

    with pytest.raises(Unavailable, match=name) as at_once:
        await blobs.write(new_id(), b"bytes")
    with pytest.raises(Unavailable, match=name) as in_pieces:
        await write_in_pieces(blobs, new_id(), b"bytes")
    blobs.close()

    assert files_in(tmp_path) == []
    assert "/a/path" not in at_once.value.message + in_pieces.value.message, "no path of the machine in a message"
    assert str(tmp_path) not in at_once.value.message + in_pieces.value.message


@pytest.mark.parametrize("step", ["create", "write", "close", "rename"])
async def test_a_refusal_for_one_blob_of_a_batch_hurts_no_other(tmp_path: Path, step: str) -> None:
    blobs = open_directory_blobs(tmp_path, disk=RefusingDisk(step, prefix="ab"), shares_syncs=True)
    ids = [new_id() for _ in range(20)]
    ids[10] = "ab" + "0" * 30
    ids = [blob_id if number == 10 else "cd" + blob_id[2:] for number, blob_id in enumerate(ids)]

    outcomes = await asyncio.gather(*(blobs.write(blob_id, b"bytes") for blob_id in ids), return_exceptions=True)
    blobs.close()

    assert [number for number, outcome in enumerate(outcomes) if outcome is not None] == [10]
    assert isinstance(outcomes[10], Unavailable)
    assert files_in(tmp_path) == sorted(set(ids) - {ids[10]})


@pytest.mark.parametrize("step", ["sync_all 1", "sync_all 2"])
async def test_a_failed_sync_fails_the_whole_batch_and_leaves_none_of_it(tmp_path: Path, step: str) -> None:
    disk = RefusingDisk(step, errno.EIO)
    blobs = open_directory_blobs(tmp_path, disk=disk, shares_syncs=True)
    ids = [new_id() for _ in range(20)]

    outcomes = await asyncio.gather(*(blobs.write(blob_id, b"bytes") for blob_id in ids), return_exceptions=True)
    kept = [blob_id for blob_id, outcome in zip(ids, outcomes, strict=True) if outcome is None]
    blobs.close()

    assert len(kept) == 2, "the two that came first were written alone"
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes[2:])
    assert files_in(tmp_path) == sorted(kept)


@pytest.mark.parametrize("mebibytes", [9, 30])
async def test_a_write_that_the_disk_lost_before_an_early_sync_fails_the_blob(tmp_path: Path, mebibytes: int) -> None:
    """The system tells of a lost write once; the sync at the end would then succeed."""

    class LosingOnce(Disk):
        is_lost = False

        def sync(self, descriptor: int) -> None:
            if not self.is_lost:
                self.is_lost = True
                raise OSError(errno.EIO, os.strerror(errno.EIO))

    blobs = open_directory_blobs(tmp_path, disk=LosingOnce())

    with pytest.raises(Unavailable, match="EIO"):
        await write_in_pieces(blobs, new_id(), *[bytes(3 * MIB)] * (mebibytes // 3))
    blobs.close()

    assert files_in(tmp_path) == []


@pytest.mark.parametrize("call", ["open", "read_into"])
async def test_a_refusal_while_reading_is_unavailable(tmp_path: Path, call: str) -> None:
    disk, blob_id = RefusingDisk("nothing", errno.EIO), new_id()
    blobs = open_directory_blobs(tmp_path, disk=disk)
    await blobs.write(blob_id, b"bytes")
    disk.refused = call

    with pytest.raises(Unavailable, match="EIO"):
        await blobs.open(blob_id, 5)
    with pytest.raises(Unavailable, match="EIO"):
        await blobs.read_range(blob_id, 0, 5)
    blobs.close()


async def test_a_refused_deletion_is_unavailable(tmp_path: Path) -> None:
    disk, blob_id = RefusingDisk("remove", errno.EACCES), new_id()
    blobs = open_directory_blobs(tmp_path, disk=disk)
    await blobs.write(blob_id, b"bytes")

    with pytest.raises(Unavailable, match="EACCES"):
        await blobs.delete(blob_id)
    blobs.close()


@pytest.mark.parametrize("disk_type", [ColdDisk, HalfCachedDisk, WarmDisk])
@pytest.mark.parametrize(("start", "length"), [(0, 10), (3, 4), (5, 100), (10, 1), (0, 0), (20, 5)])
async def test_bytes_are_the_same_whether_they_are_in_memory_or_not(
    tmp_path: Path, disk_type: type[Disk], start: int, length: int
) -> None:
    blobs, blob_id, buffer = open_directory_blobs(tmp_path, disk=disk_type()), new_id(), bytearray(length)
    await blobs.write(blob_id, b"0123456789")
    reader = await blobs.open(blob_id, 0)

    taken = await reader.read_into(start, memoryview(buffer))

    assert buffer[:taken] == b"0123456789"[start : start + length]
    await reader.close()
    blobs.close()


async def test_what_is_in_memory_is_read_without_a_thread(tmp_path: Path) -> None:
    disk, blob_id, buffer = WarmDisk(), new_id(), bytearray(10)
    blobs = open_directory_blobs(tmp_path, disk=disk)
    await blobs.write(blob_id, b"0123456789")
    reader = await blobs.open(blob_id, 0)
    disk.is_cold_refused = True

    assert await reader.read_into(0, memoryview(buffer)) == 10

    assert buffer == b"0123456789"
    await reader.close()
    blobs.close()


async def test_an_open_blob_stays_readable_when_it_is_deleted(tmp_path: Path) -> None:
    blobs, blob_id, buffer = open_directory_blobs(tmp_path), new_id(), bytearray(10)
    await blobs.write(blob_id, b"0123456789")
    reader = await blobs.open(blob_id, 0)

    await blobs.delete(blob_id)

    assert await reader.read_into(0, memoryview(buffer)) == 10
    assert buffer == b"0123456789"
    await reader.close()
    with pytest.raises(BlobMissing):
        await blobs.open(blob_id, 0)
    blobs.close()


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  the listing itself opens one, each time alike


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
async def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    blobs, blob_id = open_directory_blobs(tmp_path), new_id()
    await blobs.write(blob_id, b"bytes")
    await ids_in(blobs)
    before = open_descriptors()

    for _ in range(3):
        await blobs.write(new_id(), b"bytes")
        await asyncio.gather(*(blobs.write(new_id(), b"bytes") for _ in range(10)))
        await write_in_pieces(blobs, new_id(), b"bytes")
        await (await blobs.create(new_id())).abort()
        await (await blobs.open(blob_id, 3)).close()
        await blobs.read_range(blob_id, 0, 3)
        for _ in range(10):
            opening = asyncio.create_task(blobs.open(blob_id, 3))
            await asyncio.sleep(0)
            opening.cancel()
            with pytest.raises(asyncio.CancelledError):
                await opening

    assert open_descriptors() == before
    blobs.close()


async def test_a_start_sweeps_what_a_crash_cut_off_and_nothing_else(tmp_path: Path) -> None:
    blobs, kept, cut = open_directory_blobs(tmp_path), new_id(), new_id()
    await blobs.write(kept, b"kept")
    writer = await blobs.create(cut)
    await writer.append(b"half")
    blobs.close()

    blobs = open_directory_blobs(tmp_path)

    assert await blobs.sweep_partial() == 1
    assert await blobs.sweep_partial() == 0
    assert files_in(tmp_path) == [kept]
    blobs.close()


async def test_files_that_are_no_blobs_are_not_listed(tmp_path: Path) -> None:
    blobs, blob_id = open_directory_blobs(tmp_path), "ab" * 16
    await blobs.write(blob_id, b"bytes")
    for name in ("README", "cd" * 16, blob_id + ".part", "ab" + "Z" * 30):
        (tmp_path / "ab" / name).write_bytes(b"")

    assert await ids_in(blobs) == {blob_id}
    blobs.close()


async def test_only_the_owner_can_read_folders_and_blobs(tmp_path: Path) -> None:
    blobs, blob_id = open_directory_blobs(tmp_path / "blobs"), new_id()
    await blobs.write(blob_id, b"bytes")

    folder = tmp_path / "blobs" / blob_id[:2]
    assert (folder / blob_id).stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o077 == 0
    blobs.close()


async def test_cancelled_writings_leave_no_partial_file_and_no_waiting_thread(
    tmp_path: Path, *, shares_syncs: bool
) -> None:
    blobs = open_directory_blobs(tmp_path, shares_syncs=shares_syncs)
    tasks = [asyncio.create_task(blobs.write(new_id(), b"bytes")) for _ in range(40)]
    await asyncio.sleep(0.001)

    for task in tasks:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)

    assert any(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    assert [name for name in files_in(tmp_path) if name.endswith(".part")] == []
    await blobs.write(new_id(), b"it still works")
    blobs.close()


async def test_writing_a_blob_twice_does_not_touch_the_partial_file_of_the_first(tmp_path: Path) -> None:
    blobs, blob_id = open_directory_blobs(tmp_path), new_id()
    writer = await blobs.create(blob_id)
    await writer.append(b"first")

    with pytest.raises(Unavailable, match="EEXIST"):
        await blobs.write(blob_id, b"second")
    await writer.commit()

    assert await whole(blobs, blob_id) == b"first"
    blobs.close()


async def test_closing_ends_the_threads(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    blobs = open_directory_blobs(tmp_path)
    await blobs.write(new_id(), b"bytes")

    blobs.close()

    assert set(threading.enumerate()) == before
