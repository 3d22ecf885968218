"""The commands of whoever runs an installation, as a user runs them: with the server running, and with it stopped."""

import json
import os
import shutil
import signal
import socket
import stat
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from identity.keyring import new_keyring, save_keyring
from tests.e2e.clients import s3_client
from tests.e2e.server import RunningServer, aruna, running_server, stop

pytestmark = pytest.mark.e2e


def lines(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


class Load:
    """Clients that write until they are told to stop, and know what was acknowledged."""

    def __init__(self, server: RunningServer, bucket: str) -> None:
        self.acknowledged: dict[str, bytes] = {}
        self.failures: list[Exception] = []
        self._server = server
        self._bucket = bucket
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(3)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def wait_for(self, count: int) -> None:
        """Wait until so many bodies were acknowledged, or a client failed."""
        while len(self.acknowledged) < count and not self.failures:
            self._is_over.wait(0.05)

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _write(self, writer: int) -> None:
        s3, chance, number = s3_client(self._server.bootstrap), Random(writer), 0
        while not self._is_over.is_set():
            key, body = f"load/{writer}-{number}", chance.randbytes(chance.choice([10, 5_000, 200_000]))
            try:
                s3.put_object(Bucket=self._bucket, Key=key, Body=body)
            except Exception as error:  # noqa: BLE001  the test shows whatever it was
                self.failures.append(error)
                return
            self.acknowledged[key] = body
            number += 1
            self._is_over.wait(0.05)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with running_server(tmp_path) as running:
        yield running


def test_a_backup_under_load_restores_to_what_verify_finds_sound(server: RunningServer, tmp_path: Path) -> None:
    s3 = s3_client(server.bootstrap)
    s3.create_bucket(Bucket="saved")
    kept = Random(1).randbytes(3_000_000)
    s3.put_object(Bucket="saved", Key="before/large", Body=kept)
    folder = tmp_path / "backup"

    with Load(server, "saved") as load:
        load.wait_for(10)
        before = dict(load.acknowledged)
        saved = aruna(server.data_dir, "backup", str(folder))
    refused = aruna(server.data_dir, "restore", str(folder))
    assert (saved.returncode, saved.stderr, load.failures) == (0, "", [])
    assert refused.returncode == 1
    assert "stop it" in refused.stdout
    assert stat.S_IMODE((folder / "keyring.json").stat().st_mode) == 0o600
    stop(server.process)

    strange = {"ARUNA_KEYRING": new_keyring(datetime.now(UTC), os.urandom).to_text()}
    unfit = aruna(tmp_path / "unfit", "restore", str(folder), environment=strange)
    assert (unfit.returncode, unfit.stdout) == (1, "")
    assert "ARUNA_KEYRING isn't the backup's keyring" in unfit.stderr
    assert [path.name for path in (tmp_path / "unfit").iterdir()] == ["lock"]
    fresh = tmp_path / "restored" / "data"
    restored = aruna(fresh, "restore", str(folder))
    assert (restored.returncode, restored.stderr) == (0, "")
    checked = aruna(fresh, "verify", "--grace", "0", "--json")
    assert (checked.returncode, [line["findings"] for line in lines(checked.stdout)]) == (0, [{}])
    again = aruna(fresh, "restore", str(folder))
    assert (again.returncode, again.stdout) == (1, "")
    assert "is there already" in again.stderr

    with running_server(tmp_path / "restored") as other:
        s3 = s3_client(other.bootstrap)
        assert s3.get_object(Bucket="saved", Key="before/large")["Body"].read() == kept
        for key, body in before.items():
            assert s3.get_object(Bucket="saved", Key=key)["Body"].read() == body
        s3.put_object(Bucket="saved", Key="after", Body=kept)
        assert s3.get_object(Bucket="saved", Key="after")["Body"].read() == kept


def test_master_keys_are_rotated_under_load_and_old_ones_dropped_when_the_server_is_stopped(
    server: RunningServer, tmp_path: Path
) -> None:
    s3_client(server.bootstrap).create_bucket(Bucket="rotated")
    secrets = {key["secret"] for key in json.loads((server.data_dir / "keyring.json").read_text())["keys"]}

    with Load(server, "rotated") as load:
        load.wait_for(5)
        outputs = [aruna(server.data_dir, "keyring", "rotate") for _ in range(2)]
    assert ([done.returncode for done in outputs], load.failures) == ([0, 0], [])
    # Nothing that was wrapped just before a rotation is left behind.
    assert aruna(server.data_dir, "keyring", "rotate", "--resume").returncode == 0
    keys = lines(aruna(server.data_dir, "keyring", "show", "--json").stdout)
    assert [(key["isCurrent"], key["wraps"]) for key in keys] == [(False, 0), (False, 0), (True, None)]
    early = aruna(server.data_dir, "keyring", "drop-old")
    assert early.returncode == 1
    assert "may still be wrapped by an older one" in early.stdout
    secrets |= {key["secret"] for key in json.loads((server.data_dir / "keyring.json").read_text())["keys"]}
    stop(server.process)

    dropped = aruna(server.data_dir, "keyring", "drop-old")
    checked = aruna(server.data_dir, "verify")

    assert (dropped.returncode, checked.returncode) == (0, 0), (dropped, checked)
    assert len(json.loads((server.data_dir / "keyring.json").read_text())["keys"]) == 1
    said = server.log.read_text() + "".join(done.stdout + done.stderr for done in (*outputs, early, dropped, checked))
    assert not any(secret in said for secret in secrets)
    with running_server(tmp_path) as again:
        s3 = s3_client(again.bootstrap)
        for key, body in load.acknowledged.items():
            assert s3.get_object(Bucket="rotated", Key=key)["Body"].read() == body


def test_verify_finds_planted_damage_and_clients_never_get_wrong_bytes(server: RunningServer) -> None:
    s3 = s3_client(server.bootstrap)
    s3.create_bucket(Bucket="damaged")
    bodies = {name: os.urandom(70_000) for name in ("flipped", "gone", "whole")}
    files: dict[str, Path] = {}
    for name, body in bodies.items():
        before = set((server.data_dir / "blobs").glob("*/*"))
        s3.put_object(Bucket="damaged", Key=name, Body=body)
        (files[name],) = set((server.data_dir / "blobs").glob("*/*")) - before
    assert aruna(server.data_dir, "verify").returncode == 0

    sealed = bytearray(files["flipped"].read_bytes())
    sealed[100] ^= 1
    files["flipped"].write_bytes(sealed)
    files["gone"].unlink()

    found = aruna(server.data_dir, "verify", "--json")
    quick = aruna(server.data_dir, "verify", "--json", "--quick")
    told = aruna(server.data_dir, "verify")
    faults = {(line["fault"], line["blobId"]) for line in lines(found.stdout) if line["kind"] == "finding"}
    assert faults == {("corrupt", files["flipped"].name), ("missing", files["gone"].name)}
    assert (found.returncode, quick.returncode, told.returncode) == (1, 1, 1)
    assert [line["fault"] for line in lines(quick.stdout) if line["kind"] == "finding"] == ["missing"]
    assert "shown by object" in told.stdout
    assert f"corrupt: blob {files['flipped'].name}: segment 0 fails its tag\n" in told.stdout
    assert f"missing: blob {files['gone'].name}: isn't in the blob store\n" in told.stdout
    for name in ("flipped", "gone"):
        with pytest.raises(s3.exceptions.ClientError) as refusal:
            s3.get_object(Bucket="damaged", Key=name)["Body"].read()
        assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert files[name].name in server.log.read_text()
    assert s3.get_object(Bucket="damaged", Key="whole")["Body"].read() == bodies["whole"]


def test_the_door_answers_nobody_without_the_secret_of_the_data_folder(server: RunningServer) -> None:
    file = server.data_dir / "maintenance.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    port = json.loads(file.read_text())["port"]
    requests = (
        b"",
        b"\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"[]\n",
        b'{"secret": "", "job": "verify", "options": {}}\n',
        b'{"secret": "\xc3\xa4", "job": "keyring show", "options": {}}\n',
        b'{"secret": 5}\n',
        b"x" * 200_000,
    )
    for request in requests:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            try:
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(1000) == b""
            except (ConnectionResetError, BrokenPipeError):
                pass

    assert aruna(server.data_dir, "keyring", "show").returncode == 0
    stop(server.process)
    assert not file.exists()


def test_a_server_that_was_killed_leaves_a_door_file_that_misleads_nobody(server: RunningServer) -> None:
    s3_client(server.bootstrap).create_bucket(Bucket="killed")
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    assert (server.data_dir / "maintenance.json").exists()

    checked = aruna(server.data_dir, "verify")

    assert (checked.returncode, checked.stderr) == (0, "")


def readiness(server: RunningServer) -> tuple[int, Any]:
    try:
        with urlopen(urljoin(server.bootstrap.graphqlUrl, "/readyz"), timeout=10) as answer:
            return answer.status, json.load(answer)["parts"]["keyring"]
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)["parts"]["keyring"]


