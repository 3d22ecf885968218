"""The model by itself: what holds after every sequence of calls, and the stories that the contract tells."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import note, settings
from hypothesis.stateful import invariant

from domain.access import Level
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    HomeParent,
    Immutable,
    NotFound,
)
from domain.relations import ExternalType, RelationKind
from domain.resources import DataClass, Kind, State
from tests.model.calls import ADMINISTRATORS, GHOST, USERS, Calls
from tests.model.model import Model
from tests.model.things import Bytes, Citation, FrozenContainer, Label, Link, Thing

NEVER = frozenset(
    {
        (Kind.PROJECT, Kind.PROJECT),
        (Kind.COLLECTION, Kind.COLLECTION),
        (Kind.COLLECTION, Kind.DATASET),
        (Kind.DATASET, Kind.DATASET),
    }
)
"""Children that no parent of that kind holds, beside projects and what would be below Objects."""


class ModelAlone(Calls):
    """Every call, on the model alone."""

    known = frozenset(name for name in vars(Calls) if hasattr(Model, name))

    def __init__(self) -> None:
        super().__init__()
        self.frozen: dict[int, FrozenContainer] = {}

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Make a call; a refused one must have changed nothing."""
        before = deepcopy((self.model.things, self.model.uploads))
        try:
            answer = getattr(self.model, name)(*arguments, **options)
        except DomainError as error:
            note(f"{name} {arguments} {options}: {error.code}")
            assert (self.model.things, self.model.uploads) == before, f"{name} was refused and changed something"
            return None
        note(f"{name} {arguments} {options}: {answer}")
        return answer

    @property
    def alive(self) -> list[Thing]:
        things = self.model.things.values()
        return [thing for thing in things if thing.state is not State.DELETED and thing.snapshot_of is None]

    @invariant()
    def each_has_one_home_and_a_project_above_it(self) -> None:
        for thing in self.model.things.values():
            homes = [parent for parent, edge in thing.parents.items() if edge.is_home]
            is_root = thing.kind is Kind.PROJECT or thing.snapshot_of is not None
            assert len(homes) == (not is_root)
            assert thing.snapshot_of is not None or self.model.project_of(thing).kind is Kind.PROJECT

    @invariant()
    def what_lives_stands_below_what_lives_and_may_hold_it(self) -> None:
        for thing in self.alive:
            for parent in (self.model.things[parent] for parent in thing.parents):
                assert thing.is_hidden or (parent.state is State.AVAILABLE and not parent.is_hidden)
                assert parent.is_container
                assert (thing.kind, parent.kind) not in NEVER
                assert thing.kind is not Kind.PROJECT

    @invariant()
    def siblings_have_different_names(self) -> None:
        for parent in self.alive:
            names = [(name, child.is_container) for name, child in self.model.children(parent)]
            assert len(set(names)) == len(names)
        buckets = [thing.bucket for thing in self.alive if thing.kind is Kind.PROJECT]
        assert len(set(buckets)) == len(buckets)

    @invariant()
    def what_left_with_its_last_key_holds_nothing_and_nobody_has_touched_it(self) -> None:
        for thing in self.alive:
            if thing.is_hidden:
                assert self.model.is_plain(thing)
                assert not self.model.children(thing)

    @invariant()
    def revisions_rise_and_bytes_are_where_the_state_says_so(self) -> None:
        for thing in self.model.things.values():
            numbers = [revision.number for revision in thing.revisions]
            assert numbers == sorted(set(numbers))
            assert not thing.revisions or thing.revisions[-1].words is thing.words
            assert thing.is_container or thing.state is not State.AVAILABLE or numbers
            assert thing.is_container or thing.state is not State.INITIALIZING or not numbers

    @invariant()
    def frozen_means_frozen(self) -> None:
        for thing in self.model.things.values():
            if thing.view is None:
                self.frozen.pop(thing.id, None)
            else:
                copy = self.frozen.setdefault(thing.id, deepcopy(thing.view))
                assert thing.view == copy

    @invariant()
    def what_a_view_shows_is_what_its_revisions_say(self) -> None:
        """A view of the store looks revisions up: none that a view shows may have changed since."""
        for thing in self.model.things.values():
            if thing.view is not None and thing.state is not State.DELETED:
                self._check_revisions(thing.view)

    def _check_revisions(self, view: FrozenContainer) -> None:
        for shown in view.objects.values():
            revisions = {revision.number: revision for revision in self.model.things[shown.id].revisions}
            revision = revisions[shown.number]
            assert (revision.bytes, revision.words) == (shown.bytes, shown.words)
        for below in view.containers.values():
            self._check_revisions(below)

    @invariant()
    def an_archive_changes_only_where_it_holds_what_lives_elsewhere(self) -> None:
        for project in self.alive:
            if project.view is not None:
                now = Model(frozenset(USERS))
                now.things = deepcopy(self.model.things)
                assert _own(now, now.freeze(project), project) == _own(self.model, project.view, project)

    @invariant()
    def a_project_has_somebody_who_manages_it(self) -> None:
        for thing in self.alive:
            assert thing.kind is not Kind.PROJECT or Level.ADMIN in thing.grants.values()


