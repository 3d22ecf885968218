from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.changes import (
    Change,
    ChildMoved,
    ChildRenamed,
    ContainerHidden,
    CountersChanged,
    Event,
    EventKind,
    PastEntryAdded,
    ProjectRenamed,
)
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
from domain.identifiers import encode_ulid
from domain.moving import Move, move_child, move_locks, rename_child, rename_locks
from domain.placing import PlaceFacts
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, State
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

OTHER = encode_ulid(20)


def other(level: Level = Level.ADMIN) -> ContainerFacts:
    """Another project."""
    return replace(project(level), id=OTHER, name="other")


def facts_of(
    child: ObjectFacts | ContainerFacts, source: ContainerFacts, target: ContainerFacts | None = None
) -> PlaceFacts:
    above = {one.id: one for one in (project(entry_count=1), collection(entry_count=1), source)}
    return PlaceFacts(child, source, other() if target is None else target, above)


def event(number: int, kind: EventKind, resource: str, before: int | None = None) -> Event:
    return Event(new_id(number), kind, resource, USER, NOW, before, None if before is None else before + 1)


def moved(**changed: object) -> ChildMoved:
    standard = ChildMoved(
        child_id=OBJECT,
        child_kind=Kind.OBJECT,
        from_id=DATASET,
        from_name="o",
        to_id=OTHER,
        to_kind=Kind.PROJECT,
        name="o",
        renames=False,
        at=NOW,
        by=USER,
    )
    return replace(standard, **changed)


# -- moving


def test_a_moved_object_takes_its_bytes_with_it() -> None:
    decision = move_child(facts_of(an_object(), dataset(entry_count=2)), OBJECT, Move(OTHER), stamp())

    assert decision.result == OBJECT
    assert decision.changes == (
        moved(),
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        CountersChanged(OTHER, entries=1, objects=1, length_bytes=5),
        event(0, EventKind.MOVED, OBJECT),
    )


@pytest.mark.parametrize("state", [State.INITIALIZING, State.ERROR, State.VALIDATING])
def test_an_object_that_is_not_available_counts_as_a_name_alone(state: State) -> None:
    facts = facts_of(an_object(state=state, shown=published()), dataset(entry_count=2))

    changes = move_child(facts, OBJECT, Move(OTHER), stamp()).changes

    assert changes[1:3] == (CountersChanged(DATASET, entries=-1), CountersChanged(OTHER, entries=1))


def test_a_moved_container_counts_as_a_name_alone() -> None:
    child = replace(dataset(entry_count=3), object_count=3, byte_count=9)
    facts = PlaceFacts(child, collection(entry_count=2), other(), {COLLECTION: collection(entry_count=2)})

    changes = move_child(facts, DATASET, Move(OTHER, name="new"), stamp()).changes

    assert changes == (
        moved(
            child_id=DATASET,
            child_kind=Kind.DATASET,
            from_id=COLLECTION,
            from_name="data",
            name="new",
            renames=True,
        ),
        CountersChanged(COLLECTION, entries=-1),
        CountersChanged(OTHER, entries=1),
        event(0, EventKind.MOVED, DATASET, before=0),
    )


def test_a_moved_share_is_no_new_name_of_the_child() -> None:
    share = ParentEdge(COLLECTION, "shared", is_home=False, passes=Level.WRITE)
    child = an_object(parents=(home(DATASET, "o"), share))
    facts = facts_of(child, collection(Level.NONE, entry_count=2))

    changes = move_child(facts, OBJECT, Move(OTHER, COLLECTION, "x"), stamp()).changes

    assert changes[0] == moved(from_id=COLLECTION, from_name="shared", name="x")
    assert move_locks(facts) == {OBJECT, OTHER, COLLECTION, DATASET}
    assert changes[-1] == event(0, EventKind.MOVED, OBJECT)


def test_what_a_snapshot_saw_is_kept_before_the_name_goes() -> None:
    seen = replace(home(DATASET, "o"), since=1, parent_epoch=3)
    facts = facts_of(an_object(parents=(seen,)), dataset(entry_count=2))

    changes = move_child(facts, OBJECT, Move(OTHER), stamp()).changes

    version_id = published().version_id
    assert changes[0] == PastEntryAdded(DATASET, "o", OBJECT, Kind.OBJECT, version_id, since=1, until=3)


def test_a_container_left_empty_is_hidden_unless_the_child_went_right_above_it() -> None:
    plain = dataset(entry_count=1, is_plain=True)
    above = {COLLECTION: collection(entry_count=1, is_plain=True), DATASET: plain, PROJECT: project(entry_count=1)}

    def hidden(target: ContainerFacts) -> list[str]:
        facts = PlaceFacts(an_object(), plain, target, above)
        changes = move_child(facts, OBJECT, Move(target.id), stamp()).changes
        return [change.id for change in changes if isinstance(change, ContainerHidden)]

    assert hidden(other()) == [DATASET, COLLECTION]
    assert hidden(collection(entry_count=1, is_plain=True)) == [DATASET]
    assert hidden(project(entry_count=1)) == [DATASET, COLLECTION]


