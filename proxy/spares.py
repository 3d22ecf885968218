"""Removes spare blobs after the answer: those whose bytes turned out to be stored already.

Best effort: what fails or is cut off by a crash leaves a file that no node names, and `proxy.collecting` removes it.
"""

import asyncio
import logging
from typing import Final

from domain.errors import DomainError
from proxy.blobs import Blobs

_LOG: Final = logging.getLogger(__name__)
_AT_ONCE_MAX: Final = 8
_TURNS: Final = 16
"""Turns of the event loop before a removal begins: the request that its publication wakes answers within three."""


class Spares:
    """Blobs on their way out of one backend; one per process."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._turns = asyncio.Semaphore(_AT_ONCE_MAX)
        self._removals: set[asyncio.Task[None]] = set()

    def let_go(self, blob_id: str) -> None:
        """Remove a blob that nothing refers to or ever will, without waiting for it.

        The answer goes out first: no call before it may tell that somebody else has the same bytes.
        """
        removal = asyncio.create_task(self._remove(blob_id), name="spare blob")
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)

    async def close(self) -> None:
        """Wait until what was let go is removed."""
        await asyncio.gather(*self._removals)

    async def _remove(self, blob_id: str) -> None:
        # Counted in turns and not in time, so that the order is the same on a busy machine.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        async with self._turns:
            try:
                await self._blobs.delete(blob_id)
            except DomainError as error:
                _LOG.warning("spare blob %s can't be removed now; it is swept later: %s", blob_id, error)
