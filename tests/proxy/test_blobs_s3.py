"""The S3 backend over a real SeaweedFS."""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, cast

import pytest

from domain.errors import Unavailable
from identity.keyring import new_keyring
from proxy.blobs import BlobMissing
from proxy.blobs_s3 import PART_BYTES, S3Blobs
from proxy.streaming import ByteStreams
from proxy.threads import Threads
from proxy.upstream import Upstream, UpstreamAddress, UpstreamClient, open_upstream
from tests.conftest import GraphServer
from tests.contracts.blobs_contract import SOURCE, BlobsContract, ids_in, new_id, whole
from tests.proxy.bodies import NOW, Storage
from tests.proxy.s3.face import Face, open_face
from tests.proxy.s3.recording import Recording, RecordingClient, check_order, record_answers, record_commits
from tests.seaweedfs.server import BUCKET, SeaweedFS

if TYPE_CHECKING:
    from proxy.blobs_directory import DirectoryBlobs

MIB = 1024 * 1024
PREFIXES = iter(range(1_000_000))


@pytest.fixture
def address(seaweedfs: SeaweedFS) -> UpstreamAddress:
    """A part of the bucket that no other test uses."""
    return seaweedfs.address(f"test-{next(PREFIXES)}/")


@asynccontextmanager
async def opened(address: UpstreamAddress) -> AsyncGenerator[S3Blobs]:
    async with open_upstream(address) as upstream:
        yield S3Blobs(upstream)


@pytest.fixture(scope="module")
async def client(seaweedfs: SeaweedFS) -> AsyncIterator[UpstreamClient]:
    async with open_upstream(seaweedfs.address()) as upstream:
        yield upstream.client


@pytest.fixture
def upstream(client: UpstreamClient, address: UpstreamAddress) -> Upstream:
    return Upstream(client, address.bucket, address.prefix, address.endpoint or "")


@pytest.fixture
def blobs(upstream: Upstream) -> S3Blobs:
    return S3Blobs(upstream)


def uploads_below(seaweedfs: SeaweedFS, prefix: str) -> list[str]:
    answer = seaweedfs.client().list_multipart_uploads(Bucket=BUCKET, Prefix=prefix)
    return [upload["Key"] for upload in answer.get("Uploads", ())]


class TestS3BlobsOnSeaweedFS(BlobsContract):
    @pytest.fixture
    def blobs(self, upstream: Upstream) -> S3Blobs:
        return S3Blobs(upstream)


async def write_in_pieces(blobs: S3Blobs, blob_id: str, data: bytes, piece_bytes: int = MIB) -> None:
    writer = await blobs.create(blob_id)
    try:
        for start in range(0, len(data), piece_bytes):
            await writer.append(data[start : start + piece_bytes])
        await writer.commit()
    except BaseException:
        await writer.abort()
        raise


@pytest.mark.parametrize(
    "length", [PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 2 * PART_BYTES + 12345], ids=str
)
async def test_a_blob_around_the_size_of_parts_reads_back(blobs: S3Blobs, length: int) -> None:
    blob_id, data = new_id(), SOURCE.randbytes(length)

    await write_in_pieces(blobs, blob_id, data, 1_000_001)

    assert await blobs.size(blob_id) == length
    assert await whole(blobs, blob_id) == data


async def test_a_blob_has_its_id_as_key_below_the_prefix_and_no_type_or_metadata(
    blobs: S3Blobs, address: UpstreamAddress, seaweedfs: SeaweedFS
) -> None:
    small, large = new_id(), new_id()
    await blobs.write(small, b"small")
    await write_in_pieces(blobs, large, bytes(PART_BYTES + 1))

    listed = seaweedfs.client().list_objects_v2(Bucket=BUCKET, Prefix=address.prefix)["Contents"]

    assert {entry["Key"] for entry in listed} == {f"{address.prefix}{i[:2]}/{i}" for i in (small, large)}
    for entry in listed:
        assert seaweedfs.client().head_object(Bucket=BUCKET, Key=entry["Key"])["Metadata"] == {}


async def test_an_open_blob_reads_in_sequence_and_out_of_it(blobs: S3Blobs) -> None:
    blob_id, data = new_id(), SOURCE.randbytes(5 * MIB + 77)
    await blobs.write(blob_id, data)
    reader = await blobs.open(blob_id, 1000)
    buffer = memoryview(bytearray(700_000))

    starts = [*range(1000, len(data), 700_000), 0, 4 * MIB, 4 * MIB + 700_000, 10, len(data) - 3]
    for start in starts:
        count = await reader.read_into(start, buffer)
        assert buffer[:count] == data[start : start + 700_000]
    await reader.close()


