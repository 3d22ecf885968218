"""Contents in parts wait to be hashed, and tell their checksums wherever they are shown, without a new revision."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.contents import ExistingContent, NewContent, PartFacts, sameness, single_content
from domain.publishing import Published
from graphstore import whole_sums
from graphstore.cypher.resolving import PartPlace, part_numbered, parts, parts_after
from graphstore.whole_sums import claim_unhashed, share_equal, tell_sums
from tests.graph_dump import check_invariants
from tests.world import World

SUMS = ("0" * 32, "1" * 64)


async def finished(world: World, user: str, bucket: str, key: str) -> tuple[NewContent, Published]:
    """Upload two small parts."""
    upload = await world.begin_key(user, bucket, key)
    made = [PartFacts(number, world.blob(5)) for number in (1, 2)]
    for part in made:
        await world.part(user, upload, part)
    content = world.content_of_parts(made)
    return content, await world.publisher.publish(world.publication(user, bucket, key, content, upload_id=upload))


async def sums_of(world: World, object_id: str) -> list[tuple[Any, Any]]:
    """MD5 and SHA-256 of all revisions, newest first."""
    rows = await world.ask(
        "MATCH (:Resource {id: $id})-[:VERSION*0..]->(r) RETURN r.md5 AS md5, r.sha256 AS sha256 "
        "ORDER BY r.revisionNumber DESC",
        id=object_id,
    )
    return [(row["md5"], row["sha256"]) for row in rows]


async def test_every_revision_and_copy_tells_them_and_nothing_else_changes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whole_sums, "_BATCH", 2)
    ada = await world.user()
    project = await world.project(ada, "whole-sums")
    content, put = await finished(world, ada, "whole-sums", "o")
    shared = ExistingContent(content.id, content.length_bytes, content.etag)
    copies = [
        await world.publisher.publish(world.publication(ada, "whole-sums", f"copy{number}", shared))
        for number in range(3)
    ]
    for _ in range(5):
        await world.publisher.publish(world.publication(ada, "whole-sums", "copy0", shared))
    clone = await world.clone(ada, put.object_id, project, "clone")
    await world.put(ada, "whole-sums", "o")
    before = await world.ask("MATCH (o:Object) RETURN o.id, o.revision, o.versionId, o.etag ORDER BY o.id")
    assert await sums_of(world, clone) == [(None, None)]

    await tell_sums(world.store, content.id, *SUMS)

    assert before == await world.ask("MATCH (o:Object) RETURN o.id, o.revision, o.versionId, o.etag ORDER BY o.id")
    assert (await sums_of(world, put.object_id))[1:] == [SUMS]
    assert [await sums_of(world, copy.object_id) for copy in copies] == [[SUMS] * 6, [SUMS], [SUMS]]
    assert await sums_of(world, clone) == [SUMS]
    late = await world.publisher.publish(world.publication(ada, "whole-sums", "late", shared))
    assert await sums_of(world, late.object_id) == [SUMS]
    assert await sums_of(world, await world.clone(ada, late.object_id, project, "late clone")) == [SUMS]
    await share_equal(world.store, content.id, SUMS[1], content.length_bytes, world.now)
    assert await world.ask("MATCH (u:Unhashed) RETURN u.id") == []
    await check_invariants(world)


async def test_a_content_is_worked_on_by_one_until_its_claim_ends(world: World) -> None:
    """Whoever died in between is followed by another."""
    ada = await world.user()
    await world.project(ada, "claimed-once")
    content, _ = await finished(world, ada, "claimed-once", "o")

    first = await claim_unhashed(world.store, world.now)
    second = await claim_unhashed(world.store, world.now + timedelta(minutes=9))
    later = await claim_unhashed(world.store, world.now + timedelta(minutes=11))

    assert first == later == whole_sums.Claim(content.id, 10)
    assert second is None
    await tell_sums(world.store, content.id, *SUMS)
    again = await claim_unhashed(world.store, world.now + timedelta(days=1))
    assert again == whole_sums.Claim(content.id, 10, SUMS), "equal contents are to be looked for still"
    await share_equal(world.store, content.id, SUMS[1], content.length_bytes, world.now)
    assert await claim_unhashed(world.store, world.now + timedelta(days=2)) is None


async def test_what_was_erased_meanwhile_waits_no_more(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "erased-meanwhile")
    content, put = await finished(world, ada, "erased-meanwhile", "o")
    await world.erase(ada, put.object_id)

    claimed = await claim_unhashed(world.store, world.now)
    await tell_sums(world.store, content.id, *SUMS)

    assert claimed == whole_sums.Claim(content.id, None)
    assert await world.ask("MATCH (u:Unhashed) RETURN u.id") == []
    await check_invariants(world)


@pytest.mark.parametrize("other", ["in one piece", "cut otherwise"])
async def test_who_shares_the_bytes_of_another_keeps_its_own_table_of_parts(world: World, other: str) -> None:
    """Its former blobs go, and their keys with them: an erasure later on doesn't find them any more."""
    ada = await world.user()
    bucket = f"shares-{other.replace(' ', '-')}"
    await world.project(ada, bucket)
    sums = ("a" * 32, world.blob(10).sha256)
    content, put = await finished(world, ada, bucket, "o")
    if other == "in one piece":
        blobs = [replace(world.blob(10), sha256=sums[1])]
        await world.publisher.publish(world.publication(ada, bucket, "p", single_content(world.new_id(), blobs[0], {})))
    else:
        upload = await world.begin_key(ada, bucket, "p")
        blobs = [world.blob(length) for length in (3, 3, 4)]
        cut = [PartFacts(number, blob) for number, blob in enumerate(blobs, start=1)]
        for part in cut:
            await world.part(ada, upload, part)
        twin = world.content_of_parts(cut)
        await world.publisher.publish(world.publication(ada, bucket, "p", twin, upload_id=upload))
        await tell_sums(world.store, twin.id, *sums)
        await share_equal(world.store, twin.id, sums[1], 10, world.now)
    await tell_sums(world.store, content.id, *sums)

    for _ in range(2):
        await share_equal(world.store, content.id, sums[1], 10, world.now)

    found = await world.store.read(parts(content.id, 0, 10))
    assert [part.blob.id for _, part in found] == [blob.id for blob in blobs]
    table = [PartPlace(1, 0, 5, {}), PartPlace(2, 5, 5, {})]
    assert await world.store.read(parts_after(content.id, 0, 9)) == table
    assert [await world.store.read(part_numbered(content.id, number)) for number in (1, 2, 3)] == [
        [table[0]],
        [table[1]],
        [],
    ]
    former = [part.blob.id for part in content.parts]
    keys = await world.ask("UNWIND $ids AS id MATCH (b:Blob {id: id}) RETURN b.wrappedKey AS key", ids=former)
    assert [row["key"] for row in keys] == [None, None]
    same = await world.ask("MATCH (b:Blob {sameness: $same}) RETURN b.id AS id", same=sameness(sums[1], 10))
    assert len(same) == (other == "in one piece")
    await check_invariants(world)
    await world.erase(ada, put.object_id)
    await check_invariants(world)


