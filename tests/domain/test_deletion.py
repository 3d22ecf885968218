from dataclasses import replace

import pytest

from domain.access import Level
from domain.changes import (
    ChildUnlinked,
    ContainerHidden,
    ContainerRemoved,
    CountersChanged,
    Event,
    EventCounts,
    EventKind,
    ObjectRemoved,
    PastEntryAdded,
    TaskAdded,
    TaskKind,
)
from domain.deletion import ObjectDeletionFacts, delete_container, delete_object, deletion_locks
from domain.errors import FailedPrecondition, Forbidden, Hierarchy, Immutable, NotFound
from domain.identifiers import encode_ulid
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, State
from domain.trees import Counts, Place, TreeContainer, TreeFacts
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    OBJECT,
    PROJECT,
    USER,
    an_object,
    collection,
    dataset,
    home,
    new_id,
    project,
    published,
    stamp,
)


def facts(
    existing: ObjectFacts | None, *containers: ContainerFacts, home_level: Level | None = None
) -> ObjectDeletionFacts:
    level = existing.level if existing is not None and home_level is None else home_level
    return ObjectDeletionFacts(existing, {container.id: container for container in containers}, level or Level.NONE)


def event(number: int, kind: EventKind, resource_id: str, before: int | None = None) -> Event:
    return Event(new_id(number), kind, resource_id, USER, NOW, before, None if before is None else before + 1)


REMOVED = ObjectRemoved(OBJECT, ((DATASET, "o"),), NOW, USER)


def test_an_object_leaves_its_name_and_its_bytes() -> None:
    before = facts(an_object(), project(entry_count=1), collection(entry_count=1), dataset(entry_count=1))

    decision = delete_object(before, OBJECT, stamp())

    assert decision.result == OBJECT
    assert decision.changes == (
        REMOVED,
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        event(0, EventKind.DELETED, OBJECT, before=3),
    )


@pytest.mark.parametrize("state", [State.INITIALIZING, State.ERROR, State.VALIDATING])
def test_an_object_that_is_not_available_takes_no_bytes_with_it(state: State) -> None:
    before = facts(an_object(state=state), collection(entry_count=1), dataset(entry_count=1))

    decision = delete_object(before, OBJECT, stamp())

    assert decision.changes[1] == CountersChanged(DATASET, entries=-1)


def test_containers_made_by_a_put_are_hidden_upwards_with_their_last_key() -> None:
    before = facts(
        an_object(),
        project(entry_count=4),
        collection(entry_count=1, is_plain=True),
        dataset(entry_count=1, is_plain=True),
    )

    decision = delete_object(before, OBJECT, stamp())

    assert decision.changes == (
        REMOVED,
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        ContainerHidden(DATASET, COLLECTION, "data"),
        event(0, EventKind.HIDDEN, DATASET),
        CountersChanged(COLLECTION, entries=-1),
        ContainerHidden(COLLECTION, PROJECT, "coll"),
        event(1, EventKind.HIDDEN, COLLECTION),
        CountersChanged(PROJECT, entries=-1),
        event(2, EventKind.DELETED, OBJECT, before=3),
    )


def test_hiding_stops_at_a_container_that_holds_more_or_was_described() -> None:
    holds_more = facts(
        an_object(), project(), collection(entry_count=2, is_plain=True), dataset(entry_count=1, is_plain=True)
    )
    described = facts(an_object(), project(), collection(entry_count=1), dataset(entry_count=1, is_plain=True))

    for before in (holds_more, described):
        hidden = [
            change.id
            for change in delete_object(before, OBJECT, stamp()).changes
            if isinstance(change, ContainerHidden)
        ]
        assert hidden == [DATASET]


def test_an_object_leaves_all_its_parents_and_each_is_hidden_once() -> None:
    """Two names in the same container: only with the second is it empty."""
    edges = (home(DATASET, "o"), ParentEdge(DATASET, "p", is_home=False, passes=Level.READ))
    before = facts(
        an_object(parents=edges),
        project(entry_count=1),
        collection(entry_count=1, is_plain=True),
        dataset(entry_count=2, is_plain=True),
    )

    decision = delete_object(before, OBJECT, stamp())

    assert decision.changes[0] == ObjectRemoved(OBJECT, ((DATASET, "o"), (DATASET, "p")), NOW, USER)
    assert [type(change) for change in decision.changes].count(ContainerHidden) == 2
    assert decision.changes[1:3] == (CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),) * 2


def test_what_may_not_be_deleted_is_refused() -> None:
    with pytest.raises(NotFound):
        delete_object(facts(None), OBJECT, stamp())
    with pytest.raises(NotFound):
        delete_object(facts(an_object(Level.NONE)), OBJECT, stamp())
    with pytest.raises(Forbidden, match="takes WRITE"):
        delete_object(facts(an_object(Level.APPEND)), OBJECT, stamp())
    with pytest.raises(FailedPrecondition, match="DELETED: 'deleted' can't happen"):
        delete_object(facts(an_object(state=State.DELETED, shown=published())), OBJECT, stamp())


