"""From a list and the parts that came to one content."""

import base64
import zlib
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.contents import BlobFacts, Declared, NewContent, ObjectHeaders, PartFacts
from domain.errors import ChecksumMismatch
from domain.limits import PART_BYTES_MIN
from domain.publishing import UploadFacts
from proxy.assembling import ListedPart, Whole, assemble, choose, listed_etag, read_list, read_whole
from proxy.checksums import digest_of, encode_digest
from proxy.errors import S3Error
from proxy.xml import parse

ROOT = "CompleteMultipartUpload"
NOTHING = Whole(None, None, None, None)
SECOND = "<Part><PartNumber>2</PartNumber><ETag>b</ETag></Part>"
MD5S = ["0" * 31 + digit for digit in "123456789"]


def _upload(algorithm: str | None = None, kind: str | None = None, declared: Declared | None = None) -> UploadFacts:
    return UploadFacts(
        id="U",
        project_id="P",
        bucket="b",
        key="k",
        object_id=None,
        is_open=True,
        is_multipart=True,
        headers=ObjectHeaders(),
        declared=declared or Declared(),
        checksum_algorithm=algorithm,
        checksum_type=kind,
        created_by="ada",
        finished=None,
    )


def _part(number: int, length: int = PART_BYTES_MIN, checksums: Mapping[str, str] | None = None) -> PartFacts:
    md5 = MD5S[number - 1]
    return PartFacts(number, BlobFacts(f"{number:032x}", length, length, md5, "0" * 64, "key", b"w"), checksums or {})


def _of_bytes(bodies: Sequence[bytes], *names: str) -> list[PartFacts]:
    parts: list[PartFacts] = []
    for number, body in enumerate(bodies, start=1):
        checksums = {name: encode_digest(digest_of(name.lower(), body)) for name in names}
        blob = BlobFacts(f"{number:032x}", len(body), len(body), digest_of("md5", body).hex(), "0" * 64, "key", b"w")
        parts.append(PartFacts(number, blob, checksums))
    return parts


def _listed(*numbers: int) -> list[ListedPart]:
    return [ListedPart(number, MD5S[number - 1], {}) for number in numbers]


def _code(refused: pytest.ExceptionInfo[S3Error]) -> str:
    return str(refused.value.code)


# -- the list


def test_a_list_is_read_as_clients_write_it() -> None:
    body = (
        b'<?xml version="1.0"?><CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        b"<Part><ETag>&quot;A&quot;</ETag><PartNumber>2</PartNumber><ChecksumCRC32>x</ChecksumCRC32></Part>"
        b"<Part><PartNumber> 1 </PartNumber><ETag>b</ETag><ChecksumCRC32>y</ChecksumCRC32></Part>"
        b"</CompleteMultipartUpload>"
    )

    listed = read_list(parse(body, ROOT))

    assert listed == (ListedPart(2, "a", {"CRC32": "x"}), ListedPart(1, "b", {"CRC32": "y"}))


def test_of_a_part_named_twice_in_a_row_the_last_counts() -> None:
    """A client that sent a part again may name both; ceph's s3-tests do."""
    part = "<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>"
    inside = "".join(part.format(number, etag) for number, etag in ((1, "a"), (1, "b"), (2, "c"), (1, "d")))

    listed = read_list(parse(f"<CompleteMultipartUpload>{inside}</CompleteMultipartUpload>".encode(), ROOT))

    assert [(part.number, part.etag) for part in listed] == [(1, "b"), (2, "c"), (1, "d")]


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("", "MalformedXML"),
        ("<Other/>", "MalformedXML"),
        ("<Part><PartNumber>1</PartNumber></Part>", "MalformedXML"),
        ("<Part><ETag>a</ETag></Part>", "MalformedXML"),
        ("<Part><PartNumber>one</PartNumber><ETag>a</ETag></Part>", "MalformedXML"),
        ("<Part><PartNumber>-1</PartNumber><ETag>a</ETag></Part>", "MalformedXML"),
        ("<Part><PartNumber>1</PartNumber><ETag>a</ETag><ChecksumCRC33>x</ChecksumCRC33></Part>", "MalformedXML"),
        ("<Part><PartNumber>1</PartNumber><ETag>a</ETag></Part>" * 10_001, "MalformedXML"),
        (
            "<Part><PartNumber>1</PartNumber><ETag>a</ETag><ChecksumMD5>x</ChecksumMD5></Part>" + SECOND,
            "InvalidRequest",
        ),
    ],
)
def test_a_list_that_is_none_is_refused(inside: str, code: str) -> None:
    root = parse(f"<CompleteMultipartUpload>{inside}</CompleteMultipartUpload>".encode(), ROOT)

    with pytest.raises(S3Error) as refused:
        read_list(root)

    assert _code(refused) == code


