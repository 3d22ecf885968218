"""Labels on the graph: set and removed, kept for what snapshots show, and found."""

from collections.abc import Sequence
from random import Random

import pytest

from domain.access import Level
from domain.errors import BadInput, DomainError, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.labels import NewLabel
from domain.resources import Kind
from graphstore.cypher import labels as cypher
from graphstore.cypher.labels import LABELLED, label_beginning
from graphstore.cypher.pages import Range
from graphstore.paging import read_pages
from tests.contracts.refusing import refused
from tests.graph_dump import check_invariants
from tests.world import World, outcomes

ODD = ["ä", "\U0001f9ec", "\uffff", "\U0010ffff", "e\u0301", "\u00e9", "a b", "\u200d", "x" * 256, "\U0001f9ec" * 256]


async def labels_of(world: World, resource: str, number: int | None = None) -> dict[str, tuple[str, bool]]:
    if number is None:
        found = (await world.store.read(cypher.labels([resource]))).get(resource, [])
    else:
        found = (await world.store.read(cypher.labels_at([(resource, number)]))).get(0, [])
    assert [label.key for label in found] == sorted(label.key for label in found)
    return {label.key: (label.value, label.is_static) for label in found}


async def bearers(world: World, user: str, key: str, value: str | None = None, size: int = 100) -> list[str]:
    """Ids of all that bear a label, page by page."""
    beginning = label_beginning(key, value)
    reached, found = beginning, list[str]()
    while True:
        (rows,) = await read_pages(world.store, LABELLED, [Range(beginning, reached)], size, user, world.now_ms)
        found += [resource["id"] for _, resource in rows if resource["level"] >= Level.READ]
        if len(rows) < size:
            return found
        reached = rows[-1][0]


async def revision_of(world: World, user: str, resource: str) -> int:
    return (await world.facts_of(user, resource))[resource].revision


async def events(world: World, resource: str) -> Sequence[str]:
    rows = await world.ask("MATCH (e:Event {resourceId: $id}) RETURN e.kind AS kind ORDER BY e.id", id=resource)
    return [row["kind"] for row in rows]


async def test_labels_are_set_replaced_and_removed(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "labels")

    await world.set_labels(ada, project, NewLabel("a", "1"), NewLabel("b", "2", is_static=True))
    await world.set_labels(ada, project, NewLabel("a", "3"), NewLabel("c", ""))
    assert await labels_of(world, project) == {"a": ("3", False), "b": ("2", True), "c": ("", False)}
    assert await revision_of(world, ada, project) == 2

    await world.remove_labels(ada, project, "a", "c")

    assert await labels_of(world, project) == {"b": ("2", True)}
    assert await events(world, project) == ["CREATED", "GRANT_SET", "LABELS_SET", "LABELS_SET", "LABELS_REMOVED"]
    graph = await check_invariants(world)
    assert len(graph.labelled("Labelling")) == 1


async def test_labels_that_stand_just_so_change_nothing(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "just-so")
    await world.set_labels(ada, project, NewLabel("a", "1"), NewLabel("s", "x", is_static=True))

    await world.set_labels(ada, project, NewLabel("s", "x", is_static=True), NewLabel("a", "1"))

    assert await revision_of(world, ada, project) == 1
    assert (await events(world, project)).count("LABELS_SET") == 1


async def test_a_plain_label_becomes_static_and_then_stays(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "static")
    await world.set_labels(ada, project, NewLabel("s", "x"))
    await world.set_labels(ada, project, NewLabel("s", "x", is_static=True))

    assert await labels_of(world, project) == {"s": ("x", True)}
    assert await bearers(world, ada, "s", "x") == [project]
    await refused(world, world.set_labels(ada, project, NewLabel("n", ""), NewLabel("s", "y")), Immutable)
    await refused(world, world.set_labels(ada, project, NewLabel("s", "x")), Immutable)
    await refused(world, world.remove_labels(ada, project, "s"), Immutable)
    await check_invariants(world)


