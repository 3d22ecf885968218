"""Synced before published before answered: the real face, store and directory, recorded from the disk to the answer."""

import asyncio
import base64
import os
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

from tests.conftest import GraphServer
from tests.proxy.bodies import storage_in
from tests.proxy.s3.face import Answer, Face, open_face
from tests.proxy.s3.recording import (
    COMMIT,
    Recording,
    Sync,
    WholePathDisk,
    check_order,
    durable_from,
    record_answers,
    record_commits,
)
from tests.proxy.s3.uploading import begin, filled, listing, send
from tests.proxy.texts import reads

BUCKET: Final = "durable"
MIB: Final = 1024 * 1024
AT_ONCE: Final = 32


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording()


@pytest.fixture(scope="module")
def disk(recording: Recording) -> WholePathDisk:
    return WholePathDisk(recording)


@pytest.fixture(scope="module")
async def face(
    empty_graph: GraphServer, tmp_path_factory: pytest.TempPathFactory, recording: Recording, disk: WholePathDisk
) -> AsyncIterator[Face]:
    with pytest.MonkeyPatch.context() as patching:
        record_commits(recording, patching)
        async with open_face(
            empty_graph,
            tmp_path_factory.mktemp("durable"),
            keeping=lambda folder: storage_in(folder, disk),
            around=lambda app: record_answers(recording, app),
        ) as opened:
            s3 = await opened.client()
            await s3.create_bucket(Bucket=BUCKET)
            # An engine's first writes are slow, and would give a disk time that nobody waits for.
            await s3.put_object(Bucket=BUCKET, Key="of/warm", Body=b"warm")
            yield opened


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """A key of the test's own."""
    return f"of/{zlib.crc32(request.node.nodeid.encode()):08x}"


# -- writes that bring bytes, each as the request that is looked at


@dataclass(frozen=True)
class Sent:
    """One request; its path is the key's, the query what comes behind it."""

    body: bytes = b""
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    sha256: str | None = None

    async def to(self, face: Face, key: str) -> Answer:
        """Send it as ada."""
        ada = (await face.person("ada")).access_key
        path = f"/{BUCKET}/{key}{self.query}"
        return await face.raw("PUT", path, self.body, signed_by=ada, headers=self.headers, sha256=self.sha256)


Prepare = Callable[[Face, str], Awaitable[Sent]]


def put(length: int, make: Callable[[int], bytes] = os.urandom) -> Prepare:
    async def prepare(_: Face, key: str) -> Sent:
        return Sent(key.encode() + make(length))  # no two are equal

    return prepare


def put_in_chunks(length: int) -> Prepare:
    """In aws-chunked coding, with its checksum behind the bytes."""

    async def prepare(_: Face, __: str) -> Sent:
        body = os.urandom(length)
        checksum = base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()
        headers = {
            "x-amz-trailer": "x-amz-checksum-crc32",
            "x-amz-decoded-content-length": str(length),
            "content-encoding": "aws-chunked",
        }
        sent = f"{length:x}\r\n".encode() + body + f"\r\n0\r\nx-amz-checksum-crc32:{checksum}\r\n\r\n".encode()
        return Sent(sent, headers=headers, sha256="STREAMING-UNSIGNED-PAYLOAD-TRAILER")

    return prepare


def part(length: int) -> Prepare:
    async def prepare(face: Face, key: str) -> Sent:
        upload_id = await begin(await face.client(), BUCKET, key)
        return Sent(os.urandom(length), f"?partNumber=1&uploadId={upload_id}")

    return prepare


async def copied_range(face: Face, key: str) -> Sent:
    """The bytes of a part that begins and ends within a blob are written anew."""
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key=f"{key}-source", Body=os.urandom(300_000))
    upload_id = await begin(s3, BUCKET, key)
    headers = {"x-amz-copy-source": f"{BUCKET}/{key}-source", "x-amz-copy-source-range": "bytes=7-200000"}
    return Sent(query=f"?partNumber=1&uploadId={upload_id}", headers=headers)


