"""Shares, moves and renames as S3 clients see them: keys change at once, and a share's key is only unlinked."""

import pytest

from domain.access import Level
from domain.resources import Kind
from tests.graph_dump import check_invariants
from tests.proxy.s3.face import Face, granted_person

HERE, THERE = "places-here", "places-there"


@pytest.fixture(scope="module")
async def projects(face: Face) -> tuple[str, str]:
    s3 = await face.client()
    for bucket in (HERE, THERE):
        await s3.create_bucket(Bucket=bucket)
    found = await face.world.ask(
        "MATCH (p:Project) WHERE p.bucket IN $names RETURN p.bucket AS b, p.id AS id", names=[HERE, THERE]
    )
    ids = {row["b"]: row["id"] for row in found}
    return ids[HERE], ids[THERE]


async def owner(face: Face) -> str:
    return (await face.person("ada")).id


async def object_id(face: Face, name: str) -> str:
    (row,) = await face.world.ask("MATCH (o:Object {name: $name}) RETURN o.id AS id", name=name)
    return row["id"]


async def keys(face: Face, bucket: str, prefix: str = "") -> list[str]:
    listed = await (await face.client()).list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in listed.get("Contents", ())]


async def test_a_share_is_a_key_of_its_own_with_the_same_bytes(face: Face, projects: tuple[str, str]) -> None:
    s3, ada = await face.client(), await owner(face)
    await s3.put_object(Bucket=HERE, Key="a/shared-once", Body=b"1")
    await face.world.share(ada, await object_id(face, "shared-once"), projects[1], "theirs", Level.WRITE)

    assert await s3.read(Bucket=THERE, Key="theirs") == b"1"
    assert await keys(face, THERE, "theirs") == ["theirs"]
    await s3.put_object(Bucket=THERE, Key="theirs", Body=b"22")
    assert await s3.read(Bucket=HERE, Key="a/shared-once") == b"22"


async def test_deleting_a_shares_key_leaves_the_object_at_its_home(face: Face, projects: tuple[str, str]) -> None:
    s3, ada = await face.client(), await owner(face)
    await s3.put_object(Bucket=HERE, Key="stays", Body=b"1")
    shared = await object_id(face, "stays")
    await face.world.share(ada, shared, projects[1], "goes")

    await s3.delete_object(Bucket=THERE, Key="goes")

    assert await s3.refused("get_object", Bucket=THERE, Key="goes") == (404, "NoSuchKey")
    assert await s3.read(Bucket=HERE, Key="stays") == b"1"
    await face.world.share(ada, shared, projects[1], "goes")
    answer = await s3.delete_objects(Bucket=THERE, Delete={"Objects": [{"Key": "goes"}]})
    assert [one["Key"] for one in answer["Deleted"]] == ["goes"]
    assert await s3.read(Bucket=HERE, Key="stays") == b"1"
    await face.world.share(ada, shared, projects[1], "goes")
    await s3.delete_object(Bucket=HERE, Key="stays")
    assert await s3.refused("get_object", Bucket=THERE, Key="goes") == (404, "NoSuchKey")
    await check_invariants(face.world)


async def test_a_shares_key_is_deleted_by_admin_of_its_place_and_by_nobody_with_less(
    face: Face, projects: tuple[str, str]
) -> None:
    s3, ada = await face.client(), await owner(face)
    await s3.put_object(Bucket=HERE, Key="guarded", Body=b"1")
    await face.world.share(ada, await object_id(face, "guarded"), projects[1], "guarded", Level.ADMIN)
    writer = await granted_person(face, "writer", projects[1], Level.WRITE)
    admin = await granted_person(face, "place-admin", projects[1], Level.ADMIN)

    denied = (403, "AccessDenied")
    assert await (await face.client("writer")).refused("delete_object", Bucket=THERE, Key="guarded") == denied
    assert await s3.read(Bucket=THERE, Key="guarded") == b"1"
    await (await face.client("place-admin")).delete_object(Bucket=THERE, Key="guarded")

    assert writer.id != admin.id
    assert await s3.read(Bucket=HERE, Key="guarded") == b"1"
    assert await keys(face, THERE, "guarded") == []


async def test_keys_below_what_moves_and_is_renamed_change_at_once(face: Face, projects: tuple[str, str]) -> None:
    s3, ada = await face.client(), await owner(face)
    collection = await face.world.container(ada, Kind.COLLECTION, projects[0], "wanders")
    for name in ("d/1", "d/2", "top"):
        await s3.put_object(Bucket=HERE, Key=f"wanders/{name}", Body=name.encode())

    await face.world.move(ada, collection, projects[1], "arrived")

    assert await keys(face, HERE, "wanders/") == []
    assert await keys(face, THERE, "arrived/") == ["arrived/d/1", "arrived/d/2", "arrived/top"]
    assert await s3.refused("get_object", Bucket=HERE, Key="wanders/d/1") == (404, "NoSuchKey")
    await face.world.rename(ada, collection, "again")
    assert await s3.read(Bucket=THERE, Key="again/d/2") == b"d/2"
    answer = await s3.list_objects_v2(Bucket=THERE, Prefix="a", Delimiter="/")
    assert [one["Prefix"] for one in answer["CommonPrefixes"]] == ["again/"]


async def test_a_renamed_bucket_takes_its_open_uploads_along(face: Face) -> None:
    s3, ada = await face.client(), await owner(face)
    await s3.create_bucket(Bucket="places-old")
    (found,) = await face.world.ask("MATCH (p:Project {bucket: 'places-old'}) RETURN p.id AS id")
    upload = (await s3.create_multipart_upload(Bucket="places-old", Key="k"))["UploadId"]
    part = await s3.upload_part(Bucket="places-old", Key="k", UploadId=upload, PartNumber=1, Body=b"1")

    await face.world.rename(ada, found["id"], "places-new")

    assert await s3.refused("head_bucket", Bucket="places-old") == (404, "404")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    for _ in range(2):
        await s3.complete_multipart_upload(Bucket="places-new", Key="k", UploadId=upload, MultipartUpload=parts)
    assert await s3.read(Bucket="places-new", Key="k") == b"1"
    await face.world.rename(ada, found["id"], "places-newer")
    await s3.complete_multipart_upload(Bucket="places-newer", Key="k", UploadId=upload, MultipartUpload=parts)
    assert await keys(face, "places-newer") == ["k"]
