"""Signature Version 4 in the header, with botocore as the signer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from identity.signature.canonical import canonical_path, header_values, query_parameters
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ExactPayload, Verified
from tests.identity.signature.peer import (
    ACCESS_KEY_ID,
    SECRET,
    Wire,
    changed_byte,
    check,
    is_accepted,
    keys,
    masks,
    positions,
    query_names,
    query_values,
    sign_header,
    url_of,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
HEADERS = {"x-amz-meta-a": "two   words ", "Content-Type": "text/plain", "Content-MD5": "abc", "User-Agent": "x"}
SIGNED = sign_header("PUT", url_of("b", "a b/ü", [("partNumber", "1"), ("uploadId", "x+/=")]), NOW, headers=HEADERS)


def with_authorization(wire: Wire, value: bytes) -> Wire:
    return replace(wire, headers=tuple((n, value if n == b"authorization" else v) for n, v in wire.headers))


def without_header(wire: Wire, name: bytes) -> Wire:
    return replace(wire, headers=tuple(header for header in wire.headers if header[0] != name))


def authorization(wire: Wire) -> bytes:
    return dict(wire.headers)[b"authorization"]


@given(
    st.sampled_from(["GET", "PUT", "HEAD", "DELETE", "POST"]),
    keys,
    st.lists(st.tuples(query_names, query_values), max_size=4),
    st.lists(st.text("abcXYZ0189 ;=,", max_size=12), max_size=3),
    st.binary(max_size=20),
)
def test_what_botocore_signs_is_accepted(
    method: str, key: str, query: list[tuple[str, str]], metadata: list[str], body: bytes
) -> None:
    headers = {f"x-amz-meta-{index}": value for index, value in enumerate(metadata)}
    url = url_of("bucket", key, query)

    wire = sign_header(method, url, NOW, headers=headers, body=body)

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, ExactPayload(sha256(body).hexdigest()))


@given(positions, masks)
def test_a_changed_byte_of_the_path_is_refused(position: int, mask: int) -> None:
    path = changed_byte(SIGNED.raw_path, position, mask)
    assume(canonical_path(path) != canonical_path(SIGNED.raw_path))

    assert not is_accepted(replace(SIGNED, raw_path=path), NOW)


@given(positions, masks)
def test_a_changed_byte_of_the_query_is_refused(position: int, mask: int) -> None:
    query = changed_byte(SIGNED.raw_query, position, mask)
    assume(sorted(query_parameters(query)) != sorted(query_parameters(SIGNED.raw_query)))

    assert not is_accepted(replace(SIGNED, raw_query=query), NOW)


@given(st.integers(0, len(SIGNED.headers) - 1), positions, masks)
def test_a_changed_byte_of_a_signed_header_or_of_the_signature_is_refused(index: int, position: int, mask: int) -> None:
    name, value = SIGNED.headers[index]
    assume(name != b"user-agent")
    headers = list(SIGNED.headers)
    headers[index] = (name, changed_byte(value, position, mask))
    assume(header_values(headers) != header_values(SIGNED.headers))

    assert not is_accepted(replace(SIGNED, headers=tuple(headers)), NOW)


@pytest.mark.parametrize("method", ["GET", "POST", "QUT", "put"])
def test_another_method_is_refused(method: str) -> None:
    assert is_accepted(SIGNED, NOW)
    assert not is_accepted(replace(SIGNED, method=method), NOW)


def test_headers_that_are_not_signed_may_change_on_the_way() -> None:
    wire = without_header(SIGNED, b"user-agent").with_header(b"via", b"a proxy")

    assert is_accepted(wire, NOW)


@pytest.mark.parametrize("name", [b"x-amz-acl", b"x-amz-meta-b", b"x-amz-tagging"])
def test_an_unsigned_amz_header_is_refused(name: bytes) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(SIGNED.with_header(name, b"v"), NOW)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.ACCESS_DENIED, 403)
    assert refusal.value.details == {"HeadersNotSigned": name.decode()}


def test_a_repeated_signed_header_is_refused() -> None:
    assert not is_accepted(SIGNED.with_header(b"x-amz-meta-a", b"more"), NOW)


def test_a_request_that_does_not_sign_its_host_is_refused() -> None:
    wire = with_authorization(SIGNED, authorization(SIGNED).replace(b";host;", b";"))

    with pytest.raises(SignatureRefused, match="not signed: host") as refusal:
        check(wire, NOW)

    assert refusal.value.code == RefusalCode.ACCESS_DENIED


def test_a_signed_header_that_did_not_come_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="content-type is not in the request") as refusal:
        check(without_header(SIGNED, b"content-type"), NOW)

    assert refusal.value.code == RefusalCode.SIGNATURE_DOES_NOT_MATCH


def test_a_mismatch_says_what_was_signed_here_and_no_secret() -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(SIGNED, NOW, secret="another")

    details = refusal.value.details
    assert set(details) == {"AWSAccessKeyId", "StringToSign", "SignatureProvided", "CanonicalRequest"}
    assert details["CanonicalRequest"].startswith("PUT\n/b/a%20b/%C3%BC\npartNumber=1&uploadId=x%2B%2F%3D\n")
    assert details["StringToSign"].startswith(
        "AWS4-HMAC-SHA256\n20261121T120000Z\n20261121/eu-test-1/s3/aws4_request\n"
    )
    assert not any(SECRET in text or "another" in text for text in details.values())


@pytest.mark.parametrize("skew", [timedelta(minutes=15), timedelta(minutes=-15)])
def test_a_clock_may_differ_by_fifteen_minutes_and_no_more(skew: timedelta) -> None:
    assert is_accepted(SIGNED, NOW + skew)

    with pytest.raises(SignatureRefused) as refusal:
        check(SIGNED, NOW + skew + skew / 900)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.REQUEST_TIME_TOO_SKEWED, 403)


def test_a_date_header_stands_in_for_the_amz_date() -> None:
    wire = sign_header("GET", url_of("b", "k", []), NOW, headers={"Date": "x"})

    assert b"x-amz-date" not in dict(wire.headers)
    assert is_accepted(wire, NOW)


@pytest.mark.parametrize("date", [b"", b"yesterday", b"20261121", b"Tue, 99 Nov 2026 00:00:00 GMT"])
def test_a_request_without_a_valid_date_is_refused(date: bytes) -> None:
    wire = without_header(SIGNED, b"x-amz-date").with_header(b"date", date)

    with pytest.raises(SignatureRefused, match="valid Date or x-amz-date") as refusal:
        check(wire, NOW)

    assert refusal.value.code == RefusalCode.ACCESS_DENIED


def test_a_credential_of_another_day_is_refused() -> None:
    wire = with_authorization(SIGNED, authorization(SIGNED).replace(b"/20261121/", b"/20261120/"))

    with pytest.raises(SignatureRefused, match="not the same as X-Amz-Date") as refusal:
        check(wire, NOW)

    assert refusal.value.code == RefusalCode.AUTHORIZATION_HEADER_MALFORMED


def test_a_request_without_its_payload_hash_is_refused() -> None:
    with pytest.raises(SignatureRefused, match="Missing required header") as refusal:
        check(without_header(SIGNED, b"x-amz-content-sha256"), NOW)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.INVALID_REQUEST, 400)


@pytest.mark.parametrize(
    "value",
    [
        b"AWS4-HMAC-SHA256",
        b"AWS4-HMAC-SHA256 ",
        b"AWS4-HMAC-SHA256 Credential=AK/20261121/r/s3/aws4_request, SignedHeaders=host",
        b"AWS4-HMAC-SHA256 Credential=AK/20261121/r/s3/aws4_request, SignedHeaders=host, Signature=",
        b"AWS4-HMAC-SHA256 Credential=AK/20261121/r/s3/aws4_request, SignedHeaders=host;, Signature=a",
        b"AWS4-HMAC-SHA256 Credential=AK/20261121/r/s3/aws4_request, SignedHeaders=host;host, Signature=a",
        b"AWS4-HMAC-SHA256 Credential=AK/20261121/r/s3/aws4_request, SignedHeaders=host, Signature=a, Signature=b",
        b"AWS4-HMAC-SHA256 Credential=AK/20261121/r/s3/aws4_request, SignedHeaders=host, Signature=a, Other=b",
        b"AWS4-HMAC-SHA256 Credential=AK, SignedHeaders=host, Signature=a",
        b"AWS4-HMAC-SHA256 Credential=\xc3\xbc/20261121/r/s3/aws4_request, SignedHeaders=host, Signature=a",
    ],
)
def test_a_malformed_authorization_is_refused(value: bytes) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(with_authorization(SIGNED, value), NOW)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.AUTHORIZATION_HEADER_MALFORMED, 400)


def test_the_parts_of_an_authorization_may_come_in_any_order_without_spaces() -> None:
    scheme, _, rest = authorization(SIGNED).partition(b" ")
    parts = rest.split(b", ")

    assert is_accepted(with_authorization(SIGNED, scheme + b" " + b",".join(reversed(parts))), NOW)
