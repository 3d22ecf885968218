"""Calls of the model that make things and bring bytes: create, put, uploads, clone."""

from collections.abc import Set as AbstractSet
from copy import deepcopy
from itertools import count

from domain.access import Level
from domain.errors import (
    AlreadyExists,
    BadInput,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
    Unauthenticated,
)
from domain.relations import RelationKind
from domain.resources import DataClass, Kind, State
from tests.model.things import Bytes, Published, Thing, Upload
from tests.model.tree import NOBODY, OPENNESS, Tree, can_name_container, check_name

_KEY_BYTES_MAX = 1024


class Making(Tree):
    """Containers, Objects and their bytes."""

    def __init__(self, users: AbstractSet[str], administrators: AbstractSet[str] = NOBODY) -> None:
        super().__init__(users, administrators)
        self.uploads: dict[int, Upload] = {}
        self.fresh_uploads = count(1)

    def create_project(self, user: str, name: str) -> int:
        if user not in self.users:
            raise Unauthenticated("sign in")
        check_name(Kind.PROJECT, name, None)
        if self.project_named(name) is not None:
            raise AlreadyExists(name)
        project = self.add(Kind.PROJECT, user, None, name)
        project.grants[user] = Level.ADMIN
        return project.id

    def create_container(
        self, user: str, kind: Kind, parent_id: int, name: str, data_class: DataClass | None = None
    ) -> int:
        check_name(kind, name, None)
        parent = self._parent_for_new(user, kind, parent_id)
        self.check_free(parent, name, kind)
        self._check_key(parent, f"{name}/")
        made = self._class_for_new(user, parent, data_class)
        thing = self.add(kind, user, parent, name)
        thing.data_class = made
        return thing.id

    def create_object(self, user: str, parent_id: int, name: str) -> tuple[int, int]:
        """Make an Object that waits for its bytes; answers it and its upload."""
        parent = self._parent_for_new(user, Kind.OBJECT, parent_id)
        check_name(Kind.OBJECT, name, parent.kind)
        self.check_free(parent, name, Kind.OBJECT)
        self._check_key(parent, name)
        thing = self.add(Kind.OBJECT, user, parent, name)
        thing.state = State.INITIALIZING
        return thing.id, self._new_upload(user, thing)

    def _parent_for_new(self, user: str, kind: Kind, parent_id: int) -> Thing:
        parent = self.demand_to_change(user, parent_id, Level.APPEND)
        self.check_holds(parent, kind)
        self.check_alive(parent)
        return parent

    def _check_key(self, parent: Thing, name: str) -> None:
        if len(self.key_of(parent, name).encode()) > _KEY_BYTES_MAX:
            raise BadInput("the key would be too long")

    def _class_for_new(self, user: str, parent: Thing, wanted: DataClass | None) -> DataClass:
        """Take the home's, or another: only an ADMIN opens up more than the home."""
        if wanted is None or wanted is parent.data_class:
            return parent.data_class
        if DataClass.WORKSPACE in {wanted, parent.data_class}:
            raise BadInput("WORKSPACE is for workspaces")
        is_opening = OPENNESS.index(wanted) > OPENNESS.index(parent.data_class)
        if is_opening and self.level(user, parent) < Level.ADMIN:
            raise Forbidden("opening up takes ADMIN")
        return wanted

    # -- bytes

    def put(self, user: str, bucket: str, key: str, new: Bytes, *, only_new: bool = False) -> Published:
        """Publish bytes at a key: onto the Object there, or a new one with the containers missing on its way.

        `only_new` is If-None-Match: *.
        """
        project = self.project_named(bucket)
        if project is None:
            raise NotFound(bucket)
        lowest, missing, name = self._way(project, key)
        existing = None if missing else self.child(lowest, name, is_container=False)
        if existing is not None:
            self._check_upload_right(user, existing)
            # An archive wouldn't show what is written through its keys, even to what lives elsewhere.
            self.check_changeable(lowest)
            if only_new and existing.state is State.AVAILABLE:
                raise FailedPrecondition(f"{key!r} exists")
            return self._finish(existing, new)
        self.demand_to_change(user, lowest.id, Level.APPEND)
        if not missing and self.is_behind_snapshot(lowest, name):
            raise Immutable(f"{key!r} is a key of a snapshot")
        if len(key.encode()) > _KEY_BYTES_MAX:
            raise BadInput("the key is too long")
        check_name(Kind.OBJECT, name, missing[-1][0] if missing else lowest.kind)
        for kind, container in missing:
            lowest = self._made_by_put(user, kind, lowest, container)
        return self._finish(self.add(Kind.OBJECT, user, lowest, name), new)

    def _way(self, project: Thing, key: str) -> tuple[Thing, list[tuple[Kind, str]], str]:
        """Walk down from the project: the lowest container that exists, those missing below it, the Object's name."""
        lowest, kind, rest = project, Kind.PROJECT, key
        missing: list[tuple[Kind, str]] = []
        while kind is not Kind.DATASET:
            segment, _, tail = rest.partition("/")
            if not tail or not can_name_container(segment):
                break
            below = None if missing else self.child(lowest, segment, is_container=True)
            if below is not None:
                lowest, kind = below, below.kind
            else:
                kind = Kind.COLLECTION if kind is Kind.PROJECT else Kind.DATASET
                missing.append((kind, segment))
            rest = tail
        return lowest, missing, rest

    def _made_by_put(self, user: str, kind: Kind, parent: Thing, name: str) -> Thing:
        """Bring back the container that left this place last, or make one."""
        hidden = [
            thing
            for thing in self.things.values()
            if thing.is_hidden and thing.home == parent.id and (thing.kind, thing.name) == (kind, name)
        ]
        if hidden:
            hidden[-1].is_hidden = False
            return hidden[-1]
        made = self.add(kind, user, parent, name)
        made.is_made_by_put = True
        return made

    def begin_upload(self, user: str, object_id: int) -> int:
        """Begin an upload of an Object's next revision; answers it."""
        thing = self.demand(user, object_id, Level.READ)
        if thing.is_container:
            raise NotFound(f"object {object_id}")
        self._check_upload_right(user, thing)
        self.check_alive(thing)
        if thing.state is State.ERROR:
            thing.state = State.INITIALIZING
            thing.revision += 1
        return self._new_upload(user, thing)

    def finish_upload(self, user: str, upload_id: int, new: Bytes) -> Published:
        upload = self._open_upload(user, upload_id)
        thing = self.things[upload.object_id]
        if self.project_named(self.project_of(thing).bucket) is None:
            raise NotFound("no bucket")
        self._check_upload_right(user, thing)
        published = self._finish(thing, new)
        upload.is_open = False
        return published

    def fail_upload(self, user: str, upload_id: int) -> None:
        upload = self._open_upload(user, upload_id)
        upload.is_open = False
        thing = self.things[upload.object_id]
        if thing.state is State.INITIALIZING and not self.is_frozen(thing):
            thing.state = State.ERROR
            thing.revision += 1

    def _new_upload(self, user: str, thing: Thing) -> int:
        upload = Upload(next(self.fresh_uploads), user, thing.id)
        self.uploads[upload.id] = upload
        return upload.id

    def _open_upload(self, user: str, upload_id: int) -> Upload:
        upload = self.uploads.get(upload_id)
        if upload is None or not upload.is_open or upload.user != user:
            raise NotFound(f"upload {upload_id}")
        return upload

    def _check_upload_right(self, user: str, thing: Thing) -> None:
        """WRITE, or APPEND on what one began oneself and never published."""
        is_own_beginning = not thing.revisions and thing.creator == user
        self.demand_to_change(user, thing.id, Level.APPEND if is_own_beginning else Level.WRITE)

    def _finish(self, thing: Thing, new: Bytes) -> Published:
        self.check_alive(thing)
        self.publish(thing, new)
        thing.state = State.AVAILABLE
        thing.revision += 1
        return Published(thing.id, thing.revisions[-1].number)

    # -- clones

    def clone(self, user: str, source_id: int, parent_id: int, name: str) -> int:
        """Make a new Object with the same bytes and words, and an ORIGIN to its source; its class is its home's."""
        source = self.demand(user, source_id, Level.READ)
        if source.is_container:
            raise Hierarchy("containers have no bytes")
        if source.newest is None or source.state is not State.AVAILABLE:
            raise FailedPrecondition(f"{source_id} has no bytes to show")
        parent = self._parent_for_new(user, Kind.OBJECT, parent_id)
        check_name(Kind.OBJECT, name, parent.kind)
        self._check_key(parent, name)
        self.check_free(parent, name, Kind.OBJECT)
        is_opening = OPENNESS.index(parent.data_class) > OPENNESS.index(source.data_class)
        if is_opening and self.level(user, source) < Level.ADMIN:
            raise Forbidden("opening up takes ADMIN")
        thing = self.add(Kind.OBJECT, user, parent, name)
        words = deepcopy(source.words)
        words.relations = {(RelationKind.ORIGIN, source.id, None): (0, source.newest.number)}
        words.citations = {}
        thing.words = words
        self._finish(thing, source.newest.bytes)
        return thing.id
