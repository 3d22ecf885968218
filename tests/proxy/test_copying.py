"""What a copy names as its source."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.copying import SourceName, parse_source
from proxy.errors import S3Code, S3Error
from proxy.operations.upload_part_copy import exact_slice
from proxy.ranges import Slice


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bucket/key", SourceName("bucket", "key", None)),
        ("/bucket/a/b//c", SourceName("bucket", "a/b//c", None)),
        ("bucket/a%20b+c%2Bd", SourceName("bucket", "a b c+d", None)),
        ("bucket%2Fkey", SourceName("bucket", "key", None)),
        ("bucket/k?versionId=null", SourceName("bucket", "k", "null")),
        ("bucket/k?versionId=1&x=2", SourceName("bucket", "k", "1")),
        ("bucket/k?versionId=", SourceName("bucket", "k", "")),
        ("bucket/%3FversionId", SourceName("bucket", "?versionId", None)),
        ("bucket/k?other=1", SourceName("bucket", "k?other=1", None)),
    ],
)
def test_a_source_is_read_as_s3_reads_it(text: str, expected: SourceName) -> None:
    assert parse_source(text) == expected


@given(st.text(min_size=1, max_size=50).filter(lambda key: key.isprintable()))
def test_every_key_can_be_named(key: str) -> None:
    assert parse_source(f"bucket/{quote(key)}") == SourceName("bucket", key, None)


@pytest.mark.parametrize("text", ["", "/", "bucket", "bucket/", "/bucket", "//key", "bucket/%FF"])
def test_what_names_no_key_is_refused(text: str) -> None:
    with pytest.raises(S3Error) as refused:
        parse_source(text)

    assert refused.value.code is S3Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, Slice(0, 10, 10)), ("bytes=0-9", Slice(0, 10, 10)), ("bytes=3-3", Slice(3, 1, 10))],
)
def test_a_source_is_taken_whole_or_by_an_exact_range(header: str | None, expected: Slice) -> None:
    assert exact_slice(header, 10) == expected


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("bytes=0", S3Code.INVALID_ARGUMENT),
        ("bytes=0-", S3Code.INVALID_ARGUMENT),
        ("bytes=-3", S3Code.INVALID_ARGUMENT),
        ("bytes=5-3", S3Code.INVALID_ARGUMENT),
        ("bytes=0-2,3-5", S3Code.INVALID_ARGUMENT),
        ("bytes=hello-world", S3Code.INVALID_ARGUMENT),
        ("0-3", S3Code.INVALID_ARGUMENT),
        ("", S3Code.INVALID_ARGUMENT),
        ("bytes=0-10", S3Code.INVALID_RANGE),
        ("bytes=10-10", S3Code.INVALID_RANGE),
    ],
)
def test_any_other_range_is_refused(header: str, code: S3Code) -> None:
    with pytest.raises(S3Error) as refused:
        exact_slice(header, 10)

    assert refused.value.code is code


def test_a_part_of_more_than_five_gibibytes_is_refused() -> None:
    assert exact_slice(None, 5 * 1024**3).length == 5 * 1024**3
    with pytest.raises(S3Error) as refused:
        exact_slice(None, 5 * 1024**3 + 1)
    assert refused.value.code is S3Code.INVALID_REQUEST
