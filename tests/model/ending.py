"""Calls of the model that end things and bring them back: delete, restore, erase, remove a revision."""

from collections.abc import Set as AbstractSet
from itertools import count

from domain.access import Level
from domain.errors import AlreadyExists, FailedPrecondition, Hierarchy, Immutable, NotFound
from domain.resources import Kind, State
from tests.model.making import Making
from tests.model.things import Edge, Thing
from tests.model.tree import NOBODY, check_name


class Ending(Making):
    """Tombstones. A dead thing keeps its edges: they say where it stood."""

    def __init__(self, users: AbstractSet[str], administrators: AbstractSet[str] = NOBODY) -> None:
        super().__init__(users, administrators)
        self.deletions = count(1)

    def delete_object(self, user: str, object_id: int) -> int:
        """Make an Object a tombstone, wherever it is shared."""
        thing = self.things.get(object_id)
        if thing is None or thing.is_container:
            raise NotFound(f"object {object_id}")
        self.demand_to_change(user, object_id, Level.WRITE, homes_only=True)
        self.check_alive(thing)
        self._bury_object(thing)
        return thing.id

    def delete_container(self, user: str, container_id: int) -> int:
        """Delete an empty container."""
        return self._delete_container(user, container_id, is_recursive=False)

    def delete_recursively(self, user: str, container_id: int) -> int:
        """Delete a container with all that has its home in it."""
        return self._delete_container(user, container_id, is_recursive=True)

    def _delete_container(self, user: str, container_id: int, *, is_recursive: bool) -> int:
        container = self.demand_to_change(user, container_id, Level.ADMIN)
        if not container.is_container:
            raise Hierarchy(f"{container_id} is no container")
        self.check_alive(container)
        if self.children(container) and not is_recursive:
            raise FailedPrecondition(f"{container_id} is not empty")
        self._bury_tree([one for one in self.below(container) if one.state is not State.DELETED and not one.is_hidden])
        return container.id

    def _bury(self, thing: Thing, deletion: int) -> None:
        thing.state_before, thing.state, thing.deletion = thing.state, State.DELETED, deletion

    def _bury_object(self, thing: Thing) -> None:
        for parent in thing.parents:
            self.end(thing, parent)
        self._bury(thing, next(self.deletions))
        thing.revision += 1
        for parent in thing.parents:
            self.leave(self.things[parent])

    def _bury_tree(self, taken: list[Thing]) -> None:
        """Let things die together; what is shared into one of them from elsewhere is unlinked for good."""
        deletion = next(self.deletions)
        ids = {thing.id for thing in taken}
        for thing in taken:
            for _, child in self.children(thing):
                if child.id not in ids:
                    self.end(child, thing.id)
                    del child.parents[thing.id]
        for thing in taken:
            for parent in thing.parents:
                if parent not in ids:
                    self.end(thing, parent)
            self._bury(thing, deletion)
            # Objects that go with their home aren't looked at one by one.
            thing.revision += thing.is_container

    # -- back again

    def restore(self, user: str, thing_id: int, parent_id: int | None = None, name: str | None = None) -> int:
        """Undo one delete: back to where it was, or to a parent given; shares come back where alive and free."""
        thing = self.demand(user, thing_id, Level.READ)
        self.demand(user, thing_id, Level.ADMIN if thing.is_container else Level.WRITE, homes_only=True)
        if thing.kind is Kind.PROJECT:
            return self._restore_project(user, thing, parent_id)
        assert thing.home is not None, "all but projects have a home"
        if parent_id is None:
            target = self.things[thing.home]
            self.check_changeable(target)
        else:
            target = self.demand_to_change(user, parent_id, Level.APPEND)
            self.check_holds(target, thing.kind)
        self._check_restorable(thing)
        self.check_revivable(target) if parent_id is None else self.check_alive(target)
        wanted = name or thing.name
        check_name(thing.kind, wanted, target.kind)
        if self.obstacle(target, wanted, thing.kind, thing) is not None:
            raise AlreadyExists(f"{wanted!r} in {target.id}")
        self.revive(target)
        self.end(thing, thing.home)
        shares = {parent: edge for parent, edge in thing.parents.items() if not edge.is_home and parent != target.id}
        thing.parents = {target.id: Edge(wanted, is_home=True, passes=Level.ADMIN), **shares}
        self._revive_all(thing)
        return thing.id

    def _restore_project(self, user: str, project: Thing, parent_id: int | None) -> int:
        if parent_id is not None:
            self.demand(user, parent_id, Level.READ)
            raise Hierarchy("a project belongs to nothing")
        self.check_changeable(project)
        self._check_restorable(project)
        if self.project_named(project.bucket) is not None:
            raise AlreadyExists(project.bucket)
        self._revive_all(project)
        return project.id

    def _check_restorable(self, thing: Thing) -> None:
        if thing.state is not State.DELETED:
            raise FailedPrecondition(f"{thing.id} is {thing.state}")
        if thing.newest is not None and thing.newest.is_erased:
            raise FailedPrecondition(f"the bytes of {thing.id} are erased")
        home = None if thing.home is None else self.things[thing.home]
        if thing.is_container and home is not None and home.deletion == thing.deletion:
            raise FailedPrecondition(f"{thing.id} was deleted with {home.id}")

    def _revive_all(self, root: Thing) -> None:
        """Bring back what one delete took from the root down."""
        deletion = root.deletion
        back = [thing for thing in self.below(root) if thing.deletion == deletion]
        shares = [share for thing in back for share in self._shares_outside(thing, {one.id for one in back})]
        for thing in back:
            is_stuck = thing is root and thing.state_before is State.INITIALIZING
            thing.state = State.ERROR if is_stuck else thing.state_before
            thing.deletion = None
            thing.revision += thing.is_container or thing is root
        for thing, parent, edge in shares:
            is_there = parent.state is State.AVAILABLE and not parent.is_hidden and not self.is_frozen(parent)
            if is_there and self.obstacle(parent, edge.name, thing.kind, thing) is None:
                thing.parents[parent.id] = edge

    def _shares_outside(self, thing: Thing, inside: set[int]) -> list[tuple[Thing, Thing, Edge]]:
        """Take its shares away, save those in what comes back with it."""
        found = [(parent, edge) for parent, edge in thing.parents.items() if not edge.is_home and parent not in inside]
        for parent, _ in found:
            self.end(thing, parent)
            del thing.parents[parent]
        return [(thing, self.things[parent], edge) for parent, edge in found]

    # -- bytes

    def erase(self, user: str, object_id: int) -> int:
        """Make all bytes of an Object unreadable, in snapshots and archives too; it becomes a tombstone of its own."""
        thing = self._object(user, object_id, Level.ADMIN)
        home = self.things[thing.home or 0]
        if thing.state is not State.DELETED:
            self._bury_object(thing)
        elif thing.deletion == home.deletion:
            for parent in thing.parents:
                self.end(thing, parent)
            thing.deletion = next(self.deletions)
            thing.revision += 1
        for revision in thing.revisions:
            revision.is_erased = True
        for upload in self.uploads.values():
            upload.is_open = upload.is_open and upload.object_id != thing.id
        return thing.id

    def erase_revision(self, user: str, object_id: int, number: int) -> int:
        """Make the bytes of one older revision unreadable."""
        thing = self._object(user, object_id, Level.ADMIN)
        thing.revisions[self._older(thing, number)].is_erased = True
        return thing.id

    def remove_revision(self, user: str, object_id: int, number: int) -> int:
        """Take one older revision out of the chain, if nothing frozen shows it and no policy relation means it."""
        thing = self._object(user, object_id, Level.WRITE)
        self.check_changeable(thing)
        index = self._older(thing, number)
        if self.is_shown_frozen(thing, number):
            raise Immutable(f"revision {number} of {object_id} is held")
        if any(other.policies.get(thing.id, (None, None))[1] == number for other in self.things.values()):
            raise FailedPrecondition(f"revision {number} of {object_id} is pinned")
        del thing.revisions[index]
        return thing.id

    def _object(self, user: str, object_id: int, needed: Level) -> Thing:
        thing = self.demand(user, object_id, Level.READ)
        if thing.kind is not Kind.OBJECT:
            raise Hierarchy("only Objects have bytes")
        return self.demand(user, object_id, needed, homes_only=True)

    def _older(self, thing: Thing, number: int) -> int:
        numbers = [revision.number for revision in thing.revisions]
        if number not in numbers:
            raise NotFound(f"{thing.id} has no revision {number}")
        if number == thing.number:
            raise FailedPrecondition(f"{number} is the newest of {thing.id}")
        return numbers.index(number)
