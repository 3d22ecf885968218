import asyncio

import pytest

from resolvers.cancelling import uncancelled


async def test_a_call_goes_on_when_whoever_waits_for_it_is_cancelled() -> None:
    begun, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    @uncancelled
    async def statement() -> None:
        begun.set()
        await may_end.wait()
        ended.set()
        raise RuntimeError("nobody hears this")

    waiting = asyncio.create_task(statement())
    await begun.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    may_end.set()

    await asyncio.wait_for(ended.wait(), timeout=5)


async def test_answers_and_errors_come_through() -> None:
    @uncancelled
    async def half(number: int) -> int:
        if number % 2:
            raise ValueError(number)
        return number // 2

    assert await half(4) == 2
    with pytest.raises(ValueError, match="3"):
        await half(3)