def test_rights_that_a_share_lets_pass_delete_nothing() -> None:
    with pytest.raises(Forbidden, match="takes WRITE for this and you have READ"):
        delete_object(facts(an_object(Level.ADMIN), home_level=Level.READ), OBJECT, stamp())


OUTSIDE = encode_ulid(20)
GUEST = encode_ulid(21)
DELETION = new_id(0)


def in_tree(container: ContainerFacts, *places: Place, entries: int = 0, objects: int = 0) -> TreeContainer:
    counts = Counts(objects, objects * 10, NOW)
    return TreeContainer(
        container.id, container.kind, container.name, 0, is_frozen=False, places=places, entry_count=entries, own=counts
    )


def tree(root: ContainerFacts | None, *containers: TreeContainer) -> TreeFacts:
    return TreeFacts(root, {container.id: container for container in containers})


EMPTY = in_tree(dataset(), Place(COLLECTION, "data", is_home=True))


def test_an_empty_container_becomes_a_tombstone() -> None:
    decision = delete_container(tree(dataset(), EMPTY), DATASET, stamp())

    assert decision.changes == (
        ContainerRemoved(DATASET, DELETION, ((COLLECTION, "data"),), NOW, USER),
        CountersChanged(COLLECTION, entries=-1),
        event(1, EventKind.DELETED, DATASET, before=0),
    )


def test_a_project_leaves_no_names_but_its_own() -> None:
    decision = delete_container(tree(project(), in_tree(project())), PROJECT, stamp())

    assert decision.changes[0] == ContainerRemoved(PROJECT, DELETION, (), NOW, USER)


def test_a_tree_is_deleted_by_its_containers() -> None:
    """Edges inside stay, those outside go; a guest is unlinked; what holds Objects is looked at later."""
    before = tree(
        collection(entry_count=4),
        in_tree(collection(), Place(PROJECT, "coll", is_home=True), entries=4, objects=2),
        in_tree(
            dataset(),
            Place(COLLECTION, "data", is_home=True),
            Place(OUTSIDE, "shown", is_home=False, since=1, parent_epoch=3),
        ),
        in_tree(
            replace(dataset(), id=GUEST),
            Place(OUTSIDE, "home", is_home=True),
            Place(COLLECTION, "guest", is_home=False, since=0, parent_epoch=1),
            entries=7,
            objects=7,
        ),
    )

    decision = delete_container(before, COLLECTION, stamp(), is_recursive=True)

    assert decision.changes == (
        ContainerRemoved(COLLECTION, DELETION, ((PROJECT, "coll"),), NOW, USER),
        CountersChanged(PROJECT, entries=-1),
        PastEntryAdded(OUTSIDE, "shown", DATASET, Kind.DATASET, None, 1, 3),
        ContainerRemoved(DATASET, DELETION, ((OUTSIDE, "shown"),), NOW, USER),
        CountersChanged(OUTSIDE, entries=-1),
        PastEntryAdded(COLLECTION, "guest", GUEST, Kind.DATASET, None, 0, 1),
        ChildUnlinked(GUEST, Kind.DATASET, COLLECTION, "guest"),
        CountersChanged(COLLECTION, entries=-1),
        TaskAdded(new_id(1), TaskKind.UNLINK_SHARES, COLLECTION, {"deletion": DELETION}, NOW, USER),
        Event(new_id(2), EventKind.DELETED, COLLECTION, USER, NOW, 0, 1, EventCounts(0, 1, 2)),
    )
    assert deletion_locks(before) == {COLLECTION, DATASET, GUEST, PROJECT, OUTSIDE}


def test_a_container_that_may_not_be_deleted_is_refused() -> None:
    def attempt(root: ContainerFacts) -> None:
        delete_container(tree(root, EMPTY), DATASET, stamp())

    with pytest.raises(Forbidden, match="takes ADMIN"):
        attempt(dataset(Level.WRITE))
    with pytest.raises(FailedPrecondition, match="holds 2 names"):
        attempt(dataset(entry_count=2))
    with pytest.raises(FailedPrecondition, match="DELETED already"):
        attempt(replace(dataset(), state=State.DELETED))
    with pytest.raises(Immutable):
        attempt(replace(dataset(), is_frozen=True))
    with pytest.raises(NotFound):
        attempt(replace(dataset(), is_hidden=True))
    with pytest.raises(NotFound):
        delete_container(tree(None), DATASET, stamp())
    with pytest.raises(Hierarchy):
        delete_container(TreeFacts(an_object(), {}), OBJECT, stamp())
