"""Deep copies of what containers show: the present by queries of the tests' own, frozen views by the store's readers.

A copy is by name: an Object as (id, versionId, fields), a container as (id, fields, copy of what is in it).
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any, Final

from domain.keys import CONTAINER_MARK
from domain.relations import RelationKind
from domain.resources import Kind
from domain.views import ContainerView, ObjectView
from graphstore.cypher import batched, labels, readings
from graphstore.cypher.batched import RelationsRequest
from graphstore.cypher.pages import Range, whole
from graphstore.cypher.views import resource_view
from graphstore.frozen import FROZEN_NAMES, FrozenNames, FrozenRange, FrozenRow, frozen_names, read_frozen_pages
from tests.world import World

Copy = Mapping[str, tuple[Any, ...]]

# Without the data class: relaxing it is one of the few things that a snapshot lets through.
FIELDS: Final = ("title", "description", "authors", "metadataLicense", "dataLicense")
_KINDS: Final = (RelationKind.METADATA, RelationKind.ORIGIN, RelationKind.CUSTOM)


async def copy_present(world: World, container_id: str) -> Copy:
    """What is below a living container now: names with bytes, and containers that are there."""
    rows = await world.ask(
        "MATCH (c:Resource)-[e:BELONGS_TO]->(:Resource {id: $id}) "
        "OPTIONAL MATCH (c)-[:BELONGS_TO {home: true}]->(home:Resource) "
        "RETURN e.name AS name, properties(c) AS child, home.state AS home",
        id=container_id,
    )
    found: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        child = row["child"]
        is_object = child["kind"] == Kind.OBJECT
        if child["state"] == "DELETED" or child.get("hidden") or (is_object and row["home"] == "DELETED"):
            continue
        fields = tuple(child.get(name) for name in FIELDS)
        standing = await _standing_now(world, child["id"])
        if not is_object:
            below = await copy_present(world, child["id"])
            found[row["name"] + CONTAINER_MARK] = (child["id"], fields, standing, below)
        elif child.get("versionId") is not None:
            found[row["name"]] = (child["id"], child["versionId"], child["etag"], fields, standing)
    return found


async def _standing_now(world: World, resource_id: str) -> tuple[Any, ...]:
    rows = await world.ask(
        "MATCH (:Resource {id: $id})-[:LABELLED]->(l:Labelling) WHERE l.until IS NULL "
        "RETURN l.key AS one, l.value AS two "
        "UNION ALL MATCH (:Resource {id: $id})-[x:METADATA|ORIGIN|CUSTOM|CITES]->() WHERE x.until IS NULL "
        "RETURN x.id AS one, '' AS two",
        id=resource_id,
    )
    return tuple(sorted((row["one"], row["two"]) for row in rows))


async def copy_frozen(world: World, user: str, names: FrozenNames, random: Random, *, is_backward: bool) -> Copy:
    """What a frozen container shows, read by pages of random sizes from one end or the other."""
    found: dict[str, tuple[Any, ...]] = {}
    for row in await read_all_frozen(world, user, names, random, is_backward=is_backward):
        name = row.sort[len(names.original_id) :]
        assert name not in found, f"{name!r} came twice"
        properties = row.columns[1]
        fields = tuple(properties.get(field) for field in FIELDS)
        if row.names is not None:
            below = await copy_frozen(world, user, row.names, random, is_backward=is_backward)
            standing = await _standing_at(world, user, row.names.original_id, row.names.epoch)
            found[name] = (row.names.original_id, fields, standing, below)
            continue
        view = resource_view(properties)
        assert isinstance(view, ObjectView)
        assert view.held is not None
        assert (view.id, view.name) == (f"{names.holder_id}:{view.object_id}", name)
        standing = await _standing_at(world, user, view.object_id, view.revision_number or 0)
        found[name] = (view.object_id, view.version_id, view.etag, fields, standing)
    return found


async def read_all_frozen(
    world: World, user: str, names: FrozenNames, random: Random, *, is_backward: bool = False, left: Range | None = None
) -> list[FrozenRow]:
    """All rows of a frozen container (or of a range of it), following pages of random sizes to the end."""
    found: list[FrozenRow] = []
    stretch = left or whole(names.original_id)
    while True:
        (page,) = await read_frozen_pages(
            world.store,
            FROZEN_NAMES,
            [FrozenRange(names, stretch)],
            random.choice([1, 2, 3, 10, 50]),
            user,
            world.now_ms,
            is_backward=is_backward,
        )
        found += page.rows
        if page.is_finished:
            return found
        assert page.reached, "an unfinished page says how far it came"
        if is_backward:
            stretch = replace(stretch, before=page.reached)
        else:
            stretch = replace(stretch, lower=page.reached, is_lower_included=False)


async def _standing_at(world: World, user: str, resource_id: str, number: int) -> tuple[Any, ...]:
    borne = await world.store.read(labels.labels_at([(resource_id, number)]))
    request = RelationsRequest(resource_id, _KINDS, "", 100, number)
    related = await world.store.read(batched.relations([request], user, world.now_ms, is_outgoing=True))
    cited = await world.store.read(readings.externals_at([(resource_id, number)]))
    found = [(label.key, label.value) for label in borne.get(0, ())]
    found += [(relation.id, "") for relation in related.get(0, ())]
    return tuple(sorted([*found, *((one.id, "") for one in cited.get(0, ()))]))


async def names_of(world: World, user: str, container_id: str) -> FrozenNames:
    """Where the names are that a frozen container shows."""
    found = await world.store.read(readings.resources([container_id], user, world.now_ms))
    view = found[container_id]
    assert isinstance(view, ContainerView)
    return frozen_names(view)
