"""Each rule applied for real, and the whole of what can then be read; a refusal leaves the graph as it was."""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any

import pytest

from domain.access import Level
from domain.changes import VersioningSet
from domain.contents import ExistingContent, ObjectHeaders
from domain.creation import NewResource
from domain.describing import Description
from domain.errors import (
    AlreadyExists,
    ConditionFailed,
    Conflict,
    Cycle,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    NotFound,
)
from domain.keys import cut_key
from domain.linking import ExternalLink, Link, LinksChanged
from domain.publishing import Conditions, Origin, Published
from domain.relations import ALLOWED_RELATIONS, ExternalReference, ExternalType, RelationKind
from domain.resources import (
    ContainerFacts,
    DataClass,
    Kind,
    ObjectFacts,
    ParentEdge,
    PublishedFacts,
    State,
    Versioning,
    Words,
)
from domain.views import ContainerView, GrantView, ObjectView, RelationView, RevisionView
from graphstore.cypher import batched, readings, resolving
from graphstore.cypher.facts import bucket
from graphstore.instants import from_ms
from tests.graph_dump import check_invariants, dump
from tests.world import World


async def refused(world: World, call: Awaitable[Any], error: type[DomainError]) -> DomainError:
    """Await a call that must be refused and must leave the graph as it was."""
    before = (await dump(world)).comparable()
    with pytest.raises(error) as caught:
        await call
    assert (await dump(world)).comparable() == before
    return caught.value


async def view(world: World, user: str, resource: str) -> Any:
    return (await world.store.read(readings.resources([resource], user, world.now_ms))).get(resource)


async def object_facts(world: World, user: str, object_id: str) -> ObjectFacts:
    found = (await world.facts_of(user, object_id))[object_id]
    assert isinstance(found, ObjectFacts)
    return found


async def counters(world: World, user: str, container: str) -> tuple[int, int, int]:
    found = (await world.facts_of(user, container))[container]
    assert isinstance(found, ContainerFacts)
    return found.entry_count, found.object_count, found.byte_count


async def relations(
    world: World, user: str, resource: str, *, is_outgoing: bool, after: str = "", size: int = 10
) -> list[RelationView]:
    request = batched.RelationsRequest(resource, tuple(ALLOWED_RELATIONS), after, size)
    return (await world.store.read(batched.relations([request], user, world.now_ms, is_outgoing=is_outgoing))).get(
        0, []
    )


async def test_a_project_is_whole_at_once(world: World) -> None:
    ada = await world.user()

    project = await world.project(ada, "whole")

    at = from_ms(world.now_ms)
    assert await view(world, ada, project) == ContainerView(
        id=project,
        kind=Kind.PROJECT,
        name="whole",
        title=None,
        description=None,
        state=State.AVAILABLE,
        data_class=DataClass.PRIVATE,
        metadata_license="AllRightsReserved",
        data_license="AllRightsReserved",
        revision=0,
        level=Level.ADMIN,
        created_at=at,
        created_by=ada,
        updated_at=at,
        changed_at=at,
        entry_count=0,
        object_count=0,
        byte_count=0,
        versioning=Versioning.OFF,
        location_constraint=None,
    )
    assert await world.store.read(batched.grants([project], ada, world.now_ms)) == {
        project: [GrantView(ada, "ada", project, Level.ADMIN, None, at, ada)]
    }
    assert [found.id for found in await world.store.read(readings.projects(ada, world.now_ms))] == [project]


async def test_a_projects_name_is_taken_for_everyone_until_the_project_is_deleted(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "taken")

    await refused(world, world.project(ada, "taken"), AlreadyExists)
    await refused(world, world.project(bob, "taken"), AlreadyExists)
    owner = await world.store.read(bucket("taken", bob, world.now_ms))
    assert owner.owner_level is Level.NONE

    await world.delete_container(ada, project)
    again = await world.project(bob, "taken")

    assert again != project
    assert (await view(world, ada, project)).state is State.DELETED
    assert await world.store.read(readings.projects(ada, world.now_ms)) == []
    await check_invariants(world)


