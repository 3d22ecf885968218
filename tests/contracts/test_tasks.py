"""Tasks are finished batch by batch, whoever dies in between and however many work on them."""

from datetime import timedelta
from typing import Any

import pytest

from domain.changes import TaskAdded, TaskKind
from domain.errors import Unavailable
from domain.stamps import Stamp
from graphstore.bolt import Transaction
from graphstore.cypher.tasks import Task
from graphstore.statements import Query, nothing
from graphstore.tasks import Batch, TaskWorker
from tests.world import World, outcomes

STEPS = 5
KIND = TaskKind.UNLINK_SHARES


async def _note(transaction: Transaction, name: str, place: int) -> None:
    text = "CREATE (:Noted {task: $task, place: $place})"
    await transaction.run(Query("note", text, {"task": name, "place": place}, nothing))


async def _step(transaction: Transaction, task: Task, _: Stamp) -> str | None:
    """Note one place of five."""
    place = int(task.cursor or "0")
    await _note(transaction, task.container_id, place)
    return None if place + 1 == STEPS else str(place + 1)


def worker(world: World, batch: Batch = _step) -> TaskWorker:
    return TaskWorker(world.store, dict.fromkeys(TaskKind, batch), world.tick, world.endless_ids())


async def add(world: World, name: str) -> str:
    task_id = world.new_id()
    await world.apply(TaskAdded(task_id, KIND, name, {"deletion": "d"}, world.tick(), "ada"))
    return task_id


async def noted(world: World, name: str) -> list[int]:
    rows = await world.ask("MATCH (n:Noted {task: $task}) RETURN n.place AS place", task=name)
    return sorted(row["place"] for row in rows)


async def tasks(world: World) -> list[Any]:
    return list(await world.ask("MATCH (t:Task) RETURN t.id AS id, t.cursor AS cursor, t.containerId AS container"))


async def test_a_task_is_done_in_batches_and_then_gone(world: World) -> None:
    await add(world, "whole")
    works = worker(world)

    answers = [await works.run_once() for _ in range(STEPS + 1)]

    assert answers == [True] * STEPS + [False]
    assert await noted(world, "whole") == [0, 1, 2, 3, 4]
    assert await tasks(world) == []


async def test_a_batch_gets_the_task_as_it_was_made(world: World) -> None:
    seen: list[tuple[Task, Stamp]] = []

    async def batch(_: Transaction, task: Task, stamp: Stamp) -> str | None:
        seen.append((task, stamp))
        return None

    task_id = await add(world, "made")
    await worker(world, batch).run_once()

    ((task, stamp),) = seen
    assert task == Task(task_id, KIND, "made", {"deletion": "d"}, "", "ada")
    assert (stamp.caller.user_id, stamp.now) == ("ada", world.now)


async def test_another_worker_goes_on_where_one_was_stopped(world: World) -> None:
    task_id = await add(world, "stopped")
    first = worker(world)
    for _ in range(2):
        await first.run_once()

    assert await tasks(world) == [{"id": task_id, "cursor": "2", "container": "stopped"}]
    second = worker(world)
    while await second.run_once():
        pass

    assert await noted(world, "stopped") == [0, 1, 2, 3, 4]


async def test_a_batch_that_fails_changes_nothing_and_holds_up_no_other_task(world: World) -> None:
    is_broken = True

    async def batch(transaction: Transaction, task: Task, stamp: Stamp) -> str | None:
        answer = await _step(transaction, task, stamp)
        if is_broken and task.container_id == "broken":
            raise RuntimeError("a bug")
        return answer

    await add(world, "broken")
    await add(world, "behind")
    works = worker(world, batch)

    with pytest.raises(RuntimeError):
        await works.run_once()
    while await works.run_once():
        pass

    assert await noted(world, "broken") == []
    assert await noted(world, "behind") == [0, 1, 2, 3, 4]
    is_broken = False
    assert await works.run_once() is False
    world.now += timedelta(minutes=2)
    while await works.run_once():
        pass
    assert await noted(world, "broken") == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("seed", range(3))
async def test_workers_that_cross_do_each_batch_once(world: World, seed: int) -> None:
    names = [f"crossed-{seed}-{number}" for number in range(4)]
    for name in names:
        await add(world, name)
    crowd = [worker(world) for _ in range(4)]

    async def work(one: TaskWorker) -> None:
        while await one.run_once():
            pass

    results = await outcomes(*(work(one) for one in crowd))

    assert [
        result for result in results if isinstance(result, BaseException) and not isinstance(result, Unavailable)
    ] == []
    assert {name: await noted(world, name) for name in names} == {name: [0, 1, 2, 3, 4] for name in names}
    assert await tasks(world) == []
