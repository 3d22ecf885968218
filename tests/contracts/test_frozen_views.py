"""What snapshots and archives show, against deep copies taken when they were made, whatever is written afterwards."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.access import Level
from domain.creation import NewResource
from domain.frozen import FrozenId
from domain.keys import object_sort
from domain.resources import DataClass, Kind, State
from domain.views import HeldView
from graphstore.cypher import frozen_objects
from graphstore.dialects import EngineKind
from graphstore.frozen import FROZEN_NAMES, FrozenNames, find_frozen
from tests.frozen_copies import copy_frozen, copy_present, names_of, read_all_frozen
from tests.graph_dump import check_invariants
from tests.world import World
from tests.writers import Writer


@settings(max_examples=12)
@given(seed=st.integers(0, 2**32), steps=st.integers(5, 60))
async def test_a_snapshot_shows_for_ever_what_was_there_when_it_was_made(world: World, seed: int, steps: int) -> None:
    if world.engine.kind is EngineKind.NEO4J:
        pytest.skip("too slow with a server; the seeds of the next test run there")
    writer = await Writer.begin(world, Random(seed))

    for _ in range(steps):
        await writer.write()

    await writer.check()


@pytest.mark.parametrize("seed", range(3))
async def test_many_writes_leave_snapshots_and_invariants_whole(world: World, seed: int) -> None:
    writer = await Writer.begin(world, Random(seed))

    for _ in range(90):
        await writer.write()

    assert len(writer.copies) > 3, f"seed {seed}"
    await writer.check()
    await writer.world.finish_tasks()
    await check_invariants(world)
    await writer.check()


async def test_an_archive_shows_what_was_there_though_what_is_shared_into_it_changes(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "archived")
    await world.project(ada, "elsewhere")
    for key in ("own", "c/own", "c/d/own"):
        await world.put(ada, "archived", key)
    outer = await world.put(ada, "elsewhere", "outer")
    gone = await world.put(ada, "elsewhere", "gone")
    await world.share(ada, outer.object_id, project, "shared")
    await world.share(ada, gone.object_id, project)
    expected = await copy_present(world, project)

    await world.archive(ada, project)
    await world.put(ada, "elsewhere", "outer", 9)
    await world.delete_object(ada, gone.object_id)

    names = await names_of(world, ada, project)
    assert (names.holder_id, names.original_id, names.root_id) == (project, project, "")
    for is_backward in (False, True):
        assert await copy_frozen(world, ada, names, Random(1), is_backward=is_backward) == expected
    assert {name for name in expected if len(expected[name]) == 5} == {"own", "shared", "gone"}


async def test_who_reads_a_snapshot_reads_all_in_it_and_others_what_was_public(world: World) -> None:
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    project = await world.project(ada, NewResource("seen", data_class=DataClass.PUBLIC))
    await world.put(ada, "seen", "open")
    shut = await world.put(ada, "seen", "shut")
    await world.set_class(ada, shut.object_id, DataClass.CONFIDENTIAL)
    tightened = await world.put(ada, "seen", "tightened")
    closed = await world.container(ada, Kind.COLLECTION, project, NewResource("c", data_class=DataClass.PRIVATE))
    await world.put(ada, "seen", "c/within")
    snapshot = await world.snapshot(ada, project)
    await world.set_class(ada, tightened.object_id, DataClass.CONFIDENTIAL)
    await world.grant(ada, closed, bob, Level.READ)
    names = await names_of(world, ada, snapshot)

    async def visible(user: str, where: FrozenNames) -> dict[str, int]:
        rows = await read_all_frozen(world, user, where, Random(1))
        return {row.sort[26:].rstrip("\x01"): row.level for row in rows}

    assert await visible(ada, names) == {"open": 1, "shut": 1, "tightened": 1, "c/": 1}
    assert await visible(eve, names) == {"open": 1, "shut": 0, "tightened": 1, "c/": 0}
    assert await visible(bob, names) == {"open": 1, "shut": 0, "tightened": 1, "c/": 1}
    (inner,) = [row.names for row in await read_all_frozen(world, ada, names, Random(1)) if row.names]
    assert await visible(bob, inner) == {"within": 1}
    assert await visible(eve, inner) == {"within": 0}


async def test_a_deleted_snapshot_shows_nothing(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "undone")
    put = await world.put(ada, "undone", "c/o")
    snapshot = await world.snapshot(ada, project)
    names = await names_of(world, ada, snapshot)
    frozen_id = FrozenId(snapshot, put.object_id)
    assert len(await read_all_frozen(world, ada, names, Random(1))) == 1

    await world.delete_snapshot(ada, snapshot)

    assert await read_all_frozen(world, ada, names, Random(1)) == []
    assert await world.store.read(frozen_objects.objects([frozen_id], ada, world.now_ms)) == {}


async def test_an_object_is_found_by_its_id_in_a_snapshot_only_where_it_was(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "by-id")
    put = await world.put(ada, "by-id", "o")
    waiting = await world.begin_object(ada, project, "waiting")
    await world.put(ada, "by-id", "c/x")
    snapshot = await world.snapshot(ada, project)
    later = await world.put(ada, "by-id", "later")
    await world.put(ada, "by-id", "o", 9)
    await world.rename(ada, put.object_id, "renamed")

    wanted = [FrozenId(snapshot, one) for one in (put.object_id, later.object_id, waiting.object_id)]
    found = await world.store.read(frozen_objects.objects(wanted, ada, world.now_ms))

    assert list(found) == [0]
    view = found[0]
    assert (view.id, view.name, view.version_id) == (str(wanted[0]), "o", put.version_id)
    assert (view.level, view.state, view.length_bytes) == (Level.READ, State.AVAILABLE, 5)
    assert view.held == HeldView(snapshot, "o")
    names = await names_of(world, ada, snapshot)
    sorts = [object_sort(project, name) for name in ("o", "later", "renamed", "waiting")]
    rows = await find_frozen(world.store, FROZEN_NAMES, [(names, sort) for sort in sorts], ada, world.now_ms)
    assert [row and row.columns[1]["versionId"] for row in rows] == [put.version_id, None, None, None]