def test_the_longest_list_can_be_read() -> None:
    part = "<Part><PartNumber>{}</PartNumber><ETag>a</ETag><ChecksumCRC32>x</ChecksumCRC32></Part>"
    inside = "".join(part.format(number) for number in range(1, 10_001))

    listed = read_list(parse(f"<CompleteMultipartUpload>{inside}</CompleteMultipartUpload>".encode(), ROOT))

    assert [part.number for part in listed] == list(range(1, 10_001))


# -- the parts


def test_the_listed_parts_are_chosen_and_only_these() -> None:
    uploaded = {number: _part(number) for number in (1, 2, 3, 7)}

    assert choose(_listed(1, 3, 7), uploaded) == (uploaded[1], uploaded[3], uploaded[7])


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        (_listed(2, 1), "InvalidPartOrder"),
        (_listed(1, 1), "InvalidPartOrder"),
        (_listed(1, 4), "InvalidPart"),
        ([ListedPart(1, MD5S[1], {})], "InvalidPart"),
        ([ListedPart(1, "", {})], "InvalidPart"),
        ([ListedPart(0, MD5S[0], {})], "InvalidPart"),
        ([ListedPart(1, MD5S[0], {"CRC32": "other"})], "InvalidPart"),
        ([ListedPart(1, MD5S[0], {"SHA1": "unknown"})], "InvalidPart"),
        (_listed(3, 5), "EntityTooSmall"),
    ],
)
def test_a_wrong_list_is_refused(listed: list[ListedPart], code: str) -> None:
    uploaded = {1: _part(1, checksums={"CRC32": "x"}), 2: _part(2), 3: _part(3, PART_BYTES_MIN - 1), 5: _part(5)}

    with pytest.raises(S3Error) as refused:
        choose(listed, uploaded)

    assert _code(refused) == code


def test_the_last_part_may_be_small_or_empty() -> None:
    uploaded = {1: _part(1), 2: _part(2, 0)}

    assert choose(_listed(1, 2), uploaded) == (uploaded[1], uploaded[2])
    assert choose(_listed(2), uploaded) == (uploaded[2],)


def test_more_than_five_tebibytes_are_too_much() -> None:
    with pytest.raises(S3Error) as refused:
        choose(_listed(1, 2), {1: _part(1, 5 * 1024**4), 2: _part(2, 1)})

    assert _code(refused) == "EntityTooLarge"


def test_the_etag_of_a_list_is_that_of_its_content() -> None:
    parts = [_part(1), _part(2)]
    content = assemble(_upload(), [_with_crc64(part) for part in parts], NOTHING, "C")

    assert listed_etag(_listed(1, 2)) == content.etag
    assert listed_etag([ListedPart(1, "no md5", {})]) is None


def _with_crc64(part: PartFacts) -> PartFacts:
    return PartFacts(part.number, part.blob, {"CRC64NVME": encode_digest(bytes(8))})


# -- the whole


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=9), st.sampled_from(["CRC32", "CRC32C", "CRC64NVME"]))
def test_a_full_object_checksum_is_that_of_all_bytes(bodies: list[bytes], name: str) -> None:
    content = assemble(_upload(name, "FULL_OBJECT"), _of_bytes(bodies, name), NOTHING, "C")

    whole = encode_digest(digest_of(name.lower(), b"".join(bodies)))
    assert (content.checksums, content.checksum_type) == ({name: whole}, "FULL_OBJECT")
    assert content.length_bytes == len(b"".join(bodies))


def test_a_composite_checksum_is_that_of_the_parts_checksums() -> None:
    """Known answer from ceph's s3-tests: three parts of 5 MiB of A, B and C with SHA-256."""
    parts = [
        PartFacts(number, _part(number).blob, {"SHA256": checksum})
        for number, checksum in enumerate(
            (
                "275VF5loJr1YYawit0XSHREhkFXYkkPKGuoK0x9VKxI=",
                "mrHwOfjTL5Zwfj74F05HOQGLdUb7E5szdCbxgUSq6NM=",
                "Vw7oB/nKQ5xWb3hNgbyfkvDiivl+U+/Dft48nfJfDow=",
            ),
            start=1,
        )
    ]

    content = assemble(_upload("SHA256", "COMPOSITE"), parts, NOTHING, "C")

    assert content.checksums == {"SHA256": "uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3"}
    assert [part.checksums for part in content.parts] == [part.checksums for part in parts]