def test_moving_to_where_it_is_changes_nothing_and_another_name_there_renames() -> None:
    facts = facts_of(an_object(), dataset(entry_count=1), dataset(entry_count=1))

    assert move_child(facts, OBJECT, Move(DATASET), stamp()).changes == ()
    assert move_child(facts, OBJECT, Move(DATASET, DATASET, "o"), stamp()).changes == ()
    assert move_child(facts, OBJECT, Move(DATASET, name="p"), stamp()).changes == (
        ChildRenamed(OBJECT, Kind.OBJECT, DATASET, Kind.DATASET, "o", "p", is_home=True, at=NOW),
        event(0, EventKind.RENAMED, OBJECT, before=3),
    )


SHARED = an_object(parents=(home(DATASET, "o"), ParentEdge(OTHER, "s", is_home=False, passes=Level.READ)))
LONG_KEY = replace(facts_of(an_object(), dataset()), target_path="c/")


@pytest.mark.parametrize(
    ("facts", "move", "error", "field"),
    [
        (PlaceFacts(None, None, None), Move(OTHER), NotFound, ("id",)),
        (facts_of(an_object(Level.NONE), dataset()), Move(OTHER), NotFound, ("id",)),
        (facts_of(an_object(Level.WRITE), dataset()), Move(OTHER), Forbidden, ("id",)),
        (facts_of(an_object(), dataset(), other(Level.NONE)), Move(OTHER), NotFound, ("input", "to")),
        (facts_of(an_object(), dataset(), other(Level.READ)), Move(OTHER), Forbidden, ("input", "to")),
        (facts_of(an_object(), dataset(Level.NONE)), Move(OTHER), NotFound, ("input", "from")),
        (facts_of(an_object(), dataset(Level.WRITE)), Move(OTHER), Forbidden, ("input", "from")),
        (facts_of(an_object(), dataset()), Move(OTHER, PROJECT), NotFound, ("input", "from")),
        (facts_of(project(), dataset()), Move(OTHER), Hierarchy, ("input", "to")),
        (facts_of(collection(), project(), dataset()), Move(DATASET), Hierarchy, ("input", "to")),
        (facts_of(SHARED, dataset()), Move(OTHER), AlreadyExists, ("input", "to")),
        (facts_of(SHARED, other(), dataset()), Move(DATASET, OTHER), AlreadyExists, ("input", "to")),
        (replace(facts_of(an_object(), dataset()), taken_by="X"), Move(OTHER), AlreadyExists, ("input", "name")),
        (facts_of(an_object(), dataset()), Move(OTHER, name="a/b"), BadInput, ("input", "name")),
        (facts_of(dataset(), collection()), Move(OTHER, name="a b"), BadInput, ("input", "name")),
        (LONG_KEY, Move(OTHER, name="x" * 1023), BadInput, ("input", "name")),
        (replace(facts_of(an_object(), dataset()), hiding_snapshot="c@1.0.0"), Move(OTHER), Immutable, None),
        (replace(facts_of(dataset(), collection()), hidden_key="data@1.0.0/x"), Move(OTHER), FailedPrecondition, None),
        (facts_of(an_object(state=State.DELETED), dataset()), Move(OTHER), FailedPrecondition, ("id",)),
        (
            facts_of(an_object(), dataset(), replace(other(), state=State.DELETED)),
            Move(OTHER),
            FailedPrecondition,
            ("input", "to"),
        ),
        (facts_of(an_object(), dataset(), replace(other(), is_frozen=True)), Move(OTHER), Immutable, ("input", "to")),
        (
            facts_of(an_object(parents=(replace(home(DATASET, "o"), is_parent_frozen=True),)), dataset()),
            Move(OTHER),
            Immutable,
            ("id",),
        ),
    ],
)
def test_what_may_not_be_moved_is_refused(
    facts: PlaceFacts, move: Move, error: type[DomainError], field: tuple[str, ...] | None
) -> None:
    with pytest.raises(error) as caught:
        move_child(facts, OBJECT, move, stamp())

    assert type(caught.value) is error
    assert caught.value.field == (("input", "name") if field is None else field)


# -- renaming


def test_a_home_renames_the_child_itself() -> None:
    facts = facts_of(an_object(), dataset(Level.NONE, entry_count=1))

    decision = rename_child(facts, OBJECT, "p", None, stamp())

    assert decision.changes == (
        ChildRenamed(OBJECT, Kind.OBJECT, DATASET, Kind.DATASET, "o", "p", is_home=True, at=NOW),
        event(0, EventKind.RENAMED, OBJECT, before=3),
    )
    assert rename_child(facts, OBJECT, "p", DATASET, stamp()).changes == decision.changes
    assert rename_child(facts, OBJECT, "o", None, stamp()).changes == ()


