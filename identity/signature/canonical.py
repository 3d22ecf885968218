"""The canonical request of Signature Version 4, from the parts of an ASGI request as they were on the wire.

Canonical encoding is: decode, then percent-encode once everything but the unreserved characters of RFC 3986. So a
client that escapes more or less than another signs the same text. S3 encodes the path once and doesn't normalise
it: `//` and `/./` stay. A `+` in a query means a space, as in HTML forms; in a path it is a plus.
A broken escape such as `%zz` stands for itself.
Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, TypeAlias
from urllib.parse import quote_from_bytes, unquote_to_bytes

Headers: TypeAlias = Sequence[tuple[bytes, bytes]]
"""Header fields in the order of the wire, names in lower case, as ASGI gives them."""

_is_canonical_path: Final = re.compile(rb"[A-Za-z0-9\-._~/]*").fullmatch
_is_canonical_text: Final = re.compile(rb"[A-Za-z0-9\-._~]*").fullmatch


@dataclass(frozen=True, slots=True)
class RawRequest:
    """What of a request is signed, untouched: `raw_path` has no query, `raw_query` no question mark."""

    method: str
    raw_path: bytes = field(repr=False)
    raw_query: bytes = field(repr=False)
    headers: Headers = field(repr=False)


def canonical_path(raw_path: bytes) -> bytes:
    """Encode the path once, slashes kept; an empty path is `/`."""
    if _is_canonical_path(raw_path):
        return raw_path or b"/"
    return quote_from_bytes(unquote_to_bytes(raw_path), safe="/").encode("ascii")


def encode_text(text: bytes) -> bytes:
    """Percent-encode everything but the unreserved characters, slashes included."""
    if _is_canonical_text(text):
        return text
    return quote_from_bytes(text, safe="").encode("ascii")


def query_parameters(raw_query: bytes) -> list[tuple[bytes, bytes]]:
    """Decode a query into names and values, in the order of the wire; a name without `=` has an empty value.

    What is signed is this reading of the query, so whoever acts on a signed request must read it the same way.
    """
    parameters: list[tuple[bytes, bytes]] = []
    for pair in raw_query.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            parameters.append((_decode(name), _decode(value)))
    return parameters


def canonical_query(parameters: Iterable[tuple[bytes, bytes]]) -> bytes:
    """Encode decoded parameters and sort them by encoded name, then by encoded value."""
    encoded = sorted((encode_text(name), encode_text(value)) for name, value in parameters)
    return b"&".join([name + b"=" + value for name, value in encoded])


def header_values(headers: Headers) -> dict[bytes, bytes]:
    """Canonical values by name: ends trimmed, inner white space collapsed, repeated fields joined by a comma."""
    values: dict[bytes, bytes] = {}
    for name, raw in headers:
        value = b" ".join(raw.split())
        values[name] = values[name] + b"," + value if name in values else value
    return values


def canonical_request(
    method: str,
    path: bytes,
    query: bytes,
    signed_headers: Sequence[bytes],
    values: Mapping[bytes, bytes],
    payload_hash: str,
) -> bytes:
    """Write the canonical request; path and query are canonical, and `values` holds every signed header.

    `signed_headers` are sorted names in lower case.
    """
    lines = [method.encode("utf-8"), path, query]
    lines += [name + b":" + values[name] for name in signed_headers]
    lines += [b"", b";".join(signed_headers), payload_hash.encode("ascii")]
    return b"\n".join(lines)


def string_to_sign(amz_date: str, scope: str, request: bytes) -> bytes:
    """Write the string to sign of a canonical request; `scope` is `date/region/s3/aws4_request`."""
    return f"AWS4-HMAC-SHA256\n{amz_date}\n{scope}\n{sha256(request).hexdigest()}".encode("ascii")


def _decode(text: bytes) -> bytes:
    if b"%" in text or b"+" in text:
        return unquote_to_bytes(text.replace(b"+", b" "))
    return text
