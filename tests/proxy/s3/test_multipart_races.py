"""Completes, aborts and parts at the same moment: one wins, nothing is lost, nobody gets a traceback."""

import asyncio
import hashlib
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]  it has none

from graphstore.statements import Query
from tests.graph_dump import check_invariants
from tests.proxy.s3.face import Face, signed_headers
from tests.proxy.s3.uploading import begin, etag_of, filled, listing, send

BUCKET = "races"
BODY = b"body"
ROUNDS = 5
LOST = (404, "NoSuchUpload")


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    await (await face.client()).create_bucket(Bucket=BUCKET)


async def _outcome(call: Any) -> Any:
    """ETag or status of what succeeded, status and code of what was refused."""
    try:
        answer = await call
    except ClientError as error:
        told: Any = error.response
        return told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]
    return answer.get("ETag", answer["ResponseMetadata"]["HTTPStatusCode"])


async def _revisions(face: Face, name: str) -> list[int]:
    rows = await face.world.ask(
        "MATCH (:Object {name: $name})-[:VERSION*0..]->(r) WHERE r.versionId IS NOT NULL RETURN r.revisionNumber AS n",
        name=name,
    )
    return sorted(row["n"] for row in rows)


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came")


def _failures(face: Face) -> list[str]:
    return [record.getMessage() for record in face.log if record.exc_info]


async def test_completes_at_once_publish_one_revision_and_all_answer_the_same(face: Face) -> None:
    s3 = await face.client()
    for number in range(ROUNDS):
        key = f"both-{number}"
        upload_id = await begin(s3, BUCKET, key)
        part = await send(s3, BUCKET, key, upload_id, 1, BODY)
        complete = listing(BUCKET, key, upload_id, part)

        found = await asyncio.gather(*(_outcome(s3.complete_multipart_upload(**complete)) for _ in range(4)))

        assert found == [etag_of(BODY)] * 4
        assert await _revisions(face, key) == [0]
    assert _failures(face) == []
    await check_invariants(face.world)


async def test_completes_with_different_lists_publish_one_of_them(face: Face) -> None:
    s3 = await face.client()
    for number in range(ROUNDS):
        key = f"lists-{number}"
        upload_id = await begin(s3, BUCKET, key)
        bodies = (b"one", b"two")
        parts = [await send(s3, BUCKET, key, upload_id, n, body) for n, body in enumerate(bodies, start=1)]

        found = await asyncio.gather(
            *(_outcome(s3.complete_multipart_upload(**listing(BUCKET, key, upload_id, part))) for part in parts)
        )

        won = next(n for n, outcome in enumerate(found) if outcome == etag_of(bodies[n]))
        assert found[1 - won] == LOST
        assert await s3.read(Bucket=BUCKET, Key=key) == bodies[won]
    assert _failures(face) == []
    await check_invariants(face.world)


async def test_of_abort_and_complete_one_wins(face: Face) -> None:
    s3 = await face.client()
    for number in range(2 * ROUNDS):
        key = f"abort-{number}"
        upload_id = await begin(s3, BUCKET, key)
        complete = listing(BUCKET, key, upload_id, await send(s3, BUCKET, key, upload_id, 1, BODY))
        calls = [
            _outcome(s3.complete_multipart_upload(**complete)),
            _outcome(s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload_id)),
        ]

        completed, aborted = await asyncio.gather(*calls)

        assert (completed, aborted) in {(etag_of(BODY), LOST), (LOST, 204)}
        if completed == LOST:
            assert await s3.refused("get_object", Bucket=BUCKET, Key=key) == (404, "NoSuchKey")
        else:
            assert await s3.read(Bucket=BUCKET, Key=key) == BODY
    assert _failures(face) == []
    await check_invariants(face.world)


async def test_a_part_sent_again_while_completing_counts_before_or_after_and_bytes_stay_whole(face: Face) -> None:
    s3 = await face.client()
    for number in range(2 * ROUNDS):
        key = f"resent-{number}"
        upload_id = await begin(s3, BUCKET, key)
        place = {"Bucket": BUCKET, "Key": key, "UploadId": upload_id}
        part = await send(s3, BUCKET, key, upload_id, 1, b"former")
        complete = listing(BUCKET, key, upload_id, part)

        completed, resent = await asyncio.gather(
            _outcome(s3.complete_multipart_upload(**complete)),
            _outcome(s3.upload_part(**place, PartNumber=1, Body=b"latter")),
        )

        if completed == (400, "InvalidPart"):
            assert resent == part_etag(b"latter")
            assert await s3.refused("get_object", Bucket=BUCKET, Key=key) == (404, "NoSuchKey")
        else:
            assert completed == etag_of(b"former")
            assert resent in {LOST, part_etag(b"latter")}
            assert await s3.read(Bucket=BUCKET, Key=key) == b"former"
    assert _failures(face) == []
    await check_invariants(face.world)


def part_etag(body: bytes) -> str:
    """ETag of one part."""
    return f'"{hashlib.md5(body).hexdigest()}"'