def test_a_server_whose_keyring_is_lost_or_another_one_tells_and_starts_no_more(server: RunningServer) -> None:
    """It goes on with what it knows until it is stopped, and no new keyring is made beside the old graph."""
    keyring, elsewhere = server.data_dir / "keyring.json", server.data_dir / "elsewhere"
    assert readiness(server) == (200, "ok")
    keyring.rename(elsewhere)
    save_keyring(keyring, new_keyring(datetime.now(UTC), os.urandom), os.urandom)
    assert readiness(server) == (503, "unavailable")
    keyring.unlink()
    shutil.copy2(elsewhere, keyring)
    assert readiness(server) == (200, "ok")
    stop(server.process)

    save_keyring(keyring, new_keyring(datetime.now(UTC), os.urandom), os.urandom)
    foreign = aruna(server.data_dir, "serve", timeout_s=60)
    keyring.unlink()
    lost = aruna(server.data_dir, "serve", timeout_s=60)

    assert (foreign.returncode, lost.returncode) == (1, 1)
    assert "not the one that the graph was written with; put back" in foreign.stderr
    assert "there is no keyring" in lost.stderr
    assert not keyring.exists()


def test_a_folder_without_an_installation_is_not_called_sound(tmp_path: Path) -> None:
    checked = aruna(tmp_path / "mistyped", "verify")

    assert (checked.returncode, checked.stdout) == (1, "")
    assert "holds no installation" in checked.stderr
