"""Sharing, unlinking, moving and renaming on the graph: what is read afterwards, and that refusals change nothing."""

from collections.abc import Awaitable
from typing import Any

import pytest

from domain.access import Level
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    HomeParent,
    Immutable,
    NotFound,
)
from domain.keys import cut_key
from domain.limits import PARENTS_MAX
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, ResourceFacts, State
from graphstore.cypher import resolving
from graphstore.cypher.readings import paths
from tests.graph_dump import Dump, Node, check_invariants, dump
from tests.world import World


async def refused(world: World, call: Awaitable[Any], error: type[DomainError]) -> DomainError:
    """Await a call that must be refused and must leave the graph as it was."""
    before = (await dump(world)).comparable()
    with pytest.raises(error) as caught:
        await call
    assert (await dump(world)).comparable() == before
    assert type(caught.value) is error
    return caught.value


async def container(world: World, user: str, container_id: str) -> ContainerFacts:
    found = (await world.facts_of(user, container_id))[container_id]
    assert isinstance(found, ContainerFacts)
    return found


async def an_object(world: World, user: str, object_id: str) -> ObjectFacts:
    found = (await world.facts_of(user, object_id))[object_id]
    assert isinstance(found, ObjectFacts)
    return found


async def counters(world: World, container_id: str) -> tuple[int, int, int]:
    found = await container(world, "", container_id)
    return found.entry_count, found.object_count, found.byte_count


async def object_at(world: World, bucket: str, key: str) -> str | None:
    """Id of the AVAILABLE Object that S3 finds at the key."""
    request = resolving.KeyRequest("", bucket, cut_key(key), world.now_ms)
    found = (await world.store.read(resolving.resolve([request])))[0].object
    return None if found is None or found.state is not State.AVAILABLE else found.id


async def paths_of(world: World, resource: str) -> list[str]:
    found = await world.store.read(paths([resource]))
    return ["/".join(names) for _, names in found.get(resource, [])]


def events(graph: Dump, resource: str) -> list[tuple[str, int | None, int | None]]:
    """What was told of a resource, oldest first."""
    told = sorted((node for node in graph.labelled("Event") if node["resourceId"] == resource), key=lambda e: e["id"])
    return [(node["kind"], node["revisionBefore"], node["revisionAfter"]) for node in told]


def edge(parent: str, name: str, passes: Level | None = None) -> ParentEdge:
    """A home, or with `passes` a share."""
    return ParentEdge(parent, name, is_home=passes is None, passes=Level.ADMIN if passes is None else passes)


def parents(resource: ResourceFacts) -> set[ParentEdge]:
    return set(resource.parents)


async def told_and_standing(world: World) -> Any:
    """All that there is save the counters that locks raise."""
    graph = await dump(world)
    nodes = [
        Node(node.key, node.labels, {**node.properties, "lockCount": 0, "locked": True})
        for node in graph.nodes.values()
    ]
    return Dump({node.key: node for node in nodes}, graph.edges).comparable()


# -- sharing


async def test_a_shared_object_is_in_both_places_and_counts_in_both(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "share-from")
    there = await world.project(ada, "share-to")
    put = await world.put(ada, "share-from", "c/o", 7)

    await world.share(ada, put.object_id, there, "copy")

    found = await an_object(world, ada, put.object_id)
    assert found.name == "o"
    assert {(up.name, up.is_home, up.passes) for up in found.parents} == {
        ("o", True, Level.ADMIN),
        ("copy", False, Level.READ),
    }
    assert await counters(world, there) == (1, 1, 7)
    assert await object_at(world, "share-to", "copy") == put.object_id
    assert await object_at(world, "share-from", "c/o") == put.object_id
    assert await paths_of(world, put.object_id) == ["share-from/c/o", "share-to/copy"]
    graph = await check_invariants(world)
    assert events(graph, put.object_id) == [("PUBLISHED", None, 1), ("SHARED", None, None)]


