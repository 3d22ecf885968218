"""Random writes around random snapshots, on every engine: a snapshot reads and lists what there was, for ever.

Compared with a copy of all keys, taken straight from the edges when the snapshot was made.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

import pytest

from domain.errors import DomainError
from domain.resources import Kind
from tests.contracts.asking import expected, items_of, listed, signer, version_at
from tests.world import World

SEGMENTS: Final = ("c", "d", "e f", "\N{GRINNING FACE}", "\uffff", "a")
BEFORE: Final = 30
AFTER: Final = 90
QUESTIONS: Final = 25
CALLS: Final = (*["put"] * 8, *["delete"] * 2, "rename", "move", "share", "unlink", "snapshot", "tree")


@dataclass(frozen=True)
class Kept:
    """A snapshot, and the versionIds of all keys in it when it was made."""

    original: str
    version: str
    keys: Mapping[str, str]


@dataclass
class Doer:
    """Does random things as one user and keeps what each snapshot must show."""

    world: World
    user: str
    draw: Random
    buckets: tuple[str, ...]
    kept: list[Kept]

    async def ids(self, *kinds: Kind) -> list[str]:
        rows = await self.world.ask(
            "MATCH (r:Resource) WHERE r.createdBy = $user AND r.kind IN $kinds AND r.state = 'AVAILABLE' "
            "AND coalesce(r.frozen, false) = false AND coalesce(r.hidden, false) = false RETURN r.id AS id",
            user=self.user,
            kinds=[str(kind) for kind in kinds],
        )
        return sorted(row["id"] for row in rows)

    def key(self) -> str:
        segments = [self.draw.choice(SEGMENTS) for _ in range(self.draw.randint(1, 4))]
        return "/".join(segments) + self.draw.choice(["", "", "", "/"])

    async def step(self) -> None:
        try:
            await self.call(self.draw.choice(CALLS))
        except DomainError:
            return  # random calls are refused often: what counts is what the accepted ones leave

    async def call(self, name: str) -> None:
        world, user, choice = self.world, self.user, self.draw.choice
        objects = await self.ids(Kind.OBJECT)
        parts = await self.ids(Kind.COLLECTION, Kind.DATASET)
        containers = await self.ids(Kind.PROJECT, Kind.COLLECTION, Kind.DATASET)
        if name == "put" or not objects or not parts:
            await world.put(user, choice(self.buckets), self.key(), self.draw.randint(0, 9))
        elif name == "delete":
            await world.delete_object(user, choice(objects))
        elif name == "rename":
            await world.rename(user, choice([*objects, *parts]), choice(SEGMENTS))
        elif name == "move":
            await world.move(user, choice([*objects, *parts]), choice(containers), choice([None, "a", "d"]))
        elif name == "share":
            await world.share(user, choice([*objects, *parts]), choice(containers), choice([None, "a", "c"]))
        elif name == "unlink":
            await world.unlink_child(user, choice([*objects, *parts]), choice(containers))
        elif name == "snapshot":
            await self.snapshot(choice(containers))
        elif self.draw.random() < 0.4:
            await world.delete_container(user, choice(parts), is_recursive=True)
            await world.finish_tasks()

    async def snapshot(self, container: str) -> None:
        version = f"1.0.{len(self.kept)}"
        await self.world.snapshot(self.user, container, version)
        self.kept.append(Kept(container, version, await copy_of(self.world, container)))


async def copy_of(world: World, root: str) -> dict[str, str]:
    """All keys below a container and the versionIds that they show."""
    rows = await world.ask(
        "MATCH path = (o:Object)-[:BELONGS_TO*1..3]->(:Resource {id: $root}) WHERE o.state = 'AVAILABLE' "
        "AND none(n IN nodes(path) WHERE n.state = 'DELETED' OR coalesce(n.hidden, false)) "
        "AND NOT EXISTS { (o)-[:BELONGS_TO {home: true}]->(:Resource {state: 'DELETED'}) } "
        "RETURN [e IN relationships(path) | e.name] AS names, o.versionId AS version",
        root=root,
    )
    return {"/".join(reversed(row["names"])): row["version"] for row in rows}


async def beginnings(world: World, kept: Kept) -> list[tuple[str, str]]:
    """Buckets and beginnings of keys under which a snapshot is found today: where its original is, if it lives."""
    rows = await world.ask(
        "MATCH path = (o:Resource {id: $id})-[:BELONGS_TO*0..2]->(p:Project) WHERE p.bucket IS NOT NULL "
        "AND none(n IN nodes(path) WHERE n.state = 'DELETED' OR coalesce(n.hidden, false)) "
        "RETURN p.bucket AS bucket, [e IN relationships(path) | e.name] AS names",
        id=kept.original,
    )
    return [(row["bucket"], f"{'/'.join(reversed(row['names']))}@{kept.version}/") for row in rows]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_snapshot_shows_what_there_was_whatever_is_done_since(world: World, seed: int) -> None:
    draw = Random(seed)
    user = await signer(world, f"doer {seed}")
    buckets = (f"frozen-{seed}", f"frozen-{seed}-b")
    projects = [await world.project(user, bucket) for bucket in buckets]
    doer = Doer(world, user, draw, buckets, [])
    for _ in range(BEFORE):
        await doer.step()
    await doer.snapshot(projects[0])
    for _ in range(AFTER):
        await doer.step()

    asked = 0
    for kept in doer.kept:
        for bucket, beginning in await beginnings(world, kept):
            await _compare(doer, kept, bucket, beginning, seed)
            asked += 1
    assert asked > 1, "the seed leaves snapshots that can still be asked"


async def _compare(doer: Doer, kept: Kept, bucket: str, beginning: str, seed: int) -> None:
    world, user, draw = doer.world, doer.user, doer.draw
    shown = {key: await version_at(world, user, bucket, beginning + key) for key in kept.keys}
    assert (seed, beginning, shown) == (seed, beginning, dict(kept.keys))
    others = {key for one in doer.kept for key in one.keys} - set(kept.keys)
    for key in sorted(others)[:10]:
        assert await version_at(world, user, bucket, beginning + key) is None, (seed, beginning, key)
    keys = sorted((beginning + key for key in kept.keys), key=str.encode)
    whole = await listed(world, user, bucket, beginning)
    assert (seed, [key.key for key in whole.keys], whole.is_truncated) == (seed, keys, False)
    for _ in range(QUESTIONS):
        prefix = beginning + draw.choice([*kept.keys, ""])[: draw.randint(0, 4)]
        delimiter = draw.choice(["", "/", "/", "c", "\N{GRINNING FACE}"])
        marker = draw.choice(["", beginning + draw.choice([*kept.keys, ""])[: draw.randint(0, 7)]])
        limit = draw.choice([0, 1, 2, 3, 1000])
        page = await listed(world, user, bucket, prefix, delimiter, marker, limit)
        question = (seed, bucket, prefix, delimiter, marker, limit)
        assert (question, items_of(page), page.is_truncated) == (
            question,
            *expected(keys, prefix, delimiter, marker, limit),
        )