async def test_containers_stand_below_their_home(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "tree")

    collection = await world.container(
        ada, Kind.COLLECTION, project, NewResource("coll", "T", "D", DataClass.CONFIDENTIAL)
    )
    dataset = await world.container(ada, Kind.DATASET, collection, "data")
    beside = await world.container(ada, Kind.DATASET, project, "data")

    facts = await world.facts_of(ada, collection, dataset)
    assert facts[collection] == ContainerFacts(
        id=collection,
        kind=Kind.COLLECTION,
        name="coll",
        state=State.AVAILABLE,
        level=Level.ADMIN,
        data_class=DataClass.CONFIDENTIAL,
        revision=0,
        epoch=0,
        created_by=ada,
        parents=(ParentEdge(project, "coll", is_home=True, passes=Level.ADMIN),),
        entry_count=1,
        object_count=0,
        byte_count=0,
        is_plain=False,
        is_hidden=False,
        versioning=Versioning.OFF,
        metadata_license="AllRightsReserved",
        data_license="AllRightsReserved",
        words=Words("T", "D"),
    )
    assert facts[dataset].data_class is DataClass.CONFIDENTIAL
    assert await counters(world, ada, project) == (2, 0, 0)
    paths = await world.store.read(readings.paths([project, dataset, beside]))
    assert paths == {
        project: [(True, ("tree",))],
        dataset: [(True, ("tree", "coll", "data"))],
        beside: [(True, ("tree", "data"))],
    }
    parents = await world.store.read(readings.parents([dataset, project], ada, world.now_ms))
    assert {key: [(p.parent.id, p.name, p.is_home) for p in found] for key, found in parents.items()} == {
        dataset: [(collection, "data", True)]
    }
    await check_invariants(world)


async def test_a_container_that_may_not_be_made_changes_nothing(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "refusals")
    dataset = await world.container(ada, Kind.DATASET, project, "data")
    await world.grant(ada, project, bob, Level.READ)
    gone = await world.container(ada, Kind.DATASET, project, "gone")
    await world.delete_container(ada, gone)

    await refused(world, world.container(ada, Kind.DATASET, dataset, "below"), Hierarchy)
    await refused(world, world.container(ada, Kind.COLLECTION, project, "data"), AlreadyExists)
    await refused(world, world.container(bob, Kind.DATASET, project, "bobs"), Forbidden)
    await refused(world, world.container(bob, Kind.DATASET, world.new_id(), "bobs"), NotFound)
    await refused(world, world.begin_object(ada, gone, "o"), FailedPrecondition)
    put = await world.put(ada, "refusals", "o")
    await refused(world, world.container(ada, Kind.DATASET, put.object_id, "below"), Hierarchy)
    await refused(world, world.container(bob, Kind.DATASET, put.object_id, "below"), Forbidden)


async def test_a_container_and_an_object_may_share_a_name(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "both")

    await world.put(ada, "both", "foo")
    await world.put(ada, "both", "foo/")
    await world.put(ada, "both", "foo/bar")

    assert await counters(world, ada, project) == (3, 2, 10)
    await refused(world, world.begin_object(ada, project, "foo"), AlreadyExists)
    await refused(world, world.container(ada, Kind.COLLECTION, project, "foo"), AlreadyExists)
    await check_invariants(world)


