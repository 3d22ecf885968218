"""Data classes on the graph: relaxed in place and below, tightened by new revisions; what strangers read of those."""

from random import Random

import pytest

from domain.access import Level
from domain.creation import NewResource
from domain.describing import Description
from domain.errors import BadInput, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.keys import cut_key
from domain.resources import DataClass, Kind, ObjectFacts
from graphstore.cypher import batched
from graphstore.cypher.resolving import version_at
from tests.contracts.refusing import refused
from tests.graph_dump import check_invariants
from tests.world import World, outcomes

PUBLIC, PRIVATE, CONFIDENTIAL = DataClass.PUBLIC, DataClass.PRIVATE, DataClass.CONFIDENTIAL


async def classes(world: World, *ids: str) -> list[DataClass]:
    rows = await world.ask("UNWIND $ids AS id MATCH (r:Resource {id: id}) RETURN r.dataClass AS found", ids=list(ids))
    return [DataClass(row["found"]) for row in rows]


async def object_facts(world: World, user: str, object_id: str) -> ObjectFacts:
    found = (await world.facts_of(user, object_id))[object_id]
    assert isinstance(found, ObjectFacts)
    return found


async def read_by(world: World, user: str, object_id: str) -> list[int]:
    """Numbers of the revisions that a user finds, by the list and one by one."""
    (listed,) = (
        await world.store.read(batched.revisions([(object_id, 2**31, 100)], user, world.now_ms)) or {0: []}
    ).values()
    rows = await world.ask(
        "MATCH (r:Revision {objectId: $id}) RETURN r.versionId AS version "
        "UNION ALL MATCH (r:Resource {id: $id}) RETURN r.versionId AS version",
        id=object_id,
    )
    versions = [(object_id, row["version"]) for row in rows]
    found = await world.store.read(batched.revisions_at(versions, user, world.now_ms))
    assert sorted(view.version_id for view in found.values()) == sorted(view.version_id for view in listed)
    return [view.revision_number for view in listed]


async def readable_over_s3(world: World, user: str, bucket: str, key: str, version_id: str) -> bool:
    found = await world.store.read(version_at(bucket, cut_key(key), version_id, user, world.now_ms))
    assert found is not None
    return found.is_readable


async def events(world: World, resource: str) -> list[str]:
    rows = await world.ask("MATCH (e:Event {resourceId: $id}) RETURN e.kind AS kind ORDER BY e.id", id=resource)
    return [row["kind"] for row in rows]


async def test_a_container_is_relaxed_alone_unless_asked(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "alone")
    dataset = await world.container(ada, Kind.DATASET, project, "d")
    put = await world.put(ada, "alone", "o")

    await world.set_class(ada, project, PUBLIC)

    assert await classes(world, project, dataset, put.object_id) == [PUBLIC, PRIVATE, PRIVATE]
    assert await world.finish_tasks() == 0
    assert await events(world, project) == ["CREATED", "GRANT_SET", "DATA_CLASS_SET"]
    await world.set_class(ada, project, PUBLIC)
    assert (await events(world, project)).count("DATA_CLASS_SET") == 1
    await check_invariants(world)


async def test_tightening_a_container_is_refused(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "tighten")
    for wanted, error in ((CONFIDENTIAL, FailedPrecondition), (DataClass.WORKSPACE, BadInput)):
        for is_recursive in (False, True):
            refusal = await refused(world, world.set_class(ada, project, wanted, is_recursive=is_recursive), error)
            assert refusal.field == ("dataClass",)


async def test_rights_are_asked_before_anything_changes(world: World) -> None:
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    project = await world.project(ada, "class-rights")
    put = await world.put(ada, "class-rights", "o")
    await world.grant(ada, project, bob, Level.WRITE)

    await refused(world, world.set_class(eve, project, PUBLIC), NotFound)
    await refused(world, world.set_class(bob, project, PUBLIC), Forbidden)
    await refused(world, world.set_class(bob, put.object_id, PUBLIC), Forbidden)
    await world.set_class(bob, put.object_id, CONFIDENTIAL)
    await refused(world, world.set_class(bob, put.object_id, PRIVATE), Forbidden)
    await world.grant(ada, project, bob, Level.APPEND)
    await refused(world, world.set_class(bob, put.object_id, CONFIDENTIAL), Forbidden)
    await world.delete_object(ada, put.object_id)
    await refused(world, world.set_class(ada, put.object_id, PUBLIC), FailedPrecondition)


