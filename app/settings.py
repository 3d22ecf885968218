"""The settings: one frozen object, read once from `ARUNA_*` environment variables.

`Settings` itself is the table: each field carries how it is read, its default and what it means. The table in README.md
is generated from it (app/readme.py). Everything that is wrong is reported at once; a value that may be secret never is.
"""
# ruff: noqa: RUF009  the defaults called below make dataclass fields, as `dataclasses.field` does

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from app.setting_kinds import (
    BUCKET,
    DATABASE_NAME,
    FOLDER,
    GRAPH_URI,
    HOST,
    HOST_NAME,
    JVM_OPTIONS,
    ORIGIN,
    ORIGINS,
    PORT,
    REGION,
    SWITCH,
    TEXT,
    Bucket,
    Kind,
    one_of,
    whole_number,
)

T = TypeVar("T")

PREFIX: Final = "ARUNA_"
_METADATA: Final = "setting"


class ProjectCreation(StrEnum):
    """Who may create a project: any active user, or administrators alone."""

    ANY = "any"
    ADMINISTRATORS = "administrators"


class LogLevel(StrEnum):
    """The least severe lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogFormat(StrEnum):
    """How a log line looks."""

    TEXT = "text"
    JSON = "json"


class SettingsError(Exception):
    """Settings that can't be used; `problems` has one sentence for each."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("the settings can't be used:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One row of the table. Without a default the setting may stay unset, which is None."""

    field_name: str
    variable: str
    words: str
    read: Callable[[str], object]
    default: str | None
    description: str
    is_secret: bool


@dataclass(frozen=True, slots=True)
class _Declaration:
    """What a field of Settings carries as its metadata."""

    kind: Kind[Any]
    default: str | None
    description: str
    is_secret: bool = False


def _setting(kind: Kind[T], default: str, description: str) -> T:
    """Declare a setting that always has a value; typed as what is read, as `dataclasses.field` is."""
    return cast("T", field(metadata={_METADATA: _Declaration(kind, default, description)}))


def _optional(kind: Kind[T], description: str, *, is_secret: bool = False) -> T | None:
    """Declare a setting that may stay unset; a secret is left out of the text of the object."""
    declaration = _Declaration(kind, None, description, is_secret)
    return cast("T | None", field(repr=not is_secret, metadata={_METADATA: declaration}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set. Port 0 means any free port."""

    data_dir: Path = _setting(
        FOLDER, "./data", "Folder of everything that is kept: embedded graph, bytes, keys. Made with mode 0700."
    )
    host: str = _setting(HOST, "127.0.0.1", "Address both faces listen on.")
    http_port: int = _setting(PORT, "8080", "Port of GraphQL, GraphiQL and health; 0 takes any free one.")
    s3_port: int = _setting(PORT, "9000", "Port of S3; 0 takes any free one.")
    http_public_url: str | None = _optional(
        ORIGIN, "How clients reach the HTTP port when a proxy stands before it. Unset: host and port."
    )
    s3_public_url: str | None = _optional(
        ORIGIN, "How clients reach the S3 port; presigned URLs begin with it. Unset: host and port."
    )
    s3_domain: str | None = _optional(
        HOST_NAME, "Domain below which buckets are host names (`bucket.domain`). Unset: buckets in the path only."
    )
    graph_uri: str | None = _optional(GRAPH_URI, "Neo4j 5.26 or newer. Unset: the embedded graph in the data folder.")
    graph_user: str | None = _optional(TEXT, "User of that Neo4j. Unset: no sign-in.")
    graph_password: str | None = _optional(TEXT, "Password of that user.", is_secret=True)
    graph_database: str = _setting(DATABASE_NAME, "neo4j", "Database in that Neo4j.")
    graph_heap_mib: int = _setting(whole_number(128, 65_536), "512", "Memory for the embedded graph's objects, in MiB.")
    graph_jvm_options: tuple[str, ...] | None = _optional(
        JVM_OPTIONS, "Further options of the Java machine that the embedded graph runs in."
    )
    keyring: str | None = _optional(
        TEXT, "The keyring itself, as JSON. Unset: the file `keyring.json` in the data folder.", is_secret=True
    )
    compression: bool = _setting(
        SWITCH,
        "on",
        "Whether new bytes that shrink by a tenth are stored compressed (zstd, before they are encrypted).",
    )
    blobs_url: Bucket | None = _optional(
        BUCKET, "Where the sealed bytes are kept in an S3-compatible store. Unset: the data folder."
    )
    blobs_endpoint: str | None = _optional(ORIGIN, "How that store is reached. Unset: AWS, in the region.")
    blobs_region: str | None = _optional(REGION, "Its region. Unset: what the AWS environment says.")
    blobs_access_key_id: str | None = _optional(
        TEXT, "Key pair for that store, for reading, writing and listing there. Unset: what the AWS environment says."
    )
    blobs_secret_access_key: str | None = _optional(TEXT, "Secret of that key pair.", is_secret=True)
    max_upload_age_days: int = _setting(
        whole_number(1, 365), "7", "Days after which an upload that was not finished becomes an ERROR."
    )
    allow_project_create: ProjectCreation = _setting(
        one_of(ProjectCreation), "any", "Who may create projects: any active user, or administrators alone."
    )
    allowed_origins: tuple[str, ...] = _setting(
        ORIGINS, "", "Web front ends on other origins that browsers may let use GraphQL and presigned uploads."
    )
    introspection: bool = _setting(SWITCH, "on", "Whether GraphQL answers questions about its schema.")
    debug: bool = _setting(SWITCH, "off", "Whether answers name the cause of internal errors. Never in production.")
    log_level: LogLevel = _setting(one_of(LogLevel), "info", "The least severe lines that are logged.")
    log_format: LogFormat = _setting(one_of(LogFormat), "text", "Log lines for people, or one JSON object each.")

    @property
    def is_graph_embedded(self) -> bool:
        """Whether we start the graph ourselves."""
        return self.graph_uri is None


