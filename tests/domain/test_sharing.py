from dataclasses import replace

import pytest

from domain.access import Level
from domain.changes import (
    ChildShared,
    ChildUnlinked,
    ContainerHidden,
    CountersChanged,
    Event,
    EventKind,
    PastEntryAdded,
)
from domain.errors import (
    AlreadyExists,
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    HomeParent,
    Immutable,
    NotFound,
)
from domain.identifiers import encode_ulid
from domain.limits import PARENTS_MAX
from domain.placing import PlaceFacts
from domain.resources import ContainerFacts, Kind, ObjectFacts, ParentEdge, State
from domain.sharing import Share, share_child, share_locks, unlink_child, unlink_locks
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
SHARE = ParentEdge(OTHER, "s", is_home=False, passes=Level.READ)


def other(level: Level = Level.ADMIN, entry_count: int = 2) -> ContainerFacts:
    """A dataset elsewhere."""
    return replace(dataset(level, entry_count, parent=PROJECT), id=OTHER, name="other")


def told(kind: EventKind) -> Event:
    return Event(new_id(0), kind, OBJECT, USER, NOW, None, None)


def to_share(child: ObjectFacts | ContainerFacts | None = None, target: ContainerFacts | None = None) -> PlaceFacts:
    return PlaceFacts(an_object() if child is None else child, dataset(), other() if target is None else target)


def to_unlink(
    level: Level = Level.ADMIN, at_parent: Level = Level.ADMIN, *, edge: ParentEdge = SHARE, entry_count: int = 2
) -> PlaceFacts:
    child = an_object(level, parents=(home(DATASET, "o"), edge))
    parent = other(at_parent, entry_count)
    return PlaceFacts(child, parent, parent, {OTHER: parent, PROJECT: project(entry_count=1)})


def test_a_share_is_one_more_name_with_its_bytes() -> None:
    decision = share_child(to_share(), OBJECT, Share(OTHER), stamp())

    shared = ChildShared(OBJECT, Kind.OBJECT, OTHER, Kind.DATASET, "o", Level.READ, NOW, USER)
    counted = CountersChanged(OTHER, entries=1, objects=1, length_bytes=5)
    assert decision.changes == (shared, counted, told(EventKind.SHARED))
    assert share_locks(to_share()) == {OBJECT, OTHER, DATASET}


def test_a_share_bears_a_name_of_its_own_and_passes_what_it_says() -> None:
    facts = to_share(dataset(parent=PROJECT), collection(Level.APPEND))

    (shared, counted, _) = share_child(facts, DATASET, Share(COLLECTION, "x", Level.ADMIN), stamp()).changes

    assert shared == ChildShared(DATASET, Kind.DATASET, COLLECTION, Kind.COLLECTION, "x", Level.ADMIN, NOW, USER)
    assert counted == CountersChanged(COLLECTION, entries=1)


CROWD = tuple(ParentEdge(encode_ulid(100 + n), "o", is_home=n == 0, passes=Level.ADMIN) for n in range(PARENTS_MAX))


