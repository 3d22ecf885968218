"""Keys of snapshots and archives, on every engine: how they are found, and who reads what there."""

import asyncio

import pytest

from domain.access import Level
from domain.errors import DomainError, Immutable
from domain.resources import DataClass, Kind
from graphstore.dialects import shows_commits_in_parts
from tests.contracts.asking import at_key, items_of, listed, signer, version_at
from tests.contracts.refusing import refused
from tests.world import World, outcomes


async def id_of(world: World, parent: str, name: str) -> str:
    rows = await world.ask(
        "MATCH (r:Resource)-[:BELONGS_TO {name: $name}]->(:Resource {id: $parent}) RETURN r.id AS id",
        name=name,
        parent=parent,
    )
    return str(rows[0]["id"])


async def test_each_form_of_key_leads_into_its_snapshot(world: World) -> None:
    ada = await signer(world, "forms")
    project = await world.project(ada, "forms")
    keys = ["c/d/o", "c/d/sub/o", "c/o", "top", "top dir/x"]
    old = {key: (await world.put(ada, "forms", key)).version_id for key in keys}
    beside = await world.container(ada, Kind.DATASET, project, "beside")
    old["beside/a/b"] = (await world.put(ada, "forms", "beside/a/b")).version_id
    collection = await id_of(world, project, "c")
    dataset = await id_of(world, collection, "d")
    for container in (project, collection, dataset, beside):
        await world.snapshot(ada, container, "1.2.0")
    for key in old:
        await world.put(ada, "forms", key)
    await world.put(ada, "forms", "c/d/new")

    for key, version in old.items():
        assert await version_at(world, ada, "forms", f"@1.2.0/{key}") == version
        assert await version_at(world, ada, "forms", f"@1.2.0+build.5/{key}") == version
        assert await version_at(world, ada, "forms", key) not in {version, None}
    assert await version_at(world, ada, "forms", "c@1.2.0/d/o") == old["c/d/o"]
    assert await version_at(world, ada, "forms", "c@1.2.0/d/sub/o") == old["c/d/sub/o"]
    assert await version_at(world, ada, "forms", "c@1.2.0/o") == old["c/o"]
    assert await version_at(world, ada, "forms", "c/d@1.2.0/sub/o") == old["c/d/sub/o"]
    assert await version_at(world, ada, "forms", "beside@1.2.0/a/b") == old["beside/a/b"]
    for absent in ("c@1.2.0/", "c@1.2.0/d", "c@1.2.0/d/new", "c@1.2.0/none/o", "c/d@1.2.0/none", "beside@1.2.0/a",
                   "c@1.2.1/o", "none@1.2.0/o", "c/none@1.2.0/o", "none/d@1.2.0/o", "beside/d@1.2.0/o"):  # fmt: skip
        assert await version_at(world, ada, "forms", absent) is None, absent
    assert items_of(await listed(world, ada, "forms", "@1.2.0/", "/")) == [
        "@1.2.0/beside/", "@1.2.0/c/", "@1.2.0/top", "@1.2.0/top dir/",
    ]  # fmt: skip
    assert items_of(await listed(world, ada, "forms", "c/d@1.2.0/s")) == ["c/d@1.2.0/sub/o"]
    assert items_of(await listed(world, ada, "forms", "c@1.3.0/")) == []


async def test_snapshots_are_listed_below_their_prefix_alone(world: World) -> None:
    ada = await signer(world, "alone")
    project = await world.project(ada, "alone")
    await world.put(ada, "alone", "c/o")
    await world.snapshot(ada, await id_of(world, project, "c"))
    await world.snapshot(ada, project)

    assert items_of(await listed(world, ada, "alone")) == ["c/o"]
    assert items_of(await listed(world, ada, "alone", "", "/")) == ["c/"]
    assert items_of(await listed(world, ada, "alone", "c@1.0.0")) == []
    assert items_of(await listed(world, ada, "alone", "@")) == []


