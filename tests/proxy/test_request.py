"""Requests as they come: paths, hosts, queries and headers."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.asgi import Scope
from proxy.errors import S3Code, S3Error
from proxy.request import parse_request, virtual_bucket_of

NAMES = st.from_regex(r"[a-z0-9][a-z0-9.-]{1,20}[a-z0-9]", fullmatch=True)
KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _scope(path: str, query: str = "", headers: dict[str, str] | None = None) -> Scope:
    sent = {"host": "s3.test:9000", **(headers or {})}
    return {
        "method": "GET",
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
    }


@given(bucket=NAMES, key=KEYS, escaped=st.sampled_from(["/", "", "/~", "/:@!$&'()*,;="]))
def test_any_key_is_read_from_the_path_however_it_is_escaped(bucket: str, key: str, escaped: str) -> None:
    request = parse_request(_scope(f"/{bucket}/{quote(key, safe=escaped)}"), "s3.test")

    assert (request.bucket, request.key, request.virtual_bucket) == (bucket, key, None)


@given(bucket=NAMES, key=KEYS)
def test_a_virtual_host_names_the_bucket_and_the_whole_path_is_the_key(bucket: str, key: str) -> None:
    request = parse_request(_scope(f"/{quote(key)}", headers={"host": f"{bucket}.s3.test:9000"}), "s3.test")

    assert (request.bucket, request.key, request.virtual_bucket) == (bucket, key, bucket)


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.test", "b"),
        ("B.S3.test:80", "b"),
        ("a.b.s3.test", "a.b"),
        ("s3.test", None),
        ("s3.test:9000", None),
        (".s3.test", None),
        ("xs3.test", None),
        ("127.0.0.1:9000", None),
        ("[::1]:9000", None),
        ("[::1]", None),
        ("", None),
    ],
)
def test_only_names_before_the_domain_are_buckets(host: str, bucket: str | None) -> None:
    assert virtual_bucket_of(host, "s3.test") == bucket
    assert virtual_bucket_of(host, None) is None


@pytest.mark.parametrize(
    ("path", "place"), [("/", ("", "")), ("/b", ("b", "")), ("/b/", ("b", "")), ("/b//", ("b", "/"))]
)
def test_slashes_are_kept_but_for_the_first_two(path: str, place: tuple[str, str]) -> None:
    request = parse_request(_scope(path), None)

    assert (request.bucket, request.key) == place


@pytest.mark.parametrize(("path", "code"), [("/b/%ff", S3Code.INVALID_URI), (f"/b/{'k' * 1025}", S3Code.KEY_TOO_LONG)])
def test_a_path_that_is_no_key_is_refused(path: str, code: S3Code) -> None:
    with pytest.raises(S3Error) as refused:
        parse_request(_scope(path), None)

    assert refused.value.code is code


def test_a_key_of_just_1024_bytes_is_allowed() -> None:
    assert len(parse_request(_scope("/b/" + "%C3%A4" * 512), None).key) == 512


def test_the_first_of_repeated_parameters_counts_and_plus_is_a_space() -> None:
    request = parse_request(_scope("/b", "prefix=a+b&prefix=c&empty&x=%2B"), None)

    assert request.query == {"prefix": "a b", "empty": "", "x": "+"}


def test_a_query_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(S3Error):
        parse_request(_scope("/b", "prefix=%ff"), None)


def test_amz_parameters_of_a_presigned_url_are_headers_and_of_another_are_not() -> None:
    presigned = parse_request(_scope("/b/k", "X-Amz-Signature=1&x-amz-meta-a=1&x-amz-acl=private&content-type=x"), None)
    plain = parse_request(_scope("/b/k", "x-amz-acl=private"), None)
    version_2 = parse_request(_scope("/b/k", "Signature=1&content-type=x"), None)
    header_wins = parse_request(_scope("/b/k", "X-Amz-Signature=1&x-amz-acl=a", {"x-amz-acl": "b"}), None)

    assert (presigned.headers["x-amz-meta-a"], presigned.headers["x-amz-acl"]) == ("1", "private")
    assert "content-type" not in presigned.headers
    assert "x-amz-acl" not in plain.headers
    assert version_2.headers["content-type"] == "x"
    assert header_wins.headers["x-amz-acl"] == "b"


def test_headers_are_utf8_where_they_are_and_latin_1_otherwise() -> None:
    scope = _scope("/b")
    scope["headers"] = [(b"a", "ä".encode()), (b"b", b"\xe4 "), (b"c", b"1"), (b"c", b"2")]

    assert parse_request(scope, None).headers == {"a": "ä", "b": "ä", "c": "1,2"}


def test_a_request_shows_no_secrets_in_its_text() -> None:
    request = parse_request(_scope("/b/k", "X-Amz-Signature=secret", {"authorization": "secret"}), None)

    assert "secret" not in repr(request)
