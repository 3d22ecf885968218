"""kill -9 at bad moments: nothing that was acknowledged is lost, and nothing incomplete is ever seen.

The environment may say how often (CRASHES) and with which seed (CRASHES_SEED); both are printed. Every other time the
graph's processes are killed with the server.
"""

import asyncio
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from botocore.exceptions import BotoCoreError, ClientError  # pyright: ignore[reportMissingTypeStubs]

from app.maintenance import Report
from app.maintenance_door import DoorClosed, ask_server, door_file
from tests.e2e.clients import s3_client
from tests.e2e.mixed_load import BUCKET, Load, check_and_settle, new_keys
from tests.e2e.server import RunningServer, running_server, stored_files
from tests.processes import descendants, is_running, wait_until

pytestmark = pytest.mark.e2e

ROUNDS: Final = 4
DAY_S: Final = 86_400
HASTY: Final = (str(Path(__file__).with_name("hasty_server.py")),)


def kill(server: RunningServer, *, is_all: bool, load: Load) -> None:
    """End the server at once, alone or with the graph below it, as a machine that is switched off ends both."""
    below = descendants(server.process.pid) if is_all else []
    assert below or not is_all, "the graph is a process below the server's"
    load.expect_the_end()
    for pid in (*below, server.process.pid):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    server.process.wait(30)
    for pid in below:
        wait_until(lambda pid=pid: not is_running(pid), "the graph has ended")


def ask(server: RunningServer, job: str, **options: Any) -> tuple[int, list[Mapping[str, Any]]]:
    """Let the running server do a job; answers its exit code and what it told."""
    told: list[Mapping[str, Any]] = []

    async def emit(report: Report) -> None:
        told.append(report.data)

    return asyncio.run(ask_server(door_file(server.data_dir), job, options, emit)), told


class Chores(threading.Thread):
    """Rotates the master key and collects without grace, again and again, until the server is gone."""

    def __init__(self, server: RunningServer, load: Load) -> None:
        super().__init__()
        self.rounds = 0
        self.failures: list[Any] = []
        self._server = server
        self._load = load

    def run(self) -> None:
        with suppress(DoorClosed):
            while not self._load.is_over:
                self._do("keyring rotate", resume=False)
                self._do("gc", grace_s=0, stray_age_s=DAY_S)
                self.rounds += 1

    def _do(self, job: str, **options: Any) -> None:
        code, told = ask(self._server, job, **options)
        if code and not self._load.is_over:
            self.failures.append((job, told))


def test_kill_9_amid_all_that_clients_and_chores_do_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    seed = int(os.environ.get("CRASHES_SEED", secrets.randbits(32)))
    rounds = int(os.environ.get("CRASHES", ROUNDS))
    print(f"repeat it with CRASHES={rounds} CRASHES_SEED={seed}")
    draw, keys, calls, chores = Random(seed), new_keys(), Counter[str](), 0
    for number in range(rounds):
        with running_server(tmp_path, command=HASTY) as server:
            if number == 0:
                s3_client(server.bootstrap).create_bucket(Bucket=BUCKET)
            check_and_settle(server.bootstrap, keys)
            check_sound(server, before=DAY_S)
            load = Load(server.bootstrap, keys, draw.randrange(1 << 30))
            chore = Chores(server, load)
            load.start()
            chore.start()
            load.wait_for_answers()
            time.sleep(3 * draw.random())
            kill(server, is_all=number % 2 == 1, load=load)
            chore.join()
            load.join()
            assert chore.failures == []
            for client in load.clients:
                calls.update(client.calls)
            chores += chore.rounds
    print(f"acknowledged {dict(calls)}, and {chores} rounds of chores")

    with running_server(tmp_path, command=HASTY) as server:
        check_and_settle(server.bootstrap, keys)
        check_sound(server, before=DAY_S)
        age_all_files(server)
        wait_until(lambda: is_nothing_left_over(server), "gc leaves the bytes that the graph names alone")


def check_sound(server: RunningServer, before: float) -> Mapping[str, Any]:
    """Let `verify` find nothing wrong; files that no node names are no fault until they are so old."""
    code, told = ask(server, "verify", quick=False, grace_s=before)
    assert code == 0, told
    assert len(told) == 1, told
    return told[-1]


def is_nothing_left_over(server: RunningServer) -> bool:
    """Collect without grace, and compare: contents that just began to share leave blobs for another round."""
    code, _ = ask(server, "gc", grace_s=0, stray_age_s=DAY_S)
    assert code == 0
    summary = check_sound(server, before=0)
    return summary["blobs"] == summary["stored"] == len(stored_files(server.data_dir))


def age_all_files(server: RunningServer) -> None:
    """Let files without a node be old enough to go; others may go by themselves meanwhile."""
    then = time.time() - 2 * DAY_S
    for path in stored_files(server.data_dir):
        with suppress(FileNotFoundError):
            os.utime(path, (then, then))


def all_keys(client: Any) -> list[str]:
    return [item["Key"] for item in client.list_objects_v2(Bucket="crash").get("Contents", [])]


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
    assert len(stored_files(tmp_path / "data")) >= 2, "the bytes of the unpublished write were durable"

    with running_server(tmp_path) as server:
        client = s3_client(server.bootstrap)
        assert all_keys(client) == ["set/kept"]
        assert client.get_object(Bucket="crash", Key="set/kept")["Body"].read() == b"before"
        client.put_object(Bucket="crash", Key="set/kept", Body=b"after")
        assert client.get_object(Bucket="crash", Key="set/kept")["Body"].read() == b"after"