@pytest.mark.parametrize(
    ("facts", "share", "error", "field"),
    [
        (to_share(), Share(OTHER, passes=Level.NONE), BadInput, ("input", "passes")),
        (PlaceFacts(None, None, None), Share(OTHER), NotFound, ("id",)),
        (to_share(an_object(Level.WRITE)), Share(OTHER), Forbidden, ("id",)),
        (to_share(target=other(Level.NONE)), Share(OTHER), NotFound, ("input", "parent")),
        (to_share(target=other(Level.READ)), Share(OTHER), Forbidden, ("input", "parent")),
        (to_share(collection()), Share(OTHER), Hierarchy, ("input", "parent")),
        (to_share(project()), Share(OTHER), Hierarchy, ("input", "parent")),
        (to_share(target=replace(other(), state=State.DELETED)), Share(OTHER), FailedPrecondition, ("input", "parent")),
        (to_share(target=replace(other(), is_frozen=True)), Share(OTHER), Immutable, ("input", "parent")),
        (to_share(an_object(state=State.DELETED)), Share(OTHER), FailedPrecondition, ("id",)),
        (to_share(replace(dataset(), is_frozen=True), collection()), Share(COLLECTION), Immutable, ("id",)),
        (to_share(an_object(parents=(home(OTHER, "o"),))), Share(OTHER, "x"), AlreadyExists, ("input", "parent")),
        (to_share(an_object(parents=CROWD)), Share(OTHER), FailedPrecondition, ("id",)),
        (replace(to_share(), taken_by="X"), Share(OTHER), AlreadyExists, ("input", "name")),
        (to_share(), Share(OTHER, ""), BadInput, ("input", "name")),
        (replace(to_share(), target_path="d/"), Share(OTHER, "x" * 1023), BadInput, ("input", "name")),
        (replace(to_share(), hiding_snapshot="c@1.0.0"), Share(OTHER), Immutable, ("input", "name")),
    ],
)
def test_what_may_not_be_shared_is_refused(
    facts: PlaceFacts, share: Share, error: type[DomainError], field: tuple[str, ...]
) -> None:
    with pytest.raises(error) as caught:
        share_child(facts, OBJECT, share, stamp())

    assert type(caught.value) is error
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("level", "at_parent"), [(Level.ADMIN, Level.NONE), (Level.READ, Level.ADMIN), (Level.ADMIN, Level.ADMIN)]
)
def test_admin_of_either_end_unlinks(level: Level, at_parent: Level) -> None:
    decision = unlink_child(to_unlink(level, at_parent), OBJECT, OTHER, stamp())

    assert decision.changes == (
        ChildUnlinked(OBJECT, Kind.OBJECT, OTHER, "s"),
        CountersChanged(OTHER, entries=-1, objects=-1, length_bytes=-5),
        told(EventKind.UNLINKED),
    )


def test_a_share_that_a_snapshot_saw_is_kept_for_it_in_an_archive_too() -> None:
    edge = replace(SHARE, since=0, parent_epoch=1, is_parent_frozen=True)
    facts = to_unlink(edge=edge, entry_count=1)
    archived = replace(other(entry_count=1), is_frozen=True, is_plain=True)
    facts = replace(facts, source=archived, above={**facts.above, OTHER: archived})

    changes = unlink_child(facts, OBJECT, OTHER, stamp()).changes

    version_id = published().version_id
    assert changes[0] == PastEntryAdded(OTHER, "s", OBJECT, Kind.OBJECT, version_id, since=0, until=1)
    assert not any(isinstance(change, ContainerHidden) for change in changes)
    assert unlink_locks(facts) == {OBJECT, OTHER}


def test_a_container_that_a_put_made_is_hidden_with_its_last_share() -> None:
    facts = to_unlink(entry_count=1)
    plain = replace(other(entry_count=1), is_plain=True)
    facts = replace(facts, source=plain, above={**facts.above, OTHER: plain})

    changes = unlink_child(facts, OBJECT, OTHER, stamp()).changes

    assert ContainerHidden(OTHER, PROJECT, "data") in changes
    assert unlink_locks(facts) == {OBJECT, OTHER, PROJECT}


@pytest.mark.parametrize(
    ("facts", "parent", "error"),
    [
        (PlaceFacts(None, None, None), OTHER, NotFound),
        (to_unlink(Level.NONE), OTHER, NotFound),
        (to_unlink(Level.WRITE, Level.NONE), OTHER, NotFound),
        (to_unlink(), COLLECTION, NotFound),
        (replace(to_unlink(), source=None), COLLECTION, NotFound),
        (to_unlink(Level.WRITE, Level.WRITE), OTHER, Forbidden),
        (replace(to_unlink(), source=dataset()), DATASET, HomeParent),
        (replace(to_unlink(), source=replace(other(), state=State.DELETED)), OTHER, FailedPrecondition),
        (
            replace(to_unlink(), child=an_object(state=State.DELETED, parents=(home(DATASET, "o"), SHARE))),
            OTHER,
            FailedPrecondition,
        ),
        (
            replace(to_unlink(), child=an_object(parents=(replace(home(DATASET, "o"), is_parent_frozen=True), SHARE))),
            OTHER,
            Immutable,
        ),
    ],
)
def test_what_may_not_be_unlinked_is_refused(facts: PlaceFacts, parent: str, error: type[DomainError]) -> None:
    with pytest.raises(error) as caught:
        unlink_child(facts, OBJECT, parent, stamp())

    assert type(caught.value) is error
