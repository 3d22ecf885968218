"""Configurations that clients ask for and nobody can set: each answers S3's own code for "there is none".

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.access import Action
from proxy.calling import Call, Need, Operation, Place
from proxy.errors import S3Code, S3Error
from proxy.responses import Response

_LOCK: Final = "Object Lock configuration does not exist for this bucket"


def _unset(name: str, place: Place, code: S3Code, message: str) -> Operation:
    async def run(call: Call) -> Response:
        raise S3Error(code, message, details={"BucketName": call.request.bucket})

    return Operation(name, Need(place, Action.READ), run)


def _of_bucket(name: str, code: S3Code, message: str) -> Operation:
    return _unset(name, Place.BUCKET, code, message)


UNSET_BUCKET_CONFIGURATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {
        "policy": _of_bucket("GetBucketPolicy", S3Code.NO_SUCH_BUCKET_POLICY, "The bucket policy does not exist"),
        "policyStatus": _of_bucket(
            "GetBucketPolicyStatus", S3Code.NO_SUCH_BUCKET_POLICY, "The bucket policy does not exist"
        ),
        "lifecycle": _of_bucket(
            "GetBucketLifecycleConfiguration",
            S3Code.NO_SUCH_LIFECYCLE_CONFIGURATION,
            "The lifecycle configuration does not exist",
        ),
        "website": _of_bucket(
            "GetBucketWebsite",
            S3Code.NO_SUCH_WEBSITE_CONFIGURATION,
            "The specified bucket does not have a website configuration",
        ),
        "replication": _of_bucket(
            "GetBucketReplication",
            S3Code.REPLICATION_CONFIGURATION_NOT_FOUND,
            "The replication configuration was not found",
        ),
        "object-lock": _of_bucket("GetObjectLockConfiguration", S3Code.OBJECT_LOCK_CONFIGURATION_NOT_FOUND, _LOCK),
        "publicAccessBlock": _of_bucket(
            "GetPublicAccessBlock",
            S3Code.NO_SUCH_PUBLIC_ACCESS_BLOCK_CONFIGURATION,
            "The public access block configuration was not found",
        ),
        "encryption": _of_bucket(
            "GetBucketEncryption",
            S3Code.ENCRYPTION_CONFIGURATION_NOT_FOUND,
            "The server side encryption configuration was not found",
        ),
        "ownershipControls": _of_bucket(
            "GetBucketOwnershipControls",
            S3Code.OWNERSHIP_CONTROLS_NOT_FOUND,
            "The bucket ownership controls were not found",
        ),
        "cors": _of_bucket("GetBucketCors", S3Code.NO_SUCH_CORS_CONFIGURATION, "The CORS configuration does not exist"),
        "tagging": _of_bucket("GetBucketTagging", S3Code.NO_SUCH_TAG_SET, "The TagSet does not exist"),
    }
)
"""By subresource."""

UNSET_OBJECT_CONFIGURATIONS: Final[Mapping[str, Operation]] = MappingProxyType(
    {
        name: _unset(
            operation,
            Place.OBJECT,
            S3Code.NO_SUCH_OBJECT_LOCK_CONFIGURATION,
            "The specified object does not have a ObjectLock configuration",
        )
        for name, operation in (("retention", "GetObjectRetention"), ("legal-hold", "GetObjectLegalHold"))
    }
)
"""By subresource."""
