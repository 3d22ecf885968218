"""What was deleted comes back: Objects and trees, with their shares where those are alive and free."""

import pytest

from domain.access import Level
from domain.errors import (
    AlreadyExists,
    BadInput,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
    Unavailable,
)
from domain.resources import Kind, State
from graphstore.cypher import readings
from tests.contracts.test_recursive_deletion import (
    counters,
    elsewhere,
    facts_of_object,
    keys,
    refused,
    states,
    tree,
)
from tests.graph_dump import check_invariants
from tests.world import World


async def test_an_object_comes_back_as_it_was(world: World) -> None:
    made = await tree(world, "back")
    _, dataset = await elsewhere(world, made.user, "back-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen", Level.WRITE)
    before = await facts_of_object(world, made.user, made.deep)

    await world.delete_object(made.user, made.deep)
    await world.restore(made.user, made.deep)

    after = await facts_of_object(world, made.user, made.deep)
    assert (after.state, after.published, after.name) == (before.state, before.published, before.name)
    assert {(e.parent_id, e.name, e.is_home, e.passes) for e in after.parents} == {
        (made.inner, "deep", True, Level.ADMIN),
        (dataset, "seen", False, Level.WRITE),
    }
    assert after.revision == before.revision + 2
    assert await counters(world, made.user, made.inner) == (1, 1, 3)
    assert await counters(world, made.user, dataset) == (1, 1, 3)
    assert await keys(world, made.user, made.name) == ["beside/lone", "coll/inner/deep", "top"]
    await check_invariants(world)


async def test_an_object_goes_where_it_is_told(world: World) -> None:
    made = await tree(world, "told")
    _, dataset = await elsewhere(world, made.user, "told-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen")
    await world.delete_object(made.user, made.deep)
    await world.put(made.user, made.name, "coll/inner/deep", 8)

    await refused(world, world.restore(made.user, made.deep), AlreadyExists)
    await world.restore(made.user, made.deep, dataset, "moved")

    after = await facts_of_object(world, made.user, made.deep)
    assert [(edge.parent_id, edge.name, edge.is_home) for edge in after.parents] == [(dataset, "moved", True)]
    assert await keys(world, made.user, "told-elsewhere") == ["data/moved"]
    await check_invariants(world)


async def test_what_may_not_come_back_changes_nothing(world: World) -> None:
    made = await tree(world, "refused")
    bob = await world.user("bob")
    project, dataset = await elsewhere(world, made.user, "refused-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen", Level.ADMIN)
    await world.grant(made.user, dataset, bob, Level.ADMIN)

    await refused(world, world.restore(made.user, made.deep), FailedPrecondition)
    await refused(world, world.restore(made.user, made.collection), FailedPrecondition)
    await refused(world, world.restore(made.user, world.new_id()), NotFound)
    await world.delete_object(made.user, made.deep)
    # His rights reach it by the share alone.
    await refused(world, world.restore(bob, made.deep), Forbidden)
    await refused(world, world.restore(made.user, made.deep, made.top), Hierarchy)
    await refused(world, world.restore(made.user, made.deep, world.new_id()), NotFound)
    await refused(world, world.restore(made.user, made.deep, made.collection, "inner/new"), BadInput)
    await world.archive(made.user, project)
    await refused(world, world.restore(made.user, made.deep, dataset), Immutable)
    await world.delete_container(made.user, made.collection, is_recursive=True)
    await refused(world, world.restore(made.user, made.deep), FailedPrecondition)
    await refused(world, world.restore(made.user, made.inner), FailedPrecondition)
    await refused(world, world.restore(made.user, made.collection, made.beside), Hierarchy)
    await refused(world, world.restore(made.user, made.collection, name="no/name"), BadInput)
    await world.container(made.user, Kind.COLLECTION, made.project, "coll")
    await refused(world, world.restore(made.user, made.collection), AlreadyExists)
    await world.finish_tasks()
    await check_invariants(world)


async def test_an_object_that_waited_for_its_bytes_comes_back_in_error(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "waited")
    begun = await world.begin_object(ada, project, "o")
    await world.delete_object(ada, begun.object_id)

    await world.restore(ada, begun.object_id)

    assert (await facts_of_object(world, ada, begun.object_id)).state is State.ERROR
    await check_invariants(world)


async def test_a_home_that_left_with_its_last_key_is_revived(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "revived")
    put = await world.put(ada, "revived", "c/d/o")
    await world.delete_object(ada, put.object_id)
    assert await counters(world, ada, project) == (0, 0, 0)

    await world.restore(ada, put.object_id)

    assert await keys(world, ada, "revived") == ["c/d/o"]
    assert await counters(world, ada, project) == (1, 0, 0)
    await check_invariants(world)


async def test_a_home_whose_place_was_taken_is_not_revived(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "replaced")
    put = await world.put(ada, "replaced", "c/d/o")
    await world.delete_object(ada, put.object_id)
    collection = await world.container(ada, Kind.COLLECTION, project, "c")

    await refused(world, world.restore(ada, put.object_id), AlreadyExists)
    await world.restore(ada, put.object_id, collection)

    assert await keys(world, ada, "replaced") == ["c/o"]
    await check_invariants(world)