async def test_a_shared_container_shows_all_its_keys_and_takes_new_ones(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "tree-from")
    there = await world.project(ada, "tree-to")
    first = await world.put(ada, "tree-from", "c/d/o")
    dataset = (await an_object(world, ada, first.object_id)).home.parent_id

    await world.share(ada, dataset, there, "data")
    second = await world.put(ada, "tree-to", "data/sub/p", 9)

    assert await object_at(world, "tree-to", "data/o") == first.object_id
    assert await object_at(world, "tree-from", "c/d/sub/p") == second.object_id
    assert await counters(world, dataset) == (2, 2, 14)
    assert await counters(world, there) == (1, 0, 0)
    assert await paths_of(world, second.object_id) == ["tree-from/c/d/sub/p", "tree-to/data/sub/p"]
    await check_invariants(world)


@pytest.mark.parametrize("passes", [Level.READ, Level.APPEND, Level.WRITE, Level.ADMIN])
async def test_a_share_lets_pass_what_it_says_and_never_more(world: World, passes: Level) -> None:
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, f"rights-{passes.name.lower()}")
    put = await world.put(ada, f"rights-{passes.name.lower()}", "o")
    of_bob = await world.project(bob, f"rights-of-bob-{passes.name.lower()}")
    await world.grant(bob, of_bob, ada, Level.APPEND)

    await world.share(ada, put.object_id, of_bob, passes=passes)

    assert (await an_object(world, bob, put.object_id)).level is passes
    assert (await an_object(world, ada, put.object_id)).level is Level.ADMIN
    await world.unlink_child(ada, put.object_id, of_bob)
    assert (await an_object(world, bob, put.object_id)).level is Level.NONE


async def test_who_may_share_is_who_has_admin_on_the_child_and_append_there(world: World) -> None:
    """A share raises nobody's rights: with less than ADMIN on the child nobody makes one."""
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    await world.project(ada, "sharers")
    put = await world.put(ada, "sharers", "o")
    of_bob = await world.project(bob, "sharers-of-bob")

    assert str(await refused(world, world.share(eve, put.object_id, of_bob), NotFound)).endswith("that you may see")
    await world.grant(ada, put.object_id, bob, Level.WRITE)
    await refused(world, world.share(bob, put.object_id, of_bob, passes=Level.ADMIN), Forbidden)
    await refused(world, world.share(ada, put.object_id, of_bob), NotFound)
    await world.grant(bob, of_bob, ada, Level.READ)
    await refused(world, world.share(ada, put.object_id, of_bob), Forbidden)
    await world.grant(ada, put.object_id, bob, Level.ADMIN)
    await world.share(bob, put.object_id, of_bob)


async def test_shares_that_cant_be_change_nothing(world: World) -> None:
    ada = await world.user()
    here, there = await world.project(ada, "no-share"), await world.project(ada, "no-share-to")
    collection = await world.container(ada, Kind.COLLECTION, here, "c")
    dataset = await world.container(ada, Kind.DATASET, collection, "d")
    put = (await world.put(ada, "no-share", "c/d/a/b")).object_id
    await world.put(ada, "no-share-to", "taken")
    gone = await world.container(ada, Kind.DATASET, there, "gone")
    await world.delete_container(ada, gone)
    deleted = (await world.put(ada, "no-share", "c/d/deleted")).object_id
    await world.delete_object(ada, deleted)

    for child, parent, name, error in [
        (world.new_id(), there, None, NotFound),
        (put, world.new_id(), None, NotFound),
        (here, there, None, Hierarchy),
        (collection, collection, "x", Hierarchy),
        (collection, dataset, "x", Hierarchy),
        (dataset, put, "x", Hierarchy),
        (put, there, None, BadInput),
        (put, there, "", BadInput),
        (put, there, "x\0", BadInput),
        (put, there, "x" * 1025, BadInput),
        (dataset, there, "a b", BadInput),
        (dataset, there, "..", BadInput),
        (put, there, "taken", AlreadyExists),
        (put, dataset, "again", AlreadyExists),
        (put, gone, "x", FailedPrecondition),
        (deleted, there, "x", FailedPrecondition),
    ]:
        await refused(world, world.share(ada, child, parent, name), error)
    await refused(world, world.share(ada, put, there, "x", Level.NONE), BadInput)
    await refused(world, world.share(ada, put, collection, "x" * 1023), BadInput)
    await world.share(ada, put, there, "taken/")
    await world.share(ada, put, collection, "x" * 1022)


