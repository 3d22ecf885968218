"""The `aws-chunked` coding: S3's chunks inside an HTTP body, signed or not, with trailing headers or not.

    chunk   = hex size [";chunk-signature=" 64 hex digits] CRLF, data, CRLF
    body    = chunks, the last one of size 0 and without its data's CRLF, then trailers and an empty line
    trailer = name ":" value (CRLF or LF), and with signed chunks at last "x-amz-trailer-signature:" 64 hex digits CRLF

Each chunk's signature covers its data and the signature before it, so that chunks can't be left out or moved.
Sources: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html and
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
Beyond these pages, as clients send it: a trailer line may end in LF alone and an empty line may stand before the
trailer's signature (MinIO's SDK), and the empty line at the very end may be missing.
"""

import re
from enum import Enum, auto
from hashlib import sha256
from hmac import compare_digest
from typing import Final

from identity.signature.canonical import Headers, header_values
from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.matching import MISMATCH
from identity.signature.payload import ChunkedPayload, ChunkSigning
from identity.signature.scope import sign

CHUNK_SIZE_MIN_BYTES: Final = 8192
LINE_MAX_BYTES: Final = 1024
TRAILERS_MAX_BYTES: Final = 8192
TRAILER_SIGNATURE: Final = "x-amz-trailer-signature"

_EMPTY_SHA256: Final = sha256().hexdigest()
_CRLF: Final = b"\r\n"
_unsigned_header: Final = re.compile(rb"([0-9a-fA-F]{1,16})\r\n").fullmatch
_signed_header: Final = re.compile(rb"([0-9a-fA-F]{1,16});chunk-signature=([0-9a-f]{64})\r\n").fullmatch
_trailer_field: Final = re.compile(rb"([!#-9;-~]+): ?([\x20-\x7e]*)\r?\n").fullmatch
_is_size: Final = re.compile(rb"[0-9]{1,18}").fullmatch


class _Place(Enum):
    """Which part of the body the next byte belongs to."""

    HEADER = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILERS = auto()


