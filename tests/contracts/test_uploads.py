"""Uploads on their way: parts, completion, failure, and what becomes of blobs that nobody shows."""

from dataclasses import replace

import pytest

from domain.access import Level
from domain.contents import Declared, ObjectHeaders, PartFacts
from domain.errors import FailedPrecondition, Forbidden, NotFound
from domain.keys import cut_key
from domain.publishing import Published, UploadFacts
from domain.resources import ObjectFacts, State
from domain.views import ObjectView
from graphstore.cypher import readings, resolving
from graphstore.cypher.sweeping import claim_blobs, forget_blobs, orphaned_blobs
from tests.graph_dump import check_invariants, dump
from tests.world import World, outcomes

HEADERS = ObjectHeaders("text/csv", user_metadata={"k": "v"})


async def shown(world: World, user: str, object_id: str) -> ObjectView:
    view = (await world.store.read(readings.resources([object_id], user, world.now_ms)))[object_id]
    assert isinstance(view, ObjectView)
    return view


def part(world: World, number: int, length: int = 5) -> PartFacts:
    return PartFacts(number, world.blob(length), {"CRC32": f"part{number}"})


async def content_of(world: World, user: str, object_id: str) -> str:
    found = (await world.facts_of(user, object_id))[object_id]
    assert isinstance(found, ObjectFacts)
    assert found.published is not None
    return found.published.content_id


async def upload_of(world: World, upload: str) -> UploadFacts | None:
    request = resolving.KeyRequest("", "", cut_key(""), world.now_ms, upload_id=upload)
    return (await world.store.read(resolving.resolve([request])))[0].upload


async def orphans(world: World) -> set[str]:
    return set(await world.store.read(orphaned_blobs(world.now_ms + 1, 1000)))


async def complete(world: World, user: str, bucket: str, key: str, upload: str, parts: list[PartFacts]) -> Published:
    content = world.content_of_parts(parts)
    return await world.publisher.publish(
        world.publication(user, bucket, key, content, upload_id=upload, headers=HEADERS)
    )


async def test_a_multipart_upload_is_listed_filled_in_any_order_and_completed(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "parts")
    upload = await world.begin_key(ada, "parts", "c/d/o", HEADERS)
    begun_at = world.now_ms
    first, second, third = part(world, 1, 8), part(world, 2, 3), part(world, 10_000, 0)
    for one in (third, first, second):
        assert await world.part(ada, upload, one) == one.blob.md5
    replaced = first
    first = part(world, 1, 6)
    await world.part(ada, upload, first)

    listed = await world.store.read(resolving.uploaded_parts(upload, 0, 2))
    rest = await world.store.read(resolving.uploaded_parts(upload, 2, 2))
    assert [one for one, _ in listed + rest] == [first, second, third]
    assert [(facts_.id, facts_.key, at) for facts_, at in await world.store.read(resolving.open_uploads(project))] == [
        (upload, "c/d/o", begun_at)
    ]
    assert await orphans(world) >= {replaced.blob.id}

    published = await complete(world, ada, "parts", "c/d/o", upload, [first, third])

    assert published.etag.endswith("-2")
    view = await shown(world, ada, published.object_id)
    assert view.published is not None
    assert (view.published.length_bytes, view.published.part_count, view.published.md5) == (6, 2, None)
    assert (view.published.checksums, view.published.checksum_type) == ({"CRC32": "AAAAAA==-2"}, "COMPOSITE")
    assert view.published.headers == HEADERS
    content_id = await content_of(world, ada, published.object_id)
    assert await world.store.read(resolving.parts(content_id, 0, 6)) == [(0, first)]
    assert await world.store.read(resolving.parts(content_id, 0, 7)) == [(0, first), (6, third)]
    assert await world.store.read(resolving.part_numbered(content_id, 10_000)) == [
        resolving.PartPlace(10_000, 6, third.blob.length_bytes, third.checksums)
    ]
    assert await world.store.read(resolving.part_numbered(content_id, 2)) == []
    assert await world.store.read(resolving.uploaded_parts(upload, 0, 10)) == []
    assert await world.store.read(resolving.open_uploads(project)) == []
    assert await orphans(world) >= {replaced.blob.id, second.blob.id}
    assert (await orphans(world)).isdisjoint({first.blob.id, third.blob.id})
    known = await upload_of(world, upload)
    assert known is not None
    assert known.finished == published
    with pytest.raises(NotFound):
        await complete(world, ada, "parts", "c/d/o", upload, [first])
    with pytest.raises(NotFound):
        await world.part(ada, upload, second)
    await check_invariants(world)


@pytest.mark.parametrize(
    ("start", "until", "numbers"),
    [(0, 1, [1]), (4, 5, [1]), (5, 6, [3]), (4, 6, [1, 3]), (0, 9, [1, 3, 4]), (8, 9, [4]), (5, 8, [3])],
)
async def test_a_range_of_a_content_brings_the_parts_that_hold_it(
    world: World, start: int, until: int, numbers: list[int]
) -> None:
    ada = await world.user()
    bucket = f"ranges-{start}-{until}"
    await world.project(ada, bucket)
    upload = await world.begin_key(ada, bucket, "o")
    parts = [part(world, 1, 5), part(world, 3, 3), part(world, 4, 1)]
    for one in parts:
        await world.part(ada, upload, one)
    published = await complete(world, ada, bucket, "o", upload, parts)
    content_id = await content_of(world, ada, published.object_id)

    ranged = await world.store.read(resolving.parts(content_id, start, until))

    assert [one.number for _, one in ranged] == numbers
    assert [at for at, _ in ranged] == [{1: 0, 3: 5, 4: 8}[number] for number in numbers]


