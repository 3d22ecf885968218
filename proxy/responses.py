"""Answers of the S3 face: status, headers, and bytes or a stream of them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from proxy.errors import Problem
from proxy.reading import PlainReader
from proxy.xml import document, error_document, tag

XML_TYPE: Final = "application/xml"

_unsendable: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]").search
_replace_unsendable: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]+").sub


@dataclass(slots=True)
class Response:
    """One answer. A reader is sent chunk by chunk, `stream_bytes` together, and closed by whoever sends it."""

    status: int
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: bytes | PlainReader = b""
    stream_bytes: int = 0


def xml_response(name: str, children: Iterable[str]) -> Response:
    """Answer a document."""
    body = document(name, children)
    return Response(200, {"content-type": XML_TYPE, "content-length": str(len(body))}, body)


def checksum_elements(checksums: Mapping[str, str]) -> list[str]:
    """Write checksums (S3's names of algorithms -> base64) as the elements of documents that tell them."""
    return [tag(f"Checksum{name.upper()}", value) for name, value in checksums.items()]


def empty_response(status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Answer without a body."""
    answered = dict(headers or {})
    if status != 204:
        answered["content-length"] = "0"
    return Response(status, answered)


def error_response(problem: Problem, resource: str, request_id: str, *, has_body: bool = True) -> Response:
    """Answer an error; a HEAD gets its status alone."""
    if not has_body:
        return Response(problem.status, dict(problem.headers))
    details = [*problem.details.items(), ("Resource", resource), ("RequestId", request_id)]
    body = error_document(problem.code, problem.message, details)
    return Response(
        problem.status, {**problem.headers, "content-type": XML_TYPE, "content-length": str(len(body))}, body
    )


def encode_headers(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Encode headers for the wire, values in UTF-8; what would end a header early becomes a space."""
    encoded: list[tuple[bytes, bytes]] = []
    for name, text in headers.items():
        value = text.encode("utf-8")
        if _unsendable(value):
            value = _replace_unsendable(b" ", value)
        encoded.append((name.encode("ascii"), value))
    return encoded


def http_date(at: datetime) -> str:
    """Write an aware UTC instant as Last-Modified does."""
    return format_datetime(at, usegmt=True)
