"""Loaders of one request: what many nodes of a document ask for at the same moment becomes one statement.

They belong to one caller and one instant, so they are never shared by requests.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from strawberry.dataloader import DataLoader

from domain.errors import CostExceeded
from domain.frozen import FrozenId, parse_frozen_id
from domain.licenses import License, license_key
from domain.resources import Kind
from domain.views import (
    ContainerView,
    ExternalRelationView,
    GrantView,
    LabelView,
    NamedResource,
    ParentView,
    RelationView,
    ResourceView,
    RevisionView,
    ShareView,
    UserView,
)
from graphstore.cypher import accounts, batched, frozen_objects, labels, licenses, placing, readings, snapshots
from graphstore.cypher.accounts import CredentialRecord
from graphstore.cypher.batched import HomePlace, RelationsRequest
from graphstore.cypher.frozen_objects import FrozenWay
from graphstore.cypher.pages import BRANCHES_MAX
from graphstore.cypher.snapshots import SnapshotsRequest
from graphstore.store import GraphStore
from resolvers.children import ChildrenRequest, load_children
from resolvers.paging import Page
from resolvers.stats import Stats, load_stats_below

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

WALKS_MAX: Final = 25
LISTED_MAX: Final = 20_000
"""How many items all lists of one request may ask for: nested lists multiply, and each level is read at once."""


@dataclass(frozen=True, slots=True)
class DirectedRelations:
    """One page of a resource's outgoing or incoming relations."""

    request: RelationsRequest
    is_outgoing: bool


