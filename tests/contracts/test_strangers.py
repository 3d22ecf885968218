"""Who may see nothing reads nothing, whichever way he asks; who signs in as nobody sees what is PUBLIC alone."""

from collections.abc import Sequence
from typing import Any

import pytest

from domain.access import Level
from domain.changes import CredentialAdded
from domain.creation import NewResource
from domain.keys import cut_key
from domain.linking import ExternalLink, Link
from domain.relations import ALLOWED_RELATIONS, ExternalReference, ExternalType, RelationKind
from domain.resources import DataClass, Kind
from graphstore.cypher import batched, pages, readings, resolving
from graphstore.paging import read_pages
from tests.world import World

KINDS = [RelationKind.BELONGS_TO, RelationKind.METADATA, RelationKind.CUSTOM]


class Place:
    """A project with everything in it, and the ids of it."""

    def __init__(self, project: str, dataset: str, objects: Sequence[str]) -> None:
        self.project, self.dataset, self.objects = project, dataset, objects
        self.all = [project, dataset, *objects]


@pytest.fixture(scope="module")
async def place(world: World) -> Place:
    ada = await world.user()
    project = await world.project(ada, "secret")
    dataset = await world.container(ada, Kind.DATASET, project, "d")
    one, two = [(await world.put(ada, "secret", f"d/{name}")).object_id for name in ("one", "two")]
    await world.put(ada, "secret", "d/one")
    await world.link(
        ada,
        one,
        Link(RelationKind.METADATA, two),
        Link(RelationKind.CUSTOM, project, "uses"),
        ExternalLink(ExternalType.IDENTIFIER, "secret"),
    )
    return Place(project, dataset, [one, two])


async def everything(world: World, place: Place, user: str) -> dict[str, Any]:
    """What each reading gives a user, without what is empty."""
    now, ids = world.now_ms, place.all
    requests = [batched.RelationsRequest(one, tuple(ALLOWED_RELATIONS), "", 10) for one in ids]
    reference = ExternalReference(ExternalType.IDENTIFIER, "secret")
    key = resolving.KeyRequest("", "secret", cut_key("d/one"), now)
    answers: dict[str, Any] = {
        "resources": await world.store.read(readings.resources(ids, user, now)),
        "projects": await world.store.read(readings.projects(user, now)),
        "parents": await world.store.read(readings.parents(ids, user, now)),
        "out": await world.store.read(batched.relations(requests, user, now, is_outgoing=True)),
        "in": await world.store.read(batched.relations(requests, user, now, is_outgoing=False)),
        "citing": await world.store.read(readings.citing(reference, "", 10, user, now)),
        "lineage": await world.store.read(readings.lineage_step(ids, KINDS, "BOTH", [], 10, user, now)),
        "revisions": await world.store.read(batched.revisions([(one, 9, 9) for one in ids], user, now)),
        "grants": await world.store.read(batched.grants(ids, user, now)),
        "levels": {
            row[1]["id"]: row[1]["level"]
            for page in await read_pages(
                world.store, pages.ALL_NAMES, [pages.whole(place.project), pages.whole(place.dataset)], 9, user, now
            )
            for row in page
            if row[1]["level"]
        },
        "anonymous": {
            found.object.id: found.object.level
            for found in (await world.store.read(resolving.resolve([key]))).values()
            if found.object is not None and found.object.level
        },
    }
    return {name: answer for name, answer in answers.items() if answer}


async def test_a_stranger_and_nobody_read_nothing(world: World, place: Place) -> None:
    bob = await world.user("bob")

    assert await everything(world, place, bob) == {}
    assert await everything(world, place, "") == {}


async def test_a_grant_below_shows_what_is_below_and_no_more(world: World, place: Place) -> None:
    bob = await world.user("bob")
    (ada,) = {found.created_by for found in (await world.facts_of(bob, place.dataset)).values()}
    await world.grant(ada, place.dataset, bob, Level.READ)

    seen = await everything(world, place, bob)

    assert set(seen["resources"]) == {place.dataset, *place.objects}
    assert set(seen["parents"]) == set(place.objects)
    assert [view.kind for view in seen["out"][2]] == [RelationKind.METADATA]
    assert [view.id for view in seen["citing"]] == [place.objects[0]]
    assert {other.id for _, _, other in seen["lineage"]} == {place.dataset, *place.objects}
    assert [len(found) for found in seen["revisions"].values()] == [2, 1]
    assert set(seen["levels"]) == {place.dataset, *place.objects}
    assert "projects" not in seen
    assert "grants" not in seen


async def test_what_is_public_is_read_by_anyone_and_what_is_above_it_stays_hidden(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "half-open")
    new = NewResource("open", data_class=DataClass.PUBLIC)
    dataset = await world.container(ada, Kind.DATASET, project, new)
    put = await world.put(ada, "half-open", "open/o")

    for user in (bob, ""):
        seen = await world.store.read(readings.resources([project, dataset, put.object_id], user, world.now_ms))
        assert {key: view.level for key, view in seen.items()} == {dataset: Level.READ, put.object_id: Level.READ}
    granted = await read_pages(world.store, pages.KEYS_WITH_RIGHTS, [pages.whole(dataset)], 9, bob, world.now_ms)
    row = dict(zip(pages.KEY_COLUMNS, granted[0][0], strict=True))
    assert (row["id"], row["dataClass"], row["granted"]) == (put.object_id, "PUBLIC", 0)


async def test_a_signed_request_gets_the_level_of_its_signer(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "signed")
    put = await world.put(ada, "signed", "c/o")
    await world.grant(ada, put.object_id, bob, Level.WRITE)
    for name, user in (("AKADA", ada), ("AKBOB", bob)):
        await world.apply(CredentialAdded(name, user, "k", "sealed", None, None, world.now))
    keys = ["AKADA", "AKBOB", "AKNONE", ""]

    found = await world.store.read(
        resolving.resolve(
            [resolving.KeyRequest(key, "signed", cut_key("c/o"), world.now_ms, wants_content=True) for key in keys]
        )
    )

    levels = [
        (r.project and r.project.level, [c.level for c in r.way], r.object and r.object.level) for r in found.values()
    ]
    none = (Level.NONE, [Level.NONE], Level.NONE)
    assert levels == [
        (Level.ADMIN, [Level.ADMIN], Level.ADMIN),
        (Level.NONE, [Level.NONE], Level.WRITE),
        none,
        none,
    ]
    assert [r.credential and (r.credential.access_key_id, r.credential.user.id) for r in found.values()] == [
        ("AKADA", ada),
        ("AKBOB", bob),
        None,
        None,
    ]
    assert all(r.project is not None and r.project.id == project for r in found.values())
    assert all(r.content is not None and r.content.blob is not None for r in found.values())