async def test_latest_is_the_highest_release_that_is_left(world: World) -> None:
    ada = await signer(world, "latest")
    project = await world.project(ada, "latest")
    versions: dict[str, str] = {}
    snapshots: dict[str, str] = {}
    for version in ("1.10.0", "1.9.0", "2.0.0-rc.1"):
        versions[version] = (await world.put(ada, "latest", "c/o")).version_id
        snapshots[version] = await world.snapshot(ada, await id_of(world, project, "c"), version)

    assert await version_at(world, ada, "latest", "c@latest/o") == versions["1.10.0"]
    await world.delete_snapshot(ada, snapshots["1.10.0"])
    assert await version_at(world, ada, "latest", "c@latest/o") == versions["1.9.0"]
    assert await version_at(world, ada, "latest", "c@1.10.0/o") is None
    assert items_of(await listed(world, ada, "latest", "c@1.10.0/")) == []
    await world.delete_snapshot(ada, snapshots["1.9.0"])
    assert await version_at(world, ada, "latest", "c@latest/o") is None
    assert await version_at(world, ada, "latest", "c@2.0.0-rc.1/o") == versions["2.0.0-rc.1"]


async def test_a_snapshot_is_found_where_its_original_is_today(world: World) -> None:
    ada = await signer(world, "today")
    project = await world.project(ada, "today")
    old = await world.put(ada, "today", "c/d/o")
    collection = await id_of(world, project, "c")
    dataset = await id_of(world, collection, "d")
    await world.snapshot(ada, collection)
    await world.rename(ada, dataset, "e")
    await world.rename(ada, collection, "b")
    await world.move(ada, old.object_id, project, "gone up")

    assert await version_at(world, ada, "today", "b@1.0.0/d/o") == old.version_id
    assert await version_at(world, ada, "today", "c@1.0.0/d/o") is None
    assert await version_at(world, ada, "today", "b@1.0.0/e/o") is None
    assert items_of(await listed(world, ada, "today", "b@1.0.0/")) == ["b@1.0.0/d/o"]


async def test_what_was_deleted_since_stays_readable_through_its_snapshot(world: World) -> None:
    ada = await signer(world, "since")
    project = await world.project(ada, "since")
    one, two = await world.put(ada, "since", "c/one"), await world.put(ada, "since", "c/d/two")
    await world.put(ada, "since", "c/begun")
    collection = await id_of(world, project, "c")
    await world.snapshot(ada, project)
    await world.put(ada, "since", "c/one")
    await world.delete_object(ada, one.object_id)
    await world.delete_container(ada, collection, is_recursive=True)

    for _ in range(2):
        assert await version_at(world, ada, "since", "@1.0.0/c/one") == one.version_id
        assert await version_at(world, ada, "since", "@1.0.0/c/d/two") == two.version_id
        found = ["@1.0.0/c/begun", "@1.0.0/c/d/two", "@1.0.0/c/one"]
        assert items_of(await listed(world, ada, "since", "@1.0.0/")) == found
        assert items_of(await listed(world, ada, "since")) == []
        await world.finish_tasks()


async def test_an_object_without_bytes_isnt_in_a_snapshot(world: World) -> None:
    ada = await signer(world, "waiting")
    project = await world.project(ada, "waiting")
    begun = await world.begin_object(ada, project, "o")
    await world.snapshot(ada, project)
    publication = world.publication(ada, "waiting", "o", object_id=begun.object_id, upload_id=begun.upload_id)
    published = await world.publisher.publish(publication)

    assert await version_at(world, ada, "waiting", "o") == published.version_id
    assert await version_at(world, ada, "waiting", "@1.0.0/o") is None
    assert items_of(await listed(world, ada, "waiting", "@1.0.0/")) == []


async def test_who_reads_the_original_reads_the_snapshot_and_others_see_nothing(world: World) -> None:
    ada, bob, carl, dora = [await signer(world, name) for name in ("ada", "bob", "carl", "dora")]
    project = await world.project(ada, "readers")
    old = await world.put(ada, "readers", "c/o")
    collection = await id_of(world, project, "c")
    snapshot = await world.snapshot(ada, collection)
    await world.grant(ada, collection, bob, Level.READ)
    await world.grant(ada, snapshot, carl, Level.READ)

    for reader in (ada, bob, carl):
        assert await version_at(world, reader, "readers", "c@1.0.0/o") == old.version_id
        assert items_of(await listed(world, reader, "readers", "c@1.0.0/")) == ["c@1.0.0/o"]
    assert await version_at(world, carl, "readers", "c/o") is None
    for key in ("c@1.0.0/o", "c@1.0.0/none", "c@1.0.1/o"):
        resolution = await at_key(world, dora, "readers", key)
        assert resolution.snapshot is None, "what may not be seen isn't there"
        assert resolution.object is None


