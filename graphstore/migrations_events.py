"""What the numbering of events needs of an older graph: its constraints, and that events written before it wait too."""

from typing import Final, LiteralString

from graphstore.bolt import Engine
from graphstore.statements import Statement, nothing

EVENT_DEFINITIONS: Final[tuple[LiteralString, ...]] = (
    "CREATE CONSTRAINT event_number IF NOT EXISTS FOR (n:Event) REQUIRE n.number IS UNIQUE",
    "CREATE CONSTRAINT pending_event_id IF NOT EXISTS FOR (n:PendingEvent) REQUIRE n.id IS UNIQUE",
    "CREATE CONSTRAINT sequence_key IF NOT EXISTS FOR (n:Sequence) REQUIRE n.key IS UNIQUE",
)

_BATCH: Final = 500

# Without ORDER BY, which sorts all that follows on the embedded engine; right whatever order the engine walks.
_UPPER: Final = Statement(
    "next events by id",
    "MATCH (e:Event) USING INDEX SEEK e:Event(id) WHERE e.id > $after WITH e LIMIT $size RETURN max(e.id) AS upper",
    lambda rows: str(rows[0]["upper"] or ""),
)
_WAIT: Final = Statement(
    "let events wait",
    "MATCH (e:Event) USING INDEX SEEK e:Event(id) WHERE e.id > $after AND e.id <= $upper AND e.number IS NULL "
    "MERGE (p:PendingEvent {id: e.id}) ON CREATE SET p.resourceId = e.resourceId, p.lockCount = e.lockCount",
    nothing,
)


async def let_events_wait(engine: Engine) -> None:
    """Let events without a number wait for one, in batches by id, as graphs of version 1 don't.

    Raises: GraphUnavailable.
    """
    after = ""
    while upper := await engine.read(_UPPER.bind(after=after, size=_BATCH)):
        query = _WAIT.bind(after=after, upper=upper)
        await engine.write("let events wait", lambda tx, query=query: tx.run(query))
        after = upper