def test_a_share_is_renamed_by_who_may_add_to_its_parent() -> None:
    def facts(level: Level) -> PlaceFacts:
        return facts_of(SHARED, other(level), other(level))

    assert rename_child(facts(Level.APPEND), OBJECT, "x", OTHER, stamp()).changes == (
        ChildRenamed(OBJECT, Kind.OBJECT, OTHER, Kind.PROJECT, "s", "x", is_home=False, at=NOW),
        event(0, EventKind.RENAMED, OBJECT),
    )
    with pytest.raises(Forbidden):
        rename_child(facts(Level.READ), OBJECT, "x", OTHER, stamp())
    with pytest.raises(NotFound):
        rename_child(facts(Level.NONE), OBJECT, "x", OTHER, stamp())


def test_a_project_is_renamed_by_its_admin() -> None:
    facts = PlaceFacts(project(), None, None)

    assert rename_child(facts, PROJECT, "new-name", None, stamp()).changes == (
        ProjectRenamed(PROJECT, "new-name", NOW),
        event(0, EventKind.RENAMED, PROJECT, before=0),
    )
    assert rename_child(facts, PROJECT, "proj", None, stamp()).changes == ()
    for refused, name, parent, error in [
        (facts, "No", None, BadInput),
        (facts, "new-name", OTHER, NotFound),
        (replace(facts, project_named=OTHER), "new-name", None, AlreadyExists),
        (replace(facts, child=project(Level.WRITE)), "new-name", None, Forbidden),
        (replace(facts, child=replace(project(), state=State.DELETED)), "new-name", None, FailedPrecondition),
        (replace(facts, child=replace(project(), is_frozen=True)), "new-name", None, Immutable),
    ]:
        with pytest.raises(error):
            rename_child(refused, PROJECT, name, parent, stamp())


def test_what_may_not_be_renamed_is_refused() -> None:
    facts = facts_of(an_object(), dataset(), dataset())
    for refused, name, error in [
        (replace(facts, child=an_object(Level.APPEND)), "p", Forbidden),
        (replace(facts, child=an_object(state=State.DELETED)), "p", FailedPrecondition),
        (replace(facts, taken_by="X"), "p", AlreadyExists),
        (facts, "\0", BadInput),
        (replace(facts, hiding_snapshot="c@1.0.0"), "p", Immutable),
    ]:
        with pytest.raises(error):
            rename_child(refused, OBJECT, name, None, stamp())
    assert rename_locks(facts) == {OBJECT, DATASET}


# -- locks


def _touched(changes: tuple[Change, ...]) -> set[str]:
    """Ids of the resources that the changes change."""
    found: set[str] = set()
    for change in changes:
        match change:
            case ChildMoved():
                found |= {change.child_id, change.from_id, change.to_id}
            case CountersChanged():
                found.add(change.container_id)
            case ContainerHidden():
                found |= {change.id, change.parent_id}
            case Event():
                found.add(change.resource_id)
            case _:
                raise AssertionError(f"a move makes no {change!r} without snapshots")
    return found


@given(
    counts=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)),
    plain=st.tuples(st.booleans(), st.booleans()),
    frozen=st.booleans(),
    target=st.sampled_from([PROJECT, COLLECTION, OTHER]),
)
def test_a_move_changes_what_it_locks_and_loses_no_name(
    counts: tuple[int, int, int], plain: tuple[bool, bool], target: str, *, frozen: bool
) -> None:
    source = dataset(entry_count=counts[0], is_plain=plain[0])
    above = {
        DATASET: source,
        COLLECTION: replace(collection(entry_count=counts[1], is_plain=plain[1]), is_frozen=frozen),
        PROJECT: project(entry_count=counts[2]),
    }
    child = an_object(parents=(home(DATASET, "o"),))
    facts = PlaceFacts(child, source, replace(above.get(target, other()), is_frozen=False), above)

    changes = move_child(facts, OBJECT, Move(target), stamp()).changes

    assert _touched(changes) <= move_locks(facts)
    counted = [change for change in changes if isinstance(change, CountersChanged)]
    hidden = [change for change in changes if isinstance(change, ContainerHidden)]
    assert sum(change.entries for change in counted) == -len(hidden)
    assert sum(change.objects for change in counted) == sum(change.length_bytes for change in counted) == 0
    after = {one.id: one.entry_count for one in above.values()}
    for change in counted:
        after[change.container_id] = after.get(change.container_id, 0) + change.entries
    assert all(after[change.id] == 0 for change in hidden)
    assert min(after.values()) >= 0
