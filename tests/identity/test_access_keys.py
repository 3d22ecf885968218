import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.views import UserView
from graphstore.cypher.accounts import CredentialRecord
from identity.access_keys import AccessKey, new_access_key, open_access_key, seal_access_key
from identity.keyring import Keyring, MasterKey, WrappedDamaged, new_keyring

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
USER = UserView("01J00000000000000000000ADA", "Ada", None, is_administrator=False, is_active=True, created_at=NOW)


def counting_bytes() -> Keyring:
    return new_keyring(NOW, lambda length: bytes(range(length)))


def record(access_key: AccessKey, keyring: Keyring) -> CredentialRecord:
    return CredentialRecord(access_key.id, seal_access_key(access_key, keyring), None, None, USER)


@given(st.binary(min_size=42, max_size=42))
def test_a_key_pair_has_the_lengths_that_clients_know_from_aws(random: bytes) -> None:
    made = new_access_key(lambda length: random[:length])

    assert re.fullmatch(r"AK[A-Z2-7]{18}", made.id)
    assert re.fullmatch(r"[A-Za-z0-9_-]{40}", made.secret)


def test_a_sealed_secret_opens_again_and_shows_nothing_of_it() -> None:
    keyring = counting_bytes()
    access_key = AccessKey("AKAAAAAAAAAAAAAAAAAA", "s" * 40)

    sealed = record(access_key, keyring)

    assert open_access_key(sealed, keyring) == access_key
    assert access_key.secret not in sealed.sealed_secret
    assert access_key.secret not in repr(access_key)


def test_a_sealed_secret_opens_after_the_master_key_was_rotated() -> None:
    old = MasterKey("old", NOW, b"o" * 32)
    keyring = Keyring([old], "old", b"r" * 32, bytes)
    sealed = record(AccessKey("AKAAAAAAAAAAAAAAAAAA", "s" * 40), keyring)

    rotated = keyring.rotated(NOW)

    assert rotated.current_id != "old"
    assert open_access_key(sealed, rotated).secret == "s" * 40


def test_a_sealed_secret_moved_to_another_key_pair_does_not_open() -> None:
    keyring = counting_bytes()
    sealed = record(AccessKey("AKAAAAAAAAAAAAAAAAAA", "s" * 40), keyring)

    with pytest.raises(WrappedDamaged):
        open_access_key(replace(sealed, access_key_id="AKBBBBBBBBBBBBBBBBBB"), keyring)
