"""ListObjects and ListObjectsV2 on the wire; what the walk finds is tested with the store."""

from typing import Any

import pytest

from tests.proxy.s3.face import Face

BUCKET = "lists"
KEYS = ["a", "a/1", "a/2", "b/c/d", "foo/", "foo+1/x", "foo/bar", "z z"]


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket=BUCKET)
    for key in KEYS:
        await s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())


def _names(page: dict[str, Any]) -> list[str]:
    keys = [one["Key"] for one in page.get("Contents", [])]
    return keys + [one["Prefix"] for one in page.get("CommonPrefixes", [])]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("delimiter", ["", "/"])
async def test_pages_of_any_size_give_the_same_whole_in_both_versions(face: Face, size: int, delimiter: str) -> None:
    s3 = await face.client()
    whole = await s3.list_objects_v2(Bucket=BUCKET, Delimiter=delimiter)
    token: dict[str, str] = {}
    seen: list[str] = []
    while True:
        page = await s3.list_objects_v2(Bucket=BUCKET, Delimiter=delimiter, MaxKeys=size, **token)
        seen += _names(page)
        assert page["KeyCount"] == len(_names(page)) <= size
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    marker = ""
    seen_v1: list[str] = []
    while True:
        page = await s3.list_objects(Bucket=BUCKET, Delimiter=delimiter, MaxKeys=size, Marker=marker)
        seen_v1 += _names(page)
        if not page["IsTruncated"]:
            break
        marker = page["NextMarker"] if delimiter else page["Contents"][-1]["Key"]

    assert sorted(seen) == sorted(seen_v1) == sorted(_names(whole))
    if not delimiter:
        assert _names(whole) == sorted(KEYS, key=str.encode)


async def test_owner_is_always_in_version_1_and_on_demand_in_version_2(face: Face) -> None:
    s3 = await face.client()
    ada = {"ID": (await face.person("ada")).id, "DisplayName": "ada"}

    first = await s3.list_objects(Bucket=BUCKET, Prefix="a/")
    second = await s3.list_objects_v2(Bucket=BUCKET, Prefix="a/")
    third = await s3.list_objects_v2(Bucket=BUCKET, Prefix="a/", FetchOwner=True)

    assert [one.get("Owner") for one in first["Contents"]] == [ada, ada]
    assert [one.get("Owner") for one in second["Contents"]] == [None, None]
    assert [one.get("Owner") for one in third["Contents"]] == [ada, ada]
    assert first["Contents"][0]["Size"] == 3


async def test_names_are_url_encoded_on_demand(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    encoded = await face.raw(
        "GET", f"/{BUCKET}?list-type=2&encoding-type=url&prefix=foo%2B&delimiter=%01", signed_by=ada
    )
    plain = await face.raw("GET", f"/{BUCKET}?list-type=2&prefix=z%20", signed_by=ada)

    assert b"<Prefix>foo%2B</Prefix><Delimiter>%01</Delimiter>" in encoded.body
    assert b"<Key>foo%2B1/x</Key>" in encoded.body
    assert b"<Key>z z</Key>" in plain.body


async def test_version_1_echoes_an_empty_marker_and_prefix(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    answer = await face.raw("GET", f"/{BUCKET}", signed_by=ada)

    assert b"<Prefix></Prefix><MaxKeys>1000</MaxKeys><Marker></Marker><IsTruncated>false</IsTruncated>" in answer.body
    assert b"NextMarker" not in answer.body


@pytest.mark.parametrize(
    ("query", "status"),
    [("max-keys=x", 400), ("max-keys=-1", 400), ("encoding-type=b", 400), ("list-type=2&continuation-token=%21", 400)],
)
async def test_nonsense_is_an_invalid_argument(face: Face, query: str, status: int) -> None:
    ada = (await face.person("ada")).access_key

    answer = await face.raw("GET", f"/{BUCKET}?{query}", signed_by=ada)

    assert (answer.status, answer.code) == (status, "InvalidArgument")


async def test_no_keys_are_a_page_and_more_than_a_thousand_are_capped(face: Face) -> None:
    s3 = await face.client()

    none = await s3.list_objects_v2(Bucket=BUCKET, MaxKeys=0)
    many = await s3.list_objects_v2(Bucket=BUCKET, MaxKeys=5000, StartAfter="foo/", ContinuationToken="")

    assert (_names(none), none["IsTruncated"], none["KeyCount"]) == ([], False, 0)
    assert (many["MaxKeys"], _names(many)) == (1000, ["foo/bar", "z z"])
