"""One S3 request as it was sent: method, bucket, key, query and headers, decoded once and nothing normalised.

Read just as its signature reads it (identity/signature/canonical.py): the path is percent-decoded and then split, `+`
in a query is a space. Buckets come in the path, or before the host below the configured domain.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import unquote_to_bytes

from domain.limits import KEY_BYTES_MAX
from identity.signature.canonical import Headers, query_parameters
from proxy.asgi import Scope
from proxy.errors import S3Code, S3Error

UPLOAD_PARAMETER: Final = "x-aruna-upload"
"""Names the Upload of the GraphQL face that a presigned PUT brings the bytes for."""

MULTIPART_PARAMETER: Final = "uploadId"
"""Names the multipart upload that a request is about."""
COPY_SOURCE_HEADER: Final = "x-amz-copy-source"
"""Names what a copy is made from."""

_AMZ: Final = "x-amz-"
_PRESIGNED_MARKS: Final = ("X-Amz-Signature", "Signature")
_V2_HEADERS: Final = frozenset({"content-type", "content-md5"})


@dataclass(frozen=True, slots=True)
class Request:
    """A parsed request; header names are lower case. `bucket` and `key` are empty where the request names none."""

    method: str
    raw_path: bytes = field(repr=False)
    raw_query: bytes = field(repr=False)
    raw_headers: Headers = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    bucket: str
    key: str
    virtual_bucket: str | None = None

    @property
    def resource(self) -> str:
        """What error documents call the Resource."""
        if not self.bucket:
            return "/"
        return f"/{self.bucket}/{self.key}" if self.key else f"/{self.bucket}"

    @property
    def is_presigned(self) -> bool:
        """Whether the query claims to be signed."""
        return any(mark in self.query for mark in _PRESIGNED_MARKS)

    @property
    def expects_continue(self) -> bool:
        """Whether the client waits for `100 Continue` before it sends the body."""
        return self.headers.get("expect", "").lower() == "100-continue"


def parse_request(scope: Scope, domain: str | None) -> Request:
    """Read an ASGI request; `domain` is what virtual-host buckets stand before, in lower case.

    Raises: S3Error (InvalidURI for a path that isn't UTF-8, InvalidArgument for such a query, KeyTooLongError).
    """
    headers = _headers(scope["headers"])
    raw_path: bytes = scope["raw_path"]
    virtual_bucket = virtual_bucket_of(headers.get("host", ""), domain)
    try:
        path = (unquote_to_bytes(raw_path) if b"%" in raw_path else raw_path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise S3Error(S3Code.INVALID_URI, "Couldn't parse the specified URI: it is not UTF-8.") from error
    path = path.removeprefix("/")
    bucket, _, key = (virtual_bucket, "", path) if virtual_bucket is not None else path.partition("/")
    raw_query: bytes = scope["query_string"]
    request = Request(
        method=scope["method"],
        raw_path=raw_path,
        raw_query=raw_query,
        raw_headers=scope["headers"],
        headers=headers,
        query=_query(raw_query),
        bucket=bucket,
        key=key,
        virtual_bucket=virtual_bucket,
    )
    if len(key) * 4 > KEY_BYTES_MAX and len(key.encode("utf-8")) > KEY_BYTES_MAX:
        raise S3Error(
            S3Code.KEY_TOO_LONG,
            "Your key is too long.",
            details={"Size": str(len(key.encode("utf-8"))), "MaxSizeAllowed": str(KEY_BYTES_MAX)},
        )
    return _with_headers_of_query(request) if request.is_presigned else request


def virtual_bucket_of(host: str, domain: str | None) -> str | None:
    """Bucket that a Host header names below the domain, None for path style."""
    if domain is None:
        return None
    name = host.lower()
    if not name.endswith("]"):
        name = name.rpartition(":")[0] or name if name.rpartition(":")[2].isdigit() else name
    bucket = name.removesuffix("." + domain)
    return bucket if bucket and bucket != name else None


def _headers(raw: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name = raw_name.decode("latin-1")
        try:
            value = raw_value.strip().decode("utf-8")
        except UnicodeDecodeError:
            value = raw_value.strip().decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _query(raw_query: bytes) -> dict[str, str]:
    """Parameters by name; of a repeated one the first counts."""
    query: dict[str, str] = {}
    if raw_query:
        try:
            for name, value in query_parameters(raw_query):
                query.setdefault(name.decode("utf-8"), value.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise S3Error(S3Code.INVALID_ARGUMENT, "The query is not UTF-8.") from error
    return query


def _with_headers_of_query(request: Request) -> Request:
    """Take `x-amz-*` parameters of a presigned URL as the headers they stand for, as S3 does.

    They are signed like the rest of the query. Signature Version 2 signs two plain headers that way too.
    """
    moved = {
        name.lower(): value
        for name, value in request.query.items()
        if name.lower().startswith(_AMZ) or ("Signature" in request.query and name.lower() in _V2_HEADERS)
    }
    return replace(request, headers={**moved, **request.headers})
