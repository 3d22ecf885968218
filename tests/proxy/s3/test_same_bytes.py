"""What moves no bytes: counted on disk. And what came in parts is hashed as a whole, also by the next process."""

import asyncio
import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.resources import Kind
from proxy import reading
from proxy.collecting import Collector
from proxy.whole_sums import WholeSums
from tests.graph_dump import check_invariants
from tests.proxy.s3.face import Face
from tests.proxy.s3.uploading import begin, listing, upload

PART = 5 * 1024 * 1024


@pytest.fixture
async def project(face: Face, request: pytest.FixtureRequest) -> str:
    """A project of ada's by the test's name; answers its name."""
    name = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]
    await face.world.project((await face.person("ada")).id, f"p{name}")
    return f"p{name}"


async def stored_bytes(face: Face) -> int:
    """Bytes of all files, once what nobody needs is gone."""
    await Collector(face.world.store, face.storage.blobs, lambda: datetime.now(UTC)).collect(timedelta(0))
    alive = await face.world.ask("MATCH (b:Blob) WHERE b.wrappedKey IS NOT NULL RETURN b.id AS id")
    for _ in range(200):  # spare blobs go after the answer
        if face.files() == sorted(row["id"] for row in alive):
            break
        await asyncio.sleep(0.02)
    return sum(path.stat().st_size for path in face.storage.root.rglob("*") if path.is_file())


async def hash_all(face: Face, later: timedelta = timedelta(0)) -> int:
    """Hash as a process would, started after some time."""
    worker = WholeSums(face.world.store, face.storage.streams, lambda: datetime.now(UTC) + later)
    done = 0
    while await worker.run_once():
        done += 1
    return done


async def sums(face: Face, project: str, key: str) -> tuple[Any, Any]:
    (row,) = await face.world.ask(
        "MATCH (:Project {bucket: $bucket})<-[:BELONGS_TO]-(o:Object {name: $key}) "
        "RETURN o.md5 AS md5, o.sha256 AS sha256",
        bucket=project,
        key=key,
    )
    return row["md5"], row["sha256"]


async def test_equal_bytes_are_stored_once_and_nobody_can_tell(face: Face, project: str) -> None:
    ada, bob = await face.client(), await face.client("bob")
    await face.world.project((await face.person("bob")).id, f"{project}-bob")
    body = os.urandom(200_000)
    empty = await stored_bytes(face)

    answers = [
        await client.put_object(Bucket=bucket, Key="k", Body=body, ChecksumAlgorithm="SHA256")
        for client, bucket in ((ada, project), (bob, f"{project}-bob"), (ada, project))
    ]
    wrong = await face.raw(
        "PUT",
        f"/{project}/wrong",
        body,
        signed_by=(await face.person("ada")).access_key,
        headers={"content-md5": "AAAAAAAAAAAAAAAAAAAAAA=="},
    )

    for answer in answers:
        answer["ResponseMetadata"] = sorted(
            name for name in answer["ResponseMetadata"]["HTTPHeaders"] if not name.startswith("x-amz-request")
        )
    assert answers == [answers[0]] * 3
    assert wrong.code == "BadDigest"
    assert len(body) < await stored_bytes(face) - empty < 1.1 * len(body)
    assert await bob.read(Bucket=f"{project}-bob", Key="k") == body
    await check_invariants(face.world)


async def test_copies_clones_snapshots_and_equal_overwrites_move_no_bytes(face: Face, project: str) -> None:
    s3, ada = await face.client(), (await face.person("ada")).id
    first, second = os.urandom(PART), os.urandom(1000)
    await upload(s3, project, "parts", first, second)
    await s3.put_object(Bucket=project, Key="piece", Body=first)
    (row,) = await face.world.ask("MATCH (p:Project {bucket: $name}) RETURN p.id AS id", name=project)
    root = row["id"]
    before, files = await stored_bytes(face), face.files()

    for key in ("parts", "piece"):
        await s3.copy_object(Bucket=project, Key=f"copy of {key}", CopySource=f"{project}/{key}")
    copied = (await s3.get_object_attributes(Bucket=project, Key="piece", ObjectAttributes=["ETag"]))["ETag"]
    (source,) = await face.world.ask("MATCH (o:Object {name: 'copy of parts'}) RETURN o.id AS id")
    dataset = await face.world.container(ada, Kind.DATASET, root, "data")
    await face.world.clone(ada, source["id"], dataset, "clone")
    await face.world.snapshot(ada, root)
    await s3.put_object(Bucket=project, Key="piece", Body=first)
    await upload(s3, project, "parts", first, second)
    await upload(s3, project, "one part", first)

    assert (await stored_bytes(face), face.files()) == (before, files)
    assert copied == hashlib.md5(first).hexdigest()
    assert await s3.read(Bucket=project, Key="data/clone") == first + second
    assert await s3.read(Bucket=project, Key="one part") == first
    await check_invariants(face.world)


