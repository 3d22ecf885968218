"""Requests share statements, and what goes wrong with one doesn't touch the others."""

import asyncio
from typing import TYPE_CHECKING, Any, cast

import pytest

from domain.errors import Unavailable
from domain.keys import cut_key
from graphstore.cypher.resolving import KeyRequest
from proxy.batching import GROUP_MAX, IN_FLIGHT_MAX, Resolver

if TYPE_CHECKING:
    from collections.abc import Callable

    from graphstore.store import GraphStore


class _Store:
    """Answers each request with its key when it is let go; `sizes` are those of the statements so far."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.gate = asyncio.Event()
        self.in_flight = 0
        self.in_flight_max = 0
        self.refuse: Callable[[list[str]], Exception | None] = lambda _: None

    async def read(self, query: Any) -> dict[int, str]:
        keys = [row["r0"] for row in query.parameters["requests"]]
        self.sizes.append(len(keys))
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight, self.in_flight_max)
        await self.gate.wait()
        self.in_flight -= 1
        error = self.refuse(keys)
        if error is not None:
            raise error
        return dict(enumerate(keys))


def _request(key: str) -> KeyRequest:
    return KeyRequest("", "b", cut_key(key), 0)


def _begin(resolver: Resolver, count: int) -> list["asyncio.Task[Any]"]:
    return [asyncio.create_task(resolver.resolve(_request(str(number)))) for number in range(count)]


async def test_what_arrives_together_goes_together_and_the_rest_waits_for_it() -> None:
    store = _Store()
    resolver = Resolver(cast("GraphStore", store))

    first = _begin(resolver, 3)
    await asyncio.sleep(0.01)
    second = _begin(resolver, 5)
    await asyncio.sleep(0.01)
    assert store.sizes == [3]
    store.gate.set()

    assert await asyncio.gather(*first) == ["0", "1", "2"]
    assert await asyncio.gather(*second) == ["0", "1", "2", "3", "4"]
    assert store.sizes == [3, 5]


async def test_full_statements_fly_two_at_a_time() -> None:
    store = _Store()
    resolver = Resolver(cast("GraphStore", store))

    waiting = _begin(resolver, 3 * GROUP_MAX + 1)
    await asyncio.sleep(0.01)
    assert store.sizes == [GROUP_MAX, GROUP_MAX]
    store.gate.set()

    assert await asyncio.gather(*waiting) == [str(number) for number in range(3 * GROUP_MAX + 1)]
    assert store.in_flight_max == IN_FLIGHT_MAX
    assert store.sizes == [GROUP_MAX, GROUP_MAX, GROUP_MAX, 1]


async def test_one_that_spoils_a_statement_fails_alone() -> None:
    store = _Store()
    store.gate.set()
    store.refuse = lambda keys: ValueError("spoilt") if "1" in keys else None
    resolver = Resolver(cast("GraphStore", store))

    outcomes = await asyncio.gather(*_begin(resolver, 3), return_exceptions=True)

    assert (outcomes[0], outcomes[2]) == ("0", "2")
    assert isinstance(outcomes[1], ValueError)


async def test_a_graph_out_of_reach_is_told_to_all_and_asked_once() -> None:
    store = _Store()
    store.gate.set()
    store.refuse = lambda _: Unavailable("away")
    resolver = Resolver(cast("GraphStore", store))

    outcomes = await asyncio.gather(*_begin(resolver, 3), return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 3
    assert store.sizes == [3]


async def test_one_that_gives_up_doesnt_stop_the_others() -> None:
    store = _Store()
    resolver = Resolver(cast("GraphStore", store))
    waiting = _begin(resolver, 3)
    await asyncio.sleep(0.01)

    waiting[1].cancel()
    store.gate.set()

    assert await waiting[0] == "0"
    assert await waiting[2] == "2"
    with pytest.raises(asyncio.CancelledError):
        await waiting[1]
