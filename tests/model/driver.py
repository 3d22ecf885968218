"""The model's calls, made on a real graph: one method for each call that the store has, named as the model names it.

To give the machine one more operation is to write its method here. Arguments speak of things and uploads by the model's
numbers; `ids` and `uploads` say which are meant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from domain.access import Level
from domain.authors import Author
from domain.contents import NewContent, single_content
from domain.creation import BegunUpload, NewResource
from domain.describing import Description
from domain.labels import NewLabel
from domain.linking import ExternalLink, LinksChanged
from domain.linking import Link as RealLink
from domain.publishing import NO_CONDITIONS, Conditions, Published
from domain.resources import DataClass, Kind
from tests.model.calls import ANONYMOUS, STRANGER
from tests.model.model import Model
from tests.model.things import Bytes, Citation, Label, Link
from tests.world import World

_ONLY_NEW: Final = Conditions(if_none_match=("*",))


class Driver:
    """Calls on a world, for a model whose things it knows by `ids`; those that it doesn't know are nowhere."""

    def __init__(self, world: World, model: Model, users: Mapping[str, str]) -> None:
        self._world = world
        self._model = model
        self.users = {**users, ANONYMOUS: "", STRANGER: world.new_id()}
        self.ids: dict[int, str] = {}
        self.versions: dict[tuple[str, int], str] = {}
        self.uploads: dict[int, BegunUpload] = {}
        self._nowhere = world.new_id()

    def _id(self, thing: int) -> str:
        return self.ids.get(thing, self._nowhere)

    def _content(self, new: Bytes) -> NewContent:
        blob = replace(self._world.blob(new.length), md5=new.etag)
        return single_content(self._world.new_id(), blob, {})

    # -- making

    async def create_project(self, user: str, name: str) -> str:
        return await self._world.project(self.users[user], name)

    async def create_container(
        self, user: str, kind: Kind, parent: int, name: str, data_class: DataClass | None = None
    ) -> str:
        new = NewResource(name, data_class=data_class)
        return await self._world.container(self.users[user], kind, self._id(parent), new)

    async def create_object(self, user: str, parent: int, name: str) -> BegunUpload:
        return await self._world.begin_object(self.users[user], self._id(parent), name)

    async def put(self, user: str, bucket: str, key: str, new: Bytes, *, only_new: bool = False) -> Published:
        conditions = _ONLY_NEW if only_new else NO_CONDITIONS
        publication = self._world.publication(self.users[user], bucket, key, self._content(new), conditions=conditions)
        return await self._world.publisher.publish(publication)

    async def begin_upload(self, user: str, thing: int) -> BegunUpload:
        place = ("", "", "")
        if thing in self._model.things:
            project = self._model.project_of(self._model.things[thing])
            place = (self._id(project.id), project.bucket, "key")
        return await self._world.begin(self.users[user], self._id(thing), place)

    async def finish_upload(self, user: str, upload: int, new: Bytes) -> Published:
        begun = self.uploads[upload]
        project = self._model.project_of(self._model.things[self._model.uploads[upload].object_id])
        publication = self._world.publication(
            self.users[user],
            project.bucket,
            begun.key,
            self._content(new),
            object_id=begun.object_id,
            upload_id=begun.upload_id,
        )
        return await self._world.publisher.publish(publication)

    async def fail_upload(self, user: str, upload: int) -> str:
        return await self._world.fail(self.users[user], self.uploads[upload].upload_id)

    async def clone(self, user: str, source: int, parent: int, name: str) -> str:
        return await self._world.clone(self.users[user], self._id(source), self._id(parent), name)

    # -- wording

    async def describe(self, user: str, thing: int, new: Mapping[str, Any], if_revision: int | None = None) -> str:
        words = dict(new)
        if words.get("authors") is not None:
            words["authors"] = tuple(Author(name) for name in words["authors"])
        return await self._world.describe(self.users[user], self._id(thing), Description(**words), if_revision)

    async def set_labels(self, user: str, thing: int, wanted: Mapping[str, Label]) -> str:
        labels = [NewLabel(key, label.value, label.is_static) for key, label in wanted.items()]
        return await self._world.set_labels(self.users[user], self._id(thing), *labels)

    async def remove_labels(self, user: str, thing: int, keys: Sequence[str]) -> str:
        return await self._world.remove_labels(self.users[user], self._id(thing), *keys)

    async def set_data_class(self, user: str, thing: int, wanted: DataClass, *, is_recursive: bool = False) -> str:
        return await self._world.set_class(self.users[user], self._id(thing), wanted, is_recursive=is_recursive)

    # -- relating

    async def relate(self, user: str, source: int, links: Sequence[Link | Citation]) -> LinksChanged:
        return await self._world.link(self.users[user], self._id(source), *map(self._link, links))

    async def unrelate(self, user: str, source: int, links: Sequence[Link | Citation]) -> LinksChanged:
        return await self._world.unlink(self.users[user], self._id(source), *map(self._link, links))

    def _link(self, link: Link | Citation) -> RealLink | ExternalLink:
        if isinstance(link, Link):
            return RealLink(link.kind, self._id(link.target), link.name)
        return ExternalLink(link.type, link.value, link.name)

    async def grant(self, user: str, thing: int, holder: str, level: Level) -> str:
        return await self._world.grant(self.users[user], self._id(thing), self.users[holder], level)

    async def revoke(self, user: str, thing: int, holder: str) -> str:
        return await self._world.revoke(self.users[user], self._id(thing), self.users[holder])

    # -- placing

    async def share(self, user: str, child: int, parent: int, name: str | None, passes: Level) -> str:
        return await self._world.share(self.users[user], self._id(child), self._id(parent), name, passes)

    async def unlink_child(self, user: str, child: int, parent: int) -> str:
        return await self._world.unlink_child(self.users[user], self._id(child), self._id(parent))

    async def move(self, user: str, child: int, parent: int, name: str | None, former: int | None = None) -> str:
        source = None if former is None else self._id(former)
        return await self._world.move(self.users[user], self._id(child), self._id(parent), name, source=source)

    async def rename(self, user: str, child: int, name: str, parent: int | None = None) -> str:
        where = None if parent is None else self._id(parent)
        return await self._world.rename(self.users[user], self._id(child), name, where)

    # -- keeping

    async def create_snapshot(self, user: str, original: int, version: str) -> str:
        return await self._world.snapshot(self.users[user], self._id(original), version)

    async def delete_snapshot(self, user: str, snapshot: int) -> str:
        return await self._world.delete_snapshot(self.users[user], self._id(snapshot))

    async def archive(self, user: str, project: int) -> str:
        return await self._world.archive(self.users[user], self._id(project))

    async def unarchive(self, user: str, project: int) -> str:
        return await self._world.unarchive(self.users[user], self._id(project))

    # -- ending

    async def delete_object(self, user: str, thing: int) -> str:
        return await self._world.delete_object(self.users[user], self._id(thing))

    async def delete_container(self, user: str, thing: int) -> str:
        return await self._world.delete_container(self.users[user], self._id(thing))

    async def delete_recursively(self, user: str, thing: int) -> str:
        return await self._world.delete_container(self.users[user], self._id(thing), is_recursive=True)

    async def restore(self, user: str, thing: int, parent: int | None = None, name: str | None = None) -> str:
        where = None if parent is None else self._id(parent)
        return await self._world.restore(self.users[user], self._id(thing), where, name)

    async def erase(self, user: str, thing: int) -> str:
        return await self._world.erase(self.users[user], self._id(thing))

    async def erase_revision(self, user: str, thing: int, number: int) -> str:
        return await self._world.erase(self.users[user], self._id(thing), self._version(thing, number))

    async def remove_revision(self, user: str, thing: int, number: int) -> str:
        return await self._world.remove_revision(self.users[user], self._id(thing), self._version(thing, number))

    def _version(self, thing: int, number: int) -> str:
        return self.versions.get((self._id(thing), number), self._nowhere)
