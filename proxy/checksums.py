"""The checksums of S3: hashers by name, base64 as in `x-amz-checksum-*`, and the checksums of multipart contents.

Source: Amazon S3 User Guide, "Checking object integrity". CRCs and xxHashes are written as big-endian bytes before
base64; xxhash3 and xxhash128 are the 64-bit and 128-bit forms of XXH3, seed 0.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Final, Protocol

import xxhash
from awscrt import checksums as crt  # pyright: ignore[reportMissingTypeStubs]  it has none; its hints are inline

from domain.errors import BadInput
from proxy.buffers import BytesLike

DEFAULT_ALGORITHM: Final = "crc64nvme"


class Hasher(Protocol):
    """What hashlib's objects do, and all others here. `update` may run in any thread, one call at a time."""

    def update(self, data: BytesLike, /) -> None:
        """Take the next bytes."""
        ...

    def digest(self) -> bytes:
        """Digest of the bytes so far."""
        ...


class _Crc:
    """A running CRC from a function (bytes, crc so far) -> crc."""

    def __init__(self, compute: Callable[[BytesLike, int], int], digest_bytes: int) -> None:
        self._compute = compute
        self._digest_bytes = digest_bytes
        self._crc = 0

    def update(self, data: BytesLike, /) -> None:
        """Take the next bytes."""
        self._crc = self._compute(data, self._crc)

    def digest(self) -> bytes:
        """CRC of the bytes so far, big-endian."""
        return self._crc.to_bytes(self._digest_bytes, "big")


def _crc32c(data: BytesLike, crc: int) -> int:
    return crt.crc32c(data, crc)  # pyright: ignore[reportArgumentType]  it takes any buffer; its hint says bytes


def _crc64nvme(data: BytesLike, crc: int) -> int:
    return crt.crc64nvme(data, crc)  # pyright: ignore[reportArgumentType]  as above


@dataclass(frozen=True, slots=True)
class Algorithm:
    """One checksum algorithm of S3.

    `combine(first, second, second's length)` answers the CRC of two pieces in a row from theirs; None where no such
    thing exists. `is_slow` is true where hashing takes longer than sealing does: such a hasher gets a thread to itself.
    """

    new: Callable[[], Hasher]
    digest_bytes: int
    is_slow: bool = False
    has_composite: bool = True
    combine: Callable[[int, int, int], int] | None = None


ALGORITHMS: Final[Mapping[str, Algorithm]] = MappingProxyType(
    {
        "crc32": Algorithm(partial(_Crc, zlib.crc32, 4), 4, combine=crt.combine_crc32),
        "crc32c": Algorithm(partial(_Crc, _crc32c, 4), 4, combine=crt.combine_crc32c),
        "crc64nvme": Algorithm(partial(_Crc, _crc64nvme, 8), 8, has_composite=False, combine=crt.combine_crc64nvme),
        "sha1": Algorithm(partial(hashlib.sha1, usedforsecurity=False), 20, is_slow=True),
        "sha256": Algorithm(hashlib.sha256, 32, is_slow=True),
        "sha512": Algorithm(hashlib.sha512, 64, is_slow=True),
        "md5": Algorithm(partial(hashlib.md5, usedforsecurity=False), 16, is_slow=True),
        "xxhash64": Algorithm(xxhash.xxh64, 8),
        "xxhash3": Algorithm(xxhash.xxh3_64, 8),
        "xxhash128": Algorithm(xxhash.xxh3_128, 16),
    }
)


def digest_of(name: str, data: BytesLike) -> bytes:
    """Digest of bytes that are in memory."""
    hasher = ALGORITHMS[name].new()
    hasher.update(data)
    return hasher.digest()


def encode_digest(digest: bytes) -> str:
    """Write a digest as S3's headers do."""
    return base64.b64encode(digest).decode("ascii")


def decode_digest(name: str, text: str) -> bytes:
    """Read a digest from a header: canonical base64 of exactly the algorithm's length.

    Raises: BadInput.
    """
    digest_bytes = ALGORITHMS[name].digest_bytes
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadInput(f"the {name} checksum {text[:128]!r} is not base64") from error
    if len(digest) != digest_bytes or encode_digest(digest) != text:
        raise BadInput(f"the {name} checksum {text[:128]!r} is not the base64 of {digest_bytes} bytes")
    return digest


def composite_checksum(name: str, part_digests: Sequence[bytes]) -> str:
    """Checksum of type COMPOSITE: the algorithm over the parts' digests in order, `-`, the number of parts.

    Raises: BadInput - the algorithm has only full-object checksums.
    """
    if not ALGORITHMS[name].has_composite:
        raise BadInput(f"{name} has no COMPOSITE checksums; use FULL_OBJECT")
    return f"{encode_digest(digest_of(name, b''.join(part_digests)))}-{len(part_digests)}"


def full_object_checksum(name: str, parts: Sequence[tuple[bytes, int]]) -> str:
    """Checksum of type FULL_OBJECT from each part's digest and length in bytes, in order, without reading a byte.

    Raises: BadInput - only CRCs can be combined.
    """
    algorithm = ALGORITHMS[name]
    if algorithm.combine is None:
        raise BadInput(f"{name} has no FULL_OBJECT checksums of several parts; use COMPOSITE")
    whole = 0  # the CRC of no bytes, for each of the three
    for digest, length in parts:
        whole = algorithm.combine(whole, int.from_bytes(digest, "big"), length)
    return encode_digest(whole.to_bytes(algorithm.digest_bytes, "big"))
