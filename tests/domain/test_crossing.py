from dataclasses import replace

from domain.access import Level
from domain.changes import (
    ChildShared,
    ChildUnlinked,
    CountersChanged,
    FormerNameForgotten,
    PastEntryAdded,
    ShareLost,
)
from domain.crossing import CrossingFacts, relink_crossing, unlink_crossing
from domain.identifiers import encode_ulid
from domain.keys import object_sort
from domain.resources import Kind, ObjectFacts, ParentEdge, State
from tests.domain.making import DATASET, NOW, OBJECT, USER, an_object, dataset, published, stamp

OUTSIDE = encode_ulid(20)
BESIDE = encode_ulid(21)
DELETION = encode_ulid(30)
OTHER_DELETION = encode_ulid(31)


def edge(
    parent_id: str, name: str, *, is_home: bool = False, state: State = State.AVAILABLE, is_former: bool = False
) -> ParentEdge:
    passes = Level.ADMIN if is_home else Level.WRITE
    return ParentEdge(parent_id, name, is_home, passes, parent_state=state, is_former=is_former)


GONE_HOME = edge(DATASET, "o", is_home=True, state=State.DELETED)


def gone(*shares: ParentEdge, own_state: State = State.AVAILABLE) -> ObjectFacts:
    """An Object that was deleted with its home."""
    found = an_object(state=State.DELETED, shown=published(), parents=(GONE_HOME, *shares))
    return replace(found, is_deleted_with_home=True, own_state=own_state)


def unlinked(found: ObjectFacts, deletions: dict[str, str], container: str = DATASET) -> tuple[object, ...]:
    return unlink_crossing(CrossingFacts((found,), {}, deletions), container, DELETION, stamp())


def test_what_went_with_its_home_loses_its_shares_outside_and_remembers_them() -> None:
    found = gone(edge(OUTSIDE, "seen"), edge(BESIDE, "near", state=State.DELETED))

    assert unlinked(found, {DATASET: DELETION, BESIDE: DELETION}) == (
        ShareLost(OBJECT, OUTSIDE, "seen", NOW, USER),
        CountersChanged(OUTSIDE, entries=-1, objects=-1, length_bytes=-5),
    )


def test_what_never_was_available_was_never_counted() -> None:
    found = gone(edge(OUTSIDE, "seen"), own_state=State.ERROR)

    assert unlinked(found, {DATASET: DELETION})[1] == CountersChanged(OUTSIDE, entries=-1)


def test_what_a_snapshot_has_seen_outside_is_kept_for_it() -> None:
    found = gone(replace(edge(OUTSIDE, "seen"), since=1, parent_epoch=4))

    past = PastEntryAdded(OUTSIDE, "seen", OBJECT, Kind.OBJECT, published().version_id, 1, 4)
    assert unlinked(found, {DATASET: DELETION})[0] == past


def test_what_has_its_home_elsewhere_leaves() -> None:
    guest = an_object(parents=(edge(OUTSIDE, "o", is_home=True), edge(DATASET, "guest", state=State.DELETED)))

    assert unlinked(guest, {DATASET: DELETION}) == (
        ChildUnlinked(OBJECT, Kind.OBJECT, DATASET, "guest"),
        CountersChanged(DATASET, entries=-1, objects=-1, length_bytes=-5),
    )


def test_what_was_deleted_together_stays_together() -> None:
    """Restoring brings both back; a guest of another deletion leaves."""
    home = edge(BESIDE, "o", is_home=True, state=State.DELETED)
    found = replace(gone(), parents=(home, edge(DATASET, "near", state=State.DELETED)))

    assert unlinked(found, {DATASET: DELETION, BESIDE: DELETION}) == ()
    assert len(unlinked(found, {DATASET: DELETION, BESIDE: OTHER_DELETION})) == 2


def restored(*lost: ParentEdge, parents: tuple[ParentEdge, ...] = ()) -> ObjectFacts:
    return replace(an_object(parents=(edge(DATASET, "o", is_home=True), *parents)), former_shares=lost)


LOST = edge(OUTSIDE, "seen", is_former=True)
PARENTS = {OUTSIDE: replace(dataset(), id=OUTSIDE), BESIDE: replace(dataset(), id=BESIDE)}
FORGOTTEN = FormerNameForgotten(OBJECT, Kind.OBJECT, OUTSIDE, "seen")


def relinked(*found: ObjectFacts, blocked: frozenset[str] = frozenset()) -> tuple[object, ...]:
    return relink_crossing(CrossingFacts(found, PARENTS, {}, blocked), stamp())


def test_a_lost_share_comes_back_with_what_it_let_pass() -> None:
    assert relinked(restored(LOST)) == (
        FORGOTTEN,
        ChildShared(OBJECT, Kind.OBJECT, OUTSIDE, Kind.DATASET, "seen", Level.WRITE, NOW, USER),
        CountersChanged(OUTSIDE, entries=1, objects=1, length_bytes=5),
    )


def test_a_share_that_cant_come_back_is_forgotten() -> None:
    assert relinked(restored(LOST), blocked=frozenset({object_sort(OUTSIDE, "seen")})) == (FORGOTTEN,)
    assert relinked(restored(LOST, parents=(edge(OUTSIDE, "again"),))) == (FORGOTTEN,)
    gone_parent = edge(encode_ulid(40), "seen", is_former=True)
    assert relinked(restored(gone_parent)) == (FormerNameForgotten(OBJECT, Kind.OBJECT, gone_parent.parent_id, "seen"),)


def test_of_two_that_lost_the_same_name_one_gets_it_back() -> None:
    second = replace(restored(LOST), id=encode_ulid(50))

    shared = [change for change in relinked(restored(LOST), second) if isinstance(change, ChildShared)]

    assert [change.child_id for change in shared] == [OBJECT]


def test_what_was_deleted_again_waits_for_that_to_be_undone() -> None:
    found = replace(gone(), former_shares=(LOST,))

    assert relinked(found) == ()


def test_the_locks_cover_all_that_counts_a_name() -> None:
    facts = CrossingFacts((restored(LOST, parents=(edge(BESIDE, "near"),)),), PARENTS, {})

    assert facts.locks == {OBJECT, DATASET, OUTSIDE, BESIDE}