async def test_a_put_to_a_new_key_makes_the_way_and_shows_everything_at_once(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "puts")
    headers = ObjectHeaders("text/csv", "inline", "gzip", "de", "no-store", "never", {"who": "me ä"})
    content = world.content(7)

    published = await world.publisher.publish(world.publication(ada, "puts", "a/b/c/d.csv", content, headers=headers))

    at = from_ms(world.now_ms)
    revision = RevisionView(
        object_id=published.object_id,
        version_id=published.version_id,
        revision_number=0,
        state=State.AVAILABLE,
        length_bytes=7,
        etag=content.etag,
        md5=content.md5,
        sha256=content.sha256,
        checksums={"CRC64NVME": "AAAAAAAAAAA="},
        checksum_type="FULL_OBJECT",
        part_count=0,
        headers=headers,
        data_class=DataClass.PRIVATE,
        shown=Versioning.OFF,
        published_at=at,
        published_by=ada,
    )
    assert published == Published(published.object_id, published.version_id, 0, content.etag, Versioning.OFF)
    assert await view(world, ada, published.object_id) == ObjectView(
        id=published.object_id,
        name="c/d.csv",
        title=None,
        description=None,
        state=State.AVAILABLE,
        state_reason=None,
        data_class=DataClass.PRIVATE,
        metadata_license="AllRightsReserved",
        data_license="AllRightsReserved",
        revision=1,
        level=Level.ADMIN,
        created_at=at,
        created_by=ada,
        updated_at=at,
        published=revision,
    )
    facts = await object_facts(world, ada, published.object_id)
    dataset = facts.home.parent_id
    way = await world.facts_of(ada, dataset)
    assert (way[dataset].kind, way[dataset].name) == (Kind.DATASET, "b")
    assert facts.published == PublishedFacts(published.version_id, 0, content.id, 7, content.etag)
    assert await counters(world, ada, project) == (1, 0, 0)
    assert await counters(world, ada, dataset) == (1, 1, 7)
    assert await world.path_of(published.object_id) == "puts/a/b/c/d.csv"
    parts = await world.store.read(resolving.parts(content.id, 0, 7))
    assert parts == [(0, content.parts[0])]
    await check_invariants(world)


async def test_an_overwrite_pushes_each_former_state_back_along_one_chain(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "chain")
    contents = [world.content(length) for length in (3, 0, 11, 2)]

    versions = [await world.publisher.publish(world.publication(ada, "chain", "o", content)) for content in contents]

    object_id = versions[0].object_id
    assert {version.object_id for version in versions} == {object_id}
    (found,) = (await world.store.read(batched.revisions([(object_id, 1000, 10)], ada, world.now_ms))).values()
    expected = [(n, versions[n].version_id, contents[n].length_bytes, contents[n].etag) for n in (3, 2, 1, 0)]
    assert [(r.revision_number, r.version_id, r.length_bytes, r.etag) for r in found] == expected
    pages = await world.store.read(batched.revisions([(object_id, 3, 2), (project, 3, 2)], ada, world.now_ms))
    assert pages == {0: found[1:3]}
    at = batched.revisions_at([(object_id, revision.version_id) for revision in found], ada, world.now_ms)
    assert list((await world.store.read(at)).values()) == found
    assert await counters(world, ada, project) == (1, 1, 2)
    assert (await view(world, ada, object_id)).revision == 4
    await check_invariants(world)


async def test_old_bytes_are_found_by_their_version_below_their_own_key_only(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "versions")
    content = world.content(3)
    old = await world.publisher.publish(world.publication(ada, "versions", "c/d/o", content))
    new = await world.put(ada, "versions", "c/d/o")
    other = await world.put(ada, "versions", "c/d/p")

    async def at(key: str, version: str) -> Any:
        query = resolving.version_at("versions", cut_key(key), version, ada, world.now_ms)
        return await world.store.read(query)

    found = await at("c/d/o", old.version_id)
    assert (found.revision.version_id, found.revision.revision_number) == (old.version_id, 0)
    assert (found.content.id, found.content.blob) == (content.id, content.parts[0].blob)
    assert (await at("c/d/o", new.version_id)).revision.revision_number == 1
    assert await at("c/d/p", old.version_id) is None
    assert await at("c/d/o", other.version_id) is None
    assert await at("nowhere/at/all", old.version_id) is None
    assert await at("c/d/o", world.new_id()) is None


