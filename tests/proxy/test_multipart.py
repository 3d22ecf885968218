"""What an upload in parts may declare of its checksums."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from domain.contents import Declared, ObjectHeaders
from domain.publishing import UploadFacts
from proxy.errors import S3Code, S3Error
from proxy.multipart import declared_checksum, part_algorithm
from proxy.part_numbers import read_part_number

ALGORITHM, TYPE = "x-amz-checksum-algorithm", "x-amz-checksum-type"
UPLOAD = UploadFacts("U", "P", "b", "k", None, True, True, ObjectHeaders(), Declared(), None, None, "ada", None)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (None, None)),
        ({ALGORITHM: "CRC32"}, ("CRC32", "COMPOSITE")),
        ({ALGORITHM: "crc32c", TYPE: "FULL_OBJECT"}, ("CRC32C", "FULL_OBJECT")),
        ({ALGORITHM: "CRC64NVME"}, ("CRC64NVME", "FULL_OBJECT")),
        ({ALGORITHM: "SHA256", TYPE: "COMPOSITE"}, ("SHA256", "COMPOSITE")),
        ({ALGORITHM: "XXHASH3"}, ("XXHASH3", "COMPOSITE")),
        ({ALGORITHM: "SHA512"}, ("SHA512", "COMPOSITE")),
    ],
)
def test_an_algorithm_has_a_type(headers: Mapping[str, str], expected: tuple[str | None, str | None]) -> None:
    assert declared_checksum(headers) == expected


@pytest.mark.parametrize(
    "headers",
    [
        {TYPE: "FULL_OBJECT"},
        {ALGORITHM: "CRC33"},
        {ALGORITHM: "CRC32", TYPE: "HALF_OBJECT"},
        {ALGORITHM: "CRC64NVME", TYPE: "COMPOSITE"},
        *({ALGORITHM: name, TYPE: "FULL_OBJECT"} for name in ("SHA1", "SHA256", "SHA512", "MD5", "XXHASH64")),
    ],
)
def test_what_s3_does_not_have_is_refused(headers: Mapping[str, str]) -> None:
    with pytest.raises(S3Error) as refused:
        declared_checksum(headers)

    assert refused.value.code is S3Code.INVALID_REQUEST


def test_a_part_is_computed_with_the_uploads_algorithm_whether_it_names_it_or_not() -> None:
    declared = replace(UPLOAD, checksum_algorithm="SHA1", checksum_type="COMPOSITE")

    assert part_algorithm(declared, None) == part_algorithm(declared, "sha1") == "sha1"
    assert part_algorithm(UPLOAD, None) == part_algorithm(UPLOAD, "sha1") == "crc64nvme"
    with pytest.raises(S3Error) as refused:
        part_algorithm(declared, "crc32")
    assert refused.value.code is S3Code.INVALID_REQUEST


@pytest.mark.parametrize("text", ["", "0", "10001", "-1", "1.5", "one", "٣", "1" * 30])
def test_part_numbers_go_from_1_to_10000(text: str) -> None:
    assert (read_part_number("1"), read_part_number("10000")) == (1, 10_000)
    with pytest.raises(S3Error) as refused:
        read_part_number(text)
    assert refused.value.code is S3Code.INVALID_ARGUMENT
