import pytest

from graphstore.holding import LOOK_S, HoldWatch, WritersHeld
from graphstore.statements import Query


class Graph:
    """Answers looks for a lease, and counts them."""

    def __init__(self) -> None:
        self.is_held = False
        self.looks = 0

    async def run(self, query: Query[bool]) -> bool:
        assert query.name == "look for a hold"
        self.looks += 1
        return self.is_held


async def test_a_writer_looks_once_a_second_however_much_it_writes() -> None:
    now, graph = 0.0, Graph()
    watch = HoldWatch(lambda: now)

    for _ in range(50):
        await watch.check(graph.run)
    assert graph.looks == 1
    now = LOOK_S
    await watch.check(graph.run)
    assert graph.looks == 1
    now = LOOK_S + 0.001
    await watch.check(graph.run)
    assert graph.looks == 2


async def test_a_lease_is_found_within_a_second_and_looked_for_until_it_ends() -> None:
    now, graph = 0.0, Graph()
    watch = HoldWatch(lambda: now)
    await watch.check(graph.run)
    graph.is_held = True

    now = LOOK_S + 0.001
    for _ in range(3):
        with pytest.raises(WritersHeld):
            await watch.check(graph.run)
    graph.is_held = False
    await watch.check(graph.run)

    assert graph.looks == 5


async def test_a_look_counts_from_its_beginning_however_long_its_answer_takes() -> None:
    """What was free when the look began may be held when its answer comes."""
    times = iter([0.0, LOOK_S + 0.5])
    graph = Graph()
    watch = HoldWatch(lambda: next(times))

    await watch.check(graph.run)
    await watch.check(graph.run)

    assert graph.looks == 2
