"""The embedded graph: ArcadeDB from PyPI as a child process on loopback, spoken to over Bolt.

It starts where no graph URI is set. Decision 0003 says how the child is kept from outliving us.
"""

from graphstore.embedded.engine import EmbeddedGraph, EmbeddedGraphError

__all__ = ["EmbeddedGraph", "EmbeddedGraphError"]
