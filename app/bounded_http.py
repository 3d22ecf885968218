"""Bounds what a client sends around a body: uvicorn's fast parser keeps headers of any number and length.

Source: RFC 6585, section 5 (431 Request Header Fields Too Large).
"""

from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES_MAX: Final = 64 * 1024
"""For the request line and all headers, trailers of a chunked body included. S3 itself stops at 8 KiB of headers."""

_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class BoundedHttp(HttpToolsProtocol):
    """Ends a connection whose headers are too large, whole ones and one that doesn't end."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._header_bytes = 0
        self._unfinished_bytes = 0
        self._is_in_head = False
        self._has_just_begun = False

    def data_received(self, data: bytes) -> None:
        """Take bytes off the socket; count those of a head that doesn't end with them."""
        self._has_just_begun = False
        super().data_received(data)
        # Where a request has just begun, its first bytes come with the end of the one before: they don't count.
        if self._is_in_head and not self._has_just_begun:
            self._unfinished_bytes += len(data)
            if self._unfinished_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to count."""
        super().on_message_begin()
        self._header_bytes = self._unfinished_bytes = 0
        self._is_in_head = self._has_just_begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Count a header. What this raises makes the parser answer 400 and close."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > HEAD_BYTES_MAX:
            raise ValueError("the headers are too large")
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """End the head."""
        self._is_in_head = False
        super().on_headers_complete()
