"""The store does what the model does: whatever the sequence of calls, and in some where chance seldom leads.

Each test here plays calls on both; that they agree is checked after every call, and at the end the whole graph is.
"""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from domain.access import Level
from domain.relations import RelationKind
from domain.resources import Kind, State
from tests.graph_server import GraphServer
from tests.model.machine import Machine, Stage, open_stage
from tests.model.things import Label, Link

# A call is some ten times dearer on Neo4j. Explaining a failure traces every line, which takes minutes here.
EXAMPLES = {"embedded": 60, "neo4j": 15}
DEFAULT_EXAMPLES = 60
"""What the default profile of tests/conftest.py asks for: a thorough one plays as many times more here."""
STEPS = 30


@pytest.fixture(scope="module")
def stage(empty_graph: GraphServer) -> Iterator[Stage]:
    with open_stage(empty_graph) as opened:
        yield opened


class Play:
    """A machine with the projects `alpha` of ada and `beta` of bob, each of whom may add to the other's."""

    def __init__(self, machine: Machine) -> None:
        self.call = machine.call
        self.model = machine.model
        self._bytes_of = machine.bytes_of
        self.alpha, self.beta = machine.make_projects()
        self.call("grant", "ada", self.alpha, "bob", Level.APPEND)
        self.call("grant", "bob", self.beta, "ada", Level.APPEND)

    def put(self, key: str, user: str = "ada") -> int:
        """Put new bytes into the user's own project; answers the Object."""
        bucket = "alpha" if user == "ada" else "beta"
        return self.call("put", user, bucket, key, self._bytes_of(len(key))).object_id

    def finish(self, upload: int) -> None:
        self.call("finish_upload", "ada", upload, self._bytes_of(1))

    def home(self, thing: int) -> int:
        home = self.model.things[thing].home
        assert home is not None
        return home


@pytest.fixture
def play(stage: Stage) -> Iterator[Play]:
    machine = Machine(stage)
    yield Play(machine)
    machine.teardown()


# Making a failing sequence short takes up to five minutes, after which Hypothesis gives up by itself.
@pytest.mark.timeout(900)
def test_random_calls_answer_and_leave_what_the_model_says(stage: Stage, graph_server: GraphServer) -> None:
    class OnStage(Machine):
        def __init__(self) -> None:
            super().__init__(stage)

    examples = EXAMPLES[graph_server.engine] * settings().max_examples // DEFAULT_EXAMPLES
    run_state_machine_as_test(
        OnStage,
        settings=settings(max_examples=examples, stateful_step_count=STEPS, phases=(Phase.generate, Phase.shrink)),
    )


def test_an_object_restored_to_where_it_was_shared_has_its_home_there(play: Play) -> None:
    thing = play.put("d/o")
    play.call("share", "ada", thing, play.alpha, "x", Level.READ)
    play.call("delete_object", "ada", thing)

    play.call("restore", "ada", thing, play.alpha, "x")

    assert play.home(thing) == play.alpha


def test_a_container_of_a_put_left_by_a_share_alone_is_hidden_with_its_last_key(play: Play) -> None:
    thing, other = play.put("a/o"), play.put("b/p")
    place = play.home(other)
    play.call("share", "ada", thing, place, "s", Level.READ)
    play.call("delete_object", "ada", other)

    play.call("unlink_child", "ada", thing, place)

    assert play.model.things[place].is_hidden


def test_a_share_in_a_hidden_container_does_not_come_back(play: Play) -> None:
    thing, other = play.put("a/o"), play.put("b/p")
    place = play.home(other)
    play.call("share", "ada", thing, place, "s", Level.READ)
    for one in (other, thing):
        play.call("delete_object", "ada", one)

    play.call("restore", "ada", thing)

    assert list(play.model.things[thing].parents) == [play.home(thing)]
    assert play.model.things[place].is_hidden


def test_a_dataset_that_left_its_collection_leaves_that_hidden_until_a_put_needs_it(play: Play) -> None:
    thing = play.put("a/d/o")
    dataset = play.home(thing)
    collection = play.home(dataset)

    play.call("move", "ada", dataset, play.alpha, "moved")
    assert play.model.things[collection].is_hidden
    again = play.put("a/x")

    assert play.home(again) == collection


def test_an_upload_ends_whatever_its_project_is_called_by_then(play: Play) -> None:
    thing, upload = play.call("create_object", "ada", play.alpha, "o")
    play.call("rename", "ada", play.alpha, "gamma")

    play.finish(upload)

    assert play.model.things[thing].state is State.AVAILABLE


def test_an_archive_keeps_what_left_it_out_and_lets_guests_go_on(play: Play) -> None:
    gone, mine, guest = play.put("a/o"), play.put("b"), play.put("guest", "bob")
    play.call("share", "bob", guest, play.alpha, "guest", Level.READ)
    play.call("delete_object", "ada", gone)
    play.call("archive", "ada", play.alpha)

    for name, thing in (("restore", gone), ("delete_object", mine)):
        assert play.call(name, "ada", thing) is None
    play.call("describe", "bob", guest, {"title": "T"})
    play.put("guest", "bob")
    play.call("delete_object", "bob", guest)
    play.call("erase", "ada", mine)
    play.call("unarchive", "cy", play.alpha)
    play.call("restore", "ada", gone)

    assert play.model.things[gone].state is State.AVAILABLE