def _own(model: Model, view: FrozenContainer, project: Thing) -> FrozenContainer:
    """The view without Objects that have their home elsewhere, or had, or were erased since."""
    mine = {
        name: shown
        for name, shown in view.objects.items()
        if model.project_of(model.things[shown.id]).id == project.id
        and not model.things[shown.id].revisions[-1].is_erased
    }
    return FrozenContainer(
        view.id, view.words, {name: _own(model, below, project) for name, below in view.containers.items()}, mine
    )


TestModelAlone = ModelAlone.TestCase
TestModelAlone.settings = settings(max_examples=max(100, settings().max_examples), stateful_step_count=40)


# -- stories


class Story:
    """A model in which ada has a project `alpha` and bob a project `beta`."""

    def __init__(self) -> None:
        self.model = Model(frozenset(USERS), ADMINISTRATORS)
        self.alpha = self.model.create_project("ada", "alpha")
        self.beta = self.model.create_project("bob", "beta")

    def put(self, key: str, length: int = 5) -> Thing:
        return self.model.things[self.model.put("ada", "alpha", key, Bytes(key, length)).object_id]

    def home(self, thing: Thing) -> Thing:
        assert thing.home is not None
        return self.model.things[thing.home]


@pytest.fixture
def story() -> Story:
    return Story()


def test_a_put_makes_a_collection_then_a_dataset_and_the_rest_is_the_name(story: Story) -> None:
    thing = story.put("a/b/c/d", 3)

    dataset = story.home(thing)
    collection = story.home(dataset)

    assert (thing.name, dataset.kind, dataset.name) == ("c/d", Kind.DATASET, "b")
    assert (collection.kind, collection.name, collection.home) == (Kind.COLLECTION, "a", story.alpha)
    assert [story.model.counters(one) for one in (dataset, collection)] == [(1, 1, 3), (1, 0, 0)]


def test_containers_of_a_put_go_with_their_last_key_and_come_back_the_same(story: Story) -> None:
    thing = story.put("a/b/c")
    dataset = story.home(thing)

    story.model.delete_object("ada", thing.id)

    assert dataset.is_hidden
    assert story.home(dataset).is_hidden
    with pytest.raises(NotFound):
        story.model.describe("ada", dataset.id, {"title": "T"})
    assert story.home(story.put("a/b/x")) is dataset
    assert not story.home(dataset).is_hidden


@pytest.mark.parametrize("reason", ["title", "label", "grant", "relation", "target", "share", "snapshot"])
def test_a_container_that_somebody_cares_for_stays_when_it_is_empty(story: Story, reason: str) -> None:
    model = story.model
    thing, other = story.put("a/o"), story.put("other")
    container = story.home(thing)
    match reason:
        case "title":
            model.describe("ada", container.id, {"title": "T"})
        case "label":
            model.set_labels("ada", container.id, {"k": Label("v")})
        case "grant":
            model.grant("ada", container.id, "bob", Level.READ)
        case "relation":
            model.relate("ada", container.id, [Citation(ExternalType.DOI, "10.1234/x")])
        case "target":
            model.relate("ada", other.id, [Link(RelationKind.METADATA, container.id)])
        case "share":
            model.grant("bob", story.beta, "ada", Level.APPEND)
            model.share("ada", container.id, story.beta, None, Level.READ)
        case _:
            model.create_snapshot("ada", container.id, "1.0.0")

    model.delete_object("ada", thing.id)

    assert not container.is_hidden
    assert container.state is State.AVAILABLE


