"""Deleting a container with all that is in it: at once by its containers, its border finished in batches."""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any

import pytest

from domain.access import Level
from domain.errors import DomainError, FailedPrecondition, Forbidden, Immutable, NotFound, Unavailable
from domain.keys import cut_key
from domain.resources import ContainerFacts, Kind, ObjectFacts, State
from graphstore.cypher import readings
from graphstore.cypher.resolving import KeyRequest, resolve
from graphstore.listing import list_cut, list_keys
from graphstore.task_batches import TASK_BATCHES
from graphstore.tasks import TaskWorker
from tests.graph_dump import check_invariants, dump
from tests.world import World


@dataclass(frozen=True)
class Tree:
    """A project with a collection, a dataset in it and one beside it, and an Object in each."""

    user: str
    name: str
    project: str
    collection: str
    inner: str
    beside: str
    top: str
    deep: str
    lone: str


async def tree(world: World, name: str) -> Tree:
    ada = await world.user()
    project = await world.project(ada, name)
    collection = await world.container(ada, Kind.COLLECTION, project, "coll")
    inner = await world.container(ada, Kind.DATASET, collection, "inner")
    beside = await world.container(ada, Kind.DATASET, project, "beside")
    top, deep, lone = [
        (await world.put(ada, name, key, length)).object_id
        for key, length in (("top", 2), ("coll/inner/deep", 3), ("beside/lone", 4))
    ]
    return Tree(ada, name, project, collection, inner, beside, top, deep, lone)


async def elsewhere(world: World, user: str, name: str) -> tuple[str, str]:
    """Make another project with a dataset."""
    project = await world.project(user, name)
    return project, await world.container(user, Kind.DATASET, project, "data")


async def refused(world: World, call: Awaitable[Any], error: type[DomainError]) -> DomainError:
    before = (await dump(world)).comparable()
    with pytest.raises(error) as caught:
        await call
    assert (await dump(world)).comparable() == before
    return caught.value


async def states(world: World, user: str, *ids: str) -> list[State]:
    found = await world.store.read(readings.resources(ids, user, world.now_ms))
    return [found[one].state for one in ids]


async def keys(world: World, user: str, bucket: str, prefix: str = "") -> list[str]:
    request = KeyRequest("", bucket, list_cut(prefix), world.now_ms)
    found = (await world.store.read(resolve([request])))[0]
    listing = await list_keys(
        world.store, found, prefix=prefix, delimiter="", marker="", limit=100, caller=user, now=world.now_ms
    )
    return [key.key for key in listing.keys]


async def counters(world: World, user: str, container: str) -> tuple[int, int, int]:
    found = (await world.facts_of(user, container))[container]
    assert isinstance(found, ContainerFacts)
    return found.entry_count, found.object_count, found.byte_count


async def facts_of_object(world: World, user: str, object_id: str) -> ObjectFacts:
    found = (await world.facts_of(user, object_id))[object_id]
    assert isinstance(found, ObjectFacts)
    return found


async def test_a_project_and_all_in_it_are_deleted_at_once(world: World) -> None:
    made = await tree(world, "at-once")
    everything = (made.project, made.collection, made.inner, made.beside, made.top, made.deep, made.lone)

    await world.delete_container(made.user, made.project, is_recursive=True)

    assert await states(world, made.user, *everything) == [State.DELETED] * 7
    request = KeyRequest("", made.name, cut_key("coll/inner/deep"), world.now_ms)
    assert (await world.store.read(resolve([request])))[0].project is None
    assert await world.store.read(readings.projects(made.user, world.now_ms)) == []
    events = await world.ask(
        "MATCH (e:Event {kind: 'DELETED'}) WHERE e.resourceId IN $ids "
        "RETURN e.resourceId AS id, e.collections AS collections, e.datasets AS datasets, e.objects AS objects",
        ids=list(everything),
    )
    assert events == [{"id": made.project, "collections": 1, "datasets": 2, "objects": 3}]
    await check_invariants(world)
    await world.finish_tasks()
    assert await world.ask("MATCH (t:Task) RETURN t") == []
    assert (await world.project(made.user, made.name)) != made.project
    await check_invariants(world)


