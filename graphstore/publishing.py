"""Publishes finished uploads in groups: those that wait at the same moment share a transaction, each succeeding alone.

One group is under way at a time in a process. Two publications that touch the same key, Object or missing container
never share a group, so each is decided on facts that its group doesn't change.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from domain.contents import Content, ExistingContent, NewContent
from domain.errors import DomainError, NotFound, Unavailable
from domain.keys import KeyCut, container_sort, containers_on_the_way
from domain.publishing import KeyFacts, Publication, Published, publish, versioned_place
from graphstore.bolt import Transaction
from graphstore.cypher import facts as cypher
from graphstore.cypher.blobs import lock_blobs
from graphstore.cypher.contents import lock_contents
from graphstore.cypher.snapshots import VersionedName, hidden_names
from graphstore.errors import BytesRemoved, WritersCrossed
from graphstore.instants import to_ms
from graphstore.same_blobs import same_blobs
from graphstore.store import GraphStore, load_under_locks
from graphstore.writing import apply_changes

if TYPE_CHECKING:
    from collections.abc import Callable

    from domain.changes import Change, Decision

T = TypeVar("T")

GROUP_MAX: Final = 128


@dataclass(slots=True)
class _Waiting:
    publication: Publication
    done: "asyncio.Future[Published]"
    touches: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        self.touches = _touches(self.publication)


def _touches(publication: Publication) -> frozenset[str]:
    """Names of what a publication may change that another one could change too: its key, Object and containers."""
    names = {f"key {publication.bucket}/{publication.key}"}
    if publication.object_id is not None:
        names.add(f"object {publication.object_id}")
    if publication.upload_id is not None:
        names.add(f"upload {publication.upload_id}")
    return frozenset(names)


class Publisher:
    """A queue of finished uploads in front of the graph.

    `let_go` is told of each blob that isn't needed, since its bytes were stored before; without it they are left to be
    swept.
    """

    def __init__(self, store: GraphStore, let_go: "Callable[[str], None] | None" = None) -> None:
        self._store = store
        self._let_go = let_go
        self._queue: list[_Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    async def publish(self, publication: Publication) -> Published:
        """Publish one finished upload; answers when it is committed.

        Raises: what the rule refuses (nothing is changed then); Unavailable.
        """
        waiting = _Waiting(publication, asyncio.get_running_loop().create_future())
        self._queue.append(waiting)
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name="publisher")
        # A client that goes away doesn't undo what its group is committing.
        return await asyncio.shield(waiting.done)

    async def close(self) -> None:
        """Wait until what was queued is published."""
        if self._task is not None:
            await self._task

    async def _work(self) -> None:
        try:
            while self._queue:
                await self._publish_group(self._next_group())
        finally:
            self._task = None

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        touched: set[str] = set()
        left: list[_Waiting] = []
        for waiting in self._queue:
            if len(group) < GROUP_MAX and touched.isdisjoint(waiting.touches):
                group.append(waiting)
            else:
                left.append(waiting)
            # What stays behind keeps its turn: nothing that touches the same may pass it.
            touched |= waiting.touches
        self._queue = left
        return group

    async def _publish_group(self, group: Sequence[_Waiting]) -> None:
        outcomes: Sequence[Outcome] | None
        try:
            outcomes = await self._store.engine.write(
                "publish", lambda transaction: _publish(transaction, [waiting.publication for waiting in group])
            )
        except _NothingAcceptedError as refused:
            outcomes = refused.outcomes
        except (BytesRemoved, WritersCrossed) as error:
            outcomes = await self._apart(group, error)
        except Unavailable as error:
            # It may be committed all the same. Decided again one by one, what has succeeded would be refused (it is
            # no longer new, its upload has ended), and refused bytes are removed.
            outcomes = [error] * len(group)
        except Exception as error:  # noqa: BLE001  whatever happened, each waiting client must hear of it
            outcomes = await self._apart(group, error)
        if outcomes is None:
            return
        for waiting, outcome in zip(group, outcomes, strict=True):
            if outcome is None:
                self._queue.append(waiting)
            elif isinstance(outcome, _Accepted):
                _ = waiting.done.cancelled() or waiting.done.set_result(outcome.published)
                if outcome.spare_blob_id is not None:
                    self.let_go(outcome.spare_blob_id)
            else:
                _ = waiting.done.cancelled() or waiting.done.set_exception(outcome)

    async def _apart(self, group: Sequence[_Waiting], error: Exception) -> "Sequence[Outcome] | None":
        """Publish the members of a group that failed one by one; None then. Alone, the failure is its outcome."""
        if len(group) == 1:
            return [error]
        for waiting in group:
            await self._publish_group([waiting])
        return None

    def let_go(self, blob_id: str) -> None:
        """Say that a blob isn't needed: committed is a reference to another one of the same bytes."""
        if self._let_go is not None:
            self._let_go(blob_id)