async def test_a_public_snapshot_shows_everyone_what_was_public_in_it(world: World) -> None:
    """The class of a revision counts, and an older one is only open through what was public itself."""
    ada, bob = await signer(world, "ada"), await signer(world, "bob")
    project = await world.project(ada, "half-open")
    hidden = await world.put(ada, "half-open", "c/hidden")
    collection = await id_of(world, project, "c")
    await world.container(ada, Kind.DATASET, collection, "closed")
    inner = await world.put(ada, "half-open", "c/closed/tight")
    open_one = await world.put(ada, "half-open", "c/open")
    for resource in (inner.object_id, open_one.object_id, collection):
        await world.set_class(ada, resource, DataClass.PUBLIC)
    await world.snapshot(ada, collection)
    await world.set_class(ada, open_one.object_id, DataClass.PRIVATE)
    await world.set_class(ada, hidden.object_id, DataClass.PUBLIC)

    assert await version_at(world, bob, "half-open", "c@1.0.0/open") == open_one.version_id
    assert await version_at(world, bob, "half-open", "c/open") is None
    assert await version_at(world, bob, "half-open", "c@1.0.0/closed/tight") == inner.version_id
    listing = items_of(await listed(world, bob, "half-open", "c@1.0.0/"))
    read = [
        key
        for key in ("c@1.0.0/closed/tight", "c@1.0.0/hidden", "c@1.0.0/open")
        if await version_at(world, bob, "half-open", key) is not None
    ]
    assert listing == read
    await world.set_class(ada, inner.object_id, DataClass.PRIVATE)
    assert await version_at(world, bob, "half-open", "c@1.0.0/closed/tight") is None
    assert "c@1.0.0/closed/tight" not in items_of(await listed(world, bob, "half-open", "c@1.0.0/"))


async def test_an_archive_shows_what_was_shared_into_it_as_it_was(world: World) -> None:
    ada, reader = await signer(world, "archivist"), await signer(world, "reader")
    archived, _, third = [await world.project(ada, name) for name in ("archived", "elsewhere", "third")]
    puts = {name: await world.put(ada, "elsewhere", name) for name in ("kept", "over", "gone", "off")}
    own = await world.put(ada, "archived", "c/own")
    collection = await id_of(world, archived, "c")
    for name, put in puts.items():
        await world.share(ada, put.object_id, collection, f"s-{name}")
    await world.share(ada, collection, third, "guest")
    await world.grant(ada, archived, reader, Level.READ)
    await world.archive(ada, archived)

    await world.put(ada, "elsewhere", "over")
    await world.delete_object(ada, puts["gone"].object_id)
    await world.unlink_child(ada, puts["off"].object_id, collection)

    keys = {f"s-{name}": put.version_id for name, put in puts.items()} | {"own": own.version_id}
    for user, bucket, way in ((ada, "archived", "c/"), (reader, "archived", "c/"), (ada, "third", "guest/")):
        for name, version in keys.items():
            assert await version_at(world, user, bucket, way + name) == version, (bucket, name)
        assert items_of(await listed(world, user, bucket, way)) == [way + name for name in sorted(keys)]
        assert items_of(await listed(world, user, bucket)) == [way + name for name in sorted(keys)]
        assert items_of(await listed(world, user, bucket, "", "/")) == [way]
        assert items_of(await listed(world, user, bucket, way, "", way + "s-gone", 1)) == [way + "s-kept"]
    assert await version_at(world, ada, "archived", "c/none") is None
    assert items_of(await listed(world, ada, "elsewhere")) == ["kept", "off", "over"]
    await world.snapshot(ada, archived)
    for name, version in keys.items():
        assert await version_at(world, reader, "archived", f"@1.0.0/c/{name}") == version
    assert items_of(await listed(world, ada, "archived", "@1.0.0/")) == [f"@1.0.0/c/{name}" for name in sorted(keys)]


async def test_a_project_that_was_archived_shows_its_present_again(world: World) -> None:
    root = await world.user("root", is_administrator=True)
    ada = await signer(world, "unarchived")
    archived, _ = [await world.project(ada, name) for name in ("thawed", "source")]
    put = await world.put(ada, "source", "o")
    await world.share(ada, put.object_id, archived, "guest")
    await world.archive(ada, archived)
    new = await world.put(ada, "source", "o")
    assert await version_at(world, ada, "thawed", "guest") == put.version_id

    await world.unarchive(root, archived)

    assert await version_at(world, ada, "thawed", "guest") == new.version_id
    own = await world.put(ada, "thawed", "own")
    assert await version_at(world, ada, "thawed", "own") == own.version_id
    assert items_of(await listed(world, ada, "thawed")) == ["guest", "own"]


