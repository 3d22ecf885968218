"""LIST over the graph against a sorted list of keys, on every engine: order, prefixes, delimiters, markers, pages."""

import random
from typing import Final

import pytest

from domain.access import Level
from domain.resources import Kind
from tests.contracts.asking import expected, items_of, listed, signer
from tests.world import World, outcomes

ALPHABET: Final = ("a", "b", "/", "/", "é", "\N{GRINNING FACE}", " ", "0", "\uffff", ".")
KEYS: Final = 60
QUESTIONS: Final = 120


def random_key(draw: random.Random) -> str:
    return "".join(draw.choice(ALPHABET) for _ in range(draw.randint(1, 7)))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_listing_equals_that_of_a_sorted_list(world: World, seed: int) -> None:
    draw = random.Random(seed)
    user = await signer(world, "lister")
    bucket = f"listing-{seed}"
    await world.project(user, bucket)
    keys = sorted({random_key(draw) for _ in range(KEYS)}, key=str.encode)
    assert not [
        error
        for error in await outcomes(*[world.put(user, bucket, key) for key in keys])
        if isinstance(error, Exception)
    ]

    for _ in range(QUESTIONS):
        prefix = "" if draw.random() < 0.3 else draw.choice(keys)[: draw.randint(0, 4)]
        delimiter = draw.choice(["", "/", "/", "a", "é", "//"])
        marker = "" if draw.random() < 0.5 else draw.choice(keys)[: draw.randint(0, 7)]
        limit = draw.choice([0, 1, 2, 3, 1000])

        listing = await listed(world, user, bucket, prefix, delimiter, marker, limit)

        question = (seed, prefix, delimiter, marker, limit)
        assert (question, items_of(listing), listing.is_truncated) == (
            question,
            *expected(keys, prefix, delimiter, marker, limit),
        )


async def test_pages_that_go_on_after_their_last_item_give_everything_once(world: World) -> None:
    user = await signer(world, "pager")
    await world.project(user, "paging")
    keys = [f"c{number % 3}/d{number % 2}/f{number:02d}" for number in range(24)] + ["c0/", "top", "zz top/x"]
    await outcomes(*[world.put(user, "paging", key) for key in keys])

    for delimiter in ("", "/"):
        found: list[str] = []
        marker, is_truncated = "", True
        while is_truncated:
            page = await listed(world, user, "paging", "", delimiter, marker, 2)
            found += items_of(page)
            marker, is_truncated = page.last, page.is_truncated
        assert found == expected(sorted(keys), "", delimiter, "", 1000)[0]


async def test_a_deleted_key_and_its_empty_folders_are_gone_at_once(world: World) -> None:
    user = await signer(world, "deleter")
    await world.project(user, "deleting")
    published = await world.put(user, "deleting", "dir/sub/only")
    await world.put(user, "deleting", "other")

    await world.delete_object(user, published.object_id)

    assert items_of(await listed(world, user, "deleting", "", "/")) == ["other"]
    assert items_of(await listed(world, user, "deleting", "dir/")) == []


async def test_an_empty_container_is_no_common_prefix(world: World) -> None:
    user = await signer(world, "maker")
    project = await world.project(user, "empties")
    collection = await world.container(user, Kind.COLLECTION, project, "made")
    await world.container(user, Kind.DATASET, collection, "inner")

    assert items_of(await listed(world, user, "empties", "", "/")) == []


async def test_a_grant_on_a_dataset_lists_that_dataset(world: World) -> None:
    owner, reader = await world.user("owner"), await signer(world, "reader")
    await world.project(owner, "granted")
    await world.put(owner, "granted", "coll/data/a")
    await world.put(owner, "granted", "coll/data/")
    await world.put(owner, "granted", "coll/secret/b")
    (dataset,) = [
        str(row["id"])
        for row in await world.ask(
            "MATCH (d:Dataset {name: 'data'}) WHERE d.createdBy = $by RETURN d.id AS id", by=owner
        )
    ]
    await world.grant(owner, dataset, reader, Level.READ)

    listing = await listed(world, reader, "granted", "coll/data/")

    assert [key.key for key in listing.keys] == ["coll/data/a"], (
        "the marker is a name of the collection, which is hidden"
    )


async def test_what_only_its_class_opens_lists_what_is_public(world: World) -> None:
    owner = await world.user("owner of the public")
    stranger = await signer(world, "stranger")
    project = await world.project(owner, "half-public")
    await world.put(owner, "half-public", "hidden")
    await world.put(owner, "half-public", "hidden-dir/x")
    await world.do("MATCH (p:Project {id: $id}) SET p.dataClass = 'PUBLIC'", id=project)
    await world.put(owner, "half-public", "open")
    await world.put(owner, "half-public", "open-dir/x")

    assert items_of(await listed(world, stranger, "half-public")) == ["open", "open-dir/x"]
    assert items_of(await listed(world, stranger, "half-public", "", "/")) == ["open", "open-dir/"]


async def test_an_object_that_waits_for_its_bytes_is_no_key(world: World) -> None:
    user = await signer(world, "waiter")
    project = await world.project(user, "waiting")
    await world.begin_object(user, project, "not-yet")

    assert items_of(await listed(world, user, "waiting")) == []