def test_a_title_changes_in_place_until_a_snapshot_shows_it(story: Story) -> None:
    thing = story.put("a/o")
    story.model.describe("ada", thing.id, {"title": "one"})
    assert thing.number == 0
    snapshot = story.model.things[story.model.create_snapshot("ada", story.alpha, "1.0.0")]

    story.model.describe("ada", thing.id, {"title": "two"})
    story.model.describe("ada", thing.id, {"title": "three"})

    assert thing.number == 1
    assert [revision.words.title for revision in thing.revisions] == ["one", "three"]
    assert snapshot.view is not None
    shown = snapshot.view.containers["a"].objects["o"]
    assert (shown.number, shown.words.title) == (0, "one")


def test_a_snapshot_is_what_was_there_whatever_happens_afterwards(story: Story) -> None:
    model = story.model
    thing, gone = story.put("a/o"), story.put("a/gone")
    snapshot = model.things[model.create_snapshot("ada", story.home(thing).id, "1.0.0")]

    story.put("a/o", 9)
    story.put("a/new")
    model.rename("ada", thing.id, "renamed")
    model.delete_object("ada", gone.id)

    assert snapshot.view is not None
    assert {name: (shown.id, shown.number) for name, shown in snapshot.view.objects.items()} == {
        "o": (thing.id, 0),
        "gone": (gone.id, 0),
    }
    with pytest.raises(AlreadyExists):
        model.create_snapshot("ada", story.home(thing).id, "1.0.0+other-build")
    model.delete_snapshot("ada", snapshot.id)
    with pytest.raises(AlreadyExists):
        model.create_snapshot("ada", story.home(thing).id, "1.0.0")


def test_licences_and_a_tighter_class_always_make_a_revision_and_a_name_never_does(story: Story) -> None:
    thing = story.put("o")

    story.model.describe("ada", thing.id, {"data_license": "MIT"})
    story.model.set_data_class("ada", thing.id, DataClass.CONFIDENTIAL)
    story.model.set_data_class("ada", thing.id, DataClass.PRIVATE)
    story.model.rename("ada", thing.id, "p")

    assert thing.number == 2
    with pytest.raises(FailedPrecondition):
        story.model.set_data_class("ada", story.alpha, DataClass.CONFIDENTIAL)


def test_rights_that_reach_through_a_share_are_worth_what_it_passes_and_no_more_than_the_grant(story: Story) -> None:
    model = story.model
    thing = story.put("a/o")
    model.grant("bob", story.beta, "ada", Level.APPEND)
    model.share("ada", story.home(thing).id, story.beta, "theirs", Level.WRITE)

    assert model.level("bob", thing) is Level.WRITE
    assert model.level("bob", thing, homes_only=True) is Level.NONE
    with pytest.raises(Forbidden):
        model.delete_object("bob", thing.id)
    with pytest.raises(Forbidden):
        model.share("bob", story.home(thing).id, story.beta, "more", Level.ADMIN)


def test_a_home_is_moved_and_never_unlinked(story: Story) -> None:
    model = story.model
    thing = story.put("a/o")
    dataset = model.create_container("ada", Kind.DATASET, story.alpha, "d")
    former = story.home(thing)
    with pytest.raises(HomeParent):
        model.unlink_child("ada", thing.id, former.id)

    model.move("ada", thing.id, dataset, None)
    model.move("ada", thing.id, dataset, "o")

    assert thing.home == dataset
    assert former.is_hidden
    model.share("ada", thing.id, story.alpha, "too", Level.READ)
    model.unlink_child("ada", thing.id, story.alpha)
    assert list(thing.parents) == [dataset]


def test_a_key_has_one_place_so_that_a_name_with_a_slash_fits_a_dataset_only(story: Story) -> None:
    model = story.model
    dataset = model.create_container("ada", Kind.DATASET, story.alpha, "d")
    thing = story.put("d/x/y")

    with pytest.raises(BadInput):
        model.move("ada", thing.id, story.alpha, None)
    model.move("ada", thing.id, story.alpha, "x y/z")

    assert thing.home == story.alpha
    assert not model.children(model.things[dataset])


