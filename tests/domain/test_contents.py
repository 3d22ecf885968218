import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contents import Declared, NewContent, PartFacts, check_declared, multipart_etag, single_content
from domain.errors import BadInput
from tests.domain.making import content

EMPTY_MD5 = "d41d8cd98f00b204e9800998ecf8427e"


def test_the_etag_of_one_empty_part_is_known() -> None:
    """From outside: `printf '' | md5sum | xxd -r -p | md5sum`."""
    assert multipart_etag([EMPTY_MD5]) == "59adb24ef3cdbe0297f05b395827453f-1"


def test_the_etag_of_two_parts_is_known() -> None:
    """From outside: md5 of the digests of 5 MiB of zeros (5f363e0e58a95f06cbe9bbc662c5dfb6) and of 'a', by md5sum."""
    parts = ["5f363e0e58a95f06cbe9bbc662c5dfb6", "0cc175b9c0f1b6a831c399e269772661"]

    assert multipart_etag(parts) == "c37a4df95f46d5fbd682f9f1aff63bd5-2"


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=5))
def test_the_etag_of_parts_depends_on_their_order_and_number_only(parts: list[bytes]) -> None:
    md5s = [hashlib.md5(part, usedforsecurity=False).hexdigest() for part in parts]

    etag = multipart_etag(md5s)

    whole = hashlib.md5(b"".join(map(bytes.fromhex, md5s)), usedforsecurity=False).hexdigest()
    assert etag == f"{whole}-{len(parts)}"


def test_a_single_upload_shows_the_md5_of_its_bytes_as_etag() -> None:
    blob = content(9).parts[0].blob

    assert single_content("C", blob, {"CRC32": "x"}) == NewContent(
        id="C",
        parts=(PartFacts(1, blob, {"CRC32": "x"}),),
        etag=blob.md5,
        md5=blob.md5,
        sha256=blob.sha256,
        checksums={"CRC32": "x"},
        checksum_type="FULL_OBJECT",
    )
    assert content(9).length_bytes == 9


def test_a_content_has_at_least_one_part() -> None:
    with pytest.raises(AssertionError, match="one empty part"):
        NewContent("C", (), "", None, None, {}, "FULL_OBJECT")


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        (Declared(length_bytes=-1), "contentLength"),
        (Declared(md5="0" * 31), "md5"),
        (Declared(md5="A" * 32), "md5"),
        (Declared(sha256="g" * 64), "sha256"),
        (Declared(sha256="0" * 32), "sha256"),
    ],
)
def test_digests_that_no_bytes_can_have_are_refused(declared: Declared, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_declared(declared, field=("input",))

    assert refused.value.field == ("input", field)


def test_what_bytes_can_have_may_be_declared() -> None:
    check_declared(Declared())
    check_declared(Declared(0, EMPTY_MD5, "0" * 64))
