"""Presigned URLs of Version 4: botocore's are accepted, ours come back as they were made."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from urllib3.util import parse_url

from domain.errors import BadInput
from identity.signature.canonical import canonical_path, query_parameters
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import ExactPayload, UnsignedPayload, Verified
from identity.signature.presigned import EXPIRES_MAX_S, presign
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
    presign_v4,
    query_names,
    query_values,
    url_of,
)

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
SIGNED = presign_v4("GET", url_of("b", "a b/ü", [("versionId", "x+/=")]), NOW, 60)


def made(key: str = "k", *, method: str = "PUT", expires_s: int = 60, **more: object) -> str:
    arguments: dict[str, object] = {
        "endpoint": "http://s3.test:9000",
        "bucket": "bucket",
        "access_key_id": ACCESS_KEY_ID,
        "secret": SECRET,
        "region": "eu-test-1",
        "now": NOW,
        **more,
    }
    return presign(method=method, key=key, expires_s=expires_s, **arguments)  # pyright: ignore[reportArgumentType]


def sent(url: str, method: str = "PUT") -> Wire:
    """The request that an HTTP library makes of a URL; urllib3 is one that removes dot segments."""
    parsed = parse_url(url)
    path, query, host = (parsed.path or "").encode(), (parsed.query or "").encode(), parsed.netloc or ""
    return Wire(method, path, query, ((b"host", host.encode()), (b"user-agent", b"urllib3")))


def with_parameter(wire: Wire, name: bytes, value: bytes | None) -> Wire:
    pairs = [pair for pair in wire.raw_query.split(b"&") if not pair.startswith(name + b"=")]
    if value is not None:
        pairs.append(name + b"=" + value)
    return replace(wire, raw_query=b"&".join(pairs))


@given(
    st.sampled_from(["GET", "PUT", "HEAD", "DELETE"]),
    keys,
    st.dictionaries(query_names, query_values, max_size=3),
    st.integers(1, EXPIRES_MAX_S),
)
def test_what_botocore_presigns_is_accepted(method: str, key: str, query: dict[str, str], expires_s: int) -> None:
    wire = presign_v4(method, url_of("bucket", key, list(query.items())), NOW, expires_s)

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, UnsignedPayload())


def test_headers_that_botocore_presigns_must_be_sent_as_they_were_signed() -> None:
    headers = {"content-type": "text/plain", "x-amz-acl": "private"}
    wire = presign_v4("PUT", url_of("b", "k", []), NOW, 60, headers=headers)

    assert is_accepted(wire, NOW)
    for changed in ((b"content-type", b"text/html"), (b"x-amz-acl", b"public-read")):
        others = tuple(header for header in wire.headers if header[0] != changed[0])
        assert not is_accepted(replace(wire, headers=others), NOW)
        assert not is_accepted(replace(wire, headers=(*others, changed)), NOW)


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


def test_another_method_or_host_and_an_unsigned_amz_header_are_refused() -> None:
    assert is_accepted(SIGNED, NOW)
    assert not is_accepted(replace(SIGNED, method="DELETE"), NOW)
    assert not is_accepted(replace(SIGNED, headers=((b"host", b"other.test"),)), NOW)
    assert not is_accepted(SIGNED.with_header(b"x-amz-acl", b"public-read"), NOW)


@given(st.integers(1, EXPIRES_MAX_S))
def test_a_url_is_good_until_it_expires(expires_s: int) -> None:
    wire = sent(made(expires_s=expires_s))

    assert is_accepted(wire, NOW + timedelta(seconds=expires_s - 1))
    with pytest.raises(SignatureRefused, match="Request has expired") as refusal:
        check(wire, NOW + timedelta(seconds=expires_s))

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.ACCESS_DENIED, 403)


def test_a_url_that_expires_at_once_has_expired() -> None:
    wire = presign_v4("GET", url_of("b", "k", []), NOW, 0)

    with pytest.raises(SignatureRefused, match="Request has expired") as refusal:
        check(wire, NOW)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.ACCESS_DENIED, 403)


def test_a_url_of_the_future_is_not_yet_valid() -> None:
    assert is_accepted(SIGNED, NOW - timedelta(minutes=15))

    with pytest.raises(SignatureRefused, match="not yet valid") as refusal:
        check(SIGNED, NOW - timedelta(minutes=15, seconds=1))

    assert refusal.value.code == RefusalCode.ACCESS_DENIED


@pytest.mark.parametrize(
    ("name", "value"),
    [
        (b"X-Amz-Expires", b"604801"),
        (b"X-Amz-Expires", b"-1"),
        (b"X-Amz-Expires", b"soon"),
        (b"X-Amz-Expires", b""),
        (b"X-Amz-Expires", b"9" * 30),
        (b"X-Amz-Expires", None),
        (b"X-Amz-Algorithm", b"AWS4-HMAC-SHA1"),
        (b"X-Amz-Algorithm", b"AWS4-ECDSA-P256-SHA256"),
        (b"X-Amz-Algorithm", None),
        (b"X-Amz-Credential", b"AK"),
        (b"X-Amz-Credential", b"AK/20261121/r/iam/aws4_request"),
        (b"X-Amz-Credential", b"AK/20261120/r/s3/aws4_request"),
        (b"X-Amz-Credential", None),
        (b"X-Amz-Date", b"20261121"),
        (b"X-Amz-Date", b"20261131T000000Z"),
        (b"X-Amz-Date", None),
        (b"X-Amz-SignedHeaders", b"host;;range"),
        (b"X-Amz-SignedHeaders", None),
        (b"X-Amz-Signature", b"%C3%BC"),
        (b"X-Amz-Signature", None),
    ],
)
def test_a_malformed_or_missing_parameter_is_refused(name: bytes, value: bytes | None) -> None:
    with pytest.raises(SignatureRefused) as refusal:
        check(with_parameter(SIGNED, name, value), NOW)

    assert (refusal.value.code, refusal.value.status) == (RefusalCode.AUTHORIZATION_QUERY_PARAMETERS_ERROR, 400)


@pytest.mark.parametrize("date", [b"99991231T235959Z", b"00010101T000000Z"])
def test_instants_at_the_end_of_time_are_refused_by_time(date: bytes) -> None:
    wire = with_parameter(SIGNED, b"X-Amz-Date", date)
    credential = b"AK/" + date[:8] + b"/r/s3/aws4_request"

    with pytest.raises(SignatureRefused) as refusal:
        check(with_parameter(wire, b"X-Amz-Credential", credential), NOW)

    assert refusal.value.code == RefusalCode.ACCESS_DENIED


def test_a_parameter_given_twice_is_refused() -> None:
    wire = replace(SIGNED, raw_query=SIGNED.raw_query + b"&X-Amz-Expires=600")

    with pytest.raises(SignatureRefused, match="X-Amz-Expires once") as refusal:
        check(wire, NOW)

    assert refusal.value.code == RefusalCode.AUTHORIZATION_QUERY_PARAMETERS_ERROR


@given(keys, st.lists(st.tuples(query_names, query_values), max_size=3), st.booleans())
@example("./x", [], False)
@example("x/../../y", [], False)
@example("../x/..", [], True)
@example("", [("uploads", "")], False)
@example("", [("acl", "")], True)
def test_a_url_made_here_is_accepted_after_an_http_library_sent_it(
    key: str,
    query: list[tuple[str, str]],
    is_virtual_host: bool,  # noqa: FBT001  drawn by hypothesis
) -> None:
    assume(key not in (".", ".."))

    url = made(key, query=query, is_virtual_host=is_virtual_host)
    wire = sent(url)

    prefix = "/" if is_virtual_host else "/bucket/" if key else "/bucket"
    assert unquote(wire.raw_path.decode()) == prefix + key
    assert urlsplit(url).netloc == ("bucket.s3.test:9000" if is_virtual_host else "s3.test:9000")
    assert set(query_parameters(wire.raw_query)) >= {(name.encode(), value.encode()) for name, value in query}
    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, UnsignedPayload())


@given(keys, st.dictionaries(st.text("abcdefgh", min_size=1), query_values, max_size=3), st.integers(1, EXPIRES_MAX_S))
def test_a_url_made_here_has_the_signature_that_botocore_makes(key: str, query: dict[str, str], expires_s: int) -> None:
    assume(not {".", ".."}.intersection(key.split("/")))

    ours = made(key, method="GET", expires_s=expires_s, query=query.items())
    peer = presign_v4("GET", url_of("bucket", key, list(query.items())), NOW, expires_s)

    assert canonical_path(urlsplit(ours).path.encode()) == canonical_path(peer.raw_path)
    assert sorted(query_parameters(urlsplit(ours).query.encode())) == sorted(query_parameters(peer.raw_query))


@pytest.mark.parametrize("key", [".", ".."])
def test_a_key_that_clients_take_out_of_a_path_is_refused(key: str) -> None:
    with pytest.raises(BadInput, match="no URL can hold the key"):
        made(key)


@pytest.mark.parametrize("expires_s", [-1, 0, EXPIRES_MAX_S + 1])
def test_a_lifetime_out_of_bounds_is_refused(expires_s: int) -> None:
    with pytest.raises(BadInput, match="lasts 1 to 604800 seconds"):
        made(expires_s=expires_s)


@pytest.mark.parametrize(
    ("endpoint", "host"),
    [
        ("https://S3.Test/", "s3.test"),
        ("https://s3.test:443", "s3.test"),
        ("http://s3.test:443", "s3.test:443"),
        ("http://127.0.0.1:9000", "127.0.0.1:9000"),
        ("http://[::1]:9000", "[::1]:9000"),
    ],
)
def test_the_host_is_the_one_that_clients_send(endpoint: str, host: str) -> None:
    url = made(endpoint=endpoint)

    assert urlsplit(url).netloc == host
    assert is_accepted(sent(url), NOW)


@pytest.mark.parametrize(
    "endpoint", ["s3.test", "ftp://s3.test", "http://s3.test/base", "http://a@s3.test", "http://s3.test?x"]
)
def test_an_endpoint_that_is_more_than_an_origin_is_a_mistake_of_the_settings(endpoint: str) -> None:
    with pytest.raises(AssertionError):
        made(endpoint=endpoint)


def test_headers_given_to_presign_must_come_with_the_request() -> None:
    url = made(headers=[("Content-Type", "text/plain"), ("x-amz-checksum-crc32", "AAAAAA==")])
    wire = sent(url)
    complete = wire.with_header(b"content-type", b"text/plain").with_header(b"x-amz-checksum-crc32", b"AAAAAA==")

    assert is_accepted(complete, NOW)
    assert not is_accepted(wire, NOW)
    assert not is_accepted(wire.with_header(b"content-type", b"text/plain"), NOW)


@pytest.mark.parametrize("name", ["X-Amz-Content-Sha256", "x-amz-content-sha256"])
def test_a_payload_hash_in_the_query_binds_the_body(name: str) -> None:
    wire = sent(made(query=[(name, "0a" * 32)]))

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, ExactPayload("0a" * 32))
    with pytest.raises(SignatureRefused):
        check(wire.with_header(b"x-amz-content-sha256", b"UNSIGNED-PAYLOAD"), NOW)


def test_a_payload_hash_in_a_signed_header_binds_the_body() -> None:
    wire = sent(made(headers=[("x-amz-content-sha256", "0a" * 32)])).with_header(b"x-amz-content-sha256", b"0a" * 32)

    assert check(wire, NOW) == Verified(ACCESS_KEY_ID, ExactPayload("0a" * 32))


def test_two_payload_hashes_are_refused() -> None:
    headers = [("x-amz-content-sha256", "0a" * 32)]
    url = made(headers=headers)
    wire = replace(sent(url), raw_query=urlsplit(url).query.encode() + b"&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD")

    with pytest.raises(SignatureRefused, match="given twice") as refusal:
        check(wire.with_header(b"x-amz-content-sha256", b"0a" * 32), NOW)

    assert refusal.value.code == RefusalCode.INVALID_ARGUMENT
