"""Contents as writers of references to them see them: locked, so that bytes never go while they gain a reference."""

from collections.abc import Collection
from typing import Final

from graphstore.cypher.locking import lock
from graphstore.statements import Query, Statement

_LOCK: Final = Statement(
    "lock contents",
    "UNWIND $ids AS id MATCH (c:Content {id: id}) " + lock("c") + "RETURN c.id AS id",
    lambda rows: frozenset(str(row["id"]) for row in rows),
)


def lock_contents(ids: Collection[str]) -> Query[frozenset[str]]:
    """Lock contents, in id order; answers those that are there."""
    return _LOCK.bind(ids=sorted(ids))


_NEEDED: Final = Statement(
    "needed contents",
    "UNWIND $ids AS id MATCH (c:Content {id: id}) "
    # Until the first: a popular content has many.
    "WHERE EXISTS { (other)-[:CONTENT]->(c) WHERE NOT other.versionId IN $versions } RETURN c.id AS id",
    lambda rows: frozenset(str(row["id"]) for row in rows),
)


def needed_contents(ids: Collection[str], version_ids: Collection[str]) -> Query[frozenset[str]]:
    """Which contents other revisions than these refer to."""
    return _NEEDED.bind(ids=sorted(ids), versions=sorted(version_ids))
