"""The permission pattern: one text fragment, used by every statement that decides or shows anything.

From the resource at most three hops up, each capped by what its edge lets pass, to the caller's grants. Every edge is
followed in its own direction: the embedded engine keeps all edges that arrive at a node in one list, and a container
has one for each child (decision 0008). From the user down it would be eighty times slower there (decision 0001).
The tombstone of a deleted Object follows its DELETED edges, a container of a snapshot its SNAPSHOT_OF edge, which lets
READ pass. The pure rule that this must agree with is
domain.access.effective_level.
"""

from typing import LiteralString


def level_of(
    node: LiteralString,
    user: LiteralString = "$caller",
    now: LiteralString = "$now",
    *,
    with_public: bool = True,
    by_homes: bool = False,
) -> LiteralString:
    """Expression for a user's effective level on a node, 0 where the node is null.

    `user` is an expression for his id ('' for anonymous callers), `now` for the instant in ms. Grants of a user who
    was stopped count for nothing, so that what he began before is refused when it is decided. Without `with_public`
    only grants count; with `by_homes` only those that reach it through homes. The null check matters: a pattern that
    starts at a null node matches anything on the embedded engine.
    """
    base: LiteralString = f"CASE WHEN {node}.dataClass = 'PUBLIC' THEN 1 ELSE 0 END" if with_public else "0"
    not_home: LiteralString = "WHEN hop.home = false THEN 0 " if by_homes else ""
    return (
        f"CASE WHEN {node} IS NULL THEN 0 ELSE reduce(best = {base}, found IN "
        f"[path = ({node})-[:BELONGS_TO|DELETED|SNAPSHOT_OF*0..3]->(:Resource)-[granted:GRANTED_TO]->"
        f"(:User {{id: {user}, active: true}}) "
        f"WHERE granted.expiresAt IS NULL OR granted.expiresAt > {now} | "
        f"reduce(least = 4, hop IN relationships(path) | CASE {not_home}"
        # What has its home elsewhere was unlinked when the container it was shared into was deleted.
        "WHEN hop.home = false AND endNode(hop).state = 'DELETED' THEN 0 "
        "WHEN coalesce(hop.level, hop.passes) < least THEN coalesce(hop.level, hop.passes) ELSE least END)] | "
        "CASE WHEN found > best THEN found ELSE best END) END"
    )