async def test_upload_part_copy_of_whole_parts_writes_nothing(face: Face, project: str) -> None:
    s3 = await face.client()
    first, second = os.urandom(PART), os.urandom(1000)
    await upload(s3, project, "source", first, second, ChecksumAlgorithm="CRC32")
    await s3.put_object(Bucket=project, Key="piece", Body=second)
    await stored_bytes(face)
    upload_id = await begin(s3, project, "target", ChecksumAlgorithm="CRC32C")
    place = {"Bucket": project, "Key": "target", "UploadId": upload_id}
    made: list[dict[str, Any]] = []

    with face.unchanged_files():
        for number, (source, part_range) in enumerate((("source", f"bytes=0-{PART - 1}"), ("piece", None)), 1):
            given = {} if part_range is None else {"CopySourceRange": part_range}
            answer = await s3.upload_part_copy(**place, PartNumber=number, CopySource=f"{project}/{source}", **given)
            made.append({"PartNumber": number, **_told(answer["CopyPartResult"])})
        complete = listing(project, "target", upload_id, *made)
        await s3.complete_multipart_upload(**complete)

    assert await s3.read(Bucket=project, Key="target") == first + second
    await check_invariants(face.world)


def _told(result: dict[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("ETag", "ChecksumCRC32C")}


async def test_contents_in_parts_are_hashed_as_wholes_and_keep_their_etags(face: Face, project: str) -> None:
    s3 = await face.client()
    first, second = os.urandom(PART), os.urandom(1000)
    done = await upload(s3, project, "sums", first, second)
    assert await sums(face, project, "sums") == (None, None)

    assert await hash_all(face) >= 1

    whole = first + second
    assert await sums(face, project, "sums") == (hashlib.md5(whole).hexdigest(), hashlib.sha256(whole).hexdigest())
    head = await s3.head_object(Bucket=project, Key="sums")
    assert head["ETag"] == done["ETag"]
    assert await hash_all(face) == 0
    await check_invariants(face.world)


@pytest.mark.parametrize("order", ["cut, cut", "cut, piece", "piece, cut", "cut, cut, piece"])
async def test_equal_contents_that_were_cut_otherwise_share_after_hashing(face: Face, project: str, order: str) -> None:
    """Each keeps its ETag and its parts, and stays readable when the others are erased."""
    s3, ada = await face.client(), (await face.person("ada")).id
    body = os.urandom(2 * PART + 1000)
    cuts = iter([(PART, PART + 500), (PART + 7, PART + 77)])
    before = await stored_bytes(face)
    told: dict[str, tuple[Any, Any]] = {}

    for number, way in enumerate(order.split(", ")):
        key = f"k{number}"
        if way == "piece":
            await s3.put_object(Bucket=project, Key=key, Body=body)
        else:
            sizes = next(cuts)
            bodies = [body[: sizes[0]], body[sizes[0] : sizes[0] + sizes[1]], body[sizes[0] + sizes[1] :]]
            await upload(s3, project, key, *bodies, ChecksumAlgorithm="CRC32")
        told[key] = await seen(s3, project, key)
        await hash_all(face)

    assert len(body) <= await stored_bytes(face) - before < 1.01 * len(body)
    for key, known in told.items():
        assert await seen(s3, project, key) == known
        assert await s3.read(Bucket=project, Key=key) == body
        if known[1]:
            second = known[1][1]
            part = await s3.get_object(Bucket=project, Key=key, PartNumber=2)
            assert part["ContentLength"] == second["Size"]
            assert await s3.refused("get_object", Bucket=project, Key=key, PartNumber=4) == (416, "InvalidPartNumber")
    await check_invariants(face.world)
    for key in list(told)[:-1]:
        (row,) = await face.world.ask(
            "MATCH (:Project {bucket: $bucket})<-[:BELONGS_TO]-(o:Object {name: $key}) RETURN o.id AS id",
            bucket=project,
            key=key,
        )
        await face.world.erase(ada, row["id"])
    await stored_bytes(face)
    assert await s3.read(Bucket=project, Key=list(told)[-1]) == body
    await check_invariants(face.world)


@pytest.mark.parametrize("way", ["get", "copy", "hash"])
async def test_what_is_read_while_its_content_comes_to_share_other_blobs_is_read_on_from_those(
    face: Face, project: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As in a download that takes longer than the sweeper's grace: the second part's own blob goes before its turn."""
    monkeypatch.setattr(reading, "OPEN_AHEAD_BLOBS", 1)
    s3 = await face.client()
    body = os.urandom(2 * PART + 1000)
    await s3.put_object(Bucket=project, Key="piece", Body=body)
    await upload(s3, project, "parts", body[:PART], body[PART:])
    (row,) = await face.world.ask(
        "MATCH (:Project {bucket: $bucket})<-[:BELONGS_TO]-(:Object {name: 'parts'})-[:CONTENT]->()"
        "-[part:PART]->(b:Blob) RETURN b.id AS id ORDER BY part.start DESC LIMIT 1",
        bucket=project,
    )
    second, opened, opening = row["id"], face.storage.blobs.open, 0

    async def share_first(blob_id: str, head_bytes: int) -> Any:
        nonlocal opening
        if blob_id == second:
            opening += 1
            if opening == 1:
                await hash_all(face, timedelta(hours=1))
                later = datetime.now(UTC) + timedelta(hours=2)
                await Collector(face.world.store, face.storage.blobs, lambda: later).collect(timedelta(0))
        return await opened(blob_id, head_bytes)

    monkeypatch.setattr(face.storage.blobs, "open", share_first)

    if way == "get":
        assert await s3.read(Bucket=project, Key="parts", Range="bytes=1-") == body[1:]
    elif way == "hash":
        assert await hash_all(face) == 1
    else:
        upload_id = await begin(s3, project, "target")
        place = {"Bucket": project, "Key": "target", "UploadId": upload_id, "PartNumber": 1}
        answer = await s3.upload_part_copy(**place, CopySource=f"{project}/parts", CopySourceRange=f"bytes=1-{PART}")
        assert answer["CopyPartResult"]["ETag"] == f'"{hashlib.md5(body[1 : PART + 1]).hexdigest()}"'
    assert opening
    assert not face.storage.path(second).exists()
    await check_invariants(face.world)


async def seen(s3: Any, project: str, key: str) -> tuple[Any, Any]:
    """What S3 shows of an Object's ETag and parts."""
    wanted = ["ETag", "Checksum", "ObjectParts", "ObjectSize"]
    answer = await s3.get_object_attributes(Bucket=project, Key=key, ObjectAttributes=wanted)
    return answer["ETag"], answer.get("ObjectParts", {}).get("Parts")


async def test_a_process_that_died_while_hashing_leaves_it_to_the_next(
    face: Face, project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = await face.client()
    body = os.urandom(1000)
    await upload(s3, project, "left", body)
    await hash_all(face, timedelta(hours=1))
    await upload(s3, project, "late", body)

    async def die(*_: object) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(face.storage.streams, "digest", die)
        with pytest.raises(asyncio.CancelledError):
            await hash_all(face)
    at_once = await hash_all(face)
    later = await hash_all(face, timedelta(minutes=11))

    assert (at_once, later) == (0, 1)
    assert (await sums(face, project, "late"))[1] == hashlib.sha256(body).hexdigest()


async def test_erased_bytes_cannot_be_had_from_all_there_is(face: Face, project: str) -> None:
    """Graph, keyring and disk, before and after the bytes go; what others stored stays."""
    s3, ada = await face.client(), (await face.person("ada")).id
    secret, common = os.urandom(3000), os.urandom(3000)
    for key, body in (("secret", secret), ("common", common), ("other", common)):
        await s3.put_object(Bucket=project, Key=key, Body=body)
    rows = await face.world.ask(
        "MATCH (:Project {bucket: $name})<-[:BELONGS_TO]-(o:Object)-[:CONTENT]->()-[:PART]->(b:Blob) "
        "RETURN o.name AS name, o.id AS id, b.id AS blob, b.wrappedKey AS key",
        name=project,
    )
    of = {row["name"]: row for row in rows}

    for key in ("secret", "common"):
        await face.world.erase(ada, of[key]["id"])

    left = await face.world.ask("MATCH (n) RETURN properties(n) AS held")
    assert not any(of["secret"]["key"] in str(row["held"]) for row in left)
    assert face.storage.path(of["secret"]["blob"]).exists(), "without its key it is noise"
    await stored_bytes(face)
    assert not face.storage.path(of["secret"]["blob"]).exists()
    assert await s3.read(Bucket=project, Key="other") == common
    assert of["common"]["blob"] == of["other"]["blob"]
    await s3.put_object(Bucket=project, Key="secret", Body=secret)
    assert await s3.read(Bucket=project, Key="secret") == secret
    await check_invariants(face.world)
