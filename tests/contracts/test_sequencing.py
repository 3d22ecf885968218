"""Events get their numbers after commit: without gap or repeat, a resource's in order, whoever numbers and dies."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from domain.access import Level
from domain.changes import Event, EventCounts, EventKind
from domain.describing import Description
from domain.errors import DomainError, Forbidden, NotFound
from domain.resources import Kind
from domain.sequencing import LEASE
from domain.views import EventView
from graphstore.cypher.events import events_after
from graphstore.cypher.sequencing import Waiting
from graphstore.dialects import EngineKind
from graphstore.errors import GraphUnavailable
from graphstore.sequencing import GROUP_MAX, Sequencer
from graphstore.statements import Query
from tests.conftest import GraphServer
from tests.graph_dump import check_invariants, dump
from tests.world import World, open_world, outcomes


@pytest.fixture(scope="module")
async def worlds(empty_graph: GraphServer) -> AsyncIterator[tuple[World, World]]:
    """Two of everything on one graph; on Neo4j as two processes would be, each with an engine of its own."""
    async with open_world(empty_graph, 11) as one:
        if one.engine.kind is EngineKind.EMBEDDED:
            yield one, World(one.engine, 22)
            return
        async with open_world(empty_graph, 22) as other:
            yield one, other


@pytest.fixture
async def world(worlds: tuple[World, World]) -> World:
    """The first of the two, where nothing waits and nobody has the lease."""
    await number_all(worlds[0])
    return worlds[0]


def sequencer(world: World, process: str, clock: Callable[[], datetime] | None = None) -> Sequencer:
    return Sequencer(world.engine, process, clock or (lambda: world.now))


async def number_all(world: World) -> None:
    await world.do("MATCH (s:Sequence) SET s.holder = null, s.until = null")
    last = sequencer(world, "last")
    while await waiting(world):
        await last.number_once()
    await last.release()


async def waiting(world: World) -> int:
    return (await world.ask("MATCH (p:PendingEvent) RETURN count(p) AS n"))[0]["n"]


async def sequence(world: World) -> tuple[int, str | None]:
    """The last number given, and who has the lease."""
    rows = await world.ask("MATCH (s:Sequence {key: 'events'}) RETURN s.last AS last, s.holder AS holder")
    return (rows[0]["last"], rows[0]["holder"]) if rows else (0, None)


async def stream(world: World, user: str, after: int, size: int = 2000) -> list[EventView | None]:
    return await world.store.read(events_after(after, size, user, world.now_ms))


async def told(world: World, user: str, after: int) -> list[tuple[str, EventKind]]:
    return [(event.resource_id, event.kind) for event in await stream(world, user, after) if event is not None]


class CutOffError(Exception):
    pass


class Reader:
    """Somebody who reads the stream on and on, from where he stands."""

    def __init__(self, world: World, user: str, after: int) -> None:
        self._world = world
        self._user = user
        self.after = after
        self.ids: list[str] = []

    async def read_on(self) -> int:
        events = await stream(self._world, self._user, self.after, 7)
        for event in events:
            self.after += 1
            assert event is not None
            assert event.number == self.after
            self.ids.append(event.id)
        return len(events)


async def test_one_resources_events_are_numbered_as_they_happened_whatever_clocks_said(world: World) -> None:
    ada = await world.user()
    put = await world.put(ada, await named(world, ada, "clocks"), "o")
    (row,) = await world.ask("MATCH (e:Event {resourceId: $id}) RETURN e.id AS id", id=put.object_id)
    late = World(world.engine, 33, world.now - timedelta(hours=1))
    after, _ = await sequence(world)

    await world.describe(ada, put.object_id, Description("first"))
    await late.describe(ada, put.object_id, Description("second"))
    await world.describe(ada, put.object_id, Description("third"))
    await number_all(world)

    events = [event for event in await stream(world, ada, after) if event and event.resource_id == put.object_id]
    assert [event.revision_after for event in events] == [1, 2, 3, 4]
    assert events[0].id == row["id"]
    assert events[2].id < events[0].id, "the second was told of by a clock that is behind"


async def named(world: World, user: str, name: str) -> str:
    await world.project(user, name)
    return name


async def test_several_events_of_one_call_keep_their_order(world: World) -> None:
    ada = await world.user()
    after, _ = await sequence(world)

    project = await world.project(ada, "several")
    begun = await world.begin_object(ada, project, "o")
    await world.fail(ada, begun.upload_id)
    await number_all(world)

    assert await told(world, ada, after) == [
        (project, EventKind.CREATED),
        (project, EventKind.GRANT_SET),
        (begun.object_id, EventKind.CREATED),
        (begun.object_id, EventKind.UPLOAD_BEGUN),
        (begun.object_id, EventKind.UPLOAD_FAILED),
    ]


async def test_more_than_a_group_is_numbered_in_groups_that_keep_the_order_of_each_resource(world: World) -> None:
    ada = await world.user()
    busy, quiet = await world.project(ada, "busy"), await world.project(ada, "quiet")
    await number_all(world)
    after, _ = await sequence(world)

    def event(resource: str) -> Event:
        return world.stamp(ada).event(EventKind.UPDATED, resource)

    # The later ones have older ids, so that no reading by age could be right.
    events = [event(busy if number % 3 else quiet) for number in range(GROUP_MAX * 2 + 100)]
    ids = sorted((one.id for one in events), reverse=True)
    written = [replace(one, id=fresh) for one, fresh in zip(events, ids, strict=True)]
    await world.apply(*written)
    # And they lie in the graph the other way round, so that no reading as they come could be right either.
    lying = await world.ask("MATCH (p:PendingEvent) RETURN properties(p) AS p ORDER BY p.lockCount DESC")
    await world.do("MATCH (p:PendingEvent) DELETE p")
    await world.do("UNWIND $rows AS row CREATE (p:PendingEvent) SET p = row", rows=[row["p"] for row in lying])
    numbering = sequencer(world, "groups")

    numbered = [await numbering.number_once() for _ in range(4)]

    assert numbered == [GROUP_MAX, GROUP_MAX, 100, 0]
    found = await stream(world, ada, after)
    assert len(found) == len(events)
    for resource in (busy, quiet):
        assert [one.id for one in found if one is not None and one.resource_id == resource] == [
            one.id for one in written if one.resource_id == resource
        ]
    await check_invariants(world)


async def test_an_event_is_not_numbered_before_an_earlier_one_that_the_scan_missed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a scan under read committed can meet: a later event of a resource, not the one just before it."""
    ada = await world.user()
    project = await world.project(ada, "missed")
    await number_all(world)
    after, _ = await sequence(world)
    for title in ("first", "second", "third"):
        await world.describe(ada, project, Description(title))
    read = world.engine.read

    async def crossed(query: Query[Any]) -> Any:
        found = await read(query)
        if isinstance(found, Waiting):
            # The second of three: what is later wasn't committed when it was seen.
            (second,) = sorted(found.events, key=lambda event: event.lock_count)[1:2]
            return replace(found, events=(second,))
        return found

    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "read", crossed)
        numbered = await sequencer(world, "crossed").number_once()

    assert numbered == 2
    assert [event and event.revision_after for event in await stream(world, ada, after)] == [1, 2]
    await number_all(world)
    assert [event and event.revision_after for event in await stream(world, ada, after)] == [1, 2, 3]