async def test_what_is_not_empty_is_deleted_with_all_in_it_only_where_asked(world: World) -> None:
    made = await tree(world, "asked")
    bob = await world.user("bob")
    await world.grant(made.user, made.project, bob, Level.WRITE)

    error = await refused(world, world.delete_container(made.user, made.collection), FailedPrecondition)
    await refused(world, world.delete_container(bob, made.collection, is_recursive=True), Forbidden)
    await refused(world, world.delete_container(bob, world.new_id(), is_recursive=True), NotFound)
    await world.delete_container(made.user, made.collection, is_recursive=True)
    await refused(world, world.delete_container(made.user, made.collection, is_recursive=True), FailedPrecondition)
    await refused(world, world.delete_container(made.user, made.inner, is_recursive=True), FailedPrecondition)
    await refused(world, world.delete_object(made.user, made.deep), FailedPrecondition)

    assert "holds 1 names" in error.message
    assert await keys(world, made.user, made.name) == ["beside/lone", "top"]
    assert await counters(world, made.user, made.project) == (2, 1, 2)
    await world.finish_tasks()
    await check_invariants(world)


async def test_its_own_name_and_those_of_its_shares_are_free_at_once(world: World) -> None:
    made = await tree(world, "names")
    project, _ = await elsewhere(world, made.user, "names-elsewhere")
    await world.share(made.user, made.inner, project, "shown")

    await world.delete_container(made.user, made.collection, is_recursive=True)
    await world.container(made.user, Kind.COLLECTION, made.project, "coll")
    await world.container(made.user, Kind.DATASET, project, "shown")

    assert await keys(world, made.user, "names-elsewhere") == []
    await world.finish_tasks()
    await check_invariants(world)


async def test_what_has_its_home_outside_is_only_unlinked(world: World) -> None:
    made = await tree(world, "guests")
    project, dataset = await elsewhere(world, made.user, "guests-home")
    guest = (await world.put(made.user, "guests-home", "data/guest", 7)).object_id
    await world.share(made.user, dataset, made.collection, "visiting")
    await world.share(made.user, guest, made.beside, "visitor")

    await world.delete_container(made.user, made.project, is_recursive=True)

    assert await states(world, made.user, dataset, guest) == [State.AVAILABLE] * 2
    parents = await world.store.read(readings.parents([dataset, guest], made.user, world.now_ms))
    assert {child: [view.parent.id for view in found] for child, found in parents.items()} == {
        dataset: [project],
        guest: [dataset],
    }
    paths = await world.store.read(readings.paths([guest]))
    assert paths == {guest: [(True, ("guests-home", "data", "guest"))]}
    await check_invariants(world)
    await world.finish_tasks()
    assert [edge.parent_id for edge in (await facts_of_object(world, made.user, guest)).parents] == [dataset]
    assert await keys(world, made.user, "guests-home") == ["data/guest"]
    await check_invariants(world)


async def test_an_object_goes_with_its_home_wherever_it_is_shared(world: World) -> None:
    made = await tree(world, "shares")
    project, dataset = await elsewhere(world, made.user, "shares-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen")
    await world.share(made.user, made.deep, made.beside, "near")
    other = await world.put(made.user, "shares-elsewhere", "data/other", 1)

    await world.delete_container(made.user, made.collection, is_recursive=True)

    assert await keys(world, made.user, "shares-elsewhere") == ["data/other"]
    assert await keys(world, made.user, made.name) == ["beside/lone", "top"]
    await check_invariants(world)
    # Its name is on its way out: whoever wants it tries again in a moment.
    await refused(world, world.put(made.user, "shares-elsewhere", "data/seen"), Unavailable)
    await world.finish_tasks()
    again = await world.put(made.user, "shares-elsewhere", "data/seen", 9)
    assert again.object_id not in {made.deep, other.object_id}
    assert await counters(world, made.user, dataset) == (2, 2, 10)
    assert await counters(world, made.user, made.beside) == (1, 1, 4)
    assert await counters(world, made.user, project) == (1, 0, 0)
    await check_invariants(world)


async def test_rights_through_a_share_last_with_the_tombstone(world: World) -> None:
    """Metadata of a tombstone are readable to those who could read them through the parents it had then."""
    made = await tree(world, "rights")
    bob, eve = await world.user("bob"), await world.user("eve")
    _, dataset = await elsewhere(world, made.user, "rights-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen")
    await world.grant(made.user, dataset, bob, Level.ADMIN)

    await world.delete_container(made.user, made.project, is_recursive=True)
    for _ in range(2):
        assert (await facts_of_object(world, bob, made.deep)).level is Level.READ
        assert (await facts_of_object(world, eve, made.deep)).level is Level.NONE
        assert (await facts_of_object(world, made.user, made.deep)).level is Level.ADMIN
        await world.finish_tasks()


