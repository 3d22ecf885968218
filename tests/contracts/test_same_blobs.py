"""Equal bytes are one blob, whichever way they come; what nothing refers to any more is let go, and nothing else."""

import base64
from dataclasses import replace

import pytest

from domain.contents import BlobFacts, NewContent, PartFacts, single_content
from domain.errors import NotFound, Unavailable
from graphstore.cypher import sweeping
from graphstore.parts import add_part
from graphstore.publishing import Publisher
from tests.graph_dump import check_invariants
from tests.world import World, outcomes

MIB = 1024 * 1024


def again(world: World, blob: BlobFacts) -> BlobFacts:
    """The same bytes, stored once more: another id, another key."""
    return replace(blob, id=world.chance.randbytes(16).hex(), wrapped_key=world.chance.randbytes(40))


def content_of(world: World, blob: BlobFacts) -> NewContent:
    return single_content(world.new_id(), blob, {})


async def blobs_at(world: World, *object_ids: str) -> list[list[str]]:
    """Ids of the blobs of what Objects show, in order."""
    found: list[list[str]] = []
    for object_id in object_ids:
        rows = await world.ask(
            "MATCH (:Resource {id: $id})-[:CONTENT]->(:Content)-[p:PART]->(b:Blob) RETURN b.id AS id ORDER BY p.index",
            id=object_id,
        )
        found.append([row["id"] for row in rows])
    return found


async def orphaned(world: World) -> set[str]:
    return set(await world.store.read(sweeping.orphaned_blobs(world.now_ms, 1000)))


async def test_the_second_of_equal_bodies_refers_to_the_first(world: World) -> None:
    let_go: list[str] = []
    publisher = Publisher(world.store, let_go.append)
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, "same-one")
    await world.project(bob, "same-two")
    first, other = world.blob(7), world.blob(7)
    second = again(world, first)

    puts = [
        await publisher.publish(world.publication(user, bucket, "o", content_of(world, blob)))
        for user, bucket, blob in ((ada, "same-one", first), (bob, "same-two", second))
    ]
    different = await publisher.publish(world.publication(ada, "same-one", "p", content_of(world, other)))

    assert await blobs_at(world, *(put.object_id for put in [*puts, different])) == [[first.id], [first.id], [other.id]]
    assert let_go == [second.id]
    assert [put.etag for put in puts] == [first.md5] * 2
    await check_invariants(world)


async def test_equal_bodies_of_one_group_are_one_blob(world: World) -> None:
    """New keys, and overwrites, of one transaction."""
    let_go: list[str] = []
    publisher = Publisher(world.store, let_go.append)
    ada = await world.user()
    await world.project(ada, "same-group")
    first = world.blob(9)
    bodies = [first, *(again(world, first) for _ in range(5))]
    await world.put(ada, "same-group", "k0")
    before = world.engine.statement_count

    puts = await outcomes(
        *(
            publisher.publish(world.publication(ada, "same-group", f"k{number}", content_of(world, body)))
            for number, body in enumerate(bodies)
        )
    )

    assert world.engine.statement_count - before < 15, "they shared a transaction"
    kept = await blobs_at(world, *(put.object_id for put in puts))
    assert kept == [kept[0]] * 6
    assert sorted([*kept[0], *let_go]) == sorted(body.id for body in bodies)
    (standing,) = [body for body in bodies if body.id == kept[0][0]]
    (key,) = await world.ask("MATCH (b:Blob {id: $id}) RETURN b.wrappedKey AS key", id=standing.id)
    assert base64.b64decode(key["key"]) == standing.wrapped_key, "an overwrite is written after new keys"
    await check_invariants(world)


async def test_a_refused_body_is_found_by_nobody(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, "same-refused")
    blob = world.blob()

    results = await outcomes(
        world.publisher.publish(world.publication(bob, "same-refused", "o", content_of(world, blob))),
        world.publisher.publish(world.publication(ada, "same-refused", "p", content_of(world, again(world, blob)))),
    )

    assert isinstance(results[0], NotFound)
    assert (await blobs_at(world, results[1].object_id))[0] != [blob.id]
    await check_invariants(world)


