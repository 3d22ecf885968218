"""Archives on the graph: nothing changes what they show, whoever writes, and administrators take them back."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from domain.access import Level
from domain.contents import ExistingContent, PartFacts
from domain.describing import Description
from domain.errors import (
    DomainError,
    FailedPrecondition,
    Forbidden,
    Immutable,
    NotFound,
)
from domain.labels import NewLabel
from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from domain.resources import ContainerFacts, DataClass, Kind, State
from graphstore.cypher.readings import resources
from tests.graph_dump import MARK, check_invariants, dump
from tests.past_view import PastView
from tests.world import World

Call = Callable[["Archive"], Awaitable[Any]]


class Archive:
    """A project that was archived, with what was begun in it before, and a living one beside it."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.bucket, self.other = f"archive-{number}", f"living-{number}"

    async def make(self) -> "Archive":
        world = self.world
        self.ada, self.root = await world.user(), await world.user("root", is_administrator=True)
        self.project, self.living = [await world.project(self.ada, name) for name in (self.bucket, self.other)]
        self.object = (await world.put(self.ada, self.bucket, "c/d/o", 4)).object_id
        self.foreign = (await world.put(self.ada, self.other, "f", 3)).object_id
        self.collection = await self._below(self.project, "c")
        self.dataset = await self._below(self.collection, "d")
        self.empty = await world.container(self.ada, Kind.DATASET, self.project, "empty")
        await world.share(self.ada, self.foreign, self.dataset, "foreign")
        await world.share(self.ada, self.dataset, self.living, "out")
        await world.set_labels(self.ada, self.dataset, NewLabel("k", "v"))
        self.link = Link(RelationKind.CUSTOM, self.foreign, "uses")
        await world.link(self.ada, self.object, self.link)
        self.begun = await world.begin_object(self.ada, self.dataset, "begun", is_multipart=True)
        self.again = await world.begin(self.ada, self.object, (self.project, self.bucket, "c/d/o"))
        self.upload = await world.begin_key(self.ada, self.bucket, "c/d/later")
        self.part = PartFacts(1, world.blob())
        await world.part(self.ada, self.upload, self.part)
        self.shown = PastView(await dump(world)).present(self.project)
        self.gone = (await world.put(self.ada, self.bucket, "gone")).object_id
        self.gone_dataset = await world.container(self.ada, Kind.DATASET, self.collection, "gone")
        await world.delete_object(self.ada, self.gone)
        await world.delete_container(self.ada, self.gone_dataset)
        await world.archive(self.ada, self.project)
        return self

    async def _below(self, parent: str, name: str) -> str:
        (row,) = await self.world.ask(
            "MATCH (:ContainerEntry {sort: $sort})-[:NAMES]->(r) RETURN r.id AS id", sort=parent + name + MARK
        )
        return row["id"]

    def finish(self, upload: str, key: str, object_id: str | None = None) -> Awaitable[Any]:
        content = self.world.content_of_parts([self.part])
        publication = self.world.publication(self.ada, self.bucket, key, content, object_id=object_id, upload_id=upload)
        return self.world.publisher.publish(publication)

    async def copy(self, key: str) -> Any:
        (row,) = await self.world.ask(
            "MATCH (:Object {id: $id})-[:CONTENT]->(c) RETURN c.id AS id, c.length AS length, c.etag AS etag",
            id=self.foreign,
        )
        content = ExistingContent(row["id"], row["length"], row["etag"])
        return await self.world.publisher.publish(self.world.publication(self.ada, self.bucket, key, content))


@pytest.fixture(scope="module")
async def archive(world: World) -> Archive:
    return await Archive(world, 0).make()


