"""What S3 keeps beside the bytes, from a request's headers and back into an answer's.

User metadata: names lower case, empty values kept, at most 2 KB of names and values together. Headers for what isn't
built are refused, never silently dropped: a success would promise something that doesn't happen.
"""

from collections.abc import Mapping
from typing import Final

from domain.contents import DEFAULT_CONTENT_TYPE, ObjectHeaders
from domain.limits import USER_METADATA_BYTES_MAX
from proxy.errors import S3Code, S3Error, not_implemented

METADATA_PREFIX: Final = "x-amz-meta-"
CHECKSUM_PREFIX: Final = "x-amz-checksum-"
ENCRYPTION_HEADER: Final = "x-amz-server-side-encryption"

_CODING: Final = "aws-chunked"
_OVERRIDES: Final = {
    "response-content-type": "content-type",
    "response-content-disposition": "content-disposition",
    "response-content-encoding": "content-encoding",
    "response-content-language": "content-language",
    "response-cache-control": "cache-control",
    "response-expires": "expires",
}
_NOT_BUILT: Final = (
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-write-offset-bytes",
    "x-amz-object-lock-mode",
    "x-amz-object-lock-retain-until-date",
    "x-amz-object-lock-legal-hold",
)
_ACL_GRANTS: Final = "x-amz-grant-"
_CUSTOMER_KEY: Final = "x-amz-server-side-encryption-customer-"
_KMS_KEY: Final = "x-amz-server-side-encryption-aws-kms-"


def object_headers(headers: Mapping[str, str]) -> ObjectHeaders:
    """Read what a write wants kept. `aws-chunked` is a transfer coding and isn't.

    Raises: S3Error (MetadataTooLarge).
    """
    metadata: dict[str, str] = {}
    size = 0
    for name, value in headers.items():
        if name.startswith(METADATA_PREFIX):
            metadata[name[len(METADATA_PREFIX) :]] = value
            size += len(name) - len(METADATA_PREFIX) + len(value.encode("utf-8"))
    if size > USER_METADATA_BYTES_MAX:
        raise S3Error(
            S3Code.METADATA_TOO_LARGE,
            "Your metadata headers exceed the maximum allowed metadata size",
            details={"Size": str(size), "MaxSizeAllowed": str(USER_METADATA_BYTES_MAX)},
        )
    return ObjectHeaders(
        content_type=headers.get("content-type") or DEFAULT_CONTENT_TYPE,
        content_disposition=headers.get("content-disposition") or None,
        content_encoding=_content_encoding(headers.get("content-encoding")),
        content_language=headers.get("content-language") or None,
        cache_control=headers.get("cache-control") or None,
        expires=headers.get("expires") or None,
        user_metadata=metadata,
    )


def _content_encoding(value: str | None) -> str | None:
    if value is None:
        return None
    codings = [coding.strip() for coding in value.split(",")]
    return ",".join(coding for coding in codings if coding and coding.lower() != _CODING) or None


def answered_headers(kept: ObjectHeaders) -> dict[str, str]:
    """Write what was kept as headers of an answer."""
    optional = (
        ("content-disposition", kept.content_disposition),
        ("content-encoding", kept.content_encoding),
        ("content-language", kept.content_language),
        ("cache-control", kept.cache_control),
        ("expires", kept.expires),
    )
    answered = {"content-type": kept.content_type} | {name: value for name, value in optional if value is not None}
    return answered | {METADATA_PREFIX + name: value for name, value in kept.user_metadata.items()}


def overrides(query: Mapping[str, str], *, is_signed: bool) -> dict[str, str]:
    """Headers that the query's `response-*` parameters put in place of those kept.

    Raises: S3Error (InvalidRequest) for anonymous requests.
    """
    found = {header: query[name] for name, header in _OVERRIDES.items() if name in query}
    if found and not is_signed:
        raise S3Error(
            S3Code.INVALID_REQUEST, "Request specific response headers cannot be used for anonymous GET requests."
        )
    return found


def refuse_unsupported(headers: Mapping[str, str]) -> None:
    """Refuse a write that asks for what isn't there; `private` and AES256 are what happens anyway.

    Raises: S3Error (NotImplemented, AccessControlListNotSupported, InvalidStorageClass, InvalidArgument).
    """
    for name in _NOT_BUILT:
        if name in headers:
            raise not_implemented(f"The header {name}")
    for name in headers:
        if name.startswith((_CUSTOMER_KEY, _KMS_KEY)):
            raise not_implemented("Encryption with keys of a customer or of KMS")
    check_canned_acl(headers)
    if headers.get("x-amz-storage-class", "STANDARD") != "STANDARD":
        raise S3Error(S3Code.INVALID_STORAGE_CLASS, "The storage class you specified is not valid; STANDARD is.")
    match headers.get(ENCRYPTION_HEADER):
        case None | "AES256":
            pass
        case "aws:kms" | "aws:kms:dsse":
            raise not_implemented("Encryption with KMS")
        case _:
            raise S3Error(S3Code.INVALID_ARGUMENT, f"{ENCRYPTION_HEADER} must be AES256.")


def echoed_encryption(headers: Mapping[str, str]) -> dict[str, str]:
    """Header that answers a request for encryption, which `refuse_unsupported` has let pass."""
    return {ENCRYPTION_HEADER: headers[ENCRYPTION_HEADER]} if ENCRYPTION_HEADER in headers else {}


def check_canned_acl(headers: Mapping[str, str]) -> str | None:
    """Canned ACL of a request if there is one; only `private` is accepted, which changes nothing.

    Raises: S3Error (AccessControlListNotSupported, NotImplemented).
    """
    if any(name.startswith(_ACL_GRANTS) for name in headers):
        raise _acl_not_supported()
    acl = headers.get("x-amz-acl")
    if acl == "public-read":
        raise not_implemented("The canned ACL public-read")
    if acl not in {None, "private"}:
        raise _acl_not_supported()
    return acl


def _acl_not_supported() -> S3Error:
    return S3Error(
        S3Code.ACCESS_CONTROL_LIST_NOT_SUPPORTED,
        "Access here is given by grants, not by ACLs; the only ACL that is accepted is private.",
    )
