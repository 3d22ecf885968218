"""The running server numbers what was done to it, and goes on where it stopped when it is started again."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.clients import GraphQL, s3_client
from tests.e2e.server import RunningServer, running_server
from tests.processes import wait_until

pytestmark = pytest.mark.e2e

EVENTS = """query ($after: String) { events(first: 100, after: $after) {
    nodes { number kind actorId } pageInfo { hasNextPage endCursor } } }"""


class Stream:
    """Somebody who asks again and again what has happened since."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self._after: str | None = None

    def listen(self, server: RunningServer, until: int) -> None:
        """Ask until so many events are heard of, for at most 10 s."""
        graphql = GraphQL(server.bootstrap.graphqlUrl, server.bootstrap.adminToken)

        def has_heard() -> bool:
            page = graphql.data(EVENTS, after=self._after)["events"]
            self.heard += page["nodes"]
            self._after = page["pageInfo"]["endCursor"]
            return len(self.heard) >= until

        wait_until(has_heard, f"{until} events are numbered", timeout_s=10.0)


def test_events_are_numbered_while_the_server_runs_and_after_it_was_started_again(tmp_path: Path) -> None:
    stream = Stream()
    with running_server(tmp_path) as server:
        client = s3_client(server.bootstrap)
        client.create_bucket(Bucket="told")
        client.put_object(Bucket="told", Key="o", Body=b"one")
        stream.listen(server, 3)
        # It may be stopped before this one has its number.
        client.put_object(Bucket="told", Key="o", Body=b"two")

    with running_server(tmp_path) as server:
        s3_client(server.bootstrap).delete_object(Bucket="told", Key="o")
        stream.listen(server, 5)

        assert "Traceback" not in server.log.read_text()

    assert [event["number"] for event in stream.heard] == [1, 2, 3, 4, 5]
    assert [event["kind"] for event in stream.heard] == ["CREATED", "GRANT_SET", "PUBLISHED", "PUBLISHED", "DELETED"]
    assert len({event["actorId"] for event in stream.heard}) == 1
