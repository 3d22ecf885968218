"""Somebody who writes at random to two projects and takes snapshots on the way, with copies of what they saw."""

from contextlib import suppress
from itertools import count
from random import Random
from typing import TYPE_CHECKING, Any

from domain.describing import Description
from domain.errors import DomainError
from domain.labels import NewLabel
from domain.linking import ExternalLink, Link
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass, Kind
from tests.frozen_copies import Copy, copy_frozen, copy_present, names_of
from tests.world import World

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = count()
NAMES = ["a", "b", "a.b", "b!", "\U0001f600", "\uffff"]
KEYS = [*NAMES, "c/a", "c/b", "c/d/a", "c/d/b", "d/a", "d/e/f", "c/d/x/y"]


class Writer:
    """One person's random writes to two projects, and the snapshots taken on the way with copies of what they saw.

    The copies don't tell of data classes; `sets_classes` says whether any are changed.
    """

    sets_classes = True

    def __init__(self, world: World, random: Random, ada: str, buckets: list[str], projects: list[str]) -> None:
        self.world, self.random, self.ada = world, random, ada
        self.buckets, self.projects = buckets, projects
        self.copies: dict[str, Copy] = {}

    @classmethod
    async def begin(cls, world: World, random: Random) -> "Writer":
        ada = await world.user()
        buckets = [f"writer-{next(NUMBERS)}" for _ in range(2)]
        projects = [await world.project(ada, bucket) for bucket in buckets]
        return cls(world, random, ada, buckets, projects)

    async def some(self, kinds: str) -> str:
        """Id of a random resource that isn't part of a snapshot; kinds by their initials."""
        rows = await self.world.ask(
            "MATCH (r:Resource) WHERE r.createdBy = $ada AND r.snapshotOf IS NULL RETURN r.id AS id, r.kind AS kind "
            "ORDER BY r.id",
            ada=self.ada,
        )
        ids = [row["id"] for row in rows if row["kind"][0] in kinds]
        return self.random.choice(ids) if ids else self.projects[0]

    async def write(self) -> None:
        world, ada, random = self.world, self.ada, self.random
        pick = random.choice
        calls: list[tuple[int, Callable[[], Any]]] = [
            (8, lambda: world.put(ada, pick(self.buckets), pick(KEYS))),
            (2, lambda: world.delete_object(ada, target)),
            (2, lambda: world.rename(ada, target, pick(NAMES))),
            (2, lambda: world.move(ada, target, holder, pick([*NAMES, None]))),
            (2, lambda: world.share(ada, target, holder, pick([*NAMES, None]))),
            (1, lambda: world.unlink_child(ada, target, holder)),
            (3, lambda: world.describe(ada, thing, Description(title=pick("xyz")))),
            (2, lambda: world.set_labels(ada, thing, NewLabel(pick("kl"), pick("vw")))),
            (1, lambda: world.remove_labels(ada, thing, pick("kl"))),
            (2, lambda: world.link(ada, thing, link, doi)),
            (1, lambda: world.unlink(ada, thing, pick([link, doi]))),
            (1, lambda: world.container(ada, pick([Kind.COLLECTION, Kind.DATASET]), holder, pick("cde"))),
            (1, lambda: world.delete_container(ada, holder, is_recursive=pick([True, False]))),
            (1, lambda: world.restore(ada, thing)),
            (
                int(self.sets_classes),
                lambda: world.set_class(ada, thing, pick([DataClass.CONFIDENTIAL, DataClass.PRIVATE])),
            ),
            (1, lambda: world.clone(ada, target, holder, pick(NAMES))),
            (1, world.finish_tasks),
            (3, lambda: self.snapshot(holder)),
        ]
        target, holder, thing = await self.some("OCD"), await self.some("PCD"), await self.some("PCDO")
        link = Link(RelationKind.CUSTOM, await self.some("O"), "uses")
        doi = ExternalLink(ExternalType.DOI, f"10.1234/{pick('ab')}")
        (call,) = random.choices([call for _, call in calls], [weight for weight, _ in calls])
        with suppress(DomainError):
            await call()

    async def snapshot(self, container: str) -> None:
        # Objects that were deleted with their home leave the names that they were shared under a little later.
        await self.world.finish_tasks()
        made = await self.world.snapshot(self.ada, container, f"1.0.{next(NUMBERS)}")
        self.copies[made] = await copy_present(self.world, container)

    async def check(self) -> None:
        for snapshot, expected in self.copies.items():
            names = await names_of(self.world, self.ada, snapshot)
            for is_backward in (False, True):
                found = await copy_frozen(self.world, self.ada, names, self.random, is_backward=is_backward)
                assert found == expected