async def test_an_object_is_tightened_by_a_new_revision_and_relaxed_in_place(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "object-class")
    await world.set_class(ada, project, PUBLIC)
    put = await world.put(ada, "object-class", "o")

    await world.set_class(ada, put.object_id, PRIVATE)
    tightened = await object_facts(world, ada, put.object_id)
    await world.set_class(ada, put.object_id, PUBLIC)
    relaxed = await object_facts(world, ada, put.object_id)

    assert (tightened.data_class, relaxed.data_class) == (PRIVATE, PUBLIC)
    assert tightened.published is not None
    assert tightened.published.revision_number == 1
    assert relaxed.published == tightened.published
    assert (tightened.revision, relaxed.revision) == (2, 3)
    await check_invariants(world)


async def test_an_object_without_bytes_is_tightened_in_place(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "class-no-bytes")
    begun = await world.begin_object(ada, project, "o")

    await world.set_class(ada, begun.object_id, CONFIDENTIAL)

    assert await classes(world, begun.object_id) == [CONFIDENTIAL]
    await check_invariants(world)


async def test_older_revisions_are_never_more_open_than_the_newest(world: World) -> None:
    """Strangers read a revision where it and its Object are PUBLIC; who has a grant reads them all."""
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    project = await world.project(ada, "older-class")
    await world.grant(ada, project, bob, Level.READ)
    await world.set_class(ada, project, PUBLIC)
    first = await world.put(ada, "older-class", "o")
    object_id = first.object_id

    async def seen() -> list[list[int]]:
        by_s3 = [await readable_over_s3(world, user, "older-class", "o", first.version_id) for user in (bob, eve, "")]
        found = [await read_by(world, user, object_id) for user in (bob, eve, "")]
        assert by_s3 == [0 in numbers for numbers in found]
        return found

    assert await seen() == [[0], [0], [0]]
    await world.set_class(ada, object_id, PRIVATE)
    assert await seen() == [[1, 0], [], []]
    second = await world.put(ada, "older-class", "o")
    assert second.revision_number == 2
    await world.set_class(ada, object_id, PUBLIC)
    assert await seen() == [[2, 1, 0], [2, 0], [2, 0]]
    assert not await readable_over_s3(world, eve, "older-class", "o", await _version(world, object_id, 1))
    await check_invariants(world)


async def _version(world: World, object_id: str, number: int) -> str:
    rows = await world.ask(
        "MATCH (r:Revision {objectId: $id}) WHERE r.revisionNumber = $number RETURN r.versionId AS version",
        id=object_id,
        number=number,
    )
    return rows[0]["version"]


async def test_relaxing_a_tree_relaxes_what_has_its_home_below_and_is_less_open(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "tree-class")
    collection = await world.container(ada, Kind.COLLECTION, project, "c")
    closed = await world.container(ada, Kind.DATASET, collection, NewResource("d", data_class=CONFIDENTIAL))
    elsewhere = await world.project(ada, "tree-elsewhere")
    guest = await world.container(ada, Kind.DATASET, elsewhere, "guest")
    await world.share(ada, guest, collection)
    keys = ["top", "c/one", "c/d/two", "c/d/\U0001f9ec"]
    inside = [(await world.put(ada, "tree-class", key)).object_id for key in keys]
    outside = (await world.put(ada, "tree-elsewhere", "guest/o")).object_id
    shared = (await world.put(ada, "tree-elsewhere", "o")).object_id
    await world.share(ada, shared, closed)

    await world.set_class(ada, project, PUBLIC, is_recursive=True)

    assert await classes(world, project, collection, closed) == [PUBLIC] * 3
    assert await classes(world, *inside) == [PRIVATE, PRIVATE, CONFIDENTIAL, CONFIDENTIAL]
    assert await world.finish_tasks() == 3
    assert await classes(world, *inside) == [PUBLIC] * 4
    assert await classes(world, guest, outside, shared) == [PRIVATE] * 3
    (event,) = await world.ask(
        "MATCH (e:Event {resourceId: $id, kind: 'DATA_CLASS_SET'}) RETURN e.collections AS c, e.datasets AS d, "
        "e.objects AS o",
        id=project,
    )
    assert (event["c"], event["d"]) == (1, 1)
    numbers = [(await object_facts(world, ada, one)).published for one in inside]
    assert [one.revision_number for one in numbers if one] == [0] * 4
    await check_invariants(world)


