"""How a statement locks a node: it gives it a property that it may have already, and then raises its lockCount.

Raising it alone would do on the embedded engine, where a changed value is what conflicts. Neo4j, before it raises a
property, takes a shared lock of the node's relationships and then waits for the node itself; who holds the node and
makes a relationship there then waits for those who wait for him: a deadlock, each time two create in one container. A
property that is set without being read takes the node alone (measured, decision 0022).
"""

from typing import LiteralString


def take(node: LiteralString) -> LiteralString:
    """Clause that locks a node, to be followed by a `SET` of its own."""
    return f"SET {node}.locked = true "


def lock(node: LiteralString) -> LiteralString:
    """Clauses that lock a node and raise its lockCount; a node without one has had none."""
    return f"{take(node)}SET {node}.lockCount = coalesce({node}.lockCount, 0) + 1 "