async def test_a_resource_has_at_most_64_parents(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "many-parents")
    put = await world.put(ada, "many-parents", "o")
    places = [await world.container(ada, Kind.DATASET, project, f"d{n}") for n in range(PARENTS_MAX)]
    for place in places[: PARENTS_MAX - 1]:
        await world.share(ada, put.object_id, place)

    await refused(world, world.share(ada, put.object_id, places[-1]), FailedPrecondition)

    await world.unlink_child(ada, put.object_id, places[0])
    await world.share(ada, put.object_id, places[-1])
    assert len((await an_object(world, ada, put.object_id)).parents) == PARENTS_MAX
    await check_invariants(world)


# -- unlinking


async def test_admin_of_either_end_unlinks_a_share_even_where_he_sees_no_other(world: World) -> None:
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    await world.project(ada, "unlink-from")
    put = await world.put(ada, "unlink-from", "o", 3)
    of_bob = await world.project(bob, "unlink-of-bob")
    await world.grant(bob, of_bob, ada, Level.APPEND)
    await world.share(ada, put.object_id, of_bob)
    await world.revoke(bob, of_bob, ada)

    await refused(world, world.unlink_child(eve, put.object_id, of_bob), NotFound)
    await world.grant(bob, of_bob, eve, Level.WRITE)
    await refused(world, world.unlink_child(eve, put.object_id, of_bob), Forbidden)
    await world.unlink_child(ada, put.object_id, of_bob)

    assert await counters(world, of_bob) == (0, 0, 0)
    await world.grant(bob, of_bob, ada, Level.APPEND)
    await world.share(ada, put.object_id, of_bob)
    await world.unlink_child(bob, put.object_id, of_bob)
    graph = await check_invariants(world)
    assert [kind for kind, _, _ in events(graph, put.object_id)] == ["PUBLISHED", *["SHARED", "UNLINKED"] * 2]


async def test_what_is_no_share_isnt_unlinked(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "no-unlink")
    other = await world.project(ada, "no-unlink-other")
    put = await world.put(ada, "no-unlink", "o")
    await world.grant(ada, put.object_id, bob, Level.READ)

    assert "always keeps one" in str(await refused(world, world.unlink_child(ada, put.object_id, project), HomeParent))
    await refused(world, world.unlink_child(ada, put.object_id, other), NotFound)
    await refused(world, world.unlink_child(ada, put.object_id, put.object_id), NotFound)
    await refused(world, world.unlink_child(ada, project, other), NotFound)
    await refused(world, world.unlink_child(ada, world.new_id(), other), NotFound)
    # Who sees the child alone isn't told where else it is.
    hidden = await refused(world, world.unlink_child(bob, put.object_id, project), NotFound)
    absent = await refused(world, world.unlink_child(bob, put.object_id, other), NotFound)
    assert str(hidden).replace(project, other) == str(absent)


async def test_containers_that_a_put_made_leave_with_the_share_that_was_their_last_name(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "hide-share")
    there = await world.project(ada, "hide-share-to")
    put = await world.put(ada, "hide-share", "o")
    own = await world.put(ada, "hide-share-to", "c/d/own")
    dataset = (await an_object(world, ada, own.object_id)).home.parent_id
    await world.share(ada, put.object_id, dataset)
    await world.delete_object(ada, own.object_id)
    assert await counters(world, there) == (1, 0, 0)

    await world.unlink_child(ada, put.object_id, dataset)

    assert await counters(world, there) == (0, 0, 0)
    assert (await container(world, ada, dataset)).is_hidden
    await check_invariants(world)


# -- moving


