"""Buckets of archived projects take no writes: every writing operation answers AccessDenied, and nothing changes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.graph_dump import check_invariants, dump
from tests.proxy.s3.face import Client, Face
from tests.proxy.s3.uploading import begin, listing, send

BUCKET, LIVING = "archived", "beside-archived"
DENIED = (403, "AccessDenied")


@pytest.fixture(scope="module", autouse=True)
async def uploads(face: Face) -> dict[str, str]:
    """An archive with an Object, one shared into it, and uploads that were begun before; their ids by key."""
    s3 = await face.client()
    for bucket in (BUCKET, LIVING):
        await s3.create_bucket(Bucket=bucket)
    await s3.put_object(Bucket=BUCKET, Key="c/d/o", Body=b"old")
    await s3.put_object(Bucket=LIVING, Key="guest", Body=b"guest")
    ada = await face.person("ada")
    rows = await face.world.ask(
        "MATCH (r:Resource) WHERE r.name IN ['guest', 'd'] OR r.bucket = $bucket RETURN r.name AS name, r.id AS id",
        bucket=BUCKET,
    )
    ids = {row["name"]: row["id"] for row in rows}
    await face.world.share(ada.id, ids["guest"], ids["d"])
    begun = {key: await begin(s3, BUCKET, key) for key in ("c/d/o", "c/d/new")}
    for key, upload_id in begun.items():
        await send(s3, BUCKET, key, upload_id, 1, b"part")
    await face.world.archive(ada.id, ids[BUCKET])
    return begun


def complete(s3: Client, key: str, upload_id: str) -> Awaitable[Any]:
    part = {"PartNumber": 1, "ETag": '"2ab23c53b2db0d2a3f3cf4c2e8a4b2a5"'}
    return s3.refused("complete_multipart_upload", **listing(BUCKET, key, upload_id, part))


CALLS: dict[str, Callable[[Client, dict[str, str]], Awaitable[Any]]] = {
    "put a new key": lambda s3, _: s3.refused("put_object", Bucket=BUCKET, Key="new", Body=b"1"),
    "put below new containers": lambda s3, _: s3.refused("put_object", Bucket=BUCKET, Key="n/m/new", Body=b"1"),
    "overwrite": lambda s3, _: s3.refused("put_object", Bucket=BUCKET, Key="c/d/o", Body=b"1"),
    "overwrite a guest": lambda s3, _: s3.refused("put_object", Bucket=BUCKET, Key="c/d/guest", Body=b"1"),
    "copy to a new key": lambda s3, _: s3.refused(
        "copy_object", Bucket=BUCKET, Key="copy", CopySource=f"{LIVING}/guest"
    ),
    "copy onto a key": lambda s3, _: s3.refused(
        "copy_object", Bucket=BUCKET, Key="c/d/o", CopySource=f"{LIVING}/guest"
    ),
    "begin an upload": lambda s3, _: s3.refused("create_multipart_upload", Bucket=BUCKET, Key="c/d/later"),
    "begin an upload of a revision": lambda s3, _: s3.refused("create_multipart_upload", Bucket=BUCKET, Key="c/d/o"),
    "send a part": lambda s3, ids: s3.refused(
        "upload_part", Bucket=BUCKET, Key="c/d/new", UploadId=ids["c/d/new"], PartNumber=2, Body=b"1"
    ),
    "copy a part": lambda s3, ids: s3.refused(
        "upload_part_copy",
        Bucket=BUCKET,
        Key="c/d/o",
        UploadId=ids["c/d/o"],
        PartNumber=2,
        CopySource=f"{LIVING}/guest",
    ),
    "finish a new key": lambda s3, ids: complete(s3, "c/d/new", ids["c/d/new"]),
    "finish a revision": lambda s3, ids: complete(s3, "c/d/o", ids["c/d/o"]),
    "delete": lambda s3, _: s3.refused("delete_object", Bucket=BUCKET, Key="c/d/o"),
    "delete a guest": lambda s3, _: s3.refused("delete_object", Bucket=BUCKET, Key="c/d/guest"),
    "delete the bucket": lambda s3, _: s3.refused("delete_bucket", Bucket=BUCKET),
}


@pytest.mark.parametrize("name", CALLS)
async def test_an_archive_takes_no_writes(face: Face, uploads: dict[str, str], name: str) -> None:
    s3 = await face.client()
    before, files = (await dump(face.world)).comparable(), face.files()

    assert await CALLS[name](s3, uploads) == DENIED

    assert (await dump(face.world)).comparable() == before
    assert face.files() == files


async def test_many_deletions_are_refused_one_by_one(face: Face) -> None:
    s3 = await face.client()
    keys = ["c/d/o", "c/d/guest", "never"]

    answer = await s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys]})

    assert [(one["Key"], one["Code"]) for one in answer["Errors"]] == [(key, "AccessDenied") for key in keys]


async def test_an_archive_is_read_on_and_uploads_to_it_can_be_ended(face: Face, uploads: dict[str, str]) -> None:
    s3 = await face.client()

    await s3.abort_multipart_upload(Bucket=BUCKET, Key="c/d/new", UploadId=uploads["c/d/new"])

    assert await s3.read(Bucket=BUCKET, Key="c/d/o") == b"old"
    await s3.put_object(Bucket=LIVING, Key="guest", Body=b"new guest")
    assert await s3.read(Bucket=LIVING, Key="guest") == b"new guest"
    await check_invariants(face.world)