async def test_a_class_that_was_chosen_later_is_not_undone_by_a_task(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "later")
    elsewhere = await world.project(ada, "later-elsewhere")
    keys = ["early", "tightened"]
    early, tightened = [(await world.put(ada, "later", key)).object_id for key in keys]
    moved = (await world.put(ada, "later-elsewhere", "o")).object_id
    await world.set_class(ada, project, PUBLIC, is_recursive=True)

    await world.set_class(ada, tightened, CONFIDENTIAL)
    made = await world.begin_object(ada, project, NewResource("made", data_class=PRIVATE))
    await world.move(ada, moved, project, "moved")
    await world.finish_tasks()

    assert await classes(world, early) == [PUBLIC]
    assert await classes(world, tightened, made.object_id, moved) == [CONFIDENTIAL, PRIVATE, PRIVATE]
    assert elsewhere
    await check_invariants(world)


async def test_a_class_chosen_by_a_clock_that_is_behind_is_not_undone_either(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "behind")
    put = await world.put(ada, "behind", "o")
    await world.set_class(ada, project, PUBLIC, is_recursive=True)
    await world.do("MATCH (p:Resource {id: $id}) SET p.relaxedAt = p.relaxedAt + 60000", id=project)

    await world.set_class(ada, put.object_id, CONFIDENTIAL)
    await world.finish_tasks()

    assert await classes(world, put.object_id) == [CONFIDENTIAL]


async def test_many_objects_are_relaxed_in_batches_that_go_on_where_they_stopped(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "batches")
    puts = await outcomes(*(world.put(ada, "batches", f"o{n:03}") for n in range(450)))
    await world.set_class(ada, project, PUBLIC, is_recursive=True)

    assert await world.finish_tasks() == 3

    rows = await world.ask(
        "MATCH (:Resource {id: $id})<-[:BELONGS_TO]-(o:Object) RETURN o.dataClass AS c, count(o) AS n", id=project
    )
    assert rows == [{"c": "PUBLIC", "n": len(puts)}]


async def test_what_is_frozen_can_be_relaxed_and_not_tightened(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "class-frozen")
    await world.grant(ada, project, bob, Level.WRITE)
    put = await world.put(ada, "class-frozen", "o")
    snapshot = await world.snapshot(ada, project)
    await world.archive(ada, project)

    await refused(world, world.set_class(ada, put.object_id, CONFIDENTIAL), Immutable)
    await refused(world, world.set_class(bob, snapshot, PUBLIC), Forbidden)
    await refused(world, world.set_class(ada, snapshot, PUBLIC, is_recursive=True), FailedPrecondition)
    await world.set_class(ada, snapshot, PUBLIC)
    await world.set_class(ada, project, PUBLIC, is_recursive=True)
    await world.finish_tasks()

    assert await classes(world, project, put.object_id, snapshot) == [PUBLIC] * 3
    assert (await object_facts(world, ada, put.object_id)).published is not None
    await check_invariants(world)


@pytest.mark.parametrize("seed", range(3))
async def test_relaxing_a_tree_against_its_writers_leaves_nothing_less_open_than_was_chosen(
    world: World, seed: int
) -> None:
    random = Random(seed)
    ada = await world.user()
    bucket = f"class-race-{seed}"
    project = await world.project(ada, bucket)
    collection = await world.container(ada, Kind.COLLECTION, project, "c")
    put = await world.put(ada, bucket, "c/o")
    calls = [
        lambda: world.set_class(ada, project, PUBLIC, is_recursive=True),
        lambda: world.container(ada, Kind.DATASET, collection, "d"),
        lambda: world.put(ada, bucket, "c/e/o"),
        lambda: world.put(ada, bucket, "c/o"),
        lambda: world.describe(ada, put.object_id, Description("T")),
        lambda: world.describe(ada, collection, Description("T")),
        lambda: world.snapshot(ada, collection),
    ]
    random.shuffle(calls)

    results = await outcomes(*(call() for call in calls))
    await world.finish_tasks()

    assert [one for one in results if isinstance(one, BaseException)] == [], f"seed {seed}"
    rows = await world.ask(
        "MATCH (:Resource {id: $id})<-[:BELONGS_TO*0..3]-(r:Resource) WHERE r.frozen IS NULL RETURN r.dataClass AS c",
        id=project,
    )
    assert {row["c"] for row in rows} == {"PUBLIC"}, f"seed {seed}"
    await check_invariants(world)
