"""What is kept beside the bytes, to and from HTTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contents import DEFAULT_CONTENT_TYPE, ObjectHeaders
from proxy.errors import S3Code, S3Error
from proxy.headers import answered_headers, object_headers, overrides
from proxy.responses import encode_headers

WORDS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=20)
TOKENS = st.from_regex(r"[a-z0-9-]{1,10}", fullmatch=True)


@given(
    content_type=WORDS,
    optional=st.dictionaries(
        st.sampled_from(["content-disposition", "content-language", "cache-control", "expires"]), WORDS
    ),
    metadata=st.dictionaries(TOKENS, st.one_of(st.just(""), WORDS), max_size=5),
)
def test_what_is_sent_comes_back(content_type: str, optional: dict[str, str], metadata: dict[str, str]) -> None:
    sent = {"content-type": content_type, **optional, **{f"x-amz-meta-{name}": text for name, text in metadata.items()}}

    kept = object_headers(sent)

    assert answered_headers(kept) == sent
    assert kept.user_metadata == metadata


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("aws-chunked", None),
        ("gzip, aws-chunked", "gzip"),
        ("gzip,br", "gzip,br"),
        ("AWS-Chunked,gzip", "gzip"),
        ("", None),
    ],
)
def test_the_transfer_coding_isnt_kept(sent: str, kept: str | None) -> None:
    assert object_headers({"content-encoding": sent}).content_encoding == kept


def test_nothing_sent_gives_the_default_type_alone() -> None:
    assert object_headers({}) == ObjectHeaders(content_type=DEFAULT_CONTENT_TYPE)
    assert answered_headers(ObjectHeaders()) == {"content-type": DEFAULT_CONTENT_TYPE}


def test_two_kilobytes_of_names_and_values_are_the_bound() -> None:
    assert object_headers({"x-amz-meta-a": "b" * 2047}).user_metadata == {"a": "b" * 2047}

    with pytest.raises(S3Error) as refused:
        object_headers({"x-amz-meta-a": "b" * 2048})

    assert refused.value.code is S3Code.METADATA_TOO_LARGE


def test_overrides_are_for_signed_requests() -> None:
    query = {"response-content-type": "text/html", "response-expires": "never", "other": "x"}

    assert overrides(query, is_signed=True) == {"content-type": "text/html", "expires": "never"}
    assert overrides({}, is_signed=False) == {}
    with pytest.raises(S3Error):
        overrides(query, is_signed=False)


@given(st.text())
def test_no_value_ends_its_header_early(value: str) -> None:
    ((_, encoded),) = encode_headers({"x": value.encode("utf-8", "ignore").decode("utf-8")})

    assert not {0, 10, 13} & set(encoded)
