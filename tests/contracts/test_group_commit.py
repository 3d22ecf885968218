"""Publications that wait at the same moment share a transaction, each succeeding or failing alone."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from neo4j import AsyncTransaction
from neo4j.exceptions import IncompleteCommit

from domain.access import Level
from domain.changes import CredentialAdded, UserStateChanged
from domain.contents import single_content
from domain.errors import ConditionFailed, DomainError, FailedPrecondition, Forbidden, NotFound
from domain.keys import cut_key
from domain.publishing import Conditions, Publication, Published
from domain.resources import ContainerFacts, Kind
from graphstore.cypher import resolving
from graphstore.errors import CommitUnknown
from tests.graph_dump import Dump, check_invariants
from tests.world import World, outcomes


async def test_thirty_two_at_once_share_few_statements(world: World) -> None:
    ada = await world.user()
    project = await world.project(ada, "group")
    await world.container(ada, Kind.DATASET, project, "d")
    before = world.engine.statement_count

    results = await outcomes(*(world.put(ada, "group", f"d/{number}", number) for number in range(32)))

    assert all(isinstance(result, Published) for result in results)
    # Each transaction: keys, locks, keys again and one statement a kind of change.
    assert world.engine.statement_count - before <= 30
    dataset = (await world.facts_of(ada, project))[project]
    assert isinstance(dataset, ContainerFacts)
    await check_invariants(world)


async def test_a_key_pair_that_is_gone_before_the_end_publishes_nothing(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "revoked")
    await world.apply(
        CredentialAdded("AK-ENDED", ada, "ended", "sealed", None, expires_at=world.now, at=world.now),
        CredentialAdded("AK-GOOD", ada, "good", "sealed", None, expires_at=None, at=world.now),
    )

    def signed_by(access_key_id: str, key: str) -> Publication:
        publication = world.publication(ada, "revoked", key)
        caller = replace(publication.stamp.caller, access_key_id=access_key_id)
        return replace(publication, stamp=replace(publication.stamp, caller=caller))

    results = await outcomes(
        world.publisher.publish(signed_by("AK-GOOD", "good")),
        world.publisher.publish(signed_by("AK-REVOKED", "revoked")),
        world.publisher.publish(signed_by("AK-ENDED", "ended")),
    )

    assert [type(result) for result in results] == [Published, NotFound, NotFound]
    await check_invariants(world)


async def test_refusals_among_them_touch_nothing_and_nobody_else(world: World) -> None:
    ada, bob, eve = [await world.user(name) for name in ("ada", "bob", "eve")]
    project = await world.project(ada, "mixed")
    taken = await world.put(ada, "mixed", "taken")
    await world.grant(ada, project, bob, Level.APPEND)
    gone = await world.begin_object(ada, project, "gone")
    await world.delete_object(ada, gone.object_id)
    only_new = Conditions(if_none_match=("*",))

    def publish(user: str, bucket: str, key: str, **more: Any) -> Any:
        return world.publisher.publish(world.publication(user, bucket, key, **more))

    calls: list[tuple[Any, type[Published | DomainError]]] = [
        *((publish(ada, "mixed", f"x/y/{n}"), Published) for n in range(8)),
        (publish(bob, "mixed", "x/z/1"), Published),
        (publish(bob, "mixed", "bobs"), Published),
        (publish(bob, "mixed", "taken"), Forbidden),
        (publish(eve, "mixed", "eves"), NotFound),
        (publish(ada, "nowhere", "o"), NotFound),
        (publish(ada, "mixed", "taken", conditions=only_new), ConditionFailed),
        (publish(ada, "mixed", "fresh", conditions=only_new), Published),
        (publish(ada, "mixed", "o", upload_id="none"), NotFound),
        (publish(ada, "mixed", "gone", object_id=gone.object_id, upload_id=gone.upload_id), FailedPrecondition),
        (publish(ada, "mixed", "taken"), Published),
    ]

    results = await outcomes(*(call for call, _ in calls))

    assert [type(result) for result in results] == [expected for _, expected in calls]
    assert results[-1].object_id == taken.object_id
    assert results[-1].revision_number == 1
    graph = await check_invariants(world)
    names = {node["name"] for node in graph.labelled("Object")}
    assert names.isdisjoint({"eves", "o"})


async def test_only_one_of_many_that_must_be_new_is(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "first-only")
    only_new = Conditions(if_none_match=("*",))

    results = await outcomes(
        *(world.publisher.publish(world.publication(ada, "first-only", "c/o", conditions=only_new)) for _ in range(12))
    )

    assert Counter(type(result).__name__ for result in results) == {"Published": 1, "ConditionFailed": 11}
    await check_invariants(world)


async def test_a_client_that_goes_away_undoes_nothing(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "gone-client")
    impatient = asyncio.create_task(world.put(ada, "gone-client", "o"))
    patient = asyncio.create_task(world.put(ada, "gone-client", "p"))
    await asyncio.sleep(0)
    impatient.cancel()

    assert (await patient).revision_number == 0
    await world.publisher.close()
    request = resolving.KeyRequest("", "gone-client", cut_key("o"), world.now_ms)
    assert (await world.store.read(resolving.resolve([request])))[0].object is not None
    await check_invariants(world)


def shape_of(graph: Dump, bucket: str) -> set[tuple[Any, ...]]:
    """The tree of a project as values: what each path is, whatever its ids and instants."""
    names: dict[str, str] = {}
    up = {edge.source: (edge.target, edge.properties["name"]) for edge in graph.edges if edge.type == "BELONGS_TO"}

    def path(key: str) -> str:
        if key not in names:
            parent = up.get(key)
            names[key] = f"{path(parent[0])}/{parent[1]}" if parent else str(graph.nodes[key]["name"])
        return names[key]

    fields = (
        "name",
        "kind",
        "state",
        "hidden",
        "madeByPut",
        "entries",
        "objects",
        "bytes",
        "revision",
        "revisionNumber",
        "etag",
    )
    return {
        (path(node.key), *(node[name] for name in fields))
        for node in graph.labelled("Resource")
        if path(node.key).split("/")[0] == bucket
    }


KEYS = [
    *("a", "a/", "a/b", "a/b/c", "a/b/d", "a/bb/c/d", "a//x", "z/y/x/w/v", "z/y", "z/q", "./dot", "top", "ä/ö/ü"),
    *("data/1.csv", "data/2.csv", "data/deep/3.csv", "data/deep/deeper/4.csv", "\U0001f600/5"),
]


async def upload_in_order(world: World, user: str, bucket: str, keys: Sequence[str]) -> set[tuple[Any, ...]]:
    """Put keys, four at a time, and answer what the project looks like with its name taken out."""
    await world.project(user, bucket)
    lane = asyncio.Semaphore(4)
    contents = {key: Random(key).randint(0, 99) for key in keys}

    async def put(key: str) -> Published:
        async with lane:
            blob = world.blob(contents[key])
            same = single_content(world.new_id(), replace(blob, md5=hashlib.md5(key.encode()).hexdigest()), {})
            return await world.publisher.publish(world.publication(user, bucket, key, same))

    await asyncio.gather(*map(put, keys))
    return {(path.removeprefix(bucket), *rest) for path, *rest in shape_of(await check_invariants(world), bucket)}


async def test_the_same_files_in_any_order_four_at_a_time_give_the_same_graph(world: World) -> None:
    ada = await world.user()
    expected = await upload_in_order(world, ada, "order", KEYS)
    assert len(expected) > len(KEYS)

    for seed in range(6):
        shuffled = Random(seed).sample(KEYS, len(KEYS))
        found = await upload_in_order(world, ada, f"order-{seed}", shuffled)
        renamed = {(path, "order" if name == f"order-{seed}" else name, *rest) for path, name, *rest in found}
        assert renamed == expected, f"seed {seed}: {renamed ^ expected}"


async def test_a_group_whose_commit_is_not_heard_of_is_not_decided_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Decided again, what had to be new would be refused, and its bytes, which the graph refers to, be removed."""
    ada = await world.user()
    await world.project(ada, "unheard")
    only_new = Conditions(if_none_match=("*",))
    commit = AsyncTransaction.commit

    async def commit_unheard(transaction: AsyncTransaction) -> None:
        await commit(transaction)
        raise IncompleteCommit("connection lost")

    with monkeypatch.context() as patched:
        patched.setattr(AsyncTransaction, "commit", commit_unheard)
        results = await outcomes(
            *(
                world.publisher.publish(world.publication(ada, "unheard", f"o{number}", conditions=only_new))
                for number in range(3)
            )
        )

    assert [type(result) for result in results] == [CommitUnknown] * 3
    rows = await world.ask(
        "MATCH (o:Object)-[:BELONGS_TO]->(:Project {bucket: 'unheard'}) RETURN o.revision AS revision"
    )
    assert [row["revision"] for row in rows] == [1, 1, 1]
    await check_invariants(world)


async def test_who_was_stopped_while_his_bytes_came_publishes_nothing(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "stopped")
    publication = world.publication(ada, "stopped", "late")
    await world.apply(UserStateChanged(ada, is_active=False, at=world.now))

    with pytest.raises(NotFound):
        await world.publisher.publish(publication)

    await world.apply(UserStateChanged(ada, is_active=True, at=world.now))
    assert isinstance(await world.publisher.publish(publication), Published)
