"""Sealed blobs as objects of an S3-compatible store: `<prefix>ab/abcdef…`, by the first two hex digits of the blob id.

A blob of up to 8 MiB is one PutObject, a larger one a multipart upload of parts of 8 MiB: memory is one part that
fills and one that is sent, and 5 GiB, the most that one upload or part brings, are 641 of the 10 000 parts that S3
allows. Both become readable in one step of the store's, so a blob is there whole or not at all.

Calls that change something there are awaited to their end even when cancelled: a request that the store has received
may still take effect after its caller has gone, and would bring back what was removed meanwhile.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html
"""

# Bodies of answers have no types.
# pyright: reportMissingTypeStubs=false

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError

from domain.errors import DomainError, Unavailable
from proxy.blobs import OWNER, BlobMissing, StoredBlob, check_blob_id, is_blob_id
from proxy.buffers import BufferPool, BytesLike
from proxy.threads import uninterrupted
from proxy.upstream import INVALID_RANGE, MISSING, NO_SUCH_UPLOAD, Upstream, code_of
from proxy.upstream_body import UpstreamBody

PART_BYTES: Final = 8 * 1024 * 1024
WINDOW_BYTES_MAX: Final = 16 * 1024 * 1024

_PARTS_MAX: Final = 10_000
_POOLED_PARTS_MAX: Final = 8
_SMALL_BYTES: Final = 64 * 1024  # less is copied sooner than it is cut into slices
_READ_ATTEMPTS: Final = 3
_CROSSED: Final = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})


