"""Uploads that were begun in GraphQL and finished with a presigned PUT, also by a browser."""

import hashlib
from datetime import UTC, datetime

import httpx
import pytest

from domain.contents import Declared
from domain.resources import Kind
from identity.access_keys import AccessKey
from identity.signature.presigned import presign
from proxy.request import UPLOAD_PARAMETER
from tests.proxy.s3.face import ORIGIN, Face

BUCKET = "uploads"
BODY = b"what was promised"


@pytest.fixture(scope="module", autouse=True)
async def dataset(face: Face) -> str:
    await (await face.client()).create_bucket(Bucket=BUCKET)
    rows = await face.world.ask("MATCH (p:Project {bucket: $name}) RETURN p.id AS id", name=BUCKET)
    return await face.world.container((await face.person("ada")).id, Kind.DATASET, rows[0]["id"], "data")


def _url(face: Face, pair: AccessKey, key: str, upload_id: str, method: str = "PUT") -> str:
    return presign(
        method=method,
        endpoint=face.endpoint,
        bucket=BUCKET,
        key=key,
        access_key_id=pair.id,
        secret=pair.secret,
        region="us-east-1",
        now=datetime.now(UTC),
        expires_s=60,
        query=[(UPLOAD_PARAMETER, upload_id)] if upload_id else [],
    )


async def _put(url: str, body: bytes, **headers: str) -> tuple[int, str]:
    async with httpx.AsyncClient() as http:
        answer = await http.put(url, content=body, headers=headers)
    return answer.status_code, answer.text.partition("<Code>")[2].partition("<")[0]


async def _state(face: Face, object_id: str) -> tuple[str, str | None]:
    rows = await face.world.ask(
        "MATCH (o:Object {id: $id}) RETURN o.state AS state, o.stateReason AS why", id=object_id
    )
    return rows[0]["state"], rows[0]["why"]


async def test_a_begun_object_is_absent_until_its_bytes_are_published(face: Face, dataset: str) -> None:
    ada = await face.person("ada")
    pair = await face.token_credential(ada.id)
    declared = Declared(len(BODY), hashlib.md5(BODY).hexdigest(), hashlib.sha256(BODY).hexdigest())
    begun = await face.world.begin_object(ada.id, dataset, "promised", declared)
    path = f"/{BUCKET}/data/promised"

    before = await face.raw("GET", path, signed_by=ada.access_key)
    put = await _put(_url(face, pair, "data/promised", begun.upload_id), BODY)
    after = await face.raw("GET", path, signed_by=ada.access_key)
    again = await _put(_url(face, pair, "data/promised", begun.upload_id), BODY)

    assert before.code == "NoSuchKey"
    assert put == (200, "")
    assert after.body == BODY
    assert await _state(face, begun.object_id) == ("AVAILABLE", None)
    assert again == (404, "NoSuchUpload")


@pytest.mark.parametrize(
    "declared", [Declared(md5="0" * 32), Declared(sha256="0" * 64), Declared(len(BODY), "0" * 32, None)]
)
async def test_wrong_bytes_end_the_upload_and_the_object_says_why(face: Face, dataset: str, declared: Declared) -> None:
    ada = await face.person("ada")
    name = f"wrong {declared.length_bytes} {declared.md5}"
    begun = await face.world.begin_object(ada.id, dataset, name, declared)
    url = _url(face, ada.access_key, f"data/{name}", begun.upload_id)

    with face.unchanged_files():
        first = await _put(url, BODY)
        second = await _put(url, BODY)

    state, why = await _state(face, begun.object_id)
    assert first == (400, "BadDigest")
    assert second == (404, "NoSuchUpload")
    assert (state, "was declared" in (why or "")) == ("ERROR", True)


async def test_a_body_of_another_length_leaves_the_upload_open(face: Face, dataset: str) -> None:
    ada = await face.person("ada")
    begun = await face.world.begin_object(ada.id, dataset, "length", Declared(len(BODY)))
    url = _url(face, ada.access_key, "data/length", begun.upload_id)

    with face.unchanged_files():
        assert await _put(url, b"short") == (400, "InvalidRequest")
    assert await _state(face, begun.object_id) == ("INITIALIZING", None)
    assert await _put(url, BODY) == (200, "")


