import asyncio
import threading
from collections.abc import Iterator

import pytest

from proxy.threads import Threads, uninterrupted


@pytest.fixture
def threads() -> Iterator[Threads]:
    threads = Threads("test", 1)
    yield threads
    threads.close()


async def test_a_call_answers_its_result_from_another_thread(threads: Threads) -> None:
    assert await threads.run(threading.get_ident) != threading.get_ident()


async def test_a_call_raises_what_it_raised(threads: Threads) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await threads.run(int, "x")


async def test_a_cancelled_call_ends_before_the_cancellation_goes_on(threads: Threads) -> None:
    loop, began, may_end, ended = asyncio.get_running_loop(), asyncio.Event(), threading.Event(), threading.Event()

    def work() -> None:
        loop.call_soon_threadsafe(began.set)
        may_end.wait(10)
        ended.set()

    task = asyncio.create_task(threads.run(work))
    await began.wait()
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.005)
    assert not task.done()

    may_end.set()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_a_call_cancelled_before_its_turn_never_begins(threads: Threads) -> None:
    may_end, began = threading.Event(), threading.Event()
    busy = asyncio.create_task(threads.run(may_end.wait, 10))
    waiting = asyncio.create_task(threads.run(began.set))
    await asyncio.sleep(0.005)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()

    assert await busy
    assert await threads.run(began.is_set) is False


async def test_uninterrupted_work_ends_and_then_the_cancellation_goes_on() -> None:
    ended: list[bool] = []

    async def tidy_up() -> None:
        await asyncio.sleep(0.02)
        ended.append(True)

    task = asyncio.create_task(uninterrupted(tidy_up()))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == [True]


async def test_uninterrupted_work_answers_its_result() -> None:
    async def answer() -> int:
        return 42

    assert await uninterrupted(answer()) == 42
