"""How changes of labels are written: (:Resource)-[:LABELLED]->(:Labelling), a node for each time a label was set.

`sort` of a Labelling is its key, value and resource's id (graphstore/cypher/labels.py); only those that stand have it.
"""

from typing import Final

from graphstore.cypher.changes.writing import write

LABEL_REMOVED: Final = write("remove labels", "MATCH (label:Labelling {sort: row.sort}) DETACH DELETE label")


LABEL_ENDED: Final = write(
    "end labels", "MATCH (label:Labelling {sort: row.sort}) SET label.until = row.until, label.sort = null"
)


LABEL_ADDED: Final = write(
    "add labels",
    "MATCH (r:Resource {id: row.resource}) CREATE (r)-[:LABELLED]->(label:Labelling) SET label = row.node",
)
