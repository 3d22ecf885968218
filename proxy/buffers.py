"""Memory that bodies pass through: what counts as bytes, and large buffers that are used again.

Fresh memory is dear: the first touch of 1 MiB took 0.5 ms on a virtual machine, four times what decrypting it takes
(bench/bytes.py prints it), and the allocator gives freed megabytes back to the system each time.
"""

from collections import deque
from threading import Lock

BytesLike = bytes | bytearray | memoryview


class BufferPool:
    """Hands out buffers of one size, and again when nobody looks at them any more. Safe in any thread.

    Nothing is given back by hand: a buffer is free when the last view on it is gone, whoever held it, a socket's send
    queue included. Python itself says so: bytes that are viewed can't be resized.
    """

    def __init__(self, buffer_bytes: int, kept_max: int) -> None:
        self.buffer_bytes = buffer_bytes
        self._kept_max = kept_max
        self._kept: deque[bytearray] = deque()
        self._lock = Lock()

    def take(self, length: int) -> memoryview:
        """A view on `length` bytes of a free buffer, of undefined content; fresh memory if none is free."""
        assert length <= self.buffer_bytes, "buffers have one size"
        with self._lock:
            for _ in range(len(self._kept)):
                buffer = self._kept[0]
                self._kept.rotate(-1)
                if _is_free(buffer):
                    return memoryview(buffer)[:length]
            buffer = bytearray(self.buffer_bytes)
            if len(self._kept) < self._kept_max:
                self._kept.append(buffer)
            return memoryview(buffer)[:length]


def _is_free(buffer: bytearray) -> bool:
    try:
        buffer.append(0)
    except BufferError:
        return False
    buffer.pop()
    return True
