"""Refusals in S3's words: codes with their statuses, and what each refusal of the domain becomes.

Whatever has no row here is internal: masked, and logged with the request id. Two tables, checked for completeness by
tests/proxy/test_errors.py. A refused signature brings its own S3 code and status.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from domain.errors import Code, ConditionFailed, DomainError
from identity.signature.errors import SignatureRefused
from proxy.ingesting import WrongLength


class S3Code(StrEnum):
    """S3's error codes that this face answers by itself."""

    ACCESS_CONTROL_LIST_NOT_SUPPORTED = "AccessControlListNotSupported"
    ACCESS_DENIED = "AccessDenied"
    ACCESS_FORBIDDEN = "AccessForbidden"
    BAD_DIGEST = "BadDigest"
    BAD_REQUEST = "BadRequest"
    BUCKET_ALREADY_EXISTS = "BucketAlreadyExists"
    BUCKET_NOT_EMPTY = "BucketNotEmpty"
    ENTITY_TOO_LARGE = "EntityTooLarge"
    ENTITY_TOO_SMALL = "EntityTooSmall"
    INCOMPLETE_BODY = "IncompleteBody"
    INTERNAL_ERROR = "InternalError"
    INVALID_ACCESS_KEY_ID = "InvalidAccessKeyId"
    INVALID_ARGUMENT = "InvalidArgument"
    INVALID_BUCKET_NAME = "InvalidBucketName"
    INVALID_DIGEST = "InvalidDigest"
    INVALID_OBJECT_STATE = "InvalidObjectState"
    INVALID_PART = "InvalidPart"
    INVALID_PART_NUMBER = "InvalidPartNumber"
    INVALID_PART_ORDER = "InvalidPartOrder"
    INVALID_RANGE = "InvalidRange"
    INVALID_REQUEST = "InvalidRequest"
    INVALID_STORAGE_CLASS = "InvalidStorageClass"
    INVALID_URI = "InvalidURI"
    KEY_TOO_LONG = "KeyTooLongError"
    MALFORMED_XML = "MalformedXML"
    METADATA_TOO_LARGE = "MetadataTooLarge"
    METHOD_NOT_ALLOWED = "MethodNotAllowed"
    MISSING_CONTENT_LENGTH = "MissingContentLength"
    NO_SUCH_BUCKET = "NoSuchBucket"
    NO_SUCH_BUCKET_POLICY = "NoSuchBucketPolicy"
    NO_SUCH_CORS_CONFIGURATION = "NoSuchCORSConfiguration"
    NO_SUCH_KEY = "NoSuchKey"
    NO_SUCH_LIFECYCLE_CONFIGURATION = "NoSuchLifecycleConfiguration"
    NO_SUCH_OBJECT_LOCK_CONFIGURATION = "NoSuchObjectLockConfiguration"
    NO_SUCH_PUBLIC_ACCESS_BLOCK_CONFIGURATION = "NoSuchPublicAccessBlockConfiguration"
    NO_SUCH_TAG_SET = "NoSuchTagSet"
    NO_SUCH_UPLOAD = "NoSuchUpload"
    NO_SUCH_VERSION = "NoSuchVersion"
    NO_SUCH_WEBSITE_CONFIGURATION = "NoSuchWebsiteConfiguration"
    NOT_IMPLEMENTED = "NotImplemented"
    OBJECT_LOCK_CONFIGURATION_NOT_FOUND = "ObjectLockConfigurationNotFoundError"
    OPERATION_ABORTED = "OperationAborted"
    OWNERSHIP_CONTROLS_NOT_FOUND = "OwnershipControlsNotFoundError"
    PRECONDITION_FAILED = "PreconditionFailed"
    QUOTA_EXCEEDED = "QuotaExceeded"
    REPLICATION_CONFIGURATION_NOT_FOUND = "ReplicationConfigurationNotFoundError"
    ENCRYPTION_CONFIGURATION_NOT_FOUND = "ServerSideEncryptionConfigurationNotFoundError"
    SERVICE_UNAVAILABLE = "ServiceUnavailable"
    SLOW_DOWN = "SlowDown"


