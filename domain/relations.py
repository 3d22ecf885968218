"""Relations between resources and to the world outside, as a table and pure checks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from domain.access import Level
from domain.errors import BadInput, Cycle, Hierarchy
from domain.limits import IDENTIFIER_LENGTH_MAX, NOTE_LENGTH_MAX
from domain.metadata import check_text
from domain.resources import Kind


class RelationKind(StrEnum):
    """Every typed edge between resources."""

    BELONGS_TO = "BELONGS_TO"
    VERSION = "VERSION"
    ORIGIN = "ORIGIN"
    METADATA = "METADATA"
    POLICY = "POLICY"
    DELETED = "DELETED"
    CUSTOM = "CUSTOM"


_ANY: Final = frozenset(Kind)
_OBJECT: Final = frozenset({Kind.OBJECT})


@dataclass(frozen=True, slots=True)
class RelationRule:
    """Between which kinds a relation stands and what adding or removing it takes at either end."""

    sources: frozenset[Kind]
    targets: frozenset[Kind]
    source_level: Level
    target_level: Level
    same_kind: bool = False
    target_is_older: bool = False
    has_name: bool = False
    pins_target: bool = False


ALLOWED_RELATIONS: Final[Mapping[RelationKind, RelationRule]] = {
    RelationKind.METADATA: RelationRule(_OBJECT, _ANY, Level.WRITE, Level.WRITE),
    RelationKind.ORIGIN: RelationRule(_ANY, _ANY, Level.WRITE, Level.READ, same_kind=True, target_is_older=True),
    RelationKind.CUSTOM: RelationRule(_ANY, _ANY, Level.WRITE, Level.READ, has_name=True),
    RelationKind.POLICY: RelationRule(_ANY, _OBJECT, Level.ADMIN, Level.READ, pins_target=True),
}
"""What users may add. BELONGS_TO, VERSION and DELETED are the system's own.

A relation that pins its target means one revision of it; another can be pinned instead."""

_CUSTOM_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,62}")


def check_relation(
    kind: RelationKind,
    source: tuple[str, Kind],
    target: tuple[str, Kind],
    name: str | None,
    note: str | None,
    *,
    field: tuple[str, ...] = (),
) -> RelationRule:
    """Return the rule of a relation that may stand between source and target, each (id, kind).

    Raises: BadInput, Hierarchy (the kinds don't fit), Cycle (to itself, or an origin that isn't older).
    """
    rule = ALLOWED_RELATIONS.get(kind)
    if rule is None:
        raise BadInput(f"{kind.value} relations are made by the system, not by callers", field=field)
    check_relation_facts(kind, name, note, field=field)
    (source_id, source_kind), (target_id, target_kind) = source, target
    if source_kind not in rule.sources or target_kind not in rule.targets:
        message = f"{kind.value} can't lead from a {source_kind.lower()} to a {target_kind.lower()}"
        raise Hierarchy(message, field=field)
    if source_id == target_id:
        raise Cycle(f"{kind.value} can't lead from {source_id} to itself", field=field)
    if rule.same_kind and source_kind is not target_kind:
        raise Hierarchy(f"{kind.value} stands between resources of one kind", field=field)
    if rule.target_is_older and target_id > source_id:
        message = f"{kind.value} leads to what is older: {target_id} is younger than {source_id}"
        raise Cycle(message, field=field)
    return rule


def check_relation_facts(
    kind: RelationKind, name: str | None, note: str | None, *, field: tuple[str, ...] = ()
) -> None:
    """Refuse a missing or needless name and an over-long note.

    Raises: BadInput.
    """
    rule = ALLOWED_RELATIONS.get(kind)
    if rule is not None and rule.has_name:
        if name is None or _CUSTOM_NAME.fullmatch(name) is None:
            message = "a CUSTOM relation takes a name: a letter, then up to 62 of A-Z, a-z, 0-9, '_' and '-'"
            raise BadInput(message, field=(*field, "name"))
    elif name is not None:
        raise BadInput(f"only CUSTOM relations bear a name; leave it out for {kind.value}", field=(*field, "name"))
    check_note(note, field=field)


def check_note(note: str | None, *, field: tuple[str, ...] = ()) -> None:
    """Refuse an over-long note.

    Raises: BadInput.
    """
    if note is not None:
        check_text(note, NOTE_LENGTH_MAX, "note", (*field, "note"))


class ExternalType(StrEnum):
    """What an external relation points at."""

    URL = "URL"
    DOI = "DOI"
    IDENTIFIER = "IDENTIFIER"
    CUSTOM = "CUSTOM"


@dataclass(frozen=True, slots=True)
class ExternalReference:
    """A normalised identifier outside; equal references are one shared node. `name` is set for CUSTOM only."""

    type: ExternalType
    value: str
    name: str | None = None

    @property
    def key(self) -> str:
        """One string that identifies the reference in the graph."""
        return f"{self.type.value}\n{self.name or ''}\n{self.value}"


_DOI: Final = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[!-~]+")
_DOI_PREFIX: Final = re.compile(r"(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", re.IGNORECASE)


def external_reference(
    kind: ExternalType, value: str, name: str | None, *, field: tuple[str, ...] = ()
) -> ExternalReference:
    """Check and normalise: a DOI to `10.1234/abc` in lower case, a URL to lower-case scheme and host.

    Raises: BadInput.
    """
    value = value.strip()
    if not value or len(value) > IDENTIFIER_LENGTH_MAX or any(character < " " for character in value):
        message = f"an external identifier has 1 to {IDENTIFIER_LENGTH_MAX} printable characters"
        raise BadInput(message, field=(*field, "value"))
    check_text(value, IDENTIFIER_LENGTH_MAX, "identifier", (*field, "value"))
    if kind is ExternalType.CUSTOM:
        check_relation_facts(RelationKind.CUSTOM, name, None, field=field)
        return ExternalReference(kind, value, name)
    if name is not None:
        raise BadInput("only CUSTOM external relations bear a name", field=(*field, "name"))
    if kind is ExternalType.DOI:
        value = _DOI_PREFIX.sub("", value, count=1).lower()
        if _DOI.fullmatch(value) is None:
            message = f"{value[:80]!r} is no DOI: it looks like 10.1234/suffix"
            raise BadInput(message, field=(*field, "value"))
    elif kind is ExternalType.URL:
        value = _normalised_url(value, field)
    return ExternalReference(kind, value)


def _normalised_url(value: str, field: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port  # reading it checks it
    except ValueError:
        host = None
        parts = urlsplit("")
    if not host or parts.scheme.lower() not in {"http", "https", "ftp", "s3"} or " " in value:
        message = f"{value[:80]!r} is no URL: it begins with http://, https://, ftp:// or s3:// and names a host"
        raise BadInput(message, field=(*field, "value"))
    user, at, place = parts.netloc.rpartition("@")
    netloc = user + at + place.lower()
    return urlunsplit((parts.scheme.lower(), netloc, parts.path or "/", parts.query, parts.fragment))
