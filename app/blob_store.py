"""Opens the place of the sealed bytes that the settings name: a bucket of an S3-compatible store or the data folder."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from app.data_folder import DataFolder
from app.settings import Settings
from proxy.blobs import Blobs
from proxy.blobs_directory import open_directory_blobs


@asynccontextmanager
async def open_blobs(settings: Settings, folder: DataFolder) -> AsyncGenerator[Blobs]:
    """Open the backend and close it in the end.

    Raises: Unavailable - the message says what to correct.
    """
    if settings.blobs_url is None:
        directory = open_directory_blobs(folder.blobs)
        try:
            await directory.sweep_partial()
            yield directory
        finally:
            directory.close()
        return

    # The SDK takes 0.7 s to load, a third of a start; most installations keep their bytes in a folder.
    from proxy.blobs_s3 import S3Blobs  # noqa: PLC0415  see above
    from proxy.upstream import UpstreamAddress, open_upstream  # noqa: PLC0415  see above

    address = UpstreamAddress(
        bucket=settings.blobs_url.bucket,
        prefix=settings.blobs_url.prefix,
        endpoint=settings.blobs_endpoint,
        region=settings.blobs_region,
        access_key_id=settings.blobs_access_key_id,
        secret_access_key=settings.blobs_secret_access_key,
    )
    async with open_upstream(address) as upstream:
        yield S3Blobs(upstream)
