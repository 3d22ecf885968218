"""Calls of the model that change where things stand and under which names: share, unlink, move, rename."""

from domain.access import Level
from domain.errors import AlreadyExists, BadInput, Forbidden, HomeParent, NotFound
from domain.resources import Kind
from tests.model.things import Edge, Thing
from tests.model.tree import Tree, check_name


class Placing(Tree):
    """Ways up and names."""

    def share(self, user: str, child_id: int, parent_id: int, name: str | None, passes: Level) -> int:
        """Place a thing below one more parent."""
        if passes is Level.NONE:
            raise BadInput("that shows nothing")
        child = self._admin_of(user, child_id)
        parent = self._target(user, child, parent_id)
        if parent.id in child.parents:
            raise AlreadyExists(f"{child_id} is in {parent_id}")
        wanted = Edge(name or child.name, is_home=False, passes=passes)
        self._check_name(child, parent, wanted.name)
        child.parents[parent.id] = wanted
        return child.id

    def _admin_of(self, user: str, child_id: int) -> Thing:
        child = self.demand_to_change(user, child_id, Level.ADMIN)
        self.check_alive(child)
        return child

    def _target(self, user: str, child: Thing, parent_id: int) -> Thing:
        parent = self.demand_to_change(user, parent_id, Level.APPEND)
        self.check_holds(parent, child.kind)
        self.check_alive(parent)
        return parent

    def _check_name(self, child: Thing, parent: Thing, name: str) -> None:
        check_name(child.kind, name, parent.kind)
        self.check_free(parent, name, child.kind, child)

    def unlink_child(self, user: str, child_id: int, parent_id: int) -> int:
        """Take a share away; it takes ADMIN on either end. An archive goes on showing what it showed."""
        child = self.demand(user, child_id, Level.READ)
        parent = self._parent_of(user, child, parent_id)
        if max(self.level(user, child), self.level(user, parent)) < Level.ADMIN:
            raise Forbidden(f"{child_id} in {parent_id}")
        self.check_changeable(child)
        self.check_alive(child, parent)
        if child.parents[parent.id].is_home:
            raise HomeParent(f"{parent_id} is the home of {child_id}")
        self._leave(child, parent)
        return child.id

    def _parent_of(self, user: str, child: Thing, parent_id: int) -> Thing:
        """A parent of the child; who has ADMIN on the child sees them all."""
        if parent_id in child.parents:
            parent = self.things[parent_id]
            if self.level(user, child) is Level.ADMIN or self.level(user, parent) >= Level.READ:
                return parent
        raise NotFound(f"{child.id} is not in {parent_id}")

    def _leave(self, child: Thing, parent: Thing) -> None:
        self.end(child, parent.id)
        del child.parents[parent.id]
        self.leave(parent)

    def move(self, user: str, child_id: int, parent_id: int, name: str | None, from_id: int | None = None) -> int:
        """Move a thing's home, or the share that is named. What moves stays what it is, home or share."""
        child = self._admin_of(user, child_id)
        target = self._target(user, child, parent_id)
        assert child.home is not None, "a project is held by nothing"
        if from_id is None or from_id == child.home:
            source = self.demand_to_change(user, child.home, Level.ADMIN)
        else:
            source = self._parent_of(user, child, from_id)
        edge = child.parents[source.id]
        wanted = name or edge.name
        if target.id in child.parents and target is not source:
            raise AlreadyExists(f"{child_id} is in {parent_id}")
        if target is source and wanted == edge.name:
            return child.id
        self._check_name(child, target, wanted)
        child.revision += edge.is_home and wanted != edge.name
        self.end(child, source.id)
        del child.parents[source.id]
        child.parents[target.id] = Edge(wanted, edge.is_home, edge.passes)
        self.leave(source)
        return child.id

    def rename(self, user: str, child_id: int, name: str, parent_id: int | None = None) -> int:
        """Rename a thing in one parent (in its home, if none is named)."""
        child = self.demand_to_change(user, child_id, Level.WRITE)
        if child.kind is Kind.PROJECT:
            return self._rename_project(user, child, name, parent_id)
        self.check_alive(child)
        assert child.home is not None, "all but projects have a home"
        if parent_id in {None, child.home}:
            parent = self.things[child.home]
        else:
            parent = self._parent_of(user, child, parent_id or 0)
            self._target(user, child, parent.id)
        edge = child.parents[parent.id]
        if edge.name == name:
            return child.id
        self._check_name(child, parent, name)
        self.end(child, parent.id)
        edge.name = name
        child.revision += edge.is_home
        return child.id

    def _rename_project(self, user: str, project: Thing, name: str, parent_id: int | None) -> int:
        self.demand(user, project.id, Level.ADMIN)
        if parent_id is not None:
            raise NotFound("a project has no parent")
        self.check_alive(project)
        check_name(Kind.PROJECT, name, None)
        if project.bucket != name:
            if self.project_named(name) is not None:
                raise AlreadyExists(name)
            project.bucket = name
            project.revision += 1
        return project.id
