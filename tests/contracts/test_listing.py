"""LIST over the graph against a sorted list of keys, on every engine: order, prefixes, delimiters, markers, pages."""

import random
from collections.abc import Sequence
from typing import Final

import pytest

from domain.access import Level
from domain.resources import Kind
from graphstore.cypher import resolving
from graphstore.cypher.resolving import KeyRequest
from graphstore.listing import Listing, list_cut, list_keys
from tests.world import World, outcomes

ALPHABET: Final = ("a", "b", "/", "/", "é", "\N{GRINNING FACE}", " ", "0", "\uffff", ".")
KEYS: Final = 60
QUESTIONS: Final = 120


async def listed(
    world: World, user: str, bucket: str, prefix: str = "", delimiter: str = "", marker: str = "", limit: int = 1000
) -> Listing:
    """List as the S3 face does: resolve with the user's own levels, then walk."""
    access_key = f"AK{user}"
    request = KeyRequest(access_key, bucket, list_cut(prefix), world.now_ms)
    resolution = (await world.store.read(resolving.resolve([request])))[0]
    return await list_keys(
        world.store,
        resolution,
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        limit=limit,
        caller=user,
        now=world.now_ms,
    )


async def lister(world: World, name: str) -> str:
    """Make a user whose key pair the resolve statement finds."""
    user = await world.user(name)
    await world.do(
        "MATCH (u:User {id: $user}) CREATE (c:S3Credential {accessKeyId: $key, userId: $user, name: 'k', "
        "sealedSecret: 'x', createdAt: 0})-[:OF]->(u)",
        user=user,
        key=f"AK{user}",
    )
    return user


def expected(keys: Sequence[str], prefix: str, delimiter: str, marker: str, limit: int) -> tuple[list[str], bool]:
    """What S3 answers, from a sorted list: keys and common prefixes together, in order, and whether more follows."""
    items: list[str] = []
    for key in keys:
        if not key.startswith(prefix) or key <= marker:
            continue
        at = key.find(delimiter, len(prefix)) if delimiter else -1
        item = key if at < 0 else key[: at + len(delimiter)]
        if item not in items and item != marker:
            items.append(item)
    return items[:limit], len(items) > limit > 0


def items_of(listing: Listing) -> list[str]:
    return sorted([*(key.key for key in listing.keys), *listing.common_prefixes], key=str.encode)


def random_key(draw: random.Random) -> str:
    return "".join(draw.choice(ALPHABET) for _ in range(draw.randint(1, 7)))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_any_listing_equals_that_of_a_sorted_list(world: World, seed: int) -> None:
    draw = random.Random(seed)
    user = await lister(world, "lister")
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
    user = await lister(world, "pager")
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
    user = await lister(world, "deleter")
    await world.project(user, "deleting")
    published = await world.put(user, "deleting", "dir/sub/only")
    await world.put(user, "deleting", "other")

    await world.delete_object(user, published.object_id)

    assert items_of(await listed(world, user, "deleting", "", "/")) == ["other"]
    assert items_of(await listed(world, user, "deleting", "dir/")) == []


async def test_an_empty_container_is_no_common_prefix(world: World) -> None:
    user = await lister(world, "maker")
    project = await world.project(user, "empties")
    collection = await world.container(user, Kind.COLLECTION, project, "made")
    await world.container(user, Kind.DATASET, collection, "inner")

    assert items_of(await listed(world, user, "empties", "", "/")) == []


async def test_a_grant_on_a_dataset_lists_that_dataset(world: World) -> None:
    owner, reader = await world.user("owner"), await lister(world, "reader")
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
    stranger = await lister(world, "stranger")
    project = await world.project(owner, "half-public")
    await world.put(owner, "half-public", "hidden")
    await world.put(owner, "half-public", "hidden-dir/x")
    await world.do("MATCH (p:Project {id: $id}) SET p.dataClass = 'PUBLIC'", id=project)
    await world.put(owner, "half-public", "open")
    await world.put(owner, "half-public", "open-dir/x")

    assert items_of(await listed(world, stranger, "half-public")) == ["open", "open-dir/x"]
    assert items_of(await listed(world, stranger, "half-public", "", "/")) == ["open", "open-dir/"]


async def test_an_object_that_waits_for_its_bytes_is_no_key(world: World) -> None:
    user = await lister(world, "waiter")
    project = await world.project(user, "waiting")
    await world.begin_object(user, project, "not-yet")

    assert items_of(await listed(world, user, "waiting")) == []
