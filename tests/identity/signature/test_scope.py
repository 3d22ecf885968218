"""Scopes, instants and signing keys."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from identity.signature.errors import RefusalCode, SignatureRefused
from identity.signature.scope import (
    SIGNING_KEYS_MAX,
    CredentialScope,
    format_amz_date,
    parse_amz_date,
    parse_credential,
    signing_key,
)


def test_a_credential_is_read_back_as_it_is_written() -> None:
    scope = CredentialScope("AK", "20261121", "any-region")

    assert parse_credential(scope.credential, RefusalCode.AUTHORIZATION_HEADER_MALFORMED) == scope


@pytest.mark.parametrize(
    ("credential", "said"),
    [
        ("", "mal-formed"),
        ("AK", "mal-formed"),
        ("AK/20261121/r/s3", "mal-formed"),
        ("/20261121/r/s3/aws4_request", "mal-formed"),
        ("AK/20261121//s3/aws4_request", "mal-formed"),
        ("AK/2026112/r/s3/aws4_request", "date"),
        ("AK/٢٠٢٦١١٢١/r/s3/aws4_request", "date"),
        ("AK/20261121/r/iam/aws4_request", "incorrect service"),
        ("AK/20261121/r/s3/aws5_request", "incorrect terminal"),
        (f"AK/20261121/{'r' * 65}/s3/aws4_request", "region"),
    ],
)
def test_a_malformed_credential_is_refused_with_the_code_of_its_place(credential: str, said: str) -> None:
    with pytest.raises(SignatureRefused, match=said) as refusal:
        parse_credential(credential, RefusalCode.AUTHORIZATION_QUERY_PARAMETERS_ERROR)

    assert refusal.value.code == RefusalCode.AUTHORIZATION_QUERY_PARAMETERS_ERROR


def test_an_instant_is_written_in_utc_and_read_back() -> None:
    instant = datetime(2026, 11, 21, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))

    assert format_amz_date(instant) == "20261120T230203Z"
    assert parse_amz_date("20261120T230203Z") == instant


@pytest.mark.parametrize("text", ["", "20261120", "20261120T230203", "20261320T230203Z", "00000101T000000Z", "x" * 16])
def test_what_is_no_instant_is_none(text: str) -> None:
    assert parse_amz_date(text) is None


def test_an_instant_has_the_zone_utc() -> None:
    assert parse_amz_date("20130524T000000Z") == datetime(2013, 5, 24, tzinfo=UTC)


def test_the_signing_key_differs_by_secret_day_and_region() -> None:
    made = {
        signing_key(secret, date, region)
        for secret in ("a", "b")
        for date in ("20261121", "20261122")
        for region in ("r", "s")
    }

    assert len(made) == 8


def test_the_cache_of_signing_keys_is_bounded() -> None:
    assert signing_key.cache_info().maxsize == SIGNING_KEYS_MAX
