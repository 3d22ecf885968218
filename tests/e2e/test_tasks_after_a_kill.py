"""What a call leaves to be done in batches is finished by the next start, however the process ended."""

import time
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Final
from urllib.error import URLError

import pytest

from tests.e2e.clients import GraphQL
from tests.e2e.job import Job
from tests.e2e.server import running_server

pytestmark = pytest.mark.e2e

CALLS_MAX: Final = 10

OBJECTS: Final = 250
"""More than one batch of names (200)."""

DELETE_TREE: Final = "mutation ($id: ID!) { resourceDelete(id: $id, recursive: true) { userErrors { code } } }"
DYING_SERVER: Final = (str(Path(__file__).with_name("dying_tasks_server.py")),)


def ids_in(graphql: GraphQL, dataset: str) -> list[str]:
    """Ids of all Objects in a dataset."""
    query = """query ($id: String!, $after: String) { resource(ref: $id) { ... on Dataset {
      children(first: 100, after: $after) { pageInfo { endCursor hasNextPage } nodes { id } } } } }"""
    ids: list[str] = []
    after: str | None = None
    while True:
        page = graphql.data(query, id=dataset, after=after)["resource"]["children"]
        ids += [node["id"] for node in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            return ids
        after = page["pageInfo"]["endCursor"]


def share_all(graphql: GraphQL, ids: list[str], parent: str) -> None:
    """Share Objects into a container, as many a request as there may be aliases."""
    for start in range(0, len(ids), CALLS_MAX):
        calls = " ".join(
            f's{number}: resourceShare(id: "{one}", input: {{parent: "{parent}"}}) {{ userErrors {{ message }} }}'
            for number, one in enumerate(ids[start : start + CALLS_MAX])
        )
        answers = graphql.data(f"mutation {{ {calls} }}")
        assert all(answer["userErrors"] == [] for answer in answers.values())


def shared_objects(graphql: GraphQL, dataset: str) -> int:
    answer = graphql.data(
        "query ($id: String!) { resource(ref: $id) { ... on Dataset { stats { own { objects } } } } }", id=dataset
    )
    return int(answer["resource"]["stats"]["own"]["objects"])


def test_the_rest_of_a_recursive_deletion_is_done_by_the_next_start(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        job = Job(server)
        gone, _, source = job.make_way("gone")
        _, _, kept = job.make_way("kept")
        for number in range(OBJECTS):
            job.s3.put_object(Bucket="gone", Key=f"c/d/{number:03}", Body=b"%d" % number)
        share_all(job.graphql, ids_in(job.graphql, source), kept)
        assert shared_objects(job.graphql, kept) == OBJECTS

    with running_server(tmp_path, command=DYING_SERVER) as server:
        graphql = Job(server).graphql
        # It may die before it answers: the deletion was committed all the same.
        with suppress(URLError, ConnectionError, HTTPException):
            graphql.data(DELETE_TREE, id=gone)
        assert server.process.wait(60) != 0

    with running_server(tmp_path) as server:
        graphql = Job(server).graphql
        left = [shared_objects(graphql, kept)]
        deadline = time.monotonic() + 60
        while left[-1] and time.monotonic() < deadline:
            time.sleep(0.02)
            left.append(shared_objects(graphql, kept))

        assert left[-1] == 0
        assert set(left) <= {OBJECTS - 200, 0}, "the batch that was committed isn't done again"
