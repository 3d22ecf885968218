import asyncio
import logging
from pathlib import Path

import pytest

from domain.errors import Unavailable
from proxy.availability import Availability
from proxy.blobs_directory import DirectoryBlobs, open_directory_blobs


@pytest.fixture
def blobs(tmp_path: Path) -> DirectoryBlobs:
    return open_directory_blobs(tmp_path / "blobs")


async def test_a_backend_that_goes_and_comes_back_is_told_once_each(
    tmp_path: Path, blobs: DirectoryBlobs, caplog: pytest.LogCaptureFixture
) -> None:
    availability = Availability(blobs)
    await availability.check()
    (tmp_path / "blobs").rename(tmp_path / "away")

    for _ in range(3):
        with pytest.raises(Unavailable, match="the blob store can't reach blobs"):
            await availability.check()
    gone = availability.is_reachable()
    (tmp_path / "away").rename(tmp_path / "blobs")
    for _ in range(2):
        await availability.check()

    assert (gone, availability.is_reachable()) == (False, True)
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.WARNING]


async def test_it_is_asked_again_and_again(tmp_path: Path, blobs: DirectoryBlobs) -> None:
    availability = Availability(blobs, interval_s=0.01)
    asking = asyncio.create_task(availability.run())

    async def comes_to(wanted: bool) -> None:  # noqa: FBT001  the one thing it is about
        while availability.is_reachable() is not wanted:  # noqa: ASYNC110  it sets no event
            await asyncio.sleep(0.01)

    (tmp_path / "blobs").rename(tmp_path / "away")
    await asyncio.wait_for(comes_to(wanted=False), 10)
    (tmp_path / "away").rename(tmp_path / "blobs")
    await asyncio.wait_for(comes_to(wanted=True), 10)

    asking.cancel()
    await asyncio.wait({asking})
    assert asking.cancelled()