def test_where_nothing_was_declared_the_whole_gets_a_crc64nvme_and_the_parts_none() -> None:
    content = assemble(_upload(), _of_bytes([b"ab", b"c"], "CRC64NVME", "CRC32"), NOTHING, "C")

    assert content.checksums == {"CRC64NVME": encode_digest(digest_of("crc64nvme", b"abc"))}
    assert [part.checksums for part in content.parts] == [{}, {}]


def _assembled(upload: UploadFacts, headers: Mapping[str, str]) -> NewContent:
    return assemble(upload, _of_bytes([b"ab", b"c"], "CRC64NVME", "CRC32", "SHA1"), read_whole(headers), "C")


def _crc32(body: bytes) -> str:
    return base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode()


COMPOSITE_SHA1 = encode_digest(digest_of("sha1", digest_of("sha1", b"ab") + digest_of("sha1", b"c")))


@pytest.mark.parametrize(
    ("upload", "headers"),
    [
        (
            _upload("CRC32", "FULL_OBJECT"),
            {"x-amz-checksum-crc32": _crc32(b"abc"), "x-amz-checksum-type": "FULL_OBJECT"},
        ),
        (_upload(), {"x-amz-checksum-crc32": _crc32(b"abc"), "x-amz-mp-object-size": "3"}),
        (_upload("SHA1", "COMPOSITE"), {"x-amz-checksum-sha1": f"{COMPOSITE_SHA1}-2"}),
        (_upload("SHA1", "COMPOSITE"), {"x-amz-checksum-sha1": COMPOSITE_SHA1, "x-amz-checksum-type": "COMPOSITE"}),
        (_upload(declared=Declared(3)), {}),
    ],
)
def test_what_is_said_of_the_whole_and_is_true_passes(upload: UploadFacts, headers: Mapping[str, str]) -> None:
    assert _assembled(upload, headers).length_bytes == 3


@pytest.mark.parametrize(
    ("upload", "headers"),
    [
        (_upload("CRC32", "FULL_OBJECT"), {"x-amz-checksum-crc32": _crc32(b"abd")}),
        (_upload(), {"x-amz-checksum-crc32": _crc32(b"abd")}),
        (_upload("SHA1", "COMPOSITE"), {"x-amz-checksum-sha1": f"{COMPOSITE_SHA1}-3"}),
        (_upload("SHA1", "COMPOSITE"), {"x-amz-checksum-sha1": encode_digest(digest_of("sha1", b"abc"))}),
    ],
)
def test_a_wrong_checksum_of_the_whole_is_refused(upload: UploadFacts, headers: Mapping[str, str]) -> None:
    with pytest.raises(ChecksumMismatch):
        _assembled(upload, headers)


@pytest.mark.parametrize(
    ("upload", "headers"),
    [
        (_upload("CRC32", "FULL_OBJECT"), {"x-amz-checksum-type": "COMPOSITE"}),
        (_upload(), {"x-amz-checksum-type": "COMPOSITE"}),
        (_upload(), {"x-amz-mp-object-size": "4"}),
        (_upload(), {"x-amz-mp-object-size": "-4"}),
        (_upload(declared=Declared(4)), {}),
        (_upload("CRC32", "FULL_OBJECT"), {"x-amz-checksum-sha1": COMPOSITE_SHA1}),
        (_upload(), {"x-amz-checksum-sha1": COMPOSITE_SHA1}),
        (_upload(), {"x-amz-checksum-crc32c": _crc32(b"abc")}),
        (_upload(), {"x-amz-checksum-crc32": "bad"}),
        (_upload(), {"x-amz-checksum-crc32": _crc32(b"abc") + "-x"}),
        (_upload(), {"x-amz-checksum-crc32": _crc32(b"abc"), "x-amz-checksum-sha1": COMPOSITE_SHA1}),
    ],
)
def test_what_cannot_be_meant_or_checked_is_refused(upload: UploadFacts, headers: Mapping[str, str]) -> None:
    with pytest.raises(S3Error) as refused:
        _assembled(upload, headers)

    assert _code(refused) == "InvalidRequest"
