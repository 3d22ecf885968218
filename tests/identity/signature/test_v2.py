"""Presigned URLs of Version 2, as boto3 makes them by default."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from identity.signature.canonical import query_parameters
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ChunkedPayload, ExactPayload, UnsignedPayload, Verified
from identity.signature.v2 import REFUSED_SUBRESOURCES, SIGNED_SUBRESOURCES
from tests.identity.signature.peer import (
    ACCESS_KEY_ID,
    Wire,
    changed_byte,
    check,
    is_accepted,
    keys,
    masks,
    positions,
    presign_v2,
    query_values,
    url_of,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
QUERY = [("uploadId", "x+/="), ("partNumber", "12"), ("x-id", "UploadPart")]
HEADERS = {"Content-Type": "text/plain", "x-amz-meta-a": "two   words"}
SIGNED = presign_v2("PUT", url_of("b", "a b/ü", QUERY), NOW, 60, headers=HEADERS)


def signed_parameters(raw_query: bytes) -> list[tuple[bytes, bytes]]:
    """What of a query a V2 signature covers, its own parameters included."""
    return sorted(
        (name, value)
        for name, value in query_parameters(raw_query)
        if name in SIGNED_SUBRESOURCES
        or name.lower().startswith((b"x-amz-", b"content-"))
        or name in (b"AWSAccessKeyId", b"Signature", b"Expires")
    )


def edited(wire: Wire, old: bytes, new: bytes) -> Wire:
    assert old in wire.raw_query
    return replace(wire, raw_query=wire.raw_query.replace(old, new))


@given(
    st.sampled_from(["GET", "PUT", "HEAD", "DELETE"]),
    keys,
    st.dictionaries(
        st.sampled_from(["acl", "versionId", "response-content-type", "response-content-disposition", "prefix"]),
        query_values,
        max_size=3,
    ),
    st.integers(1, 10**9),
)
def test_what_botocore_presigns_is_accepted(method: str, key: str, query: dict[str, str], expires_s: int) -> None:
    wire = presign_v2(method, url_of("bucket", key, list(query.items())), NOW, expires_s)

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, UnsignedPayload())


def test_a_virtual_host_signs_its_bucket() -> None:
    wire = presign_v2("GET", "http://bucket.s3.test/a/b?acl", NOW, 60, auth_path="/bucket/a/b")

    assert check(wire, NOW, virtual_bucket="bucket") == Verified(ACCESS_KEY_ID, UnsignedPayload())
    for other in ("bucket2", None):
        with pytest.raises(SignatureRefused):
            check(wire, NOW, virtual_bucket=other)


@pytest.mark.parametrize("sent", ["/bucket", "/bucket/"])
@pytest.mark.parametrize("signed", ["/bucket", "/bucket/"])
def test_a_bucket_may_be_signed_with_or_without_its_slash(sent: str, signed: str) -> None:
    """boto3 signs `/bucket/` and sends `/bucket`."""
    wire = presign_v2("GET", f"http://s3.test{sent}?uploads", NOW, 60, auth_path=signed)

    assert is_accepted(wire, NOW)
    assert not is_accepted(replace(wire, raw_path=b"/bucket//"), NOW)
    assert not is_accepted(replace(wire, raw_path=b"/"), NOW)


@given(positions, masks)
def test_a_changed_byte_of_the_path_is_refused(position: int, mask: int) -> None:
    assert not is_accepted(replace(SIGNED, raw_path=changed_byte(SIGNED.raw_path, position, mask)), NOW)


@given(positions, masks)
def test_a_changed_byte_of_what_is_signed_of_the_query_is_refused(position: int, mask: int) -> None:
    query = changed_byte(SIGNED.raw_query, position, mask)
    assume(signed_parameters(query) != signed_parameters(SIGNED.raw_query))

    assert not is_accepted(replace(SIGNED, raw_query=query), NOW)


def test_another_method_is_refused() -> None:
    assert is_accepted(SIGNED, NOW)
    assert not is_accepted(replace(SIGNED, method="GET"), NOW)


@pytest.mark.parametrize("added", [b"acl", b"tagging", b"versionId=null", b"response-content-type=a", b"x-amz-acl=x"])
def test_an_added_sub_resource_or_amz_parameter_is_refused(added: bytes) -> None:
    assert not is_accepted(replace(SIGNED, raw_query=SIGNED.raw_query + b"&" + added), NOW)


@pytest.mark.parametrize("name", sorted(REFUSED_SUBRESOURCES))
def test_a_parameter_that_version_2_cannot_sign_but_that_changes_the_operation_is_refused(name: bytes) -> None:
    with pytest.raises(SignatureRefused, match="does not cover") as refusal:
        check(replace(SIGNED, raw_query=SIGNED.raw_query + b"&" + name), NOW)

    assert refusal.value.code == RefusalCode.ACCESS_DENIED


@pytest.mark.parametrize(
    "header", [(b"x-amz-acl", b"public-read"), (b"content-md5", b"abc"), (b"content-type", b"text/html")]
)
def test_an_added_or_changed_header_that_version_2_signs_is_refused(header: tuple[bytes, bytes]) -> None:
    assert not is_accepted(SIGNED.with_header(*header), NOW)


def test_a_header_may_come_as_well_as_the_parameter_that_boto3_made_of_it() -> None:
    wire = SIGNED.with_header(b"content-type", b"text/plain").with_header(b"x-amz-meta-a", b"two   words")

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, UnsignedPayload())


def test_a_line_break_in_a_parameter_makes_no_second_header() -> None:
    """Else `x-amz-meta-a: v` and `x-amz-meta-b: w` could be sent as one header, and one of them be lost."""
    wire = presign_v2("PUT", url_of("b", "k", []), NOW, 60, headers={"x-amz-meta-a": "v", "x-amz-meta-b": "w"})
    merged = edited(edited(wire, b"x-amz-meta-b=w&", b""), b"x-amz-meta-a=v", b"x-amz-meta-a=v%0Ax-amz-meta-b:w")

    assert is_accepted(wire, NOW)
    with pytest.raises(SignatureRefused, match="line break"):
        check(merged, NOW)


def test_an_ampersand_in_a_parameter_hides_no_sub_resource() -> None:
    """Version 2 signs values decoded: a signed versionId could be folded into the value before it."""
    wire = presign_v2("GET", url_of("b", "k", [("response-content-type", "a"), ("versionId", "v")]), NOW, 60)
    folded = edited(wire, b"response-content-type=a&versionId=v", b"response-content-type=a%26versionId%3Dv")

    assert is_accepted(wire, NOW)
    with pytest.raises(SignatureRefused, match="two ways"):
        check(folded, NOW)


def test_an_ampersand_that_hides_nothing_is_fine() -> None:
    wire = presign_v2("GET", url_of("b", "k", [("response-content-disposition", "attachment; a&b")]), NOW, 60)

    assert is_accepted(wire, NOW)


def test_a_plus_in_the_signature_may_come_unescaped() -> None:
    wires = (presign_v2("GET", url_of("b", f"k{number}", []), NOW, 60) for number in range(100))
    wire = next(wire for wire in wires if b"%2B" in wire.raw_query)

    assert is_accepted(edited(wire, b"%2B", b"+"), NOW)


def test_a_url_expires() -> None:
    assert is_accepted(SIGNED, NOW + timedelta(seconds=59))

    with pytest.raises(SignatureRefused, match="Request has expired") as refusal:
        check(SIGNED, NOW + timedelta(seconds=60))

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.ACCESS_DENIED, 403)


@pytest.mark.parametrize(
    "raw_query",
    [
        b"AWSAccessKeyId=AK&Signature=a",
        b"AWSAccessKeyId=AK&Expires=1795262460",
        b"Signature=a&Expires=1795262460",
        b"AWSAccessKeyId=&Signature=a&Expires=1795262460",
        b"AWSAccessKeyId=%C3%BC&Signature=a&Expires=1795262460",
        b"AWSAccessKeyId=AK&Signature=a&Expires=soon",
        b"AWSAccessKeyId=AK&Signature=a&Expires=-1",
        b"AWSAccessKeyId=AK&Signature=a&Expires=01795262460",
        b"AWSAccessKeyId=AK&Signature=a&Expires=" + b"9" * 30,
        b"AWSAccessKeyId=AK&Signature=a&Expires=1795262460&Expires=1795262461",
    ],
)
def test_missing_or_malformed_parameters_are_refused(raw_query: bytes) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(Wire("GET", b"/b/k", raw_query, ((b"host", b"h"),)), NOW)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.ACCESS_DENIED, 403)


@pytest.mark.parametrize(
    ("payload_hash", "payload"),
    [
        ("0a" * 32, ExactPayload("0a" * 32)),
        ("UNSIGNED-PAYLOAD", UnsignedPayload()),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", ChunkedPayload(None, has_trailer=True)),
    ],
)
def test_a_signed_payload_hash_binds_the_body(payload_hash: str, payload: ExactPayload | UnsignedPayload) -> None:
    url = url_of("b", "k", [])
    wire = presign_v2("PUT", url, NOW, 60, headers={"x-amz-content-sha256": payload_hash})

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, payload)


def test_signed_chunks_are_refused() -> None:
    url = url_of("b", "k", [])
    wire = presign_v2("PUT", url, NOW, 60, headers={"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"})

    with pytest.raises(SignatureRefused, match="no signed chunks") as refusal:
        check(wire, NOW)

    assert refusal.value.code == RefusalCode.INVALID_REQUEST


def test_every_sub_resource_is_signed_or_refused_but_not_both() -> None:
    assert SIGNED_SUBRESOURCES.isdisjoint(REFUSED_SUBRESOURCES)
    assert urlsplit(url_of("b", "k", QUERY)).query == "uploadId=x%2B%2F%3D&partNumber=12&x-id=UploadPart"