async def test_a_tombstones_versions_are_still_found_below_its_key(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "graves")
    await world.container(ada, Kind.DATASET, project, "kept")
    old = await world.put(ada, "graves", "kept/o")
    await world.put(ada, "graves", "kept/o")
    await world.delete_object(ada, old.object_id)
    new = await world.put(ada, "graves", "kept/o")

    found = await world.store.read(resolving.version_at("graves", cut_key("kept/o"), old.version_id, ada, world.now_ms))

    assert found is not None
    assert (found.object.id, found.object.state, found.object.level) == (old.object_id, State.DELETED, Level.ADMIN)
    assert found.revision.revision_number == 0
    assert new.object_id != old.object_id
    await check_invariants(world)


async def test_write_conditions_are_decided_when_publishing(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "conditions")
    first = await world.put(ada, "conditions", "o")

    def put(**conditions: tuple[str, ...]) -> Awaitable[Published]:
        return world.publisher.publish(world.publication(ada, "conditions", "o", conditions=Conditions(**conditions)))

    await refused(world, put(if_none_match=("*",)), ConditionFailed)
    await refused(world, put(if_match=("0" * 32,)), ConditionFailed)
    assert (await put(if_match=(first.etag,))).revision_number == 1


async def test_a_copy_shares_the_content_and_says_where_it_came_from(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "copies")
    content = world.content(9)
    source = await world.publisher.publish(world.publication(ada, "copies", "from", content))
    facts = await object_facts(world, ada, source.object_id)
    assert facts.published is not None
    stored = (await dump(world)).labelled("Blob")

    shared = ExistingContent(facts.published.content_id, 9, content.etag)
    origin = Origin(source.object_id, source.version_id)

    copy = await world.publisher.publish(world.publication(ada, "copies", "to", shared, origin=origin))

    shown = await view(world, ada, copy.object_id)
    assert (shown.published.etag, shown.published.sha256, shown.published.length_bytes) == (
        content.etag,
        content.sha256,
        9,
    )
    (relation,) = await relations(world, ada, copy.object_id, is_outgoing=True)
    assert (relation.other.id, relation.source_version_id, relation.target_version_id) == (
        source.object_id,
        copy.version_id,
        source.version_id,
    )
    assert len((await dump(world)).labelled("Blob")) == len(stored)
    await check_invariants(world)


async def test_a_bucket_shows_versions_as_it_is_set(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "versioned")

    await world.apply(VersioningSet(project, Versioning.ENABLED))
    published = await world.put(ada, "versioned", "o")

    assert published.versioning is Versioning.ENABLED
    assert (await view(world, ada, published.object_id)).published.shown is Versioning.ENABLED
    assert (await view(world, ada, project)).versioning is Versioning.ENABLED


async def test_a_deleted_object_is_a_tombstone_and_its_name_is_free(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "tombs")
    await world.grant(ada, project, bob, Level.APPEND)
    published = await world.put(ada, "tombs", "o", 4)
    await refused(world, world.delete_object(bob, published.object_id), Forbidden)

    await world.delete_object(ada, published.object_id)

    shown = await view(world, bob, published.object_id)
    assert (shown.state, shown.level, shown.published.length_bytes) == (State.DELETED, Level.APPEND, 4)
    assert await counters(world, ada, project) == (0, 0, 0)
    parents = await world.store.read(readings.parents([published.object_id], bob, world.now_ms))
    assert [(parent.parent.id, parent.name) for parent in parents[published.object_id]] == [(project, "o")]
    await refused(world, world.delete_object(ada, published.object_id), FailedPrecondition)
    await refused(world, world.delete_object(ada, world.new_id()), NotFound)
    again = await world.put(ada, "tombs", "o")
    assert again.object_id != published.object_id
    await check_invariants(world)