class Loaders:
    """All loaders of a request. Those that show something of a resource are for resources the caller is known to see.

    `resources`, `users`, `places`: by id, None where there is none that the caller may see. `paths` begin with the
    home's. `frozen_ways`: those from a snapshot down, by the id of a container of it. `stats_below`: by (id, kind).
    `externals_at`, `labels_at`: by (id, number), as domain/revising.py counts. `revisions`: by (Object's id, below this
    number, size), newest first. `revisions_at`: by (Object's id, versionId). `token_credentials`: by the token's id.
    `licenses`: added ones by id.
    """

    def __init__(self, store: GraphStore, caller: str, now: int) -> None:
        self._store = store
        self._caller = caller
        self._now = now
        self._walks = 0
        self._listed = 0
        self._all: list[DataLoader[Any, Any]] = []
        self.resources = self._loader(self._load_resources)
        self.users = self._loader(self._load_users)
        self.parents = self._loader(self._load_parents)
        self.paths = self._loader(self._load_paths)
        self.frozen_ways = self._loader(self._load_frozen_ways)
        self.places = self._loader(self._load_places)
        self.children = self._loader(self._load_children)
        self.stats_below = self._loader(self._load_stats_below)
        self.relations = self._loader(self._load_relations)
        self.externals = self._loader(self._load_externals)
        self.externals_at = self._loader(self._load_externals_at)
        self.labels = self._loader(self._load_labels)
        self.labels_at = self._loader(self._load_labels_at)
        self.snapshots = self._loader(self._load_snapshots)
        self.latest_snapshots = self._loader(self._load_latest_snapshots)
        self.revisions = self._loader(self._load_revisions)
        self.revisions_at = self._loader(self._load_revisions_at)
        self.grants = self._loader(self._load_grants)
        self.shares = self._loader(self._load_shares)
        self.token_credentials = self._loader(self._load_token_credentials)
        self.licenses = self._loader(self._load_licenses)

    def _loader(self, load: Callable[[list[K]], Awaitable[list[V]]]) -> DataLoader[K, V]:
        loader = DataLoader[K, V](load_fn=load)
        self._all.append(loader)
        return loader

    def count_walk(self) -> None:
        """Count a walk that can't share its statements with those of other nodes.

        Raises: CostExceeded beyond WALKS_MAX in one request.
        """
        self._walks += 1
        if self._walks > WALKS_MAX:
            message = f"one request walks descendants or lineage of at most {WALKS_MAX} resources; ask for fewer"
            raise CostExceeded(message)

    def _count_listed(self, sizes: Iterable[int]) -> None:
        """Count what pages ask for, before it is read.

        Raises: CostExceeded beyond LISTED_MAX in one request.
        """
        self._listed += sum(sizes)
        if self._listed > LISTED_MAX:
            message = (
                f"the lists of one request ask for at most {LISTED_MAX} items; nested lists multiply: ask for fewer"
            )
            raise CostExceeded(message)

    def forget(self) -> None:
        """Forget what was loaded: something has changed."""
        for loader in self._all:
            loader.clear_all()

    async def _load_resources(self, ids: list[str]) -> list[ResourceView | None]:
        frozen = {text: frozen_id for text in ids if (frozen_id := parse_frozen_id(text)) is not None}
        living = [text for text in ids if text not in frozen]
        found: dict[str, ResourceView] = {}
        if living:
            found |= await self._store.read(readings.resources(living, self._caller, self._now))
        if frozen:
            found |= await self._frozen_objects(list(frozen.values()))
        return [found.get(text) for text in ids]

    async def _frozen_objects(self, ids: Sequence[FrozenId]) -> dict[str, ResourceView]:
        found = await self._store.read(frozen_objects.objects(ids, self._caller, self._now))
        return {view.id: view for view in found.values()}

    async def _load_users(self, ids: list[str]) -> list[UserView | None]:
        found = await self._store.read(batched.users(ids))
        return [found.get(user_id) for user_id in ids]

    async def _load_parents(self, ids: list[str]) -> list[Sequence[ParentView]]:
        return _in_order(ids, await self._store.read(readings.parents(ids, self._caller, self._now)))

    async def _load_paths(self, ids: list[str]) -> list[Sequence[str]]:
        found = await self._store.read(readings.paths(ids))
        return [["/".join(names) for _, names in found.get(resource_id, ())] for resource_id in ids]

    async def _load_frozen_ways(self, ids: list[str]) -> list[Sequence[FrozenWay]]:
        return _in_order(ids, await self._store.read(frozen_objects.ways(ids)))

    async def _load_places(self, ids: list[str]) -> list[HomePlace | None]:
        found = await self._store.read(batched.home_places(ids))
        return [found.get(resource_id) for resource_id in ids]

    async def _load_children(self, requests: list[ChildrenRequest]) -> list[Page[NamedResource]]:
        self._count_listed(request.page.size for request in requests)
        return await load_children(self._store, requests, self._caller, self._now)

    async def _load_stats_below(self, roots: list[tuple[str, Kind]]) -> list[Stats]:
        return await load_stats_below(self._store, roots, self._caller, self._now)

    async def _load_relations(self, keys: list[DirectedRelations]) -> list[Sequence[RelationView]]:
        self._count_listed(key.request.size for key in keys)
        answers: list[Sequence[RelationView]] = [()] * len(keys)
        for is_outgoing in (True, False):
            places = [place for place, key in enumerate(keys) if key.is_outgoing is is_outgoing]
            if places:
                requests = [keys[place].request for place in places]
                found = await self._store.read(
                    batched.relations(requests, self._caller, self._now, is_outgoing=is_outgoing)
                )
                for number, place in enumerate(places):
                    answers[place] = found.get(number, ())
        return answers

    async def _load_externals(self, ids: list[str]) -> list[Sequence[ExternalRelationView]]:
        return _in_order(ids, await self._store.read(readings.externals(ids)))

    async def _load_externals_at(self, keys: list[tuple[str, int]]) -> list[Sequence[ExternalRelationView]]:
        return _in_order(range(len(keys)), await self._store.read(readings.externals_at(keys)))

    async def _load_labels(self, ids: list[str]) -> list[Sequence[LabelView]]:
        return _in_order(ids, await self._store.read(labels.labels(ids)))

    async def _load_labels_at(self, keys: list[tuple[str, int]]) -> list[Sequence[LabelView]]:
        return _in_order(range(len(keys)), await self._store.read(labels.labels_at(keys)))

    async def _load_snapshots(self, keys: list[SnapshotsRequest]) -> list[Sequence[ContainerView]]:
        self._count_listed(key.size for key in keys)
        answers: list[Sequence[ContainerView]] = []
        for start in range(0, len(keys), BRANCHES_MAX):
            group = keys[start : start + BRANCHES_MAX]
            found = await self._store.read(snapshots.snapshots(group, self._caller, self._now))
            answers += _in_order(range(len(group)), found)
        return answers

    async def _load_latest_snapshots(self, ids: list[str]) -> list[ContainerView | None]:
        found = await self._store.read(snapshots.latest_snapshots(ids, self._caller, self._now))
        return [found.get(original_id) for original_id in ids]

    async def _load_revisions(self, keys: list[tuple[str, int, int]]) -> list[Sequence[RevisionView]]:
        self._count_listed(size for _, _, size in keys)
        return _in_order(range(len(keys)), await self._store.read(batched.revisions(keys, self._caller, self._now)))

    async def _load_revisions_at(self, keys: list[tuple[str, str]]) -> list[RevisionView | None]:
        found = await self._store.read(batched.revisions_at(keys, self._caller, self._now))
        return [found.get(place) for place in range(len(keys))]

    async def _load_shares(self, ids: list[str]) -> list[Sequence[ShareView]]:
        return _in_order(ids, await self._store.read(placing.shares(ids, self._caller, self._now)))

    async def _load_grants(self, ids: list[str]) -> list[Sequence[GrantView]]:
        return _in_order(ids, await self._store.read(batched.grants(ids, self._caller, self._now)))

    async def _load_token_credentials(self, ids: list[str]) -> list[CredentialRecord | None]:
        return [await self._store.read(accounts.token_credential(token_id)) for token_id in ids]

    async def _load_licenses(self, ids: list[str]) -> list[License | None]:
        found = {license_key(one.id): one for one in await self._store.read(licenses.some(ids))}
        return [found.get(license_key(license_id)) for license_id in ids]


def _in_order(keys: Sequence[K], found: Mapping[K, Sequence[V]]) -> list[Sequence[V]]:
    return [found.get(key, ()) for key in keys]
