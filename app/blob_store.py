"""Opens the place of the sealed bytes that the settings name: a bucket of an S3-compatible store or the data folder."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from app.data_folder import DataFolder
from app.settings import Settings
from domain.errors import FailedPrecondition
from graphstore.cypher.installation import marks
from graphstore.installing import identify
from graphstore.store import GraphStore
from proxy.blobs import OWNER, Blobs
from proxy.blobs_directory import open_directory_blobs

_ID_BYTES: Final = 8


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


async def claim_place(settings: Settings, folder: DataFolder, store: GraphStore, blobs: Blobs) -> None:
    """See that the bytes are in no other installation's place, and mark the place as ours where it is nobody's.

    Each installation removes the bytes that its own graph doesn't name, so two in one place would lose theirs.
    Raises: FailedPrecondition - it is another's; Unavailable.
    """
    ours = (await store.read(marks())).installation_id or await identify(store.engine, os.urandom(_ID_BYTES).hex())
    owner = await blobs.claim(ours)
    if owner != ours:
        url = settings.blobs_url
        place = f"s3://{url.bucket}/{url.prefix}" if url is not None else f"{folder.blobs}/"
        raise FailedPrecondition(
            f"{place} holds the bytes of another installation ({owner}; this one is {ours}), and each would remove "
            "what the other stores there: name another bucket or prefix in ARUNA_BLOBS_URL, or, only if the other one "
            f"is gone for good, remove {place}{OWNER} and start again"
        )
