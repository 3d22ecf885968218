"""The order in which events are numbered, and whom a lease holds back."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sequencing import LEASE, Lease, PendingEvent, in_order, reach_of

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
INSTANT = timedelta(milliseconds=1)

EVENTS = st.lists(
    st.builds(
        PendingEvent,
        id=st.integers(0, 999).map(lambda number: f"{number:03}"),
        resource_id=st.sampled_from("abc"),
        lock_count=st.integers(-3, 30),
    ),
    unique_by=(lambda event: event.id, lambda event: (event.resource_id, event.lock_count)),
)


def counts_of(events: tuple[PendingEvent, ...], resource: str) -> list[int]:
    return [event.lock_count for event in events if event.resource_id == resource]


@given(EVENTS)
def test_each_event_is_numbered_once_and_one_resources_events_in_the_order_of_their_counts(
    events: list[PendingEvent],
) -> None:
    ordered = in_order(events)

    assert Counter(ordered) == Counter(events)
    for resource in "abc":
        assert counts_of(ordered, resource) == sorted(counts_of(ordered, resource))


@given(EVENTS)
def test_a_resource_stands_in_the_order_where_its_events_do_by_age(events: list[PendingEvent]) -> None:
    by_age = sorted(events, key=lambda event: event.id)

    assert [event.resource_id for event in in_order(events)] == [event.resource_id for event in by_age]


@given(EVENTS, st.integers(0, 40))
def test_the_beginning_of_the_order_holds_with_an_event_all_earlier_ones_of_its_resource(
    events: list[PendingEvent], size: int
) -> None:
    beginning, rest = in_order(events)[:size], in_order(events)[size:]

    for resource in "abc":
        assert max(counts_of(beginning, resource), default=-4) < min(counts_of(rest, resource), default=31)


@given(EVENTS)
def test_the_reach_is_the_highest_count_of_each_resource_seen(events: list[PendingEvent]) -> None:
    reach = reach_of(events)

    assert reach.keys() == {event.resource_id for event in events}
    assert all(reach[resource] == max(counts_of(tuple(events), resource)) for resource in reach)


@pytest.mark.parametrize(
    ("process", "until", "is_held_back"),
    [
        ("other", NOW + INSTANT, True),
        ("other", NOW + LEASE, True),
        ("other", NOW, False),
        ("other", NOW - LEASE, False),
        # Given by a clock that runs ahead, it would hold everybody back for as long.
        ("other", NOW + LEASE + INSTANT, False),
        ("holder", NOW + LEASE, False),
    ],
)
def test_a_lease_holds_back_the_others_until_it_ends(process: str, until: datetime, *, is_held_back: bool) -> None:
    assert Lease("holder", until).holds_back(process, NOW) is is_held_back
