"""Keeps statements from being cancelled on their way.

GraphQL cancels the fields beside one that failed where the failure reaches their parent. A statement that is cancelled
costs its connection to the graph (facts on the driver), so it is let run to its end, unheard. Loaders need no such
care: they run apart from the fields that wait for them.
"""

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def uncancelled(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Let a call of the function end by itself when whoever waits for it is cancelled."""

    @wraps(function)
    async def call(*args: P.args, **kwargs: P.kwargs) -> T:
        task = asyncio.create_task(function(*args, **kwargs))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_look_at)
            raise

    return call


def _look_at(task: "asyncio.Task[Any]") -> None:
    """Take note of how it ended, so that nobody complains of a failure that nobody looked at."""
    if not task.cancelled():
        task.exception()