class S3Blobs:
    """The S3 backend of the blobs port; several processes may share bucket and prefix."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._pool = BufferPool(PART_BYTES, _POOLED_PARTS_MAX)
        self._given_up: set[tuple[str, str]] = set()  # key and id of our own uploads that couldn't be aborted

    async def claim(self, installation_id: str) -> str:
        """Mark bucket and prefix as an installation's unless they are another's already; answers whose they are.

        Where the store knows no conditional requests, of two that begin at the same instant both may believe it.
        Raises: Unavailable.
        """
        upstream = self._upstream
        place = {"Bucket": upstream.bucket, "Key": f"{upstream.prefix}{OWNER}"}
        for attempt in range(2):
            try:
                with upstream.failures_named("read", OWNER):
                    answer = await upstream.client.get_object(**place)
                    return (await answer["Body"].read()).decode("ascii", errors="replace")
            except BlobMissing:
                if attempt:
                    raise
            with upstream.failures_named("write", OWNER):
                try:
                    body = installation_id.encode("ascii")
                    await upstream.client.put_object(**place, Body=body, IfNoneMatch="*")
                except ClientError as error:
                    if code_of(error) not in _CROSSED:
                        raise
        raise AssertionError("the loop returns or raises")

    async def create(self, blob_id: str) -> "S3Writer":
        """Begin a blob; the store hears of it when the first part is full.

        Raises: BadInput.
        """
        return S3Writer(self._upstream, check_blob_id(blob_id), self._pool, self._given_up)

    async def write(self, blob_id: str, data: BytesLike) -> None:
        """Store a small blob whole, durably, in one request.

        Raises: BadInput, Unavailable - nothing is left then, unless the store took it and could no longer say so.
        """
        check_blob_id(blob_id)
        await uninterrupted(put_whole(self._upstream, blob_id, data))

    async def open(self, blob_id: str, head_bytes: int) -> "S3Reader":
        """Learn the length of a blob and read its first bytes in one request.

        Raises: BadInput, BlobMissing, Unavailable.
        """
        check_blob_id(blob_id)
        head, size = b"", None
        if head_bytes:
            head, size = await self._get(blob_id, 0, head_bytes)
        if size is None:
            size = await self.size(blob_id)
        return S3Reader(self._upstream, blob_id, size, head)

    async def read_range(self, blob_id: str, start: int, length: int) -> bytes:
        """Bytes from `start`, fewer than `length` only where the blob ends; one request.

        Raises: BadInput, BlobMissing, Unavailable.
        """
        check_blob_id(blob_id)
        if not length:
            await self.size(blob_id)  # it must be there all the same
            return b""
        return (await self._get(blob_id, start, length))[0]

    async def size(self, blob_id: str) -> int:
        """Length of the sealed blob.

        Raises: BadInput, BlobMissing, Unavailable.
        """
        check_blob_id(blob_id)
        try:
            with self._upstream.failures_named("look at", blob_id):
                answer = await self._upstream.client.head_object(**self._upstream.place(blob_id))
        except BlobMissing:
            await self._upstream.check()  # a HEAD doesn't tell a missing blob from a missing bucket
            raise
        return int(answer["ContentLength"])

    async def delete(self, blob_id: str) -> None:
        """Remove a blob; one that isn't there is removed already.

        Raises: BadInput, Unavailable.
        """
        check_blob_id(blob_id)
        await uninterrupted(remove(self._upstream, blob_id))

    async def stored(self) -> AsyncIterator[StoredBlob]:
        """Every committed blob, in the order of the store's pages; other keys of the bucket are passed over.

        Raises: Unavailable.
        """
        pages = self._pages("list_objects_v2", "list blobs in")
        async for page in pages:
            for entry in page.get("Contents", ()):
                blob_id = self._blob_of(entry["Key"])
                if blob_id is not None:
                    yield StoredBlob(blob_id, int(entry["Size"]), _utc(entry["LastModified"]))

    async def abort_stale_uploads(self, before: datetime) -> int:
        """Abort the store's multipart uploads of blobs that began before an instant; answers how many those were.

        A crash leaves them behind, and the store keeps their parts, unseen, at its price. Those that this process gave
        up and couldn't abort then are aborted whatever their age.
        Raises: Unavailable.
        """
        aborted = 0
        for key, upload_id in tuple(self._given_up):
            aborted += await abort_upload(self._upstream, key, upload_id)
            self._given_up.discard((key, upload_id))
        for key, upload_id in await self._stale_uploads(before):
            aborted += await abort_upload(self._upstream, key, upload_id)
        return aborted

    async def stale_uploads(self, before: datetime) -> int:
        """Count what `abort_stale_uploads` would abort.

        Raises: Unavailable.
        """
        return len(self._given_up.union(await self._stale_uploads(before)))

    async def _stale_uploads(self, before: datetime) -> list[tuple[str, str]]:
        return [
            (upload["Key"], upload["UploadId"])
            async for page in self._pages("list_multipart_uploads", "list uploads in")
            for upload in page.get("Uploads", ())
            if self._blob_of(upload["Key"]) is not None and _utc(upload["Initiated"]) < before
        ]

    async def check(self) -> None:
        """Ask the store for the bucket.

        Raises: Unavailable.
        """
        await self._upstream.check()

    async def _get(self, blob_id: str, start: int, length: int) -> tuple[bytes, int | None]:
        """Read a range; answers the blob's length too, None where the range lies beyond its end."""
        for attempt in range(_READ_ATTEMPTS):
            with self._upstream.failures_named("read", blob_id):
                # The client tries again until an answer begins; one that breaks off in the middle is left to us.
                body, size = await get_range(self._upstream, blob_id, start, length)
            if body is None:
                return b"", None
            try:
                with self._upstream.failures_named("read", blob_id):
                    async with body:
                        return await body.read(), size
            except Unavailable:
                if attempt == _READ_ATTEMPTS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    async def _pages(self, operation: str, what: str) -> AsyncIterator[Mapping[str, Any]]:
        upstream = self._upstream
        with upstream.failures_named(what, f"bucket {upstream.bucket}"):
            async for page in upstream.client.get_paginator(operation).paginate(
                Bucket=upstream.bucket, Prefix=upstream.prefix
            ):
                yield page

    def _blob_of(self, key: str) -> str | None:
        """The blob that a key stands for, None for keys of others."""
        folder, _, name = key.removeprefix(self._upstream.prefix).partition("/")
        return name if is_blob_id(name) and folder == name[:2] else None


