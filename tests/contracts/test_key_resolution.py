"""A key names one place: what the kinds of the containers on its way make of it, in reading and in writing."""

import pytest

from domain.keys import cut_key
from domain.resources import Kind
from graphstore.cypher import resolving
from tests.world import World

NASTY = [
    "foo",
    "foo/",
    "foo/bar",
    "foo/bar/",
    "foo//bar",
    "./x",
    "../x",
    "/",
    "//",
    "a b/c/d",
    "é/x",
    "x/é/y",
    "x/y/z/w",
    "x/y//",
    "\x01",
    "foo/\x01",
    "\U0001f600/x",
    "c/\U0010ffff",
    "c/\uffff",
    "c/d/\U00010000",
    "(!_.*'-)/x",
]


async def resolved(world: World, bucket: str, key: str) -> str | None:
    request = resolving.KeyRequest("", bucket, cut_key(key), world.now_ms)
    found = (await world.store.read(resolving.resolve([request])))[0]
    return None if found.object is None else found.object.id


async def test_every_key_can_be_stored_and_is_found_again_alone(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "nasty")

    ids = {key: (await world.put(ada, "nasty", key)).object_id for key in NASTY}

    assert len(set(ids.values())) == len(NASTY)
    for key, object_id in ids.items():
        assert await resolved(world, "nasty", key) == object_id, key
        assert await world.path_of(object_id) == f"nasty/{key}"
        assert (await world.put(ada, "nasty", key)).object_id == object_id
    for key in ("fo", "foo/ba", "foo/bar/baz", "x", "x/", "x/y", "x/y/", "x/y/z", "\x01\x01", ""):
        assert await resolved(world, "nasty", key) is None, key


@pytest.mark.parametrize("kind", [Kind.COLLECTION, Kind.DATASET])
async def test_the_kind_of_a_container_decides_how_much_of_a_key_is_a_name(world: World, kind: Kind) -> None:
    ada = await world.user()
    bucket = f"by-{kind.lower()}"
    project = await world.project(ada, bucket)
    container = await world.container(ada, kind, project, "c")

    put = await world.put(ada, bucket, "c/d/e/f")

    facts = await world.facts_of(ada, put.object_id)
    home = facts[put.object_id].parents[0]
    if kind is Kind.DATASET:
        assert (home.parent_id, home.name) == (container, "d/e/f")
    else:
        dataset = (await world.facts_of(ada, home.parent_id))[home.parent_id]
        assert (dataset.kind, dataset.name, dataset.parents[0].parent_id) == (Kind.DATASET, "d", container)
        assert home.name == "e/f"
    assert await resolved(world, bucket, "c/d/e/f") == put.object_id


async def test_many_requests_resolve_each_for_itself(world: World) -> None:
    ada = await world.user()
    await world.project(ada, "many")
    keys = ["a", "b/c", "b/d/e", "f/g/h/i"]
    ids = [(await world.put(ada, "many", key)).object_id for key in keys]
    requests = [
        resolving.KeyRequest("", bucket, cut_key(key), world.now_ms) for key in keys for bucket in ("many", "none")
    ]

    found = await world.store.read(resolving.resolve(requests))

    answers = [found[n].object for n in range(len(requests))]
    assert [answer and answer.id for answer in answers] == [
        expected for object_id in ids for expected in (object_id, None)
    ]
