"""The containers of a subtree, by HOLDS edges alone: what a snapshot, an archive or its end takes at once.

Edges are followed as they leave (decision 0008): a container HOLDS the Entries of its containers, which NAME them.
"""

from collections.abc import Sequence
from typing import Any, Final

from domain.limits import TREE_CONTAINERS_MAX
from domain.resources import Kind
from domain.trees import Counts, Place, TreeContainer, TreeFacts
from graphstore.cypher.facts import resource_facts, resource_map
from graphstore.cypher.rights import level_of
from graphstore.instants import from_ms
from graphstore.statements import Query, Row, Statement


def _container(found: Sequence[Any]) -> TreeContainer:
    container_id, kind, name, epoch, is_frozen, entries, objects, length_bytes, changed_at, places = found
    return TreeContainer(
        id=container_id,
        kind=Kind(kind),
        name=name,
        epoch=epoch,
        is_frozen=is_frozen,
        places=tuple(
            Place(parent_id, place, bool(is_home), since, epoch_above)
            for parent_id, place, is_home, since, epoch_above in places
        ),
        entry_count=entries,
        own=Counts(objects, length_bytes, from_ms(changed_at)),
    )


def _tree(rows: Sequence[Row]) -> TreeFacts:
    if not rows:
        return TreeFacts(None, {})
    containers = (_container(found) for found in rows[0]["containers"])
    return TreeFacts(resource_facts(rows[0]["root"]), {container.id: container for container in containers})


_TREE: Final = Statement(
    "containers of a subtree",
    "MATCH (root:Resource {id: $id}) "
    "OPTIONAL MATCH (root)-[:HOLDS|NAMES*0..4]->(c:Resource) WHERE c.kind <> 'OBJECT' AND c.state <> 'DELETED' "
    "WITH DISTINCT root, c LIMIT $most "
    "WITH root, collect(CASE WHEN c IS NULL THEN null ELSE [c.id, c.kind, c.name, "
    "CASE WHEN c.frozen = true THEN c.frozenAt ELSE c.epoch END, coalesce(c.frozen, false), "
    "coalesce(c.frozenEntries, c.entries), coalesce(c.frozenObjects, c.objects), coalesce(c.frozenBytes, c.bytes), "
    "coalesce(c.frozenChangedAt, c.changedAt), "
    "[(c)-[up:BELONGS_TO]->(above:Resource) | [above.id, up.name, up.home, coalesce(up.since, 0), above.epoch]]] END) "
    "AS containers "
    f"RETURN {resource_map('root', level_of('root'))} AS root, containers",
    _tree,
)


def tree(root_id: str, caller: str, now: int) -> Query[TreeFacts]:
    """Load a resource, with the caller's level, and all containers of its subtree, itself among them."""
    return _TREE.bind(id=root_id, most=TREE_CONTAINERS_MAX + 1, caller=caller, now=now)