async def test_a_small_range_of_a_large_blob_brings_little_more_than_itself(upstream: Upstream) -> None:
    blob_id = new_id()
    await S3Blobs(upstream).write(blob_id, bytes(20 * MIB))
    asked: list[str] = []
    get_object = upstream.client.get_object

    async def recorded(**arguments: Any) -> Any:
        asked.append(arguments["Range"])
        return await get_object(**arguments)

    class Recording:
        def __getattr__(self, name: str) -> Any:
            return recorded if name == "get_object" else getattr(upstream.client, name)

    recording = S3Blobs(replace(upstream, client=cast("UpstreamClient", Recording())))
    reader = await recording.open(blob_id, 100)
    buffer = memoryview(bytearray(MIB))
    for start in (10 * MIB, 11 * MIB, 12 * MIB, 13 * MIB, 2 * MIB):
        await reader.read_into(start, buffer)
    await reader.close()

    def ranges(first: int, last: int) -> str:
        return f"bytes={first}-{last}"

    assert asked == [
        ranges(0, 99),
        ranges(10 * MIB, 11 * MIB - 1),
        ranges(11 * MIB, 13 * MIB - 1),
        ranges(13 * MIB, 19 * MIB - 1),
        ranges(2 * MIB, 3 * MIB - 1),
    ]


async def test_a_deleted_blob_that_is_open_is_missing_and_never_other_bytes(blobs: S3Blobs) -> None:
    blob_id = new_id()
    await blobs.write(blob_id, bytes(3 * MIB))
    reader = await blobs.open(blob_id, 0)

    await blobs.delete(blob_id)

    with pytest.raises(BlobMissing, match=blob_id):
        await reader.read_into(0, memoryview(bytearray(MIB)))
    await reader.close()


async def test_more_blobs_than_a_page_holds_are_listed_and_other_keys_passed_over(
    blobs: S3Blobs, address: UpstreamAddress, seaweedfs: SeaweedFS
) -> None:
    ids = {new_id() for _ in range(1003)}
    for few in range(0, 1003, 50):
        await asyncio.gather(*(blobs.write(blob_id, b"x") for blob_id in sorted(ids)[few : few + 50]))
    client = seaweedfs.client()
    for key in ("notes.txt", "ab/notes", f"ab/{'cd' * 16}"):
        client.put_object(Bucket=BUCKET, Key=address.prefix + key, Body=b"somebody else's")

    assert await ids_in(blobs) == ids


async def test_prefixes_of_one_bucket_do_not_see_each_other(seaweedfs: SeaweedFS) -> None:
    async with opened(seaweedfs.address("one/")) as one, opened(seaweedfs.address("two/")) as two:
        blob_id = new_id()
        await one.write(blob_id, b"of one")

        assert (await ids_in(one), await ids_in(two)) == ({blob_id}, set())
        with pytest.raises(BlobMissing):
            await two.size(blob_id)


async def test_an_aborted_upload_leaves_nothing_in_the_store(
    blobs: S3Blobs, address: UpstreamAddress, seaweedfs: SeaweedFS
) -> None:
    writer = await blobs.create(new_id())
    await writer.append(bytes(2 * PART_BYTES + 1))
    assert len(uploads_below(seaweedfs, address.prefix)) == 1

    await writer.abort()

    assert uploads_below(seaweedfs, address.prefix) == []
    assert await ids_in(blobs) == set()


async def test_uploads_that_a_crash_left_behind_are_aborted_when_they_are_old(
    blobs: S3Blobs, address: UpstreamAddress, seaweedfs: SeaweedFS
) -> None:
    left = await blobs.create(new_id())
    await left.append(bytes(PART_BYTES + 1))
    kept = f"{address.prefix}notes/of-somebody-else"
    seaweedfs.client().create_multipart_upload(Bucket=BUCKET, Key=kept)

    async with opened(address) as after_the_crash:
        young = await after_the_crash.abort_stale_uploads(datetime.now(UTC) - timedelta(minutes=1))
        counted = await after_the_crash.stale_uploads(datetime.now(UTC) + timedelta(minutes=1))
        old = await after_the_crash.abort_stale_uploads(datetime.now(UTC) + timedelta(minutes=1))

    assert (young, counted, old) == (0, 1, 1)
    assert uploads_below(seaweedfs, address.prefix) == [kept]
    with pytest.raises(Unavailable):
        await left.commit()
    await left.abort()


