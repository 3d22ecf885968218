"""What all statements of changes share: rows in, nothing out; where a child stands below its parent.

Names: `sort` of an Entry is its parent's id and the name (domain/keys.py); `since` is its parent's epoch.
"""

from typing import Final, LiteralString

from graphstore.statements import Statement, nothing


def write(name: str, text: LiteralString) -> Statement[None]:
    """Make a statement that runs its text for each row of `rows`."""
    return Statement(name, "UNWIND $rows AS row " + text, nothing)


BELOW: Final[LiteralString] = (
    "CREATE (r)-[:BELONGS_TO {home: true, passes: 4, name: row.name, createdAt: row.at, createdBy: row.by}]->(parent) "
)

CONTAINER_ENTRY: Final[LiteralString] = (
    "CREATE (:Entry:ContainerEntry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r) "
)