@dataclass(frozen=True, slots=True)
class _Accepted:
    """A publication that the transaction writes, and its own blob where another one holds the same bytes."""

    published: Published
    spare_blob_id: str | None


Outcome = _Accepted | Exception | None
"""None: its group changes the same Object or makes the same container already, and it goes into the next group."""


class _NothingAcceptedError(Exception):
    """Rolls back the locks of a group in which everything was refused: a refusal leaves nothing behind."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__("every publication of the group was refused")
        self.outcomes = outcomes


async def _publish(transaction: Transaction, publications: Sequence[Publication]) -> list[Outcome]:
    """Decide each publication of a group under the group's locks and write what was accepted."""
    facts = await _load_under_locks(transaction, publications)
    copied = {content.id for content in (one.content for one in publications) if isinstance(content, ExistingContent)}
    standing = await transaction.run(lock_contents(copied)) if copied else frozenset[str]()
    new = [one.content for one in publications if isinstance(one.content, NewContent)]
    linked = {part.blob.id for content in new if content.is_multipart for part in content.parts}
    alive = await transaction.run(lock_blobs(linked)) if linked else frozenset[str]()
    same = await same_blobs(
        transaction, [part.blob for content in new if not content.is_multipart for part in content.parts]
    )
    outcomes: list[Outcome] = []
    changes: list[Change] = []
    taken: set[str] = set()
    for publication, key_facts in zip(publications, facts, strict=True):
        changed = _changed(publication, key_facts)
        if changed in taken:
            outcomes.append(None)
            continue
        if publication.content.id in copied - standing:
            outcomes.append(NotFound("the bytes to copy were erased just now"))
            continue
        content = publication.content
        if isinstance(content, NewContent):
            if not content.is_multipart:
                content = same.content(content)
            elif any(part.blob.id not in alive for part in content.parts):
                outcomes.append(Unavailable("a part was sent again just now; complete the upload again"))
                continue
        try:
            decision = publish(key_facts, replace(publication, content=content))
        except DomainError as error:
            outcomes.append(error)
            continue
        taken.add(changed)
        changes.extend(decision.changes)
        outcomes.append(_Accepted(decision.result, _spare(publication.content, content)))
        if isinstance(content, NewContent) and not content.is_multipart:
            same.refer_to(content.parts[0].blob)
    if not changes:
        raise _NothingAcceptedError(outcomes)
    await apply_changes(transaction, changes)
    await same.write(transaction)
    return outcomes


def _spare(came: Content, written: Content) -> str | None:
    """Name the blob that came, where the content is written with another one of the same bytes."""
    if not isinstance(came, NewContent) or not isinstance(written, NewContent):
        return None
    before, after = came.parts[0].blob.id, written.parts[0].blob.id
    return None if before == after else before


async def _load_under_locks(transaction: Transaction, publications: Sequence[Publication]) -> list[KeyFacts]:
    """Load what stands at the keys, lock what the rules may change, and load again until the locks cover it."""
    uploads = [publication.upload_id for publication in publications if publication.upload_id is not None]
    if uploads:
        await transaction.run(cypher.lock_uploads(uploads))
    requests = [_request(index, publication) for index, publication in enumerate(publications)]
    loaded = await load_under_locks(transaction, cypher.keys(requests), _locks)
    facts = await _with_hidden(transaction, publications, [loaded[index] for index in range(len(publications))])
    return await with_snapshots(transaction, [publication.cut for publication in publications], facts)


