"""Pages of frozen containers: their bounds on both engines, and what they cost after many changes."""

from random import Random

import pytest

from domain.keys import container_sort, object_sort
from graphstore.cypher.pages import Range, whole
from graphstore.frozen import FROZEN_NAMES, ROUNDS, FrozenRange, read_frozen_pages
from tests.frozen_copies import copy_frozen, copy_present, names_of, read_all_frozen
from tests.world import World

# Both ends of each plane, what UTF-16 puts in another order, controls, and ordinary letters.
CHARACTERS = "\x02 !09AZaz~\u07ff\ud7ff\ue000\uffff\U00010000\U0001f600\U0010ffff"


async def test_pages_of_a_much_changed_container_stay_bounded(world: World) -> None:
    """Neither names that came later nor a name that changed with every snapshot make a page cost more."""
    ada = await world.user()
    project = await world.project(ada, "changed")
    for number in range(5):
        await world.put(ada, "changed", f"m{number}")
    first = await world.snapshot(ada, project, "0.0.1")
    expected = await copy_present(world, project)
    for number in range(2, 40):
        await world.put(ada, "changed", "m2")
        await world.snapshot(ada, project, f"0.0.{number}")
    for number in range(150):
        await world.put(ada, "changed", f"a{number:03}")
    names = await names_of(world, ada, first)

    for size in (1, 2, 5):
        for is_backward in (False, True):
            before = world.engine.statement_count
            (page,) = await read_frozen_pages(
                world.store,
                FROZEN_NAMES,
                [FrozenRange(names, whole(project))],
                size,
                ada,
                world.now_ms,
                is_backward=is_backward,
            )
            # A scan in two halves (embedded) or twice (Neo4j), and rows, on Neo4j with a second look for missing ones.
            assert world.engine.statement_count - before <= 4 * len(ROUNDS)
            assert len(page.rows) <= size
    for seed in range(4):
        assert await copy_frozen(world, ada, names, Random(seed), is_backward=bool(seed % 2)) == expected


async def snapshot_of_names(world: World, random: Random, ada: str, bucket: str) -> tuple[str, str, list[str]]:
    """A project, its snapshot and the names that it saw, many of which are changed or gone since."""
    project = await world.project(ada, bucket)
    names = sorted({"".join(random.choices(CHARACTERS, k=random.randint(1, 3))) for _ in range(25)})
    for name in (*names, "c/x"):
        await world.put(ada, bucket, name)
    snapshot = await world.snapshot(ada, project)
    rows = await world.ask(
        "MATCH (o:Object)-[:BELONGS_TO]->(:Resource {id: $id}) RETURN o.id AS id ORDER BY id", id=project
    )
    for row in rows:
        if random.random() < 0.4:
            await world.delete_object(ada, row["id"])
    for name in names:
        if random.random() < 0.4:
            await world.put(ada, bucket, name)
    return project, snapshot, names


@pytest.mark.parametrize("seed", range(10))
async def test_random_bounds_give_exactly_the_names_between_them(world: World, seed: int) -> None:
    random = Random(seed)
    ada = await world.user()
    project, snapshot, names = await snapshot_of_names(world, random, ada, f"bounds-{seed}")
    frozen = await names_of(world, ada, snapshot)
    sorts = sorted([*(object_sort(project, name) for name in names), container_sort(project, "c")])

    for _ in range(6):
        if random.random() < 0.5:
            stretch = Range(project, random.choice([*sorts, project]), random.random() < 0.5, random.choice(sorts))
        else:
            prefix = random.choice(names)[:1]
            stretch = Range(project, project + prefix, is_lower_included=True, prefix=prefix)
        expected = [sort for sort in sorts if stretch.holds(sort)]
        for is_backward in (False, True):
            rows = await read_all_frozen(world, ada, frozen, random, is_backward=is_backward, left=stretch)
            found = [row.sort for row in rows]
            assert found == (expected[::-1] if is_backward else expected), f"seed {seed}: {stretch}"