def test_an_archive_refuses_every_write_save_grants_incoming_relations_and_a_relaxed_class(story: Story) -> None:
    model = story.model
    thing = story.put("a/o")
    collection = story.home(thing)
    model.grant("ada", story.alpha, "bob", Level.WRITE)
    theirs = model.put("bob", "beta", "o", Bytes("theirs", 1)).object_id
    model.archive("ada", story.alpha)

    for call in (
        lambda: model.put("ada", "alpha", "a/o", Bytes("x", 1)),
        lambda: model.put("ada", "alpha", "new", Bytes("x", 1)),
        lambda: model.describe("ada", thing.id, {"title": "T"}),
        lambda: model.set_labels("ada", collection.id, {"k": Label("v")}),
        lambda: model.rename("ada", thing.id, "p"),
        lambda: model.delete_object("ada", thing.id),
        lambda: model.delete_recursively("ada", story.alpha),
        lambda: model.relate("ada", thing.id, [Link(RelationKind.CUSTOM, collection.id, "uses")]),
    ):
        with pytest.raises(Immutable):
            call()
    model.grant("ada", collection.id, "cy", Level.READ)
    model.relate("bob", theirs, [Link(RelationKind.METADATA, thing.id)])
    model.set_data_class("ada", story.alpha, DataClass.PUBLIC)
    with pytest.raises(Forbidden):
        model.unarchive("ada", story.alpha)
    model.unarchive("cy", story.alpha)
    model.describe("ada", thing.id, {"title": "T"})
    assert thing.number == 1


def test_an_archive_shows_guests_as_they_were_and_admits_no_containers_of_others(story: Story) -> None:
    model = story.model
    model.grant("ada", story.alpha, "bob", Level.APPEND)
    theirs = model.things[model.put("bob", "beta", "c/o", Bytes("theirs", 1)).object_id]
    model.share("bob", story.home(theirs).id, story.alpha, None, Level.READ)
    with pytest.raises(FailedPrecondition):
        model.archive("ada", story.alpha)
    model.unlink_child("ada", story.home(theirs).id, story.alpha)
    model.share("bob", theirs.id, story.alpha, "guest", Level.READ)

    model.archive("ada", story.alpha)
    model.describe("bob", theirs.id, {"title": "T"})
    model.delete_object("bob", theirs.id)

    view = model.things[story.alpha].view
    assert view is not None
    assert (view.objects["guest"].number, view.objects["guest"].words.title) == (0, None)


def test_a_recursive_delete_takes_what_lives_below_and_its_restore_brings_back_just_that(story: Story) -> None:
    model = story.model
    model.grant("bob", story.beta, "ada", Level.APPEND)
    model.grant("ada", story.alpha, "bob", Level.APPEND)
    thing, before = story.put("a/b/o"), story.put("a/b/before")
    collection = story.home(story.home(thing))
    model.delete_object("ada", before.id)
    model.share("ada", thing.id, story.beta, "o", Level.READ)
    guest = model.things[model.put("bob", "beta", "guest", Bytes("guest", 1)).object_id]
    model.share("bob", guest.id, collection.id, None, Level.READ)
    with pytest.raises(FailedPrecondition):
        model.delete_container("ada", collection.id)

    model.delete_recursively("ada", collection.id)

    assert [one.state for one in (collection, story.home(thing), thing)] == [State.DELETED] * 3
    assert [name for name, _ in model.children(model.things[story.beta])] == ["guest"]
    with pytest.raises(FailedPrecondition):
        model.restore("ada", thing.id)
    model.restore("ada", collection.id)
    assert [one.state for one in (collection, story.home(thing), thing)] == [State.AVAILABLE] * 3
    assert before.state is State.DELETED
    assert sorted(name for name, _ in model.children(model.things[story.beta])) == ["guest", "o"]
    assert list(guest.parents) == [story.beta]


def test_an_object_of_a_deleted_container_is_restored_alone_to_a_parent_given(story: Story) -> None:
    model = story.model
    thing = story.put("a/o")
    collection = story.home(thing)
    model.delete_recursively("ada", collection.id)

    model.restore("ada", thing.id, story.alpha, "saved")
    model.restore("ada", collection.id)

    assert (thing.home, thing.name, thing.state) == (story.alpha, "saved", State.AVAILABLE)
    assert not model.children(collection)