async def test_containers_made_by_a_put_go_with_their_last_key_and_come_back_the_same(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "hiding")
    one = await world.put(ada, "hiding", "c/d/1")
    two = await world.put(ada, "hiding", "c/d/2")
    dataset = (await object_facts(world, ada, one.object_id)).home.parent_id
    way = await world.facts_of(ada, dataset)
    collection = way[dataset].parents[0].parent_id

    await world.delete_object(ada, one.object_id)
    assert await counters(world, ada, collection) == (1, 0, 0)
    await world.delete_object(ada, two.object_id)

    assert await counters(world, ada, project) == (0, 0, 0)
    assert await view(world, ada, dataset) is None
    assert await view(world, ada, collection) is None
    for call in (
        world.container(ada, Kind.DATASET, collection, "x"),
        world.begin_object(ada, dataset, "x"),
        world.describe(ada, dataset, Description("T")),
        world.delete_container(ada, dataset),
        world.grant(ada, collection, ada, Level.READ),
    ):
        await refused(world, call, NotFound)
    assert (await view(world, ada, one.object_id)).state is State.DELETED
    await check_invariants(world)

    three = await world.put(ada, "hiding", "c/d/3")
    assert (await object_facts(world, ada, three.object_id)).home.parent_id == dataset
    assert (await view(world, ada, collection)).id == collection
    assert await counters(world, ada, project) == (1, 0, 0)
    await check_invariants(world)


@pytest.mark.parametrize("reason", ["title", "grant", "relation", "external", "made by hand"])
async def test_a_container_that_somebody_made_or_described_stays_when_it_is_empty(world: World, reason: str) -> None:
    ada, bob = await world.user(), await world.user("bob")
    bucket_name = "stays-" + reason.replace(" ", "-")
    project = await world.project(ada, bucket_name)
    if reason == "made by hand":
        await world.container(ada, Kind.COLLECTION, project, "c")
    put = await world.put(ada, bucket_name, "c/o")
    other = await world.put(ada, bucket_name, "other")
    collection = (await object_facts(world, ada, put.object_id)).home.parent_id
    if reason == "title":
        await world.describe(ada, collection, Description("T"))
    elif reason == "grant":
        await world.grant(ada, collection, bob, Level.READ)
    elif reason == "relation":
        await world.link(ada, other.object_id, Link(RelationKind.METADATA, collection))
    elif reason == "external":
        await world.link(ada, collection, ExternalLink(ExternalType.DOI, "10.1234/x"))

    await world.delete_object(ada, put.object_id)

    assert (await view(world, ada, collection)).entry_count == 0
    await world.delete_container(ada, collection)
    assert (await view(world, ada, collection)).state is State.DELETED
    assert await counters(world, ada, project) == (1, 1, 5)
    await check_invariants(world)


async def test_a_put_finds_the_hidden_collection_though_its_dataset_was_never_there(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "half")
    first = await world.put(ada, "half", "c/o")
    collection = (await object_facts(world, ada, first.object_id)).home.parent_id
    await world.delete_object(ada, first.object_id)

    second = await world.put(ada, "half", "c/d/o")

    dataset = (await object_facts(world, ada, second.object_id)).home.parent_id
    assert (await world.facts_of(ada, dataset))[dataset].parents[0].parent_id == collection
    await check_invariants(world)


async def test_a_name_that_was_free_and_is_taken_by_hand_does_not_bring_the_hidden_one_back(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "replaced")
    first = await world.put(ada, "replaced", "c/o")
    hidden = (await object_facts(world, ada, first.object_id)).home.parent_id
    await world.delete_object(ada, first.object_id)
    mine = await world.container(ada, Kind.DATASET, project, "c")

    second = await world.put(ada, "replaced", "c/x/y")
    assert (await object_facts(world, ada, second.object_id)).home == ParentEdge(
        mine, "x/y", is_home=True, passes=Level.ADMIN
    )
    await world.delete_object(ada, second.object_id)
    await world.delete_container(ada, mine)
    third = await world.put(ada, "replaced", "c/o")

    assert (await object_facts(world, ada, third.object_id)).home.parent_id == hidden
    await check_invariants(world)


