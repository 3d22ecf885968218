"""The tree that the model's calls change: lookups, rights, names and what leaves or comes back with a key.

Everything is found by looking at all things there are. Nothing here is taken from the rules in domain/: a mistake there
must not be repeated here.
"""

import string
from collections.abc import Set as AbstractSet
from copy import deepcopy
from itertools import count
from typing import Final

from domain.access import Level
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
)
from domain.resources import DataClass, Kind, State
from tests.model.things import Bytes, Edge, FrozenContainer, FrozenObject, Revision, Thing, Words

MAY_HOLD: Final = {
    Kind.PROJECT: {Kind.COLLECTION, Kind.DATASET, Kind.OBJECT},
    Kind.COLLECTION: {Kind.DATASET, Kind.OBJECT},
    Kind.DATASET: {Kind.OBJECT},
    Kind.OBJECT: set[Kind](),
}
NOBODY: Final = frozenset[str]()
OPENNESS: Final = [DataClass.CONFIDENTIAL, DataClass.PRIVATE, DataClass.PUBLIC]
_BUCKET_CHARACTERS: Final = set(string.ascii_lowercase + string.digits + ".-")
_CONTAINER_CHARACTERS: Final = set(string.ascii_letters + string.digits + "!_.*'()-")


def can_name_container(name: str) -> bool:
    return 1 <= len(name) <= 255 and set(name) <= _CONTAINER_CHARACTERS and name not in {".", ".."}


def check_name(kind: Kind, name: str, parent: Kind | None) -> None:
    """Refuse a name that a child of this kind can't bear below a parent of that kind."""
    if kind is Kind.PROJECT:
        is_fine = 3 <= len(name) <= 63 and set(name) <= _BUCKET_CHARACTERS and ".." not in name
        is_fine = is_fine and name[0] not in ".-" and name[-1] not in ".-"
    elif kind is Kind.OBJECT:
        first, slash, rest = name.partition("/")
        is_path = bool(slash and rest) and can_name_container(first) and parent is not Kind.DATASET
        is_fine = 1 <= len(name.encode()) <= 1024 and "\0" not in name and not is_path
    else:
        is_fine = can_name_container(name)
    if not is_fine:
        raise BadInput(f"{name!r} can't name a {kind.lower()} there")


def names_of_versions(*versions: str) -> list[str]:
    """What snapshots of these versions are called in keys: any release hides what begins with `latest` too."""
    return [*versions, *(["latest"] if any("-" not in version for version in versions) else [])]