def test_a_snapshot_of_an_archive_shows_what_the_archive_does(play: Play) -> None:
    mine, guest = play.put("a/o"), play.put("g", "bob")
    place = play.home(mine)
    play.call("share", "bob", guest, place, "guest", Level.READ)
    play.call("archive", "ada", play.alpha)
    play.call("describe", "bob", guest, {"title": "T"})

    snapshot = play.call("create_snapshot", "ada", place, "1.0.0")
    play.call("unarchive", "cy", play.alpha)
    play.call("describe", "ada", mine, {"title": "T"})
    play.put("a/o")

    view = play.model.things[snapshot].view
    assert view is not None
    assert {name: shown.number for name, shown in view.objects.items()} == {"o": 0, "guest": 0}
    play.call("delete_snapshot", "ada", snapshot)
    play.call("remove_revision", "ada", mine, 0)


def test_names_that_come_back_are_seen_by_the_snapshots_that_saw_them(play: Play) -> None:
    thing = play.put("o")
    first = play.call("create_snapshot", "ada", play.alpha, "1.0.0")
    for name in ("p", "o"):
        play.call("rename", "ada", thing, name)
    second = play.call("create_snapshot", "ada", play.alpha, "2.0.0")
    play.call("delete_snapshot", "ada", first)
    play.call("rename", "ada", thing, "q")
    play.call("set_labels", "ada", thing, {"k": Label("1")})
    play.call("delete_snapshot", "ada", second)
    play.call("set_labels", "ada", thing, {"k": Label("2")})

    play.call("remove_revision", "ada", thing, 0)

    assert [revision.number for revision in play.model.things[thing].revisions] == [1]


def test_a_container_with_snapshots_goes_nowhere_where_it_would_hide_keys(play: Play) -> None:
    dataset = play.home(play.put("a/b/o"))
    play.call("create_snapshot", "ada", dataset, "1.0.0")
    other = play.put("b@1.0.0/x")

    assert play.call("move", "ada", dataset, play.alpha, None) is None
    play.call("rename", "ada", other, "y")
    play.call("move", "ada", dataset, play.alpha, None)
    for key in ("b@1.0.0/x", "b@latest/x"):
        assert play.call("create_object", "ada", play.alpha, key) is None
    play.put("b@2.0.0/x")
    assert play.call("create_snapshot", "ada", dataset, "2.0.0") is None


def test_a_recursive_delete_takes_homes_and_leaves_guests_and_a_restore_brings_back_what_it_took(play: Play) -> None:
    thing, before, guest = play.put("a/b/o"), play.put("a/b/before"), play.put("guest", "bob")
    collection = play.home(play.home(thing))
    play.call("delete_object", "ada", before)
    play.call("share", "ada", thing, play.beta, "o", Level.WRITE)
    play.call("share", "bob", guest, collection, "guest", Level.READ)
    play.call("create_snapshot", "ada", play.alpha, "1.0.0")

    play.call("delete_recursively", "ada", collection)
    play.call("put", "bob", "beta", "o", play.model.things[guest].revisions[0].bytes)
    play.call("restore", "ada", collection)

    assert [play.model.things[one].state for one in (collection, thing, before)] == [
        State.AVAILABLE,
        State.AVAILABLE,
        State.DELETED,
    ]
    assert play.beta not in play.model.things[thing].parents


def test_relations_policies_and_labels_of_what_a_snapshot_holds_change_as_a_new_revision(play: Play) -> None:
    thing, other = play.put("a/o"), play.put("other")
    links = [Link(RelationKind.CUSTOM, other, "uses"), Link(RelationKind.METADATA, play.alpha)]
    play.call("relate", "ada", thing, links[:1])
    play.call("create_snapshot", "ada", play.alpha, "1.0.0")

    play.call("relate", "ada", thing, [Link(RelationKind.POLICY, other)])
    assert play.model.things[thing].number == 0
    play.call("relate", "ada", thing, links)
    play.call("unrelate", "ada", thing, links[:1])
    play.call("create_snapshot", "ada", play.home(thing), "1.0.0")
    play.call("set_labels", "ada", thing, {"k": Label("v", is_static=True)})

    assert play.model.things[thing].number == 2


def test_clones_bear_the_words_of_their_source_and_are_younger(play: Play) -> None:
    source = play.put("o")
    play.call("set_labels", "ada", source, {"k": Label("v", is_static=True)})
    play.call("describe", "ada", source, {"title": "T", "authors": ("Ada",), "data_license": "MIT"})

    clone = play.call(
        "clone", "ada", source, play.call("create_container", "ada", Kind.DATASET, play.alpha, "d"), "a/b"
    )
    play.call("clone", "ada", clone, play.alpha, "again")

    assert play.call("relate", "ada", source, [Link(RelationKind.ORIGIN, clone)]) is None