async def test_only_an_empty_container_is_deleted_and_by_an_admin(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "empties")
    dataset = await world.container(ada, Kind.DATASET, project, "d")
    await world.grant(ada, project, bob, Level.WRITE)
    put = await world.put(ada, "empties", "d/o")

    await refused(world, world.delete_container(ada, dataset), FailedPrecondition)
    await world.delete_object(ada, put.object_id)
    await refused(world, world.delete_container(bob, dataset), Forbidden)
    await world.delete_container(ada, dataset)

    shown = await view(world, bob, dataset)
    assert (shown.state, shown.level) == (State.DELETED, Level.WRITE)
    assert (await view(world, bob, put.object_id)).level is Level.WRITE
    await refused(world, world.delete_container(ada, dataset), FailedPrecondition)
    assert await world.path_of(put.object_id) == "empties/d/o"
    await check_invariants(world)


async def test_words_change_in_place_and_raise_the_revision(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "words")

    await world.describe(ada, project, Description("T", "D"), if_revision=0)
    await world.describe(ada, project, Description(description=None), if_revision=1)

    shown = await view(world, ada, project)
    assert (shown.title, shown.description, shown.revision) == ("T", None, 2)
    await refused(world, world.describe(ada, project, Description("X"), if_revision=1), Conflict)


async def test_relations_are_read_from_both_ends_with_the_revisions_they_meant(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "relating")
    one, two = [await world.put(ada, "relating", name) for name in ("one", "two")]
    links = (
        Link(RelationKind.METADATA, project),
        Link(RelationKind.CUSTOM, one.object_id, "cites", "note"),
        Link(RelationKind.CUSTOM, one.object_id, "likes"),
        Link(RelationKind.ORIGIN, one.object_id),
    )
    doi = ExternalLink(ExternalType.DOI, "https://doi.org/10.1234/ABC", note="paper")

    assert await world.link(ada, two.object_id, *links, doi) == LinksChanged(5, 0)
    assert await world.link(ada, two.object_id, *links, doi) == LinksChanged(0, 5)
    await world.put(ada, "relating", "two")

    out = await relations(world, ada, two.object_id, is_outgoing=True)
    assert [(r.kind, r.name, r.note, r.other.id, r.source_version_id, r.target_version_id) for r in out] == [
        (RelationKind.METADATA, None, None, project, two.version_id, None),
        (RelationKind.CUSTOM, "cites", "note", one.object_id, two.version_id, one.version_id),
        (RelationKind.CUSTOM, "likes", None, one.object_id, two.version_id, one.version_id),
        (RelationKind.ORIGIN, None, None, one.object_id, two.version_id, one.version_id),
    ]
    into = await relations(world, ada, one.object_id, is_outgoing=False)
    assert [(r.kind, r.other.id, r.is_outgoing) for r in into] == [
        (RelationKind.CUSTOM, two.object_id, False),
        (RelationKind.CUSTOM, two.object_id, False),
        (RelationKind.ORIGIN, two.object_id, False),
    ]
    paged: list[RelationView] = []
    while page := await relations(
        world, ada, two.object_id, is_outgoing=True, after=paged[-1].id if paged else "", size=3
    ):
        paged += page
    assert paged == out
    external = await world.store.read(readings.externals([two.object_id, project]))
    assert [(e.reference, e.note, e.source_version_id) for e in external[two.object_id]] == [
        (ExternalReference(ExternalType.DOI, "10.1234/abc", None), "paper", two.version_id)
    ]
    await refused(world, world.link(ada, one.object_id, Link(RelationKind.ORIGIN, two.object_id)), Cycle)

    await world.unlink(ada, two.object_id, *links, doi)
    assert await relations(world, ada, two.object_id, is_outgoing=True) == []
    await refused(world, world.unlink(ada, two.object_id, doi), NotFound)
    assert await world.store.read(readings.externals([two.object_id])) == {}


