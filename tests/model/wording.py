"""Calls of the model that change what describes a thing: words, licences, labels, data class."""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.access import Level
from domain.errors import BadInput, Conflict, FailedPrecondition, Forbidden, Immutable, NotFound
from domain.resources import DataClass, Kind, State
from tests.model.things import ALL_RIGHTS_RESERVED, Label, Thing
from tests.model.tree import OPENNESS, Tree

LICENSES = frozenset({"metadata_license", "data_license"})


class Wording(Tree):
    """A thing's own fields. In place, save where a snapshot may show the newest revision."""

    def describe(self, user: str, thing_id: int, new: Mapping[str, Any], if_revision: int | None = None) -> int:
        """Set some of title, description, authors and licences; None empties. Other licences make a new revision."""
        thing = self._changeable(user, thing_id)
        if if_revision is not None and if_revision != thing.revision:
            raise Conflict(f"{thing_id} is at {thing.revision}")
        empty: dict[str, Any] = {"authors": ()} | dict.fromkeys(LICENSES, ALL_RIGHTS_RESERVED)
        wanted = {name: empty.get(name) if value is None else value for name, value in new.items()}
        changed = {name: value for name, value in wanted.items() if value != getattr(thing.words, name)}
        if changed:
            self.renew(thing) if LICENSES & changed.keys() else self.before_change(thing)
            for name, value in changed.items():
                setattr(thing.words, name, value)
            thing.revision += 1
        return thing.id

    def _changeable(self, user: str, thing_id: int) -> Thing:
        thing = self.demand_to_change(user, thing_id, Level.WRITE)
        self.check_alive(thing)
        return thing

    def set_labels(self, user: str, thing_id: int, wanted: Mapping[str, Label]) -> int:
        """Set labels, all or none."""
        thing = self._changeable(user, thing_id)
        if not wanted:
            raise BadInput("name one at least")
        changed: dict[str, Label] = {}
        for key, label in wanted.items():
            self._check_key_of_label(key)
            before = thing.words.labels.get(key)
            if before != label:
                if before is not None and before.is_static:
                    raise Immutable(f"{key} is static")
                changed[key] = label
        if changed:
            self.before_change(thing)
            thing.words.labels |= changed
            thing.revision += 1
        return thing.id

    def remove_labels(self, user: str, thing_id: int, keys: Sequence[str]) -> int:
        """Remove labels, all or none."""
        thing = self._changeable(user, thing_id)
        if not keys:
            raise BadInput("name one at least")
        for index, key in enumerate(keys):
            self._check_key_of_label(key)
            if key in keys[:index]:
                raise BadInput(f"{key} twice")
            if key not in thing.words.labels:
                raise NotFound(key)
            if thing.words.labels[key].is_static:
                raise Immutable(key)
        self.before_change(thing)
        for key in keys:
            del thing.words.labels[key]
        thing.revision += 1
        return thing.id

    def _check_key_of_label(self, key: str) -> None:
        if key.startswith("app."):
            raise BadInput(f"{key} is the system's own")

    def set_data_class(self, user: str, thing_id: int, wanted: DataClass, *, is_recursive: bool = False) -> int:
        """Relax (ADMIN), with all below that are less open if asked; or tighten an Object (WRITE): a new revision."""
        thing = self._classed(user, thing_id, Level.WRITE)
        is_ordered = wanted is thing.data_class or DataClass.WORKSPACE not in {wanted, thing.data_class}
        if not is_ordered:
            raise BadInput("WORKSPACE is for workspaces")
        is_tightening = wanted is not thing.data_class and self._is_tighter(wanted, thing.data_class)
        if is_tightening and thing.is_container:
            raise FailedPrecondition("a container's class can only be relaxed")
        if is_tightening:
            self.check_changeable(thing)
        else:
            self._classed(user, thing_id, Level.ADMIN)
        self.check_alive(thing)
        if is_tightening:
            self.renew(thing)
            self._classify(thing, wanted)
        elif not is_recursive or thing.kind is Kind.OBJECT:
            self._relax([thing], wanted)
        elif thing.snapshot_of is not None:
            raise FailedPrecondition("a snapshot is relaxed container by container")
        else:
            self._relax(self.below(thing), wanted)
        return thing.id

    def _classed(self, user: str, thing_id: int, needed: Level) -> Thing:
        """The class of a snapshot is for those who have the level on its original."""
        thing = self.demand(user, thing_id, Level.NONE)
        level = self.level(user, thing if thing.snapshot_of is None else self.things[thing.snapshot_of])
        if level < Level.READ:
            raise NotFound(f"{thing_id}")
        if level < needed:
            raise Forbidden(f"{thing_id}")
        return thing

    def _relax(self, things: Sequence[Thing], wanted: DataClass) -> None:
        for thing in things:
            is_there = thing.state is not State.DELETED and not thing.is_hidden
            if is_there and thing.data_class is not wanted and self._is_tighter(thing.data_class, wanted):
                self._classify(thing, wanted)

    def _is_tighter(self, one: DataClass, other: DataClass) -> bool:
        return OPENNESS.index(one) < OPENNESS.index(other)

    def _classify(self, thing: Thing, wanted: DataClass) -> None:
        thing.data_class = wanted
        thing.revision += 1
