from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.setting_kinds import Bucket
from app.settings import (
    LogFormat,
    LogLevel,
    ProjectCreation,
    Settings,
    SettingsError,
    read_settings,
    setting_rows,
    settings_table,
)

DEFAULTS = Settings(
    data_dir=Path("./data"),
    host="127.0.0.1",
    http_port=8080,
    s3_port=9000,
    http_public_url=None,
    s3_public_url=None,
    s3_domain=None,
    graph_uri=None,
    graph_user=None,
    graph_password=None,
    graph_database="neo4j",
    graph_heap_mib=512,
    graph_jvm_options=None,
    keyring=None,
    compression=True,
    blobs_url=None,
    blobs_endpoint=None,
    blobs_region=None,
    blobs_access_key_id=None,
    blobs_secret_access_key=None,
    max_upload_age_days=7,
    allow_project_create=ProjectCreation.ANY,
    allowed_origins=(),
    introspection=True,
    debug=False,
    log_level=LogLevel.INFO,
    log_format=LogFormat.TEXT,
)


def problems_of(**environment: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        read_settings(environment)
    return caught.value.problems


def test_without_variables_everything_has_its_default() -> None:
    assert read_settings({"PATH": "/bin"}) == DEFAULTS
    assert DEFAULTS.is_graph_embedded


def test_every_setting_can_be_set() -> None:
    environment = {
        "ARUNA_DATA_DIR": "/srv/aruna",
        "ARUNA_HOST": "::",
        "ARUNA_HTTP_PORT": "0",
        "ARUNA_S3_PORT": "0",
        "ARUNA_HTTP_PUBLIC_URL": "https://Aruna.example.org/",
        "ARUNA_S3_PUBLIC_URL": "https://s3.example.org:8443",
        "ARUNA_S3_DOMAIN": "s3.example.org",
        "ARUNA_GRAPH_URI": "neo4j+s://graph.example.org:7687",
        "ARUNA_GRAPH_USER": "aruna",
        "ARUNA_GRAPH_PASSWORD": "pass word",
        "ARUNA_GRAPH_DATABASE": "research",
        "ARUNA_GRAPH_HEAP_MIB": "1024",
        "ARUNA_GRAPH_JVM_OPTIONS": " -XX:TieredStopAtLevel=1  -Xss2m",
        "ARUNA_KEYRING": '{"format": "aruna keyring 1"}',
        "ARUNA_COMPRESSION": "off",
        "ARUNA_BLOBS_URL": "s3://sealed-bytes/aruna/blobs",
        "ARUNA_BLOBS_ENDPOINT": "https://s3.example.com",
        "ARUNA_BLOBS_REGION": "eu-central-1",
        "ARUNA_BLOBS_ACCESS_KEY_ID": "upstream",
        "ARUNA_BLOBS_SECRET_ACCESS_KEY": "hunter3",
        "ARUNA_MAX_UPLOAD_AGE_DAYS": "30",
        "ARUNA_ALLOW_PROJECT_CREATE": "administrators",
        "ARUNA_ALLOWED_ORIGINS": "https://a.example, http://localhost:5173",
        "ARUNA_INTROSPECTION": "off",
        "ARUNA_DEBUG": "on",
        "ARUNA_LOG_LEVEL": "DEBUG",
        "ARUNA_LOG_FORMAT": "json",
    }
    assert environment.keys() == {row.variable for row in setting_rows()}

    assert read_settings(environment) == Settings(
        data_dir=Path("/srv/aruna"),
        host="::",
        http_port=0,
        s3_port=0,
        http_public_url="https://aruna.example.org",
        s3_public_url="https://s3.example.org:8443",
        s3_domain="s3.example.org",
        graph_uri="neo4j+s://graph.example.org:7687",
        graph_user="aruna",
        graph_password="pass word",
        graph_database="research",
        graph_heap_mib=1024,
        graph_jvm_options=("-XX:TieredStopAtLevel=1", "-Xss2m"),
        keyring='{"format": "aruna keyring 1"}',
        compression=False,
        blobs_url=Bucket("sealed-bytes", "aruna/blobs/"),
        blobs_endpoint="https://s3.example.com",
        blobs_region="eu-central-1",
        blobs_access_key_id="upstream",
        blobs_secret_access_key="hunter3",
        max_upload_age_days=30,
        allow_project_create=ProjectCreation.ADMINISTRATORS,
        allowed_origins=("https://a.example", "http://localhost:5173"),
        introspection=False,
        debug=True,
        log_level=LogLevel.DEBUG,
        log_format=LogFormat.JSON,
    )


def test_an_empty_variable_is_an_unset_one() -> None:
    assert read_settings({"ARUNA_HTTP_PORT": "", "ARUNA_GRAPH_URI": "", "ARUNA_GRAPH_PASSWORD": ""}) == DEFAULTS


def test_settings_cannot_be_changed_after_they_were_read() -> None:
    with pytest.raises(FrozenInstanceError):
        DEFAULTS.debug = True  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]  that is the point


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("ARUNA_HTTP_PORT", "80x", "must be a whole number from 0 to 65535"),
        ("ARUNA_HTTP_PORT", "65536", "must be a whole number from 0 to 65535"),
        ("ARUNA_S3_PORT", "-1", "must be a whole number from 0 to 65535"),
        ("ARUNA_S3_PORT", "9_000", "must be a whole number from 0 to 65535"),
        ("ARUNA_S3_PORT", "٩", "must be a whole number from 0 to 65535"),
        ("ARUNA_GRAPH_HEAP_MIB", "127", "must be a whole number from 128 to 65536"),
        ("ARUNA_GRAPH_JVM_OPTIONS", "-Xss2m Main", "must be options that begin with -X or -D, with spaces between"),
        ("ARUNA_GRAPH_JVM_OPTIONS", "-jar x", "must be options that begin with -X or -D, with spaces between"),
        ("ARUNA_MAX_UPLOAD_AGE_DAYS", "0", "must be a whole number from 1 to 365"),
        ("ARUNA_HOST", "127.0.0.1/8", "must be an address or a host name of this machine, without a port"),
        ("ARUNA_HTTP_PUBLIC_URL", "example.org", "must begin with http://, https://"),
        ("ARUNA_HTTP_PUBLIC_URL", "https://example.org/aruna", "must not have a path"),
        ("ARUNA_S3_PUBLIC_URL", "https://h?x=1", "must name a host, and have no query, fragment or white space"),
        ("ARUNA_S3_PUBLIC_URL", "https://", "must name a host, and have no query, fragment or white space"),
        ("ARUNA_S3_PUBLIC_URL", "https://h:99999", "Port out of range 0-65535"),
        ("ARUNA_S3_DOMAIN", "https://s3.example.org", "must be a host name in lower case, without scheme or port"),
        ("ARUNA_S3_DOMAIN", "S3.example.org", "must be a host name in lower case, without scheme or port"),
        ("ARUNA_GRAPH_URI", "bolt://h/graph", "must not have a path; the database has a setting of its own"),
        (
            "ARUNA_GRAPH_URI",
            "http://h:7474",
            "must begin with bolt://, bolt+s://, bolt+ssc://, neo4j://, neo4j+s://, neo4j+ssc://",
        ),
        ("ARUNA_ALLOWED_ORIGINS", "https://a.example,b", "must begin with http://, https://"),
        ("ARUNA_ALLOW_PROJECT_CREATE", "all", "must be any or administrators"),
        ("ARUNA_BLOBS_URL", "https://bucket", "must begin with s3://, as in s3://bucket/prefix"),
        (
            "ARUNA_BLOBS_URL",
            "s3://Bucket/x",
            "must name a bucket: 3 to 63 lower-case letters, digits, dots or hyphens",
        ),
        (
            "ARUNA_BLOBS_URL",
            "s3://bucket/a//b",
            "must have a prefix of letters, digits, dots, hyphens, underscores and single slashes",
        ),
        ("ARUNA_INTROSPECTION", "true", "must be on or off"),
        ("ARUNA_LOG_LEVEL", "trace", "must be debug or info or warning or error"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_the_value_and_the_reason(variable: str, text: str, reason: str) -> None:
    assert problems_of(**{variable: text}) == (f"{variable}={text!r}: {reason}",)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    problems = problems_of(ARUNA_HTTP_PORT="a", ARUNA_S3PORT="1", ARUNA_DEBUG="2")

    assert problems == (
        "ARUNA_S3PORT: there is no such setting; did you mean ARUNA_S3_PORT?",
        "ARUNA_HTTP_PORT='a': must be a whole number from 0 to 65535",
        "ARUNA_DEBUG='2': must be on or off",
    )


def test_an_unknown_variable_is_refused_without_its_value() -> None:
    assert problems_of(ARUNA_GRAPH_PASWORD="hunter2", ARUNA_QQQ="hunter2") == (
        "ARUNA_GRAPH_PASWORD: there is no such setting; did you mean ARUNA_GRAPH_PASSWORD?",
        "ARUNA_QQQ: there is no such setting; README.md lists the settings",
    )


def test_a_password_in_the_graphs_uri_is_refused_and_not_shown() -> None:
    assert problems_of(ARUNA_GRAPH_URI="neo4j://me:hunter2@graph") == (
        "ARUNA_GRAPH_URI='neo4j://***@graph': must not hold a user or password",
    )


def test_the_password_is_not_in_the_text_of_the_settings() -> None:
    settings = read_settings(
        {"ARUNA_GRAPH_URI": "bolt://g", "ARUNA_GRAPH_USER": "u", "ARUNA_GRAPH_PASSWORD": "hunter2"}
    )

    assert settings.graph_password == "hunter2"
    assert "hunter2" not in repr(settings)


def test_settings_of_a_graph_that_is_not_used_are_refused() -> None:
    assert problems_of(ARUNA_GRAPH_PASSWORD="hunter2", ARUNA_GRAPH_DATABASE="research") == (
        "ARUNA_GRAPH_PASSWORD: only used with ARUNA_GRAPH_URI, which is unset (the embedded graph makes its own)",
        "ARUNA_GRAPH_DATABASE: only used with ARUNA_GRAPH_URI, which is unset (the embedded graph makes its own)",
    )


def test_a_user_needs_a_password() -> None:
    assert problems_of(ARUNA_GRAPH_URI="bolt://g", ARUNA_GRAPH_USER="u") == (
        "ARUNA_GRAPH_USER and ARUNA_GRAPH_PASSWORD: set both, or neither where Neo4j asks for none",
    )
    assert read_settings({"ARUNA_GRAPH_URI": "bolt://g"}).graph_user is None


@pytest.mark.parametrize(
    ("text", "bucket"),
    [
        ("s3://bucket", Bucket("bucket", "")),
        ("s3://bucket/", Bucket("bucket", "")),
        ("s3://bucket/a", Bucket("bucket", "a/")),
        ("s3://bucket/a/b_c.d/", Bucket("bucket", "a/b_c.d/")),
    ],
)
def test_a_bucket_may_have_a_prefix(text: str, bucket: Bucket) -> None:
    assert read_settings({"ARUNA_BLOBS_URL": text}).blobs_url == bucket


def test_settings_of_a_blob_store_that_is_not_used_are_refused() -> None:
    assert problems_of(ARUNA_BLOBS_REGION="eu-central-1", ARUNA_BLOBS_SECRET_ACCESS_KEY="hunter3") == (
        "ARUNA_BLOBS_REGION: only used with ARUNA_BLOBS_URL, which is unset (the bytes are kept in the data folder)",
        (
            "ARUNA_BLOBS_SECRET_ACCESS_KEY: only used with ARUNA_BLOBS_URL, which is unset "
            "(the bytes are kept in the data folder)"
        ),
    )


def test_an_access_key_of_the_blob_store_needs_its_secret_which_is_not_shown() -> None:
    assert problems_of(ARUNA_BLOBS_URL="s3://bucket", ARUNA_BLOBS_ACCESS_KEY_ID="upstream") == (
        "ARUNA_BLOBS_ACCESS_KEY_ID and ARUNA_BLOBS_SECRET_ACCESS_KEY: set both, or neither to use AWS's environment",
    )
    settings = read_settings(
        {
            "ARUNA_BLOBS_URL": "s3://bucket",
            "ARUNA_BLOBS_ACCESS_KEY_ID": "upstream",
            "ARUNA_BLOBS_SECRET_ACCESS_KEY": "hunter3",
        }
    )
    assert "hunter3" not in repr(settings)


def test_two_faces_cannot_share_a_port() -> None:
    assert problems_of(ARUNA_HTTP_PORT="9000") == (
        "ARUNA_HTTP_PORT and ARUNA_S3_PORT: both are 9000; give each its own",
    )


@given(st.sampled_from([row.variable for row in setting_rows()]), st.text(min_size=1))
def test_any_text_is_either_read_or_refused_by_name(variable: str, text: str) -> None:
    problems: tuple[str, ...] = ()
    try:
        read_settings({variable: text})
    except SettingsError as error:
        problems = error.problems

    assert all(problem.startswith(variable) for problem in problems)


def test_the_table_has_one_line_for_each_setting() -> None:
    lines = settings_table().splitlines()

    assert lines[0] == "| Variable | Default | Value | Meaning |"
    assert len(lines) == 2 + len(setting_rows())
    assert "| `ARUNA_S3_PORT` | `9000` | 0 to 65535 | Port of S3; 0 takes any free one. |" in lines
