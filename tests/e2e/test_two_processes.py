"""Two server processes on one Neo4j: what they are asked at the same time never breaks a rule.

Each has a data folder and clients of its own; they know of each other through the graph alone.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from tests.conftest import wipe
from tests.e2e.clients import GraphQL
from tests.e2e.server import running_server
from tests.graph_dump import check_invariants
from tests.graph_server import GraphServer
from tests.neo4j_server.server import Neo4jServer
from tests.world import open_world

pytestmark = pytest.mark.neo4j

CALLS = 8

MAKE = """mutation($input: ProjectCreateInput!) {
  projectCreate(input: $input) { project { id } userErrors { code message } }
}"""
COLLECTION = """mutation($input: CollectionCreateInput!) {
  collectionCreate(input: $input) { collection { id } userErrors { code message } }
}"""
DATASET = """mutation($input: DatasetCreateInput!) {
  datasetCreate(input: $input) { dataset { id } userErrors { code message } }
}"""
RENAME = """mutation($id: ID!, $name: String!) {
  resourceRename(id: $id, name: $name) { resource { id } userErrors { code message } }
}"""
MOVE = """mutation($id: ID!, $to: ID!) {
  resourceMove(id: $id, input: {to: $to}) { resource { id } userErrors { code message } }
}"""
SNAPSHOT = """mutation($id: ID!, $version: String!) {
  snapshotCreate(id: $id, version: $version) { snapshot { id } userErrors { code message } }
}"""
DELETE = """mutation($id: ID!) {
  resourceDelete(id: $id, recursive: true) { resource { id } userErrors { code message } }
}"""


@pytest.fixture(scope="module")
def faces(neo4j_server: Neo4jServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GraphQL, GraphQL]]:
    """The administrator at either process, on an empty graph; his token is in the graph that they share."""
    wipe(neo4j_server)
    graph = {
        "ARUNA_GRAPH_URI": neo4j_server.uri,
        "ARUNA_GRAPH_USER": neo4j_server.user,
        "ARUNA_GRAPH_PASSWORD": neo4j_server.password,
        "ARUNA_GRAPH_DATABASE": neo4j_server.database,
    }
    others_folder = tmp_path_factory.mktemp("other")
    with running_server(tmp_path_factory.mktemp("one"), graph) as one:
        # A second process finds an administrator in the graph and makes no secrets: it is given those of the first.
        (others_folder / "data").mkdir(mode=0o700)
        for file in ("bootstrap.json", "keyring.json"):
            shutil.copy2(one.data_dir / file, others_folder / "data")
        with running_server(others_folder, graph) as other:
            token = one.bootstrap.adminToken
            yield GraphQL(one.bootstrap.graphqlUrl, token), GraphQL(other.bootstrap.graphqlUrl, token)


def made(answer: dict[str, Any]) -> str | None:
    """Id of what a mutation made or changed, None where it was refused by a rule."""
    assert "errors" not in answer, answer
    (payload,) = answer["data"].values()
    if payload["userErrors"]:
        assert all(problem["code"] != "INTERNAL" for problem in payload["userErrors"]), payload
        return None
    (thing,) = (value for name, value in payload.items() if name != "userErrors")
    return thing["id"]


def at_once(faces: tuple[GraphQL, GraphQL], calls: list[tuple[str, dict[str, Any]]]) -> list[str | None]:
    """Send the calls to both processes in turn, all at the same time."""
    with ThreadPoolExecutor(len(calls)) as pool:
        sent = [
            pool.submit(faces[number % 2].answer, document, **variables)
            for number, (document, variables) in enumerate(calls)
        ]
        return [made(one.result()) for one in sent]


@pytest.mark.parametrize("seed", range(4))
async def test_what_two_processes_are_asked_at_once_keeps_every_rule(
    faces: tuple[GraphQL, GraphQL], neo4j_server: Neo4jServer, seed: int
) -> None:
    print(f"seed {seed}")
    chance = Random(seed)
    project = made(faces[0].answer(MAKE, input={"name": f"two-{seed}"}))
    collections = [made(faces[n % 2].answer(COLLECTION, input={"parent": project, "name": f"c{n}"})) for n in range(3)]
    datasets = [
        made(faces[n % 2].answer(DATASET, input={"parent": collections[n % 3], "name": f"d{n}"})) for n in range(6)
    ]

    one_name = at_once(faces, [(COLLECTION, {"input": {"parent": project, "name": "wanted"}})] * CALLS)
    one_version = at_once(faces, [(SNAPSHOT, {"id": project, "version": "1.0.0"})] * CALLS)
    mixed: list[tuple[str, dict[str, Any]]] = [
        chance.choice(
            [
                (RENAME, {"id": chance.choice(datasets), "name": f"d{chance.randrange(4)}"}),
                (MOVE, {"id": chance.choice(datasets), "to": chance.choice(collections)}),
                (SNAPSHOT, {"id": chance.choice(collections), "version": f"0.{chance.randrange(3)}.0"}),
                (DATASET, {"input": {"parent": chance.choice(collections), "name": f"d{chance.randrange(4)}"}}),
                (DELETE, {"id": chance.choice(datasets)}),
            ]
        )
        for _ in range(2 * CALLS)
    ]
    done = at_once(faces, mixed)

    assert sum(found is not None for found in one_name) == 1
    assert sum(found is not None for found in one_version) == 1
    assert any(found is not None for found in done)
    graph = GraphServer(
        "neo4j", neo4j_server.uri, neo4j_server.user, neo4j_server.password, neo4j_server.database, http_url=None
    )
    async with open_world(graph, seed) as world:
        await check_invariants(world)
