import json
from collections.abc import Callable
from pathlib import Path

import pytest
from awscrt.checksums import XXHash  # pyright: ignore[reportMissingTypeStubs]  it has none
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import BadInput
from proxy.checksums import (
    ALGORITHMS,
    composite_checksum,
    decode_digest,
    digest_of,
    encode_digest,
    full_object_checksum,
)

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "checksums.json").read_text())
CRCS = ("crc32", "crc32c", "crc64nvme")


@pytest.mark.parametrize("known", VECTORS["answers"], ids=lambda known: known["algorithm"])
def test_a_digest_equals_the_published_answer(known: dict[str, str]) -> None:
    assert digest_of(known["algorithm"], known["text"].encode()).hex() == known["digest"]


def test_every_algorithm_has_a_published_answer() -> None:
    assert {known["algorithm"] for known in VECTORS["answers"]} == set(ALGORITHMS)


@pytest.mark.parametrize("known", VECTORS["headers"], ids=lambda known: known["algorithm"])
def test_a_header_equals_the_one_in_amazons_example(known: dict[str, str]) -> None:
    body = known["text"].encode() * int(known["repeat"])

    assert encode_digest(digest_of(known["algorithm"], body)) == known["header"]


@pytest.mark.parametrize(
    ("name", "compute"),
    [
        ("xxhash64", XXHash.compute_xxhash64),
        ("xxhash3", XXHash.compute_xxhash3_64),
        ("xxhash128", XXHash.compute_xxhash3_128),
    ],
)
@given(data=st.binary(max_size=600))
def test_xxhash_bytes_are_in_the_order_of_amazons_own_library(
    name: str, compute: Callable[[bytes], bytes], data: bytes
) -> None:
    assert digest_of(name, data) == compute(data)


@pytest.mark.parametrize("name", ALGORITHMS)
@given(pieces=st.lists(st.binary(max_size=300), max_size=5))
def test_hashing_piece_by_piece_equals_hashing_at_once(name: str, pieces: list[bytes]) -> None:
    hasher = ALGORITHMS[name].new()

    for piece in pieces:
        hasher.update(memoryview(bytearray(b"-" + piece))[1:])

    assert hasher.digest() == digest_of(name, b"".join(pieces))
    assert len(hasher.digest()) == ALGORITHMS[name].digest_bytes


@pytest.mark.parametrize("name", ALGORITHMS)
@given(data=st.binary(max_size=50))
def test_a_digest_survives_its_header(name: str, data: bytes) -> None:
    digest = digest_of(name, data)

    assert decode_digest(name, encode_digest(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AAAA",
        "AAAAAAAA",
        "AAAAAA",
        "AAAAA===",
        "AAAA AA==",
        "AAAAAA==\n",
        "AAAAA_==",
        "AAAAAB==",  # bits behind the last byte
        "ÄAAAAA==",
        "*" * 1000,
    ],
)
def test_what_is_not_the_base64_of_four_bytes_is_no_crc32(text: str) -> None:
    with pytest.raises(BadInput, match="crc32"):
        decode_digest("crc32", text)


@pytest.mark.parametrize("name", CRCS)
@given(parts=st.lists(st.binary(max_size=100), min_size=1, max_size=6))
def test_crcs_of_parts_combine_to_the_crc_of_the_whole(name: str, parts: list[bytes]) -> None:
    digests = [(digest_of(name, part), len(part)) for part in parts]

    assert full_object_checksum(name, digests) == encode_digest(digest_of(name, b"".join(parts)))


def test_a_composite_checksum_is_over_the_digests_and_counts_the_parts() -> None:
    digests = [digest_of("sha256", b"one"), digest_of("sha256", b"two")]

    assert composite_checksum("sha256", digests) == encode_digest(digest_of("sha256", digests[0] + digests[1])) + "-2"


def test_crc64nvme_has_no_composite_checksum() -> None:
    with pytest.raises(BadInput, match="FULL_OBJECT"):
        composite_checksum("crc64nvme", [digest_of("crc64nvme", b"one")])


@pytest.mark.parametrize("name", sorted(set(ALGORITHMS) - set(CRCS)))
def test_only_crcs_have_full_object_checksums_of_several_parts(name: str) -> None:
    with pytest.raises(BadInput, match="COMPOSITE"):
        full_object_checksum(name, [(digest_of(name, b"one"), 3)])