async def test_while_one_process_has_the_lease_others_leave_events_alone_until_it_has_run_out(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "leased")
    one, other = sequencer(world, "one"), sequencer(world, "other")
    assert await one.number_once() == 2

    # It dies here, and says nothing.
    await world.describe(ada, project, Description("T"))
    early = await other.number_once()
    world.now += LEASE
    late = await other.number_once()

    assert (early, late) == (0, 1)
    assert (await sequence(world))[1] == "other"
    assert await one.number_once() == 0
    await check_invariants(world)


async def test_a_lease_given_up_is_anybodys_at_once_and_is_given_up_by_its_holder_alone(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "released")
    one, other = sequencer(world, "one"), sequencer(world, "other")
    await one.number_once()
    await world.describe(ada, project, Description("T"))

    await other.release()
    assert (await sequence(world))[1] == "one"
    await one.release()

    assert (await sequence(world))[1] is None
    assert await other.number_once() == 1


async def test_a_lease_taken_meanwhile_is_seen_under_the_lock_and_nothing_is_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.user()
    project = await world.project(ada, "taken")
    await sequencer(world, "one").number_once()
    await world.describe(ada, project, Description("T"))
    before = await dump(world)
    read = world.engine.read

    async def before_the_lease(query: Query[Any]) -> Any:
        found = await read(query)
        return replace(found, lease=None) if isinstance(found, Waiting) else found

    with monkeypatch.context() as patched:
        patched.setattr(world.engine, "read", before_the_lease)
        assert await sequencer(world, "other").number_once() == 0

    assert (await dump(world)).comparable() == before.comparable()