async def test_a_moved_home_is_the_home_there(world: World) -> None:
    ada = await world.user()
    here, there = await world.project(ada, "move-from"), await world.project(ada, "move-to")
    put = await world.put(ada, "move-from", "o", 7)

    await world.move(ada, put.object_id, there, "new/")

    found = await an_object(world, ada, put.object_id)
    assert (found.name, found.revision) == ("new/", 2)
    assert parents(found) == {edge(there, "new/")}
    assert await counters(world, here) == (0, 0, 0)
    assert await counters(world, there) == (1, 1, 7)
    assert await object_at(world, "move-from", "o") is None
    assert await object_at(world, "move-to", "new/") == put.object_id
    await world.move(ada, put.object_id, here)
    graph = await check_invariants(world)
    assert events(graph, put.object_id) == [("PUBLISHED", None, 1), ("MOVED", 1, 2), ("MOVED", None, None)]


async def test_a_moved_container_takes_all_paths_below_with_it(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, "moves-from")
    there = await world.project(ada, "moves-to")
    puts = [await world.put(ada, "moves-from", f"c/d/{n}") for n in range(5)]
    top = await world.put(ada, "moves-from", "c/top")
    collection = (await an_object(world, ada, top.object_id)).home.parent_id
    await world.grant(ada, there, bob, Level.WRITE)

    statements = world.engine.statement_count
    await world.move(ada, collection, there, "moved")
    statements = world.engine.statement_count - statements

    assert statements < 15
    for number, put in enumerate(puts):
        assert await object_at(world, "moves-from", f"c/d/{number}") is None
        assert await object_at(world, "moves-to", f"moved/d/{number}") == put.object_id
        assert await paths_of(world, put.object_id) == [f"moves-to/moved/d/{number}"]
    assert (await an_object(world, bob, top.object_id)).level is Level.WRITE
    again = await world.put(ada, "moves-from", "c/top")
    assert again.object_id != top.object_id
    await check_invariants(world)


async def test_a_moved_share_passes_what_it_passed(world: World) -> None:
    ada = await world.user()
    here = await world.project(ada, "share-moves")
    first, second = [await world.container(ada, Kind.COLLECTION, here, name) for name in ("a", "b")]
    dataset = await world.container(ada, Kind.DATASET, here, "d")
    await world.share(ada, dataset, first, "shared", Level.WRITE)

    await world.move(ada, dataset, second, source=first)

    found = await container(world, ada, dataset)
    assert parents(found) == {edge(here, "d"), edge(second, "shared", Level.WRITE)}
    assert (await counters(world, first), await counters(world, second)) == ((0, 0, 0), (1, 0, 0))
    assert found.revision == 0
    await check_invariants(world)


async def test_moving_to_where_it_is_changes_nothing_and_another_name_there_renames(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "move-nowhere")
    put = await world.put(ada, "move-nowhere", "o")
    before = await told_and_standing(world)

    assert await world.move(ada, put.object_id, project) == put.object_id
    assert await world.move(ada, put.object_id, project, "o", source=project) == put.object_id
    assert await world.rename(ada, put.object_id, "o") == put.object_id
    assert await world.rename(ada, project, "move-nowhere") == project
    assert await told_and_standing(world) == before

    await world.move(ada, put.object_id, project, "p")
    graph = await check_invariants(world)
    assert events(graph, put.object_id)[1:] == [("RENAMED", 1, 2)]


async def test_what_a_move_leaves_empty_is_hidden_and_comes_back_with_a_put(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "move-hides")
    put = await world.put(ada, "move-hides", "c/d/o")
    dataset = (await an_object(world, ada, put.object_id)).home.parent_id
    collection = (await container(world, ada, dataset)).parents[0].parent_id

    await world.move(ada, put.object_id, collection)

    assert (await container(world, ada, dataset)).is_hidden
    assert not (await container(world, ada, collection)).is_hidden
    assert await counters(world, collection) == (1, 1, 5)
    await world.move(ada, put.object_id, project)
    assert (await container(world, ada, collection)).is_hidden
    assert await counters(world, project) == (1, 1, 5)
    again = await world.put(ada, "move-hides", "c/d/o")
    assert (await an_object(world, ada, again.object_id)).home.parent_id == dataset
    await check_invariants(world)