async def test_a_commit_whose_answer_was_lost_is_no_failure(
    blobs: S3Blobs, client: UpstreamClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob_id, data = new_id(), SOURCE.randbytes(PART_BYTES + 5)
    writer = await blobs.create(blob_id)
    await writer.append(data)
    complete = client.complete_multipart_upload

    async def twice(**arguments: Any) -> Any:
        await complete(**arguments)
        return await complete(**arguments)

    with monkeypatch.context() as patched:
        patched.setattr(client, "complete_multipart_upload", twice)
        await writer.commit()

    assert await whole(blobs, blob_id) == data


async def test_a_commit_of_an_upload_that_another_aborted_says_so_and_that_the_bytes_are_to_be_sent_again(
    blobs: S3Blobs, client: UpstreamClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob_id = new_id()
    writer = await blobs.create(blob_id)
    await writer.append(bytes(PART_BYTES + 5))
    complete = client.complete_multipart_upload

    async def late(**arguments: Any) -> Any:
        place = {name: arguments[name] for name in ("Bucket", "Key", "UploadId")}
        await client.abort_multipart_upload(**place)
        return await complete(**arguments)

    with monkeypatch.context() as patched:
        patched.setattr(client, "complete_multipart_upload", late)
        with pytest.raises(Unavailable, match=f"no upload of {blob_id} any more, and the blob isn't there; send"):
            await writer.commit()
    await writer.abort()

    assert await ids_in(blobs) == set()


@pytest.mark.parametrize("length", [100, PART_BYTES + 5])
async def test_aborting_a_commit_of_unknown_outcome_leaves_no_blob(
    blobs: S3Blobs, client: UpstreamClient, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    writer = await blobs.create(new_id())
    await writer.append(bytes(length))

    def losing_its_answer(call: Any) -> Any:
        async def lost(**arguments: Any) -> Any:
            await call(**arguments)
            raise TimeoutError

        return lost

    with monkeypatch.context() as patched:
        for name in ("put_object", "complete_multipart_upload"):
            patched.setattr(client, name, losing_its_answer(getattr(client, name)))
        with pytest.raises(Unavailable, match="doesn't answer"):
            await writer.commit()
    await writer.abort()

    assert await ids_in(blobs) == set()


async def test_what_is_missing_or_refused_at_the_start_is_named_with_the_way_out(seaweedfs: SeaweedFS) -> None:
    right = seaweedfs.address()
    cases = {
        "bucket nowhere isn't there; create it, or correct ARUNA_BLOBS_URL": replace(right, bucket="nowhere"),
        "refuses these credentials .*ARUNA_BLOBS_SECRET_ACCESS_KEY": replace(right, secret_access_key="wrong"),
        "http://127.0.0.1:9 can't show bucket .*doesn't answer": replace(right, endpoint="http://127.0.0.1:9"),
    }

    for words, wrong in cases.items():
        with pytest.raises(Unavailable, match=words) as refusal:
            async with opened(wrong):
                pass
        assert "upstream-secret" not in str(refusal.value)


async def test_a_missing_bucket_is_not_taken_for_missing_blobs(upstream: Upstream) -> None:
    gone = S3Blobs(replace(upstream, bucket="gone-bucket"))

    for call in (gone.size(new_id()), gone.open(new_id(), 10), gone.read_range(new_id(), 0, 5)):
        with pytest.raises(Unavailable, match="gone-bucket isn't there"):
            await call


class BreakingBody:
    """An answer's body that breaks off after some bytes."""

    def __init__(self, body: Any, bytes_max: int) -> None:
        self._body = body
        self._left = bytes_max

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._body.close()

    async def read(self, length: int | None = None) -> bytes:
        wanted = self._left if length is None else min(length, self._left)
        if not wanted or length is None:
            raise ConnectionResetError("the store was killed")
        data: bytes = await self._body.read(wanted)
        self._left -= len(data)
        return data

    def close(self) -> None:
        self._body.close()


class BreakingClient:
    """The client, whose next answers with a body break off after so many bytes each."""

    def __init__(self, client: UpstreamClient, breaks: list[int]) -> None:
        self._client = client
        self._breaks = breaks

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    async def get_object(self, **arguments: Any) -> Any:
        answer = dict(await self._client.get_object(**arguments))
        if self._breaks:
            answer["Body"] = BreakingBody(answer["Body"], self._breaks.pop(0))
        return answer


def breaking(upstream: Upstream, *breaks: int) -> S3Blobs:
    return S3Blobs(replace(upstream, client=cast("UpstreamClient", BreakingClient(upstream.client, [*breaks]))))


async def test_an_answer_that_breaks_off_is_asked_for_again_from_where_it_ended(upstream: Upstream) -> None:
    blob_id, data = new_id(), SOURCE.randbytes(4 * MIB)
    await S3Blobs(upstream).write(blob_id, data)
    blobs = breaking(upstream, 10, 0, 300_000, 7)

    reader, buffer = await blobs.open(blob_id, 0), memoryview(bytearray(MIB))
    found = bytearray()
    for start in range(0, len(data), MIB):
        found += buffer[: await reader.read_into(start, buffer)]
    await reader.close()

    assert found == data


async def test_a_range_that_breaks_off_is_asked_for_again(upstream: Upstream) -> None:
    blob_id = new_id()
    await S3Blobs(upstream).write(blob_id, b"0123456789")

    assert await breaking(upstream, 3, 0).read_range(blob_id, 2, 5) == b"23456"
    assert (await breaking(upstream, 3, 0).open(blob_id, 5)).head == b"01234"


async def test_answers_that_break_off_again_and_again_are_unavailable(upstream: Upstream) -> None:
    blob_id = new_id()
    await S3Blobs(upstream).write(blob_id, bytes(MIB))
    buffer = memoryview(bytearray(MIB))

    reader = await breaking(upstream, 100, 0, 0).open(blob_id, 0)
    with pytest.raises(Unavailable, match=f"can't read {blob_id}: it doesn't answer"):
        await reader.read_into(0, buffer)
    assert await reader.read_into(0, buffer) == MIB, "the next call tries anew"
    await reader.close()
    with pytest.raises(Unavailable, match=f"can't read {blob_id}"):
        await breaking(upstream, 0, 0, 0).read_range(blob_id, 0, 10)


# -- stored before published before answered, through the S3 face


@pytest.mark.parametrize(
    ("length", "calls"),
    [
        pytest.param(1000, ["put_object"], id="small"),
        pytest.param(2 * MIB, ["put_object"], id="one part"),
        pytest.param(PART_BYTES + MIB, ["upload_part", "upload_part", "complete_multipart_upload"], id="two parts"),
    ],
)
async def test_the_store_has_answered_before_a_blob_is_published_before_the_answer(
    recorded_face: tuple[Face, Recording], length: int, calls: list[str]
) -> None:
    face, recording = recorded_face
    path = f"/durable/of-{length}"
    recording.clear()

    body = SOURCE.randbytes(length)
    answer = await face.raw("PUT", path, body, signed_by=(await face.person("ada")).access_key)

    assert answer.status == 200, answer.body
    stored = [(place, call, name) for place, (call, name) in enumerate(recording.events) if call in calls]
    assert [call for _, call, _ in stored] == calls
    check_order(recording.events, stored[-1][0], stored[-1][2], path)


@pytest.fixture(scope="module")
async def recorded_face(
    seaweedfs: SeaweedFS, empty_graph: GraphServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Face, Recording]]:
    """An S3 face over the store, and what its client, its graph and its answers record."""
    recording = Recording()
    with pytest.MonkeyPatch.context() as patching:
        record_commits(recording, patching)
        async with open_upstream(seaweedfs.address("recorded/")) as upstream:
            client = cast("UpstreamClient", RecordingClient(upstream.client, recording))
            blobs = S3Blobs(replace(upstream, client=client))
            async with open_face(
                empty_graph,
                tmp_path_factory.mktemp("recorded"),
                keeping=lambda folder: _storage_over(blobs, folder),
                around=lambda app: record_answers(recording, app),
            ) as face:
                s3 = await face.client()
                await s3.create_bucket(Bucket="durable")
                # An engine's first writes are slow, and would give a store time that nobody waits for.
                await s3.put_object(Bucket="durable", Key="warm", Body=b"warm")
                yield face, recording


@contextmanager
def _storage_over(blobs: S3Blobs, folder: Path) -> Generator[Storage]:
    threads, keyring = Threads("hashing", 4), new_keyring(NOW, os.urandom)
    # The face needs a backend of the port; only what looks at files needs the directory.
    yield Storage(folder, cast("DirectoryBlobs", blobs), keyring, ByteStreams(blobs, keyring, threads, os.urandom))
    threads.close()
