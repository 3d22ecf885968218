"""Other servers that speak S3, started beside ours for a comparison on the same machine in the same run."""

import os
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.programs import RCLONE, installed
from tests.seaweedfs.server import ACCESS_KEY_ID, BUCKET, SECRET_ACCESS_KEY, running_seaweedfs

READY_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class Peer:
    """Where an S3 face answers, a bucket that it has, and the key pair that opens it; `pid` is its first process."""

    endpoint: str
    bucket: str
    access_key_id: str
    secret: str = field(repr=False)
    pid: int


@contextmanager
def seaweedfs(folder: Path) -> Generator[Peer]:
    """SeaweedFS with all its parts in one process: no encryption, no check of the payload's hash."""
    with running_seaweedfs(folder) as store:
        yield Peer(store.endpoint, BUCKET, ACCESS_KEY_ID, SECRET_ACCESS_KEY, store.process.pid)


@contextmanager
def rclone(folder: Path) -> Generator[Peer]:
    """`rclone serve s3` on a folder: no encryption, no check of the payload's hash, metadata in memory."""
    (folder / "files" / BUCKET).mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = (
        *(str(installed(*RCLONE, "rclone")), "serve", "s3", "--addr", f"127.0.0.1:{port}"),
        *("--auth-key", f"{ACCESS_KEY_ID},{SECRET_ACCESS_KEY}", "--config", os.devnull, "--vfs-cache-mode", "off"),
        str(folder / "files"),
    )
    with (folder / "rclone.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={"PATH": os.environ["PATH"]}, cwd=folder)
    try:
        _wait_until_open(port)
        yield Peer(f"http://127.0.0.1:{port}", BUCKET, ACCESS_KEY_ID, SECRET_ACCESS_KEY, process.pid)
    finally:
        process.kill()
        process.wait()


def _wait_until_open(port: int) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
