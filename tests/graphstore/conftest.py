"""A world on an empty graph for each module of the suite, on every engine of the run."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import GraphServer
from tests.world import World, open_world


@pytest.fixture(scope="module")
async def world(empty_graph: GraphServer) -> AsyncIterator[World]:
    async with open_world(empty_graph) as opened:
        yield opened
