"""Where a test finds its graph."""

from dataclasses import dataclass, field
from typing import Literal

Engine = Literal["embedded", "neo4j"]


@dataclass(frozen=True, slots=True)
class GraphServer:
    """A running graph; `http_url` is the embedded engine's SQL door, None on Neo4j."""

    engine: Engine
    uri: str
    user: str
    password: str = field(repr=False)
    database: str
    http_url: str | None