class S3Writer:
    """One blob on its way to the store."""

    def __init__(self, upstream: Upstream, blob_id: str, pool: BufferPool, given_up: set[tuple[str, str]]) -> None:
        self._upstream = upstream
        self._blob_id = blob_id
        self._pool = pool
        self._given_up = given_up
        self._buffer: memoryview | None = None
        self._spare: memoryview | None = None
        self._filled = 0
        self._length = 0
        self._upload_id: str | None = None
        self._etags: list[str] = []
        self._sending: asyncio.Task[None] | None = None
        self._is_committing = False
        self._is_over = False

    async def append(self, data: BytesLike) -> None:
        """Add the next bytes; waits while one part is full and another is being sent.

        Raises: Unavailable.
        """
        view = memoryview(data)
        self._length += len(view)
        while view:
            if self._filled == PART_BYTES:
                await self._hand_over()
            if self._buffer is None:
                self._buffer = self._pool.take(PART_BYTES)
            taken = min(len(view), PART_BYTES - self._filled)
            self._buffer[self._filled : self._filled + taken] = view[:taken]
            self._filled += taken
            view = view[taken:]

    async def commit(self) -> None:
        """Make the blob readable and durable.

        Raises: Unavailable - abort it then.
        """
        self._is_committing = True
        if self._upload_id is None:
            data = b"" if self._buffer is None else self._buffer[: self._filled]
            await uninterrupted(put_whole(self._upstream, self._blob_id, data))
        else:
            await self._hand_over()
            await self._sent()
            await uninterrupted(self._complete(self._upload_id))
        self._is_over = True
        self._buffer = self._spare = None

    async def abort(self) -> None:
        """Leave nothing of what was appended; does nothing after `commit` or another `abort`. Never raises.

        What the store doesn't let go of now is aborted in a later round of `abort_stale_uploads`.
        """
        if self._is_over:
            return
        self._is_over = True
        self._buffer = self._spare = None
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
            if not self._sending.cancelled():
                self._sending.exception()  # looked at: the blob ends anyway
        with suppress(DomainError):
            await uninterrupted(self._let_go())

    async def _let_go(self) -> None:
        """Abort the upload, and remove the blob if it may have become one without our hearing of it."""
        if self._upload_id is not None:
            key = self._upstream.place(self._blob_id)["Key"]
            self._given_up.add((key, self._upload_id))
            await abort_upload(self._upstream, key, self._upload_id)
            self._given_up.discard((key, self._upload_id))
        if self._is_committing:
            await remove(self._upstream, self._blob_id)

    async def _hand_over(self) -> None:
        """Send the full part, and go on with the buffer of the one before, which has been sent by then."""
        await self._sent()
        if self._upload_id is None:
            await uninterrupted(self._begin())
        assert self._buffer is not None, "there is a part to send"
        assert len(self._etags) < _PARTS_MAX, "the faces take no body that has more parts"
        full, self._buffer, self._spare = self._buffer[: self._filled], self._spare, self._buffer
        self._filled = 0
        self._sending = asyncio.create_task(self._send(full))

    async def _sent(self) -> None:
        if self._sending is not None:
            await asyncio.wait({self._sending})  # unlike awaiting the task, this doesn't cancel it
            self._sending.result()

    async def _begin(self) -> None:
        with self._upstream.failures_named("begin", self._blob_id):
            answer = await self._upstream.client.create_multipart_upload(**self._upstream.place(self._blob_id))
        self._upload_id = str(answer["UploadId"])

    async def _send(self, part: memoryview) -> None:
        with self._upstream.failures_named("write", self._blob_id):
            answer = await self._upstream.client.upload_part(
                **self._upstream.place(self._blob_id),
                UploadId=self._upload_id,
                PartNumber=len(self._etags) + 1,
                Body=UpstreamBody(part),
            )
        self._etags.append(str(answer["ETag"]))

    async def _complete(self, upload_id: str) -> None:
        """Complete the upload. One that the store has forgotten was completed by an attempt whose answer got lost."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(self._etags, 1)]
        place = self._upstream.place(self._blob_id)
        with self._upstream.failures_named("commit", self._blob_id):
            try:
                await self._upstream.client.complete_multipart_upload(
                    **place, UploadId=upload_id, MultipartUpload={"Parts": parts}
                )
            except ClientError as error:
                if code_of(error) != NO_SUCH_UPLOAD:
                    raise
                stored_bytes = await self._stored_bytes()
                if stored_bytes != self._length:
                    found = "isn't there" if stored_bytes is None else f"has {stored_bytes} bytes"
                    raise Unavailable(
                        f"the blob store at {self._upstream.endpoint} has no upload of {self._blob_id} any more, and "
                        f"the blob {found}; send the bytes again"
                    ) from error

    async def _stored_bytes(self) -> int | None:
        """Length of the blob as the store has it, None if it hasn't; may be told so of one that was just completed."""
        try:
            answer = await self._upstream.client.head_object(**self._upstream.place(self._blob_id))
        except ClientError as error:
            if code_of(error) not in MISSING:
                raise
            return None
        return int(answer["ContentLength"])