async def test_an_upload_belongs_to_one_user_and_one_key(face: Face, dataset: str) -> None:
    ada, bob = await face.person("ada"), await face.person("bob")
    begun = await face.world.begin_object(ada.id, dataset, "bound")

    with face.unchanged_files():
        by_bob = await _put(_url(face, bob.access_key, "data/bound", begun.upload_id), BODY)
        elsewhere = await _put(_url(face, ada.access_key, "data/other", begun.upload_id), BODY)
        unknown = await _put(_url(face, ada.access_key, "data/bound", "0" * 26), BODY)
        added = await _put(
            _url(face, ada.access_key, "data/bound", "") + f"&{UPLOAD_PARAMETER}={begun.upload_id}", BODY
        )

    assert {by_bob, elsewhere, unknown} == {(404, "NoSuchUpload")}
    assert added == (403, "SignatureDoesNotMatch")
    assert await _state(face, begun.object_id) == ("INITIALIZING", None)


async def test_an_upload_parameter_that_version_2_doesnt_sign_is_refused(face: Face, dataset: str) -> None:
    ada = await face.person("ada")
    begun = await face.world.begin_object(ada.id, dataset, "old style")
    s3 = await face.client(signature_version="s3")
    url = s3.made.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "data/old style"})

    assert await _put(f"{url}&{UPLOAD_PARAMETER}={begun.upload_id}", BODY) == (403, "AccessDenied")


async def test_a_browser_of_an_allowed_front_end_may_upload_and_sees_the_answer(face: Face, dataset: str) -> None:
    ada = await face.person("ada")
    begun = await face.world.begin_object(ada.id, dataset, "browsed")
    url = _url(face, ada.access_key, "data/browsed", begun.upload_id)
    asked = {"access-control-request-method": "PUT", "access-control-request-headers": "content-type"}

    async with httpx.AsyncClient() as http:
        preflight = await http.options(url, headers={"origin": ORIGIN, **asked})
        put = await http.put(url, content=BODY, headers={"origin": ORIGIN, "content-type": "text/plain"})
        refused = await http.put(url, content=BODY, headers={"origin": ORIGIN})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert preflight.headers["access-control-allow-headers"] == "content-type"
    assert "PUT" in preflight.headers["access-control-allow-methods"]
    assert (put.status_code, put.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "ETag" in put.headers["access-control-expose-headers"]
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (404, ORIGIN)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (400, "BadRequest")),
        ({"origin": ORIGIN}, (400, "BadRequest")),
        ({"origin": "https://evil.example", "access-control-request-method": "PUT"}, (403, "AccessForbidden")),
        ({"origin": ORIGIN, "access-control-request-method": "DELETE"}, (403, "AccessForbidden")),
    ],
)
async def test_other_preflights_are_refused(face: Face, headers: dict[str, str], expected: tuple[int, str]) -> None:
    ada = await face.person("ada")

    async with httpx.AsyncClient() as http:
        answer = await http.options(_url(face, ada.access_key, "data/x", "0" * 26), headers=headers)

    assert (answer.status_code, answer.text.partition("<Code>")[2].partition("<")[0]) == expected
    assert "access-control-allow-origin" not in answer.headers or headers.get("origin") == ORIGIN


async def test_other_origins_and_unsigned_urls_get_no_cross_origin_headers(face: Face) -> None:
    ada = await face.person("ada")

    async with httpx.AsyncClient() as http:
        evil = await http.get(
            _url(face, ada.access_key, "data/x", "", "GET"), headers={"origin": "https://evil.example"}
        )
    unsigned = await face.raw(
        "OPTIONS", f"/{BUCKET}/x", headers={"origin": ORIGIN, "access-control-request-method": "GET"}
    )

    assert "access-control-allow-origin" not in evil.headers
    assert unsigned.code == "AccessForbidden"
