"""A large upload takes no more memory than a small one."""

import http.client
import os
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import pytest

from tests.e2e.clients import s3_client
from tests.e2e.server import RunningServer, running_server

pytestmark = pytest.mark.e2e

MIB: Final = 1024 * 1024
SMALL_MIB: Final = 50
LARGE_MIB: Final = 1024
DIFFERENCE_MIB_MAX: Final = 64


def upload(server: RunningServer, key: str, mebibytes: int) -> None:
    """Send one body as a stream, without having it in memory here either."""
    url: str = s3_client(server.bootstrap).generate_presigned_url("put_object", Params={"Bucket": "memory", "Key": key})
    parts = urlsplit(url)
    block = os.urandom(MIB)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", str(mebibytes * MIB))
    connection.endheaders()
    for _ in range(mebibytes):
        connection.send(block)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()


def peak_mib(pid: int) -> float:
    """Peak resident memory of a process since the last reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the kernel tells the peak")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's peak of resident memory is read from /proc")
def test_the_peak_of_a_gibibyte_is_that_of_fifty_mebibytes(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        s3_client(server.bootstrap).create_bucket(Bucket="memory")
        upload(server, "warm", SMALL_MIB)

        upload(server, "small", SMALL_MIB)
        small = peak_mib(server.process.pid)
        upload(server, "large", LARGE_MIB)
        large = peak_mib(server.process.pid)

        print(f"peak {small:.0f} MiB at {SMALL_MIB} MiB, {large:.0f} MiB at {LARGE_MIB} MiB")
        assert large - small <= DIFFERENCE_MIB_MAX
        size = s3_client(server.bootstrap).head_object(Bucket="memory", Key="large")["ContentLength"]
        assert size == LARGE_MIB * MIB