@pytest.mark.parametrize("is_finished", [False, True], ids=["at-once", "after-its-tasks"])
async def test_a_tree_comes_back_with_its_shares(world: World, *, is_finished: bool) -> None:
    made = await tree(world, f"tree-{is_finished}".lower())
    project, dataset = await elsewhere(world, made.user, f"tree-elsewhere-{is_finished}".lower())
    await world.share(made.user, made.deep, dataset, "seen", Level.WRITE)
    await world.share(made.user, made.lone, made.inner, "near")
    await world.share(made.user, made.inner, project, "shown")
    before = {one: (await world.facts_of(made.user, one))[one].parents for one in (made.deep, made.lone, made.inner)}

    await world.delete_container(made.user, made.project, is_recursive=True)
    if is_finished:
        await world.finish_tasks()
    await world.restore(made.user, made.project)
    await check_invariants(world)
    await world.finish_tasks()

    assert await states(world, made.user, made.project, made.collection, made.inner, made.deep) == [State.AVAILABLE] * 4
    for one, parents in before.items():
        after = (await world.facts_of(made.user, one))[one].parents
        assert set(after) == set(parents)
    assert await keys(world, made.user, made.name) == ["beside/lone", "coll/inner/deep", "coll/inner/near", "top"]
    assert await counters(world, made.user, dataset) == (1, 1, 3)
    await check_invariants(world)


async def test_shares_that_are_dead_or_taken_dont_come_back(world: World) -> None:
    made = await tree(world, "taken")
    project, dataset = await elsewhere(world, made.user, "taken-elsewhere")
    gone = await world.container(made.user, Kind.DATASET, project, "gone")
    await world.share(made.user, made.deep, dataset, "seen")
    await world.share(made.user, made.deep, gone, "seen")
    await world.share(made.user, made.inner, project, "shown")
    await world.delete_container(made.user, made.collection, is_recursive=True)
    await world.finish_tasks()
    other = await world.put(made.user, "taken-elsewhere", "data/seen", 9)
    await world.container(made.user, Kind.DATASET, project, "shown")
    await world.delete_container(made.user, gone)

    await world.restore(made.user, made.collection)
    await world.finish_tasks()

    assert [edge.parent_id for edge in (await facts_of_object(world, made.user, made.deep)).parents] == [made.inner]
    assert [edge.parent_id for edge in (await world.facts_of(made.user, made.inner))[made.inner].parents] == [
        made.collection
    ]
    assert other.object_id != made.deep
    await check_invariants(world)


async def test_only_what_one_deletion_took_comes_back(world: World) -> None:
    made = await tree(world, "once")
    await world.delete_object(made.user, made.top)
    await world.delete_container(made.user, made.inner, is_recursive=True)
    await world.finish_tasks()
    await world.delete_container(made.user, made.project, is_recursive=True)
    await world.finish_tasks()

    await world.restore(made.user, made.project)
    await world.finish_tasks()

    assert await states(world, made.user, made.inner, made.top, made.collection, made.lone) == [
        State.DELETED,
        State.DELETED,
        State.AVAILABLE,
        State.AVAILABLE,
    ]
    await world.restore(made.user, made.inner)
    await world.finish_tasks()
    assert await keys(world, made.user, made.name) == ["beside/lone", "coll/inner/deep"]
    await check_invariants(world)


async def test_an_object_leaves_a_deleted_home_for_another(world: World) -> None:
    made = await tree(world, "leaves")
    _, dataset = await elsewhere(world, made.user, "leaves-elsewhere")
    project, other = await elsewhere(world, made.user, "leaves-other")
    await world.share(made.user, made.deep, dataset, "seen")
    await world.share(made.user, made.deep, made.beside, "near")
    await world.delete_container(made.user, made.project, is_recursive=True)

    await refused(world, world.restore(made.user, made.deep), FailedPrecondition)
    await refused(world, world.restore(made.user, made.deep, dataset), Unavailable)
    await world.restore(made.user, made.deep, other)
    await check_invariants(world)
    await world.finish_tasks()

    after = await facts_of_object(world, made.user, made.deep)
    assert {(edge.parent_id, edge.is_home) for edge in after.parents} == {(other, True), (dataset, False)}
    assert after.state is State.AVAILABLE
    assert await counters(world, made.user, project) == (1, 0, 0)
    await world.restore(made.user, made.project)
    await world.finish_tasks()
    assert await keys(world, made.user, made.name) == ["beside/lone", "top"]
    await check_invariants(world)


async def test_a_projects_name_must_be_free(world: World) -> None:
    made = await tree(world, "bucket")
    bob = await world.user("bob")
    await world.grant(made.user, made.project, bob, Level.READ)
    await world.delete_container(made.user, made.project, is_recursive=True)
    await world.project(bob, "bucket")

    await refused(world, world.restore(made.user, made.project), AlreadyExists)
    await refused(world, world.restore(made.user, made.project, name="Not A Bucket"), BadInput)
    await refused(world, world.restore(made.user, made.project, name="bucket"), AlreadyExists)
    await refused(world, world.restore(bob, made.project, name="bucket-again"), Forbidden)
    await world.restore(made.user, made.project, name="bucket-again")
    await world.finish_tasks()

    assert await keys(world, bob, "bucket-again") == ["beside/lone", "coll/inner/deep", "top"]
    assert await keys(world, bob, "bucket") == []
    await check_invariants(world)


async def test_a_container_moves_to_the_parent_given(world: World) -> None:
    made = await tree(world, "rehomed")
    project, _ = await elsewhere(world, made.user, "rehomed-elsewhere")
    await world.share(made.user, made.inner, project, "shown")
    await world.delete_container(made.user, made.inner, is_recursive=True)

    await world.restore(made.user, made.inner, project, "here")
    await world.finish_tasks()

    assert await keys(world, made.user, "rehomed-elsewhere") == ["here/deep"]
    parents = await world.store.read(readings.parents([made.inner], made.user, world.now_ms))
    assert [(view.parent.id, view.name, view.is_home) for view in parents[made.inner]] == [(project, "here", True)]
    await check_invariants(world)
