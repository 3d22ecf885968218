"""A hundred thousand Objects: what acts on their container is one transaction by its containers, seen whole or not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from domain.resources import State
from graphstore.cypher import readings
from graphstore.dialects import shows_commits_in_parts
from tests.contracts.test_snapshot_scale import grow
from tests.world import World

CONTAINERS: Final = 20
OBJECTS: Final = 5_000
"""In each of the containers."""


class Counted:
    """Transactions and statements that one call takes."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def __call__(self, call: Callable[[], Awaitable[object]]) -> tuple[int, int]:
        engine = self._world.engine
        write, transactions, before = engine.write, 0, engine.statement_count

        async def counted(name: str, work: Callable[..., Awaitable[object]]) -> object:
            nonlocal transactions
            transactions += 1
            return await write(name, work)

        engine.write = counted  # pyright: ignore[reportAttributeAccessIssue]  counts what goes through
        try:
            await call()
        finally:
            del engine.write
        return transactions, engine.statement_count - before


async def test_a_hundred_thousand_objects_change_in_one_transaction_by_their_containers(world: World) -> None:
    ada = await world.user()
    root = await world.user("root", is_administrator=True)
    small, large = await world.project(ada, "small"), await world.project(ada, "large")
    await grow(world, small, containers=CONTAINERS, objects=1)
    await grow(world, large, containers=CONTAINERS, objects=OBJECTS)
    counted = Counted(world)

    acts: dict[str, Callable[[str], Awaitable[object]]] = {
        "rename": lambda one: world.rename(ada, one, f"other-{one[-6:].lower()}"),
        "snapshot": lambda one: world.snapshot(ada, one),
        "archive": lambda one: world.archive(ada, one),
        "unarchive": lambda one: world.unarchive(root, one),
        "delete": lambda one: world.delete_container(ada, one, is_recursive=True),
        "restore": lambda one: world.restore(ada, one),
    }
    taken: dict[str, list[tuple[int, int]]] = {}
    for name, act in acts.items():
        for one in (small, large):
            taken.setdefault(name, []).append(await counted(lambda act=act, one=one: act(one)))

    for name, (few, many) in taken.items():
        assert many == few, name
        assert many[0] == 1, name
        assert many[1] <= 25, name


async def test_a_recursive_deletion_is_seen_whole_or_not_at_all(world: World) -> None:
    """Readers beside it find the first and the last container deleted, or neither."""
    ada = await world.user()
    project = await world.project(ada, "watched")
    ids = await grow(world, project, containers=CONTAINERS, objects=OBJECTS // 10)
    has_looked, is_over = asyncio.Event(), asyncio.Event()
    seen: list[tuple[State, State]] = []

    async def watch() -> None:
        while not is_over.is_set():
            found = await world.store.read(readings.resources([ids[0], ids[-1]], ada, world.now_ms))
            seen.append((found[ids[0]].state, found[ids[-1]].state))
            has_looked.set()

    watching = asyncio.create_task(watch())
    await has_looked.wait()
    await world.delete_container(ada, project, is_recursive=True)
    is_over.set()
    await watching

    before, after = (State.AVAILABLE, State.AVAILABLE), (State.DELETED, State.DELETED)
    assert seen[0] == before
    assert set(seen) <= {before, after} or shows_commits_in_parts(world.engine.kind)
    assert sorted(seen, key=(before, after).index) == seen or shows_commits_in_parts(world.engine.kind)
