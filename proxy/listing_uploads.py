"""One page of open multipart uploads: by key in byte order, then by age, grouped by a delimiter. Pure.

Uploads and common prefixes count together; a page that ends on a common prefix goes on after all that it covers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.publishing import UploadFacts
from graphstore.instants import from_ms


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload and when it began (ms)."""

    facts: UploadFacts
    begun_ms: int

    @property
    def id(self) -> str:
        """Its id: a ULID, so younger ones sort later."""
        return self.facts.id

    @property
    def key(self) -> str:
        """Key it is for."""
        return self.facts.key

    @property
    def created_by(self) -> str:
        """Id of the user who began it."""
        return self.facts.created_by

    @property
    def begun_at(self) -> datetime:
        """When it began."""
        return from_ms(self.begun_ms)


@dataclass(frozen=True, slots=True)
class UploadPage:
    """A page; `last_key` and `last_id` are where the next one goes on (an empty id after a common prefix)."""

    uploads: tuple[OpenUpload, ...]
    common_prefixes: tuple[str, ...]
    is_truncated: bool
    last_key: str
    last_id: str


def page_of(
    uploads: Sequence[OpenUpload], prefix: str, delimiter: str, key_marker: str, id_marker: str, limit: int
) -> UploadPage:
    """At most `limit` uploads and common prefixes after the markers; without a key marker the id marker says nothing.

    A key marker alone stands behind all uploads of its key.
    """
    shown: list[OpenUpload] = []
    prefixes: list[str] = []
    last = ("", "")
    for upload in sorted(uploads, key=lambda one: (one.key, one.id)):
        if not upload.key.startswith(prefix) or _is_passed(upload, key_marker, id_marker):
            continue
        common = _common_prefix(upload.key, prefix, delimiter)
        if common is not None and common in {key_marker, last[0]}:
            continue
        if len(shown) + len(prefixes) >= limit:
            return UploadPage(tuple(shown), tuple(prefixes), limit > 0, *last)
        if common is None:
            shown.append(upload)
            last = (upload.key, upload.id)
        else:
            prefixes.append(common)
            last = (common, "")
    return UploadPage(tuple(shown), tuple(prefixes), is_truncated=False, last_key=last[0], last_id=last[1])


def _is_passed(upload: OpenUpload, key_marker: str, id_marker: str) -> bool:
    if not key_marker or upload.key > key_marker:
        return False
    return upload.key < key_marker or not id_marker or upload.id <= id_marker


def _common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    at = key.find(delimiter, len(prefix)) if delimiter else -1
    return None if at < 0 else key[: at + len(delimiter)]