class ChunkedDecoder:
    """Takes an `aws-chunked` body apart as it comes in, in pieces of any size, and checks it.

    Memory stays bounded whatever the sizes of chunks: data is passed on before its chunk is complete, so what `feed`
    gives is proven only when `finish` has returned; nothing may be published before. After a refusal it's spent.
    """

    __slots__ = (
        "_chunk_signature",
        "_declared_trailers",
        "_decoded_size_bytes",
        "_has_trailer",
        "_hash",
        "_last_size_bytes",
        "_line",
        "_place",
        "_previous_signature",
        "_received_bytes",
        "_remaining_bytes",
        "_signing",
        "_trailer_bytes",
        "_trailer_signature",
        "_trailers",
    )

    def __init__(self, payload: ChunkedPayload, decoded_size_bytes: int, trailer_names: frozenset[str]) -> None:
        """Expect data of just this size, and just these trailers, in lower case."""
        assert decoded_size_bytes >= 0, "a size isn't negative"
        assert payload.has_trailer or not trailer_names, "trailers come only in a body that announces them"
        self._signing = payload.signing
        self._has_trailer = payload.has_trailer
        self._decoded_size_bytes = decoded_size_bytes
        self._declared_trailers = trailer_names
        self._place = _Place.HEADER
        self._line: bytes = b""
        self._received_bytes = 0
        self._remaining_bytes = 0
        self._last_size_bytes = CHUNK_SIZE_MIN_BYTES
        self._hash = sha256()
        self._chunk_signature = b""
        self._previous_signature = payload.signing.seed_signature if payload.signing else ""
        self._trailers: dict[str, str] = {}
        self._trailer_bytes = 0
        self._trailer_signature: str | None = None

    def feed(self, data: bytes | bytearray | memoryview) -> list[memoryview]:
        """Take the next bytes of the body; give the parts of them that are data, in order, as views without a copy.

        Raises: SignatureRefused (InvalidRequest for malformed framing, IncompleteBody for more data than declared,
        InvalidChunkSizeError, SignatureDoesNotMatch, MalformedTrailerError).
        """
        view = memoryview(data).cast("B")
        size_bytes = len(view)
        pieces: list[memoryview] = []
        position = 0
        while position < size_bytes:
            if self._place is _Place.DATA:
                piece = view[position : position + self._remaining_bytes]
                position += len(piece)
                self._take_data(piece)
                pieces.append(piece)
                continue
            wanted = LINE_MAX_BYTES - len(self._line)
            start = bytes(view[position : position + wanted])
            line_size_bytes = start.find(b"\n") + 1
            if not line_size_bytes:
                if len(start) == wanted:
                    raise _malformed(f"a line is longer than {LINE_MAX_BYTES} bytes")
                self._line += start
                break
            position += line_size_bytes
            line = self._line + start[:line_size_bytes]
            self._line = b""
            self._take_line(line)
        return pieces

    def finish(self) -> dict[str, str]:
        """Say that the body is over; give its trailers by lower-case name, without the trailer's signature.

        Raises: SignatureRefused (IncompleteBody, MalformedTrailerError, SignatureDoesNotMatch).
        """
        if self._place is not _Place.TRAILERS or self._line:
            raise SignatureRefused(RefusalCode.INCOMPLETE_BODY, "The request body ended inside of a chunk or trailer.")
        if self._received_bytes != self._decoded_size_bytes:
            raise SignatureRefused(
                RefusalCode.INCOMPLETE_BODY,
                f"The request body holds {self._received_bytes} bytes of data; "
                f"x-amz-decoded-content-length says {self._decoded_size_bytes}.",
            )
        missing = self._declared_trailers.difference(self._trailers)
        if missing:
            raise _malformed_trailer(f"x-amz-trailer declares {', '.join(sorted(missing))}, which did not come")
        if self._signing and self._has_trailer:
            self._check_trailer_signature(self._signing)
        return dict(self._trailers)

    def _take_data(self, piece: memoryview) -> None:
        self._remaining_bytes -= len(piece)
        self._received_bytes += len(piece)
        if self._signing:
            self._hash.update(piece)
        if not self._remaining_bytes:
            if self._signing:
                self._check_chunk_signature(self._signing)
            self._place = _Place.DATA_END

    def _take_line(self, line: bytes) -> None:
        match self._place:
            case _Place.HEADER:
                self._take_chunk_header(line)
            case _Place.DATA_END:
                if line != _CRLF:
                    raise _malformed("a chunk's data does not end with CRLF where its size says")
                self._place = _Place.HEADER
            case _Place.TRAILERS:
                self._take_trailer(line)
            case _Place.DATA:
                raise AssertionError("data isn't read by lines")

    def _take_chunk_header(self, line: bytes) -> None:
        found = (_signed_header if self._signing else _unsigned_header)(line)
        if found is None:
            shape = "a hex size and a chunk-signature" if self._signing else "a hex size"
            raise _malformed(f"a chunk does not begin with {shape} and CRLF")
        size_bytes = int(found[1], 16)
        if self._received_bytes + size_bytes > self._decoded_size_bytes:
            raise SignatureRefused(
                RefusalCode.INCOMPLETE_BODY,
                f"The chunks hold more data than x-amz-decoded-content-length says ({self._decoded_size_bytes} bytes).",
            )
        if size_bytes and self._last_size_bytes < CHUNK_SIZE_MIN_BYTES:
            raise SignatureRefused(
                RefusalCode.INVALID_CHUNK_SIZE,
                f"Only the last chunk is allowed to have a size less than {CHUNK_SIZE_MIN_BYTES} bytes",
            )
        self._last_size_bytes = self._remaining_bytes = size_bytes
        if self._signing:
            self._chunk_signature = found[2]
            if not size_bytes:
                self._check_chunk_signature(self._signing)
        self._place = _Place.DATA if size_bytes else _Place.TRAILERS

    def _take_trailer(self, line: bytes) -> None:
        self._trailer_bytes += len(line)
        if self._trailer_bytes > TRAILERS_MAX_BYTES:
            raise _malformed_trailer(f"the trailers are longer than {TRAILERS_MAX_BYTES} bytes")
        if line == _CRLF:
            return
        found = _trailer_field(line)
        if not self._has_trailer or found is None:
            raise _malformed_trailer("what follows the last chunk is no trailer that was announced")
        name, value = found[1].decode("ascii").lower(), found[2].decode("ascii")
        if self._trailer_signature is not None:
            raise _malformed_trailer(f"{TRAILER_SIGNATURE} is not the last trailer")
        if self._signing and name == TRAILER_SIGNATURE:
            self._trailer_signature = value
        elif name in self._trailers or name not in self._declared_trailers:
            raise _malformed_trailer(f"{name} is repeated, or not declared in x-amz-trailer")
        else:
            self._trailers[name] = value

    def _check_chunk_signature(self, signing: ChunkSigning) -> None:
        text = (
            f"AWS4-HMAC-SHA256-PAYLOAD\n{signing.amz_date}\n{signing.scope}\n{self._previous_signature}\n"
            f"{_EMPTY_SHA256}\n{self._hash.hexdigest()}"
        )
        signature = sign(signing.key, text.encode("ascii"))
        if not compare_digest(signature.encode("ascii"), self._chunk_signature):
            raise SignatureRefused(RefusalCode.SIGNATURE_DOES_NOT_MATCH, MISMATCH, details={"StringToSign": text})
        self._previous_signature = signature
        self._hash = sha256()

    def _check_trailer_signature(self, signing: ChunkSigning) -> None:
        if self._trailer_signature is None:
            raise _malformed_trailer(f"{TRAILER_SIGNATURE} did not come")
        lines = "".join(f"{name}:{value}\n" for name, value in self._trailers.items())
        text = (
            f"AWS4-HMAC-SHA256-TRAILER\n{signing.amz_date}\n{signing.scope}\n{self._previous_signature}\n"
            f"{sha256(lines.encode('ascii')).hexdigest()}"
        )
        if not compare_digest(sign(signing.key, text.encode("ascii")), self._trailer_signature):
            raise SignatureRefused(RefusalCode.SIGNATURE_DOES_NOT_MATCH, MISMATCH, details={"StringToSign": text})


