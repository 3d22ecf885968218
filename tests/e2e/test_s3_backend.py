"""The real server with its bytes in a real S3-compatible store (SeaweedFS), which is killed and comes back."""

import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any, Final, cast
from urllib.error import HTTPError
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest
from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    ClientError,
    IncompleteReadError,
    ResponseStreamingError,
)

from proxy.blobs import OWNER
from tests.e2e.clients import GraphQL, s3_client
from tests.e2e.server import RunningServer, aruna, running_server, stored_files
from tests.e2e.test_memory import DIFFERENCE_MIB_MAX, peak_mib, upload
from tests.processes import wait_until
from tests.seaweedfs.server import BUCKET, SeaweedFS

pytestmark = pytest.mark.e2e

MIB: Final = 1024 * 1024


@pytest.fixture
def store(seaweedfs: SeaweedFS) -> SeaweedFS:
    """The store of the run; each test has a prefix of its own in it."""
    return seaweedfs


def sealed_below(store: SeaweedFS, prefix: str) -> dict[str, int]:
    """Sizes by key of all that lies there, but for the object that says whose it is."""
    listed = store.client().list_objects_v2(Bucket=BUCKET, Prefix=f"{prefix}/").get("Contents", ())
    return {entry["Key"]: entry["Size"] for entry in listed if entry["Key"] != f"{prefix}/{OWNER}"}


def uploads_below(store: SeaweedFS, prefix: str) -> list[str]:
    listed = store.client().list_multipart_uploads(Bucket=BUCKET, Prefix=f"{prefix}/")
    return [entry["Key"] for entry in listed.get("Uploads", ())]


def state_of(server: RunningServer, ref: str) -> Any:
    client = GraphQL(server.bootstrap.graphqlUrl, server.bootstrap.adminToken)
    return client.data("query ($ref: String!) { resource(ref: $ref) { state } }", ref=ref)["resource"]["state"]


def readiness(server: RunningServer) -> tuple[int, str]:
    """Status of the answer, and what it says of the bytes."""
    try:
        with urlopen(urljoin(server.bootstrap.graphqlUrl, "/readyz"), timeout=10) as answer:
            return answer.status, json.load(answer)["parts"]["bytes"]
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)["parts"]["bytes"]


