from dataclasses import replace
from typing import Any

import pytest

from domain.access import Level
from domain.changes import (
    ContentRemoved,
    CountersChanged,
    Event,
    EventKind,
    NewestErased,
    ObjectBlanked,
    ObjectRemoved,
    RevisionErased,
    RevisionUnchained,
    UploadFailed,
)
from domain.erasing import ErasableRevision, Erasure, ErasureFacts, erase, remove_revision
from domain.errors import (
    BadInput,
    DomainError,
    FailedPrecondition,
    Forbidden,
    Hierarchy,
    Immutable,
    NotFound,
)
from domain.resources import ParentEdge, State
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    OBJECT,
    USER,
    an_object,
    collection,
    dataset,
    new_id,
    published,
    stamp,
)

CHAIN = (ErasableRevision("v2", "c2"), ErasableRevision("v1", "c1"), ErasableRevision("v0", "c1"))
WHOLE = Erasure("o")


def facts(resource: Any = None, level: Level = Level.ADMIN, **others: Any) -> ErasureFacts:
    given: dict[str, Any] = {
        "containers": {DATASET: dataset(entry_count=2), COLLECTION: collection()},
        "revisions": CHAIN,
        **others,
    }
    return ErasureFacts(an_object() if resource is None else resource, level, **given)


def told(number: int, kind: EventKind = EventKind.ERASED, before: int | None = None) -> Event:
    return Event(new_id(number), kind, OBJECT, USER, NOW, before, None if before is None else before + 1)


def test_erasing_makes_a_tombstone_and_lets_all_bytes_go() -> None:
    decision = erase(facts(uploads=("u",)), OBJECT, WHOLE, stamp())

    assert decision.changes == (
        ObjectRemoved(OBJECT, ((DATASET, "o"),), NOW, USER),
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
        NewestErased(OBJECT, NOW, USER),
        RevisionErased("v1", False, NOW, USER),
        RevisionErased("v0", False, NOW, USER),
        ContentRemoved("c1", NOW),
        ContentRemoved("c2", NOW),
        UploadFailed("u", "its object was erased", NOW),
        told(0, before=3),
    )


def test_bytes_that_something_else_needs_stay() -> None:
    changes = erase(facts(needed=frozenset({"c1"})), OBJECT, WHOLE, stamp()).changes

    assert [change for change in changes if isinstance(change, ContentRemoved)] == [ContentRemoved("c2", NOW)]
    assert len([change for change in changes if isinstance(change, RevisionErased)]) == 2


def test_a_tombstone_is_erased_where_it_lies() -> None:
    tomb = an_object(state=State.DELETED, shown=published())

    changes = erase(facts(tomb), OBJECT, WHOLE, stamp()).changes

    assert changes[0] == NewestErased(OBJECT, NOW, USER)
    assert changes[-1] == told(0)


def test_what_went_with_its_home_becomes_a_tombstone_of_its_own() -> None:
    found = replace(
        an_object(state=State.DELETED, shown=published()), is_deleted_with_home=True, own_state=State.AVAILABLE
    )

    changes = erase(facts(found), OBJECT, WHOLE, stamp()).changes

    assert changes[0] == ObjectRemoved(OBJECT, ((DATASET, "o"),), NOW, USER)


def test_what_was_erased_before_changes_nothing_but_words() -> None:
    tomb = replace(an_object(state=State.DELETED, shown=None))
    erased = tuple(replace(revision, content_id=None) for revision in CHAIN)

    assert erase(facts(tomb, revisions=erased), OBJECT, WHOLE, stamp()).changes == ()
    blanked = erase(facts(tomb, revisions=erased), OBJECT, Erasure("o", is_blank=True), stamp()).changes
    assert ObjectBlanked(OBJECT, ((DATASET, "o"),)) in blanked
    assert [change.is_blanked for change in blanked if isinstance(change, RevisionErased)] == [True, True]


def test_all_names_that_are_remembered_are_blanked() -> None:
    lost = ParentEdge(COLLECTION, "lost", is_home=False, passes=Level.READ, is_former=True)
    found = replace(an_object(), former_shares=(lost,))

    changes = erase(facts(found), OBJECT, Erasure("o", is_blank=True), stamp()).changes

    assert ObjectBlanked(OBJECT, ((DATASET, "o"), (COLLECTION, "lost"))) in changes


def test_one_older_revision_is_erased() -> None:
    changes = erase(facts(needed=frozenset({"c1"})), OBJECT, Erasure("o", "v1"), stamp()).changes

    assert changes == (RevisionErased("v1", False, NOW, USER), told(0))


def test_archives_dont_keep_from_erasing() -> None:
    edge = ParentEdge(DATASET, "o", is_home=True, passes=Level.ADMIN, is_parent_frozen=True)

    changes = erase(facts(an_object(parents=(edge,))), OBJECT, WHOLE, stamp()).changes

    assert NewestErased(OBJECT, NOW, USER) in changes


ERASE_REFUSALS: list[tuple[ErasureFacts, Erasure, type[DomainError]]] = [
    (ErasureFacts(None), WHOLE, NotFound),
    (facts(an_object(Level.NONE), Level.ADMIN), WHOLE, NotFound),
    (facts(level=Level.WRITE), WHOLE, Forbidden),
    (facts(dataset()), WHOLE, Hierarchy),
    (facts(), Erasure("O"), BadInput),
    (facts(), Erasure(""), BadInput),
    (facts(), Erasure("o", "v2"), FailedPrecondition),
    (facts(), Erasure("o", "v9"), NotFound),
    (facts(revisions=()), Erasure("o", "v0"), NotFound),
]


@pytest.mark.parametrize(("before", "wanted", "error"), ERASE_REFUSALS)
def test_what_may_not_be_erased_is_refused(before: ErasureFacts, wanted: Erasure, error: type[DomainError]) -> None:
    with pytest.raises(error):
        erase(before, OBJECT, wanted, stamp())


def test_a_revision_leaves_its_chain() -> None:
    changes = remove_revision(facts(needed=frozenset({"c1"})), OBJECT, "v1", stamp()).changes

    assert changes == (RevisionUnchained("v1"), told(0, EventKind.REVISION_REMOVED))
    assert ContentRemoved("c1", NOW) in remove_revision(facts(), OBJECT, "v0", stamp()).changes


FROZEN = an_object(parents=(ParentEdge(DATASET, "o", is_home=True, passes=Level.ADMIN, is_parent_frozen=True),))
REMOVE_REFUSALS: list[tuple[ErasureFacts, str, type[DomainError]]] = [
    (ErasureFacts(None), "v1", NotFound),
    (facts(level=Level.APPEND), "v1", Forbidden),
    (facts(dataset()), "v1", Hierarchy),
    (facts(FROZEN), "v1", Immutable),
    (facts(is_held=True), "v1", Immutable),
    (facts(is_pinned=True), "v1", FailedPrecondition),
    (facts(), "v2", FailedPrecondition),
    (facts(), "v9", NotFound),
]


@pytest.mark.parametrize(("before", "version", "error"), REMOVE_REFUSALS)
def test_a_revision_that_must_stay_is_refused(before: ErasureFacts, version: str, error: type[DomainError]) -> None:
    with pytest.raises(error):
        remove_revision(before, OBJECT, version, stamp())
