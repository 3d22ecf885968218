"""Buckets: made, found, described, deleted."""

import pytest

from tests.proxy.s3.face import Face


async def test_a_bucket_is_made_again_by_its_owner_and_by_nobody_else(face: Face) -> None:
    ada, bob = await face.client("ada"), await face.client("bob")
    await ada.create_bucket(Bucket="mine-first")
    await ada.put_object(Bucket="mine-first", Key="x", Body=b"1")

    await ada.create_bucket(Bucket="mine-first", ACL="private")

    assert await ada.read(Bucket="mine-first", Key="x") == b"1"
    assert await bob.refused("create_bucket", Bucket="mine-first") == (409, "BucketAlreadyExists")
    assert (await face.raw("PUT", "/nobodys-bucket")).code == "AccessDenied"


@pytest.mark.parametrize("name", ["ab", "UPPER", "a..b", "10.0.0.1", "-ab", "a" * 64, "under_score"])
async def test_a_bucket_has_a_name_that_s3_allows(face: Face, name: str) -> None:
    ada = (await face.person("ada")).access_key

    assert (await face.raw("PUT", f"/{name}", signed_by=ada)).code == "InvalidBucketName"


async def test_the_location_is_echoed(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    await s3.create_bucket(Bucket="at-home")

    assert (await s3.get_bucket_location(Bucket="far-away"))["LocationConstraint"] == "eu-central-1"
    assert (await s3.get_bucket_location(Bucket="at-home"))["LocationConstraint"] is None
    assert (await s3.head_bucket(Bucket="far-away"))["BucketRegion"] == "eu-central-1"
    assert (await s3.head_bucket(Bucket="at-home"))["BucketRegion"] == "us-east-1"


async def test_object_lock_may_be_declined_but_not_asked_for(face: Face) -> None:
    s3 = await face.client()

    await s3.create_bucket(Bucket="unlocked", ObjectLockEnabledForBucket=False)

    refused = await s3.refused("create_bucket", Bucket="locked", ObjectLockEnabledForBucket=True)
    assert refused == (501, "NotImplemented")


async def test_only_an_empty_bucket_is_deleted_and_its_name_is_free(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="to-delete")
    await s3.put_object(Bucket="to-delete", Key="a/b/c", Body=b"1")

    assert await s3.refused("delete_bucket", Bucket="to-delete") == (409, "BucketNotEmpty")
    await s3.delete_object(Bucket="to-delete", Key="a/b/c")
    await s3.delete_bucket(Bucket="to-delete")

    assert (await s3.refused("head_bucket", Bucket="to-delete"))[0] == 404
    assert await s3.refused("delete_bucket", Bucket="to-delete") == (404, "NoSuchBucket")
    await (await face.client("bob")).create_bucket(Bucket="to-delete")


async def test_buckets_are_listed_by_name_in_pages(face: Face) -> None:
    s3 = await face.client("lister")
    for name in ("page-b", "page-a", "page-c", "else-a"):
        await s3.create_bucket(Bucket=name)

    first = await s3.list_buckets(Prefix="page-", MaxBuckets=2)
    second = await s3.list_buckets(Prefix="page-", MaxBuckets=2, ContinuationToken=first["ContinuationToken"])

    assert [one["Name"] for one in first["Buckets"]] == ["page-a", "page-b"]
    assert [one["Name"] for one in second["Buckets"]] == ["page-c"]
    assert "ContinuationToken" not in second
    assert first["Owner"]["DisplayName"] == "lister"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("get_bucket_policy", (404, "NoSuchBucketPolicy")),
        ("get_bucket_policy_status", (404, "NoSuchBucketPolicy")),
        ("get_bucket_lifecycle_configuration", (404, "NoSuchLifecycleConfiguration")),
        ("get_bucket_website", (404, "NoSuchWebsiteConfiguration")),
        ("get_bucket_replication", (404, "ReplicationConfigurationNotFoundError")),
        ("get_object_lock_configuration", (404, "ObjectLockConfigurationNotFoundError")),
        ("get_public_access_block", (404, "NoSuchPublicAccessBlockConfiguration")),
        ("get_bucket_encryption", (404, "ServerSideEncryptionConfigurationNotFoundError")),
        ("get_bucket_cors", (404, "NoSuchCORSConfiguration")),
        ("get_bucket_tagging", (404, "NoSuchTagSet")),
        ("get_bucket_logging", (501, "NotImplemented")),
        ("list_object_versions", (501, "NotImplemented")),
    ],
)
async def test_what_is_not_set_or_not_built_says_so(face: Face, call: str, expected: tuple[int, str]) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="described")

    assert await s3.refused(call, Bucket="described") == expected
    assert (await s3.get_bucket_versioning(Bucket="described")).get("Status") is None


async def test_another_expected_owner_is_refused(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket="owned")

    await s3.head_bucket(Bucket="owned", ExpectedBucketOwner=(await face.person("ada")).id)
    assert (await s3.refused("head_bucket", Bucket="owned", ExpectedBucketOwner="1" * 12))[0] == 403


@pytest.mark.parametrize("method", ["PATCH", "TRACE"])
async def test_a_method_that_s3_has_not_is_refused(face: Face, method: str) -> None:
    assert (await face.raw(method, "/")).code == "MethodNotAllowed"


async def test_a_path_that_is_not_utf8_is_refused(face: Face) -> None:
    assert (await face.raw("GET", "/bucket/%ff")).code == "InvalidURI"
