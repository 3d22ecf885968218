"""How a request says who made it: first what it claims, then, with that access key's secret, whether it's true.

Between the two steps the caller looks up the secret.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias, assert_never

from identity.signature import presigned, v2, v4
from identity.signature.canonical import Headers, RawRequest, header_values, query_parameters
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.payload import Verified
from identity.signature.presigned import PresignedV4
from identity.signature.scope import ALGORITHM
from identity.signature.v2 import PresignedV2
from identity.signature.v4 import HeaderV4


@dataclass(frozen=True, slots=True)
class Anonymous:
    """Nobody claims to have signed the request."""


Signed: TypeAlias = HeaderV4 | PresignedV4 | PresignedV2
Credentials: TypeAlias = Anonymous | Signed

_V4_PARAMETERS: Final = frozenset({b"X-Amz-Algorithm", b"X-Amz-Credential", presigned.SIGNATURE_PARAMETER})
_V2_PARAMETERS: Final = frozenset({v2.ACCESS_KEY_PARAMETER, v2.SIGNATURE_PARAMETER})
_MARKS: Final = (b"X-Amz-", b"Signature", b"AWSAccessKeyId")
_TOKEN: Final = b"x-amz-security-token"


def read_credentials(method: str, raw_path: bytes, raw_query: bytes, headers: Headers) -> Credentials:
    """Say how the request is signed, and by which access key; all parts are as on the wire, header names lower case.

    `raw_path` has no query, `raw_query` no question mark.
    Raises: SignatureRefused for what is malformed, signed twice, or signed in a way that isn't supported.
    """
    request = RawRequest(method, raw_path, raw_query, headers)
    values = header_values(headers)
    # Most queries hold none of these words, and then there is nothing to decode.
    parameters = query_parameters(raw_query) if any(mark in raw_query for mark in _MARKS) else []
    names = {name for name, _ in parameters}
    is_v4, is_v2 = not names.isdisjoint(_V4_PARAMETERS), not names.isdisjoint(_V2_PARAMETERS)
    match (b"authorization" in values) + is_v4 + is_v2:
        case 0:
            return Anonymous()
        case 1:
            _refuse_session_token(values, parameters)
        case _:
            raise SignatureRefused(
                RefusalCode.INVALID_ARGUMENT,
                "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string "
                "parameter or the Authorization header should be specified",
            )
    if is_v4:
        return presigned.parse_query(request, values, parameters)
    if is_v2:
        return v2.parse_query(request, parameters)
    _refuse_other_schemes(values[b"authorization"])
    return v4.parse_header(request, values)


def verify(credentials: Signed, secret: str, now: datetime, *, virtual_bucket: str | None = None) -> Verified:
    """Check the claim with the secret of its access key, at an aware instant.

    `virtual_bucket` is the bucket that the Host header names, None for path-style requests.
    Raises: SignatureRefused.
    """
    match credentials:
        case HeaderV4() | PresignedV4():
            return credentials.verify(secret, now)
        case PresignedV2():
            return credentials.verify(secret, now, virtual_bucket)
        case _:
            assert_never(credentials)


def _refuse_session_token(values: Mapping[bytes, bytes], parameters: Sequence[tuple[bytes, bytes]]) -> None:
    if _TOKEN in values or any(name.lower() == _TOKEN for name, _ in parameters):
        raise SignatureRefused(
            RefusalCode.INVALID_TOKEN,
            "Session tokens (x-amz-security-token) are not supported. Please use an access key and its secret alone.",
        )


def _refuse_other_schemes(authorization: bytes) -> None:
    scheme = authorization.partition(b" ")[0].decode("latin-1")
    if scheme == ALGORITHM:
        return
    if not scheme:
        raise SignatureRefused(RefusalCode.ACCESS_DENIED, "The Authorization header is empty.")
    if scheme == "AWS" or scheme.startswith("AWS4-"):
        raise SignatureRefused(
            RefusalCode.INVALID_REQUEST,
            f"The authorization mechanism you have provided ({scheme}) is not supported. Please use {ALGORITHM}.",
        )
    raise SignatureRefused(RefusalCode.INVALID_ARGUMENT, f"Unsupported Authorization Type. Please use {ALGORITHM}.")
