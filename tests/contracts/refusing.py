"""A refusal on the graph: it says what it must, and leaves everything as it was."""

from collections.abc import Awaitable
from typing import Any

import pytest

from domain.errors import DomainError
from tests.graph_dump import dump
from tests.world import World


async def refused(world: World, call: Awaitable[Any], error: type[DomainError]) -> DomainError:
    """Await a call that must be refused and must leave the graph as it was."""
    before = (await dump(world)).comparable()
    with pytest.raises(error) as caught:
        await call
    assert type(caught.value) is error
    assert (await dump(world)).comparable() == before
    return caught.value
