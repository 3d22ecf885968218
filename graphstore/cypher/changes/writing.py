"""What all statements of changes share: rows in, nothing out; where a child stands below its parent.

Names: `sort` of an Entry is its parent's id and the name (domain/keys.py); `since` is its parent's epoch, and stands on
the edge too, where a rule finds it without looking for the Entry. A container HOLDS the Entries of its containers, so
that the containers of a subtree are walked without a look at its Objects.
"""

from typing import Final, LiteralString

from graphstore.statements import Statement, nothing


def write(name: str, text: LiteralString) -> Statement[None]:
    """Make a statement that runs its text for each row of `rows`."""
    return Statement(name, "UNWIND $rows AS row " + text, nothing)


BELOW: Final[LiteralString] = (
    "CREATE (r)-[:BELONGS_TO {home: true, passes: 4, name: row.name, since: parent.epoch, createdAt: row.at, "
    "createdBy: row.by}]->(parent) "
)

CONTAINER_ENTRY: Final[LiteralString] = (
    "CREATE (parent)-[:HOLDS]->(:Entry:ContainerEntry {sort: row.sort, since: parent.epoch})-[:NAMES]->(r) "
)
