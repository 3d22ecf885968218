"""Bytes that go for good, whoever held them; and revisions taken out of their chain."""

from typing import Any

from domain.access import Level
from domain.contents import ExistingContent
from domain.errors import (
    BadInput,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
)
from domain.keys import cut_key
from domain.publishing import Origin
from domain.resources import Kind, State
from graphstore.cypher import batched, readings, resolving, sweeping
from tests.contracts.test_recursive_deletion import elsewhere, facts_of_object, keys, refused, states, tree
from tests.graph_dump import check_invariants, dump
from tests.world import World


async def chain(world: World, user: str, bucket: str, key: str, count: int) -> tuple[str, list[str]]:
    """Put bytes to a key some times; answers the Object's id and its versionIds, oldest first."""
    puts = [await world.put(user, bucket, key, number + 1) for number in range(count)]
    return puts[0].object_id, [put.version_id for put in puts]


async def revisions(world: World, user: str, object_id: str) -> list[tuple[str, bool]]:
    """Answer versionIds, newest first, each with whether it was erased."""
    found = await world.store.read(batched.revisions([(object_id, 1000, 100)], user, world.now_ms))
    return [(revision.version_id, revision.erased_at is not None) for revision in found.get(0, ())]


async def orphaned(world: World) -> set[str]:
    return set(await world.store.read(sweeping.orphaned_blobs(world.now_ms, 1000)))


async def blobs_of(world: World, object_id: str) -> set[str]:
    rows = await world.ask(
        "MATCH (o:Resource {id: $id})-[:VERSION*0..]->()-[:CONTENT]->(:Content)-[:PART]->(b:Blob) RETURN b.id AS id",
        id=object_id,
    )
    return {row["id"] for row in rows}


async def read_at(world: World, user: str, bucket: str, key: str, version_id: str) -> Any:
    return await world.store.read(resolving.version_at(bucket, cut_key(key), version_id, user, world.now_ms))


async def test_an_erased_object_is_a_tombstone_without_bytes(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "erased")
    object_id, versions = await chain(world, ada, "erased", "c/d/o", 3)
    blobs = await blobs_of(world, object_id)
    assert await read_at(world, ada, "erased", "c/d/o", versions[0]) is not None

    await world.erase(ada, object_id)

    assert await states(world, ada, object_id) == [State.DELETED]
    assert await revisions(world, ada, object_id) == [(version, True) for version in reversed(versions)]
    assert [await read_at(world, ada, "erased", "c/d/o", version) for version in versions] == [None] * 3
    assert len(blobs) == 3
    assert blobs <= await orphaned(world)
    keyless = await world.ask("MATCH (b:Blob) WHERE b.id IN $ids AND b.wrappedKey IS NULL RETURN b.id", ids=list(blobs))
    assert len(keyless) == 3
    assert await keys(world, ada, "erased") == []
    await refused(world, world.restore(ada, object_id), FailedPrecondition)
    told = len((await dump(world)).labelled("Event"))
    await world.erase(ada, object_id)
    graph = await check_invariants(world)
    assert len(graph.labelled("Event")) == told


async def test_a_tombstone_is_erased_too(world: World) -> None:
    made = await tree(world, "erased-tombs")
    await world.delete_object(made.user, made.top)
    await world.delete_container(made.user, made.collection, is_recursive=True)

    await world.erase(made.user, made.top)
    await world.erase(made.user, made.deep)
    await check_invariants(world)
    await world.finish_tasks()
    await world.restore(made.user, made.collection)
    await world.finish_tasks()

    assert await states(world, made.user, made.deep, made.inner) == [State.DELETED, State.AVAILABLE]
    assert await keys(world, made.user, made.name) == ["beside/lone"]
    await check_invariants(world)


async def test_bytes_that_something_else_shows_stay(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "kept-bytes")
    source = await world.put(ada, "kept-bytes", "source", 4)
    facts = await facts_of_object(world, ada, source.object_id)
    assert facts.published is not None
    shared = ExistingContent(facts.published.content_id, 4, facts.published.etag)
    origin = Origin(source.object_id, source.version_id)
    publication = world.publication(ada, "kept-bytes", "copy", shared, origin=origin)
    copy = await world.publisher.publish(publication)
    blobs = await blobs_of(world, copy.object_id)

    await world.erase(ada, source.object_id)

    assert blobs.isdisjoint(await orphaned(world))
    assert (await facts_of_object(world, ada, copy.object_id)).published is not None
    await check_invariants(world)
    await world.erase(ada, copy.object_id)
    assert blobs <= await orphaned(world)
    await refused(world, world.publisher.publish(world.publication(ada, "kept-bytes", "late", shared)), NotFound)
    await check_invariants(world)


async def test_one_older_revision_is_erased(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "older")
    object_id, versions = await chain(world, ada, "older", "o", 3)
    other = await world.put(ada, "older", "p")
    await world.snapshot(ada, project)

    await refused(world, world.erase(ada, object_id, versions[2]), FailedPrecondition)
    await refused(world, world.erase(ada, object_id, other.version_id), NotFound)
    await world.erase(ada, object_id, versions[1])

    assert await revisions(world, ada, object_id) == [
        (versions[2], False),
        (versions[1], True),
        (versions[0], False),
    ]
    assert await read_at(world, ada, "older", "o", versions[1]) is None
    assert (await read_at(world, ada, "older", "o", versions[0])) is not None
    assert await states(world, ada, object_id) == [State.AVAILABLE]
    await check_invariants(world)