class S3Reader:
    """One blob, known to be there when it was opened.

    Bytes that are read in sequence come over one connection in windows that grow to 16 MiB, which the store sends as
    fast as they are taken: a request for each chunk would wait for the way there and back each time. A store keeps no
    deleted blob for those that are reading it: they get BlobMissing, never other bytes.
    """

    def __init__(self, upstream: Upstream, blob_id: str, sealed_bytes: int, head: bytes) -> None:
        self.sealed_bytes = sealed_bytes
        self.head = head
        self._upstream = upstream
        self._blob_id = blob_id
        self._next = len(head)
        self._run_bytes = len(head)
        self._body: Any = None
        self._window_end = 0

    async def read_into(self, start: int, buffer: memoryview) -> int:
        """Fill the buffer with the bytes from `start`, and answer how many: fewer only where the blob ends.

        Raises: BlobMissing, Unavailable.
        """
        wanted = buffer[: max(min(len(buffer), self.sealed_bytes - start), 0)]
        if start != self._next:
            await self.close()
            self._next, self._run_bytes = start, 0
        filled = attempts = 0
        while filled < len(wanted):
            try:
                with self._upstream.failures_named("read", self._blob_id):
                    filled += await self._read_some(wanted[filled:])
                attempts = 0
            except Unavailable:
                await self.close()
                attempts += 1
                if attempts == _READ_ATTEMPTS:
                    raise
        return filled

    async def close(self) -> None:
        """Let the blob go; may be called again. What the store was still sending is cut off."""
        body, self._body = self._body, None
        if body is not None:
            body.close()

    async def _read_some(self, buffer: memoryview) -> int:
        """Read what has arrived from where the last call ended, and wait for it if nothing has."""
        if self._body is None:
            window = max(len(buffer), min(2 * self._run_bytes, WINDOW_BYTES_MAX))
            window = min(window, self.sealed_bytes - self._next)
            self._body, _ = await get_range(self._upstream, self._blob_id, self._next, window)
            self._window_end = self._next + window
        chunk = b"" if self._body is None else await self._body.read(min(len(buffer), self._window_end - self._next))
        if not chunk:
            raise ConnectionResetError("the answer ended before the range that was asked for")
        buffer[: len(chunk)] = chunk
        self._next += len(chunk)
        self._run_bytes += len(chunk)
        if self._next == self._window_end:
            await self.close()
        return len(chunk)


async def put_whole(upstream: Upstream, blob_id: str, data: BytesLike) -> None:
    """Store a blob by one request.

    Raises: Unavailable.
    """
    body = bytes(data) if len(data) <= _SMALL_BYTES else UpstreamBody(data)
    with upstream.failures_named("write", blob_id):
        await upstream.client.put_object(**upstream.place(blob_id), Body=body)


async def remove(upstream: Upstream, blob_id: str) -> None:
    """Remove a blob.

    Raises: Unavailable.
    """
    with upstream.failures_named("delete", blob_id):
        await upstream.client.delete_object(**upstream.place(blob_id))


async def get_range(upstream: Upstream, blob_id: str, start: int, length: int) -> tuple[Any, int | None]:
    """Ask for a range; answers the body, still to be read, and the blob's length; None, None for one beyond the end."""
    try:
        answer = await upstream.client.get_object(
            **upstream.place(blob_id), Range=f"bytes={start}-{start + length - 1}"
        )
    except ClientError as error:
        if code_of(error) == INVALID_RANGE:
            return None, None
        raise
    return answer["Body"], int(str(answer["ContentRange"]).rpartition("/")[2])


async def abort_upload(upstream: Upstream, key: str, upload_id: str) -> bool:
    """Abort a multipart upload; whether there was one still.

    Raises: Unavailable.
    """
    with upstream.failures_named("abort the upload of", key):
        try:
            await upstream.client.abort_multipart_upload(Bucket=upstream.bucket, Key=key, UploadId=upload_id)
        except ClientError as error:
            if code_of(error) != NO_SUCH_UPLOAD:
                raise
            return False
    return True


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)
