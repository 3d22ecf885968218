"""Requests that wait at the same moment share one resolve statement.

A statement goes out at once when none is under way; meanwhile requests gather, and a second statement goes out only
when it is full. Most of a statement's cost is the round trip, so sharing it is what makes small requests cheap.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from domain.errors import Unavailable
from graphstore.cypher.resolving import KeyRequest, Resolution, resolve
from graphstore.store import GraphStore

GROUP_MAX: Final = 64
IN_FLIGHT_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class _Waiting:
    request: KeyRequest
    done: "asyncio.Future[Resolution]"


class Resolver:
    """A queue of requests in front of the graph; one per process."""

    def __init__(self, store: GraphStore) -> None:
        self._store = store
        self._queue: list[_Waiting] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_called = False

    async def resolve(self, request: KeyRequest) -> Resolution:
        """Resolve one request.

        Raises: Unavailable.
        """
        loop = asyncio.get_running_loop()
        waiting = _Waiting(request, loop.create_future())
        self._queue.append(waiting)
        if not self._is_called:
            # Not at once but when this turn of the loop is over: what arrived with it goes along.
            self._is_called = True
            loop.call_soon(self._send)
        return await waiting.done

    def _send(self) -> None:
        self._is_called = False
        while self._queue and (not self._tasks or (len(self._tasks) < IN_FLIGHT_MAX and len(self._queue) >= GROUP_MAX)):
            group, self._queue = self._queue[:GROUP_MAX], self._queue[GROUP_MAX:]
            task = asyncio.create_task(self._run(group), name="resolver")
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._send()

    async def _run(self, group: Sequence[_Waiting]) -> None:
        try:
            found = await self._store.read(resolve([waiting.request for waiting in group]))
        except Exception as error:  # noqa: BLE001  whatever happened, each waiting request must hear of it
            if len(group) > 1 and not isinstance(error, Unavailable):
                for waiting in group:  # one of them may have spoilt it for all
                    await self._run([waiting])
                return
            for waiting in group:
                _ = waiting.done.done() or waiting.done.set_exception(error)
            return
        for index, waiting in enumerate(group):
            _ = waiting.done.done() or waiting.done.set_result(found[index])