def test_a_restored_object_revives_its_home_and_needs_its_name(story: Story) -> None:
    model = story.model
    thing = story.put("a/o")
    collection = story.home(thing)
    model.delete_object("ada", thing.id)
    model.restore("ada", thing.id)
    assert not collection.is_hidden

    model.delete_object("ada", thing.id)
    story.put("a/o")

    with pytest.raises(AlreadyExists):
        model.restore("ada", thing.id)
    model.restore("ada", thing.id, story.alpha)
    assert thing.home == story.alpha


def test_an_object_that_waited_for_bytes_comes_back_in_error(story: Story) -> None:
    waiting, _ = story.model.create_object("ada", story.alpha, "o")
    story.model.delete_object("ada", waiting)
    story.model.restore("ada", waiting)
    assert story.model.things[waiting].state is State.ERROR


def test_erased_bytes_are_gone_in_snapshots_too_and_the_tombstone_stays(story: Story) -> None:
    model = story.model
    thing = story.put("o")
    story.put("o")
    model.create_snapshot("ada", story.alpha, "1.0.0")
    with pytest.raises(FailedPrecondition):
        model.erase_revision("ada", thing.id, 1)

    model.erase_revision("ada", thing.id, 0)
    assert [revision.is_erased for revision in thing.revisions] == [True, False]
    model.erase("ada", thing.id)

    assert thing.state is State.DELETED
    assert all(revision.is_erased for revision in thing.revisions)
    with pytest.raises(FailedPrecondition):
        model.restore("ada", thing.id)


def test_a_revision_that_a_snapshot_shows_is_not_removed(story: Story) -> None:
    model = story.model
    thing = story.put("o")
    story.put("o")
    snapshot = model.create_snapshot("ada", story.alpha, "1.0.0")
    story.put("o")

    model.remove_revision("ada", thing.id, 0)
    with pytest.raises(Immutable):
        model.remove_revision("ada", thing.id, 1)
    model.delete_snapshot("ada", snapshot)
    model.remove_revision("ada", thing.id, 1)

    assert [revision.number for revision in thing.revisions] == [2]


def test_static_labels_stay_and_the_systems_own_are_refused(story: Story) -> None:
    model = story.model
    model.set_labels("ada", story.alpha, {"k": Label("v", is_static=True), "l": Label("v")})

    model.set_labels("ada", story.alpha, {"k": Label("v", is_static=True)})
    with pytest.raises(Immutable):
        model.set_labels("ada", story.alpha, {"k": Label("w")})
    with pytest.raises(Immutable):
        model.remove_labels("ada", story.alpha, ["l", "k"])
    with pytest.raises(BadInput):
        model.set_labels("ada", story.alpha, {"app.mine": Label("v")})
    model.remove_labels("ada", story.alpha, ["l"])

    assert model.things[story.alpha].words.labels == {"k": Label("v", is_static=True)}


def test_what_one_may_not_see_is_not_there(story: Story) -> None:
    thing = story.put("a/o")
    for hidden in (thing.id, GHOST):
        with pytest.raises(NotFound):
            story.model.describe("bob", hidden, {"title": "T"})


def test_a_clone_is_another_object_with_the_same_bytes_and_says_where_it_comes_from(story: Story) -> None:
    source = story.put("o", 7)

    clone = story.model.things[story.model.clone("ada", source.id, story.alpha, "p")]

    assert (clone.number, clone.revisions[0].bytes) == (0, source.revisions[0].bytes)
    assert clone.words.relations == {(RelationKind.ORIGIN, source.id, None): (0, 0)}


def test_a_snapshot_hides_no_keys_and_nobody_puts_any_into_it(story: Story) -> None:
    model = story.model
    story.put("a/o")
    collection = story.home(story.put("a/p"))
    story.put("a@1.0.0/x")

    with pytest.raises(FailedPrecondition):
        model.create_snapshot("ada", collection.id, "1.0.0")
    model.create_snapshot("ada", collection.id, "2.0.0")

    with pytest.raises(Immutable):
        story.put("a@2.0.0/x")