async def test_a_key_of_a_snapshot_is_never_written(world: World) -> None:
    ada = await signer(world, "writer")
    project = await world.project(ada, "unwritten")
    await world.put(ada, "unwritten", "c/o")
    await world.snapshot(ada, await id_of(world, project, "c"))

    for key in ("c@1.0.0/o", "c@1.0.0/new", "c@1.0.0/", "c@latest/o", "c@1.0.0+b/o"):
        await refused(world, world.put(ada, "unwritten", key), Immutable)
        await refused(world, world.begin_key(ada, "unwritten", key), Immutable)
    await world.put(ada, "unwritten", "c@1.0.1/free")
    assert items_of(await listed(world, ada, "unwritten", "c@")) == ["c@1.0.1/free"]


async def test_only_keys_into_the_past_cost_a_statement_more(world: World) -> None:
    ada = await signer(world, "counting")
    project = await world.project(ada, "counting")
    for key in ("c/d/o", "plain", "e@mail/x"):
        await world.put(ada, "counting", key)
    await world.snapshot(ada, project)

    taken: dict[str, int] = {}
    for key in ("c/d/o", "plain", "e@mail/x", "none", "@1.0.0/c/d/o", "@latest/plain", "@9.9.9/plain"):
        before = world.engine.statement_count
        await at_key(world, ada, "counting", key)
        taken[key] = world.engine.statement_count - before

    # Where a reader may meet half of a commit, nobody says that something wasn't there before a second look.
    missed = 3 if shows_commits_in_parts(world.engine.kind) else 2
    assert taken == {
        "c/d/o": 1, "plain": 1, "e@mail/x": 1, "none": 1, "@1.0.0/c/d/o": 2, "@latest/plain": 2, "@9.9.9/plain": missed,
    }  # fmt: skip


async def test_a_jump_past_a_prefix_reads_nothing_of_it(world: World) -> None:
    """A listing with a delimiter costs by what it answers, in a snapshot too."""
    ada = await signer(world, "jumping")
    project = await world.project(ada, "jumping")
    sizes = {"few": 3, "many": 180}
    keys = [f"c/{dataset}/x x/{number:03d}" for dataset, size in sizes.items() for number in range(size)]
    await outcomes(*[world.put(ada, "jumping", key) for key in keys])
    await world.snapshot(ada, project)

    taken: list[int] = []
    for dataset in sizes:
        before = world.engine.statement_count
        page = await listed(world, ada, "jumping", f"@1.0.0/c/{dataset}/", "/", "", 3)
        taken.append(world.engine.statement_count - before)
        assert items_of(page) == [f"@1.0.0/c/{dataset}/x x/"]

    assert items_of(await listed(world, ada, "jumping", "@1.0.0/c/", "/")) == ["@1.0.0/c/few/", "@1.0.0/c/many/"]
    assert taken[1] <= taken[0]


async def test_readers_of_a_snapshot_never_see_a_writer(world: World) -> None:
    """Overwritten, deleted and made anew while they read, the key of the snapshot shows one revision."""
    ada = await signer(world, "racing")
    project = await world.project(ada, "racing")
    old = await world.put(ada, "racing", "c/o", 3)
    await world.snapshot(ada, project)
    is_over = asyncio.Event()
    seen: list[str | None] = []
    lists: list[list[str]] = []

    async def read() -> None:
        while not is_over.is_set():
            seen.append(await version_at(world, ada, "racing", "@1.0.0/c/o"))
            lists.append(items_of(await listed(world, ada, "racing", "@1.0.0/")))

    reading = asyncio.create_task(read())
    for length in range(40):
        put = await world.put(ada, "racing", "c/o", length)
        if length % 5 == 4:
            await world.delete_object(ada, put.object_id)
        if length % 7 == 6:
            await world.snapshot(ada, project, f"1.1.{length}")
    is_over.set()
    await reading

    assert set(seen) == {old.version_id}
    assert {tuple(one) for one in lists} == {("@1.0.0/c/o",)}


async def test_refused_snapshots_leave_keys_that_they_would_hide(world: World) -> None:
    ada = await signer(world, "hiding")
    project = await world.project(ada, "hiding")
    put = await world.put(ada, "hiding", "c@1.0.0/x")
    await world.put(ada, "hiding", "c/o")

    with pytest.raises(DomainError):
        await world.snapshot(ada, await id_of(world, project, "c"))

    assert await version_at(world, ada, "hiding", "c@1.0.0/x") == put.version_id
