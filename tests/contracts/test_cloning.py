"""Clones on the graph: new Objects with the bytes of others, which no erasing of the source's node could lose."""

import pytest

from domain.access import Level
from domain.contents import ObjectHeaders
from domain.describing import Description
from domain.errors import AlreadyExists, FailedPrecondition, Forbidden, Hierarchy, NotFound
from domain.relations import RelationKind
from domain.resources import Kind, State
from domain.views import ObjectView
from graphstore.cypher import batched, readings, sweeping
from tests.contracts.test_placing import an_object, counters, events, object_at, refused
from tests.graph_dump import check_invariants
from tests.world import World


async def test_a_clone_shows_the_bytes_of_its_source_and_names_it(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "clone-from")
    there = await world.project(ada, "clone-to")
    headers = ObjectHeaders("text/plain", cache_control="no-store", user_metadata={"a": "b"})
    source = await world.publisher.publish(
        world.publication(ada, "clone-from", "c/o", world.content(7), headers=headers)
    )
    await world.describe(ada, source.object_id, Description("Title", "Words"))

    clone = await world.clone(ada, source.object_id, there, "copy")

    found = await world.store.read(readings.resources([clone, source.object_id], ada, world.now_ms))
    made, original = found[clone], found[source.object_id]
    assert isinstance(made, ObjectView)
    assert isinstance(original, ObjectView)
    assert (made.name, made.title, made.description, made.revision) == ("copy", "Title", "Words", 1)
    assert made.published is not None
    assert original.published is not None
    assert (made.published.etag, made.published.headers) == (source.etag, headers)
    assert made.published.revision_number == 0
    assert made.published.sha256 == original.published.sha256 is not None
    assert made.published.version_id != source.version_id
    assert await object_at(world, "clone-to", "copy") == clone
    assert await counters(world, there) == (1, 1, 7)
    request = batched.RelationsRequest(clone, (RelationKind.ORIGIN,), "", 10)
    ((origin,),) = (await world.store.read(batched.relations([request], ada, world.now_ms, is_outgoing=True))).values()
    assert (origin.other.id, origin.target_version_id) == (source.object_id, source.version_id)
    assert origin.source_version_id == made.published.version_id
    graph = await check_invariants(world)
    assert events(graph, clone) == [("CLONED", None, 1)]


async def test_an_older_revision_is_cloned_by_its_version_id(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "clone-older")
    first = await world.put(ada, "clone-older", "o", 3)
    second = await world.put(ada, "clone-older", "o", 4)
    other = await world.put(ada, "clone-older", "other", 5)

    older = await world.clone(ada, first.object_id, project, "older", first.version_id)
    newest = await world.clone(ada, first.object_id, project, "newest", second.version_id)

    for clone, source in ((older, first), (newest, second)):
        published = (await an_object(world, ada, clone)).published
        assert published is not None
        assert (published.etag, published.revision_number) == (source.etag, 0)
    for unknown in (other.version_id, world.new_id(), "x"):
        await refused(world, world.clone(ada, first.object_id, project, "x", unknown), NotFound)
    # What its class alone opens shows no revision that was less open.
    await world.do("MATCH (o:Resource {id: $id}) SET o.dataClass = 'PUBLIC'", id=first.object_id)
    mine = await world.project(bob, "clone-older-of-bob")
    await refused(world, world.clone(bob, first.object_id, mine, "x", first.version_id), NotFound)
    await world.clone(bob, first.object_id, mine, "x")
    await check_invariants(world)


async def test_a_clone_outlives_its_source_and_its_bytes_are_never_swept(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "clone-lives")
    source = await world.put(ada, "clone-lives", "o")
    clone = await world.clone(ada, source.object_id, project, "copy")

    await world.delete_object(ada, source.object_id)

    found = await an_object(world, ada, clone)
    assert found.state is State.AVAILABLE
    orphans = await world.store.read(sweeping.orphaned_blobs(world.now_ms, 1000))
    rows = await world.ask(
        "MATCH (:Resource {id: $id})-[:CONTENT]->(:Content)-[:PART]->(b:Blob) RETURN b.id AS id", id=clone
    )
    assert len(rows) == 1
    assert rows[0]["id"] not in orphans
    again = await world.clone(ada, clone, project, "again")
    assert (await an_object(world, ada, again)).published is not None
    await refused(world, world.clone(ada, source.object_id, project, "x"), FailedPrecondition)
    await check_invariants(world)


async def test_clones_that_cant_be_change_nothing(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "no-clone")
    dataset = await world.container(ada, Kind.DATASET, project, "d")
    put = (await world.put(ada, "no-clone", "o")).object_id
    beginning = (await world.begin_object(ada, dataset, "waits")).object_id
    of_bob = await world.project(bob, "no-clone-of-bob")

    await refused(world, world.clone(ada, world.new_id(), project), NotFound)
    await refused(world, world.clone(bob, put, of_bob), NotFound)
    await refused(world, world.clone(ada, put, world.new_id()), NotFound)
    await refused(world, world.clone(ada, put, of_bob), NotFound)
    await refused(world, world.clone(ada, dataset, project), Hierarchy)
    await refused(world, world.clone(ada, put, put), Hierarchy)
    await refused(world, world.clone(ada, put, project), AlreadyExists)
    await refused(world, world.clone(ada, beginning, project), FailedPrecondition)
    await world.grant(ada, put, bob, Level.READ)
    await world.do("MATCH (p:Resource {id: $id}) SET p.dataClass = 'PUBLIC'", id=of_bob)
    await refused(world, world.clone(bob, put, of_bob), Forbidden)
    await world.do("MATCH (p:Resource {id: $id}) SET p.dataClass = 'CONFIDENTIAL'", id=of_bob)
    await world.clone(bob, put, of_bob)
    await check_invariants(world)


@pytest.mark.parametrize("state", ["ERROR", "VALIDATING"])
async def test_what_cant_be_read_isnt_cloned(world: World, state: str) -> None:
    ada = await world.user()
    project = await world.project(ada, f"clone-{state.lower()}")
    put = (await world.put(ada, f"clone-{state.lower()}", "o")).object_id
    await world.do("MATCH (o:Resource {id: $id}) SET o.state = $state", id=put, state=state)

    await refused(world, world.clone(ada, put, project, "x"), FailedPrecondition)

    await world.do("MATCH (o:Resource {id: $id}) SET o.state = 'AVAILABLE'", id=put)