async def test_a_numbering_that_is_cut_off_leaves_nothing_and_loses_nothing(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "cut-off")
    after, _ = await sequence(world)
    before = await dump(world)

    def cut_off() -> datetime:
        # Nobody has the lease, so the clock is asked when the numbers are written and the last of them is not.
        raise CutOffError

    with pytest.raises(CutOffError):
        await sequencer(world, "cut off", cut_off).number_once()

    assert (await dump(world)).comparable() == before.comparable()
    await number_all(world)
    assert await told(world, ada, after) == [(project, EventKind.CREATED), (project, EventKind.GRANT_SET)]


async def test_what_is_refused_is_never_told(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "refused")
    await world.grant(ada, project, bob, Level.READ)
    await number_all(world)
    before = await sequence(world)

    refused = await outcomes(
        world.describe(bob, project, Description("T")),
        world.put(bob, "refused", "o"),
        world.delete_object(bob, world.new_id()),
        world.grant(bob, project, bob, Level.ADMIN),
    )
    numbered = await sequencer(world, "refused").number_once()

    assert [type(one) for one in refused] == [Forbidden, Forbidden, NotFound, Forbidden]
    assert (numbered, await waiting(world)) == (0, 0)
    assert await sequence(world) == before


async def test_the_stream_ends_before_a_number_that_is_not_there_yet(world: World) -> None:
    """Read across a commit, a number may be seen without the one before it, which would then never be heard of."""
    ada = await world.user()
    project = await world.project(ada, "gap")
    await world.describe(ada, project, Description("T"))
    await number_all(world)
    last, _ = await sequence(world)
    await world.do("MATCH (e:Event {number: $number}) SET e.number = null, e.held = true", number=last - 1)

    seen = await told(world, ada, last - 3)
    await world.do("MATCH (e:Event {held: true}) SET e.number = $number, e.held = null", number=last - 1)

    assert seen == [(project, EventKind.CREATED)]
    assert len(await told(world, ada, last - 3)) == 3
    assert await stream(world, ada, last) == []


async def test_the_stream_tells_each_reader_of_what_he_may_read_and_of_the_rest_only_that_it_is_there(
    world: World,
) -> None:
    ada, bob = await world.user(), await world.user("bob")
    root = await world.user("root", is_administrator=True)
    after, _ = await sequence(world)
    hidden, shared = await world.project(ada, "hidden"), await world.project(ada, "shared")
    put = await world.put(ada, "shared", "a/b")
    await world.grant(ada, put.object_id, bob, Level.READ)
    await world.delete_object(ada, put.object_id)
    await number_all(world)

    everything = await told(world, ada, after)

    assert [kind for resource, kind in everything if resource == put.object_id] == [
        EventKind.PUBLISHED,
        EventKind.GRANT_SET,
        EventKind.DELETED,
    ]
    assert {hidden, shared} < {resource for resource, _ in everything}
    assert await told(world, bob, after) == [pair for pair in everything if pair[0] == put.object_id]
    assert await told(world, root, after) == []
    assert await told(world, "", after) == []
    assert len(await stream(world, "", after)) == len(everything)


async def test_a_recursive_call_is_told_of_with_what_it_counted(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "counted")
    await number_all(world)
    after, _ = await sequence(world)
    counts = EventCounts(collections=1, datasets=2, objects=3_000_000_000)

    await world.apply(world.stamp(ada).event(EventKind.UPDATED, project, before=4, after=5, counts=counts))
    await number_all(world)

    (event,) = await stream(world, ada, after)
    assert event is not None
    assert (event.counts, event.revision_before, event.revision_after, event.actor_id) == (counts, 4, 5, ada)


