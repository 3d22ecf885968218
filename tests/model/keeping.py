"""Calls of the model that freeze: snapshots, archives. Each is a deep copy of what there is at that moment."""

from domain.access import Level
from domain.errors import AlreadyExists, FailedPrecondition, Forbidden, NotFound, Unauthenticated
from domain.resources import Kind, State
from tests.model.things import Thing
from tests.model.tree import Tree, names_of_versions


class Keeping(Tree):
    """What stays as it was."""

    def create_snapshot(self, user: str, original_id: int, version: str) -> int:
        """Freeze a container under a version of its own for ever, without build metadata; answers the snapshot."""
        original = self.demand(user, original_id, Level.READ)
        if not original.is_container or original.snapshot_of is not None:
            raise FailedPrecondition(f"{original_id} takes no snapshots")
        self.demand(user, original_id, Level.ADMIN)
        self.check_alive(original)
        identity = version.partition("+")[0]
        if any(one.snapshot_of == original.id and one.version == identity for one in self.things.values()):
            raise AlreadyExists(f"{original_id}@{identity}")
        places = [(self.things[parent], edge.name) for parent, edge in original.parents.items()]
        if any(self.hides(parent, name, names_of_versions(identity)) for parent, name in places or [(original, "")]):
            raise FailedPrecondition(f"a snapshot of {original_id} would hide keys")
        snapshot = self.add(original.kind, user, None, original.name)
        snapshot.snapshot_of, snapshot.version = original.id, identity
        snapshot.data_class, snapshot.revision = original.data_class, original.revision
        snapshot.view = self.view_of(original)
        snapshot.words = snapshot.view.words
        original.was_snapshotted = True
        return snapshot.id

    def delete_snapshot(self, user: str, snapshot_id: int) -> int:
        """Delete a snapshot, by an ADMIN of its original; its version is never used again."""
        snapshot = self.demand(user, snapshot_id, Level.READ)
        if snapshot.snapshot_of is None or snapshot.view is None:
            raise FailedPrecondition("that is no snapshot")
        if self.level(user, self.things[snapshot.snapshot_of]) < Level.ADMIN:
            raise Forbidden(f"{snapshot_id}")
        self.check_alive(snapshot)
        snapshot.state = State.DELETED
        snapshot.revision += 1
        self.forget_pasts(snapshot.view)
        return snapshot.id

    def archive(self, user: str, project_id: int) -> int:
        """Freeze a project in place, with all that has its home in it."""
        project = self.demand(user, project_id, Level.ADMIN)
        if project.kind is not Kind.PROJECT or project.state is State.DELETED or project.is_archived:
            raise FailedPrecondition(f"{project_id} can't be archived")
        if any(self._is_guest(child, project) for child in self.things.values()):
            raise FailedPrecondition("containers are shared into it")
        project.view = self.freeze(project)
        for thing in self.below(project):
            thing.is_archived = thing.is_container and thing.state is State.AVAILABLE and not thing.is_hidden
        project.revision += 1
        return project.id

    def _is_guest(self, child: Thing, project: Thing) -> bool:
        """Whether it is a container with its home elsewhere that is shared into the project."""
        inside = [parent for parent in child.parents if self.project_of(self.things[parent]) is project]
        is_shown = child.is_container and child.state is State.AVAILABLE and not child.is_hidden
        return is_shown and bool(inside) and self.project_of(child) is not project

    def unarchive(self, user: str, project_id: int) -> int:
        """Make a project changeable again: an administrator's call, whatever his level."""
        if user not in self.users:
            raise Unauthenticated("sign in")
        project = self.things.get(project_id)
        if user not in self.administrators:
            self.demand(user, project_id, Level.READ)
            raise Forbidden("administrators unarchive")
        if project is None:
            raise NotFound(f"{project_id}")
        if project.view is None or project.snapshot_of is not None:
            raise FailedPrecondition(f"{project_id} is not archived")
        view, project.view = project.view, None
        for thing in self.below(project):
            thing.is_archived = False
        project.revision += 1
        self.forget_pasts(view)
        return project.id