def chunked_decoder(payload: ChunkedPayload, headers: Headers) -> ChunkedDecoder:
    """Make the decoder that the request's headers ask for.

    Raises: SignatureRefused (MissingContentLength without x-amz-decoded-content-length, InvalidArgument where that
    is no size, InvalidRequest where trailers are declared that the payload's hash doesn't announce).
    """
    values = header_values(headers)
    size = values.get(b"x-amz-decoded-content-length")
    if size is None:
        raise SignatureRefused(
            RefusalCode.MISSING_CONTENT_LENGTH, "You must provide the x-amz-decoded-content-length HTTP header."
        )
    if not _is_size(size):
        raise SignatureRefused(RefusalCode.INVALID_ARGUMENT, "x-amz-decoded-content-length must be a number of bytes.")
    declared = values.get(b"x-amz-trailer", b"").decode("latin-1").lower().split(",")
    names = frozenset(name.strip() for name in declared if name.strip())
    if names and not payload.has_trailer:
        raise SignatureRefused(
            RefusalCode.INVALID_REQUEST, "x-amz-trailer is given, but x-amz-content-sha256 announces no trailer."
        )
    return ChunkedDecoder(payload, int(size), names)


def _malformed(what: str) -> SignatureRefused:
    return SignatureRefused(RefusalCode.INVALID_REQUEST, f"The aws-chunked body is malformed: {what}.")


def _malformed_trailer(what: str) -> SignatureRefused:
    return SignatureRefused(RefusalCode.MALFORMED_TRAILER, f"The trailers are malformed: {what}.")