def refusal_of(call: Any, **arguments: Any) -> tuple[str, int, str]:
    """Code, status and message of a refused call."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    answer = cast("Any", caught.value).response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], str(caught.value)


def test_objects_come_and_go_through_the_store_and_none_of_it_is_on_this_disk(store: SeaweedFS, tmp_path: Path) -> None:
    with running_server(tmp_path, store.settings("whole")) as server:
        s3 = s3_client(server.bootstrap)
        s3.create_bucket(Bucket="first")
        small, large, parts = b"small and plain", os.urandom(20 * MIB + 3), [os.urandom(9 * MIB), b"the end"]

        s3.put_object(Bucket="first", Key="a/small", Body=small)
        s3.put_object(Bucket="first", Key="a/large", Body=large)
        begun = s3.create_multipart_upload(Bucket="first", Key="a/parts")["UploadId"]
        etags = [
            s3.upload_part(Bucket="first", Key="a/parts", UploadId=begun, PartNumber=number, Body=part)["ETag"]
            for number, part in enumerate(parts, 1)
        ]
        listed = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        s3.complete_multipart_upload(Bucket="first", Key="a/parts", UploadId=begun, MultipartUpload={"Parts": listed})

        def read(key: str, **arguments: Any) -> bytes:
            return s3.get_object(Bucket="first", Key=key, **arguments)["Body"].read()

        assert read("a/small") == small
        assert read("a/large") == large
        assert read("a/large", Range=f"bytes={11 * MIB}-{13 * MIB}") == large[11 * MIB : 13 * MIB + 1]
        assert read("a/parts") == b"".join(parts)
        assert read("a/parts", Range=f"bytes={9 * MIB - 2}-{9 * MIB + 2}") == parts[0][-2:] + b"the"

        sealed = sealed_below(store, "whole")
        assert len(sealed) == 4
        assert all(len(key.rpartition("/")[2]) == 32 for key in sealed)
        raw = [store.client().get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in sealed]
        assert not any(b"plain" in sealed_bytes for sealed_bytes in raw)
        assert uploads_below(store, "whole") == []
    assert stored_files(tmp_path / "data") == []


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's peak of resident memory is read from /proc")
def test_the_peak_of_a_large_upload_is_that_of_a_small_one(store: SeaweedFS, tmp_path: Path) -> None:
    with running_server(tmp_path, store.settings("memory")) as server:
        s3_client(server.bootstrap).create_bucket(Bucket="memory")
        upload(server, "warm", 50)
        small = peak_mib(server.process.pid)

        began = time.monotonic()
        upload(server, "large", 300)
        seconds = time.monotonic() - began
        large = peak_mib(server.process.pid)

        print(f"peak {small:.0f} MiB at 50 MiB, {large:.0f} MiB at 300 MiB ({300 / seconds:.0f} MiB/s)")
        assert large - small <= DIFFERENCE_MIB_MAX


class KillingBody(io.BytesIO):
    """A body that is sent slowly enough: once the server has begun to pass it on, the store is killed, once."""

    def __init__(self, data: bytes, store: SeaweedFS, prefix: str) -> None:
        super().__init__(data)
        self._store = store
        self._prefix = prefix
        self._asked_at = 12 * MIB  # the store hears of nothing before its first part is full
        self.kills = 0

    def read(self, size: int | None = -1) -> bytes:
        """Give the next bytes; a client reads them for the signature first."""
        if not self.kills and self.tell() >= self._asked_at:
            self._asked_at = 12 * MIB + self.tell() % (12 * MIB)
            if uploads_below(self._store, self._prefix):
                self._store.kill()
                self.kills += 1
        return super().read(size)


def test_a_store_that_is_killed_in_the_middle_of_uploads_and_downloads_and_comes_back(
    store: SeaweedFS, tmp_path: Path
) -> None:
    """By a client that tries nothing again: what it is told is all that it gets."""
    with running_server(tmp_path, store.settings("killed")) as server:
        s3 = s3_client(server.bootstrap)
        s3.create_bucket(Bucket="killed")
        large = os.urandom(40 * MIB)
        s3.put_object(Bucket="killed", Key="a/before", Body=b"before")
        s3.put_object(Bucket="killed", Key="a/large", Body=large)
        begun = s3.create_multipart_upload(Bucket="killed", Key="a/parts")["UploadId"]
        part = {"Bucket": "killed", "Key": "a/parts", "UploadId": begun, "PartNumber": 1}
        before = sealed_below(store, "killed")
        download = s3.get_object(Bucket="killed", Key="a/large")["Body"]
        assert download.read(MIB) == large[:MIB]

        cut = KillingBody(os.urandom(60 * MIB), store, "killed")
        try:
            code, status, text = refusal_of(s3.put_object, Bucket="killed", Key="a/cut", Body=cut)
            assert (code, status, cut.kills) == ("ServiceUnavailable", 503, 1)
            assert "Traceback" not in text
            assert store.settings()["ARUNA_BLOBS_SECRET_ACCESS_KEY"] not in text
            with pytest.raises((ResponseStreamingError, IncompleteReadError)):
                download.read()
            for call, arguments in (
                (s3.get_object, {"Bucket": "killed", "Key": "a/before"}),
                (s3.upload_part, {**part, "Body": large[: 9 * MIB]}),
            ):
                assert refusal_of(call, **arguments)[:2] == ("ServiceUnavailable", 503)
            assert s3.head_object(Bucket="killed", Key="a/before")["ContentLength"] == 6
            wait_until(lambda: state_of(server, "killed/a/before") == "UNAVAILABLE", "the Object reads UNAVAILABLE")
            assert readiness(server) == (503, "unavailable")
        finally:
            store.start_again()

        wait_until(lambda: state_of(server, "killed/a/before") == "AVAILABLE", "the Object reads AVAILABLE")
        assert readiness(server) == (200, "ok")
        assert s3.get_object(Bucket="killed", Key="a/before")["Body"].read() == b"before"
        assert s3.get_object(Bucket="killed", Key="a/large")["Body"].read() == large
        assert refusal_of(s3.get_object, Bucket="killed", Key="a/cut")[:2] == ("NoSuchKey", 404)
        after = os.urandom(10 * MIB)
        s3.put_object(Bucket="killed", Key="a/cut", Body=after)
        assert s3.get_object(Bucket="killed", Key="a/cut")["Body"].read() == after
        etag = s3.upload_part(**part, Body=large[: 9 * MIB])["ETag"]
        listed = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
        s3.complete_multipart_upload(Bucket="killed", Key="a/parts", UploadId=begun, MultipartUpload=listed)
        assert s3.get_object(Bucket="killed", Key="a/parts")["Body"].read() == large[: 9 * MIB]

        collected = aruna(server.data_dir, "gc", environment=store.settings("killed"))
        assert collected.returncode == 0, collected
        assert uploads_below(store, "killed") == []
        assert len(sealed_below(store, "killed")) == len(before) + 2
        checked = aruna(server.data_dir, "verify", "--grace", "0", environment=store.settings("killed"))
        assert checked.returncode == 0, checked
        assert ": nothing wrong" in checked.stdout


def test_a_bucket_that_is_not_there_is_said_at_the_start(store: SeaweedFS, tmp_path: Path) -> None:
    settings = store.settings() | {"ARUNA_BLOBS_URL": "s3://nowhere"}

    ended = aruna(tmp_path, "serve", environment=settings, timeout_s=90)

    assert ended.returncode == 1
    assert "bucket nowhere isn't there; create it, or correct ARUNA_BLOBS_URL" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert settings["ARUNA_BLOBS_SECRET_ACCESS_KEY"] not in ended.stderr + ended.stdout
