"""A GraphQL face on an empty graph for each module of the suite, on every engine of the run, and the people in it."""

from collections.abc import AsyncIterator

import pytest

from tests.conftest import GraphServer
from tests.schema.face import Face, Person, Tree, open_face


@pytest.fixture(scope="module")
async def face(empty_graph: GraphServer) -> AsyncIterator[Face]:
    async with open_face(empty_graph) as opened:
        yield opened


@pytest.fixture(scope="module")
async def admin(face: Face) -> Person:
    return await face.person("Root", is_administrator=True)


@pytest.fixture(scope="module")
async def ada(face: Face) -> Person:
    return await face.person("Ada")


@pytest.fixture(scope="module")
async def bob(face: Face) -> Person:
    return await face.person("Bob")


@pytest.fixture
async def tree(face: Face, ada: Person) -> Tree:
    return await face.tree(ada)
