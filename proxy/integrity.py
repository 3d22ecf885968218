"""What a request says its body's checksums are, in headers or trailers, and whether the bytes agree.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from domain.contents import Declared
from domain.errors import BadInput, ChecksumMismatch
from identity.signature.payload import ExactPayload, Payload, check_content_sha256
from proxy.checksums import ALGORITHMS, decode_digest
from proxy.errors import S3Code, S3Error
from proxy.headers import CHECKSUM_PREFIX
from proxy.ingesting import Digests

_OTHER: Final = frozenset({"type", "algorithm", "mode"})
_ALGORITHM_HEADERS: Final = ("x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm")
_is_base64_letters: Final = re.compile(r"[A-Za-z0-9+/]+={0,2}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True)
class Integrity:
    """What the bytes must be: MD5 in hex, and a checksum by algorithm, whose base64 may come as a trailer."""

    md5: str | None
    algorithm: str | None
    checksum: str | None
    is_in_trailer: bool

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Algorithms to compute; none leaves the default."""
        return () if self.algorithm is None else (self.algorithm,)

    def with_trailers(self, trailers: Mapping[str, str]) -> "Integrity":
        """Take the checksum from the trailers, once they are there.

        Raises: S3Error (InvalidRequest) for one that is malformed.
        """
        if not self.is_in_trailer or self.algorithm is None:
            return self
        name = CHECKSUM_PREFIX + self.algorithm
        checksum = trailers.get(name)
        if checksum is None or not _is_digest(self.algorithm, checksum):
            raise _malformed(name)
        return replace(self, checksum=checksum)

    def check(self, digests: Digests, payload: Payload, declared: Declared = Declared()) -> None:  # noqa: B008  frozen
        """Compare what came with all that was said of it.

        Raises: SignatureRefused (XAmzContentSHA256Mismatch), ChecksumMismatch.
        """
        if isinstance(payload, ExactPayload):
            check_content_sha256(payload, digests.sha256)
        for expected in (self.md5, declared.md5):
            if expected is not None and expected != digests.md5:
                raise ChecksumMismatch(f"the bytes have the MD5 {digests.md5}, {expected} was declared")
        if declared.sha256 is not None and declared.sha256 != digests.sha256:
            raise ChecksumMismatch(f"the bytes have the SHA-256 {digests.sha256}, {declared.sha256} was declared")
        if self.algorithm is not None and self.checksum is not None:
            computed = digests.checksums[self.algorithm]
            if computed != self.checksum:
                raise ChecksumMismatch(
                    f"the bytes have the {self.algorithm.upper()} {computed}, {self.checksum} was declared"
                )


def read_integrity(headers: Mapping[str, str], *, is_put: bool) -> Integrity:
    """Read what a request says of its body.

    Raises: S3Error (InvalidDigest, InvalidRequest; BadDigest where a PUT's checksum has a length that base64 can't
    have, as S3 says there).
    """
    given = {
        name[len(CHECKSUM_PREFIX) :]: value
        for name, value in headers.items()
        if name.startswith(CHECKSUM_PREFIX) and name[len(CHECKSUM_PREFIX) :] not in _OTHER
    }
    trailing = [
        name.strip()[len(CHECKSUM_PREFIX) :]
        for name in headers.get("x-amz-trailer", "").lower().split(",")
        if name.strip().startswith(CHECKSUM_PREFIX)
    ]
    if len(given) + len(trailing) > 1:
        raise S3Error(S3Code.INVALID_REQUEST, "Expecting a single x-amz-checksum- header.")
    announced = {headers[name].lower() for name in _ALGORITHM_HEADERS if headers.get(name)}
    names = {*given, *trailing, *announced}
    if len(names) > 1 or not names.issubset(ALGORITHMS):
        raise S3Error(
            S3Code.INVALID_REQUEST, "The checksum algorithms named are more than one, or none that is supported."
        )
    algorithm = next(iter(names), None)
    checksum = next(iter(given.values()), None)
    if algorithm is not None and checksum is not None and not _is_digest(algorithm, checksum):
        if is_put and _is_base64_letters(checksum) and len(checksum) % 4:
            raise S3Error(S3Code.BAD_DIGEST, f"The {algorithm.upper()} you specified did not match what we received.")
        raise _malformed(CHECKSUM_PREFIX + algorithm)
    return Integrity(_content_md5(headers.get("content-md5")), algorithm, checksum, bool(trailing))


def _is_digest(algorithm: str, text: str) -> bool:
    try:
        decode_digest(algorithm, text)
    except BadInput:
        return False
    return True


def _malformed(name: str) -> S3Error:
    return S3Error(S3Code.INVALID_REQUEST, f"Value for {name} header is invalid.")


def _content_md5(text: str | None) -> str | None:
    """MD5 in hex of a Content-MD5 header."""
    if text is None:
        return None
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise S3Error(S3Code.INVALID_DIGEST, "The Content-MD5 you specified is not valid.")
    return digest.hex()
