"""What the rows of changes are made of."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from domain.contents import BlobFacts, ObjectHeaders
from domain.resources import Kind
from domain.snapshots import versioned_beginning
from graphstore.statements import Statement

Rows = tuple[Statement[None], Mapping[str, Any]]
"""One row for a statement of graphstore/cypher/changes/."""


def header_row(headers: ObjectHeaders) -> dict[str, Any]:
    """Properties that keep headers on an Object, Revision or Upload."""
    return {
        "contentType": headers.content_type,
        "contentDisposition": headers.content_disposition,
        "contentEncoding": headers.content_encoding,
        "contentLanguage": headers.content_language,
        "cacheControl": headers.cache_control,
        "expires": headers.expires,
        "userMetadata": json.dumps(dict(headers.user_metadata)) if headers.user_metadata else None,
    }


def blob_row(blob: BlobFacts) -> dict[str, Any]:
    """Properties of a Blob node; the wrapped key as base64."""
    return {
        "id": blob.id,
        "length": blob.length_bytes,
        "sealed": blob.sealed_bytes,
        "md5": blob.md5,
        "sha256": blob.sha256,
        "sameness": blob.sameness,
        "keyId": blob.key_id,
        "wrappedKey": base64.b64encode(blob.wrapped_key).decode(),
    }


def versioned_key(parent_id: str, parent_kind: Kind, name: str) -> str | None:
    """`versioned` of an Object's Entry: its parent and how its name begins, where a snapshot might hide it."""
    beginning = versioned_beginning(name, parent_kind)
    return None if beginning is None else parent_id + beginning