WRITES: Final[dict[str, Prepare]] = {
    "small PUT": put(1000),
    "PUT of one buffer": put(MIB // 2),
    "PUT with early syncs": put(18 * MIB),
    "small compressed PUT": put(40_000, reads),
    "large compressed PUT": put(3 * MIB, lambda length: reads(30_000) * (length // 30_000)),
    "small PUT in chunks": put_in_chunks(1000),
    "large PUT in chunks": put_in_chunks(3 * MIB),
    "small part": part(1000),
    "large part": part(5 * MIB),
    "copied range": copied_range,
}
EACH_WRITE: Final = pytest.mark.parametrize(
    "prepare", [pytest.param(prepare, id=name.replace(" ", "-")) for name, prepare in WRITES.items()]
)


@EACH_WRITE
async def test_bytes_are_synced_before_they_are_published_before_the_answer(
    face: Face, recording: Recording, key: str, prepare: Prepare
) -> None:
    sent = await prepare(face, key)
    recording.clear()

    answer = await sent.to(face, key)

    assert answer.status == 200, answer.body
    (blob_id,) = recording.named("create")
    check_order(recording.events, durable_from(recording, blob_id), blob_id, f"/{BUCKET}/{key}")


async def test_puts_that_share_syncs_and_transactions_are_each_synced_before_they_are_published_before_their_answers(
    face: Face, recording: Recording, key: str
) -> None:
    ada = (await face.person("ada")).access_key
    recording.clear()

    async def write(number: int) -> None:
        body = os.urandom(4096)
        answer = await face.raw("PUT", f"/{BUCKET}/{key}-{number}", body, signed_by=ada)
        assert answer.status == 200, answer.body

    await asyncio.gather(*(write(number) for number in range(AT_ONCE)))

    rows = await face.world.ask(
        "MATCH (:Project {bucket: $bucket})<-[:BELONGS_TO*1..3]-(o:Object)-[:CONTENT]->()-[:PART]->(b:Blob) "
        "WHERE b.id IN $ids RETURN o.name AS name, b.id AS id",
        bucket=BUCKET,
        ids=recording.named("create"),
    )
    assert len(rows) == AT_ONCE
    for row in rows:
        path = f"/{BUCKET}/of/{row['name'].rpartition('/')[2]}"
        check_order(recording.events, durable_from(recording, row["id"]), row["id"], path)
    assert any(sync.call == "sync all" for sync in recording.syncs), "some shared their syncs"
    assert recording.named(COMMIT).count("") < AT_ONCE, "some shared a transaction"


async def test_completing_and_copying_touch_no_disk_and_are_committed_before_the_answer(
    face: Face, recording: Recording, key: str
) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, key)
    part = await send(s3, BUCKET, key, upload_id, 1, filled("c"))

    recording.clear()
    await s3.complete_multipart_upload(**listing(BUCKET, key, upload_id, part))
    completed = list(recording.events)
    recording.clear()
    await s3.copy_object(Bucket=BUCKET, Key=f"{key}-copy", CopySource=f"{BUCKET}/{key}")
    copied = list(recording.events)

    for events, path in ((completed, f"/{BUCKET}/{key}"), (copied, f"/{BUCKET}/{key}-copy")):
        assert {call for call, _ in events} <= {"names", "commit", "answer 200"}
        assert events.index((COMMIT, "")) < events.index(("answer 200", path))


@pytest.mark.parametrize("length", [1000, 3 * MIB], ids=["small", "large"])
async def test_a_spare_copy_goes_after_the_answer_that_the_reference_to_the_kept_one_is_committed(
    face: Face, recording: Recording, key: str, length: int
) -> None:
    s3, body = await face.client(), os.urandom(length)
    await s3.put_object(Bucket=BUCKET, Key=f"{key}-first", Body=body)
    (kept,) = recording.named("create")[-1:]

    recording.clear()
    await s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    (spare,) = recording.named("create")
    async with asyncio.timeout(10):
        while ("remove", spare) not in recording.events:  # noqa: ASYNC110  a disk's thread sets no event
            await asyncio.sleep(0.01)

    events = recording.events
    committed, answered = events.index((COMMIT, kept)), events.index(("answer 200", f"/{BUCKET}/{key}"))
    assert durable_from(recording, spare) < committed < answered < events.index(("remove", spare))
    assert ("remove", kept) not in events
    assert await s3.read(Bucket=BUCKET, Key=key) == body


async def test_spare_copies_of_equal_uploads_at_once_go_after_their_answers(
    face: Face, recording: Recording, key: str
) -> None:
    """Else the time to an answer would tell whether somebody else has the same bytes."""
    ada, body = (await face.person("ada")).access_key, os.urandom(4096)
    await (await face.client()).put_object(Bucket=BUCKET, Key=f"{key}-first", Body=body)
    recording.clear()

    await asyncio.gather(
        *(face.raw("PUT", f"/{BUCKET}/{key}-{number}", body, signed_by=ada) for number in range(AT_ONCE))
    )

    spares = recording.named("create")
    async with asyncio.timeout(10):
        while len(recording.named("remove")) < len(spares):  # noqa: ASYNC110  a disk's thread sets no event
            await asyncio.sleep(0.01)
    assert len(spares) == AT_ONCE
    answers = removals = 0
    for call, _ in recording.events:
        answers += call == "answer 200"
        removals += call == "remove"
        assert removals <= answers
    assert await face.world.ask("MATCH (b:Blob) WHERE b.id IN $ids RETURN b.id AS id", ids=spares) == []


@pytest.mark.parametrize("call", ["sync", "sync folder"])
@EACH_WRITE
async def test_a_failed_sync_is_an_error_publishes_nothing_and_leaves_nothing(
    face: Face, recording: Recording, disk: WholePathDisk, key: str, prepare: Prepare, call: str
) -> None:
    sent = await prepare(face, key)
    nodes = await face.count()

    with face.unchanged_files(), disk.failing(call):
        recording.clear()
        refused = await sent.to(face, key)

    assert (refused.status, refused.code) == (503, "ServiceUnavailable")
    assert COMMIT not in {made for made, _ in recording.events}
    assert await face.count() == nodes
    ada = (await face.person("ada")).access_key
    assert (await face.raw("GET", f"/{BUCKET}/{key}", signed_by=ada)).code == "NoSuchKey"
    assert (await sent.to(face, key)).status == 200


async def test_a_failed_shared_sync_is_an_error_for_all_that_shared_it_and_publishes_none(
    face: Face, recording: Recording, disk: WholePathDisk, key: str
) -> None:
    ada = (await face.person("ada")).access_key
    nodes = await face.count()

    with face.unchanged_files(), disk.failing("sync", "sync all"):
        recording.clear()
        refused = await asyncio.gather(
            *(
                face.raw("PUT", f"/{BUCKET}/{key}-{number}", os.urandom(4096), signed_by=ada)
                for number in range(AT_ONCE)
            )
        )

    assert {(answer.status, answer.code) for answer in refused} == {(503, "ServiceUnavailable")}
    assert COMMIT not in {made for made, _ in recording.events}
    assert await face.count() == nodes


# -- what is looked for is found

BLOB: Final = "ab" * 16
WELL: Final = (
    ("create", BLOB),
    ("write", BLOB),
    ("sync", BLOB),
    ("rename", BLOB),
    ("sync folder", "ab"),
    ("names", BLOB),
    ("commit", BLOB),
    ("answer 200", "/b/k"),
)


def recorded(events: Sequence[tuple[str, str]]) -> Recording:
    """A recording in which each sync begins and ends where its event stands."""
    syncs = [Sync(call, name, place, place + 1) for place, (call, name) in enumerate(events) if call.startswith("sync")]
    return Recording(list(events), syncs)


def check(events: Sequence[tuple[str, str]]) -> None:
    recording = recorded(events)
    check_order(recording.events, durable_from(recording, BLOB), BLOB, "/b/k")


def test_the_right_order_is_right() -> None:
    check(WELL)


@pytest.mark.parametrize("place", range(1, len(WELL)))
def test_a_step_that_is_left_out_is_noticed(place: int) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check(WELL[:place] + WELL[place + 1 :])


@pytest.mark.parametrize("place", range(1, len(WELL) - 1))
def test_two_steps_in_the_other_order_are_noticed(place: int) -> None:
    with pytest.raises((AssertionError, ValueError)):
        check((*WELL[:place], WELL[place + 1], WELL[place], *WELL[place + 2 :]))
