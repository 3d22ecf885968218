"""Who may sign what: keys, states of users, presigned URLs."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain.changes import CredentialRevoked, UserStateChanged
from identity.access_keys import AccessKey, new_access_key
from identity.signature.presigned import presign
from tests.proxy.s3.face import Face, signed_headers

BUCKET = "signing"


@pytest.fixture(scope="module", autouse=True)
async def bucket(face: Face) -> None:
    s3 = await face.client()
    await s3.create_bucket(Bucket=BUCKET)
    await s3.put_object(Bucket=BUCKET, Key="x", Body=b"1")


def _url(face: Face, pair: AccessKey, method: str = "GET", *, at: datetime | None = None, expires_s: int = 60) -> str:
    return presign(
        method=method,
        endpoint=face.endpoint,
        bucket=BUCKET,
        key="x",
        access_key_id=pair.id,
        secret=pair.secret,
        region="us-east-1",
        now=at or datetime.now(UTC),
        expires_s=expires_s,
    )


async def _open(url: str, method: str = "GET", **more: Any) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.request(method, url, **more)


async def test_a_wrong_secret_is_refused(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    answer = await face.raw("GET", f"/{BUCKET}/x", signed_by=AccessKey(ada.id, "wrong"))

    assert (answer.status, answer.code) == (403, "SignatureDoesNotMatch")


async def test_an_unknown_key_is_refused(face: Face) -> None:
    answer = await face.raw("GET", f"/{BUCKET}/x", signed_by=new_access_key(bytes))

    assert (answer.status, answer.code) == (403, "InvalidAccessKeyId")


@pytest.mark.parametrize("path", ["/", f"/{BUCKET}", f"/{BUCKET}/x", f"/{BUCKET}/none"])
async def test_nobody_gets_nothing(face: Face, path: str) -> None:
    answer = await face.raw("GET", path)

    assert (answer.status, answer.code) == (403, "AccessDenied")


async def test_an_old_request_is_refused(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    headers = signed_headers(face.endpoint, "GET", f"/{BUCKET}/x", b"", ada, {})
    headers["X-Amz-Date"] = "20200101T000000Z"

    answer = await face.send("GET", f"/{BUCKET}/x", b"", headers)

    assert answer.status in {400, 403}
    assert answer.code in {"RequestTimeTooSkewed", "AuthorizationHeaderMalformed"}


async def test_revoked_expired_and_inactive_keys_are_refused_at_once(face: Face) -> None:
    user = await face.world.user("temporary")
    revoked = await face.credential(user)
    expired = await face.credential(user, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    standing = await face.credential(user)
    assert (await face.raw("GET", "/", signed_by=revoked)).status == 200

    await face.world.apply(CredentialRevoked(revoked.id))

    assert (await face.raw("GET", "/", signed_by=revoked)).code == "InvalidAccessKeyId"
    assert (await face.raw("GET", "/", signed_by=expired)).code == "InvalidAccessKeyId"
    await face.world.apply(UserStateChanged(user, is_active=False, at=datetime.now(UTC)))
    assert (await face.raw("GET", "/", signed_by=standing)).code == "AccessDenied"


async def test_the_key_of_a_token_signs_presigned_urls_only(face: Face) -> None:
    pair = await face.token_credential((await face.person("ada")).id)

    presigned = await _open(_url(face, pair))
    header = await face.raw("GET", f"/{BUCKET}/x", signed_by=pair)

    assert (presigned.status_code, presigned.content) == (200, b"1")
    assert (header.status, header.code) == (403, "AccessDenied")


async def test_a_presigned_url_ends(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    minute_ago = datetime.now(UTC) - timedelta(seconds=61)

    expired = await _open(_url(face, ada, at=minute_ago))
    standing = await _open(_url(face, ada, at=minute_ago, expires_s=120))

    assert (expired.status_code, b"<Code>AccessDenied</Code>" in expired.content) == (403, True)
    assert standing.status_code == 200


async def test_a_presigned_url_is_worth_nothing_when_its_key_is_revoked(face: Face) -> None:
    pair = await face.credential((await face.person("ada")).id)
    url = _url(face, pair, expires_s=3600)
    assert (await _open(url)).status_code == 200

    await face.world.apply(CredentialRevoked(pair.id))

    assert b"<Code>InvalidAccessKeyId</Code>" in (await _open(url)).content


async def test_a_presigned_get_doesnt_put(face: Face) -> None:
    ada = (await face.person("ada")).access_key

    answer = await _open(_url(face, ada), "PUT", content=b"evil")

    assert b"<Code>SignatureDoesNotMatch</Code>" in answer.content


@pytest.mark.parametrize("version", ["s3v4", "s3"])
async def test_urls_that_boto3_presigns_work_in_both_versions(face: Face, version: str) -> None:
    s3 = await face.client(signature_version=version)
    place = {"Bucket": BUCKET, "Key": f"by boto {version}"}

    put = await asyncio.to_thread(s3.made.generate_presigned_url, "put_object", Params=place)
    stored = await _open(put, "PUT", content=b"presigned")
    get = await asyncio.to_thread(s3.made.generate_presigned_url, "get_object", Params=place)

    assert stored.status_code == 200
    assert (await _open(get)).content == b"presigned"


async def test_the_request_id_is_in_header_document_and_log(face: Face) -> None:
    answer = await face.raw("GET", f"/{BUCKET}/none")

    request_id = answer.headers["x-amz-request-id"]
    assert f"<RequestId>{request_id}</RequestId>".encode() in answer.body
    assert f"<Resource>/{BUCKET}/none</Resource>".encode() in answer.body
    assert vars(face.log[-1])["request_id"] == request_id


async def test_no_log_line_holds_a_signature_or_a_secret(face: Face) -> None:
    ada = (await face.person("ada")).access_key
    url = _url(face, ada)

    await _open(url)
    await face.raw("GET", f"/{BUCKET}/x", signed_by=ada)

    written = repr([vars(record) for record in face.log])
    assert ada.secret not in written
    assert url.rpartition("=")[2] not in written
    assert "X-Amz-Signature" not in written


async def test_an_internal_error_is_masked_and_logged_with_its_cause(
    face: Face, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(face.services.store.engine, "read", fail)

    answer = await face.raw("GET", f"/{BUCKET}/x")

    assert (answer.status, answer.code) == (500, "InternalError")
    assert b"inside" not in answer.body
    assert any(record.exc_info and "the inside" in str(record.exc_info[1]) for record in face.log)
