"""Whether the bytes can be reached: asked of the backend again and again in the background, answered from memory.

The state of an Object is shown by it (UNAVAILABLE), so it must cost a reader nothing. It is a few seconds old: reads
and writes don't ask it, they try.
"""

import asyncio
import logging
from typing import Final

from domain.errors import Unavailable
from proxy.blobs import Blobs

_LOG: Final = logging.getLogger("aruna.bytes")
_INTERVAL_S: Final = 5.0


class Availability:
    """The last answer of one backend; at first it counts as reachable, since a server starts only on one that is."""

    def __init__(self, blobs: Blobs, interval_s: float = _INTERVAL_S) -> None:
        self._blobs = blobs
        self._interval_s = interval_s
        self._is_reachable = True

    def is_reachable(self) -> bool:
        """Whether the backend answered when it was last asked."""
        return self._is_reachable

    async def check(self) -> None:
        """Ask now, and remember the answer; a change is logged once.

        Raises: Unavailable.
        """
        was_reachable = self._is_reachable
        try:
            await self._blobs.check()
        except Unavailable as error:
            self._is_reachable = False
            if was_reachable:
                _LOG.error("the bytes can't be reached: %s", error)
            raise
        self._is_reachable = True
        if not was_reachable:
            _LOG.warning("the bytes can be reached again")

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self.check()
            except Unavailable:
                pass  # remembered and logged
            except Exception:  # noqa: BLE001  a bug may cost a round, never all rounds to come
                _LOG.exception("the backend couldn't be asked; the next round tries again")
            await asyncio.sleep(self._interval_s)
