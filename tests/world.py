"""A graph with people in it: every use case of the store as one call, on whatever engine a test runs on.

The clock and the ids are the world's own, so that a seed repeats a test; the engine is real.
"""

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any, Final, LiteralString, TypeVar

from domain.access import Caller, Level
from domain.changes import Change, UserAdded
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
from domain.deletion import ObjectDeletionFacts, delete_container, delete_object
from domain.describing import Description, update_resource
from domain.granting import remove_grant, set_grant
from domain.identifiers import UlidSource
from domain.keys import cut_key
from domain.licenses import NewLicense, create_license
from domain.linking import ExternalLink, Link, LinkFacts, LinksChanged, add_relations, remove_relations
from domain.publishing import NO_CONDITIONS, Conditions, Origin, Publication, Published
from domain.relations import external_reference
from domain.resources import Kind, ResourceFacts
from domain.stamps import Stamp
from domain.uploads import add_part, begin_key_upload, begin_upload, fail_upload
from graphstore.bolt import Engine
from graphstore.cypher import facts, licenses, readings
from graphstore.instants import to_ms
from graphstore.migrations import migrate
from graphstore.publishing import Publisher
from graphstore.statements import Query, Row, all_rows, nothing
from graphstore.store import GraphStore
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

    def _endless_ids(self) -> Iterator[str]:
        while True:
            yield self.new_id()

    def stamp(self, user: str, *, is_administrator: bool = False) -> Stamp:
        return Stamp(Caller(user, is_administrator), self.tick(), self._endless_ids())

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

    async def project(self, user: str, name: str) -> str:
        stamp = self.stamp(user)
        return await self.store.run_rule(
            "create a project",
            lock=(),
            load=facts.bucket(name, user, self.now_ms),
            decide=lambda found: create_project(found, NewResource(name), stamp),
        )

    async def container(self, user: str, kind: Kind, parent: str, new: NewResource | str) -> str:
        stamp = self.stamp(user)
        wanted = NewResource(new) if isinstance(new, str) else new
        return await self.store.run_rule(
            "create a container",
            lock=(parent,),
            load=facts.child_place(parent, kind, wanted.name, user, self.now_ms),
            decide=lambda found: create_container(found, kind, parent, wanted, stamp),
        )

    async def begin_object(
        self, user: str, parent: str, name: str, declared: Declared | None = None, *, is_multipart: bool = False
    ) -> BegunUpload:
        stamp = self.stamp(user)
        return await self.store.run_rule(
            "create an object",
            lock=(parent,),
            load=facts.child_place(parent, Kind.OBJECT, name, user, self.now_ms),
            decide=lambda found: create_object(
                found,
                parent,
                NewResource(name),
                ObjectHeaders(),
                declared or Declared(),
                stamp=stamp,
                is_multipart=is_multipart,
            ),
        )

    async def describe(self, user: str, resource: str, new: Description, if_revision: int | None = None) -> str:
        stamp = self.stamp(user)
        return await self.store.run_rule(
            "describe",
            lock=(resource,),
            load=facts.resources([resource], user, self.now_ms),
            decide=lambda found: update_resource(found.get(resource), resource, new, if_revision, stamp),
        )

    async def delete_object(self, user: str, object_id: str) -> str:
        stamp = self.stamp(user)

        def locks_of(found: ObjectDeletionFacts) -> Collection[str]:
            return () if found.object is None else (found.object.id, *found.containers)

        return await self.store.run_rule_above(
            "delete an object",
            load=facts.deletion(object_id, user, self.now_ms),
            locks_of=locks_of,
            decide=lambda found: delete_object(found, object_id, stamp),
        )

    async def delete_container(self, user: str, container: str) -> str:
        stamp = self.stamp(user)

        def locks_of(found: Mapping[str, ResourceFacts]) -> Collection[str]:
            return {container, *(edge.parent_id for one in found.values() for edge in one.parents)}

        return await self.store.run_rule_above(
            "delete a container",
            load=facts.resources([container], user, self.now_ms),
            locks_of=locks_of,
            decide=lambda found: delete_container(_container(found.get(container)), container, stamp),
        )

    # -- relations

    async def link(self, user: str, source: str, *links: Link | ExternalLink) -> LinksChanged:
        return await self._relate(user, source, links, is_adding=True)

    async def unlink(self, user: str, source: str, *links: Link | ExternalLink) -> LinksChanged:
        return await self._relate(user, source, links, is_adding=False)

    async def _relate(
        self, user: str, source: str, links: Sequence[Link | ExternalLink], *, is_adding: bool
    ) -> LinksChanged:
        stamp = self.stamp(user)
        inner = tuple(link for link in links if isinstance(link, Link))
        outer = tuple(link for link in links if isinstance(link, ExternalLink))
        targets = [link.target_id for link in inner]
        keys = [external_reference(link.type, link.value, link.name).key for link in outer]
        decide = add_relations if is_adding else remove_relations
        return await self.store.run_rule_on_two(
            "relate",
            lock=(source,),
            load=(facts.resources([source, *targets], user, self.now_ms), facts.links(source, targets, keys)),
            decide=lambda found, standing: decide(LinkFacts(found, *standing), source, inner, outer, stamp),
        )

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
            "i": 0,
            "user": user,
            "now": self.now_ms,
            "objectId": "",
            "uploadId": "",
        }
        return await self.store.run_rule(
            "begin an upload to a key",
            lock=(),
            load=facts.keys([request]),
            decide=lambda found: begin_key_upload(
                found[0], bucket, key, headers or ObjectHeaders(), ("CRC32", "COMPOSITE"), stamp
            ),
        )

    async def part(self, user: str, upload_id: str, part: PartFacts) -> str:
        stamp = self.stamp(user)
        return await self.store.run_rule(
            "add a part",
            lock=(),
            load=facts.upload(upload_id, user, self.now_ms),
            decide=lambda found: add_part(found[0], upload_id, part, stamp),
        )

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


def _container(found: ResourceFacts | None) -> Any:
    return found


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