@pytest.mark.parametrize(
    ("labels", "error", "field"),
    [
        ((), BadInput, ("labels",)),
        (tuple(NewLabel(f"k{n}", "") for n in range(10_000)), BadInput, ("labels",)),
        ((NewLabel("app.state", ""),), BadInput, ("labels", "0", "key")),
        ((NewLabel("", ""),), BadInput, ("labels", "0", "key")),
        ((NewLabel(" a", ""),), BadInput, ("labels", "0", "key")),
        ((NewLabel("a\x01b", ""),), BadInput, ("labels", "0", "key")),
        ((NewLabel("\ud800", ""),), BadInput, ("labels", "0", "key")),
        ((NewLabel("x" * 257, ""),), BadInput, ("labels", "0", "key")),
        ((NewLabel("k", "x" * 1025),), BadInput, ("labels", "0", "value")),
        ((NewLabel("k", "a\nb"),), BadInput, ("labels", "0", "value")),
        ((NewLabel("k", "1"), NewLabel("k", "2")), BadInput, ("labels", "1", "key")),
    ],
)
async def test_what_can_be_no_label_is_refused_and_changes_nothing(
    world: World, labels: tuple[NewLabel, ...], error: type[DomainError], field: tuple[str, ...]
) -> None:
    ada = await world.user()
    project = await world.project(ada, f"bad-{world.new_id()[-8:].lower()}")
    await world.set_labels(ada, project, NewLabel("k", "0"))

    refusal = await refused(world, world.set_labels(ada, project, *labels), error)

    assert refusal.field == field


async def test_removing_what_isnt_there_is_refused(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "absent")
    await world.set_labels(ada, project, NewLabel("k", "0"))

    await refused(world, world.remove_labels(ada, project, "k", "j"), NotFound)
    await refused(world, world.remove_labels(ada, project, "k", "k"), BadInput)
    await refused(world, world.remove_labels(ada, project), BadInput)
    await refused(world, world.remove_labels(ada, project, "app.k"), BadInput)


async def test_rights_and_states_are_asked_before_anything_changes(world: World) -> None:
    ada, bob, eve = await world.user(), await world.user("bob"), await world.user("eve")
    project = await world.project(ada, "label-rights")
    put = await world.put(ada, "label-rights", "o")
    await world.grant(ada, project, bob, Level.APPEND)
    label = NewLabel("k", "v")

    await refused(world, world.set_labels(eve, put.object_id, label), NotFound)
    await refused(world, world.set_labels(bob, put.object_id, label), Forbidden)
    await refused(world, world.remove_labels(bob, put.object_id, "k"), Forbidden)
    await world.delete_object(ada, put.object_id)
    await refused(world, world.set_labels(ada, put.object_id, label), FailedPrecondition)
    await world.archive(ada, project)
    await refused(world, world.set_labels(ada, project, label), Immutable)


async def test_a_resource_bears_a_thousand_labels_and_no_more(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "thousand")
    for start in range(0, 1000, 100):
        await world.set_labels(ada, project, *(NewLabel(f"k{n:04}", "v") for n in range(start, start + 100)))

    assert len(await labels_of(world, project)) == 1000
    await refused(world, world.set_labels(ada, project, NewLabel("one-more", "")), FailedPrecondition)
    await world.set_labels(ada, project, NewLabel("k0000", "w"))
    assert (await labels_of(world, project))["k0000"] == ("w", False)


async def test_odd_keys_and_the_longest_are_kept_as_they_are_and_found(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "odd")
    longest = "\U0001f9ec" * 1024
    for key in ODD:
        await world.set_labels(ada, project, NewLabel(key, longest), NewLabel(key[:250] + "'\"\\", key * 4))

    found = await labels_of(world, project)

    assert {key: found[key][0] for key in ODD} == dict.fromkeys(ODD, longest)
    for key in ODD:
        assert await bearers(world, ada, key) == [project]
        assert await bearers(world, ada, key, longest) == [project]
        assert await bearers(world, ada, key, longest[:-1]) == []
    await check_invariants(world)


async def test_older_revisions_keep_the_labels_that_they_had(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "older")
    put = await world.put(ada, "older", "o")
    await world.set_labels(ada, put.object_id, NewLabel("a", "0"), NewLabel("gone", "0"), NewLabel("stays", "x"))
    await world.put(ada, "older", "o")

    await world.set_labels(ada, put.object_id, NewLabel("a", "1"), NewLabel("new", "1"))
    await world.remove_labels(ada, put.object_id, "gone")

    assert await labels_of(world, put.object_id, 0) == {"a": ("0", False), "gone": ("0", False), "stays": ("x", False)}
    now = {"a": ("1", False), "new": ("1", False), "stays": ("x", False)}
    assert await labels_of(world, put.object_id, 1) == await labels_of(world, put.object_id) == now
    assert await bearers(world, ada, "gone") == []
    assert await bearers(world, ada, "a", "0") == []
    assert await bearers(world, ada, "a", "1") == [put.object_id]
    await check_invariants(world)