class Tree:
    """All things by id, dead ones and hidden ones too. Ids are numbers that rise with age."""

    def __init__(self, users: AbstractSet[str], administrators: AbstractSet[str] = NOBODY) -> None:
        self.users = users
        self.administrators = administrators
        self.things: dict[int, Thing] = {}
        self.fresh = count(1)
        # What a name showed when a snapshot may have seen it: container, name, Object, revision.
        self.pasts: set[tuple[int, str, int, int]] = set()

    # -- lookups

    def add(self, kind: Kind, creator: str, parent: Thing | None, name: str) -> Thing:
        """Make a thing below its home; class and licences are the home's."""
        words, data_class, parents = Words(), DataClass.PRIVATE, dict[int, Edge]()
        if parent is not None:
            words = Words(metadata_license=parent.words.metadata_license, data_license=parent.words.data_license)
            data_class = parent.data_class
            parents = {parent.id: Edge(name, is_home=True, passes=Level.ADMIN)}
        thing = Thing(next(self.fresh), kind, creator, words, data_class, parents)
        thing.bucket = "" if parent is not None else name
        self.things[thing.id] = thing
        return thing

    def children(self, parent: Thing) -> list[tuple[str, Thing]]:
        """What the parent's names show, in no order."""
        return [
            (child.parents[parent.id].name, child)
            for child in self.things.values()
            if parent.id in child.parents and child.state is not State.DELETED and not child.is_hidden
        ]

    def child(self, parent: Thing, name: str, *, is_container: bool) -> Thing | None:
        """The sibling that bears the name; a container and an Object may both."""
        found = [one for its, one in self.children(parent) if its == name and one.is_container == is_container]
        assert len(found) < 2, f"{name!r} names two things in {parent.id}"
        return found[0] if found else None

    def project_named(self, name: str) -> Thing | None:
        return next(
            (
                thing
                for thing in self.things.values()
                if thing.kind is Kind.PROJECT
                and thing.bucket == name
                and thing.state is State.AVAILABLE
                and thing.snapshot_of is None
            ),
            None,
        )

    def project_of(self, thing: Thing) -> Thing:
        """The root above its home, or above where that was."""
        while thing.home is not None:
            thing = self.things[thing.home]
        return thing

    def below(self, root: Thing) -> list[Thing]:
        """The thing and all that have their home in it, hidden and dead ones too."""
        found = [root]
        for thing in found:
            found += [child for child in self.things.values() if child.home == thing.id]
        return found

    def key_of(self, thing: Thing, name: str) -> str:
        """The key of a child of that name, below the project."""
        names = [name]
        while thing.home is not None:
            names.append(thing.name)
            thing = self.things[thing.home]
        return "/".join(reversed(names))

    def counters(self, container: Thing) -> tuple[int, int, int]:
        """How many names it holds, and how many AVAILABLE Objects and bytes."""
        children = [child for _, child in self.children(container)]
        available = [one.revisions[-1].bytes for one in children if not one.is_container and one.state == "AVAILABLE"]
        return len(children), len(available), sum(shown.length for shown in available)

    # -- rights

    def level(self, user: str, thing: Thing, *, homes_only: bool = False) -> Level:
        """The best over all ways up, each worth the least of its grant and of what its edges let pass.

        A snapshot is worth what its original is, at most READ; what was shared into a container that is deleted by now
        gets nothing from there.
        """
        return max(
            self._granted(user, thing, homes_only=homes_only),
            Level.READ if thing.data_class is DataClass.PUBLIC else Level.NONE,
        )

    def _granted(self, user: str, thing: Thing, *, homes_only: bool) -> Level:
        levels = [thing.grants.get(user, Level.NONE)]
        for parent_id, edge in thing.parents.items():
            parent = self.things[parent_id]
            if edge.is_home or not (homes_only or parent.state is State.DELETED):
                levels.append(min(edge.passes, self._granted(user, parent, homes_only=homes_only)))
        if thing.snapshot_of is not None:
            original = self.things[thing.snapshot_of]
            levels.append(min(Level.READ, self._granted(user, original, homes_only=homes_only)))
        return max(levels)

    def demand(self, user: str, thing_id: int, needed: Level, *, homes_only: bool = False) -> Thing:
        """Return the thing if the user may; what he may not see isn't there for him."""
        thing = self.things.get(thing_id)
        if thing is None or thing.is_hidden or self.level(user, thing) < Level.READ:
            raise NotFound(f"{thing_id}")
        if self.level(user, thing, homes_only=homes_only) < needed:
            raise Forbidden(f"{thing_id}")
        return thing

    def demand_to_change(self, user: str, thing_id: int, needed: Level, *, homes_only: bool = False) -> Thing:
        """Return the thing if the user may change it and it can be changed.

        Nobody has more than READ on a snapshot: that it doesn't change is what there is to say.
        """
        thing = self.demand(user, thing_id, Level.READ)
        if thing.snapshot_of is not None:
            raise Immutable(f"{thing_id}")
        self.demand(user, thing_id, needed, homes_only=homes_only)
        self.check_changeable(thing)
        return thing

    def is_frozen(self, thing: Thing) -> bool:
        """Whether it is a snapshot or has its home in an archive."""
        home = thing if thing.is_container or thing.home is None else self.things[thing.home]
        return home.snapshot_of is not None or home.is_archived

    def check_changeable(self, *things: Thing) -> None:
        for thing in things:
            if self.is_frozen(thing):
                raise Immutable(f"{thing.id}")

    def check_alive(self, *things: Thing) -> None:
        for thing in things:
            if thing.state is State.DELETED:
                raise FailedPrecondition(f"{thing.id} is DELETED")

    # -- names

    def check_holds(self, parent: Thing, kind: Kind) -> None:
        if kind not in MAY_HOLD[parent.kind]:
            raise Hierarchy(f"a {parent.kind} holds no {kind}")

    def obstacle(self, parent: Thing, name: str, kind: Kind, child: Thing | None = None) -> DomainError | None:
        """Why the name isn't to be had below the parent: for a new child, or for one that takes a new place.

        A snapshot is read as `name@version/…` beside its original, and no Object may have such a key.
        """
        taken = self.child(parent, name, is_container=kind is not Kind.OBJECT)
        if taken is not None and taken is not child:
            return AlreadyExists(f"{name!r} in {parent.id}")
        if kind is Kind.OBJECT:
            if self.is_behind_snapshot(parent, name):
                return Immutable(f"{name!r} is a key of a snapshot")
        elif child is not None and self.hides(parent, name, self.versions(child)):
            return FailedPrecondition(f"snapshots of {child.id} would hide keys in {parent.id}")
        return None

    def is_behind_snapshot(self, parent: Thing, name: str) -> bool:
        """Whether a snapshot stands where the name begins: of a sibling, or of the project itself as `@version/…`."""
        beginnings = [f"{its}@{version}/" for its, one in self.children(parent) for version in self.versions(one)]
        if parent.kind is Kind.PROJECT:
            beginnings += [f"@{version}/" for version in self.versions(parent)]
        return name.startswith(tuple(beginnings))

    def hides(self, parent: Thing, name: str, versions: list[str]) -> bool:
        """Whether snapshots of a container of that name would hide Objects in the parent."""
        beginnings = tuple(f"{name}@{version}/" for version in versions)
        return any(its.startswith(beginnings) for its, one in self.children(parent) if not one.is_container)

    def versions(self, original: Thing) -> list[str]:
        """What its snapshots that are there are called in keys; a release is the latest too, or may be once."""
        alive = [one for one in self.things.values() if one.state is not State.DELETED]
        found = [one.version for one in alive if one.snapshot_of == original.id and one.version is not None]
        return names_of_versions(*found)

    def check_free(self, parent: Thing, name: str, kind: Kind, child: Thing | None = None) -> None:
        error = self.obstacle(parent, name, kind, child)
        if error is not None:
            raise error

    def leave(self, container: Thing) -> None:
        """A key has left the container: hide it if a PUT made it, it was the last and nobody cares, and so on up."""
        while self._may_hide(container) and not self.children(container):
            container.is_hidden = True
            assert container.home is not None, "a PUT makes no project"
            container = self.things[container.home]

    def _may_hide(self, container: Thing) -> bool:
        is_there = container.state is State.AVAILABLE and not container.is_hidden
        return is_there and self.is_plain(container) and not self.is_frozen(container)

    def is_plain(self, container: Thing) -> bool:
        """Whether a PUT made it and nobody has described, labelled, granted, related, shared or snapshotted it."""
        words = container.words
        is_target = any(key[1] == container.id for other in self.things.values() for key in other.words.relations)
        is_described = bool(words.title is not None or words.description is not None or words.authors or words.labels)
        is_target = is_target or any(container.id in other.policies for other in self.things.values())
        is_related = bool(words.relations or words.citations or container.policies or is_target)
        return (
            container.is_made_by_put
            and not is_described
            and not is_related
            and not container.grants
            and len(container.parents) == 1
            and not container.was_snapshotted
        )

    def check_revivable(self, container: Thing) -> None:
        """Refuse to bring a container back where the place that it left is gone or taken."""
        while container.is_hidden:
            home = self.things[container.home or 0]
            self.check_alive(home)
            self.check_changeable(home)
            if not home.is_hidden:
                self.check_free(home, container.name, container.kind, container)
            container = home
        self.check_alive(container)

    def revive(self, container: Thing) -> None:
        """Bring a hidden container back, and those above it."""
        while container.is_hidden:
            container.is_hidden = False
            container = self.things[container.home or 0]

    # -- revisions and views

    def publish(self, thing: Thing, new: Bytes) -> None:
        """Make a new revision; the words of the one before stay with it."""
        number = 0 if thing.number is None else thing.number + 1
        for parent in thing.parents:
            self.end(thing, parent)
        thing.words = deepcopy(thing.words)
        thing.revisions.append(Revision(number, new, thing.words))

    def renew(self, thing: Thing) -> None:
        """Make a new revision with the same bytes, if there is one to follow."""
        if thing.newest is not None:
            self.publish(thing, thing.newest.bytes)

    def before_change(self, thing: Thing) -> None:
        """The words of a thing are about to change: what a snapshot shows must stay as it is."""
        if self.is_held(thing):
            self.renew(thing)

    def is_held(self, thing: Thing) -> bool:
        """Whether a snapshot may show the newest revision: under a name that it has still, or under a former one."""
        is_past = any(past[2:] == (thing.id, thing.number) for past in self.pasts)
        return thing.newest is not None and (is_past or any(edge.is_seen for edge in thing.parents.values()))

    def end(self, thing: Thing, parent: int) -> None:
        """The name that the parent has for the thing is about to go, or to show something else."""
        edge = thing.parents[parent]
        if edge.is_seen and thing.number is not None:
            self.pasts.add((parent, edge.name, thing.id, thing.number))
        edge.is_seen = False

    def forget_pasts(self, view: FrozenContainer) -> None:
        """A snapshot is gone: what it saw, and no other sees, needn't be kept."""
        views = [one.view.find(view.id) for one in self.things.values() if one.view and one.state is not State.DELETED]
        seen = [one.objects for one in views if one is not None]
        for past in [past for past in self.pasts if past[0] == view.id]:
            shown = [(one[past[1]].id, one[past[1]].number) for one in seen if past[1] in one]
            if past[2:] not in shown:
                self.pasts.remove(past)
        for below in view.containers.values():
            self.forget_pasts(below)

    def freeze(self, container: Thing) -> FrozenContainer:
        """Copy what the container and all in it show, shares too; an Object that never had bytes isn't shown."""
        shown = self.children(container)
        objects = dict[str, FrozenObject]()
        for name, child in shown:
            if child.newest is not None:
                child.parents[container.id].is_seen = True
                objects[name] = FrozenObject(child.id, child.newest.number, child.newest.bytes, deepcopy(child.words))
        containers = {name: self.freeze(child) for name, child in shown if child.is_container}
        return FrozenContainer(container.id, deepcopy(container.words), containers, objects)

    def view_of(self, container: Thing) -> FrozenContainer:
        """What a snapshot of the container shows: in an archive what the archive shows."""
        archive = self.project_of(container).view
        if archive is None or not container.is_archived:
            return self.freeze(container)
        found = archive.find(container.id)
        assert found is not None, "an archive shows all containers that have their home in it"
        return deepcopy(found)

    def is_shown_frozen(self, thing: Thing, number: int) -> bool:
        """Whether a snapshot or archive that is still there shows the revision."""
        views = [other.view for other in self.things.values() if other.state is not State.DELETED]
        return any(view is not None and view.shows(thing.id, number) for view in views)
