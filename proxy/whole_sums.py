"""Hashes contents that came in parts, in the background: MD5 and SHA-256 of the whole, as storage.md asks for.

What waits stands in the graph, so a process that ends in between leaves it to the next one; one content at a time, with
the memory of one read.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from graphstore.cypher.resolving import ContentRef
from graphstore.rounds import work_in_rounds
from graphstore.store import GraphStore
from graphstore.whole_sums import claim_unhashed, give_up, share_equal, tell_sums
from proxy.locating import extents_of, relocation
from proxy.ranges import Slice
from proxy.streaming import ByteStreams

_LOG: Final = logging.getLogger("aruna.sums")
_PAUSE_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class WholeSums:
    """Works on one graph and one backend; `clock` tells the instant."""

    store: GraphStore
    streams: ByteStreams
    clock: Callable[[], datetime]

    async def run(self) -> None:
        """Work until cancelled: at once while there is work, and look again after two seconds where there is none."""
        await work_in_rounds(self.run_once, _PAUSE_S, _LOG, what="hashing of whole contents")

    async def run_once(self) -> bool:
        """Hash one content; answers False if there was none.

        One that can't be read holds up no others: it stays claimed for a while.

        Raises: BlobMissing, BlobDamaged, BlobFormatUnknown, KeyUnknown, WrappedDamaged, Unavailable.
        """
        claimed = await claim_unhashed(self.store, self.clock())
        if claimed is None:
            return False
        content_id, length = claimed.content_id, claimed.length_bytes
        if length is None:
            await give_up(self.store, content_id)
            return True
        if claimed.sums is not None:
            await tell_sums(self.store, content_id, *claimed.sums)
            await share_equal(self.store, content_id, claimed.sums[1], length, self.clock())
            return True
        content = ContentRef(content_id, length, None)
        extents = await extents_of(self.store, content, Slice(0, length, length))
        if not extents:
            await give_up(self.store, content_id)  # erased since
            return True
        digests = await self.streams.digest(extents, 0, length, (), relocation(self.store, content))
        await tell_sums(self.store, content_id, digests.md5, digests.sha256)
        await share_equal(self.store, content_id, digests.sha256, length, self.clock())
        return True
