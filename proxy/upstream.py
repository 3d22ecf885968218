"""One client of the S3-compatible store that keeps sealed blobs: how it is opened, and what its errors become.

One client serves the process and stays within one event loop. Requests are signed with the hash of their body, tried
three times at most, and give up on a store that says nothing for half a minute. The additional checksums that newer
SDKs send by default are left out: stores other than AWS's know them in part.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

# The SDK makes its clients at run time and has no types; `UpstreamClient` says what is used of them.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, cast

import aioboto3
from aiobotocore.config import AioConfig
from aiohttp import ClientError as HttpError
from botocore.exceptions import BotoCoreError, ClientError
from botocore.handlers import add_expect_header

from domain.errors import Unavailable
from proxy.blobs import BlobMissing

CONNECT_TIMEOUT_S: Final = 3
READ_TIMEOUT_S: Final = 30
ATTEMPTS_MAX: Final = 3
CHECK_TIMEOUT_S: Final = 2.5
START_TIMEOUT_S: Final = 20.0

NO_SUCH_UPLOAD: Final = "NoSuchUpload"
INVALID_RANGE: Final = "InvalidRange"
MISSING: Final = frozenset({"NoSuchKey", "404", "NotFound"})  # a HEAD's answer has no document, so no code

_NO_SUCH_BUCKET: Final = "NoSuchBucket"
_REFUSED: Final = frozenset(
    {"403", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"}
)
_READING: Final = frozenset({"open", "read", "look at"})


@dataclass(frozen=True, slots=True)
class UpstreamAddress:
    """Where the blobs are: a bucket, what their keys begin with (empty, or ending in `/`), and how to get there.

    Without an endpoint it is AWS. Without a region or a key pair the SDK looks where it always does: AWS_* variables,
    the files of the user, the machine's own role.
    """

    bucket: str
    prefix: str = ""
    endpoint: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)


class Pages(Protocol):
    """The SDK's paginator of one operation."""

    def paginate(self, **arguments: Any) -> AsyncIterator[Mapping[str, Any]]:
        """Ask for page after page."""
        ...


class UpstreamClient(Protocol):
    """What is used of the SDK's client, under its names."""

    async def put_object(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def get_object(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def head_object(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def head_bucket(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def delete_object(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def create_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def upload_part(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def complete_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    async def abort_multipart_upload(self, **arguments: Any) -> Mapping[str, Any]: ...  # noqa: D102
    def get_paginator(self, operation_name: str) -> Pages: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Upstream:
    """An open client, the bucket it is for, and the store's name in messages."""

    client: UpstreamClient
    bucket: str
    prefix: str
    endpoint: str

    def place(self, blob_id: str) -> dict[str, str]:
        """Bucket and key of a blob, as arguments of the client's calls."""
        return {"Bucket": self.bucket, "Key": f"{self.prefix}{blob_id[:2]}/{blob_id}"}

    @contextmanager
    def failures_named(self, what: str, name: str) -> Generator[None]:
        """Translate what the store or the network refuses; `name` is what the call was about.

        Raises: BlobMissing - reading what isn't there; Unavailable - all else.
        """
        try:
            yield
        except ClientError as error:
            code = code_of(error)
            if code in MISSING and what in _READING:
                raise BlobMissing(f"blob {name} isn't in the blob store") from error
            raise Unavailable(f"the blob store at {self.endpoint} can't {what} {name}: {self._words(code)}") from error
        except (BotoCoreError, HttpError, OSError, TimeoutError) as error:
            raise Unavailable(
                f"the blob store at {self.endpoint} can't {what} {name}: it doesn't answer ({type(error).__name__})"
            ) from error

    async def check(self, timeout_s: float = CHECK_TIMEOUT_S) -> None:
        """Ask for the bucket, and wait no longer than that for all attempts together.

        Raises: Unavailable - it isn't there, or isn't ours, or the store doesn't answer; the message says what to do.
        """
        with self.failures_named("show", f"bucket {self.bucket}"):
            async with asyncio.timeout(timeout_s):
                await self.client.head_bucket(Bucket=self.bucket)

    def _words(self, code: str) -> str:
        """Say what is to be done, where that is known."""
        if code == _NO_SUCH_BUCKET or code in MISSING:
            return f"bucket {self.bucket} isn't there; create it, or correct ARUNA_BLOBS_URL or ARUNA_BLOBS_ENDPOINT"
        if code in _REFUSED:
            return (
                f"it refuses these credentials ({code}); set ARUNA_BLOBS_ACCESS_KEY_ID and "
                "ARUNA_BLOBS_SECRET_ACCESS_KEY to a key pair that may read, write and list there"
            )
        return code


def code_of(error: ClientError) -> str:
    """The code that the store answered; its HTTP status where it sent no document."""
    response = cast("Mapping[str, Any]", error.response)
    return str(response.get("Error", {}).get("Code", "unknown"))


@asynccontextmanager
async def open_upstream(address: UpstreamAddress) -> AsyncGenerator[Upstream]:
    """Open a client and see that the bucket is there; it is closed in the end.

    Raises: Unavailable.
    """
    config = AioConfig(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS_MAX},
        # No bound: a slow reader holds a connection, and must not make uploads wait for it.
        max_pool_connections=0,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        signature_version="s3v4",
        # Only AWS has a host name for each bucket.
        s3={"addressing_style": "auto" if address.endpoint is None else "path"},
    )
    try:
        made: Any = aioboto3.Session().client(
            "s3",
            endpoint_url=address.endpoint,
            region_name=address.region,
            aws_access_key_id=address.access_key_id,
            aws_secret_access_key=address.secret_access_key,
            config=config,
        )
        client: Any = await made.__aenter__()
    except (BotoCoreError, ValueError) as error:
        raise Unavailable(f"the blob store can't be reached with these settings: {error}") from error
    try:
        # Each body is at hand: to ask first whether it is welcome would cost a round trip, and SeaweedFS lets those
        # wait who ask so of an empty one.
        client.meta.events.unregister("before-call.s3", add_expect_header)
        endpoint = str(cast("Any", client.meta.endpoint_url))
        upstream = Upstream(cast("UpstreamClient", client), address.bucket, address.prefix, endpoint)
        await upstream.check(START_TIMEOUT_S)
        yield upstream
    finally:
        await made.__aexit__(None, None, None)