async def test_the_chore_numbers_on_after_a_failure_and_gives_up_its_lease_when_it_is_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await world.user()
    await world.project(ada, "chore")
    read, failures = world.engine.read, iter([GraphUnavailable("the graph rests"), ValueError("a bug")])
    failed: list[Exception] = []

    async def failing(query: Query[Any]) -> Any:
        failure = next(failures, None) if query.name == "waiting events" else None
        if failure is not None:
            failed.append(failure)
            raise failure
        return await read(query)

    monkeypatch.setattr(world.engine, "read", failing)
    chore = asyncio.create_task(sequencer(world, "chore").run())
    async with asyncio.timeout(30):
        while (await sequence(world))[1] != "chore":  # noqa: ASYNC110  the graph sets no event
            await asyncio.sleep(0.02)
    assert await waiting(world) == 0
    chore.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chore

    assert len(failed) == 2
    assert (await sequence(world))[1] is None


@pytest.mark.parametrize("seed", range(3))
async def test_what_many_write_at_once_is_numbered_without_gap_or_repeat(
    worlds: tuple[World, World], world: World, seed: int
) -> None:
    """Eight writers, two sequencers whose clocks jump so that they take the lease from each other, and a reader."""
    random = Random(seed)
    ada, bob = await world.user(), await world.user("bob")
    bucket = f"numbered-{seed}"
    before, _ = await sequence(world)
    project = await world.project(ada, bucket)
    keys = ["top", "c/d/1", "c/d/2", "e/1"]
    standing = [(await world.put(ada, bucket, key)).object_id for key in keys]
    described: Counter[str] = Counter()
    is_over = asyncio.Event()

    async def describe(one: World, target: str) -> None:
        # What bob tries is refused: at most he may read.
        who = random.choice([ada, ada, bob])
        await one.describe(who, target, Description(f"by {who} at {one.now}"))
        described[target] += 1

    async def write() -> None:
        for _ in range(6):
            one, target = random.choice(worlds), random.choice(standing)
            calls: list[Callable[[], Any]] = [
                lambda one=one: one.put(ada, bucket, random.choice(keys)),
                lambda one=one, target=target: describe(one, target),
                lambda one=one, target=target: describe(one, target),
                lambda one=one, target=target: one.delete_object(ada, target),
                lambda one=one: one.grant(ada, project, bob, Level.READ),
                lambda one=one: one.revoke(ada, project, bob),
                lambda one=one: one.container(ada, Kind.DATASET, project, random.choice("cde")),
            ]
            with suppress(DomainError):
                await random.choice(calls)()

    async def number(one: World, process: str) -> int:
        clock = Random(f"{seed} {process}")
        numbering = sequencer(one, process, lambda: one.now + timedelta(seconds=clock.uniform(0, 30)))
        numbered = 0
        while not is_over.is_set():
            numbered += await numbering.number_once()
            await asyncio.sleep(0.005)
        return numbered

    async def read() -> None:
        while not is_over.is_set():
            await reader.read_on()
            await asyncio.sleep(0.005)

    reader = Reader(world, ada, before)
    background = [asyncio.create_task(number(worlds[n], f"process {n}")) for n in (0, 1)]
    reading = asyncio.create_task(read())
    results = await outcomes(*(write() for _ in range(8)))
    is_over.set()
    numbered = await asyncio.gather(*background)
    await reading
    await number_all(world)
    while await reader.read_on():
        pass

    assert results == [None] * 8, f"seed {seed}"
    assert sum(numbered) > 0, f"seed {seed}"
    graph = await check_invariants(world)
    events = sorted(
        (event for event in graph.labelled("Event") if event["number"] > before), key=lambda event: event["number"]
    )
    # What was refused isn't told, what was accepted is told once.
    updated = Counter(event["resourceId"] for event in events if event["kind"] == EventKind.UPDATED)
    assert updated == described, f"seed {seed}"
    # However the reader crossed the sequencers, he has heard all of it, in order.
    assert reader.ids == [event["id"] for event in events], f"seed {seed}"
