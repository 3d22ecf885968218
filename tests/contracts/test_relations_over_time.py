"""Relations that end: gone for every reader, kept for what snapshots show; policies that pin a revision."""

from collections.abc import Mapping, Sequence
from random import Random

import pytest

from domain.access import Level
from domain.errors import BadInput, Cycle, FailedPrecondition, Forbidden, Hierarchy, Immutable, NotFound
from domain.linking import ExternalLink, Link, LinksChanged
from domain.relations import ExternalType, RelationKind, external_reference
from domain.resources import Kind, ObjectFacts
from domain.views import RelationView
from graphstore.cypher import batched, readings
from graphstore.cypher.batched import PRESENT, RelationsRequest
from tests.contracts.refusing import refused
from tests.graph_dump import check_invariants
from tests.world import World, outcomes

KINDS = (RelationKind.METADATA, RelationKind.ORIGIN, RelationKind.CUSTOM, RelationKind.POLICY)
DOI = ExternalLink(ExternalType.DOI, "10.1234/over-time")
REFERENCE = external_reference(DOI.type, DOI.value, DOI.name)


async def relations(
    world: World, user: str, resource: str, *, is_outgoing: bool = True, number: int = PRESENT
) -> Sequence[RelationView]:
    request = RelationsRequest(resource, KINDS, "", 100, number)
    return (await world.store.read(batched.relations([request], user, world.now_ms, is_outgoing=is_outgoing))).get(
        0, []
    )


async def number_of(world: World, user: str, object_id: str) -> int:
    facts = (await world.facts_of(user, object_id))[object_id]
    assert isinstance(facts, ObjectFacts)
    assert facts.published is not None
    return facts.published.revision_number


async def met(world: World, user: str, resource: str, direction: str) -> set[str]:
    """Resources one step away along what users add."""
    found = await world.store.read(
        readings.lineage_step([resource], KINDS, direction, [resource], 100, user, world.now_ms)
    )
    return {other.id for _, _, other in found}


async def events(world: World, resource: str) -> Mapping[str, int]:
    rows = await world.ask("MATCH (e:Event {resourceId: $id}) RETURN e.kind AS kind, count(e) AS n", id=resource)
    return {row["kind"]: row["n"] for row in rows}


async def test_a_relation_of_the_present_revision_leaves_nothing_behind(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "present")
    put = await world.put(ada, "present", "o")
    custom = Link(RelationKind.CUSTOM, project, "about")
    await world.link(ada, put.object_id, custom, DOI)

    await world.unlink(ada, put.object_id, custom, DOI)

    assert await world.ask("MATCH (:Resource {id: $id})-[e:CUSTOM|CITES]->() RETURN e.id AS id", id=put.object_id) == []
    assert (await events(world, put.object_id))["RELATION_REMOVED"] == 1
    await check_invariants(world)


async def test_a_relation_that_ended_is_gone_for_every_reader_and_stands_at_its_numbers(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "ended")
    put = await world.put(ada, "ended", "o")
    custom = Link(RelationKind.CUSTOM, project, "about", "note")
    await world.link(ada, put.object_id, custom, DOI)
    await world.put(ada, "ended", "o")

    assert await world.unlink(ada, put.object_id, custom, DOI) == LinksChanged(2, 0)

    assert await relations(world, ada, put.object_id) == []
    assert await relations(world, ada, project, is_outgoing=False) == []
    assert await met(world, ada, put.object_id, "OUT") == await met(world, ada, project, "IN") == set()
    assert await world.store.read(readings.externals([put.object_id])) == {}
    assert await world.store.read(readings.citing(REFERENCE, "", 9, ada, world.now_ms)) == []
    (then,) = await relations(world, ada, put.object_id, number=0)
    assert (then.name, then.note, then.other.id, then.source_version_id) == ("about", "note", project, put.version_id)
    assert await relations(world, ada, put.object_id, number=1) == []
    await check_invariants(world)
    await refused(world, world.unlink(ada, put.object_id, custom), NotFound)
    assert await world.link(ada, put.object_id, custom, DOI) == LinksChanged(2, 0)
    (again,) = await relations(world, ada, put.object_id)
    assert again.id != then.id
    assert len(await world.store.read(readings.citing(REFERENCE, "", 9, ada, world.now_ms))) == 1
    await check_invariants(world)