REFUSED: Mapping[str, Call] = {
    "put a new key": lambda a: a.world.put(a.ada, a.bucket, "new"),
    "put a new key with containers": lambda a: a.world.put(a.ada, a.bucket, "n/m/new"),
    "put a new key below": lambda a: a.world.put(a.ada, a.bucket, "c/d/new"),
    "put a new key by a share": lambda a: a.world.put(a.ada, a.other, "out/new"),
    "overwrite": lambda a: a.world.put(a.ada, a.bucket, "c/d/o"),
    "overwrite by a share": lambda a: a.world.put(a.ada, a.other, "out/o"),
    "overwrite what lives elsewhere by the archive's key": lambda a: a.world.put(a.ada, a.bucket, "c/d/foreign"),
    "copy to a new key": lambda a: a.copy("copied"),
    "copy onto a key": lambda a: a.copy("c/d/o"),
    "create an object": lambda a: a.world.begin_object(a.ada, a.dataset, "new"),
    "create a collection": lambda a: a.world.container(a.ada, Kind.COLLECTION, a.project, "new"),
    "create a dataset": lambda a: a.world.container(a.ada, Kind.DATASET, a.collection, "new"),
    "begin an upload": lambda a: a.world.begin(a.ada, a.object, (a.project, a.bucket, "c/d/o")),
    "begin an upload of what has no bytes": lambda a: a.world.begin(
        a.ada, a.begun.object_id, (a.project, a.bucket, "c/d/begun")
    ),
    "begin an upload to a new key": lambda a: a.world.begin_key(a.ada, a.bucket, "c/new"),
    "begin an upload to a key": lambda a: a.world.begin_key(a.ada, a.bucket, "c/d/o"),
    "begin an upload to the key of what lives elsewhere": lambda a: a.world.begin_key(a.ada, a.bucket, "c/d/foreign"),
    "add a part": lambda a: a.world.part(a.ada, a.upload, PartFacts(2, a.world.blob())),
    "add a part of an object": lambda a: a.world.part(a.ada, a.begun.upload_id, PartFacts(1, a.world.blob())),
    "finish an upload to a key": lambda a: a.finish(a.upload, "c/d/later"),
    "finish an upload of an object": lambda a: a.finish(a.begun.upload_id, "c/d/begun", a.begun.object_id),
    "finish an upload of a revision": lambda a: a.finish(a.again.upload_id, "c/d/o", a.object),
    "delete an object": lambda a: a.world.delete_object(a.ada, a.object),
    "delete an empty dataset": lambda a: a.world.delete_container(a.ada, a.empty),
    "delete a dataset": lambda a: a.world.delete_container(a.ada, a.dataset, is_recursive=True),
    "delete the project": lambda a: a.world.delete_container(a.ada, a.project, is_recursive=True),
    "describe an object": lambda a: a.world.describe(a.ada, a.object, Description("T")),
    "describe a dataset": lambda a: a.world.describe(a.ada, a.dataset, Description("T")),
    "describe the project": lambda a: a.world.describe(a.ada, a.project, Description("T")),
    "set labels of an object": lambda a: a.world.set_labels(a.ada, a.object, NewLabel("k", "new")),
    "set labels of a dataset": lambda a: a.world.set_labels(a.ada, a.dataset, NewLabel("k", "new")),
    "remove labels": lambda a: a.world.remove_labels(a.ada, a.dataset, "k"),
    "tighten a class": lambda a: a.world.set_class(a.ada, a.object, DataClass.CONFIDENTIAL),
    "relate": lambda a: a.world.link(a.ada, a.object, Link(RelationKind.CUSTOM, a.foreign, "other")),
    "relate a dataset": lambda a: a.world.link(a.ada, a.dataset, Link(RelationKind.CUSTOM, a.foreign, "other")),
    "cite": lambda a: a.world.link(a.ada, a.object, ExternalLink(ExternalType.DOI, "10.1234/a")),
    "unrelate": lambda a: a.world.unlink(a.ada, a.object, a.link),
    "share into it": lambda a: a.world.share(a.ada, a.foreign, a.collection, "new"),
    "share out of it": lambda a: a.world.share(a.ada, a.collection, a.living, "new"),
    "unlink a share of its own": lambda a: a.world.unlink_child(a.ada, a.dataset, a.living),
    "move inside": lambda a: a.world.move(a.ada, a.object, a.collection),
    "move out": lambda a: a.world.move(a.ada, a.dataset, a.living),
    "move in": lambda a: a.world.move(a.ada, a.foreign, a.project),
    "rename an object": lambda a: a.world.rename(a.ada, a.object, "new"),
    "rename a dataset": lambda a: a.world.rename(a.ada, a.dataset, "new"),
    "rename a share in it": lambda a: a.world.rename(a.ada, a.foreign, "new", a.dataset),
    "rename the project": lambda a: a.world.rename(a.ada, a.project, "new-name"),
    "restore an object": lambda a: a.world.restore(a.ada, a.gone),
    "restore a dataset": lambda a: a.world.restore(a.ada, a.gone_dataset),
    "clone into it": lambda a: a.world.clone(a.ada, a.foreign, a.collection, "new"),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_an_archive_takes_no_writes(archive: Archive, name: str) -> None:
    before = (await dump(archive.world)).comparable()

    with pytest.raises(Immutable):
        await REFUSED[name](archive)

    assert (await dump(archive.world)).comparable() == before


async def test_what_lives_elsewhere_goes_on_and_the_archive_shows_what_it_was(world: World) -> None:
    archive = await Archive(world, 1).make()
    ada = archive.ada
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: world.put(ada, archive.other, "f", 9),
        lambda: world.describe(ada, archive.foreign, Description("T")),
        lambda: world.rename(ada, archive.foreign, "g"),
        lambda: world.clone(ada, archive.object, archive.living, "clone"),
        lambda: world.unlink_child(ada, archive.foreign, archive.dataset),
        lambda: world.delete_object(ada, archive.foreign),
        lambda: world.fail(ada, archive.upload),
        lambda: world.fail(ada, archive.begun.upload_id),
        lambda: world.grant(ada, archive.project, archive.root, Level.READ),
        lambda: world.snapshot(ada, archive.project),
        lambda: world.snapshot(ada, archive.dataset, "2.0.0"),
    ]
    for number, call in enumerate(calls):
        await call()
        view = PastView(await check_invariants(world))
        assert view.archive(archive.project) == archive.shown, number
    found = (await world.facts_of(ada, archive.begun.object_id))[archive.begun.object_id]
    assert found.state is State.INITIALIZING, "an upload that ends changes nothing in an archive"


