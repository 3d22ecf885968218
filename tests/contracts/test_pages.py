"""Pages of names in code point order on both engines, for names that sort differently in UTF-16."""

from collections.abc import Sequence
from random import Random
from typing import Final

import pytest

from domain.keys import object_sort, successor
from graphstore.cypher.pages import KEYS, Range, whole
from graphstore.paging import read_pages
from tests.world import World

# Both ends of each plane, what UTF-16 puts in another order, controls, and ordinary letters.
CHARACTERS: Final = (
    "\x01\x02 /09AZaz~\x7f\u0080\u00e4\u07ff\u0800\ud7ff\ue000\ufffd\uffff\U00010000\U0001f600\U0010ffff"
)
NAMES: Final = 250


def draw_name(random: Random, length_max: int = 5) -> str:
    return "".join(random.choices(CHARACTERS, k=random.randint(1, length_max)))


@pytest.fixture(scope="module")
async def parents(world: World) -> dict[str, list[str]]:
    """Parents with neighbouring ids and their names, sorted as code points."""
    random = Random(7)
    made: dict[str, list[str]] = {}
    for number in range(3):
        parent = f"01PAGES{number}".ljust(26, "0")
        names = {draw_name(random) for _ in range(NAMES)}
        made[parent] = sorted(names)
        shuffled = list(names)
        random.shuffle(shuffled)
        await world.do(
            "UNWIND $rows AS row CREATE (:Entry {sort: row, since: 0})"
            "-[:NAMES]->(:Resource:Object {id: row, kind: 'OBJECT'})",
            rows=[object_sort(parent, name) for name in shuffled],
        )
    return made


async def read_all(world: World, stretch: Range, size: int, *, is_backward: bool = False) -> list[str]:
    """Follow pages to the end, as a walk does."""
    found: list[str] = []
    while True:
        (page,) = await read_pages(world.store, KEYS, [stretch], size, "", 0, is_backward=is_backward)
        found += [row[0] for row in page]
        if len(page) < size:
            return found
        last = page[-1][0]
        if is_backward:
            stretch = Range(stretch.parent_id, stretch.lower, stretch.is_lower_included, last, stretch.prefix)
        else:
            stretch = Range(stretch.parent_id, last, before=stretch.before, prefix=stretch.prefix)


@pytest.mark.parametrize("size", [3, 7, 100, 1000])
@pytest.mark.parametrize("is_backward", [False, True])
async def test_pages_follow_each_other_in_code_point_order(
    world: World,
    parents: dict[str, list[str]],
    size: int,
    is_backward: bool,  # noqa: FBT001
) -> None:
    (parent, names), *_ = parents.items()
    found = await read_all(world, whole(parent), size, is_backward=is_backward)

    expected = [object_sort(parent, name) for name in names]
    assert found == (expected[::-1] if is_backward else expected)


def in_range(parent: str, names: Sequence[str], stretch: Range) -> list[str]:
    sorts = [object_sort(parent, name) for name in names]
    return [
        sort
        for sort in sorts
        if (sort > stretch.lower or (stretch.is_lower_included and sort == stretch.lower))
        and (not stretch.before or sort < stretch.before)
        and sort.startswith(parent + stretch.prefix)
    ]


@pytest.mark.parametrize("seed", range(40))
async def test_random_bounds_and_prefixes_give_exactly_their_names(
    world: World, parents: dict[str, list[str]], seed: int
) -> None:
    random = Random(seed)
    parent = random.choice(list(parents))
    names = parents[parent]

    def draw_bound() -> str:
        return random.choice([*names, draw_name(random), draw_name(random, 2), ""])

    prefix = random.choice([name[: random.randint(0, 2)] for name in names] + [draw_name(random, 2)])
    lower = max(parent + draw_bound(), parent + prefix) if random.random() < 0.5 else parent + prefix
    forward = Range(parent, lower, random.random() < 0.5, prefix=prefix)
    size = random.choice([1, 4, 50])

    assert await read_all(world, forward, size) == in_range(parent, names, forward), f"seed {seed}: {forward}"

    between = Range(parent, parent + draw_bound(), random.random() < 0.5, before=parent + (draw_bound() or "\x01"))
    expected = in_range(parent, names, between)
    assert await read_all(world, between, size) == expected, f"seed {seed}: {between}"
    assert await read_all(world, between, size, is_backward=True) == expected[::-1], f"seed {seed}: {between}"


async def test_many_ranges_are_read_at_once_each_for_itself(world: World, parents: dict[str, list[str]]) -> None:
    ranges = [whole(parent) for parent in parents] * 20 + [whole("01NOBODY".ljust(26, "0"))]

    found = await read_pages(world.store, KEYS, ranges, 3, "", 0)

    first = [[object_sort(parent, name) for name in names[:3]] for parent, names in parents.items()]
    assert [[row[0] for row in page] for page in found] == [*first * 20, []]


async def test_a_prefix_ends_where_its_successor_begins(world: World, parents: dict[str, list[str]]) -> None:
    (parent, names), *_ = parents.items()
    for prefix in ("a", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "a\uffff", "\uffff\uffff"):
        stretch = Range(parent, parent + prefix, is_lower_included=True, prefix=prefix)
        bound = successor(prefix)

        expected = [object_sort(parent, name) for name in names if name >= prefix and (not bound or name < bound)]
        assert await read_all(world, stretch, 50) == expected
