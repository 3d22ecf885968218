"""Uploads in parts for tests, by boto3's plain calls."""

import hashlib
from typing import Any, Final

from tests.proxy.s3.face import Client

PART_BYTES: Final = 5 * 1024 * 1024


def filled(letter: str, length: int = PART_BYTES) -> bytes:
    """Cheap bytes that differ by letter."""
    return letter.encode() * length


def etag_of(*parts: bytes) -> str:
    """ETag of a content of these parts, computed by itself."""
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


async def begin(s3: Client, bucket: str, key: str, **arguments: Any) -> str:
    """Begin an upload; answers its id."""
    return (await s3.create_multipart_upload(Bucket=bucket, Key=key, **arguments))["UploadId"]


async def send(
    s3: Client, bucket: str, key: str, upload_id: str, number: int, body: bytes, **arguments: Any
) -> dict[str, Any]:
    """Send one part; answers what a list of parts says of it."""
    answer = await s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=body, **arguments)
    return {"PartNumber": number, "ETag": answer["ETag"]}


def listing(bucket: str, key: str, upload_id: str, *parts: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a complete."""
    return {"Bucket": bucket, "Key": key, "UploadId": upload_id, "MultipartUpload": {"Parts": list(parts)}}


async def upload(s3: Client, bucket: str, key: str, *bodies: bytes, **arguments: Any) -> dict[str, Any]:
    """Upload a whole content; answers what Complete answered."""
    upload_id = await begin(s3, bucket, key, **arguments)
    parts = [await send(s3, bucket, key, upload_id, number, body) for number, body in enumerate(bodies, start=1)]
    return await s3.complete_multipart_upload(**listing(bucket, key, upload_id, *parts))
