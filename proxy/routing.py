"""Which operation a request is: one table of what it addresses, its method and its subresource.

A subresource is the one query parameter that chooses an operation (`?acl`). Two headers choose as well: a copy's
source turns a PUT into another operation. What has no row is answered NotImplemented, never with a wrong success.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from proxy.calling import Operation
from proxy.errors import S3Code, S3Error, not_implemented
from proxy.operations.abort_multipart_upload import ABORT_MULTIPART_UPLOAD
from proxy.operations.complete_multipart_upload import COMPLETE_MULTIPART_UPLOAD
from proxy.operations.copy_object import COPY_OBJECT
from proxy.operations.create_bucket import CREATE_BUCKET
from proxy.operations.create_multipart_upload import CREATE_MULTIPART_UPLOAD
from proxy.operations.delete_bucket import DELETE_BUCKET
from proxy.operations.delete_object import DELETE_OBJECT
from proxy.operations.delete_objects import DELETE_OBJECTS
from proxy.operations.get_acl import GET_BUCKET_ACL, GET_OBJECT_ACL
from proxy.operations.get_bucket_location import GET_BUCKET_LOCATION
from proxy.operations.get_bucket_versioning import GET_BUCKET_VERSIONING
from proxy.operations.get_object import GET_OBJECT
from proxy.operations.get_object_attributes import GET_OBJECT_ATTRIBUTES
from proxy.operations.get_unset_configuration import UNSET_BUCKET_CONFIGURATIONS, UNSET_OBJECT_CONFIGURATIONS
from proxy.operations.head_bucket import HEAD_BUCKET
from proxy.operations.head_object import HEAD_OBJECT
from proxy.operations.list_buckets import LIST_BUCKETS
from proxy.operations.list_multipart_uploads import LIST_MULTIPART_UPLOADS
from proxy.operations.list_objects import LIST_OBJECTS
from proxy.operations.list_objects_v2 import LIST_OBJECTS_V2
from proxy.operations.list_parts import LIST_PARTS
from proxy.operations.put_acl import PUT_BUCKET_ACL, PUT_OBJECT_ACL
from proxy.operations.put_object import PUT_OBJECT
from proxy.operations.upload_object import UPLOAD_OBJECT
from proxy.operations.upload_part import UPLOAD_PART
from proxy.operations.upload_part_copy import UPLOAD_PART_COPY
from proxy.request import COPY_SOURCE_HEADER, MULTIPART_PARAMETER, UPLOAD_PARAMETER, Request

METHODS: Final = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"})

SUBRESOURCES: Final = frozenset(
    {
        "abac",
        "accelerate",
        "acl",
        "analytics",
        "append",
        "attributes",
        "cors",
        "delete",
        "encryption",
        "intelligent-tiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "location",
        "logging",
        "metadataConfiguration",
        "metadataInventoryTable",
        "metadataJournalTable",
        "metadataTable",
        "metrics",
        "notification",
        "object-lock",
        "ownershipControls",
        "policy",
        "policyStatus",
        "publicAccessBlock",
        "renameObject",
        "replication",
        "requestPayment",
        "restore",
        "retention",
        "select",
        "session",
        "tagging",
        "torrent",
        "uploads",
        "versioning",
        "versions",
        "website",
        MULTIPART_PARAMETER,
        UPLOAD_PARAMETER,
    }
)


class Target(StrEnum):
    """What a request addresses."""

    SERVICE = "service"
    BUCKET = "bucket"
    OBJECT = "object"


Row = tuple[Target, str, str]
"""Target, method, and subresource: empty for none, `list-type=2` for the second list."""

ROUTES: Final[Mapping[Row, Operation]] = MappingProxyType(
    {
        (Target.SERVICE, "GET", ""): LIST_BUCKETS,
        (Target.BUCKET, "PUT", ""): CREATE_BUCKET,
        (Target.BUCKET, "HEAD", ""): HEAD_BUCKET,
        (Target.BUCKET, "DELETE", ""): DELETE_BUCKET,
        (Target.BUCKET, "GET", ""): LIST_OBJECTS,
        (Target.BUCKET, "GET", "list-type=2"): LIST_OBJECTS_V2,
        (Target.BUCKET, "GET", "location"): GET_BUCKET_LOCATION,
        (Target.BUCKET, "GET", "versioning"): GET_BUCKET_VERSIONING,
        (Target.BUCKET, "GET", "acl"): GET_BUCKET_ACL,
        (Target.BUCKET, "PUT", "acl"): PUT_BUCKET_ACL,
        (Target.BUCKET, "POST", "delete"): DELETE_OBJECTS,
        (Target.BUCKET, "GET", "uploads"): LIST_MULTIPART_UPLOADS,
        **{(Target.BUCKET, "GET", name): operation for name, operation in UNSET_BUCKET_CONFIGURATIONS.items()},
        (Target.OBJECT, "PUT", ""): PUT_OBJECT,
        (Target.OBJECT, "PUT", COPY_SOURCE_HEADER): COPY_OBJECT,
        (Target.OBJECT, "PUT", UPLOAD_PARAMETER): UPLOAD_OBJECT,
        (Target.OBJECT, "POST", "uploads"): CREATE_MULTIPART_UPLOAD,
        (Target.OBJECT, "PUT", MULTIPART_PARAMETER): UPLOAD_PART,
        (Target.OBJECT, "PUT", f"{MULTIPART_PARAMETER} {COPY_SOURCE_HEADER}"): UPLOAD_PART_COPY,
        (Target.OBJECT, "GET", MULTIPART_PARAMETER): LIST_PARTS,
        (Target.OBJECT, "POST", MULTIPART_PARAMETER): COMPLETE_MULTIPART_UPLOAD,
        (Target.OBJECT, "DELETE", MULTIPART_PARAMETER): ABORT_MULTIPART_UPLOAD,
        (Target.OBJECT, "GET", ""): GET_OBJECT,
        (Target.OBJECT, "HEAD", ""): HEAD_OBJECT,
        (Target.OBJECT, "DELETE", ""): DELETE_OBJECT,
        (Target.OBJECT, "GET", "attributes"): GET_OBJECT_ATTRIBUTES,
        (Target.OBJECT, "GET", "acl"): GET_OBJECT_ACL,
        (Target.OBJECT, "PUT", "acl"): PUT_OBJECT_ACL,
        **{(Target.OBJECT, "GET", name): operation for name, operation in UNSET_OBJECT_CONFIGURATIONS.items()},
    }
)


def row_of(request: Request) -> Row:
    """Target, method and subresource of a request.

    Raises: S3Error (MethodNotAllowed, InvalidRequest where the query chooses several operations).
    """
    if request.method not in METHODS:
        raise S3Error(
            S3Code.METHOD_NOT_ALLOWED,
            "The specified method is not allowed against this resource.",
            details={"Method": request.method},
        )
    target = Target.OBJECT if request.key else Target.BUCKET if request.bucket else Target.SERVICE
    named = [name for name in request.query if name in SUBRESOURCES] if request.query else []
    if len(named) > 1:
        raise S3Error(S3Code.INVALID_REQUEST, f"The query chooses several operations at once: {', '.join(named)}.")
    subresource = named[0] if named else ""
    if target is Target.BUCKET and not named and request.query.get("list-type") == "2":
        subresource = "list-type=2"
    if target is Target.OBJECT and request.method == "PUT" and COPY_SOURCE_HEADER in request.headers:
        subresource = f"{subresource} {COPY_SOURCE_HEADER}".lstrip()
    return target, request.method, subresource


def route(request: Request) -> Operation:
    """Operation that a request is.

    Raises: S3Error (NotImplemented, MethodNotAllowed, InvalidRequest).
    """
    row = row_of(request)
    operation = ROUTES.get(row)
    if operation is None:
        target, method, subresource = row
        raise not_implemented(f"{method} of {subresource or 'nothing in particular'} on a {target.value}")
    return operation
