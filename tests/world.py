"""A graph with people in it: every use case of the store as one call, on whatever engine a test runs on.

The clock and the ids are the world's own, so that a seed repeats a test; the engine is real.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final, LiteralString, TypeVar

from domain.access import Caller, Level
from domain.changes import Change, UserAdded
from domain.cloning import NewClone
from domain.contents import (
    BlobFacts,
    Content,
    Declared,
    NewContent,
    ObjectHeaders,
    PartFacts,
    multipart_etag,
    single_content,
)
from domain.creation import BegunUpload, NewResource, create_container, create_object, create_project
from domain.describing import Description
from domain.erasing import Erasure
from domain.granting import remove_grant, set_grant
from domain.identifiers import UlidSource
from domain.keys import cut_key
from domain.labels import NewLabel
from domain.licenses import NewLicense, create_license
from domain.linking import ExternalLink, Link, LinksChanged
from domain.moving import Move
from domain.publishing import NO_CONDITIONS, Conditions, Origin, Publication, Published
from domain.resources import DataClass, Kind, ResourceFacts
from domain.restoring import Return
from domain.sharing import Share
from domain.stamps import Stamp
from domain.uploads import begin_key_upload, begin_upload, fail_upload
from domain.views import UserView
from graphstore import describing, placing
from graphstore.bolt import Engine
from graphstore.cypher import facts, licenses, readings
from graphstore.deleting import delete_container, delete_object
from graphstore.erasing import erase, remove_revision
from graphstore.instants import to_ms
from graphstore.mentions import load_mentioned, load_targets, target_ids
from graphstore.migrations import migrate
from graphstore.parts import add_part
from graphstore.publishing import Publisher, run_at_key
from graphstore.relating import relate
from graphstore.restoring import restore
from graphstore.snapshotting import archive, remove_snapshot, take_snapshot, unarchive
from graphstore.statements import Query, Row, all_rows, nothing
from graphstore.store import GraphStore
from graphstore.task_batches import TASK_BATCHES
from graphstore.tasks import TaskWorker
from graphstore.writing import apply_changes

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.conftest import GraphServer

T = TypeVar("T")

BIRTH: Final = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
_TICK: Final = timedelta(milliseconds=1)


@dataclass
class World:
    """One process's worth of the system: an engine, its store and its publisher."""

    engine: Engine
    seed: int = 1
    now: datetime = BIRTH
    store: GraphStore = field(init=False)
    publisher: Publisher = field(init=False)
    chance: Random = field(init=False)
    ids: UlidSource = field(init=False)

    def __post_init__(self) -> None:
        self.store = GraphStore(self.engine)
        self.publisher = Publisher(self.store)
        self.chance = Random(self.seed)
        self.ids = UlidSource(self.chance.randbytes)

    # -- instants and ids

    def tick(self) -> datetime:
        self.now += _TICK
        return self.now

    @property
    def now_ms(self) -> int:
        return to_ms(self.now)

    def new_id(self) -> str:
        return self.ids.new(self.now)

    def endless_ids(self) -> Iterator[str]:
        while True:
            yield self.new_id()

    def stamp(self, user: str, *, is_administrator: bool = False) -> Stamp:
        return Stamp(Caller(user, is_administrator), self.tick(), self.endless_ids())

    # -- raw statements

    async def ask(self, text: LiteralString, **parameters: Any) -> Sequence[Row]:
        return await self.engine.read(Query("test", text, parameters, all_rows))

    async def do(self, text: LiteralString, **parameters: Any) -> None:
        await self.engine.write("test", lambda tx: tx.run(Query("test", text, parameters, nothing)))

    async def apply(self, *changes: Change) -> None:
        await self.engine.write("test", lambda tx: apply_changes(tx, changes))

    # -- people

    async def user(self, name: str = "ada", *, is_administrator: bool = False) -> str:
        user_id = self.new_id()
        await self.apply(UserAdded(user_id, name, None, is_administrator, self.tick()))
        return user_id

    async def grant(self, by: str, resource: str, user: str, level: Level, expires_at: datetime | None = None) -> str:
        stamp = self.stamp(by)
        return await self.store.run_rule(
            "set a grant",
            lock=(resource,),
            load=facts.grant(resource, user, by, self.now_ms),
            decide=lambda found: set_grant(found, resource, user, level, expires_at, stamp),
        )

    async def revoke(self, by: str, resource: str, user: str) -> str:
        stamp = self.stamp(by)
        return await self.store.run_rule(
            "remove a grant",
            lock=(resource,),
            load=facts.grant(resource, user, by, self.now_ms),
            decide=lambda found: remove_grant(found, resource, user, stamp),
        )

    # -- licences

    async def add_license(self, user: str, new: NewLicense, *, is_administrator: bool = True) -> str:
        stamp = self.stamp(user, is_administrator=is_administrator)
        return await self.store.run_rule(
            "add a licence",
            lock=(),
            load=licenses.facts(new.id),
            decide=lambda found: create_license(found, new, stamp),
        )

    # -- resources

    async def project(self, user: str, new: NewResource | str) -> str:
        stamp = self.stamp(user)
        wanted = NewResource(new) if isinstance(new, str) else new
        mentioned = await load_mentioned(self.store, wanted)
        return await self.store.run_rule_on_two(
            "create a project",
            lock=target_ids(wanted),
            load=(facts.bucket(wanted.name, user, self.now_ms), load_targets(wanted, stamp.caller, self.now_ms)),
            decide=lambda found, targets: create_project(found, wanted, stamp, replace(mentioned, targets=targets)),
        )

    async def container(self, user: str, kind: Kind, parent: str, new: NewResource | str) -> str:
        stamp = self.stamp(user)
        wanted = NewResource(new) if isinstance(new, str) else new
        mentioned = await load_mentioned(self.store, wanted)
        place = facts.child_place(parent, kind, wanted.name, user, self.now_ms)
        return await self.store.run_rule_on_two(
            "create a container",
            lock=(parent, *target_ids(wanted)),
            load=(place, load_targets(wanted, stamp.caller, self.now_ms)),
            decide=lambda found, targets: create_container(
                found, kind, parent, wanted, stamp, replace(mentioned, targets=targets)
            ),
        )

    async def begin_object(
        self,
        user: str,
        parent: str,
        new: NewResource | str,
        declared: Declared | None = None,
        *,
        is_multipart: bool = False,
    ) -> BegunUpload:
        stamp = self.stamp(user)
        wanted = NewResource(new) if isinstance(new, str) else new
        mentioned = await load_mentioned(self.store, wanted)
        place = facts.child_place(parent, Kind.OBJECT, wanted.name, user, self.now_ms)
        return await self.store.run_rule_on_two(
            "create an object",
            lock=(parent, *target_ids(wanted)),
            load=(place, load_targets(wanted, stamp.caller, self.now_ms)),
            decide=lambda found, targets: create_object(
                found,
                parent,
                wanted,
                ObjectHeaders(),
                declared or Declared(),
                stamp=stamp,
                is_multipart=is_multipart,
                mentioned=replace(mentioned, targets=targets),
            ),
        )

    async def describe(self, user: str, resource: str, new: Description, if_revision: int | None = None) -> str:
        return await describing.describe(self.store, resource, new, if_revision, self.stamp(user))

    async def set_labels(self, user: str, resource: str, *labels: NewLabel) -> str:
        return await describing.set_labels(self.store, resource, labels, self.stamp(user))

    async def remove_labels(self, user: str, resource: str, *keys: str) -> str:
        return await describing.remove_labels(self.store, resource, keys, self.stamp(user))

    async def set_class(self, user: str, resource: str, wanted: DataClass, *, is_recursive: bool = False) -> str:
        return await describing.set_data_class(
            self.store, resource, wanted, self.stamp(user), is_recursive=is_recursive
        )

    async def delete_object(self, user: str, object_id: str) -> str:
        return await delete_object(self.store, object_id, self.stamp(user))

    async def delete_container(self, user: str, container: str, *, is_recursive: bool = False) -> str:
        return await delete_container(self.store, container, self.stamp(user), is_recursive=is_recursive)

    async def restore(self, user: str, resource: str, parent: str | None = None, name: str | None = None) -> str:
        return await restore(self.store, resource, Return(parent, name), self.stamp(user))

    async def erase(
        self,
        user: str,
        object_id: str,
        version_id: str | None = None,
        *,
        confirmation: str | None = None,
        is_blank: bool = False,
    ) -> str:
        named = await self.ask("MATCH (r:Resource {id: $id}) RETURN r.name AS name", id=object_id)
        name = str(named[0]["name"]) if named else ""
        wanted = Erasure(name if confirmation is None else confirmation, version_id, is_blank)
        return await erase(self.store, object_id, wanted, self.stamp(user))

    async def remove_revision(self, user: str, object_id: str, version_id: str) -> str:
        return await remove_revision(self.store, object_id, version_id, self.stamp(user))

    async def finish_tasks(self) -> int:
        """Do all that is left to be done later; answers how many batches that took."""
        worker = TaskWorker(self.store, TASK_BATCHES, self.tick, self.endless_ids())
        batches = 0
        while await worker.run_once():
            batches += 1
        return batches

    # -- snapshots and archives

    async def snapshot(self, user: str, container: str, version: str = "1.0.0") -> str:
        return await take_snapshot(self.store, container, version, self.stamp(user))

    async def delete_snapshot(self, user: str, snapshot: str) -> str:
        return await remove_snapshot(self.store, snapshot, self.stamp(user))

    async def archive(self, user: str, project: str) -> str:
        return await archive(self.store, project, self.stamp(user))

    async def unarchive(self, user: str, project: str) -> str:
        now = self.tick()

        def stamp_of(caller: UserView | None) -> Stamp:
            return self.stamp(user, is_administrator=caller is not None and caller.is_administrator)

        return await unarchive(self.store, project, user, now, stamp_of)

    # -- places

    async def share(
        self, user: str, child: str, parent: str, name: str | None = None, passes: Level = Level.READ
    ) -> str:
        return await placing.share(self.store, child, Share(parent, name, passes), self.stamp(user))

    async def unlink_child(self, user: str, child: str, parent: str) -> str:
        return await placing.unlink(self.store, child, parent, self.stamp(user))

    async def move(
        self, user: str, child: str, parent: str, name: str | None = None, *, source: str | None = None
    ) -> str:
        return await placing.move(self.store, child, Move(parent, source, name), self.stamp(user))

    async def rename(self, user: str, child: str, name: str, parent: str | None = None) -> str:
        return await placing.rename(self.store, child, name, parent, self.stamp(user))

    async def clone(
        self, user: str, source: str, parent: str, name: str | None = None, version_id: str | None = None
    ) -> str:
        return await placing.clone(self.store, source, NewClone(parent, name, version_id), self.stamp(user))

    # -- relations

    async def link(self, user: str, source: str, *links: Link | ExternalLink) -> LinksChanged:
        return await self._relate(user, source, links, is_adding=True)

    async def unlink(self, user: str, source: str, *links: Link | ExternalLink) -> LinksChanged:
        return await self._relate(user, source, links, is_adding=False)

    async def _relate(
        self, user: str, source: str, links: Sequence[Link | ExternalLink], *, is_adding: bool
    ) -> LinksChanged:
        inner = [link for link in links if isinstance(link, Link)]
        outer = [link for link in links if isinstance(link, ExternalLink)]
        return await relate(self.store, source, inner, outer, self.stamp(user), is_adding=is_adding)

    # -- bytes

    def blob(self, length: int = 5) -> BlobFacts:
        draw = self.chance.randbytes
        return BlobFacts(draw(16).hex(), length, length + 28, draw(16).hex(), draw(32).hex(), "key", draw(40))

    def content(self, length: int = 5) -> NewContent:
        return single_content(self.new_id(), self.blob(length), {"CRC64NVME": "AAAAAAAAAAA="})

    def publication(
        self,
        user: str,
        bucket: str,
        key: str,
        content: Content | None = None,
        *,
        object_id: str | None = None,
        upload_id: str | None = None,
        conditions: Conditions = NO_CONDITIONS,
        origin: Origin | None = None,
        headers: ObjectHeaders | None = None,
    ) -> Publication:
        return Publication(
            bucket=bucket,
            key=key,
            cut=cut_key(key),
            object_id=object_id,
            upload_id=upload_id,
            content=content or self.content(),
            headers=headers or ObjectHeaders(),
            conditions=conditions,
            stamp=self.stamp(user),
            origin=origin,
        )

    async def put(self, user: str, bucket: str, key: str, length: int = 5) -> Published:
        return await self.publisher.publish(self.publication(user, bucket, key, self.content(length)))

    # -- uploads

    async def begin(self, user: str, object_id: str, place: tuple[str, str, str]) -> BegunUpload:
        stamp = self.stamp(user)

        def decide(found: Mapping[str, ResourceFacts]) -> Any:
            return begin_upload(
                _object(found.get(object_id)),
                object_id,
                place,
                ObjectHeaders(),
                Declared(),
                stamp=stamp,
                is_multipart=False,
            )

        return await self.store.run_rule(
            "begin an upload",
            lock=(object_id,),
            load=facts.resources([object_id], user, self.now_ms),
            decide=decide,
        )

    async def begin_key(self, user: str, bucket: str, key: str, headers: ObjectHeaders | None = None) -> str:
        stamp = self.stamp(user)
        request = {
            **facts.key_request(bucket, cut_key(key)),
            "user": user,
            "now": self.now_ms,
            "objectId": "",
            "uploadId": "",
        }
        return await run_at_key(
            self.store,
            "begin an upload to a key",
            request,
            cut_key(key),
            lambda found: begin_key_upload(
                found, bucket, key, headers or ObjectHeaders(), ("CRC32", "COMPOSITE"), stamp
            ),
        )

    async def part(self, user: str, upload_id: str, part: PartFacts) -> str:
        return (await add_part(self.store, upload_id, part, self.stamp(user))).md5

    async def fail(self, user: str, upload_id: str, reason: str = "aborted") -> str:
        stamp = self.stamp(user)
        return await self.store.run_rule(
            "fail an upload",
            lock=(),
            load=facts.upload(upload_id, user, self.now_ms),
            decide=lambda known: fail_upload(known[0], known[1], upload_id, reason, stamp),
        )

    def content_of_parts(self, parts: Sequence[PartFacts]) -> NewContent:
        return NewContent(
            id=self.new_id(),
            parts=tuple(parts),
            etag=multipart_etag([part.blob.md5 for part in parts]),
            md5=None,
            sha256=None,
            checksums={"CRC32": "AAAAAA==-2"},
            checksum_type="COMPOSITE",
            is_multipart=True,
        )

    # -- readings

    async def facts_of(self, user: str, *ids: str) -> Mapping[str, ResourceFacts]:
        return await self.store.read(facts.resources(ids, user, self.now_ms))

    async def path_of(self, resource: str) -> str:
        paths = await self.store.read(readings.paths([resource]))
        return "/".join(paths[resource][0][1])


def _object(found: ResourceFacts | None) -> Any:
    return found


@asynccontextmanager
async def open_world(server: "GraphServer", seed: int = 1) -> "AsyncGenerator[World]":
    """Connect to a test's graph as one more process would, with ids of its own."""
    engine = await Engine.connect(server.uri, server.user, server.password, server.database)
    try:
        await migrate(engine)
        yield World(engine, seed)
    finally:
        await engine.close()


async def outcomes(*calls: Any) -> list[Any]:
    """Run calls at the same time; answer what each gave or raised."""
    return list(await asyncio.gather(*calls, return_exceptions=True))
