"""Random sequences of calls: one rule for each call of the model, with arguments that are mostly sensible.

What is done with a call is for subclasses: test_model_itself.py makes it on the model alone, machine.py on the model
and on a real graph. A rule is drawn only where its call is among those that the subclass knows.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from domain.access import Level
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass, Kind, State
from tests.model.model import Model
from tests.model.things import Bytes, Citation, Label, Link, Thing
from tests.model.tree import MAY_HOLD

Rule = TypeVar("Rule", bound=Callable[..., Any])

USERS: Final = ("ada", "bob", "cy")
ADMINISTRATORS: Final = frozenset({"cy"})
STRANGER: Final = "nobody"
"""A holder of grants that nobody knows."""
GHOST: Final = 0
"""An id that nothing bears."""

ANONYMOUS: Final = ""

PROJECTS: Final = frozenset({Kind.PROJECT})
OBJECTS: Final = frozenset({Kind.OBJECT})
CONTAINERS: Final = frozenset({Kind.PROJECT, Kind.COLLECTION, Kind.DATASET})
CHILDREN: Final = frozenset({Kind.COLLECTION, Kind.DATASET, Kind.OBJECT})
ANY: Final = frozenset(Kind)

buckets = st.sampled_from(["alpha", "beta", "gamma", "delta"])
names = st.sampled_from(["a", "a", "b", "b", "c", "x y"])
object_names = st.sampled_from(["a", "b", "c", "a/", "x y/z", "b/c", "a@1.0.0/x", ""])
keys = st.sampled_from(
    [
        "a",
        "b",
        "a/",
        "a/a",
        "a/b",
        "b/a",
        "a/a/a",
        "a/a/b",
        "a/b/a",
        "b/a/b/c",
        "x y/z",
        "a@1.0.0/x",
        "a/a@2.0.0/x",
        "a@latest/x",
        "",
    ]
)
lengths = st.integers(0, 9)
levels = st.sampled_from([Level.READ, Level.READ, Level.APPEND, Level.WRITE, Level.ADMIN, Level.NONE])
passes = st.sampled_from([Level.READ, Level.READ, Level.APPEND, Level.WRITE, Level.ADMIN, Level.ADMIN, Level.NONE])
texts = st.sampled_from(["T", "U", None])
classes = st.sampled_from([DataClass.PUBLIC, DataClass.PRIVATE, DataClass.CONFIDENTIAL, DataClass.WORKSPACE])
label_keys = st.sampled_from(["k", "l", "m", "app.x"])
label_values = st.builds(Label, st.sampled_from(["1", "2"]), st.sampled_from([False, False, False, True]))
versions = st.sampled_from(["1.0.0", "2.0.0", "2.0.0-rc.1", "1.0.0+build"])
words = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "description": texts,
        "authors": st.sampled_from([None, ("Ada",), ("Ada", "Bob")]),
        "metadata_license": st.sampled_from(["MIT", "CC0-1.0", None]),
        "data_license": st.sampled_from(["MIT", None]),
    },
)
relation_kinds = st.sampled_from(
    [
        RelationKind.CUSTOM,
        RelationKind.CUSTOM,
        RelationKind.METADATA,
        RelationKind.METADATA,
        RelationKind.POLICY,
        RelationKind.ORIGIN,
        RelationKind.BELONGS_TO,
        None,
        None,
    ]
)
citations = st.sampled_from(
    [
        Citation(ExternalType.DOI, "10.1234/x"),
        Citation(ExternalType.URL, "https://example.org/"),
        Citation(ExternalType.CUSTOM, "v", "tool"),
    ]
)


def knows(name: str) -> Callable[[Rule], Rule]:
    """Decorate a rule: it is drawn only where the call of that name is known."""

    def is_known(machine: Any) -> bool:
        return name in machine.known

    return precondition(is_known)


def where_some(fits: Callable[[Thing], Any]) -> Callable[[Rule], Rule]:
    """Decorate a rule: it is drawn only where some thing fits."""

    def is_there(machine: Any) -> bool:
        return any(fits(thing) for thing in machine.model.things.values())

    return precondition(is_there)


def _is_object(thing: Thing) -> bool:
    return thing.kind is Kind.OBJECT


def _is_inner(thing: Thing) -> bool:
    return thing.kind in {Kind.COLLECTION, Kind.DATASET}


def _is_child(thing: Thing) -> bool:
    return bool(thing.parents)


def _is_rewritten(thing: Thing) -> bool:
    return len(thing.revisions) > 1


def _is_shared(thing: Thing) -> bool:
    return len(thing.parents) > 1


def _is_dead(thing: Thing) -> bool:
    return thing.state is State.DELETED and thing.snapshot_of is None


def _is_snapshot(thing: Thing) -> bool:
    return thing.snapshot_of is not None


def _is_archived(thing: Thing) -> bool:
    return thing.view is not None and thing.snapshot_of is None


def _is_labelled(thing: Thing) -> bool:
    return bool(thing.words.labels)


def _is_related(thing: Thing) -> bool:
    return bool(_standing(thing))


class Calls(RuleBasedStateMachine):
    """The rules. `known` are the names of the calls that a subclass can make."""

    known: frozenset[str] = frozenset()

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(frozenset(USERS), ADMINISTRATORS)
        self.made_bytes = 0

    @property
    def has_happened_much(self) -> bool:
        """Whether enough stands for calls that end much at once."""
        return len(self.model.things) > 12

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Make one call, named as in the model; answers what the model answers, None where it refuses."""
        raise NotImplementedError

    def bytes_of(self, length: int) -> Bytes:
        """Fresh bytes."""
        self.made_bytes += 1
        return Bytes(f"{self.made_bytes:032x}", length)

    # -- what is drawn: mostly what is accepted, so that the accepted calls of a sequence reach far

    def usually(self, data: st.DataObject) -> bool:
        return data.draw(st.sampled_from([True] * 6 + [False]))

    def one_of(self, data: st.DataObject, fitting: Sequence[int], others: Sequence[int]) -> int:
        """Draw an id: usually of those that fit, else of the others or of nothing at all."""
        if fitting and self.usually(data):
            return data.draw(st.sampled_from(fitting))
        return data.draw(st.sampled_from([*others, GHOST]))

    def ids(self, kinds: frozenset[Kind]) -> list[int]:
        return [thing.id for thing in self.model.things.values() if thing.kind in kinds]

    def a_thing(self, data: st.DataObject, kinds: frozenset[Kind] = ANY) -> int:
        """Draw the id of a thing of these kinds, usually one that is there and can be changed."""
        fitting = [
            thing.id
            for thing in self.model.things.values()
            if thing.kind in kinds and thing.state is not State.DELETED and not thing.is_hidden
        ]
        return self.one_of(data, fitting, self.ids(kinds))

    def a_thing_that(self, data: st.DataObject, fits: Callable[[Thing], Any], kinds: frozenset[Kind] = ANY) -> int:
        fitting = [thing.id for thing in self.model.things.values() if thing.kind in kinds and fits(thing)]
        return self.one_of(data, fitting, self.ids(kinds))

    def a_place_for(self, data: st.DataObject, child: int) -> int:
        """Draw a container that could hold the child and doesn't yet."""
        thing = self.model.things.get(child)
        if thing is None:
            return self.a_thing(data, CONTAINERS)
        fitting = [
            one.id
            for one in self.model.things.values()
            if thing.kind in MAY_HOLD[one.kind]
            and one.id not in thing.parents
            and one.state is State.AVAILABLE
            and one.snapshot_of is None
        ]
        return self.one_of(data, fitting, self.ids(CONTAINERS))

    def a_parent(self, data: st.DataObject, child: int) -> int:
        """Draw a parent of the child, a share before its home."""
        thing = self.model.things.get(child)
        parents = [] if thing is None else sorted(thing.parents, key=lambda parent: thing.parents[parent].is_home)
        return self.one_of(data, parents[:1] * 4 + parents, self.ids(CONTAINERS))

    def a_caller(self, data: st.DataObject, *things: int) -> str:
        """Draw a user, usually of those who have the most to say about the things."""
        found = [self.model.things[thing] for thing in things if thing in self.model.things]
        originals = [thing if thing.snapshot_of is None else self.model.things[thing.snapshot_of] for thing in found]
        least = {user: min((self.model.level(user, one) for one in originals), default=Level.NONE) for user in USERS}
        if self.usually(data):
            return data.draw(st.sampled_from([user for user in USERS if least[user] == max(least.values())]))
        return data.draw(st.sampled_from([*USERS, ANONYMOUS]))

    def a_link(self, data: st.DataObject) -> Link | Citation:
        kind = data.draw(relation_kinds)
        if kind is None:
            return data.draw(citations)
        is_named = (kind is RelationKind.CUSTOM) == self.usually(data)
        return Link(kind, self.a_thing(data), "uses" if is_named else None)

    # -- making

    @initialize(seen=st.sampled_from(["alpha", "collection", None]))
    def begin(self, seen: str | None) -> None:
        """Two projects whose owners may each do something in the other's, with something in them, perhaps seen."""
        alpha, beta = self.make_projects()
        self.call("grant", "ada", alpha, "bob", Level.WRITE)
        self.call("grant", "bob", beta, "ada", Level.APPEND)
        for user, bucket, key in (("ada", "alpha", "a/a/a"), ("ada", "alpha", "a/b"), ("bob", "beta", "b")):
            self.call("put", user, bucket, key, self.bytes_of(1))
        if seen and "create_snapshot" in self.known:
            collection = self.model.child(self.model.things[alpha], "a", is_container=True)
            assert collection is not None, "the first put made it"
            self.call("create_snapshot", "ada", alpha if seen == "alpha" else collection.id, "0.1.0")

    def make_projects(self) -> tuple[int, int]:
        """Make `alpha` of ada and `beta` of bob."""
        return self.call("create_project", "ada", "alpha"), self.call("create_project", "bob", "beta")

    @knows("create_project")
    @precondition(lambda self: len(self._buckets()) < 4)
    @rule(user=st.sampled_from([*USERS, ANONYMOUS]), name=st.sampled_from(["gamma", "beta", "delta", "No"]))
    def create_project(self, user: str, name: str) -> None:
        self.call("create_project", user, name)

    @knows("create_container")
    @rule(
        data=st.data(),
        kind=st.sampled_from([Kind.COLLECTION, Kind.DATASET]),
        name=names,
        data_class=st.sampled_from([None, None, None, None, *DataClass]),
    )
    def create_container(self, data: st.DataObject, kind: Kind, name: str, data_class: DataClass | None) -> None:
        parent = self.a_thing(data, CONTAINERS)
        self.call("create_container", self.a_caller(data, parent), kind, parent, name, data_class)

    @knows("create_object")
    @rule(data=st.data(), name=object_names)
    def create_object(self, data: st.DataObject, name: str) -> None:
        parent = self.a_thing(data, CONTAINERS if self.usually(data) else ANY)
        self.call("create_object", self.a_caller(data, parent), parent, name)

    @knows("put")
    @rule(data=st.data(), key=keys, length=lengths, only_new=st.sampled_from([False, False, False, False, True]))
    def put(self, data: st.DataObject, key: str, length: int, *, only_new: bool) -> None:
        bucket = data.draw(st.sampled_from(self._buckets() * 6 + ["alpha", "nothing"]))
        project = self.model.project_named(bucket)
        user = self.a_caller(data, GHOST if project is None else project.id)
        self.call("put", user, bucket, key, self.bytes_of(length), only_new=only_new)

    @knows("put")
    @rule(data=st.data(), key=keys, length=lengths)
    def put_as_owner(self, data: st.DataObject, key: str, length: int) -> None:
        """Much of what happens happens to Objects: make sure that there are some."""
        project = self.model.project_named(data.draw(st.sampled_from(self._buckets() or ["alpha"])))
        if project is not None:
            owners = [user for user, level in project.grants.items() if level is Level.ADMIN]
            self.call("put", owners[0], project.bucket, key, self.bytes_of(length))

    def _buckets(self) -> list[str]:
        projects = [thing for thing in self.model.things.values() if thing.kind is Kind.PROJECT]
        return [thing.bucket for thing in projects if thing.state is State.AVAILABLE and thing.snapshot_of is None]

    @knows("begin_upload")
    @precondition(lambda self: sum(upload.is_open for upload in self.model.uploads.values()) < 3)
    @where_some(_is_object)
    @rule(data=st.data())
    def begin_upload(self, data: st.DataObject) -> None:
        thing = self.a_thing(data, OBJECTS)
        self.call("begin_upload", self.a_caller(data, thing), thing)

    @knows("finish_upload")
    @precondition(lambda self: self.model.uploads)
    @rule(data=st.data(), length=lengths)
    def finish_upload(self, data: st.DataObject, length: int) -> None:
        upload, user = self._an_upload(data)
        self.call("finish_upload", user, upload, self.bytes_of(length))

    @knows("fail_upload")
    @precondition(lambda self: self.model.uploads)
    @rule(data=st.data())
    def fail_upload(self, data: st.DataObject) -> None:
        upload, user = self._an_upload(data)
        self.call("fail_upload", user, upload)

    def _an_upload(self, data: st.DataObject) -> tuple[int, str]:
        """Draw an upload, usually an open one and its owner."""
        every = list(self.model.uploads.values())
        upload = data.draw(st.sampled_from(([one for one in every if one.is_open] or every) * 6 + every))
        return upload.id, data.draw(st.sampled_from([upload.user] * 5 + list(USERS)))

    @knows("clone")
    @where_some(_is_object)
    @rule(data=st.data(), name=object_names)
    def clone(self, data: st.DataObject, name: str) -> None:
        source = self.a_thing_that(data, lambda thing: thing.newest)
        parent = self.a_thing(data, CONTAINERS)
        self.call("clone", self.a_caller(data, source, parent), source, parent, name)

    # -- wording

    @knows("describe")
    @rule(data=st.data(), new=words, is_asking=st.sampled_from([False, False, False, True]))
    def describe(self, data: st.DataObject, new: dict[str, Any], *, is_asking: bool) -> None:
        thing = self.a_thing(data)
        known = self.model.things.get(thing)
        now = 0 if known is None else known.revision
        revision = data.draw(st.sampled_from([now, now, now - 1])) if is_asking else None
        self.call("describe", self.a_caller(data, thing), thing, new, revision)

    @knows("set_labels")
    @rule(data=st.data(), wanted=st.dictionaries(label_keys, label_values, max_size=2))
    def set_labels(self, data: st.DataObject, wanted: dict[str, Label]) -> None:
        thing = self.a_thing(data)
        self.call("set_labels", self.a_caller(data, thing), thing, wanted)

    @knows("remove_labels")
    @where_some(_is_labelled)
    @rule(data=st.data(), other=st.lists(label_keys, max_size=2))
    def remove_labels(self, data: st.DataObject, other: list[str]) -> None:
        thing = self.a_thing_that(data, _is_labelled)
        known = self.model.things.get(thing)
        standing = [] if known is None else list(known.words.labels)
        unwanted = data.draw(st.lists(st.sampled_from(standing), min_size=1, unique=True)) if standing else other
        self.call("remove_labels", self.a_caller(data, thing), thing, unwanted if self.usually(data) else other)

    @knows("set_data_class")
    @rule(data=st.data(), wanted=classes, is_recursive=st.booleans())
    def set_data_class(self, data: st.DataObject, wanted: DataClass, *, is_recursive: bool) -> None:
        thing = self.a_thing(data)
        self.call("set_data_class", self.a_caller(data, thing), thing, wanted, is_recursive=is_recursive)

    # -- relating

    @knows("relate")
    @rule(data=st.data(), count=st.integers(1, 2))
    def relate(self, data: st.DataObject, count: int) -> None:
        source = self.a_thing(data, OBJECTS if self.usually(data) else ANY)
        links = [self.a_link(data) for _ in range(count)]
        ends = [link.target for link in links if isinstance(link, Link)]
        self.call("relate", self.a_caller(data, source, *ends), source, links)

    @knows("unrelate")
    @where_some(_is_related)
    @rule(data=st.data(), count=st.integers(1, 2))
    def unrelate(self, data: st.DataObject, count: int) -> None:
        source = self.a_thing_that(data, _is_related)
        known = self.model.things.get(source)
        standing: list[Link | Citation] = [] if known is None else _standing(known)
        is_fine = bool(standing) and self.usually(data)
        links = [data.draw(st.sampled_from(standing)) if is_fine else self.a_link(data) for _ in range(count)]
        self.call("unrelate", self.a_caller(data, source), source, links)

    @knows("grant")
    @rule(data=st.data(), holder=st.sampled_from([*USERS, STRANGER]), level=levels)
    def grant(self, data: st.DataObject, holder: str, level: Level) -> None:
        thing = self.a_thing(data)
        self.call("grant", self.a_caller(data, thing), thing, holder, level)

    @knows("revoke")
    @rule(data=st.data())
    def revoke(self, data: st.DataObject) -> None:
        thing = self.a_thing_that(data, lambda one: one.grants)
        known = self.model.things.get(thing)
        holders = [] if known is None else list(known.grants)
        holder = data.draw(st.sampled_from(holders * 3 + list(USERS)))
        self.call("revoke", self.a_caller(data, thing), thing, holder)

    # -- placing

    @knows("share")
    @where_some(_is_child)
    @rule(data=st.data(), name=st.one_of(st.none(), names), passes=passes)
    def share(self, data: st.DataObject, name: str | None, passes: Level) -> None:
        child = self.a_thing(data, CHILDREN if self.usually(data) else ANY)
        parent = self.a_place_for(data, child)
        self.call("share", self.a_caller(data, child, parent), child, parent, name, passes)

    @knows("unlink_child")
    @where_some(_is_shared)
    @rule(data=st.data())
    def unlink_child(self, data: st.DataObject) -> None:
        child = self.a_thing_that(data, _is_shared)
        parent = self.a_parent(data, child)
        self.call("unlink_child", self.a_caller(data, data.draw(st.sampled_from([child, parent]))), child, parent)

    @knows("move")
    @where_some(_is_child)
    @rule(data=st.data(), name=st.one_of(st.none(), names), is_home=st.sampled_from([True, True, False]))
    def move(self, data: st.DataObject, name: str | None, *, is_home: bool) -> None:
        child = self.a_thing(data, CHILDREN if self.usually(data) else ANY)
        parent = self.a_place_for(data, child)
        former = None if is_home else self.a_parent(data, child)
        self.call("move", self.a_caller(data, child, parent), child, parent, name, former)

    @knows("rename")
    @rule(data=st.data(), name=st.sampled_from(["c", "d", "e", "f", "a/", "b/c", "delta"]), is_named=st.booleans())
    def rename(self, data: st.DataObject, name: str, *, is_named: bool) -> None:
        child = self.a_thing(data, CHILDREN if self.usually(data) else ANY)
        parent = self.a_parent(data, child) if is_named else None
        self.call("rename", self.a_caller(data, child), child, name, parent)

    # -- keeping

    @knows("create_snapshot")
    @rule(data=st.data(), version=versions)
    def create_snapshot(self, data: st.DataObject, version: str) -> None:
        original = self.a_thing(data, CONTAINERS if self.usually(data) else ANY)
        self.call("create_snapshot", self.a_caller(data, original), original, version)

    @knows("delete_snapshot")
    @where_some(_is_snapshot)
    @rule(data=st.data())
    def delete_snapshot(self, data: st.DataObject) -> None:
        snapshot = self.a_thing_that(data, _is_snapshot)
        self.call("delete_snapshot", self.a_caller(data, snapshot), snapshot)

    @knows("archive")
    @precondition(lambda self: self.has_happened_much and not any(map(_is_archived, self.model.things.values())))
    @rule(data=st.data(), kinds=st.sampled_from([PROJECTS, PROJECTS, PROJECTS, ANY]))
    def archive(self, data: st.DataObject, kinds: frozenset[Kind]) -> None:
        project = self.a_thing(data, kinds)
        self.call("archive", self.a_caller(data, project), project)

    @knows("unarchive")
    @where_some(_is_archived)
    @rule(data=st.data(), user=st.sampled_from(["cy", *USERS, ANONYMOUS]))
    def unarchive(self, data: st.DataObject, user: str) -> None:
        self.call("unarchive", user, self.a_thing_that(data, _is_archived))

    # -- ending

    @knows("delete_object")
    @where_some(_is_object)
    @rule(data=st.data())
    def delete_object(self, data: st.DataObject) -> None:
        thing = self.a_thing(data, OBJECTS)
        self.call("delete_object", self.a_caller(data, thing), thing)

    @knows("delete_container")
    @where_some(_is_inner)
    @rule(data=st.data())
    def delete_container(self, data: st.DataObject) -> None:
        thing = self.a_thing_that(data, self._is_empty, CONTAINERS)
        self.call("delete_container", self.a_caller(data, thing), thing)

    def _is_empty(self, container: Thing) -> bool:
        return container.state is State.AVAILABLE and not container.is_hidden and not self.model.children(container)

    @knows("delete_recursively")
    @where_some(_is_inner)
    @precondition(lambda self: self.has_happened_much)
    @rule(data=st.data(), kinds=st.sampled_from([CONTAINERS - PROJECTS, CONTAINERS - PROJECTS, CONTAINERS]))
    def delete_recursively(self, data: st.DataObject, kinds: frozenset[Kind]) -> None:
        thing = self.a_thing(data, kinds)
        self.call("delete_recursively", self.a_caller(data, thing), thing)

    @knows("restore")
    @where_some(_is_dead)
    @rule(data=st.data(), name=st.one_of(st.none(), names), is_elsewhere=st.sampled_from([False, False, True]))
    def restore(self, data: st.DataObject, name: str | None, *, is_elsewhere: bool) -> None:
        thing = self.a_thing_that(data, _is_dead)
        parent = self.a_place_for(data, thing) if is_elsewhere else None
        things = [thing] if parent is None else [thing, parent]
        self.call("restore", self.a_caller(data, *things), thing, parent, name if is_elsewhere else None)

    @knows("erase")
    @precondition(lambda self: self.has_happened_much)
    @where_some(_is_object)
    @rule(data=st.data())
    def erase(self, data: st.DataObject) -> None:
        thing = self.a_thing(data, OBJECTS)
        self.call("erase", self.a_caller(data, thing), thing)

    @knows("erase_revision")
    @where_some(_is_rewritten)
    @rule(data=st.data(), number=st.integers(0, 2))
    def erase_revision(self, data: st.DataObject, number: int) -> None:
        thing = self.a_thing_that(data, _is_rewritten)
        self.call("erase_revision", self.a_caller(data, thing), thing, number)

    @knows("remove_revision")
    @where_some(_is_rewritten)
    @rule(data=st.data(), number=st.integers(0, 2))
    def remove_revision(self, data: st.DataObject, number: int) -> None:
        thing = self.a_thing_that(data, _is_rewritten)
        self.call("remove_revision", self.a_caller(data, thing), thing, number)


def _standing(thing: Thing) -> list[Link | Citation]:
    links = [Link(kind, target, name) for kind, target, name in thing.words.relations]
    links += [Link(RelationKind.POLICY, target) for target in thing.policies]
    return [*links, *(Citation(kind, value, name) for kind, value, name in thing.words.citations)]