S3_STATUSES: Final[Mapping[S3Code, int]] = MappingProxyType(
    {
        S3Code.ACCESS_CONTROL_LIST_NOT_SUPPORTED: 400,
        S3Code.ACCESS_DENIED: 403,
        S3Code.ACCESS_FORBIDDEN: 403,
        S3Code.BAD_DIGEST: 400,
        S3Code.BAD_REQUEST: 400,
        S3Code.BUCKET_ALREADY_EXISTS: 409,
        S3Code.BUCKET_NOT_EMPTY: 409,
        S3Code.ENTITY_TOO_LARGE: 400,
        S3Code.ENTITY_TOO_SMALL: 400,
        S3Code.INCOMPLETE_BODY: 400,
        S3Code.INTERNAL_ERROR: 500,
        S3Code.INVALID_ACCESS_KEY_ID: 403,
        S3Code.INVALID_ARGUMENT: 400,
        S3Code.INVALID_BUCKET_NAME: 400,
        S3Code.INVALID_DIGEST: 400,
        S3Code.INVALID_OBJECT_STATE: 403,
        S3Code.INVALID_PART: 400,
        S3Code.INVALID_PART_NUMBER: 416,
        S3Code.INVALID_PART_ORDER: 400,
        S3Code.INVALID_RANGE: 416,
        S3Code.INVALID_REQUEST: 400,
        S3Code.INVALID_STORAGE_CLASS: 400,
        S3Code.INVALID_URI: 400,
        S3Code.KEY_TOO_LONG: 400,
        S3Code.MALFORMED_XML: 400,
        S3Code.METADATA_TOO_LARGE: 400,
        S3Code.METHOD_NOT_ALLOWED: 405,
        S3Code.MISSING_CONTENT_LENGTH: 411,
        S3Code.NO_SUCH_BUCKET: 404,
        S3Code.NO_SUCH_BUCKET_POLICY: 404,
        S3Code.NO_SUCH_CORS_CONFIGURATION: 404,
        S3Code.NO_SUCH_KEY: 404,
        S3Code.NO_SUCH_LIFECYCLE_CONFIGURATION: 404,
        S3Code.NO_SUCH_OBJECT_LOCK_CONFIGURATION: 404,
        S3Code.NO_SUCH_PUBLIC_ACCESS_BLOCK_CONFIGURATION: 404,
        S3Code.NO_SUCH_TAG_SET: 404,
        S3Code.NO_SUCH_UPLOAD: 404,
        S3Code.NO_SUCH_VERSION: 404,
        S3Code.NO_SUCH_WEBSITE_CONFIGURATION: 404,
        S3Code.NOT_IMPLEMENTED: 501,
        S3Code.OBJECT_LOCK_CONFIGURATION_NOT_FOUND: 404,
        S3Code.OPERATION_ABORTED: 409,
        S3Code.OWNERSHIP_CONTROLS_NOT_FOUND: 404,
        S3Code.PRECONDITION_FAILED: 412,
        S3Code.QUOTA_EXCEEDED: 403,
        S3Code.REPLICATION_CONFIGURATION_NOT_FOUND: 404,
        S3Code.ENCRYPTION_CONFIGURATION_NOT_FOUND: 404,
        S3Code.SERVICE_UNAVAILABLE: 503,
        S3Code.SLOW_DOWN: 503,
    }
)
"""The HTTP status that S3 sends with each code."""

DOMAIN_CODES: Final[Mapping[Code, S3Code]] = MappingProxyType(
    {
        Code.UNAUTHENTICATED: S3Code.ACCESS_DENIED,
        Code.FORBIDDEN: S3Code.ACCESS_DENIED,
        Code.NOT_FOUND: S3Code.NO_SUCH_KEY,
        Code.BAD_USER_INPUT: S3Code.INVALID_ARGUMENT,
        Code.ALREADY_EXISTS: S3Code.BUCKET_ALREADY_EXISTS,
        Code.CONFLICT: S3Code.OPERATION_ABORTED,
        Code.FAILED_PRECONDITION: S3Code.INVALID_OBJECT_STATE,
        Code.IMMUTABLE: S3Code.ACCESS_DENIED,
        Code.CYCLE: S3Code.INVALID_REQUEST,
        Code.HIERARCHY: S3Code.INVALID_REQUEST,
        Code.HOME_PARENT: S3Code.INVALID_REQUEST,
        Code.CHECKSUM_MISMATCH: S3Code.BAD_DIGEST,
        Code.QUOTA_EXCEEDED: S3Code.QUOTA_EXCEEDED,
        Code.COST_EXCEEDED: S3Code.INVALID_REQUEST,
        Code.THROTTLED: S3Code.SLOW_DOWN,
        Code.UNAVAILABLE: S3Code.SERVICE_UNAVAILABLE,
        Code.INTERNAL: S3Code.INTERNAL_ERROR,
    }
)
"""What a refusal of the domain becomes where its class has no code of its own below."""

CLASS_CODES: Final[Mapping[type[DomainError], S3Code]] = MappingProxyType(
    {ConditionFailed: S3Code.PRECONDITION_FAILED, WrongLength: S3Code.INCOMPLETE_BODY}
)

_MASKED: Final = "We encountered an internal error. Please try again, and name the request id if it stays."
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class S3Error(Exception):
    """A refusal with S3's code. `details` are further elements of the error document, `headers` of the answer."""

    def __init__(
        self,
        code: S3Code,
        message: str,
        *,
        details: Mapping[str, str] = _NOTHING,
        headers: Mapping[str, str] = _NOTHING,
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.details = details
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Problem:
    """What a client is told of an error."""

    code: str
    status: int
    message: str
    details: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_internal(self) -> bool:
        """Whether it is our fault: then the log has its cause."""
        return self.code == S3Code.INTERNAL_ERROR


def problem_of(error: Exception) -> Problem:
    """Say what a client is told of any error."""
    if isinstance(error, S3Error):
        return Problem(error.code, S3_STATUSES[error.code], error.message, error.details, error.headers)
    if isinstance(error, SignatureRefused):
        return Problem(error.code, error.status, error.message, error.details)
    code = S3Code.INTERNAL_ERROR
    if isinstance(error, DomainError):
        code = CLASS_CODES.get(type(error), DOMAIN_CODES[error.code])
    if isinstance(error, DomainError) and code is not S3Code.INTERNAL_ERROR:
        return Problem(code, S3_STATUSES[code], error.message)
    return Problem(S3Code.INTERNAL_ERROR, S3_STATUSES[S3Code.INTERNAL_ERROR], _MASKED)


def access_denied(message: str = "Access Denied") -> S3Error:
    """Make the refusal that tells nothing of what is there."""
    return S3Error(S3Code.ACCESS_DENIED, message)


def not_implemented(what: str) -> S3Error:
    """Make the refusal of what S3 has and this server hasn't."""
    return S3Error(S3Code.NOT_IMPLEMENTED, f"{what} is not implemented here.")
