"""A real S3 face for each test module: uvicorn on a free port, the store on an engine, bytes in a temporary folder."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import GraphServer
from tests.proxy.s3.face import Face, open_face


@pytest.fixture(scope="module")
async def face(empty_graph: GraphServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Face]:
    async with open_face(empty_graph, tmp_path_factory.mktemp("s3")) as opened:
        yield opened