async def test_relations_of_what_a_snapshot_shows_make_a_new_revision(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "relation-held")
    put = await world.put(ada, "relation-held", "o")
    first, second = (Link(RelationKind.CUSTOM, project, name) for name in ("first", "second"))
    await world.link(ada, put.object_id, first)
    await world.snapshot(ada, project)

    await world.link(ada, put.object_id, second)
    await world.unlink(ada, put.object_id, first)

    assert await number_of(world, ada, put.object_id) == 1
    assert [one.name for one in await relations(world, ada, put.object_id)] == ["second"]
    assert [one.name for one in await relations(world, ada, put.object_id, number=0)] == ["first"]
    (now,) = await relations(world, ada, put.object_id)
    assert now.source_version_id != put.version_id
    await check_invariants(world)
    assert await world.link(ada, put.object_id, second) == LinksChanged(0, 1)
    assert await number_of(world, ada, put.object_id) == 1


async def test_relations_of_a_snapshotted_container_last_by_its_epochs(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "epochs")
    dataset = await world.container(ada, Kind.DATASET, project, "d")
    link = Link(RelationKind.CUSTOM, project, "about")
    await world.link(ada, dataset, link, DOI)
    await world.snapshot(ada, dataset)

    await world.unlink(ada, dataset, link, DOI)

    assert [one.name for one in await relations(world, ada, dataset, number=0)] == ["about"]
    assert await relations(world, ada, dataset) == []
    await check_invariants(world)


async def test_frozen_sources_are_immutable_and_frozen_targets_take_what_arrives(world: World) -> None:
    ada = await world.user()
    archived = await world.project(ada, "archived")
    old = (await world.put(ada, "archived", "o")).object_id
    await world.project(ada, "living")
    new = (await world.put(ada, "living", "o")).object_id
    link = Link(RelationKind.CUSTOM, archived, "about")
    await world.link(ada, old, link, DOI)
    await world.archive(ada, archived)

    await refused(world, world.link(ada, old, Link(RelationKind.CUSTOM, new, "x")), Immutable)
    await refused(world, world.link(ada, old, ExternalLink(ExternalType.DOI, "10.1234/other")), Immutable)
    await refused(world, world.unlink(ada, old, link), Immutable)
    await refused(world, world.unlink(ada, archived, DOI), Immutable)
    assert await world.link(ada, new, link, Link(RelationKind.METADATA, old)) == LinksChanged(2, 0)
    assert len(await relations(world, ada, archived, is_outgoing=False)) == 2
    await check_invariants(world)


# -- policies


async def test_a_policy_pins_the_newest_revision_or_the_one_named_and_another_replaces_it(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "policy")
    first = await world.put(ada, "policy", "rules")
    second = await world.put(ada, "policy", "rules")
    policy = Link(RelationKind.POLICY, first.object_id, note="why")

    assert await world.link(ada, project, policy) == LinksChanged(1, 0)
    (newest,) = await relations(world, ada, project)
    assert (newest.kind, newest.target_version_id, newest.note) == (RelationKind.POLICY, second.version_id, "why")

    again = [policy, Link(RelationKind.POLICY, first.object_id, target_version_id=second.version_id)]
    assert await world.link(ada, project, *again) == LinksChanged(0, 2)
    older = Link(RelationKind.POLICY, first.object_id, target_version_id=first.version_id)
    assert await world.link(ada, project, older) == LinksChanged(1, 0)

    (pinned,) = await relations(world, ada, project)
    assert pinned.target_version_id == first.version_id
    assert pinned.id != newest.id
    assert await world.link(ada, project, policy) == LinksChanged(0, 1)
    await refused(
        world, world.unlink(ada, project, Link(RelationKind.POLICY, first.object_id, target_version_id="x")), NotFound
    )
    assert await world.unlink(ada, project, policy) == LinksChanged(1, 0)
    assert await relations(world, ada, project) == []
    await check_invariants(world)