async def test_an_archive_counts_what_it_counted(world: World) -> None:
    archive = await Archive(world, 2).make()

    async def counts() -> list[Any]:
        found = await world.store.read(
            resources([archive.project, archive.collection, archive.dataset], archive.ada, world.now_ms)
        )
        views: list[Any] = [found[one] for one in (archive.project, archive.collection, archive.dataset)]
        return [
            (one.entry_count, one.object_count, one.byte_count, one.changed_at, one.frozen.tree_objects)
            for one in views
        ]

    before = await counts()
    assert [found[:3] + found[4:] for found in before] == [(2, 0, 0, 2), (1, 0, 0, 2), (3, 2, 7, 2)]
    await world.put(archive.ada, archive.other, "f", 100)
    await world.delete_object(archive.ada, archive.foreign)

    assert await counts() == before
    await check_invariants(world)


async def test_a_snapshot_of_an_archive_shows_what_the_archive_shows(world: World) -> None:
    archive = await Archive(world, 3).make()
    await world.put(archive.ada, archive.other, "f", 9)
    await world.unlink_child(archive.ada, archive.foreign, archive.dataset)

    snapshot = await world.snapshot(archive.ada, archive.project)
    of_living = await world.snapshot(archive.ada, archive.living)

    view = PastView(await check_invariants(world))
    assert view.snapshot(snapshot) == view.archive(archive.project) == archive.shown
    assert view.snapshot(of_living)[f"out{MARK}"] == archive.shown[f"c{MARK}"][1][f"d{MARK}"]
    # Taken back, the archive is gone and its snapshot stays.
    await world.unarchive(archive.root, archive.project)
    await world.put(archive.ada, archive.bucket, "c/d/o", 1)
    await world.finish_tasks()
    view = PastView(await check_invariants(world))
    assert view.snapshot(snapshot) == archive.shown
    assert view.present(archive.project) != archive.shown