async def test_all_who_cite_the_same_thing_share_one_node(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    await world.project(ada, "citing")
    puts = [await world.put(ada, "citing", f"o{n}") for n in range(3)]
    link = ExternalLink(ExternalType.URL, "HTTPS://Example.org")
    for put in puts:
        await world.link(ada, put.object_id, link)

    reference = ExternalReference(ExternalType.URL, "https://example.org/")
    citing = await world.store.read(readings.citing(reference, "", 2, ada, world.now_ms))
    rest = await world.store.read(readings.citing(reference, citing[-1].id, 2, ada, world.now_ms))

    assert [found.id for found in [*citing, *rest]] == [put.object_id for put in puts]
    assert await world.store.read(readings.citing(reference, "", 2, bob, world.now_ms)) == []
    nodes = [node for node in (await dump(world)).labelled("External") if node["value"] == "https://example.org/"]
    assert len(nodes) == 1


async def test_lineage_steps_both_ways_and_back_to_nothing_seen(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "lineage")
    one, two, three = [(await world.put(ada, "lineage", name)).object_id for name in ("1", "2", "3")]
    await world.link(ada, two, Link(RelationKind.ORIGIN, one))
    await world.link(ada, three, Link(RelationKind.CUSTOM, two, "uses"))

    async def step(direction: str, ids: list[str], user: str = ada) -> list[tuple[str, str | None, str, str]]:
        kinds = [RelationKind.ORIGIN, RelationKind.CUSTOM, RelationKind.BELONGS_TO]
        query = readings.lineage_step(ids, kinds, direction, [*ids, project], 10, user, world.now_ms)
        found = await world.store.read(query)
        return [(edge.kind, edge.name, met, other.id) for edge, met, other in found]

    assert await step("OUT", [two]) == [(RelationKind.ORIGIN, None, two, one)]
    assert await step("IN", [two]) == [(RelationKind.CUSTOM, "uses", two, three)]
    assert await step("BOTH", [two]) == [
        (RelationKind.ORIGIN, None, two, one),
        (RelationKind.CUSTOM, "uses", two, three),
    ]
    assert await step("BOTH", [one, two, three]) == []
    assert await step("BOTH", [two], bob) == []


async def test_grants_work_at_once_and_end_at_once(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "grants")
    put = await world.put(ada, "grants", "c/d/o")
    dataset = (await object_facts(world, ada, put.object_id)).home.parent_id

    await world.grant(ada, dataset, bob, Level.APPEND)
    await world.grant(ada, dataset, bob, Level.READ, world.now + timedelta(hours=1))

    levels = {key: found.level for key, found in (await world.facts_of(bob, project, dataset, put.object_id)).items()}
    assert levels == {project: Level.NONE, dataset: Level.READ, put.object_id: Level.READ}
    (shown,) = (await world.store.read(batched.grants([dataset], ada, world.now_ms)))[dataset]
    assert (shown.user_id, shown.display_name, shown.level, shown.created_by) == (bob, "bob", Level.READ, ada)
    assert await world.store.read(batched.grants([dataset], bob, world.now_ms)) == {}
    later = world.now_ms + 3_600_000
    assert await world.store.read(readings.resources([dataset], bob, later)) == {}

    await world.revoke(ada, dataset, bob)
    assert await view(world, bob, dataset) is None
    await refused(world, world.revoke(ada, dataset, bob), NotFound)
    await refused(world, world.grant(ada, dataset, world.new_id(), Level.READ), NotFound)
    await refused(world, world.grant(bob, dataset, bob, Level.ADMIN), NotFound)
    await check_invariants(world)


async def test_a_project_keeps_one_active_admin_that_does_not_expire(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "admins")

    await refused(world, world.revoke(ada, project, ada), FailedPrecondition)
    await world.grant(ada, project, bob, Level.ADMIN, world.now + timedelta(hours=1))
    await refused(world, world.revoke(ada, project, ada), FailedPrecondition)
    await world.grant(ada, project, bob, Level.ADMIN)
    await world.revoke(bob, project, ada)

    assert await view(world, ada, project) is None
    assert (await view(world, bob, project)).level is Level.ADMIN