async def test_a_policy_that_cannot_be_is_refused(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "no-policy")
    rules = await world.put(ada, "no-policy", "rules")
    other = await world.put(ada, "no-policy", "other")
    begun = await world.begin_object(ada, project, "empty")
    await world.grant(ada, project, bob, Level.WRITE)

    def policy(target: str, version: str | None = None) -> Link:
        return Link(RelationKind.POLICY, target, target_version_id=version)

    for link, error in (
        (policy(project), Hierarchy),
        (policy(rules.object_id, other.version_id), NotFound),
        (policy(rules.object_id, "0" * 26), NotFound),
        (policy(rules.object_id, "\U0001f9ec"), NotFound),
        (policy(begun.object_id), FailedPrecondition),
        (Link(RelationKind.POLICY, rules.object_id, "name"), BadInput),
        (Link(RelationKind.CUSTOM, rules.object_id, "x", target_version_id=rules.version_id), BadInput),
    ):
        await refused(world, world.link(ada, project, link), error)
    await refused(world, world.link(ada, rules.object_id, policy(rules.object_id)), Cycle)
    await refused(world, world.link(bob, project, policy(rules.object_id)), Forbidden)
    await world.link(ada, project, policy(rules.object_id))
    await refused(world, world.link(bob, project, policy(rules.object_id, rules.version_id)), Forbidden)
    await refused(world, world.unlink(bob, project, policy(rules.object_id)), Forbidden)


async def test_what_is_frozen_can_still_be_governed(world: World) -> None:
    """Policies aren't part of what a snapshot or an archive shows."""
    ada = await world.user()
    project = await world.project(ada, "governed")
    held = await world.put(ada, "governed", "o")
    await world.project(ada, "rules")
    rules = await world.put(ada, "rules", "o")
    policy = Link(RelationKind.POLICY, rules.object_id)
    await world.snapshot(ada, project)

    await world.link(ada, held.object_id, policy)
    assert await number_of(world, ada, held.object_id) == 0
    await world.archive(ada, project)
    await world.link(ada, project, policy)
    await world.unlink(ada, held.object_id, policy)

    assert await relations(world, ada, held.object_id) == []
    assert len(await relations(world, ada, project)) == 1
    assert await number_of(world, ada, held.object_id) == 0
    await check_invariants(world)


@pytest.mark.parametrize("seed", range(4))
async def test_relating_against_unrelating_leaves_one_or_none(world: World, seed: int) -> None:
    random = Random(seed)
    ada = await world.user()
    bucket = f"relation-race-{seed}"
    project = await world.project(ada, bucket)
    put = await world.put(ada, bucket, "o")
    rules = await world.put(ada, bucket, "rules")
    newer = await world.put(ada, bucket, "rules")
    custom = Link(RelationKind.CUSTOM, project, "about")
    pins = [Link(RelationKind.POLICY, rules.object_id, target_version_id=one.version_id) for one in (rules, newer)]
    calls = [
        *(lambda: world.link(ada, put.object_id, custom, DOI) for _ in range(4)),
        *(lambda: world.unlink(ada, put.object_id, custom) for _ in range(3)),
        *(lambda pin=pin: world.link(ada, put.object_id, pin) for pin in pins * 2),
        lambda: world.put(ada, bucket, "o"),
        lambda: world.snapshot(ada, project),
    ]
    random.shuffle(calls)

    results = await outcomes(*(call() for call in calls))

    odd = [one for one in results if isinstance(one, BaseException) and not isinstance(one, NotFound)]
    assert odd == [], f"seed {seed}"
    assert len([one for one in await relations(world, ada, put.object_id) if one.kind is RelationKind.POLICY]) == 1
    await check_invariants(world)