async def test_erasing_takes_admin_through_the_home_and_the_name(world: World) -> None:
    made = await tree(world, "erase-rights")
    bob, eve = await world.user("bob"), await world.user("eve")
    _, dataset = await elsewhere(world, made.user, "erase-elsewhere")
    await world.share(made.user, made.deep, dataset, "seen", Level.ADMIN)
    await world.grant(made.user, dataset, bob, Level.ADMIN)
    await world.grant(made.user, made.project, eve, Level.WRITE)

    await refused(world, world.erase(bob, made.deep), Forbidden)
    await refused(world, world.erase(eve, made.deep), Forbidden)
    await refused(world, world.erase(made.user, made.deep, confirmation="seen"), BadInput)
    await refused(world, world.erase(made.user, made.deep, confirmation=""), BadInput)
    await refused(world, world.erase(made.user, made.inner), Hierarchy)
    await refused(world, world.erase(made.user, world.new_id()), NotFound)
    await refused(world, world.delete_object(bob, made.deep), Forbidden)


async def test_archives_and_snapshots_lose_what_is_erased(world: World) -> None:
    made = await tree(world, "erased-archive")
    await world.snapshot(made.user, made.project)
    await world.archive(made.user, made.project)

    await refused(world, world.delete_object(made.user, made.deep), Immutable)
    await world.erase(made.user, made.deep)

    assert await states(world, made.user, made.deep) == [State.DELETED]
    assert await revisions(world, made.user, made.deep) != []
    assert all(is_erased for _, is_erased in await revisions(world, made.user, made.deep))
    await check_invariants(world)


async def test_blanking_leaves_no_words(world: World) -> None:
    """Wherever the graph remembered them."""
    secret = "Secret-Name"
    made = await tree(world, "blank")
    project, dataset = await elsewhere(world, made.user, "blank-elsewhere")
    put = await world.put(made.user, "blank-elsewhere", f"data/{secret}")
    await world.share(made.user, put.object_id, made.beside, f"{secret}-too")
    await world.snapshot(made.user, project)
    await world.do("MATCH (o:Resource {id: $id}) SET o.title = $t, o.description = $t", id=put.object_id, t=secret)
    await world.put(made.user, "blank-elsewhere", f"data/{secret}")
    await world.delete_object(made.user, put.object_id)

    await world.erase(made.user, put.object_id, is_blank=True)

    graph = await check_invariants(world)
    left = [
        (sorted(node.labels), name)
        for node in graph.nodes.values()
        for name, value in node.properties.items()
        if secret in str(value)
    ]
    left += [
        ([edge.type], name) for edge in graph.edges for name, value in edge.properties.items() if secret in str(value)
    ]
    assert left == []
    view = (await world.store.read(readings.resources([put.object_id], made.user, world.now_ms)))[put.object_id]
    assert (view.name, view.title) == (put.object_id, None)
    assert dataset


async def test_open_uploads_of_an_erased_object_end(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "uploads")
    put = await world.put(ada, "uploads", "o")
    begun = await world.begin(ada, put.object_id, (project, "uploads", "o"))

    await world.erase(ada, put.object_id)

    publication = world.publication(ada, "uploads", "o", object_id=put.object_id, upload_id=begun.upload_id)
    await refused(world, world.publisher.publish(publication), NotFound)
    await check_invariants(world)


async def test_a_revision_is_taken_out_of_its_chain(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "unchained")
    await world.grant(ada, project, bob, Level.APPEND)
    object_id, versions = await chain(world, ada, "unchained", "o", 4)

    await refused(world, world.remove_revision(bob, object_id, versions[1]), Forbidden)
    await refused(world, world.remove_revision(ada, object_id, versions[3]), FailedPrecondition)
    await refused(world, world.remove_revision(ada, object_id, "no version"), NotFound)
    await refused(world, world.remove_revision(ada, project, versions[1]), Hierarchy)
    for number in (1, 0):
        await world.remove_revision(ada, object_id, versions[number])
        await check_invariants(world)

    assert await revisions(world, ada, object_id) == [(versions[3], False), (versions[2], False)]
    await world.put(ada, "unchained", "o")
    await check_invariants(world)


async def test_a_revision_that_a_snapshot_shows_stays(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "held")
    object_id, versions = await chain(world, ada, "held", "o", 2)
    dataset = await world.container(ada, Kind.DATASET, project, "data")
    await world.snapshot(ada, project)
    await world.put(ada, "held", "o")
    await world.put(ada, "held", "o")

    await refused(world, world.remove_revision(ada, object_id, versions[1]), Immutable)
    await world.remove_revision(ada, object_id, versions[0])
    await world.archive(ada, project)
    await refused(world, world.remove_revision(ada, object_id, versions[1]), Immutable)

    await check_invariants(world)
    assert dataset
