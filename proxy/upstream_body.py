"""A body that an S3 client sends from memory without a copy: hashed where it lies, given to the network in slices.

The client would take `bytes` too, but hands them to the socket in one piece, which holds up every other request for as
long; and a file it reads in a thread, 64 KiB at a time.
"""

from collections.abc import AsyncIterator
from typing import Final

from proxy.buffers import BytesLike

SLICE_BYTES: Final = 256 * 1024


class UpstreamBody:
    """Bytes that must stay as they are until the call has ended; may be read again from any place, as retries do."""

    def __init__(self, data: BytesLike) -> None:
        self._view = memoryview(data)
        self._position = 0

    def __len__(self) -> int:
        return len(self._view)

    def read(self, length: int | None = None) -> memoryview:
        """Give the next bytes, all that are left without a length; as the signer does, which hashes them."""
        end = len(self._view) if length is None or length < 0 else self._position + length
        taken = self._view[self._position : end]
        self._position += len(taken)
        return taken

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as in files."""
        self._position = offset + (0, self._position, len(self._view))[whence]
        return self._position

    def tell(self) -> int:
        """Say where it is."""
        return self._position

    async def __aiter__(self) -> AsyncIterator[memoryview]:
        for start in range(0, len(self._view), SLICE_BYTES):
            yield self._view[start : start + SLICE_BYTES]
