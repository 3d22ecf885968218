"""Uploads of as many parts as S3 allows: what is done to all of them at once stays within an engine's bounds."""

from collections.abc import Sequence

from domain.contents import PartFacts
from domain.limits import PART_NUMBER_MAX
from graphstore.cypher.resolving import PartPlace, part_numbered, parts, parts_after, uploaded_parts
from tests.world import World

PART_BYTES = 5 * 1024 * 1024
AT_ONCE = 1000


async def _add_parts(world: World, upload_id: str) -> list[PartFacts]:
    """Add all parts as PartAdded writes them, a thousand in a statement."""
    made = [PartFacts(number, world.blob(PART_BYTES)) for number in range(1, PART_NUMBER_MAX + 1)]
    for start in range(0, len(made), AT_ONCE):
        rows = [{"number": part.number, "blob": _node(part)} for part in made[start : start + AT_ONCE]]
        await world.do(
            "MATCH (u:Upload {id: $id}) UNWIND $rows AS row "
            "CREATE (u)-[:UPLOADED {number: row.number, at: 0, checksums: '{}'}]->(b:Blob) SET b = row.blob",
            id=upload_id,
            rows=rows,
        )
    return made


def _node(part: PartFacts) -> dict[str, object]:
    blob = part.blob
    sums = {"md5": blob.md5, "sha256": blob.sha256}
    return {
        "id": blob.id,
        "length": blob.length_bytes,
        "sealed": blob.sealed_bytes,
        "keyId": "k",
        "wrappedKey": "",
        **sums,
    }


async def _orphaned(world: World, made: Sequence[PartFacts]) -> int:
    rows = await world.ask(
        # Not WHERE b.orphanedAt IS NOT NULL: Neo4j would walk that index once for each id.
        "UNWIND $ids AS id MATCH (b:Blob {id: id}) RETURN sum(CASE WHEN b.orphanedAt IS NULL THEN 0 ELSE 1 END) AS n",
        ids=[part.blob.id for part in made],
    )
    return int(rows[0]["n"])


async def test_ten_thousand_parts_become_one_content(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "largest")
    upload_id = await world.begin_key(ada, "largest", "a/b/large")
    made = await _add_parts(world, upload_id)
    content = world.content_of_parts(made[:-1])

    page = await world.store.read(uploaded_parts(upload_id, PART_NUMBER_MAX - 3, 10))
    await world.publisher.publish(world.publication(ada, "largest", "a/b/large", content, upload_id=upload_id))

    whole = await world.store.read(parts(content.id, 0, content.length_bytes))
    across = await world.store.read(parts(content.id, 3 * PART_BYTES - 1, 3 * PART_BYTES + 1))
    [last] = await world.store.read(part_numbered(content.id, PART_NUMBER_MAX - 1))
    after = await world.store.read(parts_after(content.id, 5000, 2))
    assert [part.number for part, _ in page] == [9998, 9999, 10_000]
    assert [start for start, _ in whole] == [index * PART_BYTES for index in range(PART_NUMBER_MAX - 1)]
    assert [part.blob.id for _, part in whole] == [part.blob.id for part in made[:-1]]
    assert [part.number for _, part in across] == [3, 4]
    assert last == PartPlace(PART_NUMBER_MAX - 1, (PART_NUMBER_MAX - 2) * PART_BYTES, PART_BYTES, made[-2].checksums)
    assert [part.number for part in after] == [5001, 5002]
    assert (await _orphaned(world, made[:-1]), await _orphaned(world, made[-1:])) == (0, 1)


async def test_ten_thousand_parts_are_given_up_at_once(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "given-up")
    upload_id = await world.begin_key(ada, "given-up", "large")
    made = await _add_parts(world, upload_id)

    await world.fail(ada, upload_id)

    assert await _orphaned(world, made) == PART_NUMBER_MAX