def setting_rows() -> tuple[SettingRow, ...]:
    """Give the table of settings, in the order of the fields."""
    return tuple(
        SettingRow(
            field_name=declared.name,
            variable=PREFIX + declared.name.upper(),
            words=declaration.kind.words,
            read=declaration.kind.read,
            default=declaration.default,
            description=declaration.description,
            is_secret=declaration.is_secret,
        )
        for declared in fields(Settings)
        for declaration in [cast("_Declaration", declared.metadata[_METADATA])]
    )


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables; an empty one counts as unset.

    Raises: SettingsError with everything that is wrong, unknown `ARUNA_*` variables included.
    """
    rows = setting_rows()
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and text}
    problems = _unknown_variables(given, rows)
    values: dict[str, object] = {}
    for row in rows:
        text = given.get(row.variable, row.default)
        try:
            values[row.field_name] = None if text is None else row.read(text)
        except ValueError as reason:
            problems.append(f"{row.variable}{_shown(row, text or '')}: {reason}")
    problems += _contradictions(given, values)
    if problems:
        raise SettingsError(tuple(problems))
    # Each value was read by the kind its field declares, and `_setting` ties the field's type to it.
    return Settings(**cast("dict[str, Any]", values))


def settings_table() -> str:
    """Render the table of settings as Markdown, as it stands in README.md."""
    lines = ["| Variable | Default | Value | Meaning |", "| --- | --- | --- | --- |"]
    for row in setting_rows():
        default = f"`{row.default}`" if row.default else "unset"
        lines.append(f"| `{row.variable}` | {default} | {row.words} | {row.description} |")
    return "\n".join(lines) + "\n"


def _unknown_variables(given: Mapping[str, str], rows: tuple[SettingRow, ...]) -> list[str]:
    """Name the variables that aren't settings, with the nearest that is; their values may be misspelt secrets."""
    known = [row.variable.removeprefix(PREFIX) for row in rows]
    problems: list[str] = []
    for name in sorted(set(given).difference(row.variable for row in rows)):
        near = get_close_matches(name.removeprefix(PREFIX), known, n=1)
        hint = f"; did you mean {PREFIX}{near[0]}?" if near else "; README.md lists the settings"
        problems.append(f"{name}: there is no such setting{hint}")
    return problems


def _contradictions(given: Mapping[str, str], values: Mapping[str, object]) -> list[str]:
    """Name settings that are right alone and wrong together."""
    problems: list[str] = []
    if "ARUNA_GRAPH_URI" in given:
        if ("ARUNA_GRAPH_USER" in given) != ("ARUNA_GRAPH_PASSWORD" in given):
            problems.append("ARUNA_GRAPH_USER and ARUNA_GRAPH_PASSWORD: set both, or neither where Neo4j asks for none")
    else:
        problems += [
            f"{name}: only used with ARUNA_GRAPH_URI, which is unset (the embedded graph makes its own)"
            for name in ("ARUNA_GRAPH_USER", "ARUNA_GRAPH_PASSWORD", "ARUNA_GRAPH_DATABASE")
            if name in given
        ]
    if "ARUNA_BLOBS_URL" not in given:
        problems += [
            f"{name}: only used with ARUNA_BLOBS_URL, which is unset (the bytes are kept in the data folder)"
            for name in given
            if name.startswith("ARUNA_BLOBS_")
        ]
    elif ("ARUNA_BLOBS_ACCESS_KEY_ID" in given) != ("ARUNA_BLOBS_SECRET_ACCESS_KEY" in given):
        problems.append(
            "ARUNA_BLOBS_ACCESS_KEY_ID and ARUNA_BLOBS_SECRET_ACCESS_KEY: set both, or neither to use AWS's environment"
        )
    http_port, s3_port = values.get("http_port"), values.get("s3_port")
    if http_port and http_port == s3_port:
        problems.append(f"ARUNA_HTTP_PORT and ARUNA_S3_PORT: both are {http_port}; give each its own")
    return problems


def _shown(row: SettingRow, text: str) -> str:
    """Show a refused value, unless it is a secret or holds one where URLs keep them."""
    if row.is_secret:
        return ""
    return f"={re.sub(r'//[^/]*@', '//***@', text)!r}"
