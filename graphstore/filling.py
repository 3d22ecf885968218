"""What migrations change of the data of an older graph, in batches; each is safe to run again."""

from typing import Final

from domain.keys import CONTAINER_MARK
from graphstore.bolt import Engine
from graphstore.statements import Statement, all_rows

_BATCH: Final = 500

_HOLD: Final = Statement(
    "hold container entries",
    "MATCH (e:ContainerEntry)-[:NAMES]->(r:Resource) WHERE e.sort > $after WITH e, r ORDER BY e.sort LIMIT $size "
    "MATCH (r)-[edge:BELONGS_TO]->(parent:Resource) WHERE parent.id + edge.name + $mark = e.sort "
    "MERGE (parent)-[:HOLDS]->(e) RETURN e.sort AS sort",
    all_rows,
)


async def hold_container_entries(engine: Engine) -> None:
    """Let each container HOLD the Entries of its containers, as graphs of version 1 don't.

    Raises: GraphUnavailable.
    """
    after = ""
    while True:
        query = _HOLD.bind(after=after, size=_BATCH, mark=CONTAINER_MARK)
        rows = await engine.write("hold container entries", lambda tx, query=query: tx.run(query))
        if not rows:
            return
        after = max(row["sort"] for row in rows)
