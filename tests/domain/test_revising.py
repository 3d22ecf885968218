from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from domain.access import Level
from domain.changes import EntryRenewed, PastEntryAdded, RevisionPushedBack, RevisionRenewed
from domain.resources import Kind, ParentEdge, State
from domain.revising import Opened, locks_to_change, open_for_change
from tests.domain.making import (
    COLLECTION,
    DATASET,
    NOW,
    OBJECT,
    PROJECT,
    USER,
    an_object,
    dataset,
    home,
    new_id,
    published,
    stamp,
)

edges = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=3).map(
    lambda pairs: tuple(
        ParentEdge(parent, "o", is_home=index == 0, passes=Level.ADMIN, since=min(pair), parent_epoch=max(pair))
        for index, (parent, pair) in enumerate(zip((DATASET, COLLECTION, PROJECT), pairs, strict=False))
    )
)


def test_a_container_is_changed_in_place_at_its_epoch() -> None:
    assert open_for_change(replace(dataset(), epoch=7), stamp(), makes_revision=True) == Opened(7, None)


def test_an_object_that_never_had_bytes_is_changed_in_place_at_number_0() -> None:
    waiting = an_object(state=State.INITIALIZING, parents=(replace(home(DATASET, "o"), parent_epoch=1),))

    assert open_for_change(waiting, stamp(), makes_revision=True) == Opened(0, None)


@given(edges=edges, is_in_past=st.booleans(), makes_revision=st.booleans())
def test_a_revision_that_may_be_seen_is_pushed_back_and_every_name_keeps_what_it_showed(
    edges: tuple[ParentEdge, ...], *, is_in_past: bool, makes_revision: bool
) -> None:
    existing = replace(an_object(shown=published(4), parents=edges), is_in_past=is_in_past)

    opened = open_for_change(existing, stamp(), makes_revision=makes_revision)

    seen = [edge for edge in edges if edge.since < edge.parent_epoch]
    if not (seen or is_in_past or makes_revision):
        assert opened == Opened(4, published(4).version_id)
        return
    assert opened == Opened(
        5,
        new_id(0),
        (
            *(
                PastEntryAdded(
                    edge.parent_id, "o", OBJECT, Kind.OBJECT, published(4).version_id, edge.since, edge.parent_epoch
                )
                for edge in seen
            ),
            *(EntryRenewed(edge.parent_id, "o", OBJECT, Kind.OBJECT, edge.parent_epoch) for edge in seen),
            RevisionPushedBack(OBJECT),
            RevisionRenewed(OBJECT, new_id(0), 5, NOW, USER),
        ),
    )


def test_an_object_is_locked_with_all_its_parents_and_a_container_alone() -> None:
    share = ParentEdge(PROJECT, "o", is_home=False, passes=Level.READ)

    assert locks_to_change(an_object(parents=(home(DATASET, "o"), share))) == {OBJECT, DATASET, PROJECT}
    assert locks_to_change(dataset()) == {DATASET}
    assert locks_to_change(None) == frozenset()
