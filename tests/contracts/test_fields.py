"""What describes a resource, on the graph: in place where nobody holds it, else in a new revision."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest

from domain.access import Level
from domain.authors import Author
from domain.creation import NewResource
from domain.describing import Description
from domain.errors import BadInput, Conflict, DomainError, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.labels import NewLabel
from domain.licenses import NewLicense
from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass, Kind
from domain.views import ObjectView, ResourceView, RevisionView
from graphstore.cypher import batched, readings
from tests.contracts.refusing import refused
from tests.graph_dump import check_invariants
from tests.world import World, outcomes

ADA = Author("Ada Lovelace", "0000-0002-1825-0097", "ada@example.org")


async def view(world: World, user: str, resource: str) -> ResourceView:
    return (await world.store.read(readings.resources([resource], user, world.now_ms)))[resource]


async def object_view(world: World, user: str, resource: str) -> ObjectView:
    found = await view(world, user, resource)
    assert isinstance(found, ObjectView)
    return found


async def revisions(world: World, user: str, object_id: str) -> Sequence[RevisionView]:
    return (await world.store.read(batched.revisions([(object_id, 2**31, 100)], user, world.now_ms))).get(0, [])


async def events(world: World, resource: str) -> list[str]:
    rows = await world.ask("MATCH (e:Event {resourceId: $id}) RETURN e.kind AS kind ORDER BY e.id", id=resource)
    return [row["kind"] for row in rows]


async def test_a_container_is_described_in_place(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "in-place")
    user = await world.user("grace")

    await world.describe(
        ada,
        project,
        Description("T", "D", (ADA, Author("Grace", user_id=user)), metadata_license="cc0-1.0", data_license="MIT"),
        if_revision=0,
    )

    found = await view(world, ada, project)
    assert (found.title, found.description, found.revision) == ("T", "D", 1)
    assert found.authors == (ADA, Author("Grace", user_id=user))
    assert (found.metadata_license, found.data_license) == ("CC0-1.0", "MIT")
    assert await events(world, project) == ["CREATED", "GRANT_SET", "UPDATED"]
    await check_invariants(world)


async def test_what_is_made_in_a_project_takes_its_licences_through_s3_too(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "defaults")
    await world.describe(ada, project, Description(metadata_license="CC0-1.0", data_license="CC-BY-4.0"))

    put = await world.put(ada, "defaults", "coll/data/o")
    dataset = await world.container(ada, Kind.DATASET, project, "beside")

    for resource in (put.object_id, dataset):
        found = await view(world, ada, resource)
        assert (found.metadata_license, found.data_license) == ("CC0-1.0", "CC-BY-4.0")


async def test_what_stays_as_it_was_changes_nothing_at_all(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "unchanged")
    put = await world.put(ada, "unchanged", "o")
    for resource in (project, put.object_id):
        new = Description("T", None, (ADA,), "MIT", "MIT")
        await world.describe(ada, resource, new)
        before = await view(world, ada, resource), await events(world, resource)

        await world.describe(ada, resource, new)
        await world.describe(ada, resource, Description(data_license="mit"))
        await world.describe(ada, resource, Description())

        assert (await view(world, ada, resource), await events(world, resource)) == before
    await check_invariants(world)


async def test_emptied_fields_are_as_if_they_had_never_been(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "emptied")
    before = await view(world, ada, project)
    await world.describe(ada, project, Description("T", "D", (ADA,), "MIT", "MIT"))

    await world.describe(ada, project, Description(None, None, None, None, None))

    after = await view(world, ada, project)
    assert (after.title, after.description, after.authors) == (None, None, ())
    assert (after.metadata_license, after.data_license) == (before.metadata_license, before.data_license)


async def test_words_of_an_object_that_nobody_holds_change_in_place(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "words")
    put = await world.put(ada, "words", "o")

    await world.describe(ada, put.object_id, Description("T", authors=(ADA,)))

    found = await object_view(world, ada, put.object_id)
    assert (found.title, found.authors, found.revision_number) == ("T", (ADA,), 0)
    assert found.version_id == put.version_id


async def test_other_licences_of_an_object_make_a_new_revision_with_the_same_bytes(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "licences")
    first = await world.put(ada, "licences", "o")
    await world.describe(ada, first.object_id, Description("old", authors=(ADA,)))
    before = await object_view(world, ada, first.object_id)

    await world.describe(ada, first.object_id, Description("new", data_license="CC-BY-4.0"))

    after = await object_view(world, ada, first.object_id)
    newest, oldest = await revisions(world, ada, first.object_id)
    assert (newest.revision_number, newest.title, newest.data_license) == (1, "new", "CC-BY-4.0")
    assert (oldest.revision_number, oldest.title, oldest.data_license) == (0, "old", "AllRightsReserved")
    assert (oldest.version_id, oldest.authors) == (first.version_id, (ADA,))
    assert (newest.etag, newest.sha256, newest.length_bytes) == (oldest.etag, oldest.sha256, oldest.length_bytes)
    assert after.published == newest
    assert after.revision == before.revision + 1
    assert newest.published_by == ada
    assert newest.published_at > oldest.published_at
    assert await events(world, first.object_id) == ["PUBLISHED", "UPDATED", "UPDATED"]
    await check_invariants(world)
    third = await world.put(ada, "licences", "o")
    assert third.revision_number == 2
    assert (await object_view(world, ada, first.object_id)).data_license == "CC-BY-4.0"
    await check_invariants(world)


async def test_an_object_that_never_had_bytes_takes_licences_in_place(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "no-bytes")
    begun = await world.begin_object(ada, project, "o")

    await world.describe(ada, begun.object_id, Description(data_license="MIT"))

    found = await object_view(world, ada, begun.object_id)
    assert (found.data_license, found.published) == ("MIT", None)
    await check_invariants(world)


async def test_of_an_object_that_a_snapshot_shows_everything_makes_a_new_revision(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "held")
    put = await world.put(ada, "held", "o")
    await world.describe(ada, put.object_id, Description("before"))
    await world.snapshot(ada, project)

    await world.describe(ada, put.object_id, Description("after"))
    await world.describe(ada, put.object_id, Description("after that"))

    newest, held = await revisions(world, ada, put.object_id)
    assert (newest.revision_number, newest.title) == (1, "after that")
    assert (held.version_id, held.title) == (put.version_id, "before")
    (past,) = await world.ask(
        "MATCH (p:PastEntry {childId: $id}) RETURN p.versionId AS version, p.since AS since, p.until AS until",
        id=put.object_id,
    )
    assert past == {"version": put.version_id, "since": 0, "until": 1}
    await check_invariants(world)


@pytest.mark.parametrize(
    ("new", "error", "field"),
    [
        (Description("x" * 1025), BadInput, ("input", "title")),
        (Description("a\0"), BadInput, ("input", "title")),
        (Description(description="\ud800"), BadInput, ("input", "description")),
        (Description(authors=(Author("Ada", "0000-0002-1825-0098"),)), BadInput, ("input", "authors", "0", "orcid")),
        (Description(authors=(ADA, Author(" "))), BadInput, ("input", "authors", "1", "name")),
        (Description(authors=(ADA,) * 101), BadInput, ("input", "authors")),
        (Description(authors=(Author("A", user_id="0" * 26),)), NotFound, ("input", "authors", "0", "user")),
        (Description(data_license="GPL 3"), BadInput, ("input", "dataLicense")),
        (Description(metadata_license="LicenseRef-none"), NotFound, ("input", "metadataLicense")),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_changes_nothing(
    world: World, new: Description, error: type[DomainError], field: tuple[str, ...]
) -> None:
    ada = await world.user()
    project = await world.project(ada, f"bad-{world.new_id()[-8:].lower()}")
    refusal = await refused(world, world.describe(ada, project, new), error)
    assert refusal.field == field


async def test_rights_and_states_are_asked_before_anything_changes(world: World) -> None:
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    project = await world.project(ada, "fields-rights")
    put = await world.put(ada, "fields-rights", "o")
    await world.grant(ada, project, bob, Level.APPEND)
    new = Description("T")

    await refused(world, world.describe(eve, put.object_id, new), NotFound)
    await refused(world, world.describe(bob, put.object_id, new), Forbidden)
    await refused(world, world.describe(ada, put.object_id, new, if_revision=7), Conflict)
    await world.delete_object(ada, put.object_id)
    await refused(world, world.describe(ada, put.object_id, new), FailedPrecondition)
    await world.archive(ada, project)
    await refused(world, world.describe(ada, project, new), Immutable)


async def test_added_licences_can_be_named_as_they_are_spelled(world: World) -> None:
    root, ada = await world.user("root", is_administrator=True), await world.user()
    await world.add_license(root, NewLicense("LicenseRef-Ours", "Ours"))
    project = await world.project(ada, "ours")

    await world.describe(ada, project, Description(data_license="licenseref-OURS"))

    assert (await view(world, ada, project)).data_license == "LicenseRef-Ours"


async def test_all_that_describes_a_resource_can_come_with_it(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, NewResource("whole", authors=(ADA,), data_license="MIT"))
    about = (await world.put(ada, "whole", "about")).object_id

    def new(name: str) -> NewResource:
        return NewResource(
            name,
            "T",
            "D",
            DataClass.CONFIDENTIAL,
            (ADA,),
            "CC0-1.0",
            None,
            (NewLabel("k", "v"), NewLabel("s", "", is_static=True)),
            (Link(RelationKind.CUSTOM, about, "about"),),
            (ExternalLink(ExternalType.DOI, "10.1234/x"),),
        )

    collection = await world.container(ada, Kind.COLLECTION, project, new("c"))
    dataset = await world.container(ada, Kind.DATASET, collection, new("d"))
    begun = await world.begin_object(ada, dataset, new("o"))

    for resource in (collection, dataset, begun.object_id):
        found = await view(world, ada, resource)
        assert (found.title, found.authors, found.data_class) == ("T", (ADA,), DataClass.CONFIDENTIAL)
        assert (found.metadata_license, found.data_license) == ("CC0-1.0", "MIT")
        labels = await world.ask(
            "MATCH (:Resource {id: $id})-[:LABELLED]->(l) RETURN l.key AS key, l.since AS since ORDER BY key",
            id=resource,
        )
        assert labels == [{"key": "k", "since": 0}, {"key": "s", "since": 0}]
        (relation,) = (
            await world.store.read(
                batched.relations(
                    [batched.RelationsRequest(resource, (RelationKind.CUSTOM,), "", 9)],
                    ada,
                    world.now_ms,
                    is_outgoing=True,
                )
            )
        )[0]
        assert (relation.name, relation.other.id, relation.own_id) == ("about", about, resource)
        (cited,) = (await world.store.read(readings.externals([resource])))[resource]
        assert cited.reference.value == "10.1234/x"
        assert (await events(world, resource))[0] == "CREATED"
        assert "RELATION_ADDED" not in await events(world, resource)
    await check_invariants(world)


@pytest.mark.parametrize(
    ("new", "error", "field"),
    [
        (NewResource("n", labels=(NewLabel("app.x", ""),)), BadInput, ("input", "labels", "0", "key")),
        (NewResource("n", labels=(NewLabel("k", ""),) * 2), BadInput, ("input", "labels", "1", "key")),
        (NewResource("n", labels=tuple(NewLabel(f"k{n}", "") for n in range(10_000))), BadInput, ("input", "labels")),
        (NewResource("n", data_license="LicenseRef-x"), NotFound, ("input", "dataLicense")),
        (NewResource("n", authors=(Author("A", "0000"),)), BadInput, ("input", "authors", "0", "orcid")),
        (
            NewResource("n", links=(Link(RelationKind.CUSTOM, "0" * 26, "x"),)),
            NotFound,
            ("input", "relations", "0", "target"),
        ),
        (NewResource("n", links=(Link(RelationKind.CUSTOM, "0" * 26, "x"),) * 101), BadInput, ("input", "relations")),
        (
            NewResource("n", external=(ExternalLink(ExternalType.DOI, "no"),)),
            BadInput,
            ("input", "external", "0", "value"),
        ),
    ],
)
async def test_a_resource_is_not_made_where_what_comes_with_it_is_refused(
    world: World, new: NewResource, error: type[DomainError], field: tuple[str, ...]
) -> None:
    ada = await world.user()
    name = f"beside-{world.new_id()[-8:].lower()}"
    project = await world.project(ada, name)

    for call in (
        world.container(ada, Kind.DATASET, project, new),
        world.begin_object(ada, project, new),
        world.project(ada, replace(new, name=f"{name}-2")),
    ):
        refusal = await refused(world, call, error)
        assert refusal.field == field


async def test_relations_that_come_with_a_resource_take_write_on_its_place(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "beside-rights")
    about = (await world.put(ada, "beside-rights", "about")).object_id
    await world.grant(ada, project, bob, Level.APPEND)
    new = NewResource("d", links=(Link(RelationKind.CUSTOM, about, "about"),))

    refusal = await refused(world, world.container(bob, Kind.DATASET, project, new), Forbidden)

    assert refusal.field == ("input", "parent")
    await world.grant(ada, project, bob, Level.WRITE)
    assert await world.container(bob, Kind.DATASET, project, new)


@pytest.mark.parametrize("seed", range(4))
async def test_describing_against_putting_and_snapshots_makes_one_chain(world: World, seed: int) -> None:
    """A snapshot shows what stood before or after each change, and no revision is lost."""
    random = Random(seed)
    ada = await world.user()
    bucket = f"fields-race-{seed}"
    project = await world.project(ada, bucket)
    put = await world.put(ada, bucket, "o")
    calls = [
        *(lambda n=n: world.describe(ada, put.object_id, Description(f"T{n}")) for n in range(3)),
        *(
            lambda one=one: world.describe(ada, put.object_id, Description(data_license=one))
            for one in ("MIT", "CC0-1.0")
        ),
        *(lambda n=n: world.put(ada, bucket, "o", n) for n in range(2)),
        *(lambda n=n: world.snapshot(ada, project, f"1.{n}.0") for n in range(2)),
    ]
    random.shuffle(calls)

    results = await outcomes(*(call() for call in calls))

    assert [result for result in results if isinstance(result, BaseException)] == [], f"seed {seed}"
    graph = await check_invariants(world)
    seen = {node["versionId"]: node["title"] for node in graph.nodes.values() if node["objectId"] == put.object_id}
    pasts = [node for node in graph.labelled("PastEntry") if node["childId"] == put.object_id]
    assert {past["versionId"] for past in pasts} <= seen.keys(), f"seed {seed}"