async def test_equal_parts_are_one_blob_within_an_upload_and_between(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "same-parts")
    blob = world.blob(6 * MIB)
    uploads = [await world.begin_key(ada, "same-parts", key) for key in ("a", "b")]

    added = [
        await add_part(world.store, upload, PartFacts(number, again(world, blob)), world.stamp(ada))
        for upload in uploads
        for number in (1, 2)
    ]

    assert [part.md5 for part in added] == [blob.md5] * 4
    assert [part.spare_blob_id is None for part in added] == [True, False, False, False]
    rows = await world.ask("MATCH (b:Blob {sha256: $sha256}) RETURN b.id AS id", sha256=blob.sha256)
    (kept,) = [replace(blob, id=row["id"]) for row in rows]
    content = world.content_of_parts([PartFacts(1, kept), PartFacts(2, kept)])
    put = await world.publisher.publish(world.publication(ada, "same-parts", "a", content, upload_id=uploads[0]))
    assert await blobs_at(world, put.object_id) == [[kept.id, kept.id]]
    assert kept.id not in await orphaned(world)
    await world.fail(ada, uploads[1])
    await check_invariants(world)
    await world.erase(ada, put.object_id)
    assert kept.id in await orphaned(world)
    await check_invariants(world)


async def test_a_part_sent_again_with_the_same_bytes_stays(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "same-again")
    upload = await world.begin_key(ada, "same-again", "a")
    blob, other = world.blob(), world.blob()

    await world.part(ada, upload, PartFacts(1, blob))
    await world.part(ada, upload, PartFacts(1, again(world, blob)))
    assert blob.id not in await orphaned(world)
    await world.part(ada, upload, PartFacts(1, other))

    assert blob.id in await orphaned(world)
    await check_invariants(world)


@pytest.mark.parametrize("way", ["failed", "finished"])
async def test_a_part_that_two_uploads_have_goes_with_the_last(world: World, way: str) -> None:
    ada = await world.user()
    await world.project(ada, f"two-uploads-{way}")
    blob, own = world.blob(), world.blob()
    uploads = [await world.begin_key(ada, f"two-uploads-{way}", key) for key in ("a", "b")]
    for upload in uploads:
        await world.part(ada, upload, PartFacts(1, own))
        await world.part(ada, upload, PartFacts(2, blob))

    async def end(number: int) -> None:
        if way == "failed":
            await world.fail(ada, uploads[number])
            return
        content = world.content_of_parts([PartFacts(1, own)])
        key = ("a", "b")[number]
        await world.publisher.publish(
            world.publication(ada, f"two-uploads-{way}", key, content, upload_id=uploads[number])
        )

    await end(0)
    assert blob.id not in await orphaned(world)
    await check_invariants(world)
    await end(1)

    assert blob.id in await orphaned(world)
    await check_invariants(world)


async def test_a_part_of_two_uploads_that_end_in_one_transaction_goes_with_them(world: World) -> None:
    """Neither keeps it alive for the other."""
    ada = await world.user()
    await world.project(ada, "end-together")
    left, keys = world.blob(), ("a", "b", "c")
    uploads = [await world.begin_key(ada, "end-together", key) for key in keys]
    own = [world.blob() for _ in keys]
    for upload, blob in zip(uploads, own, strict=True):
        await world.part(ada, upload, PartFacts(1, blob))
        await world.part(ada, upload, PartFacts(2, again(world, left) if upload != uploads[0] else left))
        await world.part(ada, upload, PartFacts(3, again(world, left)))
    before = world.engine.statement_count

    await outcomes(
        *(
            world.publisher.publish(
                world.publication(
                    ada, "end-together", key, world.content_of_parts([PartFacts(1, blob)]), upload_id=upload
                )
            )
            for key, upload, blob in zip(keys, uploads, own, strict=True)
        )
    )

    assert world.engine.statement_count - before < 25, "they shared a transaction"
    assert await orphaned(world) & {left.id, *(blob.id for blob in own)} == {left.id}
    await check_invariants(world)