async def with_snapshots(
    transaction: Transaction, cuts: Sequence[KeyCut], loaded: Sequence[KeyFacts]
) -> list[KeyFacts]:
    """Add whether a snapshot stands where new keys begin; no statement, where none looks like one."""
    wanted: dict[int, VersionedName] = {}
    for index, (cut, facts) in enumerate(zip(cuts, loaded, strict=True)):
        place = versioned_place(facts, cut)
        if place is not None:
            wanted[index] = VersionedName(*place)
    if not wanted:
        return list(loaded)
    hidden = await transaction.run(hidden_names(wanted))
    return [replace(facts, is_behind_snapshot=hidden.get(index, False)) for index, facts in enumerate(loaded)]


async def run_at_key(
    store: GraphStore,
    name: str,
    request: Mapping[str, Any],
    cut: KeyCut,
    decide: "Callable[[KeyFacts], Decision[T]]",
) -> T:
    """Run a rule on what stands at one key (`cypher.key_request` with all that `cypher.keys` reads), without locks.

    For what publishing decides again under locks.

    Raises: what the rule raises (nothing is changed then); Unavailable.
    """

    async def work(transaction: Transaction) -> T:
        loaded = await transaction.run(cypher.keys([{**request, "i": 0}]))
        (facts,) = await with_snapshots(transaction, [cut], [loaded[0]])
        decision = decide(facts)
        await apply_changes(transaction, decision.changes)
        return decision.result

    return await store.engine.write(name, work)


def _request(index: int, publication: Publication) -> Mapping[str, Any]:
    return {
        **cypher.key_request(publication.bucket, publication.cut),
        "i": index,
        "user": publication.stamp.caller.user_id,
        "accessKeyId": publication.stamp.caller.access_key_id or "",
        "now": to_ms(publication.stamp.now),
        "objectId": publication.object_id or "",
        "uploadId": publication.upload_id or "",
    }


def _locks(loaded: Mapping[int, KeyFacts]) -> frozenset[str]:
    """Ids to lock: for a new key the lowest container that exists, for a revision the Object and its parents."""
    ids: set[str] = set()
    for facts in loaded.values():
        if facts.object is not None:
            ids.add(facts.object.id)
            ids.update(edge.parent_id for edge in facts.object.parents)
        elif facts.way:
            ids.add(facts.way[-1].id)
        elif facts.project is not None:
            ids.add(facts.project.id)
    return frozenset(ids)


def _first_missing(publication: Publication, facts: KeyFacts) -> str | None:
    """Return the Entry that the publication would make for the first container missing on its way."""
    if facts.object is not None or facts.project is None:
        return None
    cut = publication.cut
    depth = containers_on_the_way(cut, tuple(container.kind for container in facts.way))
    if len(facts.way) >= depth:
        return None
    lowest = facts.way[-1] if facts.way else facts.project
    return container_sort(lowest.id, cut.containers[len(facts.way)])


def _changed(publication: Publication, facts: KeyFacts) -> str:
    """Name what only one publication of a group may change: an Object, a container to be made, or the key."""
    if facts.object is not None:
        return facts.object.id
    return _first_missing(publication, facts) or f"key {publication.bucket}/{publication.key}"


async def _with_hidden(
    transaction: Transaction, publications: Sequence[Publication], loaded: Sequence[KeyFacts]
) -> list[KeyFacts]:
    """Add the hidden containers that the publications could revive."""
    requests: list[Mapping[str, Any]] = []
    for index, (publication, facts) in enumerate(zip(publications, loaded, strict=True)):
        first = _first_missing(publication, facts)
        if first is not None:
            names = publication.cut.containers[len(facts.way) + 1 :]
            second = container_sort("", names[0]) if names else ""
            requests.append({"i": index, "first": first, "second": second})
    if not requests:
        return list(loaded)
    hidden = await transaction.run(cypher.hidden(requests))
    return [replace(facts, hidden=hidden.get(index, ())) for index, facts in enumerate(loaded)]