async def test_who_may_move_is_who_has_admin_on_the_child_and_its_home_and_append_there(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    here = await world.project(ada, "movers")
    put = (await world.put(ada, "movers", "o")).object_id
    of_bob = await world.project(bob, "movers-of-bob")

    await refused(world, world.move(bob, put, of_bob), NotFound)
    await world.grant(ada, put, bob, Level.WRITE)
    await refused(world, world.move(bob, put, of_bob), Forbidden)
    await world.grant(ada, put, bob, Level.ADMIN)
    assert here not in str(await refused(world, world.move(bob, put, of_bob), NotFound))
    await world.grant(ada, here, bob, Level.WRITE)
    await refused(world, world.move(bob, put, of_bob), Forbidden)
    await refused(world, world.move(ada, put, of_bob), NotFound)
    await world.grant(ada, here, bob, Level.ADMIN)
    await world.move(bob, put, of_bob)
    assert (await an_object(world, bob, put)).level is Level.ADMIN
    await check_invariants(world)


async def test_moves_that_cant_be_change_nothing(world: World) -> None:
    ada = await world.user()
    here, there = await world.project(ada, "no-move"), await world.project(ada, "no-move-to")
    collection = await world.container(ada, Kind.COLLECTION, here, "c")
    dataset = await world.container(ada, Kind.DATASET, collection, "d")
    put = (await world.put(ada, "no-move", "c/d/a/b")).object_id
    await world.put(ada, "no-move-to", "taken")
    await world.container(ada, Kind.COLLECTION, there, "c")
    gone = await world.container(ada, Kind.DATASET, there, "gone")
    await world.delete_container(ada, gone)
    deleted = (await world.put(ada, "no-move", "c/d/deleted")).object_id
    await world.delete_object(ada, deleted)
    await world.share(ada, put, collection, "share")

    for child, parent, name, source, error in [
        (world.new_id(), there, None, None, NotFound),
        (put, world.new_id(), None, None, NotFound),
        (put, there, "x", world.new_id(), NotFound),
        (put, there, "x", there, NotFound),
        (here, there, None, None, Hierarchy),
        (collection, dataset, "x", None, Hierarchy),
        (collection, collection, "x", None, Hierarchy),
        (dataset, dataset, "x", None, Hierarchy),
        (dataset, put, "x", None, Hierarchy),
        (put, there, None, None, BadInput),
        (put, there, "", None, BadInput),
        (put, there, "x\0", None, BadInput),
        (dataset, there, "a b", None, BadInput),
        (put, collection, "x" * 1023, collection, BadInput),
        (collection, there, None, None, AlreadyExists),
        (put, there, "taken", None, AlreadyExists),
        (put, collection, "x", None, AlreadyExists),
        (put, dataset, "x", collection, AlreadyExists),
        (put, gone, "x", None, FailedPrecondition),
        (deleted, there, "x", None, FailedPrecondition),
        (gone, here, "x", None, FailedPrecondition),
    ]:
        await refused(world, world.move(ada, child, parent, name, source=source), error)
    share = await refused(world, world.move(ada, put, collection), AlreadyExists)
    assert "'share'" in str(share)
    assert "unlink that first" in str(share)


# -- renaming


async def test_a_renamed_container_is_found_under_its_new_name_and_all_below(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "rename-tree")
    put = await world.put(ada, "rename-tree", "c/d/o")
    dataset = (await an_object(world, ada, put.object_id)).home.parent_id
    collection = (await container(world, ada, dataset)).parents[0].parent_id

    await world.rename(ada, collection, "x")
    await world.rename(ada, dataset, "y")
    await world.rename(ada, put.object_id, "z/z")

    assert await object_at(world, "rename-tree", "x/y/z/z") == put.object_id
    assert await object_at(world, "rename-tree", "c/d/o") is None
    assert await paths_of(world, put.object_id) == ["rename-tree/x/y/z/z"]
    assert (await container(world, ada, collection)).name == "x"
    graph = await check_invariants(world)
    assert events(graph, collection)[-1] == ("RENAMED", 0, 1)
    assert events(graph, put.object_id) == [("PUBLISHED", None, 1), ("RENAMED", 1, 2)]


async def test_a_share_is_renamed_where_it_is(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, "rename-share")
    put = (await world.put(ada, "rename-share", "o")).object_id
    of_bob = await world.project(bob, "rename-share-of-bob")
    await world.grant(bob, of_bob, ada, Level.APPEND)
    await world.share(ada, put, of_bob, "p", Level.READ)

    await refused(world, world.rename(bob, put, "q", of_bob), Forbidden)
    await world.rename(ada, put, "q", of_bob)
    await world.grant(bob, of_bob, ada, Level.READ)
    await refused(world, world.rename(ada, put, "r", of_bob), Forbidden)
    await world.revoke(bob, of_bob, ada)
    await refused(world, world.rename(ada, put, "r", of_bob), NotFound)

    found = await an_object(world, ada, put)
    assert (found.name, found.revision) == ("o", 1)
    assert await object_at(world, "rename-share-of-bob", "q") == put
    graph = await check_invariants(world)
    assert events(graph, put)[-1] == ("RENAMED", None, None)


async def test_a_renamed_project_is_a_renamed_bucket_and_its_old_name_is_free(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "bucket-before")
    put = await world.put(ada, "bucket-before", "c/o")
    upload = await world.begin_key(ada, "bucket-before", "parts")

    await world.rename(ada, project, "bucket-after")

    assert await object_at(world, "bucket-after", "c/o") == put.object_id
    assert await paths_of(world, put.object_id) == ["bucket-after/c/o"]
    (found,) = await world.ask("MATCH (u:Upload {id: $id}) RETURN u.bucket AS bucket", id=upload)
    assert found["bucket"] == "bucket-after"
    again = await world.project(ada, "bucket-before")
    assert await object_at(world, "bucket-before", "c/o") is None
    await refused(world, world.rename(ada, again, "bucket-after"), AlreadyExists)
    graph = await check_invariants(world)
    assert events(graph, project)[-1] == ("RENAMED", 0, 1)


async def test_renames_that_cant_be_change_nothing(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "no-rename")
    await world.project(bob, "no-rename-bob")
    collection = await world.container(ada, Kind.COLLECTION, project, "c")
    await world.container(ada, Kind.DATASET, project, "d")
    put = (await world.put(ada, "no-rename", "c/o")).object_id
    await world.put(ada, "no-rename", "c/p")
    deleted = (await world.put(ada, "no-rename", "c/deleted")).object_id
    await world.delete_object(ada, deleted)
    await world.grant(ada, project, bob, Level.WRITE)

    for child, name, parent, error in [
        (world.new_id(), "x", None, NotFound),
        (put, "x", project, NotFound),
        (put, "x", world.new_id(), NotFound),
        (project, "new-name", project, NotFound),
        (put, "p", None, AlreadyExists),
        (collection, "d", None, AlreadyExists),
        (project, "no-rename-bob", None, AlreadyExists),
        (put, "", None, BadInput),
        (put, "a/b", None, BadInput),
        (put, "x" * 1023, None, BadInput),
        (collection, "a/b", None, BadInput),
        (collection, "x" * 256, None, BadInput),
        (project, "No", None, BadInput),
        (deleted, "x", None, FailedPrecondition),
    ]:
        await refused(world, world.rename(ada, child, name, parent), error)
    await refused(world, world.rename(bob, project, "bobs-name"), Forbidden)
    # A container and an Object may share a name.
    await world.rename(ada, put, "d")
    await world.rename(ada, collection, "x" * 255)
    await check_invariants(world)


# -- what snapshots and archives see


async def pasts(world: World, parent: str) -> list[tuple[str, str, str | None, int, int]]:
    """(name, child, versionId, since, until) of what a parent's names showed."""
    rows = await world.ask(
        "MATCH (e:PastEntry {parentId: $id}) RETURN e.sort AS sort, e.childId AS child, e.versionId AS version, "
        "e.since AS since, e.until AS until",
        id=parent,
    )
    found = [
        (row["sort"].removeprefix(parent), row["child"], row["version"], row["since"], row["until"]) for row in rows
    ]
    return sorted(found)


async def test_a_name_that_a_snapshot_saw_is_kept_for_it(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "past")
    collection = await world.container(ada, Kind.COLLECTION, project, "c")
    dataset = await world.container(ada, Kind.DATASET, project, "d")
    puts = [await world.put(ada, "past", f"c/{name}") for name in ("moved", "renamed", "shared")]
    moved, renamed, shared = (put.object_id for put in puts)
    await world.share(ada, shared, dataset)
    await world.snapshot(ada, project)

    await world.move(ada, moved, dataset)
    await world.rename(ada, renamed, "new")
    await world.unlink_child(ada, shared, dataset)
    await world.rename(ada, collection, "e")
    # What no snapshot has seen leaves nothing behind.
    await world.rename(ada, renamed, "newer")
    await world.move(ada, moved, collection, "back")
    await world.share(ada, shared, dataset)
    await world.unlink_child(ada, shared, dataset)

    assert await pasts(world, collection) == [
        ("moved", moved, puts[0].version_id, 0, 1),
        ("renamed", renamed, puts[1].version_id, 0, 1),
    ]
    assert await pasts(world, dataset) == [("shared", shared, puts[2].version_id, 0, 1)]
    assert await pasts(world, project) == [("c/\x01", collection, None, 0, 1)]
    await check_invariants(world)


async def test_what_a_snapshot_would_hide_is_refused(world: World) -> None:
    ada = await world.user()
    project, other = await world.project(ada, "hides"), await world.project(ada, "hides-other")
    collection = await world.container(ada, Kind.COLLECTION, project, "c")
    await world.snapshot(ada, collection, "1.0.0")
    put = (await world.put(ada, "hides", "o")).object_id
    for number, name in enumerate(("c@1.0.0/x", "e@1.0.0/x", "f@latest/x")):
        await world.put(ada, "hides-other", name, number)

    for name in ("c@1.0.0/x", "c@1.0.0+build/x", "c@latest/x"):
        await refused(world, world.rename(ada, put, name), Immutable)
        await refused(world, world.clone(ada, put, project, name), Immutable)
    for name in (None, "c", "e", "f"):
        await refused(world, world.move(ada, collection, other, name), FailedPrecondition)
        await refused(world, world.share(ada, collection, other, name), FailedPrecondition)
    await world.rename(ada, put, "c@1.0.1/x")
    await world.share(ada, collection, other, "g")
    await refused(world, world.share(ada, put, other, "g@1.0.0/x"), Immutable)
    await refused(world, world.rename(ada, collection, "e", other), FailedPrecondition)
    await check_invariants(world)


async def test_an_archive_holds_its_own_and_lets_go_of_what_was_shared_into_it(world: World) -> None:
    ada = await world.user()
    archived, living = await world.project(ada, "arch"), await world.project(ada, "arch-living")
    dataset = await world.container(ada, Kind.DATASET, archived, "d")
    mine = (await world.put(ada, "arch", "d/mine")).object_id
    guest = await world.put(ada, "arch-living", "guest")
    await world.share(ada, mine, living)
    await world.share(ada, guest.object_id, dataset)
    await world.archive(ada, archived)

    for call in (
        lambda: world.move(ada, dataset, living),
        lambda: world.move(ada, mine, living, "x"),
        lambda: world.move(ada, mine, archived, source=living),
        lambda: world.move(ada, guest.object_id, archived),
        lambda: world.rename(ada, archived, "other-name"),
        lambda: world.rename(ada, dataset, "x"),
        lambda: world.rename(ada, mine, "x"),
        lambda: world.rename(ada, mine, "x", living),
        lambda: world.rename(ada, guest.object_id, "x", dataset),
        lambda: world.share(ada, dataset, living),
        lambda: world.share(ada, guest.object_id, archived),
        lambda: world.unlink_child(ada, mine, living),
        lambda: world.clone(ada, guest.object_id, dataset, "x"),
    ):
        await refused(world, call(), Immutable)
    await world.unlink_child(ada, guest.object_id, dataset)

    assert await pasts(world, dataset) == [("guest", guest.object_id, guest.version_id, 0, 1)]
    clone = await world.clone(ada, mine, living, "clone")
    assert (await an_object(world, ada, clone)).published is not None
    await check_invariants(world)