async def test_an_administrator_takes_an_archive_back_and_the_present_shows_again(world: World) -> None:
    archive = await Archive(world, 4).make()
    await world.put(archive.ada, archive.other, "f", 9)
    before = (await dump(world)).comparable()
    with pytest.raises(Forbidden):
        await world.unarchive(archive.ada, archive.project)
    with pytest.raises(NotFound):
        await world.unarchive(await world.user("eve"), archive.project)

    await world.unarchive(archive.root, archive.project)

    assert (await dump(world)).comparable() != before
    facts = (await world.facts_of(archive.ada, archive.dataset))[archive.dataset]
    assert isinstance(facts, ContainerFacts)
    assert (facts.is_frozen, facts.byte_count) == (False, 13)
    await world.put(archive.ada, archive.bucket, "c/d/new")
    await world.put(archive.ada, archive.bucket, "c/d/o")
    await world.finish_tasks()
    await check_invariants(world)
    with pytest.raises(FailedPrecondition):
        await world.unarchive(archive.root, archive.project)
    await world.archive(archive.ada, archive.project)
    await check_invariants(world)


async def test_what_only_a_former_archive_showed_is_dropped(world: World) -> None:
    archive = await Archive(world, 5).make()
    await world.put(archive.ada, archive.other, "f", 9)
    kept = "MATCH (p:PastEntry {childId: $id}) RETURN p.parentId AS parent"
    assert await world.ask(kept, id=archive.foreign) == [{"parent": archive.dataset}]

    await world.unarchive(archive.root, archive.project)
    await world.finish_tasks()

    assert await world.ask(kept, id=archive.foreign) == []
    await check_invariants(world)


async def test_a_project_with_containers_of_others_is_not_archived(world: World) -> None:
    ada = await world.user()
    here, there = await world.project(ada, "has-guests"), await world.project(ada, "has-homes")
    dataset = await world.container(ada, Kind.DATASET, there, "guest")
    collection = await world.container(ada, Kind.COLLECTION, here, "c")
    await world.share(ada, dataset, collection, "as")

    async def refused(call: Awaitable[Any], error: type[DomainError]) -> str:
        before = (await dump(world)).comparable()
        with pytest.raises(error) as caught:
            await call
        assert (await dump(world)).comparable() == before
        return caught.value.message

    assert dataset in await refused(world.archive(ada, here), FailedPrecondition)
    assert "only whole projects" in await refused(world.archive(ada, collection), FailedPrecondition)
    await refused(world.archive(await world.user("eve"), here), NotFound)
    await refused(world.unarchive(ada, here), Forbidden)
    await world.unlink_child(ada, dataset, collection)
    await world.archive(ada, here)
    assert "archived already" in await refused(world.archive(ada, here), FailedPrecondition)


async def test_an_archive_is_told_with_counts(world: World) -> None:
    archive = await Archive(world, 6).make()
    await world.unarchive(archive.root, archive.project)

    rows = await world.ask(
        "MATCH (e:Event {resourceId: $id}) WHERE e.kind IN ['ARCHIVED', 'UNARCHIVED'] "
        "RETURN e{.kind, .actor, .revisionBefore, .revisionAfter, .collections, .datasets, .objects} AS e "
        "ORDER BY e.revisionBefore",
        id=archive.project,
    )

    counted = {"collections": 1, "datasets": 2, "objects": 2}
    assert [row["e"] for row in rows] == [
        {"kind": "ARCHIVED", "actor": archive.ada, "revisionBefore": 0, "revisionAfter": 1, **counted},
        {"kind": "UNARCHIVED", "actor": archive.root, "revisionBefore": 1, "revisionAfter": 2, **counted},
    ]