async def test_a_guests_rights_from_the_tree_end_with_it(world: World) -> None:
    made = await tree(world, "ended")
    bob = await world.user("bob")
    _, dataset = await elsewhere(world, made.user, "ended-home")
    guest = (await world.put(made.user, "ended-home", "data/guest")).object_id
    await world.grant(made.user, made.project, bob, Level.READ)
    await world.share(made.user, guest, made.beside, "visitor")
    await world.share(made.user, dataset, made.collection, "visiting")
    assert (await facts_of_object(world, bob, guest)).level is Level.READ

    await world.delete_container(made.user, made.project, is_recursive=True)

    assert (await facts_of_object(world, bob, guest)).level is Level.NONE


async def test_snapshots_show_what_was_deleted_later(world: World) -> None:
    made = await tree(world, "seen")
    project, dataset = await elsewhere(world, made.user, "seen-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen")
    await world.snapshot(made.user, project)
    await world.snapshot(made.user, made.project)

    await world.delete_container(made.user, made.collection, is_recursive=True)
    await world.finish_tasks()

    rows = await world.ask("MATCH (p:PastEntry) RETURN p.parentId AS parent, p.childId AS child ORDER BY parent, child")
    assert {(row["parent"], row["child"]) for row in rows} >= {
        (made.project, made.collection),
        (dataset, made.deep),
    }
    await check_invariants(world)


async def test_an_archive_keeps_what_is_in_it(world: World) -> None:
    made = await tree(world, "archived")
    await world.archive(made.user, made.project)

    await refused(world, world.delete_container(made.user, made.project, is_recursive=True), Immutable)
    await refused(world, world.delete_container(made.user, made.inner, is_recursive=True), Immutable)


async def test_a_deletion_that_is_stopped_is_finished_by_the_next_process(world: World) -> None:
    """As after kill -9: each batch is committed with how far it got."""
    made = await tree(world, "stopped")
    _, dataset = await elsewhere(world, made.user, "stopped-elsewhere")
    for number in range(450):
        await world.put(made.user, made.name, f"beside/{number:03}")
    for number in (0, 199, 200, 201, 449):
        found = await world.ask(
            "MATCH (e:Entry {sort: $sort})-[:NAMES]->(o) RETURN o.id AS id", sort=f"{made.beside}{number:03}"
        )
        await world.share(made.user, found[0]["id"], dataset, f"{number:03}")
    await world.delete_container(made.user, made.project, is_recursive=True)

    def process() -> TaskWorker:
        return TaskWorker(world.store, TASK_BATCHES, world.tick, world.endless_ids())

    left = [await counters(world, made.user, dataset)]
    while await process().run_once():
        left.append(await counters(world, made.user, dataset))
        await check_invariants(world)

    assert {entries for entries, _, _ in left} == {5, 3, 1, 0}
    assert left[-1] == (0, 0, 0)


async def test_a_tree_costs_by_its_containers(world: World) -> None:
    """Five thousand Objects in twenty containers take as many statements as twenty Objects."""
    ada = await world.user()
    counted: list[int] = []
    for name, objects in (("small", 1), ("large", 250)):
        project = await world.project(ada, name)
        for number in range(20):
            dataset = await world.container(ada, Kind.DATASET, project, f"d{number}")
            await fill(world, ada, dataset, objects)
        before = world.engine.statement_count
        await world.delete_container(ada, project, is_recursive=True)
        counted.append(world.engine.statement_count - before)

    assert counted[0] == counted[1] < 20
    await world.finish_tasks()
    await check_invariants(world)


async def fill(world: World, user: str, dataset: str, count: int) -> None:
    """Put Objects into a dataset without a rule for each."""
    rows = [
        {"id": world.new_id(), "version": world.new_id(), "name": f"o{number:05}", "sort": ""}
        for number in range(count)
    ]
    await world.do(
        "UNWIND $rows AS row MATCH (d:Resource {id: $dataset}) "
        "CREATE (o:Resource:Object {id: row.id, kind: 'OBJECT', name: row.name, state: 'INITIALIZING', "
        "dataClass: 'PRIVATE', metadataLicense: 'MIT', dataLicense: 'MIT', revision: 0, lockCount: 0, "
        "createdAt: 0, createdBy: $user, updatedAt: 0}) "
        "CREATE (o)-[:BELONGS_TO {home: true, passes: 4, name: row.name, since: 0, createdAt: 0, "
        "createdBy: $user}]->(d) "
        "CREATE (:Entry {sort: $dataset + row.name, since: 0})-[:NAMES]->(o)",
        rows=rows,
        dataset=dataset,
        user=user,
    )
    await world.do("MATCH (d:Resource {id: $dataset}) SET d.entries = $count", dataset=dataset, count=count)
