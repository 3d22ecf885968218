"""The graph's catalogue of blobs as maintenance walks it: page by page in the order of their ids, and what shows one.

The upper bound of a page comes first, then its rows: right whatever order an engine walks its index in, and the
embedded engine sorts no more than the page (graphstore/cypher/pages.py).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Final

from domain.contents import BlobFacts
from graphstore.cypher.wrapping import wrapped_bytes
from graphstore.statements import Query, Row, Statement

SHOWN_MAX: Final = 10
"""How many Objects are named that show a blob."""


@dataclass(frozen=True, slots=True)
class CataloguedBlob:
    """A Blob node. Digests are lower-case hex, of the plaintext.

    `key_id` and `wrapped_key` are None once its key was destroyed; `is_needed` says that a content or an upload refers
    to it.
    """

    id: str
    length_bytes: int
    sealed_bytes: int
    md5: str
    sha256: str
    key_id: str | None
    wrapped_key: bytes | None = field(repr=False)
    is_needed: bool

    def facts(self) -> BlobFacts | None:
        """Facts to read it by; None once its key was destroyed."""
        if self.key_id is None or self.wrapped_key is None:
            return None
        return BlobFacts(
            id=self.id,
            length_bytes=self.length_bytes,
            sealed_bytes=self.sealed_bytes,
            md5=self.md5,
            sha256=self.sha256,
            key_id=self.key_id,
            wrapped_key=self.wrapped_key,
        )


def _upper(rows: Sequence[Row]) -> str | None:
    return rows[0]["upper"] if rows else None


# On Neo4j an index gives rows in its order, so the first of them are the least ones there, too.
_UPPER: Final = Statement(
    "last of the next blobs",
    "MATCH (b:Blob) WHERE b.id > $after WITH b.id AS id LIMIT $size RETURN max(id) AS upper",
    _upper,
)


def upper_blob(after: str, size: int) -> Query[str | None]:
    """Id that ends the next page, about `size` blobs above `after`; None where there are no more."""
    return _UPPER.bind(after=after, size=size)


def _blob(row: Row) -> CataloguedBlob:
    wrapped: str | None = row["wrappedKey"]
    return CataloguedBlob(
        id=row["id"],
        length_bytes=row["length"],
        sealed_bytes=row["sealed"],
        md5=row["md5"],
        sha256=row["sha256"],
        key_id=row["keyId"],
        wrapped_key=None if wrapped is None else wrapped_bytes(wrapped),
        is_needed=row["needed"],
    )


_COLUMNS: Final = (
    "RETURN b.id AS id, b.length AS length, b.sealed AS sealed, b.md5 AS md5, b.sha256 AS sha256, b.keyId AS keyId, "
    "b.wrappedKey AS wrappedKey, EXISTS { (b)<-[:PART|UPLOADED]-() } AS needed"
)
_PAGE: Final = Statement(
    "page of blobs",
    "MATCH (b:Blob) WHERE b.id > $after AND b.id <= $upper " + _COLUMNS,
    lambda rows: sorted(map(_blob, rows), key=lambda blob: blob.id),
)


def page_of_blobs(after: str, upper: str) -> Query[list[CataloguedBlob]]:
    """Blobs in (after, upper], by id."""
    return _PAGE.bind(after=after, upper=upper)


_BLOBS: Final = Statement(
    "blobs by id",
    "UNWIND $ids AS id MATCH (b:Blob {id: id}) " + _COLUMNS,
    lambda rows: {str(row["id"]): _blob(row) for row in rows},
)


def blobs_by_id(ids: Collection[str]) -> Query[dict[str, CataloguedBlob]]:
    """Those of the blobs that the graph knows, by id."""
    return _BLOBS.bind(ids=sorted(ids))


_SHOWN: Final = Statement(
    "what shows a blob",
    "MATCH (b:Blob {id: $id})<-[:PART]-(:Content)<-[:CONTENT]-(shown) "
    "WITH DISTINCT coalesce(shown.objectId, shown.id) AS id, shown.versionId AS version LIMIT $size "
    "RETURN id, version",
    lambda rows: sorted(f"object {row['id']} version {row['version']}" for row in rows),
)


def shown_by(blob_id: str) -> Query[list[str]]:
    """Objects that show a blob, with the version that does; at most SHOWN_MAX."""
    return _SHOWN.bind(id=blob_id, size=SHOWN_MAX)
