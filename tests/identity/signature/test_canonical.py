"""Canonical forms: one text for all the ways to write the same request."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity.signature.canonical import (
    canonical_path,
    canonical_query,
    canonical_request,
    encode_text,
    header_values,
    query_parameters,
)
from tests.identity.signature.peer import keys, query_names, query_values


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (b"", b"/"),
        (b"/", b"/"),
        (b"/b/a//b/./../c/", b"/b/a//b/./../c/"),
        (b"/b/a%20b", b"/b/a%20b"),
        (b"/b/a+b", b"/b/a%2Bb"),
        (b"/b/a%2bb", b"/b/a%2Bb"),
        (b"/b/test$file", b"/b/test%24file"),
        (b"/b/%7euser", b"/b/~user"),
        (b"/b/a%2Fb", b"/b/a/b"),
        (b"/b/%zz%4", b"/b/%25zz%254"),
        ("/b/ü".encode(), b"/b/%C3%BC"),
    ],
)
def test_a_path_is_decoded_and_encoded_once_and_not_normalised(raw: bytes, canonical: bytes) -> None:
    assert canonical_path(raw) == canonical


@given(keys, st.sampled_from(["/", "/~", "/!$&'()*+,;=:@"]))
def test_clients_that_escape_differently_sign_the_same_path(key: str, safe: str) -> None:
    assert canonical_path(quote(f"/b/{key}", safe=safe).encode()) == quote(f"/b/{key}", safe="/").encode()


@pytest.mark.parametrize(
    ("raw", "canonical"),
    [
        (b"", b""),
        (b"acl", b"acl="),
        (b"acl=", b"acl="),
        (b"prefix=J&max-keys=2", b"max-keys=2&prefix=J"),
        (b"a=2&a=1&A=3", b"A=3&a=1&a=2"),
        (b"prefix=a+b", b"prefix=a%20b"),
        (b"prefix=a%2bb/c", b"prefix=a%2Bb%2Fc"),
        (b"a=b=c&&", b"a=b%3Dc"),
        (b"a-b=1&a=2", b"a=2&a-b=1"),
        # '%' sorts before digits: the encoded names are compared, not the decoded ones.
        (b"a%C3%BC=1&a0=2", b"a%C3%BC=1&a0=2"),
    ],
)
def test_a_query_is_encoded_and_sorted_by_name_and_value(raw: bytes, canonical: bytes) -> None:
    assert canonical_query(query_parameters(raw)) == canonical


@given(st.lists(st.tuples(query_names, query_values), max_size=6))
def test_a_canonical_query_is_its_own_canonical_form(pairs: list[tuple[str, str]]) -> None:
    parameters = [(name.encode(), value.encode()) for name, value in pairs]

    written = canonical_query(parameters)

    assert sorted(query_parameters(written)) == sorted(parameters)
    assert canonical_query(query_parameters(written)) == written


@given(st.binary(max_size=40))
def test_encoded_text_holds_unreserved_characters_and_escapes_only(text: bytes) -> None:
    assert encode_text(text) == quote(text, safe="").encode()


def test_header_values_are_trimmed_collapsed_and_joined_in_the_order_of_the_wire() -> None:
    headers = [(b"x-amz-meta-a", b"  two   words\t here "), (b"x-a", b"1"), (b"x-a", b" 2"), (b"x-empty", b"")]

    assert header_values(headers) == {b"x-amz-meta-a": b"two words here", b"x-a": b"1,2", b"x-empty": b""}


def test_a_canonical_request_has_an_empty_line_after_its_headers() -> None:
    request = canonical_request("GET", b"/k", b"acl=", (b"host", b"range"), {b"host": b"h", b"range": b"r"}, "abc")

    assert request == b"GET\n/k\nacl=\nhost:h\nrange:r\n\nhost;range\nabc"