async def shared_blobs(world: World, bucket: str) -> set[str]:
    rows = await world.ask(
        "MATCH (:Project {bucket: $bucket})<-[:BELONGS_TO]-(:Object)-[:CONTENT]->(c:Content)-[:PART]->(b:Blob) "
        "WHERE c.partCount > 0 RETURN b.id AS id",
        bucket=bucket,
    )
    return {row["id"] for row in rows}


async def look_again(world: World) -> int:
    """Do all that waits, as the worker does; answers how much it was."""
    done = 0
    while (claim := await claim_unhashed(world.store, world.now)) is not None:
        done += 1
        if claim.length_bytes is None:
            await whole_sums.give_up(world.store, claim.content_id)
            continue
        sums = claim.sums
        assert sums is not None
        await tell_sums(world.store, claim.content_id, *sums)
        await share_equal(world.store, claim.content_id, sums[1], claim.length_bytes, world.now)
    return done


@pytest.mark.parametrize("erased", [0, 1, 3])
async def test_a_body_that_many_contents_equal_wakes_one_of_them_and_each_few_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch, erased: int
) -> None:
    """What a PUT does is bounded; and an erasure of who is to wake the others loses none."""
    monkeypatch.setattr(whole_sums, "_WAITING_MAX", 2)
    ada, bucket, length = await world.user(), f"wakes-{erased}", 6 * 1024 * 1024
    await world.project(ada, bucket)
    body = world.blob(length)
    made: list[str] = []
    for number in range(7):
        upload = await world.begin_key(ada, bucket, f"o{number}")
        cut = [PartFacts(1, world.blob(length - number - 1)), PartFacts(2, world.blob(number + 1))]
        for part in cut:
            await world.part(ada, upload, part)
        content = world.content_of_parts(cut)
        put = await world.publisher.publish(world.publication(ada, bucket, f"o{number}", content, upload_id=upload))
        made.append(put.object_id)
        await tell_sums(world.store, content.id, "e" * 32, body.sha256)
        await share_equal(world.store, content.id, body.sha256, length, world.now)
    assert len(await shared_blobs(world, bucket)) == 2, "they share the blobs of the first"

    await world.publisher.publish(world.publication(ada, bucket, "whole", single_content(world.new_id(), body, {})))

    woken = await world.ask("MATCH (u:Unhashed) MATCH (c:Content {id: u.id})<-[:CONTENT]-(o) RETURN o.id AS id")
    assert len(woken) == 1
    for object_id in [woken[0]["id"], *(one for one in made if one != woken[0]["id"])][:erased]:
        await world.erase(ada, object_id)
    assert await look_again(world) >= 7 - erased
    assert await shared_blobs(world, bucket) == {body.id}
    assert await world.ask("MATCH (u:Unhashed) RETURN u.id") == []
    await check_invariants(world)
