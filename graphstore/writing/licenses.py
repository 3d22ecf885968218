"""Rows of changes of licences."""

from typing import assert_never

from domain.changes import LicenseAdded, LicenseChange
from domain.licenses import license_key
from graphstore.cypher.changes import licenses as cypher
from graphstore.instants import to_ms
from graphstore.writing.rows import Rows


def rows(change: LicenseChange) -> tuple[Rows, ...]:
    """Statements and rows of one change."""
    match change:
        case LicenseAdded():
            node = {
                "id": change.id,
                "key": license_key(change.id),
                "name": change.name,
                "url": change.url,
                "text": change.text,
                "createdAt": to_ms(change.at),
                "createdBy": change.by,
            }
            return ((cypher.LICENSE_ADDED, {"node": node}),)
        case _:
            assert_never(change)
