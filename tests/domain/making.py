"""Facts and stamps as rules get them, with the uninteresting parts filled in."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Final

from domain.access import Caller, Level
from domain.contents import BlobFacts, NewContent, single_content
from domain.identifiers import encode_ulid
from domain.resources import (
    ContainerFacts,
    DataClass,
    Kind,
    ObjectFacts,
    ParentEdge,
    PublishedFacts,
    State,
    Versioning,
)
from domain.stamps import Stamp

NOW: Final = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
USER: Final = encode_ulid(1)
PROJECT: Final = encode_ulid(10)
COLLECTION: Final = encode_ulid(11)
DATASET: Final = encode_ulid(12)
OBJECT: Final = encode_ulid(13)
FIRST_NEW: Final = 1000


def new_ids() -> Iterator[str]:
    return map(encode_ulid, count(FIRST_NEW))


def new_id(number: int) -> str:
    """Answer the id that a fresh stamp gives as its n-th, counted from 0."""
    return encode_ulid(FIRST_NEW + number)


def stamp(caller: Caller | None = None) -> Stamp:
    return Stamp(Caller(USER) if caller is None else caller, NOW, new_ids())


def home(parent_id: str, name: str) -> ParentEdge:
    return ParentEdge(parent_id, name, is_home=True, passes=Level.ADMIN)


def project(level: Level = Level.ADMIN, entry_count: int = 0) -> ContainerFacts:
    return ContainerFacts(
        id=PROJECT,
        kind=Kind.PROJECT,
        name="proj",
        state=State.AVAILABLE,
        level=level,
        data_class=DataClass.PRIVATE,
        revision=0,
        epoch=0,
        created_by=USER,
        parents=(),
        entry_count=entry_count,
        object_count=0,
        byte_count=0,
        is_plain=False,
        is_hidden=False,
        versioning=Versioning.OFF,
        metadata_license="CC0-1.0",
        data_license="CC-BY-4.0",
    )


def collection(level: Level = Level.ADMIN, entry_count: int = 0, *, is_plain: bool = False) -> ContainerFacts:
    return replace(
        project(level, entry_count),
        id=COLLECTION,
        kind=Kind.COLLECTION,
        name="coll",
        parents=(home(PROJECT, "coll"),),
        is_plain=is_plain,
    )


def dataset(
    level: Level = Level.ADMIN, entry_count: int = 0, *, parent: str = COLLECTION, is_plain: bool = False
) -> ContainerFacts:
    return replace(
        project(level, entry_count),
        id=DATASET,
        kind=Kind.DATASET,
        name="data",
        parents=(home(parent, "data"),),
        is_plain=is_plain,
    )


def published(number: int = 0, length: int = 5) -> PublishedFacts:
    return PublishedFacts(
        version_id=encode_ulid(500 + number),
        revision_number=number,
        content_id=encode_ulid(600 + number),
        length_bytes=length,
        etag="0" * 32,
    )


def an_object(
    level: Level = Level.ADMIN,
    state: State = State.AVAILABLE,
    shown: PublishedFacts | None = None,
    *,
    created_by: str = USER,
    parents: tuple[ParentEdge, ...] | None = None,
) -> ObjectFacts:
    return ObjectFacts(
        id=OBJECT,
        name="o",
        state=state,
        level=level,
        data_class=DataClass.PRIVATE,
        revision=3,
        created_by=created_by,
        parents=(home(DATASET, "o"),) if parents is None else parents,
        published=published() if shown is None and state is State.AVAILABLE else shown,
    )


def content(length: int = 7) -> NewContent:
    blob = BlobFacts("b" * 32, length, length + 28, "1" * 32, "2" * 64, "key", b"wrapped")
    return single_content(encode_ulid(700), blob, {"CRC32": "AAAAAA=="})
