"""Bodies of requests: from ASGI messages to pieces of what the client meant to send.

- `Expect: 100-continue`: the server sends the 100 when a body is first asked for, so every successful answer asks for
  its body, an empty one too, and an early refusal closes the connection instead (fact 26 of facts/s3.md).
- `aws-chunked` bodies are taken apart here; what they carry is proven only when the source has ended.
"""

from typing import TYPE_CHECKING, Final, Self

from domain.limits import SINGLE_UPLOAD_BYTES_MAX
from identity.signature.chunked import ChunkedDecoder, chunked_decoder
from identity.signature.payload import ChunkedPayload, Payload
from proxy.asgi import Receive
from proxy.buffers import BytesLike
from proxy.checksums import digest_of, encode_digest
from proxy.errors import S3Code, S3Error
from proxy.ingesting import Digests
from proxy.integrity import read_integrity
from proxy.request import Request

if TYPE_CHECKING:
    from collections.abc import Mapping

XML_BYTES_MAX: Final = 8 * 1024 * 1024
"""A thousand keys of 1024 bytes, each byte of them escaped, and room for the rest."""


class ClientGone(Exception):
    """The client went away before its request was over: nobody is left to answer."""


class Body:
    """The raw body of one request, read once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_asked = False
        self._has_ended = False

    async def next(self) -> bytes | None:
        """Next piece as the server has it, perhaps empty; None at the end.

        Raises: ClientGone.
        """
        self.is_asked = True
        if self._has_ended:
            return None
        message = await self._receive()
        if message["type"] != "http.request":
            raise ClientGone
        self._has_ended = not message.get("more_body", False)
        return message.get("body", b"")


class Source:
    """A body's data, decoded, as an async iterator; `trailers` are there when it has ended."""

    def __init__(self, body: Body, decoder: ChunkedDecoder | None, expected_bytes: int | None, bytes_max: int) -> None:
        self._body = body
        self._decoder = decoder
        self._bytes_max = bytes_max
        self._length = 0
        self._decoded: list[memoryview] = []
        self.expected_bytes = expected_bytes
        self.trailers: Mapping[str, str] = {}

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BytesLike:
        """Next piece of data. Raises: ClientGone, SignatureRefused, S3Error (EntityTooLarge)."""
        while not self._decoded:
            piece = await self._body.next()
            if piece is None:
                if self._decoder is not None:
                    self.trailers = self._decoder.finish()
                raise StopAsyncIteration
            if self._decoder is not None:
                self._decoded = self._decoder.feed(piece)[::-1]
            elif piece:
                self._length += len(piece)
                if self._length > self._bytes_max:
                    raise _too_large(self._length, self._bytes_max)
                return piece
        return self._decoded.pop()


def source_of(request: Request, payload: Payload, body: Body, bytes_max: int = SINGLE_UPLOAD_BYTES_MAX) -> Source:
    """Make the source of a body, with the length that its headers declare; nothing is read yet.

    Raises: S3Error (MissingContentLength, EntityTooLarge), SignatureRefused for the headers of a chunked body.
    """
    expected_bytes = content_length(request)
    decoder = None
    if isinstance(payload, ChunkedPayload):
        decoder = chunked_decoder(payload, request.raw_headers)
        expected_bytes = int(request.headers["x-amz-decoded-content-length"])
    elif expected_bytes is None and "transfer-encoding" not in request.headers:
        raise S3Error(S3Code.MISSING_CONTENT_LENGTH, "You must provide the Content-Length HTTP header.")
    if expected_bytes is not None and expected_bytes > bytes_max:
        raise _too_large(expected_bytes, bytes_max)
    return Source(body, decoder, expected_bytes, bytes_max)


def content_length(request: Request) -> int | None:
    """Declared length of the body as it is sent, None where it comes in HTTP chunks."""
    text = request.headers.get("content-length")
    if text is None or "transfer-encoding" in request.headers:
        return None
    if not (text.isascii() and text.isdigit()):
        raise S3Error(S3Code.INVALID_ARGUMENT, "Content-Length must be a number of bytes.")
    return int(text)


async def read_document(request: Request, payload: Payload, body: Body, bytes_max: int = XML_BYTES_MAX) -> bytes:
    """Whole body of a request that carries a document, checked against all that the request says of it.

    Raises: S3Error, SignatureRefused, ChecksumMismatch, ClientGone.
    """
    integrity = read_integrity(request.headers, is_put=request.method == "PUT")
    collected = bytearray()
    if isinstance(payload, ChunkedPayload) or request.headers.get("content-length") or _is_chunked(request):
        source = source_of(request, payload, body, bytes_max)
        async for piece in source:
            collected += piece
        integrity = integrity.with_trailers(source.trailers)
    checksums = {name: encode_digest(digest_of(name, collected)) for name in integrity.algorithms}
    md5, sha256 = digest_of("md5", collected).hex(), digest_of("sha256", collected).hex()
    integrity.check(Digests(len(collected), md5, sha256, checksums), payload)
    return bytes(collected)


def _is_chunked(request: Request) -> bool:
    return "transfer-encoding" in request.headers


def _too_large(length: int, bytes_max: int) -> S3Error:
    return S3Error(
        S3Code.ENTITY_TOO_LARGE,
        "Your proposed upload exceeds the maximum allowed size",
        details={"ProposedSize": str(length), "MaxSizeAllowed": str(bytes_max)},
    )
