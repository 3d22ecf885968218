"""Snapshots on the graph: what they show never changes, what is written for them, and that refusals change nothing."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from domain.access import Level
from domain.describing import Description
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Immutable,
    NotFound,
)
from domain.labels import NewLabel
from domain.resources import ContainerFacts, Kind, Versioning
from graphstore.cypher.snapshots import SnapshotsRequest, latest_snapshots, snapshots
from tests.graph_dump import MARK, check_invariants, dump
from tests.past_view import PastView
from tests.world import World

NAMES = ["a", "b", "c", "d"]


async def refused(world: World, call: Awaitable[Any], error: type[DomainError]) -> DomainError:
    """Await a call that must be refused and must leave the graph as it was."""
    before = (await dump(world)).comparable()
    with pytest.raises(error) as caught:
        await call
    assert (await dump(world)).comparable() == before
    assert type(caught.value) is error
    return caught.value


async def project(world: World, user: str) -> tuple[str, str]:
    """A new project and its bucket."""
    bucket = f"p{len(await world.ask('MATCH (p:Project) RETURN p.id AS id'))}-bucket"
    return await world.project(user, bucket), bucket


async def container_at(world: World, parent: str, name: str) -> str:
    """Id of a container by its name in a parent."""
    (row,) = await world.ask(
        "MATCH (:ContainerEntry {sort: $sort})-[:NAMES]->(r) RETURN r.id AS id", sort=parent + name + MARK
    )
    return row["id"]


async def shown(world: World, snapshot: str) -> Mapping[str, Any]:
    return PastView(await dump(world)).snapshot(snapshot)


async def node(world: World, resource: str) -> Mapping[str, Any]:
    (row,) = await world.ask("MATCH (r:Resource {id: $id}) RETURN properties(r) AS node", id=resource)
    return row["node"]


# -- what a snapshot is


async def test_a_snapshot_is_a_copy_of_each_container_with_what_they_counted(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "c/d/o", 7)
    await world.put(ada, bucket, "c/d/p", 2)
    await world.put(ada, bucket, "top", 3)
    collection = await container_at(world, root, "c")
    dataset = await container_at(world, collection, "d")
    await world.describe(ada, dataset, Description("Title", "Words"))

    snapshot = await world.snapshot(ada, root, "1.0.0-rc.1+b")

    found = PastView(await check_invariants(world)).frozen
    copied = {
        original: {name: found[snapshot + original][name] for name in ("kind", "name", "title", "objects", "bytes")}
        for original in (root, collection, dataset)
    }
    assert copied == {
        root: {"kind": "PROJECT", "name": bucket, "title": None, "objects": 1, "bytes": 3},
        collection: {"kind": "COLLECTION", "name": "c", "title": None, "objects": 0, "bytes": 0},
        dataset: {"kind": "DATASET", "name": "d", "title": "Title", "objects": 2, "bytes": 9},
    }
    totals = {
        original: (found[snapshot + original]["treeObjects"], found[snapshot + original]["treeBytes"])
        for original in (root, collection, dataset)
    }
    assert totals == {root: (3, 12), collection: (2, 9), dataset: (2, 9)}
    kept = found[snapshot + root]
    assert (kept["version"], kept["createdBy"], kept["id"]) == ("1.0.0-rc.1+b", ada, snapshot)
    facts = (await world.facts_of(ada, snapshot))[snapshot]
    assert isinstance(facts, ContainerFacts)
    assert (facts.is_frozen, facts.snapshot_of, facts.level) == (True, root, Level.READ)


async def test_a_share_is_in_the_snapshot_of_where_it_is_shared(world: World) -> None:
    ada = await world.user()
    here, bucket = await project(world, ada)
    there, other = await project(world, ada)
    await world.put(ada, other, "c/d/o")
    await world.put(ada, bucket, "h/o")
    collection = await container_at(world, there, "c")
    await world.share(ada, await container_at(world, collection, "d"), await container_at(world, here, "h"), "shared")

    snapshot = await world.snapshot(ada, here)

    await check_invariants(world)
    view = PastView(await dump(world))
    assert view.snapshot(snapshot) == view.present(here)
    assert list(view.snapshot(snapshot)[f"h{MARK}"][1]) == ["o", f"shared{MARK}"]


async def test_with_no_snapshot_a_change_leaves_nothing_behind(world: World) -> None:
    ada = await world.user()
    _, bucket = await project(world, ada)
    first = await world.put(ada, bucket, "d/o")
    await world.put(ada, bucket, "d/o")
    await world.rename(ada, first.object_id, "p")
    await world.delete_object(ada, first.object_id)

    assert await world.ask("MATCH (p:PastEntry {childId: $id}) RETURN p.sort AS sort", id=first.object_id) == []


# -- what it shows never changes


@dataclass
class Doer:
    """Does random things, and keeps a copy of what each snapshot must show."""

    world: World
    user: str
    draw: Random
    buckets: list[str] = field(default_factory=list[str])
    kept: dict[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    deleted: list[str] = field(default_factory=list[str])

    async def living(self, *kinds: Kind) -> str:
        rows = await self.world.ask(
            "MATCH (r:Resource) WHERE r.createdBy = $user AND r.kind IN $kinds AND r.state <> 'DELETED' "
            "AND coalesce(r.frozen, false) = false AND coalesce(r.hidden, false) = false RETURN r.id AS id",
            user=self.user,
            kinds=[str(kind) for kind in kinds],
        )
        return self.draw.choice(sorted(row["id"] for row in rows))

    async def snapshot(self) -> None:
        original = await self.living(Kind.PROJECT, Kind.COLLECTION, Kind.DATASET)
        snapshot = await self.world.snapshot(self.user, original, f"0.{len(self.kept)}.{len(self.deleted)}")
        self.kept[snapshot] = PastView(await dump(self.world)).present(original)

    async def forget(self) -> None:
        if self.kept:
            snapshot = self.draw.choice(sorted(self.kept))
            await self.world.delete_snapshot(self.user, snapshot)
            del self.kept[snapshot]
            self.deleted.append(snapshot)
            await self.world.finish_tasks()

    async def delete_tree(self) -> None:
        await self.world.delete_container(
            self.user, await self.living(Kind.COLLECTION, Kind.DATASET), is_recursive=True
        )
        await self.world.finish_tasks()

    async def step(self) -> None:
        world, user, draw = self.world, self.user, self.draw
        name, key = draw.choice(NAMES), "/".join(draw.choices(NAMES, k=draw.randint(1, 3)))
        inner = (Kind.COLLECTION, Kind.DATASET)
        below, holders = (*inner, Kind.OBJECT), (Kind.PROJECT, *inner)
        # Written out one by one: what is drawn for one is drawn for no other.
        acts: list[tuple[int, Callable[[], Awaitable[Any]]]] = [
            (8, lambda: world.put(user, draw.choice(self.buckets), key, draw.randint(0, 9))),
            (1, self._begin),
            (2, lambda: self._on(world.delete_object, Kind.OBJECT)),
            (2, lambda: self._pair(world.share, below, holders, name)),
            (2, lambda: self._pair(world.unlink_child, below, holders)),
            (2, lambda: self._pair(world.move, below, holders, name)),
            (2, lambda: self._on(lambda by, found: world.rename(by, found, name), *below)),
            (1, lambda: self._pair(world.clone, (Kind.OBJECT,), holders, name)),
            (1, lambda: self._on(lambda by, found: world.describe(by, found, Description(name)), Kind.OBJECT)),
            (1, lambda: self._on(lambda by, found: world.set_labels(by, found, NewLabel("k", name)), Kind.OBJECT)),
            (1, self.delete_tree),
            (1, self._restore),
            (3, self.snapshot),
            (1, self.forget),
        ]
        (act,) = draw.choices([act for _, act in acts], [weight for weight, _ in acts])
        try:
            await act()
        except (DomainError, IndexError):
            return  # random calls are refused often: what counts is what the accepted ones leave

    async def _begin(self) -> None:
        holder = await self.living(Kind.PROJECT, Kind.COLLECTION, Kind.DATASET)
        await self.world.begin_object(self.user, holder, self.draw.choice(NAMES))

    async def _on(self, call: Callable[[str, str], Awaitable[Any]], *kinds: Kind) -> None:
        await call(self.user, await self.living(*kinds))

    async def _pair(self, call: Callable[..., Awaitable[Any]], one: Any, other: Any, *more: str) -> None:
        await call(self.user, await self.living(*one), await self.living(*other), *more)

    async def _restore(self) -> None:
        rows = await self.world.ask(
            "MATCH (r:Resource) WHERE r.createdBy = $user AND r.state = 'DELETED' AND r.frozen IS NULL "
            "RETURN r.id AS id",
            user=self.user,
        )
        await self.world.restore(self.user, self.draw.choice(sorted(row["id"] for row in rows)))
        await self.world.finish_tasks()


@pytest.mark.parametrize("seed", range(5))
async def test_what_a_snapshot_shows_never_changes(world: World, seed: int) -> None:
    doer = Doer(world, await world.user(), Random(seed))
    for _ in range(2):
        doer.buckets.append((await project(world, doer.user))[1])
    for _ in range(12):
        await world.put(doer.user, doer.draw.choice(doer.buckets), "/".join(doer.draw.choices(NAMES, k=2)))

    for _ in range(110):
        await doer.step()

    view = PastView(await check_invariants(world))
    assert {snapshot: view.snapshot(snapshot) for snapshot in doer.kept} == doer.kept, f"seed {seed}"
    assert len(doer.kept) > 3, f"seed {seed}"


# -- versions


async def test_versions_are_used_once_even_by_snapshots_that_are_deleted(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "c/o")
    collection = await container_at(world, root, "c")
    first = await world.snapshot(ada, collection, "1.0.0")

    await refused(world, world.snapshot(ada, collection, "1.0.0"), AlreadyExists)
    await refused(world, world.snapshot(ada, collection, "1.0.0+other"), AlreadyExists)
    await world.delete_snapshot(ada, first)
    await refused(world, world.snapshot(ada, collection, "1.0.0"), AlreadyExists)
    await refused(world, world.snapshot(ada, collection, "1.0"), BadInput)

    # Each original counts its own.
    await world.snapshot(ada, root, "1.0.0")
    await check_invariants(world)


async def test_the_latest_is_the_highest_release_that_stands(world: World) -> None:
    ada = await world.user()
    root, _ = await project(world, ada)

    async def latest() -> str | None:
        found = (await world.store.read(latest_snapshots([root], ada, world.now_ms))).get(root)
        return None if found is None or found.frozen is None else found.frozen.version

    steps: list[str | None] = [await latest()]
    made: dict[str, str] = {}
    for version in ("1.0.0-rc.1", "1.9.0", "1.10.0+b", "1.2.0", "2.0.0-rc.1"):
        made[version] = await world.snapshot(ada, root, version)
        steps.append(await latest())
    assert steps == [None, None, "1.9.0", "1.10.0+b", "1.10.0+b", "1.10.0+b"]

    for version in ("1.10.0+b", "1.2.0", "1.9.0"):
        await world.delete_snapshot(ada, made[version])
        steps.append(await latest())
        await check_invariants(world)

    assert steps[-3:] == ["1.9.0", "1.9.0", None]


async def test_snapshots_are_listed_newest_first_both_ways(world: World) -> None:
    ada = await world.user()
    root, _ = await project(world, ada)
    other, _ = await project(world, ada)
    made = [await world.snapshot(ada, root, f"1.0.{number}") for number in range(5)]
    await world.snapshot(ada, other)
    await world.delete_snapshot(ada, made[1])
    listed = [made[4], made[3], made[2], made[0]]

    async def page(after: str, before: str, size: int, *, is_backward: bool = False) -> list[str]:
        request = SnapshotsRequest(root, after, before, size, is_backward=is_backward)
        found = await world.store.read(snapshots([SnapshotsRequest(other, "", "", 9), request], ada, world.now_ms))
        assert len(found[0]) == 1
        return [one.id for one in found[1]]

    assert await page("", "", 9) == listed
    assert await page("", "", 2) == listed[:2]
    assert await page(listed[1], "", 9) == listed[2:]
    assert await page("", listed[2], 9) == listed[:2]
    assert await page("", "", 2, is_backward=True) == listed[::-1][:2]
    assert await page("", listed[2], 1, is_backward=True) == [listed[1]]
    assert await page(listed[0], listed[3], 9) == listed[1:3]


# -- rights


async def test_only_admins_of_the_original_make_and_delete_snapshots(world: World) -> None:
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    root, _ = await project(world, ada)
    await world.grant(ada, root, bob, Level.WRITE)
    snapshot = await world.snapshot(ada, root)

    await refused(world, world.snapshot(bob, root, "2.0.0"), Forbidden)
    await refused(world, world.snapshot(eve, root, "2.0.0"), NotFound)
    await refused(world, world.snapshot(ada, world.new_id(), "2.0.0"), NotFound)
    await refused(world, world.delete_snapshot(bob, snapshot), Forbidden)
    await refused(world, world.delete_snapshot(eve, snapshot), NotFound)
    await refused(world, world.snapshot(ada, snapshot, "2.0.0"), FailedPrecondition)


async def test_who_may_read_the_original_may_read_its_snapshot_and_no_more(world: World) -> None:
    ada, bob, eve, dan = [await world.user(name) for name in ("ada", "bob", "eve", "dan")]
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "c/d/o")
    collection = await container_at(world, root, "c")
    dataset = await container_at(world, collection, "d")
    await world.grant(ada, dataset, bob, Level.ADMIN)
    snapshot = await world.snapshot(ada, root)
    frozen = PastView(await dump(world)).frozen

    async def levels(user: str) -> list[Level]:
        ids = [frozen[snapshot + original]["id"] for original in (root, collection, dataset)]
        found = await world.facts_of(user, *ids)
        return [found[one].level for one in ids]

    assert await levels(ada) == [Level.READ] * 3
    assert await levels(bob) == [Level.NONE, Level.NONE, Level.READ]
    assert await levels(eve) == [Level.NONE] * 3

    await world.grant(ada, snapshot, eve, Level.READ)
    await world.grant(ada, frozen[snapshot + collection]["id"], dan, Level.READ)
    assert await levels(eve) == [Level.READ] * 3
    assert await levels(dan) == [Level.NONE, Level.READ, Level.READ]
    await refused(world, world.grant(ada, snapshot, eve, Level.WRITE), BadInput)
    await refused(world, world.grant(bob, snapshot, eve, Level.READ), NotFound)
    await refused(world, world.grant(eve, snapshot, bob, Level.READ), Forbidden)
    await world.revoke(ada, snapshot, eve)
    assert await levels(eve) == [Level.NONE] * 3


async def test_a_snapshot_takes_no_writes(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "d/o")
    snapshot = await world.snapshot(ada, root)
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: world.container(ada, Kind.DATASET, snapshot, "new"),
        lambda: world.begin_object(ada, snapshot, "new"),
        lambda: world.describe(ada, snapshot, Description("T")),
        lambda: world.set_labels(ada, snapshot, NewLabel("k", "v")),
        lambda: world.rename(ada, snapshot, "other-name"),
        lambda: world.delete_container(ada, snapshot, is_recursive=True),
        lambda: world.archive(ada, snapshot),
        lambda: world.unarchive(ada, snapshot),
    ]
    for call in calls:
        before = (await dump(world)).comparable()
        with pytest.raises((Forbidden, Immutable, FailedPrecondition)):
            await call()
        assert (await dump(world)).comparable() == before


# -- keys that a snapshot would hide


@pytest.mark.parametrize("name", ["x@1.0.0/k", "x@1.0.0+b/k", "x@latest/k"])
async def test_a_snapshot_that_would_hide_keys_is_refused_and_so_are_such_keys_behind_it(
    world: World, name: str
) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    there, other = await project(world, ada)
    await world.put(ada, bucket, "x/o")
    hidden = (await world.put(ada, other, name)).object_id
    collection = await container_at(world, root, "x")
    dataset = await world.container(ada, Kind.DATASET, collection, "inner")
    await world.share(ada, dataset, there, "x")

    error = await refused(world, world.snapshot(ada, dataset, "1.0.0"), FailedPrecondition)
    assert name in error.message
    await world.snapshot(ada, dataset, "1.0.0-rc.1")
    await world.rename(ada, hidden, "elsewhere")
    await world.snapshot(ada, dataset, "1.0.0")

    for at in (other, bucket):
        key = name if at == other else f"x/{name.replace('x@', 'inner@')}"
        await refused(world, world.put(ada, at, key), Immutable)
        await refused(world, world.begin_key(ada, at, key), Immutable)
    await refused(world, world.begin_object(ada, there, name), Immutable)
    # Other versions, other places, and what is below the container itself take writes.
    await world.put(ada, other, name.replace("1.0.0", "2.0.0").replace("latest", "3.0.0"))
    await world.put(ada, other, f"y{name[1:]}")
    await world.put(ada, bucket, f"x/inner/{name}")
    await check_invariants(world)


async def test_a_projects_snapshot_stands_in_the_project_itself(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    there = (await world.put(ada, bucket, "@1.0.0/k")).object_id

    await refused(world, world.snapshot(ada, root, "1.0.0"), FailedPrecondition)
    await world.delete_object(ada, there)
    snapshot = await world.snapshot(ada, root, "1.0.0")

    await refused(world, world.put(ada, bucket, "@1.0.0/k"), Immutable)
    await refused(world, world.put(ada, bucket, "@latest/k"), Immutable)
    await refused(world, world.begin_object(ada, root, "@1.0.0/k"), Immutable)
    await world.put(ada, bucket, "@1.0.1/k")
    # A snapshot that is gone hides nothing.
    await world.delete_snapshot(ada, snapshot)
    await world.put(ada, bucket, "@1.0.0/k")
    await world.put(ada, bucket, "@latest/k")
    await check_invariants(world)


async def test_usual_keys_cost_no_look_at_snapshots(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "c/d/o")
    before = world.engine.statement_count
    await world.put(ada, bucket, "c/d/usual")
    usual = world.engine.statement_count - before

    await world.snapshot(ada, root)
    before = world.engine.statement_count
    await world.put(ada, bucket, "c/d/after@1.0.0/usual")
    assert world.engine.statement_count - before == usual

    before = world.engine.statement_count
    await world.put(ada, bucket, "c/unusual@1.0.0/o")
    assert world.engine.statement_count - before == usual + 1


# -- deleting


async def test_a_deleted_snapshot_is_a_tombstone_with_all_its_containers(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "c/d/o")
    snapshot = await world.snapshot(ada, root)

    await world.delete_snapshot(ada, snapshot)

    states = await world.ask("MATCH (f:Frozen {snapshotRoot: $id}) RETURN f.state AS state", id=snapshot)
    assert [row["state"] for row in states] == ["DELETED"] * 3
    await refused(world, world.delete_snapshot(ada, snapshot), FailedPrecondition)
    inner = [one["id"] for one in PastView(await dump(world)).frozen.values() if one["snapshotRoot"] == snapshot]
    for part in inner:
        if part != snapshot:
            await refused(world, world.delete_snapshot(ada, part), FailedPrecondition)
    await check_invariants(world)


@pytest.mark.parametrize("name", ["o", "\U0001f9ec", "\uffff"])
async def test_what_only_a_deleted_snapshot_saw_is_dropped(world: World, name: str) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    made: list[str] = []
    views: list[Mapping[str, Any]] = []
    for number in range(4):
        await world.put(ada, bucket, f"d/{name}", number)
        await world.put(ada, bucket, f"d/{name}{number}", number)
        made.append(await world.snapshot(ada, root, f"1.0.{number}"))
        views.append(await shown(world, made[-1]))
    last = await world.put(ada, bucket, f"d/{name}", 9)

    async def kept() -> list[tuple[int, int]]:
        rows = await world.ask(
            "MATCH (p:PastEntry {childId: $id}) RETURN p.since AS since, p.until AS until ORDER BY since",
            id=last.object_id,
        )
        return [(row["since"], row["until"]) for row in rows]

    assert await kept() == [(0, 1), (1, 2), (2, 3), (3, 4)]
    for number in (1, 2):
        await world.delete_snapshot(ada, made[number])
    await world.finish_tasks()

    assert await kept() == [(0, 1), (3, 4)]
    for number in (0, 3):
        assert await shown(world, made[number]) == views[number]
    for number in (0, 3):
        await world.delete_snapshot(ada, made[number])
    await world.finish_tasks()
    assert await kept() == []
    await check_invariants(world)


async def test_dropping_goes_through_many_names_in_bounded_batches(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "d/o")
    dataset = await container_at(world, root, "d")
    snapshot = await world.snapshot(ada, root)
    await world.snapshot(ada, root, "2.0.0")
    # By hand: some of them still seen by the second snapshot.
    await world.do(
        "UNWIND range(0, 899) AS n MATCH (o:Resource {id: $child}) "
        "CREATE (:PastEntry {sort: $parent + 'n' + toString(n / 3), parentId: $parent, childId: $child, "
        "versionId: o.versionId, since: n % 3, until: n % 3 + 1})-[:NAMED]->(o)",
        parent=dataset,
        child=(await world.put(ada, bucket, "d/child")).object_id,
    )
    await world.delete_snapshot(ada, snapshot)
    before = world.engine.statement_count

    batches = await world.finish_tasks()

    rows = await world.ask(
        "MATCH (p:PastEntry {parentId: $id}) RETURN p.since AS since, count(p) AS n ORDER BY since", id=dataset
    )
    assert [(row["since"], row["n"]) for row in rows] == [(1, 300)]
    assert 6 <= batches <= 20
    assert world.engine.statement_count - before <= 12 * batches
    await world.do("MATCH (p:PastEntry {parentId: $id}) DETACH DELETE p", id=dataset)


# -- what else is told


async def test_a_snapshotted_container_stays_when_its_last_key_goes(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    last = await world.put(ada, bucket, "c/d/o")
    collection = await container_at(world, root, "c")
    await world.snapshot(ada, collection)

    await world.delete_object(ada, last.object_id)

    assert (await node(world, collection)).get("hidden") is None
    facts = (await world.facts_of(ada, collection))[collection]
    assert isinstance(facts, ContainerFacts)
    assert (facts.entry_count, facts.versioning) == (0, Versioning.OFF)
    await check_invariants(world)


async def test_a_snapshot_is_told_of_its_original_with_counts(world: World) -> None:
    ada = await world.user()
    root, bucket = await project(world, ada)
    await world.put(ada, bucket, "c/d/o")
    await world.put(ada, bucket, "c/o")

    snapshot = await world.snapshot(ada, root)

    told = (
        "MATCH (e:Event {resourceId: $id}) WHERE e.kind IN $kinds "
        "RETURN e{.kind, .actor, .collections, .datasets, .objects} AS e"
    )
    rows = await world.ask(told, id=root, kinds=["SNAPSHOT_CREATED"])
    assert rows == [{"e": {"kind": "SNAPSHOT_CREATED", "actor": ada, "collections": 1, "datasets": 1, "objects": 2}}]
    await world.delete_snapshot(ada, snapshot)
    (deleted,) = await world.ask(told, id=snapshot, kinds=["DELETED", "CREATED"])
    assert (deleted["e"]["kind"], deleted["e"]["actor"]) == ("DELETED", ada)
