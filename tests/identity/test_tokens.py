import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.access import Caller
from domain.errors import Unauthenticated
from domain.views import UserView
from graphstore.cypher.accounts import CredentialRecord, TokenRecord
from identity.access_keys import open_access_key
from identity.keyring import new_keyring
from identity.tokens import NewToken, SignedIn, authenticate, mint_token, parse_token

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOKEN_ID = "01J0000000000000000000T0KE"
ADA = UserView("01J00000000000000000000ADA", "Ada", None, is_administrator=True, is_active=True, created_at=NOW)
KEYRING = new_keyring(NOW, os.urandom)


@pytest.fixture
def token() -> NewToken:
    return mint_token(TOKEN_ID, KEYRING, os.urandom)


def kept(token: NewToken) -> TokenRecord:
    return TokenRecord(TOKEN_ID, token.minted.secret_sha256, NOW + timedelta(days=1), ADA)


def secret_of(token: NewToken) -> str:
    presented = parse_token(token.text)
    assert presented is not None
    return presented.secret


def test_a_token_names_its_id_and_holds_43_characters_of_secret(token: NewToken) -> None:
    assert re.fullmatch(rf"aruna_{TOKEN_ID}_[A-Za-z0-9_-]{{43}}", token.text)
    assert secret_of(token) not in repr(token)
    assert secret_of(token) not in token.minted.secret_sha256


@given(st.binary(min_size=42, max_size=42))
def test_every_token_that_is_minted_is_read_back(random: bytes) -> None:
    """Secrets may begin with or hold the `_` that stands between id and secret."""
    made = mint_token(TOKEN_ID, KEYRING, lambda length: random[:length])

    presented = parse_token(made.text)

    assert presented is not None
    assert (presented.id, f"aruna_{TOKEN_ID}_{presented.secret}") == (TOKEN_ID, made.text)
    assert authenticate(kept(made), presented.secret, NOW).caller.user_id == ADA.id


@pytest.mark.parametrize(
    "text",
    [
        "",
        "aruna_",
        f"aruna_{TOKEN_ID}_{'a' * 42}",
        f"aruna_{TOKEN_ID}_{'a' * 44}",
        f"aruna_{TOKEN_ID.lower()}_{'a' * 43}",
        f"ARUNA_{TOKEN_ID}_{'a' * 43}",
        f"aruna_{TOKEN_ID}.{'a' * 43}",
        f"aruna_{TOKEN_ID}_{'a' * 42}é",
        f"aruna_{TOKEN_ID}_{'a' * 42} ",
    ],
)
def test_a_text_of_another_form_is_no_token(text: str) -> None:
    assert parse_token(text) is None


def test_a_good_token_speaks_for_its_user(token: NewToken) -> None:
    record = kept(token)

    signed_in = authenticate(record, secret_of(token), NOW)

    assert signed_in == SignedIn(Caller(ADA.id, is_administrator=True, token_id=TOKEN_ID), record.expires_at)


def test_every_refused_token_is_refused_in_the_same_words(token: NewToken) -> None:
    record, secret = kept(token), secret_of(token)
    refused = [
        (None, secret, NOW),
        (record, "a" * 43, NOW),
        (record, "é" * 43, NOW),
        (record, secret, record.expires_at),
        (replace(record, user=replace(ADA, is_active=False)), secret, NOW),
        (replace(record, secret_sha256="0" * 64), secret, NOW),
    ]

    messages: set[str] = set()
    for arguments in refused:
        with pytest.raises(Unauthenticated) as refusal:
            authenticate(*arguments)
        messages.add(refusal.value.message)

    assert len(messages) == 1


def test_the_key_pair_that_signs_a_tokens_urls_comes_with_it_sealed(token: NewToken) -> None:
    minted = token.minted

    record = CredentialRecord(minted.access_key_id, minted.sealed_secret, TOKEN_ID, None, ADA)

    assert len(open_access_key(record, KEYRING).secret) == 40
