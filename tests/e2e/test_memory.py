"""A large upload takes no more memory than a small one, and sent again it takes no more space."""

import http.client
import os
import sys
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from tests.e2e.clients import GraphQL, s3_client
from tests.e2e.server import RunningServer, aruna, running_server
from tests.processes import wait_until

pytestmark = pytest.mark.e2e

MIB: Final = 1024 * 1024
SMALL_MIB: Final = 50
LARGE_MIB: Final = 1024
CUT_MIB: Final = 256
PARTS: Final = {"parts": 64, "equal parts": 64, "other parts": 96}
DIFFERENCE_MIB_MAX: Final = 64
NOISE: Final = os.urandom(MIB)


def blocks(first: int, count: int) -> Iterator[bytes]:
    """Mebibytes of one endless body, from any place: noise, no two equal."""
    for number in range(first, first + count):
        yield number.to_bytes(8, "big") + NOISE[8:]


def upload(server: RunningServer, key: str, mebibytes: int) -> None:
    """Send one body as a stream, without having it in memory here either."""
    client = s3_client(server.bootstrap)
    send(client.generate_presigned_url("put_object", Params={"Bucket": "memory", "Key": key}), 0, mebibytes)


def upload_in_parts(server: RunningServer, key: str, mebibytes: int, part_mebibytes: int) -> None:
    """Send the same body in parts."""
    client, place = s3_client(server.bootstrap), {"Bucket": "memory", "Key": key}
    place["UploadId"] = client.create_multipart_upload(**place)["UploadId"]
    listed: list[dict[str, Any]] = []
    for number, first in enumerate(range(0, mebibytes, part_mebibytes), 1):
        url = client.generate_presigned_url("upload_part", Params={**place, "PartNumber": number})
        etag = send(url, first, min(part_mebibytes, mebibytes - first))
        listed.append({"PartNumber": number, "ETag": etag})
    client.complete_multipart_upload(**place, MultipartUpload={"Parts": listed})


def send(url: str, first: int, mebibytes: int) -> str:
    """Put a stretch of the body to a presigned URL; answers its ETag."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=300)
    connection.putrequest("PUT", f"{parts.path}?{parts.query}")
    connection.putheader("Content-Length", str(mebibytes * MIB))
    connection.endheaders()
    for block in blocks(first, mebibytes):
        connection.send(block)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    connection.close()
    return answer.headers["ETag"]


def stored_mib(server: RunningServer) -> float:
    """Bytes of all blobs on the disk."""
    return sum(path.stat().st_size for path in (server.data_dir / "blobs").rglob("*") if path.is_file()) / MIB


def sha256_of(pieces: Iterable[bytes]) -> str:
    hasher = sha256()
    for piece in pieces:
        hasher.update(piece)
    return hasher.hexdigest()


def sha256_shown(server: RunningServer, key: str) -> str | None:
    query = "query ($ref: String!) { resource(ref: $ref) { ... on Object { checksums { sha256 } } } }"
    client = GraphQL(server.bootstrap.graphqlUrl, server.bootstrap.adminToken)
    return client.data(query, ref=f"memory/{key}")["resource"]["checksums"]["sha256"]


def peak_mib(pid: int) -> float:
    """Peak resident memory of a process since the last reset."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the kernel tells the peak")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's peak of resident memory is read from /proc")
def test_a_gibibyte_that_is_sent_twice_is_stored_once_with_the_peak_of_fifty_mebibytes(tmp_path: Path) -> None:
    """With equal parts at once; cut otherwise (a part of it, as it takes the same way), after hashing."""
    with running_server(tmp_path) as server:
        s3_client(server.bootstrap).create_bucket(Bucket="memory")
        upload(server, "warm", SMALL_MIB)
        before = stored_mib(server)
        upload(server, "small", SMALL_MIB)
        small = peak_mib(server.process.pid)

        upload(server, "large", LARGE_MIB)
        upload(server, "large again", LARGE_MIB)
        large = peak_mib(server.process.pid)
        wait_until(lambda: stored_mib(server) - before < 1.01 * LARGE_MIB, "what came again is stored once, at once")
        before = stored_mib(server)
        for key, part_mib in PARTS.items():
            upload_in_parts(server, key, CUT_MIB, part_mib)
        whole = sha256_of(blocks(0, CUT_MIB))
        for key in PARTS:
            wait_until(lambda key=key: sha256_shown(server, key) == whole, f"{key} is hashed", timeout_s=90)

        def is_stored_once() -> bool:
            assert aruna(server.data_dir, "gc", "--grace", "0").returncode == 0
            return stored_mib(server) - before < 1.01 * CUT_MIB

        wait_until(is_stored_once, "equal contents share", timeout_s=90)
        hashed = peak_mib(server.process.pid)
        print(f"peak {small:.0f} MiB at {SMALL_MIB} MiB, {large:.0f} at {LARGE_MIB} MiB, {hashed:.0f} after hashing")
        assert max(large, hashed) - small <= DIFFERENCE_MIB_MAX
        assert stored_mib(server) > LARGE_MIB + CUT_MIB
        for key, size in (("large", LARGE_MIB), ("large again", LARGE_MIB), *((key, CUT_MIB) for key in PARTS)):
            head = s3_client(server.bootstrap).head_object(Bucket="memory", Key=key)
            assert head["ContentLength"] == size * MIB