async def test_contents_of_many_parts_and_shared_blobs_are_erased_together(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "erase-parts")
    blobs = [world.blob() for _ in range(30)]
    upload = await world.begin_key(ada, "erase-parts", "o")
    for number, blob in enumerate(blobs, start=1):
        await world.part(ada, upload, PartFacts(number, blob))
    chosen = [PartFacts(number, blob) for number, blob in enumerate([*blobs, *blobs[:9]], start=1)]
    put = await world.publisher.publish(
        world.publication(ada, "erase-parts", "o", world.content_of_parts(chosen), upload_id=upload)
    )
    for blob in blobs[:5]:
        await world.publisher.publish(world.publication(ada, "erase-parts", "o", content_of(world, again(world, blob))))

    await world.erase(ada, put.object_id)

    ids = [blob.id for blob in blobs]
    assert await orphaned(world) >= set(ids)
    keys = await world.ask("UNWIND $ids AS id MATCH (b:Blob {id: id}) RETURN b.wrappedKey AS key", ids=ids)
    assert [row["key"] for row in keys] == [None] * len(ids)
    await check_invariants(world)


async def test_bytes_whose_key_was_destroyed_are_stored_anew(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "same-erased")
    blob, fresh = world.blob(), None
    put = await world.publisher.publish(world.publication(ada, "same-erased", "o", content_of(world, blob)))
    await world.erase(ada, put.object_id)
    fresh = again(world, blob)

    later = await world.publisher.publish(world.publication(ada, "same-erased", "p", content_of(world, fresh)))

    assert await blobs_at(world, later.object_id) == [[fresh.id]]
    await check_invariants(world)


async def test_erasing_lets_go_of_no_blob_that_others_refer_to(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, "erase-same")
    await world.project(bob, "erase-other")
    blob = world.blob()
    mine = [
        await world.publisher.publish(world.publication(ada, "erase-same", "o", content_of(world, again(world, blob))))
        for _ in range(3)
    ]
    theirs = await world.publisher.publish(world.publication(bob, "erase-other", "o", content_of(world, blob)))
    (kept,) = await blobs_at(world, theirs.object_id)

    await world.erase(ada, mine[0].object_id)

    assert await blobs_at(world, theirs.object_id) == [kept]
    await check_invariants(world)
    await world.erase(bob, theirs.object_id)
    assert kept[0] in await orphaned(world)
    keys = await world.ask("MATCH (b:Blob {id: $id}) RETURN b.wrappedKey AS key, b.sameness AS same", id=kept[0])
    assert [dict(row) for row in keys] == [{"key": None, "same": None}]


async def test_revisions_of_the_same_bytes_are_erased_together(world: World) -> None:
    """Two contents of one blob go in one transaction: neither keeps it alive for the other."""
    ada = await world.user()
    await world.project(ada, "erase-twice")
    blob = world.blob()
    puts = [
        await world.publisher.publish(world.publication(ada, "erase-twice", "o", content_of(world, again(world, blob))))
        for _ in range(2)
    ]
    ((kept,),) = await blobs_at(world, puts[0].object_id)

    await world.erase(ada, puts[0].object_id)

    assert kept in await orphaned(world)
    await check_invariants(world)


async def test_a_replaced_part_that_was_swept_cannot_be_completed_with(world: World) -> None:
    """Its bytes are gone: the client hears that it should ask again, and nothing is made."""
    ada = await world.user()
    await world.project(ada, "swept-part")
    upload = await world.begin_key(ada, "swept-part", "a")
    old = world.blob()
    await world.part(ada, upload, PartFacts(1, old))
    await world.part(ada, upload, PartFacts(1, world.blob()))
    content = world.content_of_parts([PartFacts(1, old)])
    claimed = await world.engine.write("claim", lambda tx: tx.run(sweeping.claim_blobs([old.id], world.now_ms)))

    with pytest.raises(Unavailable, match="complete the upload again"):
        await world.publisher.publish(world.publication(ada, "swept-part", "a", content, upload_id=upload))

    assert claimed == [old.id]
    await check_invariants(world)
