"""kill -9 at bad moments: nothing that was acknowledged is lost, and nothing incomplete is ever seen."""

import hashlib
import random
import secrets
import threading
import time
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]

from tests.e2e.clients import s3_client
from tests.e2e.server import RunningServer, running_server

pytestmark = pytest.mark.e2e

ROUNDS: Final = 3
WRITERS: Final = 4
KEYS: Final = 12


def body_of(key: str, number: int, size: int) -> bytes:
    """Bytes that say which write they come from, of any size."""
    line = f"{key} {number} ".encode()
    return (line * (size // len(line) + 1))[:size]


class Writers:
    """Threads that overwrite a few keys each and note what was acknowledged, until the server is gone."""

    def __init__(self, server: RunningServer, seed: int) -> None:
        self.acknowledged: dict[str, int] = {}
        self.attempted: dict[str, int] = {}
        self.sizes: dict[tuple[str, int], int] = {}
        self._server = server
        self._threads = [
            threading.Thread(target=self._write, args=(number, random.Random(seed + number)))
            for number in range(WRITERS)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def wait_for_an_answer(self) -> None:
        """Wait until something was acknowledged: on a busy machine that takes a while."""
        deadline = time.monotonic() + 60
        while not self.acknowledged:
            assert time.monotonic() < deadline, "the server had a minute to acknowledge something"
            time.sleep(0.05)

    def _write(self, writer: int, draw: random.Random) -> None:
        client = s3_client(self._server.bootstrap)
        for number in range(1_000_000):
            # Each writer has keys of its own, so that the last acknowledged write of a key is known.
            key = f"coll{writer % 2}/set/w{writer}-{draw.randrange(KEYS)}"
            size = draw.choice([0, 1, 4096, 70_000, 3_000_000])
            self.attempted[key] = number
            self.sizes[key, number] = size
            try:
                client.put_object(Bucket="crash", Key=key, Body=body_of(key, number, size))
            except (BotoCoreError, ClientError):
                return
            self.acknowledged[key] = number


def test_kill_9_amid_uploads_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")
    draw = random.Random(seed)
    with running_server(tmp_path) as server:
        s3_client(server.bootstrap).create_bucket(Bucket="crash")
    for _ in range(ROUNDS):
        with running_server(tmp_path) as server:
            writers = Writers(server, draw.randrange(1 << 30))
            writers.start()
            writers.wait_for_an_answer()
            time.sleep(1 + draw.random())
            server.process.kill()
            writers.join()

        with running_server(tmp_path) as server:
            client = s3_client(server.bootstrap)
            for key, number in writers.acknowledged.items():
                shown = client.get_object(Bucket="crash", Key=key)["Body"].read()
                # The write after the last acknowledged one may have been committed without its answer arriving.
                candidates = [number, *([writers.attempted[key]] if writers.attempted[key] != number else [])]
                assert shown in [body_of(key, n, writers.sizes[key, n]) for n in candidates], (seed, key, number)
            for listed in all_keys(client):
                body = client.get_object(Bucket="crash", Key=listed["Key"])["Body"].read()
                assert f'"{hashlib.md5(body).hexdigest()}"' == listed["ETag"], (seed, listed["Key"])


def all_keys(client: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="crash")
    return [item for page in pages for item in page.get("Contents", [])]


def test_kill_9_between_sync_and_publish_shows_nothing(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        client = s3_client(server.bootstrap)
        client.create_bucket(Bucket="crash")
        client.put_object(Bucket="crash", Key="set/kept", Body=b"before")

    with running_server(tmp_path, command=(str(Path(__file__).with_name("dying_server.py")),)) as server:
        client = s3_client(server.bootstrap)
        with pytest.raises((BotoCoreError, ClientError)):
            client.put_object(Bucket="crash", Key="set/kept", Body=b"never published")
        server.process.wait(30)
    durable = [path for path in (tmp_path / "data" / "blobs").rglob("*") if path.is_file()]
    assert len(durable) >= 2, "the bytes of the unpublished write were durable"

    with running_server(tmp_path) as server:
        client = s3_client(server.bootstrap)
        assert [item["Key"] for item in all_keys(client)] == ["set/kept"]
        assert client.get_object(Bucket="crash", Key="set/kept")["Body"].read() == b"before"
        client.put_object(Bucket="crash", Key="set/kept", Body=b"after")
        assert client.get_object(Bucket="crash", Key="set/kept")["Body"].read() == b"after"
