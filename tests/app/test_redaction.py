import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.redaction import REDACTED, RULES, is_secret_name, redact


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abc.def-123", "Authorization: ***"),
        ("authorization: Basic dTpw", "authorization: ***"),
        (
            "Authorization: AWS4-HMAC-SHA256 Credential=AK/2026/x/s3/aws4_request, SignedHeaders=host, Signature=ff00",
            "Authorization: ***",
        ),
        ("{'authorization': 'Bearer abc', 'host': 'h'}", "{'authorization': '***', 'host': 'h'}"),
        ("[(b'cookie', b'session=1'), (b'a', b'b')]", "[(b'cookie', b'***'), (b'a', b'b')]"),
        ("sent Bearer abcdefgh0123 on", "sent Bearer *** on"),
        (
            "GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=ab12&X-Amz-Expires=60",
            "GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=***&X-Amz-Expires=60",
        ),
        ("/b?x-amz-security-token=t%2Fk&a=1", "/b?x-amz-security-token=***&a=1"),
        ("/b?AWSAccessKeyId=AK&Signature=s%3D&Expires=1", "/b?AWSAccessKeyId=AK&Signature=***&Expires=1"),
        ("/graphql?access_token=t1&token=t2", "/graphql?access_token=***&token=***"),
        (
            '{"adminToken": "t", "secretAccessKey": "s", "n": 1}',
            '{"adminToken": "***", "secretAccessKey": "***", "n": 1}',
        ),
        ("auth=('neo4j'), password='hunter2', x=1", "auth=('neo4j'), password='***', x=1"),
        ("neo4j://me:hunter2@graph:7687/", "neo4j://***@graph:7687/"),
    ],
)
def test_secrets_are_taken_out_and_the_rest_stays(text: str, redacted: str) -> None:
    assert redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "GET /tokens/list 200",
        "the signature does not match",
        "token expired",
        "dataset 01J0000000000000000000000 is DELETED; restore it before adding objects",
        "https://example.org/a?prefix=x&max-keys=10",
        "a@example.org",
    ],
)
def test_lines_without_secrets_stay_as_they_are(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("name", ["Authorization", "X-Amz-Signature", "secretAccessKey", "access_token", "set-cookie"])
def test_names_of_secrets_are_known_in_any_writing(name: str) -> None:
    assert is_secret_name(name)
    assert not is_secret_name(name + "_count")


@given(st.text())
def test_a_signature_never_survives_whatever_stands_before_it(before: str) -> None:
    assert "f00d" * 16 not in redact(f"{before}&X-Amz-Signature={'f00d' * 16}&after=1")


@given(st.text())
def test_redacting_twice_is_redacting_once(text: str) -> None:
    assert redact(redact(text)) == redact(text)


@given(st.one_of([st.from_regex(pattern) for pattern, _ in RULES]))
def test_whatever_a_rule_finds_is_taken_out(text: str) -> None:
    assert REDACTED in redact(text)