async def test_a_part_sent_again_while_its_upload_was_completed_with_the_former_one_is_not_swept(
    world: World,
) -> None:
    ada = await world.user()
    await world.project(ada, "resent")
    upload = await world.begin_key(ada, "resent", "o")
    former, latter = part(world, 1), part(world, 1)
    await world.part(ada, upload, former)
    await world.part(ada, upload, latter)

    await complete(world, ada, "resent", "o", upload, [former])

    assert former.blob.id not in await orphans(world)
    assert latter.blob.id in await orphans(world)
    await check_invariants(world)


async def test_an_aborted_upload_leaves_its_blobs_to_the_sweeper_and_no_trace_in_the_tree(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "aborted")
    await world.grant(ada, project, bob, Level.ADMIN)
    upload = await world.begin_key(ada, "aborted", "c/d/o")
    one = part(world, 1)
    await world.part(ada, upload, one)
    with pytest.raises(NotFound):
        await world.fail(bob, upload)

    await world.fail(ada, upload)

    assert one.blob.id in await orphans(world)
    assert await world.store.read(resolving.open_uploads(project)) == []
    with pytest.raises(NotFound):
        await complete(world, ada, "aborted", "c/d/o", upload, [one])
    with pytest.raises(NotFound):
        await world.fail(ada, upload)
    swept = sorted(await orphans(world))
    await world.engine.write("claim", lambda tx: tx.run(claim_blobs(swept, world.now_ms)))
    await world.engine.write("forget", lambda tx: tx.run(forget_blobs(swept)))
    assert await orphans(world) == set()
    assert (await dump(world)).labelled("Blob")
    await check_invariants(world)


async def test_an_object_waits_for_its_bytes_and_shows_them(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "waiting")
    await world.grant(ada, project, bob, Level.APPEND)

    begun = await world.begin_object(bob, project, "o", Declared(5, None, "0" * 64))

    assert (begun.project_name, begun.key) == ("waiting", "o")
    waiting = await shown(world, bob, begun.object_id)
    assert (waiting.state, waiting.published, waiting.revision) == (State.INITIALIZING, None, 0)
    upload = await upload_of(world, begun.upload_id)
    assert upload is not None
    assert (upload.declared, upload.object_id, upload.is_open) == (Declared(5, None, "0" * 64), begun.object_id, True)
    published = await world.publisher.publish(
        world.publication(bob, "waiting", "o", object_id=begun.object_id, upload_id=begun.upload_id)
    )
    assert (published.object_id, published.revision_number) == (begun.object_id, 0)
    assert (await shown(world, bob, begun.object_id)).state is State.AVAILABLE
    with pytest.raises(Forbidden):
        await world.put(bob, "waiting", "o")
    await check_invariants(world)


async def test_a_failed_upload_is_an_error_that_an_upload_begun_anew_mends(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "failing")
    begun = await world.begin_object(ada, project, "o")

    await world.fail(ada, begun.upload_id, "wrong MD5")
    failed = await shown(world, ada, begun.object_id)
    assert (failed.state, failed.state_reason, failed.revision) == (State.ERROR, "wrong MD5", 1)
    again = await world.begin(ada, begun.object_id, (project, "failing", "o"))
    begun_anew = await shown(world, ada, begun.object_id)
    assert (begun_anew.state, begun_anew.state_reason) == (State.INITIALIZING, None)
    await world.publisher.publish(
        world.publication(ada, "failing", "o", object_id=begun.object_id, upload_id=again.upload_id)
    )

    mended = await shown(world, ada, begun.object_id)
    assert (mended.state, mended.state_reason, mended.revision) == (State.AVAILABLE, None, 3)
    await check_invariants(world)


async def test_an_upload_onto_a_deleted_object_is_refused(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "too-late")
    begun = await world.begin_object(ada, project, "o")
    await world.delete_object(ada, begun.object_id)

    with pytest.raises(FailedPrecondition):
        await world.publisher.publish(
            world.publication(ada, "too-late", "o", object_id=begun.object_id, upload_id=begun.upload_id)
        )

    assert (await shown(world, ada, begun.object_id)).state is State.DELETED
    await check_invariants(world)


@pytest.mark.parametrize("seed", range(4))
async def test_completing_aborting_and_sending_parts_at_once_end_in_one_of_them(world: World, seed: int) -> None:
    ada = await world.user()
    bucket = f"upload-race-{seed}"
    await world.project(ada, bucket)
    upload = await world.begin_key(ada, bucket, "o")
    parts = [part(world, number) for number in (1, 2)]
    for one in parts:
        await world.part(ada, upload, one)
    calls = [
        complete(world, ada, bucket, "o", upload, parts),
        complete(world, ada, bucket, "o", upload, parts[:1]),
        world.fail(ada, upload),
        world.part(ada, upload, replace(parts[0], blob=world.blob())),
    ]
    world.chance.shuffle(calls)

    results = await outcomes(*calls)

    assert all(isinstance(result, Published | str | NotFound) for result in results), f"seed {seed}: {results}"
    ended = [result for result in results if isinstance(result, Published) or result == upload]
    assert len(ended) == 1, f"seed {seed}: {results}"
    await check_invariants(world)
    assert await world.store.read(resolving.uploaded_parts(upload, 0, 10)) == []
