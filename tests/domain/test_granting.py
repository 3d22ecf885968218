from dataclasses import replace
from datetime import timedelta

import pytest

from domain.access import Level
from domain.changes import Event, EventKind, GrantRemoved, GrantSet
from domain.errors import BadInput, DomainError, FailedPrecondition, Forbidden, NotFound
from domain.granting import GrantFacts, remove_grant, set_grant
from domain.resources import State
from tests.domain.making import DATASET, NOW, PROJECT, USER, dataset, new_id, project, stamp

FRIEND = "01FRIEND"
LAST = GrantFacts(project(), is_user_known=True, granted=Level.ADMIN, other_admins=0)
ONE_OF_TWO = replace(LAST, other_admins=1)
NEW = GrantFacts(dataset(), is_user_known=True, granted=None, other_admins=0)


def test_a_grant_replaces_what_was_granted() -> None:
    expiry = NOW + timedelta(days=1)

    decision = set_grant(NEW, DATASET, FRIEND, Level.READ, expiry, stamp())

    assert decision.changes == (
        GrantSet(FRIEND, DATASET, Level.READ, expiry, NOW, USER),
        Event(new_id(0), EventKind.GRANT_SET, DATASET, USER, NOW, None, None),
    )


@pytest.mark.parametrize("level", [Level.READ, Level.APPEND, Level.WRITE])
def test_the_last_admin_of_a_project_is_neither_lowered_nor_removed(level: Level) -> None:
    with pytest.raises(FailedPrecondition, match="last ADMIN"):
        set_grant(LAST, PROJECT, USER, level, None, stamp())
    with pytest.raises(FailedPrecondition, match="last ADMIN"):
        remove_grant(LAST, PROJECT, USER, stamp())

    assert set_grant(ONE_OF_TWO, PROJECT, USER, level, None, stamp()).result == PROJECT
    assert remove_grant(ONE_OF_TWO, PROJECT, USER, stamp()).changes[0] == GrantRemoved(USER, PROJECT)


def test_the_last_admin_may_not_be_made_to_expire_but_may_be_set_again() -> None:
    with pytest.raises(FailedPrecondition, match="last ADMIN"):
        set_grant(LAST, PROJECT, USER, Level.ADMIN, NOW + timedelta(days=1), stamp())

    assert set_grant(LAST, PROJECT, USER, Level.ADMIN, None, stamp()).result == PROJECT


def test_below_a_project_the_last_admin_may_go() -> None:
    """Those with ADMIN on the project have it there too."""
    facts = GrantFacts(dataset(), is_user_known=True, granted=Level.ADMIN, other_admins=0)

    assert remove_grant(facts, DATASET, USER, stamp()).result == DATASET


@pytest.mark.parametrize(
    ("facts", "level", "hours", "error", "field"),
    [
        (replace(NEW, resource=None), Level.READ, None, NotFound, ("id",)),
        (replace(NEW, resource=dataset(Level.WRITE)), Level.READ, None, Forbidden, ("id",)),
        (replace(NEW, resource=replace(dataset(), state=State.DELETED)), Level.READ, None, FailedPrecondition, ("id",)),
        (replace(NEW, is_user_known=False), Level.READ, None, NotFound, ("principal",)),
        (NEW, Level.NONE, None, BadInput, ("level",)),
        (NEW, Level.READ, 0, BadInput, ("expiresAt",)),
        (NEW, Level.READ, -1, BadInput, ("expiresAt",)),
    ],
)
def test_a_grant_that_may_not_be_is_refused(
    facts: GrantFacts, level: Level, hours: int | None, error: type[DomainError], field: tuple[str, ...]
) -> None:
    expiry = None if hours is None else NOW + timedelta(hours=hours)

    with pytest.raises(error) as refused:
        set_grant(facts, DATASET, FRIEND, level, expiry, stamp())

    assert refused.value.field == field


def test_removing_a_grant_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFound, match="has no grant"):
        remove_grant(NEW, DATASET, FRIEND, stamp())
    with pytest.raises(Forbidden):
        remove_grant(replace(NEW, resource=dataset(Level.WRITE)), DATASET, FRIEND, stamp())


OF_SNAPSHOT = replace(
    NEW,
    resource=replace(dataset(Level.READ), is_frozen=True, snapshot_of=DATASET, parents=()),
    original_level=Level.ADMIN,
)


def test_the_grants_of_a_snapshot_are_managed_with_its_original_and_give_no_more_than_read() -> None:
    assert set_grant(OF_SNAPSHOT, DATASET, FRIEND, Level.READ, None, stamp()).changes[0] == GrantSet(
        FRIEND, DATASET, Level.READ, None, NOW, USER
    )
    granted = replace(OF_SNAPSHOT, granted=Level.READ)
    assert remove_grant(granted, DATASET, FRIEND, stamp()).changes[0] == GrantRemoved(FRIEND, DATASET)

    for level in (Level.APPEND, Level.WRITE, Level.ADMIN):
        with pytest.raises(BadInput, match="which nobody changes") as caught:
            set_grant(OF_SNAPSHOT, DATASET, FRIEND, level, None, stamp())
        assert caught.value.field == ("level",)
    for level in (Level.NONE, Level.READ, Level.WRITE):
        with pytest.raises(Forbidden):
            set_grant(replace(OF_SNAPSHOT, original_level=level), DATASET, FRIEND, Level.READ, None, stamp())