@asynccontextmanager
async def _meanwhile(face: Face, monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any]) -> AsyncGenerator[list[Any]]:
    """Run a call once, just before the next complete reads the parts; answers its outcome."""
    read, outcomes = face.world.store.read, list[Any]()

    async def slow(query: Query[Any]) -> Any:
        if query.name != "uploaded parts" or outcomes:
            return await read(query)
        outcomes.append(None)
        outcomes[0] = await _outcome(call())
        return await read(query)

    with monkeypatch.context() as patch:
        patch.setattr(face.world.store, "read", slow)
        yield outcomes


async def test_a_complete_that_another_overtakes_answers_the_same(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "overtaken")
    complete = listing(BUCKET, "overtaken", upload_id, await send(s3, BUCKET, "overtaken", upload_id, 1, BODY))
    conditional = {**complete, "IfNoneMatch": "*"}

    async with _meanwhile(face, monkeypatch, lambda: s3.complete_multipart_upload(**conditional)) as other:
        found = await _outcome(s3.complete_multipart_upload(**conditional))

    assert (found, other) == (etag_of(BODY), [etag_of(BODY)])
    assert await _revisions(face, "overtaken") == [0]


async def test_a_complete_that_an_abort_overtakes_finds_no_upload(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "overtaken-2")
    complete = listing(BUCKET, "overtaken-2", upload_id, await send(s3, BUCKET, "overtaken-2", upload_id, 1, BODY))
    place = {"Bucket": BUCKET, "Key": "overtaken-2", "UploadId": upload_id}

    async with _meanwhile(face, monkeypatch, lambda: s3.abort_multipart_upload(**place)) as other:
        found = await _outcome(s3.complete_multipart_upload(**complete))

    assert (found, other) == (LOST, [204])


async def test_a_complete_whose_part_is_sent_again_first_finds_another_part(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "overtaken-3")
    complete = listing(BUCKET, "overtaken-3", upload_id, await send(s3, BUCKET, "overtaken-3", upload_id, 1, BODY))
    part = {"Bucket": BUCKET, "Key": "overtaken-3", "UploadId": upload_id, "PartNumber": 1, "Body": b"other"}

    async with _meanwhile(face, monkeypatch, lambda: s3.upload_part(**part)) as other:
        found = await _outcome(s3.complete_multipart_upload(**complete))

    assert (found, other) == ((400, "InvalidPart"), [part_etag(b"other")])


async def test_of_one_part_sent_many_times_at_once_the_last_stays_and_no_other_bytes_are_kept(face: Face) -> None:
    s3 = await face.client()
    upload_id = await begin(s3, BUCKET, "same-number")
    place = {"Bucket": BUCKET, "Key": "same-number", "UploadId": upload_id}
    bodies = [f"body {number}".encode() for number in range(8)]

    sent = await asyncio.gather(*(_outcome(s3.upload_part(**place, PartNumber=1, Body=body)) for body in bodies))

    [kept] = (await s3.list_parts(**place))["Parts"]
    assert sent == [part_etag(body) for body in bodies]
    assert kept["ETag"] in sent
    rows = await face.world.ask(
        "MATCH (b:Blob) WHERE b.md5 IN $sums RETURN b.md5 AS md5, b.orphanedAt IS NULL AS kept",
        sums=[etag.strip('"') for etag in sent],
    )
    assert [row["md5"] for row in rows if row["kept"]] == [kept["ETag"].strip('"')]
    assert len(rows) == len(bodies)


async def test_a_client_that_breaks_off_leaves_no_part_and_no_bytes(face: Face) -> None:
    s3 = await face.client()
    ada = (await face.person("ada")).access_key
    upload_id = await begin(s3, BUCKET, "broken")
    path = f"/{BUCKET}/broken?partNumber=1&uploadId={upload_id}"
    length = 8 * 1024 * 1024
    headers = signed_headers(face.endpoint, "PUT", path, b"", ada, {}, "UNSIGNED-PAYLOAD")
    before = face.files()

    host, port = face.endpoint.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        f"{name}: {value}" for name, value in {**headers, "Host": f"{host}:{port}"}.items() if name != "Content-Length"
    ]
    writer.write("\r\n".join([f"PUT {path} HTTP/1.1", *lines, f"Content-Length: {length}", "", ""]).encode())
    writer.write(os.urandom(length // 2))
    await writer.drain()
    await asyncio.sleep(0.2)
    writer.close()
    await _until(lambda: any(record.__dict__.get("status") == 499 for record in face.log))

    assert not await reader.read()
    assert face.files() == before
    assert "Parts" not in await s3.list_parts(Bucket=BUCKET, Key="broken", UploadId=upload_id)


async def test_many_parts_at_once_are_all_kept(face: Face) -> None:
    s3 = await face.client(max_pool_connections=16)
    upload_id = await begin(s3, BUCKET, "many-parts")
    bodies = [filled(letter, 5 * 1024 * 1024 if letter != "h" else 3) for letter in "abcdefgh"]

    parts = await asyncio.gather(
        *(send(s3, BUCKET, "many-parts", upload_id, number, body) for number, body in enumerate(bodies, start=1))
    )
    answer = await s3.complete_multipart_upload(**listing(BUCKET, "many-parts", upload_id, *parts))

    assert answer["ETag"] == etag_of(*bodies)
    assert await s3.read(Bucket=BUCKET, Key="many-parts") == b"".join(bodies)
    assert _failures(face) == []
