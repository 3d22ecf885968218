from datetime import timedelta

import pytest

from domain.access import ANONYMOUS, Caller
from domain.accounts import (
    MintedToken,
    create_credential,
    create_token,
    create_user,
    revoke_credential,
    revoke_token,
    set_user_state,
)
from domain.changes import (
    CredentialAdded,
    CredentialRevoked,
    TokenAdded,
    TokenRevoked,
    UserAdded,
    UserStateChanged,
)
from domain.errors import BadInput, FailedPrecondition, Forbidden, NotFound, Unauthenticated
from tests.domain.making import NOW, USER, new_id, stamp

MINTED = MintedToken("T", "ab" * 32, "AK", "sealed")
ADMINISTRATOR = Caller(USER, is_administrator=True)
DAYS = timedelta(days=1)


def test_a_new_user_comes_with_a_token_to_sign_in_with() -> None:
    decision = create_user("Ada", "ada@example.org", MINTED, stamp(ADMINISTRATOR), is_administrator=False)

    assert decision.result == new_id(0)
    assert decision.changes == (
        UserAdded(new_id(0), "Ada", "ada@example.org", is_administrator=False, at=NOW),
        TokenAdded("T", new_id(0), "first sign-in", "ab" * 32, NOW + 90 * DAYS, NOW),
        CredentialAdded("AK", new_id(0), "signs URLs of token T", "sealed", "T", NOW + 90 * DAYS, NOW),
    )


def test_only_administrators_manage_users() -> None:
    for caller, error in ((ANONYMOUS, Unauthenticated), (Caller(USER), Forbidden)):
        with pytest.raises(error):
            create_user("Ada", None, MINTED, stamp(caller), is_administrator=False)
        with pytest.raises(error):
            set_user_state("X", stamp(caller), is_known=True, is_active=True)


@pytest.mark.parametrize(
    ("name", "email"),
    [
        *(("", None), ("  ", None), ("x" * 257, None), ("a\0", None), ("\ud800", None)),
        *(("a", "x"), ("a", "@x"), ("a", "x@"), ("a", "a b@c"), ("a", "a@b\n"), ("a", "x" * 250 + "@y.org")),
    ],
)
def test_a_user_with_no_usable_name_or_address_is_refused(name: str, email: str | None) -> None:
    with pytest.raises(BadInput):
        create_user(name, email, MINTED, stamp(ADMINISTRATOR), is_administrator=False)


def test_users_are_stopped_and_let_in_again_but_nobody_stops_himself() -> None:
    decision = set_user_state("X", stamp(ADMINISTRATOR), is_known=True, is_active=False)

    assert decision.changes == (UserStateChanged("X", is_active=False, at=NOW),)
    with pytest.raises(FailedPrecondition):
        set_user_state(USER, stamp(ADMINISTRATOR), is_known=True, is_active=False)
    with pytest.raises(NotFound):
        set_user_state("X", stamp(ADMINISTRATOR), is_known=False, is_active=False)


@pytest.mark.parametrize(
    ("days", "own_days", "lives_days"), [(None, None, 90), (1, None, 1), (365, None, 365), (None, 30, 30), (30, 30, 30)]
)
def test_a_token_lives_as_long_as_asked_and_as_the_one_that_made_it(
    days: int | None, own_days: int | None, lives_days: int
) -> None:
    own_expiry = None if own_days is None else NOW + own_days * DAYS

    decision = create_token("laptop", days, own_expiry, MINTED, stamp())

    assert decision.result == NOW + lives_days * DAYS
    assert [change.expires_at for change in decision.changes if isinstance(change, TokenAdded | CredentialAdded)] == [
        decision.result
    ] * 2


def test_a_token_never_outlives_the_one_that_made_it() -> None:
    with pytest.raises(Forbidden, match="outlives"):
        create_token("laptop", 31, NOW + 30 * DAYS, MINTED, stamp())


@pytest.mark.parametrize("days", [0, -1, 366])
def test_a_token_lives_at_most_a_year(days: int) -> None:
    with pytest.raises(BadInput, match="1 to 365 days"):
        create_token("laptop", days, None, MINTED, stamp())


def test_nobody_makes_or_revokes_anything_without_signing_in() -> None:
    nobody = stamp(ANONYMOUS)

    with pytest.raises(Unauthenticated):
        create_token("a", None, None, MINTED, nobody)
    with pytest.raises(Unauthenticated):
        create_credential("a", "AK", "sealed", None, nobody)
    with pytest.raises(Unauthenticated):
        revoke_token("", "T", nobody)
    with pytest.raises(Unauthenticated):
        revoke_credential("", "AK", nobody)


def test_ones_own_and_as_administrator_anyones_are_revoked() -> None:
    for caller, owner in ((Caller(USER), USER), (ADMINISTRATOR, "OTHER")):
        assert revoke_token(owner, "T", stamp(caller)).changes == (TokenRevoked("T"),)
        assert revoke_credential(owner, "AK", stamp(caller)).changes == (CredentialRevoked("AK"),)


@pytest.mark.parametrize("owner", [None, "OTHER"])
def test_those_of_others_are_not_there(owner: str | None) -> None:
    with pytest.raises(NotFound):
        revoke_token(owner, "T", stamp())
    with pytest.raises(NotFound):
        revoke_credential(owner, "AK", stamp())


def test_a_key_pair_ends_with_the_token_that_made_it() -> None:
    decision = create_credential("rclone", "AK", "sealed", NOW + DAYS, stamp())

    assert decision.changes == (CredentialAdded("AK", USER, "rclone", "sealed", None, NOW + DAYS, NOW),)
    with pytest.raises(BadInput):
        create_credential(" ", "AK", "sealed", None, stamp())
