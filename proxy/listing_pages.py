"""What the lists have in common: owners, numbers and tokens of pages, and url encoding of names.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
"""

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from domain.access import Level
from graphstore.cypher.accounts import display_names
from graphstore.listing import ListedKey, Listing, list_keys, listed_container
from graphstore.store import GraphStore
from proxy.calling import Call
from proxy.errors import S3Code, S3Error
from proxy.xml import group, instant, tag

KEYS_MAX: Final = 1000
DEFAULT_REGION: Final = "us-east-1"


def read_whole_number(query: Mapping[str, str], name: str, greatest: int, *, least: int = 0) -> int:
    """Bound of a page from the query; above the greatest it is the greatest, which is the default too.

    Raises: S3Error (InvalidArgument).
    """
    text = query.get(name)
    if text is None:
        return greatest
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) >= least):
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            f"Provided {name} not an integer or within integer range",
            details={"ArgumentName": name, "ArgumentValue": text},
        )
    return min(int(text), greatest)


def write_token(last: str) -> str:
    """Write a continuation token: opaque to clients."""
    return base64.urlsafe_b64encode(last.encode("utf-8")).decode("ascii")


def read_token(token: str | None) -> str:
    """Read a continuation token; none, or an empty one, begins at the start.

    Raises: S3Error (InvalidArgument).
    """
    if not token:
        return ""
    try:
        return base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            "The continuation token provided is incorrect",
            details={"ArgumentName": "continuation-token"},
        ) from error


def owner_element(user_id: str, display_name: str, name: str = "Owner") -> str:
    """Write an owner."""
    return group(name, (tag("ID", user_id), tag("DisplayName", display_name)))


async def owner(store: GraphStore, user_id: str, name: str = "Owner") -> str:
    """Write an owner with his name from the graph."""
    names = await store.read(display_names([user_id]))
    return owner_element(user_id, names.get(user_id, user_id), name)


@dataclass(frozen=True, slots=True)
class Page:
    """What both lists of objects ask for, and how they write names."""

    prefix: str
    delimiter: str
    limit: int
    encode: Callable[[str], str]
    is_url_encoded: bool

    def heading(self, call: Call) -> list[str]:
        """Write what both lists begin with."""
        children = [tag("Name", call.request.bucket), tag("Prefix", self.encode(self.prefix))]
        if self.delimiter:
            children.append(tag("Delimiter", self.encode(self.delimiter)))
        children.append(tag("MaxKeys", str(self.limit)))
        if self.is_url_encoded:
            children.append(tag("EncodingType", "url"))
        return children

    def contents(self, listing: Listing, owners: Mapping[str, str] | None) -> Iterable[str]:
        """Write keys and common prefixes; owners by id where they are wanted."""
        for key in listing.keys:
            yield _key(key, self.encode(key.key), "" if owners is None else owners[key.owner_id])
        for prefix in listing.common_prefixes:
            yield group("CommonPrefixes", (tag("Prefix", self.encode(prefix)),))


def _key(key: ListedKey, name: str, owner_text: str) -> str:
    checksums = "".join(tag("ChecksumAlgorithm", algorithm) for algorithm in key.checksums)
    checksum_type = tag("ChecksumType", key.checksum_type) if checksums else ""
    return (
        f"<Contents>{tag('Key', name)}<LastModified>{instant(key.published_at)}</LastModified>"
        f"<ETag>&quot;{key.etag}&quot;</ETag>{checksums}{checksum_type}<Size>{key.length_bytes}</Size>{owner_text}"
        "<StorageClass>STANDARD</StorageClass></Contents>"
    )


def is_url_encoded(query: Mapping[str, str]) -> bool:
    """Whether a list is to write names url-encoded."""
    return bool(query.get("encoding-type"))


def read_encoder(query: Mapping[str, str]) -> Callable[[str], str]:
    """How a list writes names.

    Raises: S3Error (InvalidArgument).
    """
    encoding = query.get("encoding-type")
    if encoding not in {None, "", "url"}:
        raise S3Error(
            S3Code.INVALID_ARGUMENT,
            "Invalid Encoding Method specified in Request",
            details={"ArgumentName": "encoding-type", "ArgumentValue": encoding or ""},
        )
    return _url_encode if encoding else str


def read_page(query: Mapping[str, str]) -> Page:
    """Read the parameters of a list of objects.

    Raises: S3Error (InvalidArgument).
    """
    return Page(
        prefix=query.get("prefix", ""),
        delimiter=query.get("delimiter", ""),
        limit=read_whole_number(query, "max-keys", KEYS_MAX),
        encode=read_encoder(query),
        is_url_encoded=is_url_encoded(query),
    )


def _url_encode(name: str) -> str:
    return quote(name, safe="/")


async def read_keys(call: Call, page: Page, marker: str) -> Listing:
    """List what the caller may see after the marker.

    A prefix that names a container he may not see lists as one that isn't there: nothing.
    """
    container = listed_container(call.resolution)
    if container is None or container.level < Level.READ:
        return Listing((), (), is_truncated=False, last="")
    return await list_keys(
        call.services.store,
        call.resolution,
        prefix=page.prefix,
        delimiter=page.delimiter,
        marker=marker,
        limit=page.limit,
        caller=call.caller.user_id,
        now=call.now_ms,
    )


async def owners_of(call: Call, listing: Listing) -> dict[str, str]:
    """Write the owners of listed keys, by id."""
    ids = {key.owner_id for key in listing.keys}
    if not ids:
        return {}
    names = await call.services.store.read(display_names(sorted(ids)))
    return {user_id: owner_element(user_id, names.get(user_id, user_id)) for user_id in ids}
