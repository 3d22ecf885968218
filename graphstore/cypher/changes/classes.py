"""How notes on data classes are written: instants that tasks of relaxing compare (graphstore/relaxing.py)."""

from typing import Final

from graphstore.cypher.changes.writing import write

RELAXING_BEGUN: Final = write("note that relaxing began", "MATCH (r:Resource {id: row.id}) SET r.relaxedAt = row.at")


CLASS_KEPT: Final = write(
    "note a class that is kept",
    "MATCH (o:Resource {id: row.id}) OPTIONAL MATCH (o)-[:BELONGS_TO {home: true}]->(home:Resource) "
    # Clocks of two processes differ: what comes later under the home's lock is later.
    "SET o.classedAt = CASE WHEN coalesce(home.relaxedAt, 0) >= row.at THEN home.relaxedAt + 1 ELSE row.at END",
)
