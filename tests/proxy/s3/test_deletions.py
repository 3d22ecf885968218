"""DELETE and DeleteObjects."""

import pytest

from tests.proxy.s3.face import Face

BUCKET = "deletions"


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    await (await face.client()).create_bucket(Bucket=BUCKET)


async def test_a_deleted_key_is_gone_with_the_containers_made_for_it_and_stays_as_a_tombstone(face: Face) -> None:
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key="made/for/it", Body=b"1")

    await s3.delete_object(Bucket=BUCKET, Key="made/for/it")
    await s3.delete_object(Bucket=BUCKET, Key="made/for/it", VersionId="null")

    assert await s3.refused("get_object", Bucket=BUCKET, Key="made/for/it") == (404, "NoSuchKey")
    assert (await s3.list_objects_v2(Bucket=BUCKET, Delimiter="/")).get("CommonPrefixes") is None
    rows = await face.world.ask("MATCH (o:Object {name: 'it'}) RETURN o.state AS state")
    assert [row["state"] for row in rows] == ["DELETED"]


async def test_a_put_after_a_delete_makes_a_new_object(face: Face) -> None:
    s3 = await face.client()
    for body in (b"1", b"2"):
        await s3.put_object(Bucket=BUCKET, Key="twice", Body=body)
        await s3.delete_object(Bucket=BUCKET, Key="twice")

    rows = await face.world.ask("MATCH (o:Object {name: 'twice'}) RETURN o.id AS id")
    assert len({row["id"] for row in rows}) == 2


@pytest.mark.parametrize(
    ("version_id", "expected"),
    [("nonsense", (400, "InvalidArgument")), ("0" * 26, (501, "NotImplemented"))],
)
async def test_single_versions_are_not_deleted(face: Face, version_id: str, expected: tuple[int, str]) -> None:
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key="kept", Body=b"1")

    assert await s3.refused("delete_object", Bucket=BUCKET, Key="kept", VersionId=version_id) == expected
    assert await s3.read(Bucket=BUCKET, Key="kept") == b"1"


async def test_many_keys_are_deleted_at_once_those_that_never_were_too(face: Face) -> None:
    s3 = await face.client()
    keys = [f"many/{number}" for number in range(20)]
    for key in keys:
        await s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")

    answer = await s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in [*keys, "a<&>b"]]})

    assert [one["Key"] for one in answer["Deleted"]] == [*keys, "a<&>b"]
    assert "Errors" not in answer
    assert "Contents" not in await s3.list_objects_v2(Bucket=BUCKET, Prefix="many/")


async def test_each_key_is_decided_by_itself_and_quiet_tells_failures_only(face: Face) -> None:
    s3, bob = await face.client(), await face.client("bob")
    await s3.put_object(Bucket=BUCKET, Key="mine", Body=b"1")
    objects = [{"Key": "mine"}, {"Key": "x", "VersionId": "nonsense"}, {"Key": "k" * 1025}]

    stranger = await bob.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "mine"}, {"Key": "none"}]})
    own = await s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects, "Quiet": True})

    assert {one["Code"] for one in stranger["Errors"]} == {"AccessDenied"}
    assert [(one["Key"][:4], one["Code"]) for one in own["Errors"]] == [
        ("x", "InvalidArgument"),
        ("kkkk", "KeyTooLongError"),
    ]
    assert "Deleted" not in own


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<Delete></Delete>",
        b"<Delete><Object></Object></Delete>",
        b"<Other/>",
        b"<Delete>" + b"<Object><Key>k</Key></Object>" * 1001 + b"</Delete>",
        b'<!DOCTYPE d [<!ENTITY e "x">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    ],
)
async def test_a_document_that_is_none_is_refused(face: Face, body: bytes) -> None:
    ada = (await face.person("ada")).access_key

    answer = await face.raw("POST", f"/{BUCKET}?delete", body, signed_by=ada)

    assert (answer.status, answer.code) == (400, "MalformedXML")


async def test_a_conditional_delete_is_refused_rather_than_done_without(face: Face) -> None:
    s3 = await face.client()
    await s3.put_object(Bucket=BUCKET, Key="cond", Body=b"1")

    assert await s3.refused("delete_object", Bucket=BUCKET, Key="cond", IfMatch='"x"') == (501, "NotImplemented")
    assert await s3.read(Bucket=BUCKET, Key="cond") == b"1"
