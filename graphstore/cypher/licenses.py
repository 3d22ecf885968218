"""Licences that administrators added: (:License {key, id, name, url, text, createdAt, createdBy}).

`key` is unique: what is the same for all spellings of one id (domain/licenses.py). There are at most
LICENSES_ADDED_MAX.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from domain.licenses import License, LicenseFacts, license_key
from graphstore.instants import from_ms
from graphstore.statements import Query, Row, Statement


def _license(found: Row) -> License:
    return License(
        id=found["id"],
        name=found["name"],
        url=found.get("url"),
        text=found.get("text"),
        created_at=from_ms(found["createdAt"]),
        created_by=found["createdBy"],
    )


def _licenses(rows: Sequence[Row]) -> tuple[License, ...]:
    return tuple(_license(row["license"]) for row in rows)


_ADDED: Final = Statement("licences", "MATCH (l:License) RETURN l{.*} AS license ORDER BY l.id", _licenses)


def added() -> Query[tuple[License, ...]]:
    """All licences that were added, by id."""
    return _ADDED.bind()


_SOME: Final = Statement(
    "some licences", "UNWIND $keys AS key MATCH (l:License {key: key}) RETURN l{.*} AS license ORDER BY l.id", _licenses
)


def some(ids: Iterable[str]) -> Query[tuple[License, ...]]:
    """Those of the licences named, in whatever case, that were added, by id."""
    return _SOME.bind(keys=sorted({license_key(license_id) for license_id in ids}))


_FACTS: Final = Statement(
    "whether a licence can be added",
    "MATCH (l:License) RETURN count(l) AS added, count(CASE WHEN l.key = $key THEN 1 END) AS taken",
    lambda rows: LicenseFacts(is_taken=bool(rows[0]["taken"]), added=int(rows[0]["added"])),
)


def facts(license_id: str) -> Query[LicenseFacts]:
    """What decides whether a licence of this id can be added."""
    return _FACTS.bind(key=license_key(license_id))
