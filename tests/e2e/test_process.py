"""The server as a process: it finds everything again, lets nobody else into its folder, and takes its child along."""

import re
import signal
import stat
import subprocess
from pathlib import Path

import pytest

from tests.e2e.clients import s3_client
from tests.e2e.server import RunningServer, aruna, running_server
from tests.processes import is_running, wait_until

pytestmark = pytest.mark.e2e


def children_of(pid: int) -> list[int]:
    """Process ids of all descendants."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def test_a_second_start_finds_everything_again(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        first = server.bootstrap
        client = s3_client(first)
        client.create_bucket(Bucket="kept")
        client.put_object(Bucket="kept", Key="a/b", Body=b"bytes")

        printed = server.log.read_text().count(first.adminToken)

    with running_server(tmp_path) as server:
        second = server.bootstrap
        assert server.log.read_text().count(first.adminToken) == printed > 0, "secrets are printed once"
        assert (second.adminToken, second.accessKeyId, second.secretAccessKey) == (
            first.adminToken,
            first.accessKeyId,
            first.secretAccessKey,
        )
        assert s3_client(second).get_object(Bucket="kept", Key="a/b")["Body"].read() == b"bytes"


def test_secrets_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        for name in ("bootstrap.json", "keyring.json"):
            assert stat.S_IMODE((server.data_dir / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700


def test_a_second_server_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        refused = aruna(server.data_dir, "serve", timeout_s=60)

        assert refused.returncode == 1
        assert f"is in use by process {server.process.pid}" in refused.stderr
        assert "ARUNA_DATA_DIR" in refused.stderr
        assert "Traceback" not in refused.stderr


def test_a_taken_port_is_said_with_its_setting(tmp_path: Path) -> None:
    with running_server(tmp_path / "one") as server:
        port = re.search(r":(\d+)$", server.bootstrap.s3Endpoint)
        assert port is not None
        with (
            pytest.raises(AssertionError, match=r"can't listen on .* set ARUNA_S3_PORT"),
            running_server(tmp_path / "two", {"ARUNA_S3_PORT": port[1]}),
        ):
            pass


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_child_ends_with_its_server(tmp_path: Path, ending: signal.Signals) -> None:
    def end(server: RunningServer) -> int:
        server.process.send_signal(ending)
        return server.process.wait(30)

    with running_server(tmp_path) as server:
        children = children_of(server.process.pid)
        assert children, "the embedded graph is a child"
        code = end(server)
        assert code == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
        wait_until(lambda: not any(is_running(pid) for pid in children), "the embedded graph ends", timeout_s=30)


def test_the_server_ends_when_its_graph_does(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        for child in children_of(server.process.pid):
            subprocess.run(["kill", "-9", str(child)], check=False)
        assert server.process.wait(30) == 1
        assert "the embedded graph has ended" in server.log.read_text()
