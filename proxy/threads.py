"""A bounded pool of threads for calls that block, whose calls never outlive the task that waits for them.

asyncio gives a cancelled wait up at once and leaves the thread running on buffers and files that its owner is about to
take back. Here a cancelled call first comes to its end; only then the cancellation goes on.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """At most `threads_max` threads; a call beyond that waits for its turn."""

    def __init__(self, name: str, threads_max: int) -> None:
        self._pool = ThreadPoolExecutor(threads_max, thread_name_prefix=name)

    def start(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a call and go on; `end` must be awaited for it."""
        return self._pool.submit(work, *args, **kwargs)

    async def end(self, job: Future[T]) -> T:
        """Wait for a started call. When this raises, the call has ended or will never begin."""
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            await _end_of(job)
            raise

    async def run(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call it in a thread. When this raises, the call has ended or will never begin."""
        return await self.end(self.start(work, *args, **kwargs))

    def close(self) -> None:
        """Wait for the calls under way and let the threads go."""
        self._pool.shutdown()


async def _end_of(job: Future[T]) -> None:
    if job.cancel():
        return  # it had not begun
    ended = asyncio.wrap_future(job)
    while not ended.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait({ended})
    ended.exception()  # looked at, so that asyncio doesn't report it as forgotten


async def uninterrupted(work: Coroutine[None, None, T]) -> T:
    """Await to the very end, for putting things back in order; a cancellation that comes meanwhile goes on after it."""
    task = asyncio.ensure_future(work)
    is_cancelled = False
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            is_cancelled = True
    result = task.result()
    if is_cancelled:
        raise asyncio.CancelledError
    return result


async def all_of(calls: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run calls at the same time, to the end of all; answer what they answer, in order.

    When one raises, the others are cancelled, and it is raised as it is.
    """
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
