"""How changes of a resource's own fields are written."""

from typing import Final

from graphstore.cypher.changes.writing import write

FIELDS_CHANGED: Final = write(
    "change fields",
    "MATCH (r:Resource {id: row.id}) SET r += row.values, r.updatedAt = row.at, r.revision = r.revision + 1",
)
