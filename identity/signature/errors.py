"""Why a signed request is refused, in S3's own words.

The codes and their statuses are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html:
clients branch on them, so they stay S3's and aren't folded into the DomainError tree.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class RefusalCode(StrEnum):
    """S3's error codes that a signature check can end with."""

    ACCESS_DENIED = "AccessDenied"
    AUTHORIZATION_HEADER_MALFORMED = "AuthorizationHeaderMalformed"
    AUTHORIZATION_QUERY_PARAMETERS_ERROR = "AuthorizationQueryParametersError"
    INCOMPLETE_BODY = "IncompleteBody"
    INVALID_ARGUMENT = "InvalidArgument"
    INVALID_CHUNK_SIZE = "InvalidChunkSizeError"
    INVALID_REQUEST = "InvalidRequest"
    INVALID_TOKEN = "InvalidToken"  # noqa: S105  the name of an error, not a secret
    MALFORMED_TRAILER = "MalformedTrailerError"
    MISSING_CONTENT_LENGTH = "MissingContentLength"
    REQUEST_TIME_TOO_SKEWED = "RequestTimeTooSkewed"
    SIGNATURE_DOES_NOT_MATCH = "SignatureDoesNotMatch"
    CONTENT_SHA256_MISMATCH = "XAmzContentSHA256Mismatch"


STATUSES: Final[Mapping[RefusalCode, int]] = MappingProxyType(
    {
        RefusalCode.ACCESS_DENIED: 403,
        RefusalCode.AUTHORIZATION_HEADER_MALFORMED: 400,
        RefusalCode.AUTHORIZATION_QUERY_PARAMETERS_ERROR: 400,
        RefusalCode.INCOMPLETE_BODY: 400,
        RefusalCode.INVALID_ARGUMENT: 400,
        RefusalCode.INVALID_CHUNK_SIZE: 403,
        RefusalCode.INVALID_REQUEST: 400,
        RefusalCode.INVALID_TOKEN: 400,
        RefusalCode.MALFORMED_TRAILER: 400,
        RefusalCode.MISSING_CONTENT_LENGTH: 411,
        RefusalCode.REQUEST_TIME_TOO_SKEWED: 403,
        RefusalCode.SIGNATURE_DOES_NOT_MATCH: 403,
        RefusalCode.CONTENT_SHA256_MISMATCH: 400,
    }
)
"""The HTTP status that S3 sends with each code."""


class SignatureRefused(Exception):
    """The request isn't what its signer signed, or says so in a form that S3 doesn't know.

    `details` are further elements for the error document, by name; they hold nothing that the caller didn't send.
    """

    def __init__(self, code: RefusalCode, message: str, *, details: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = STATUSES[code]
        self.details: Mapping[str, str] = MappingProxyType(dict(details or {}))