async def test_what_a_snapshot_shows_keeps_its_labels(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "label-held")
    put = await world.put(ada, "label-held", "o")
    await world.set_labels(ada, put.object_id, NewLabel("a", "0"))
    await world.set_labels(ada, project, NewLabel("a", "0"), NewLabel("b", "0"))
    await world.snapshot(ada, project)

    await world.set_labels(ada, put.object_id, NewLabel("a", "1"))
    await world.set_labels(ada, put.object_id, NewLabel("a", "2"))
    await world.set_labels(ada, project, NewLabel("a", "1"))
    await world.remove_labels(ada, project, "b")

    facts = (await world.facts_of(ada, put.object_id))[put.object_id]
    assert facts.kind is Kind.OBJECT
    assert [await labels_of(world, put.object_id, number) for number in (0, 1)] == [
        {"a": ("0", False)},
        {"a": ("2", False)},
    ]
    assert [await labels_of(world, project, epoch) for epoch in (0, 1)] == [
        {"a": ("0", False), "b": ("0", False)},
        {"a": ("1", False)},
    ]
    await check_invariants(world)


async def test_all_that_bear_a_label_are_found_in_order_by_whom_may_see_them(world: World) -> None:
    ada, bob = await world.user(), await world.user("bob")
    project = await world.project(ada, "found")
    one = await world.container(ada, Kind.DATASET, project, "one")
    two = await world.container(ada, Kind.DATASET, project, "two")
    put = await world.put(ada, "found", "one/o")
    for resource, value in ((project, "b"), (one, "\U0001f9ec"), (two, "a"), (put.object_id, "b")):
        await world.set_labels(ada, resource, NewLabel("colour", value), NewLabel("colours", "b"))
    await world.grant(ada, one, bob, Level.READ)

    assert await bearers(world, ada, "colour", size=1) == [two, project, put.object_id, one]
    assert await bearers(world, ada, "colour", "b", size=1) == [project, put.object_id]
    assert await bearers(world, bob, "colour", size=2) == [put.object_id, one]
    assert await bearers(world, bob, "colour", "a") == []
    assert await bearers(world, "", "colour") == []


async def test_a_label_keeps_a_container_that_a_put_made(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "kept")
    put = await world.put(ada, "kept", "c/o")
    (edge,) = (await world.facts_of(ada, put.object_id))[put.object_id].parents
    await world.set_labels(ada, edge.parent_id, NewLabel("k", "v"))

    await world.delete_object(ada, put.object_id)

    assert not (await world.facts_of(ada, edge.parent_id))[edge.parent_id].is_hidden


async def test_a_label_that_is_gone_keeps_no_container(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "not-kept")
    put = await world.put(ada, "not-kept", "c/o")
    (edge,) = (await world.facts_of(ada, put.object_id))[put.object_id].parents
    await world.set_labels(ada, edge.parent_id, NewLabel("k", "v"))
    await world.remove_labels(ada, edge.parent_id, "k")

    await world.delete_object(ada, put.object_id)

    assert (await world.facts_of(ada, edge.parent_id))[edge.parent_id].is_hidden


@pytest.mark.parametrize("seed", range(4))
async def test_setting_against_setting_leaves_one_value_for_each_key(world: World, seed: int) -> None:
    random = Random(seed)
    ada = await world.user()
    bucket = f"label-race-{seed}"
    project = await world.project(ada, bucket)
    put = await world.put(ada, bucket, "o")
    targets = [project, put.object_id]
    calls = [
        *(lambda n=n: world.set_labels(ada, random.choice(targets), NewLabel("k", str(n))) for n in range(8)),
        *(lambda: world.remove_labels(ada, random.choice(targets), "k") for _ in range(4)),
        *(lambda: world.put(ada, bucket, "o") for _ in range(2)),
        lambda: world.snapshot(ada, project),
    ]
    random.shuffle(calls)

    results = await outcomes(*(call() for call in calls))

    odd = [one for one in results if isinstance(one, BaseException) and not isinstance(one, NotFound)]
    assert odd == [], f"seed {seed}"
    await check_invariants(world)
